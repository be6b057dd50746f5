"""A disk that is full, or a file where a folder belongs: one sentence, nothing half-written, and then resumed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.commands.exit_status import ExitStatus
from pipeline.simulate import simulate_study

resource = pytest.importorskip("resource", reason="needs the limits of POSIX")

CHANGES_FROM_RUN_TO_RUN = {"run.json", "log.txt"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that ran on a disk with room, in a folder of the same name: the report names it."""
    made = simulate_study(tmp_path_factory.mktemp("simulated"), patients=3, events=3_000, seed=5)
    study = Path(shutil.copytree(made, tmp_path_factory.mktemp("whole") / "study"))
    assert run(study).returncode == ExitStatus.ALL_QUANTIFIED
    return study


@pytest.fixture
def study(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "study", ignore=shutil.ignore_patterns("results")))


def run(study: Path, most_bytes: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command; no file of its may be longer than that, as on a disk that is full."""
    limit = (
        ""
        if most_bytes is None
        else f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most_bytes}, {most_bytes}))"
    )
    script = f"import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); {limit}\n"
    script += f"from pipeline.cli import main; main(['run', {str(study)!r}, '--workers', '1', '--quiet'])"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


def digests(study: Path) -> dict[str, str]:
    results = study / "results"
    return {
        path.relative_to(results).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in results.rglob("*")
        if path.is_file() and path.name not in CHANGES_FROM_RUN_TO_RUN
    }


@pytest.mark.slow
@pytest.mark.parametrize("most_bytes", [5_000, 60_000])
def test_a_full_disk_is_said_in_a_sentence_and_resumed_to_the_same_bytes(
    study: Path, finished: Path, most_bytes: int
) -> None:
    stopped = run(study, most_bytes)
    assert stopped.returncode == ExitStatus.NOT_WRITTEN
    (line,) = stopped.stderr.splitlines()
    assert "cannot be written (File too large); make room" in line
    assert list(study.rglob("*.partial")) == []
    assert run(study).returncode == ExitStatus.ALL_QUANTIFIED
    assert digests(study) == digests(finished)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["store/P01_BM1.json/x", "rd.xlsx/x", "log.txt/x", "figures"],
)
def test_a_file_in_the_place_of_a_folder_or_a_folder_in_that_of_a_file_is_named(
    study: Path, name: str
) -> None:
    in_its_place = study / "results" / name
    in_its_place.parent.mkdir(parents=True, exist_ok=True)
    in_its_place.touch()
    stopped = run(study)
    assert stopped.returncode == ExitStatus.NOT_WRITTEN
    (line,) = stopped.stderr.splitlines()
    assert name.removesuffix("/x") in line
    assert "move away what is in its place" in line
    assert in_its_place.exists()
