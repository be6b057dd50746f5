"""Wheel and source archive are built, installed each into a bare environment, and run; known holes are looked up.

`make package` does it and writes docs/trust.md. It needs a package index, as `make test` does.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pipeline.simulate import simulate_study
from trust.page import done_on, table, write_section

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
BARE = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
"""The environment of a person who has no clone of the program."""


def called(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command away from this folder, so that nothing of it is imported by chance."""
    return subprocess.run(
        [str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False, env={}
    )


def environment(place: Path) -> Path:
    """Make a bare environment, and return its Python."""
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    return place / ("Scripts" if sys.platform == "win32" else "bin") / "python"


def built(folder: Path) -> list[Path]:
    """Build the wheel and the source archive, and return them."""
    python = environment(folder / "builder")
    subprocess.run([str(python), "-m", "pip", "install", "-q", "hatchling"], check=True)
    subprocess.run(
        [str(python), "-m", "hatchling", "build", "-d", str(folder / "dist")], check=True, cwd=ROOT
    )
    return sorted((folder / "dist").iterdir())


def tried(archive: Path, folder: Path, study: Path) -> tuple[str, str]:
    """Install an archive with the locked libraries into a bare environment, and return what its run said and gave."""
    python = environment(folder / f"env-{archive.suffix[1:]}")
    install = [str(python), "-m", "pip", "install", "-q"]
    subprocess.run([*install, "--require-hashes", "-r", str(LOCK)], check=True)
    subprocess.run([*install, "--no-deps", str(archive)], check=True)
    run = called(python.parent / "cd38rd", "run", study, "--quiet", "--fresh", "--workers", "2", cwd=folder)
    table_of_tubes = study / "results" / "rd_samples.csv"
    digest = (
        hashlib.sha256(table_of_tubes.read_bytes()).hexdigest()[:12] if table_of_tubes.exists() else "none"
    )
    return f"{run.returncode} {run.stderr.strip()[:200]}".strip(), digest


def known_holes(folder: Path) -> str:
    """Return what pip-audit says of the locked libraries, or that its data cannot be had."""
    python = environment(folder / "auditor")
    subprocess.run([str(python), "-m", "pip", "install", "-q", "pip-audit"], check=False)
    found = called(
        python, "-m", "pip_audit", "--require-hashes", "-r", LOCK, "--disable-pip", "--progress-spinner", "off", "--timeout", "20",
        cwd=folder,
    )  # fmt: skip
    said = (found.stdout + found.stderr).strip().splitlines()
    if found.returncode == 0:
        return "no known vulnerabilities"
    if "Found" in found.stdout + found.stderr:
        return "; ".join(said)[:2_000]
    return "its data could not be had"


def main() -> None:
    """Build, install, run and look up, and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--show", action="store_true", help="print alone, and leave the page")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        study = simulate_study(folder / "simulated", patients=2, events=3_000, seed=4)
        rows = [[archive.name, *tried(archive, folder, study)] for archive in built(folder)]
        print(rows, flush=True)
        holes = known_holes(folder)
        lines = [
            *table(["installed from", "exit status of a run of two tubes", "rd_samples.csv (SHA-256)"], rows),
            "",
            f"pip-audit of requirements.lock: {holes}.",
            done_on("Each in a bare environment with the locked libraries"),
        ]
        print("\n".join(lines), flush=True)
        if not asked.show:
            write_section("package", lines)


if __name__ == "__main__":
    main()
