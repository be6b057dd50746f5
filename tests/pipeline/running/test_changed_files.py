"""A file that changes while a study runs fails its tube by name, and is never stored under another's digest."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from calibration.density.receptor_density import RdStatus
from pipeline.beads.calibrate import BeadTask, calibrate_bead_run
from pipeline.commands.exit_status import ExitStatus
from pipeline.commands.run import _calibrations, run_study
from pipeline.files.content import file_sha256
from pipeline.quantification.quantify import quantify_tube
from pipeline.quantification.task import TubeTask
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.running.store import stores_in
from pipeline.running.tasks import bead_hashes, bead_tasks, input_hashes, tube_tasks
from pipeline.simulate import simulate_study
from pipeline.study.file_labels import labels_of_beads, labels_of_sample
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import Study

pytestmark = pytest.mark.slow
FIRST, LAST = "P01_BM1", "P03_BM1"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_study(tmp_path_factory.mktemp("simulated"), patients=3, events=3_000, seed=2)


@pytest.fixture
def folder(simulated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(simulated, tmp_path / "study"))


def study_of(folder: Path) -> Study:
    study, _ = read_study(folder)
    assert study is not None
    return study


def task_of(folder: Path, **hashes: str) -> TubeTask:
    """The last tube, as `cd38rd run` would make it."""
    study = study_of(folder)
    runs = [calibrate_bead_run(task) for task in bead_tasks(study, {})]
    return tube_tasks(study, runs, {**input_hashes(study), **hashes})[-1]


def rows(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "results" / "rd_samples.csv").set_index("sample_id")


class Replacing(QuietReporter):
    """Puts one file in the place of another as soon as the first tube is stored."""

    def __init__(self, source: Path, target: Path) -> None:
        self.source, self.target = source, target

    def tick(self, sample_id: str, status: str) -> None:
        if self.source.exists():
            self.source.replace(self.target)


@pytest.mark.parametrize("column", ["fcs_file", "fmo_file"])
def test_a_file_replaced_during_the_run_fails_its_tube_by_name_and_the_next_run_is_right(
    folder: Path, tmp_path: Path, column: str
) -> None:
    truth = Path(shutil.copytree(folder, tmp_path / "truth"))
    assert (
        run_study(truth, RunOptions(workers=1, figures=False), QuietReporter()).exit_status
        is ExitStatus.ALL_QUANTIFIED
    )
    study = study_of(folder)
    first, last = study.samples[0], study.samples[-1]
    name = getattr(last, column)
    label = labels_of_sample(folder, last).of(name)
    kept, other = tmp_path / "kept.fcs", tmp_path / "other.fcs"
    shutil.copy(folder / name, kept)
    shutil.copy(folder / getattr(first, column), other)
    summary = run_study(folder, RunOptions(workers=1, figures=False), Replacing(other, folder / name))
    assert summary.exit_status is ExitStatus.SOME_FAILED
    assert f"{last.sample_id}: {label} changed while the run read it: SHA-256 " in summary.failures
    assert "run again" in summary.failures
    assert rows(folder).loc[last.sample_id, "status"] == "FAILED"
    assert (rows(folder)["status"] != "FAILED").sum() == 2
    inputs = dict(map(tuple, json.loads((folder / "results" / "run.json").read_text("utf-8"))["inputs"]))
    assert inputs[label] == file_sha256(folder / name)

    kept.replace(folder / name)
    assert (
        run_study(folder, RunOptions(workers=1, figures=False), QuietReporter()).exit_status
        is ExitStatus.ALL_QUANTIFIED
    )
    for table in ("rd_samples.csv", "rd_patients.csv"):
        assert (folder / "results" / table).read_bytes() == (truth / "results" / table).read_bytes()


def test_a_worker_that_sees_another_file_says_so(folder: Path) -> None:
    task = task_of(folder)
    shutil.copy(folder / study_of(folder).samples[0].fcs_file, folder / task.sample.fcs_file)
    found = quantify_tube(task)
    assert found.receptor.status is RdStatus.FAILED
    label = labels_of_sample(folder, task.sample).of(task.sample.fcs_file)
    assert f"{label} changed while the run read it" in found.note
    assert dict(found.sha256)[label] == file_sha256(folder / task.sample.fcs_file)


def test_one_changed_byte_anywhere_in_the_tube_or_its_control_is_another_file(folder: Path) -> None:
    task = task_of(folder)
    for name in (task.sample.fcs_file, task.sample.fmo_file):
        path = folder / name
        content = path.read_bytes()
        for at in (20, len(content) // 2, len(content) - 1):
            path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            label = labels_of_sample(folder, task.sample).of(name)
            assert f"{label} changed while the run read it" in quantify_tube(task).note
        path.write_bytes(content)
    assert quantify_tube(task).receptor.status is not RdStatus.FAILED


def test_a_control_that_is_gone_when_it_is_read_or_that_came_meanwhile_fails_the_tube(folder: Path) -> None:
    task = task_of(folder)
    control = folder / task.sample.fmo_file
    label = labels_of_sample(folder, task.sample).of(task.sample.fmo_file)
    came = replace(task, files_sha256=tuple((n, "" if n == label else s) for n, s in task.files_sha256))
    assert "it could not be read when the run began" in quantify_tube(came).note
    control.unlink()
    assert "cannot be read now; run again" in quantify_tube(task).note


def test_gates_that_a_person_saves_during_the_run_fail_the_tube(folder: Path) -> None:
    (folder / "lab.wsp").write_text("<Workspace/>", encoding="utf-8")
    task = task_of(folder)
    sample = replace(task.sample, gates_file="lab.wsp", population="plasma cells")
    hashes = (*task.files_sha256, ("P03_BM1 gates.wsp", file_sha256(folder / "lab.wsp")))
    (folder / "lab.wsp").write_text("<Workspace></Workspace>", encoding="utf-8")
    found = quantify_tube(replace(task, sample=sample, files_sha256=hashes))
    assert "P03_BM1 gates.wsp changed while the run read it" in found.note


def test_a_bead_file_that_changed_gives_no_curve_and_is_not_stored(folder: Path, tmp_path: Path) -> None:
    study, store = study_of(folder), stores_in(tmp_path / "store").bead_runs
    hashes = bead_hashes(study)
    run = study.bead_runs[0]
    path, content = folder / run.fcs_file, (folder / run.fcs_file).read_bytes()
    path.write_bytes(content[:-4] + b"\0\0\0\0")
    (found, *_) = _calibrations(study, hashes, store, QuietReporter())
    assert found.curve is None
    assert f"{labels_of_beads(folder, run).of(run.fcs_file)} changed while the run read it" in found.note
    assert found.sha256 == file_sha256(path)
    assert store.load(run.name) is None
    path.write_bytes(content)
    (found, *_) = _calibrations(study, hashes, store, QuietReporter())
    assert found.curve is not None
    assert store.load(run.name) is not None


def test_a_bead_file_that_came_during_the_run_gives_no_curve_and_none_is_stored(
    folder: Path, tmp_path: Path
) -> None:
    study, store = study_of(folder), stores_in(tmp_path / "store").bead_runs
    run = study.bead_runs[0]
    path, content = folder / run.fcs_file, (folder / run.fcs_file).read_bytes()
    path.unlink()
    hashes = bead_hashes(study)
    path.write_bytes(content)
    (found, *_) = _calibrations(study, hashes, store, QuietReporter())
    assert found.curve is None
    assert "it could not be read when the run began, and can be read now; run again" in found.note
    assert store.load(run.name) is None
    path.unlink()
    (found, *_) = _calibrations(study, hashes, store, QuietReporter())
    assert found.curve is None


def test_a_data_set_of_a_file_and_a_name_with_a_number_sign_have_the_digest_of_their_file(
    folder: Path,
) -> None:
    run = study_of(folder).bead_runs[0]
    for name, asked in (("a#b.fcs", "a#b.fcs"), ("beads#1.fcs", "beads#1.fcs"), ("b.fcs", "b.fcs#1")):
        shutil.copy(folder / run.fcs_file, folder / name)
        study = replace(study_of(folder), bead_runs=(replace(run, fcs_file=asked),), samples=())
        assert input_hashes(study) == {asked: file_sha256(folder / name)}
        found = calibrate_bead_run(BeadTask(folder, study.bead_runs[0], study.settings))
        assert found.sha256 == file_sha256(folder / name)
        assert found.curve is not None


class Copies(logging.Handler):
    """Copies one file over another as soon as the run says that it begins: its checks are done by then."""

    def __init__(self, source: Path, target: Path) -> None:
        super().__init__()
        self.source, self.target = source, target

    def emit(self, record: logging.LogRecord) -> None:
        if "tubes:" in record.getMessage():
            shutil.copy(self.source, self.target)


def test_a_file_that_is_exchanged_after_the_checks_and_before_its_digest_is_checked_as_it_is_then(
    folder: Path,
) -> None:
    first, last = (row for row in study_of(folder).samples if row.sample_id in (FIRST, LAST))
    copies = Copies(folder / first.fcs_file, folder / last.fcs_file)
    logger = logging.getLogger("pipeline.commands.run")
    logger.addHandler(copies)
    try:
        summary = run_study(folder, RunOptions(), QuietReporter())
    finally:
        logger.removeHandler(copies)
    assert summary.exit_status is ExitStatus.FAULTS
    assert "the same recording as" in summary.faults
    assert not (folder / "results" / "store").exists()
