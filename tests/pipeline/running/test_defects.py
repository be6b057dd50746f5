"""A defect of cd38rd is not a bad tube: its row says so, its traceback is kept, the other tubes go on."""

from __future__ import annotations

import errno
import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

import pipeline.assembly.assemble
import pipeline.beads.calibrate
import pipeline.quantification.prepared
import pipeline.washout.models
from pipeline.commands.exit_status import ExitStatus, RunSummary
from pipeline.commands.run import run_study
from pipeline.commands.stored import refit_washout
from pipeline.running.defects import DefectError
from pipeline.running.options import OnError, RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.simulate import simulate_study

BROKEN = "P02_BM1"
BROKEN_LIST = "IndexError: list index out of range"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_study(tmp_path_factory.mktemp("simulated"), patients=3, events=3_000)


@pytest.fixture
def study(simulated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(simulated, tmp_path / "study"))


@pytest.fixture
def with_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the gating of one tube fail as a wrong shape in our own code would."""
    gated_tube = pipeline.quantification.quantify.gated_tube

    def gated(tube, *others):
        if tube.file.path.stem.startswith(BROKEN):
            raise ValueError("operands could not be broadcast together with shapes (3,) (4,)")
        return gated_tube(tube, *others)

    monkeypatch.setattr(pipeline.quantification.quantify, "gated_tube", gated)


def rows(study: Path) -> pd.DataFrame:
    return pd.read_csv(study / "results" / "rd_samples.csv").set_index("sample_id")


def run(study: Path, *, on_error: OnError = OnError.CONTINUE, validate: bool = False) -> RunSummary:
    options = RunOptions(workers=1, figures=False, on_error=on_error, validate=validate)
    return run_study(study, options, QuietReporter())


@pytest.mark.slow
@pytest.mark.usefixtures("with_defect")
def test_the_row_says_so_the_traceback_is_kept_and_the_other_tubes_go_on(study: Path) -> None:
    summary = run(study)
    table = rows(study)
    assert summary.exit_status is ExitStatus.SOME_FAILED
    assert f"A defect of cd38rd failed {BROKEN}" in summary.failures
    assert "Please report it with results/log.txt" in summary.failures
    assert table.loc[BROKEN, "status"] == "FAILED"
    assert "PROGRAM_DEFECT" in table.loc[BROKEN, "flags"]
    assert "a defect of cd38rd, not of this file: ValueError: operands" in table.loc[BROKEN, "note"]
    assert (table.drop(index=BROKEN)["status"] != "FAILED").all()
    kept = (study / "results" / "log.txt").read_text("utf-8")
    assert "Traceback (most recent call last)" in kept
    assert "in gated" in kept
    assert f"tube {BROKEN}: ValueError: operands could not be broadcast" in kept


@pytest.mark.usefixtures("with_defect")
def test_on_error_stop_stops_at_the_first_defect_and_keeps_what_is_done(study: Path) -> None:
    with pytest.raises(DefectError, match=rf"{BROKEN}: a defect of cd38rd.*--on-error stop"):
        run(study, on_error=OnError.STOP)
    assert "Traceback" in (study / "results" / "log.txt").read_text("utf-8")
    assert not (study / "results" / "rd_samples.csv").exists()


@pytest.mark.slow
def test_a_bad_file_is_no_defect_and_stops_nothing_even_so(study: Path) -> None:
    file = next((study / "fcs").rglob(f"{BROKEN}.fcs"))
    file.write_bytes(file.read_bytes()[:900])
    summary = run(study, on_error=OnError.STOP)
    table = rows(study)
    assert summary.exit_status is ExitStatus.SOME_FAILED
    assert "defect" not in summary.failures
    assert table.loc[BROKEN, "status"] == "FAILED"
    assert "PROGRAM_DEFECT" not in str(table.loc[BROKEN, "flags"])
    assert "Traceback" not in (study / "results" / "log.txt").read_text("utf-8")


@pytest.mark.slow
def test_a_tube_that_a_defect_failed_is_tried_again(
    study: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(pipeline.quantification.prepared, "read_control", _raises)
        run(study)
        assert (rows(study)["status"] == "FAILED").all()
    assert run(study).exit_status is ExitStatus.ALL_QUANTIFIED
    assert (rows(study)["status"] != "FAILED").all()


@pytest.mark.slow
def test_a_defect_at_the_beads_leaves_a_run_without_a_curve_and_is_tried_again(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(pipeline.beads.calibrate, "compare_channels", _raises)
        summary = run(study)
        assert summary.exit_status is ExitStatus.SOME_FAILED
        assert "A defect of cd38rd failed" in summary.failures
        assert (rows(study)["status"] == "NO_CURVE").all()
        assert "bead run" in (study / "results" / "log.txt").read_text("utf-8")
    assert run(study).exit_status is ExitStatus.ALL_QUANTIFIED


def test_on_error_stop_stops_at_a_defect_in_a_bead_run(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline.beads.calibrate, "compare_channels", _raises)
    with pytest.raises(DefectError, match=r"bead run .*: a defect of cd38rd.*IndexError: list index"):
        run(study, on_error=OnError.STOP)
    assert "bead run" in (study / "results" / "log.txt").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("makes", "name"),
    [
        ("response_tables", "response tables"),
        ("unnumbered", "tubes without a density"),
        ("assay_report", "validation of the assay"),
    ],
)
def test_a_defect_in_a_table_leaves_that_table_out_is_named_and_tried_again(
    study: Path, monkeypatch: pytest.MonkeyPatch, makes: str, name: str
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(pipeline.assembly.assemble, makes, _raises)
        summary = run(study, validate=True)
        assert summary.exit_status is ExitStatus.SOME_FAILED
        assert f"A defect of cd38rd failed {name}" in summary.failures
        assert (rows(study)["status"] != "FAILED").all()
        said = f"a defect of cd38rd, not of the data: {BROKEN_LIST}"
        assert said in (study / "results" / "report.html").read_text("utf-8")
        kept = (study / "results" / "log.txt").read_text("utf-8")
        assert f"{name}: {BROKEN_LIST}\nTraceback (most recent call last)" in kept
        with pytest.raises(DefectError, match=rf"{name}: a defect of cd38rd.*--on-error stop"):
            run(study, validate=True, on_error=OnError.STOP)
    assert run(study, validate=True).exit_status is ExitStatus.ALL_QUANTIFIED
    assert BROKEN_LIST not in (study / "results" / "report.html").read_text("utf-8")


@pytest.mark.slow
def test_without_response_tables_their_file_and_sheets_say_that_it_is_a_defect(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline.assembly.assemble, "response_tables", _raises)
    run(study)
    (reason,) = json.loads((study / "results" / "response.json").read_text("utf-8"))["not_estimable"]
    assert reason["reason"].startswith(f"a defect of cd38rd, not of the data: {BROKEN_LIST}")
    sheet = pd.read_excel(study / "results" / "rd.xlsx", sheet_name="Response", header=None)
    assert sheet.astype(str).apply(lambda cell: cell.str.contains(BROKEN_LIST)).to_numpy().any()


@pytest.mark.slow
def test_a_defect_in_a_model_leaves_that_model_out_and_is_tried_again(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(pipeline.washout.models, "rank_observations", _raises)
        summary = run(study)
        assert summary.exit_status is ExitStatus.SOME_FAILED
        assert "A defect of cd38rd failed model M0" in summary.failures
        assert (rows(study)["status"] != "FAILED").all()
        written = json.loads((study / "results" / "washout.json").read_text("utf-8"))
        assert {"M0"} < {one["name"] for one in written["not_estimable"]}
        (reason,) = [one["reason"] for one in written["not_estimable"] if one["name"] == "M0"]
        assert reason.startswith("a defect of cd38rd, not of the data: IndexError: list index out of range")
        assert reason.split(". ")[0] in (study / "results" / "report.html").read_text("utf-8")
        kept = (study / "results" / "log.txt").read_text("utf-8")
        assert "Traceback (most recent call last)" in kept
        assert "model M0: IndexError: list index out of range" in kept
        assert refit_washout(study).exit_status is ExitStatus.SOME_FAILED
    assert run(study).exit_status is ExitStatus.ALL_QUANTIFIED


def test_on_error_stop_stops_at_a_defect_in_a_model(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline.washout.models, "rank_observations", _raises)
    with pytest.raises(DefectError, match=r"model M0: a defect of cd38rd, not of the data.*--on-error stop"):
        run(study, on_error=OnError.STOP)
    assert not (study / "results" / "rd_samples.csv").exists()


@pytest.mark.slow
@pytest.mark.parametrize("error", [OSError("network path not found"), MemoryError("cannot allocate")])
def test_a_computer_that_fails_is_neither_a_defect_nor_a_bad_file(
    study: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(pipeline.beads.calibrate, "compare_channels", fails)
        broken.setattr(pipeline.quantification.prepared, "read_control", fails)
        summary = run(study, on_error=OnError.STOP)
        assert summary.exit_status is ExitStatus.SOME_FAILED
        assert "defect" not in summary.failures
        assert "the computer failed, not this file" in summary.failures
        assert not rows(study)["flags"].astype(str).str.contains("PROGRAM_DEFECT").any()
    assert run(study).exit_status is ExitStatus.ALL_QUANTIFIED


@pytest.mark.slow
@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file or directory", "no/such/path"),
        IsADirectoryError(errno.EISDIR, "Is a directory", "fcs"),
        OSError(errno.EBADF, "Bad file descriptor"),
        io.UnsupportedOperation("not writable"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_wrong_call_of_the_system_by_our_own_code_is_a_defect_and_no_failing_computer(
    study: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(pipeline.quantification.prepared, "read_control", fails)
    summary = run(study)
    assert summary.exit_status is ExitStatus.SOME_FAILED
    assert "A defect of cd38rd failed" in summary.failures
    assert rows(study)["flags"].str.contains("PROGRAM_DEFECT").all()
    assert "Traceback" in (study / "results" / "log.txt").read_text("utf-8")


def _raises(*_: object, **__: object) -> None:
    raise IndexError("list index out of range")
