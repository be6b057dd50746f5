"""Do two checkouts of the program give the same results? Simulated studies go through both.

`python tests/compare_checkouts.py BEFORE AFTER` takes the folders of two checkouts. The first one's simulator makes
the studies: every scenario in turn, each time with another seed. Both programs then run each study, and every
table, JSON file and gates file that they write is compared byte for byte. Left out is what names the program or the
hour: the digest of the code, the digests that are made with it, the start, and the seconds that it took.

One line per study, a sentence at the end; exit status 1 where anything differs.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

PATIENTS, EVENTS = 2, 12_000
"""Small tubes: 24 studies take a few minutes. `demo` and `faulty` have their own sizes."""
OWN_SIZE = ("demo", "faulty", "validation", "course")
COMPARED = (".csv", ".json", ".xml")
OF_THE_CODE = re.compile(r'^( *"(?:code_sha256|audit_head|started_at|seconds)": ).*$', re.MULTILINE)
"""Lines of run.json: the program, the audit trail that names it, and the hour."""
OF_A_PAGE = re.compile(r'("[^"]+\.(?:html|xlsx)",\s*)"[0-9a-f]{64}"')
"""Digests in run.json of the report and the workbooks: they name the code."""
STORED_UNDER = re.compile(r'\A(\{\s*"digest": )"[0-9a-f]*"(?:(,\s*"checksum": )"[0-9a-f]*")?')
"""The head of a stored result: a digest of all that it came from, the code among it, and a checksum of both."""
WRITTEN_BEFORE = "store/written/"
"""What was written last, by digests that are made with the code."""
ENDS = (0, 1, 3)
"""Exit statuses of a run: all quantified, faults in the sheets, some tubes failed. Any other is a defect."""
NAMES = "from pipeline.simulate.scenarios import SCENARIOS; print(*(s.name for s in SCENARIOS))"
PLACE = "import calibration, gating, pipeline; print(calibration.__file__, gating.__file__, pipeline.__file__, sep='|')"


@dataclass(frozen=True, slots=True)
class Study:
    """A study to simulate."""

    scenario: str
    seed: int

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.scenario}_{self.seed}"


@dataclass(frozen=True, slots=True)
class Ran:
    """What one program made of a study: how it ended, what it said, and its files by name."""

    status: int
    said: str
    files: Mapping[str, bytes]


def wanted(scenarios: Sequence[str], studies: int) -> list[Study]:
    """Return the scenarios in turn, the demo first, each round with another seed."""
    order = sorted(scenarios, key=lambda name: name != "demo")
    return [Study(order[n % len(order)], 1 + n // len(order)) for n in range(studies)]


def without_code(name: str, content: bytes) -> bytes:
    """Return a file's content without what names the program or the hour."""
    text = content.decode("utf-8")
    if name == "run.json":
        text = OF_A_PAGE.sub(r"\1…", OF_THE_CODE.sub(r"\1…", text))
    if name.startswith("store/"):
        text = STORED_UNDER.sub(r"\1…\2…", text)
    return text.encode("utf-8")


def files_of(results: Path) -> dict[str, bytes]:
    """Return every file that is compared, by its name in the folder of results."""
    paths = (path for path in sorted(results.rglob("*")) if path.suffix in COMPARED)
    every = ((path.relative_to(results).as_posix(), path) for path in paths)
    names = ((name, path) for name, path in every if not name.startswith(WRITTEN_BEFORE))
    return {name: without_code(name, path.read_bytes()) for name, path in names}


def differences(before: Ran, after: Ran) -> Iterator[str]:
    """Yield in words what differs between two runs of one study; of a file, its first line that does."""
    for side, ran in (("before", before), ("after", after)):
        if ran.status not in ENDS:
            yield f"{side}: exit status {ran.status}: {ran.said[-500:]}"
    if before.status != after.status:
        yield f"exit status: {before.status} before, {after.status} after"
    if before.said != after.said:
        yield f"what was said: {first_difference(before.said, after.said)}"
    for name in sorted({*before.files, *after.files}):
        if name not in before.files or name not in after.files:
            yield f"{name}: only {'before' if name in before.files else 'after'}"
        elif before.files[name] != after.files[name]:
            yield f"{name}: {first_difference(before.files[name].decode(), after.files[name].decode())}"


