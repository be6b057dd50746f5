"""The command as a person types it: exit statuses, sentences, the same bytes every time."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.ctrl_c import hears_ctrl_c
from helpers.made_once import made_once
from pipeline.commands.exit_status import ExitStatus
from pipeline.simulate import simulate_study

pytestmark = pytest.mark.slow

TIMES = {"run.json", "log.txt"}
"""Files in which times and hosts may stand."""


ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT)}


def cd38rd(*words: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=ENVIRONMENT,
        cwd=cwd,
        check=False,
    )


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        simulate_study(folder / "made", patients=3, events=4_000, seed=5)

    return made_once(tmp_path_factory, "study-of-the-command", make) / "made" / "study"


@pytest.fixture
def study(simulated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(simulated, tmp_path / "study"))


@pytest.fixture(scope="session")
def all_done(simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same study, run as a person does, with rows of events; and what was printed."""

    def make(folder: Path) -> None:
        run = cd38rd("run", shutil.copytree(simulated, folder / "study"), "--workers", 1, "--export-events")
        said = {"status": run.returncode, "out": run.stdout, "err": run.stderr}
        (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")

    return made_once(tmp_path_factory, "run-of-the-command", make)


@pytest.fixture
def done(all_done: Path, tmp_path: Path) -> Path:
    """A copy of that study after its run."""
    return Path(shutil.copytree(all_done / "study", tmp_path / "done" / "study"))


def rows(study: Path, name: str = "rd_samples") -> list[dict[str, str]]:
    with (study / "results" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def bytes_of(study: Path) -> dict[str, bytes]:
    """Every file of the results in which nothing may differ from run to run."""
    folder = study / "results"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in TIMES
    }


def test_all_quantified_is_status_0_and_every_file_of_the_contract_is_there(all_done: Path) -> None:
    study, said = all_done / "study", json.loads((all_done / "said.json").read_text("utf-8"))
    assert (said["status"], "Traceback" in said["err"]) == (0, False), said["err"]
    samples = [row["sample_id"] for row in rows(study)]
    assert f"Report: {study / 'results' / 'report.html'}" in said["out"]
    for name in ("rd_samples.csv", "rd_patients.csv", "rd.xlsx", "report.html", "calibration.csv"):
        assert (study / "results" / name).stat().st_size > 0
    for name in ("washout.json", "response.json", "run.json"):
        json.loads((study / "results" / name).read_text("utf-8"))
    assert list((study / "results" / "figures").glob("*.pdf"))
    for sample in samples:
        assert (study / "results" / "gates" / f"{sample}.xml").exists()
        assert (study / "results" / "events" / f"{sample}.parquet").exists()
        assert (study / "results" / "store" / f"{sample}.json").exists()


def test_one_and_two_workers_a_relative_path_and_a_second_run_give_the_same_bytes(
    study: Path, done: Path
) -> None:
    words = ("run", study.name, "--workers", 2, "--export-events", "--quiet")
    assert cd38rd(*words, cwd=study.parent).returncode == 0
    once = bytes_of(done)
    assert bytes_of(study) == once
    again = cd38rd("run", done)
    assert "3 of 3 reused" in again.stdout
    assert bytes_of(done) == once


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_is_one_sentence_and_the_next_run_goes_on_from_there(study: Path, workers: int) -> None:
    command = [sys.executable, "-m", "pipeline.cli", "run", str(study), "--workers", str(workers)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=ENVIRONMENT,
        cwd=ROOT,
        start_new_session=True,
        preexec_fn=hears_ctrl_c,  # noqa: PLW1509
    ) as running:
        assert running.stdout is not None
        first = next(line for line in running.stdout if line.startswith("[1/3]"))
        os.killpg(running.pid, signal.SIGINT)  # a terminal tells the whole group
        rest, said = running.communicate(timeout=300)
    assert running.returncode == 130, said
    assert "Traceback" not in first + rest + said
    assert len(said.strip().splitlines()) == 1, said
    assert "stopped" in said
    done = cd38rd("run", study, "--workers", 1, "--no-figures")
    assert done.returncode == 0, done.stderr
    assert " of 3 reused" in done.stdout
    assert [row["status"] for row in rows(study)].count("FAILED") == 0


def test_quiet_is_silent_when_nothing_is_wrong(study: Path) -> None:
    done = cd38rd("run", study, "--workers", 1, "--no-figures", "--quiet")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_fault_in_a_sheet_is_status_1_and_nothing_runs(study: Path) -> None:
    sheet = study / "samples.csv"
    sheet.write_text(sheet.read_text("utf-8").replace("P01_BM1.fcs", "P01_BM7.fcs", 1), encoding="utf-8")
    done = cd38rd("run", study)
    assert done.returncode == 1
    assert "samples!D2" in done.stderr
    assert "Did you mean" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (study / "results").exists()


@pytest.mark.parametrize(
    "words",
    [("run",), ("run", "no-such-folder"), ("nonsense",), ("run", ".", "--workers", "0"), ("inspect",)],
)
def test_wrong_usage_is_status_2(words: tuple[str, ...]) -> None:
    done = cd38rd(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_an_unknown_sample_of_only_is_wrong_usage_with_a_suggestion(study: Path) -> None:
    done = cd38rd("run", study, "--only", "P01_BM")
    assert done.returncode == 2
    assert "P01_BM1" in done.stderr


@pytest.mark.parametrize("harm", ["truncated", "empty", "no_fcs"])
def test_a_bad_tube_is_one_failed_row_and_status_3(study: Path, harm: str) -> None:
    first = study / rows_of_sheet(study)[0]["fcs_file"]
    content = {"truncated": first.read_bytes()[:50_000], "empty": b"", "no_fcs": b"hello, this is text " * 40}
    first.write_bytes(content[harm])
    done = cd38rd("run", study, "--workers", 1, "--no-figures")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr + done.stdout
    statuses = [row["status"] for row in rows(study)]
    assert statuses[0] == "FAILED"
    assert "FAILED" not in statuses[1:]
    assert first.name in rows(study)[0]["note"]


def test_only_one_sample_can_be_run_again_without_losing_the_others(done: Path) -> None:
    before = bytes_of(done)
    again = cd38rd("run", done, "--only", rows(done)[1]["sample_id"], "--fresh", "--export-events")
    assert again.returncode == 0
    assert bytes_of(done) == before


def test_washout_and_report_work_from_stored_results(done: Path) -> None:
    study, before = done, bytes_of(done)
    for path in (study / "fcs").rglob("*.fcs"):
        assert path.exists()
    figures = study / "results" / "figures"
    assert not (figures / "gating.pdf").exists()
    assert cd38rd("report", study, "--gating-pdf", "--png").returncode == 0
    assert (figures / "gating.pdf").read_bytes().startswith(b"%PDF")
    assert len(list(figures.rglob("*.png"))) == len(list(figures.rglob("*.svg")))
    assert cd38rd("report", study).returncode == 0
    assert cd38rd("washout", study).returncode == 0
    assert bytes_of(study) == before


def test_report_without_stored_results_says_what_to_run(study: Path) -> None:
    done = cd38rd("report", study)
    assert done.returncode == 1
    assert "cd38rd run" in done.stderr


def test_results_that_cannot_be_written_are_one_sentence(study: Path) -> None:
    (study / "results").write_text("a file where the folder should be", encoding="utf-8")
    done = cd38rd("run", study)
    assert done.returncode == ExitStatus.NOT_WRITTEN
    assert "cannot write there" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_simulated_folder_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious", encoding="utf-8")
    done = cd38rd("simulate", tmp_path)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_a_person_typed_is_changed(simulated: Path, all_done: Path) -> None:
    typed = {path.name: path.read_bytes() for path in simulated.glob("*.csv")}
    assert typed
    assert {path.name: path.read_bytes() for path in (all_done / "study").glob("*.csv")} == typed


def rows_of_sheet(study: Path) -> list[dict[str, str]]:
    with (study / "samples.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))