def first_difference(before: str, after: str) -> str:
    """Return the first line that differs, as it was and as it is."""
    old, new = before.split("\n"), after.split("\n")
    longest = max(len(old), len(new))
    for n, (was, now) in enumerate(zip(_filled(old, longest), _filled(new, longest), strict=True), 1):
        if was != now:
            return f"line {n} was {was[:200]!r}, is {now[:200]!r}"
    return "nothing"


def _filled(lines: Sequence[str], length: int) -> list[str]:
    return [*lines, *[""] * (length - len(lines))]


def called(checkout: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Call Python with a checkout's packages, and none else's."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONWARNINGS": "ignore", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def must_be_imported_from(checkout: Path, cwd: Path) -> None:
    """Refuse a folder whose packages Python does not take."""
    places = called(checkout, "-c", PLACE, cwd=cwd)
    inside = [Path(place).is_relative_to(checkout) for place in places.stdout.strip().split("|")]
    if places.returncode or not all(inside):
        raise SystemExit(f"{checkout}: not a checkout of the program: {places.stdout}{places.stderr[-500:]}")


def simulated(checkout: Path, study: Study, folder: Path) -> Path:
    """Simulate a study with a checkout's simulator; return its folder."""
    size = () if study.scenario in OWN_SIZE else ("--patients", str(PATIENTS), "--events", str(EVENTS))
    words = ("simulate", study.name, "--scenario", study.scenario, "--seed", str(study.seed), *size)
    made = called(checkout, "-m", "pipeline.cli", *words, cwd=folder)
    if made.returncode:
        raise SystemExit(f"{study.name} cannot be simulated: {made.stdout}{made.stderr}")
    return folder / study.name / "study"


def ran(checkout: Path, study: Path, folder: Path) -> Ran:
    """Run a copy of a study with a checkout's program."""
    shutil.copytree(study, folder / "study")
    done = called(checkout, "-m", "pipeline.cli", "run", "study", "--workers", "1", "--quiet", cwd=folder)
    found = Ran(done.returncode, done.stdout + done.stderr, files_of(folder / "study" / "results"))
    shutil.rmtree(folder / "study")
    return found


def compared(before: Path, after: Path, study: Study, folder: Path) -> tuple[list[str], int]:
    """Return what differs between the two programs' results of a study, and how many files were compared."""
    typed = simulated(before, study, folder)
    sides = (folder / "before", folder / "after")
    for side in sides:
        side.mkdir(exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(ran, (before, after), (typed, typed), sides)
    shutil.rmtree(typed.parent)
    return list(differences(first, second)), len({*first.files, *second.files})


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, compare, say what was found; return the exit status."""
    parser = argparse.ArgumentParser(prog="compare_checkouts.py", description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path, help="folder of a checkout; its simulator makes the studies")
    parser.add_argument("after", type=Path, help="folder of the other one")
    parser.add_argument("--studies", type=int, default=24, help="how many studies (24)")
    chosen = parser.parse_args(arguments)
    before, after = chosen.before.resolve(), chosen.after.resolve()
    total, unlike = 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for checkout in (before, after):
            must_be_imported_from(checkout, folder)
        scenarios = called(before, "-c", NAMES, cwd=folder).stdout.split()
        for study in wanted(scenarios, chosen.studies):
            found, files = compared(before, after, study, folder)
            total, unlike = total + files, unlike + bool(found)
            told = "".join(f"\n  {line}" for line in found) or " the same"
            wrote = f"{files} files" if files else "refused, nothing written"
            print(f"{study.scenario}, seed {study.seed}: {wrote},{told}", flush=True)
    same = chosen.studies - unlike
    print(
        f"{same} of {chosen.studies} studies give the same bytes before and after ({total} files compared)."
    )
    return 1 if unlike else 0


if __name__ == "__main__":
    raise SystemExit(main())
