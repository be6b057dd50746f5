"""Which control counts, a control that is none, and a tube that ends early."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from calibration import RdStatus
from gating import gate_plasma_cells
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.quantification.quantify import TubeTask, quantify_tube
from pipeline.quantification.receptor import receptor_of
from pipeline.quantification.result import is_failed
from pipeline.running.tasks import bead_tasks, input_hashes, tube_tasks
from pipeline.simulate import simulate_study
from pipeline.study.settings import Settings
from pipeline.study.sheets.reading import read_study
from pipeline.tube.reading import read_tube


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> TubeTask:
    """P02 of seed 3: about 116,000 free CD38 a cell."""
    folder = simulate_study(tmp_path_factory.mktemp("controls"), patients=2, events=8_000, seed=3)
    study, _ = read_study(folder)
    assert study is not None
    calibrations = tuple(calibrate_bead_run(one) for one in bead_tasks(study, {}))
    return tube_tasks(study, calibrations, input_hashes(study))[1]


def test_stain_and_control_exchanged_give_no_density(task: TubeTask) -> None:
    sample = task.sample
    found = quantify_tube(
        replace(
            task,
            sample=replace(sample, fcs_file=sample.fmo_file, fmo_file=sample.fcs_file),
            files_sha256=(),
        )
    )
    assert (found.receptor.status, found.receptor.rd) == (RdStatus.NO_BACKGROUND, None)
    assert "CONTROL_BRIGHT" in found.flags
    assert is_failed(found)


def test_a_copy_of_the_stained_tube_is_no_control(task: TubeTask) -> None:
    shutil.copy(task.folder / task.sample.fcs_file, task.folder / "fcs" / "copy.fcs")
    found = quantify_tube(
        replace(task, sample=replace(task.sample, fmo_file="fcs/copy.fcs"), files_sha256=())
    )
    assert found.receptor.status is RdStatus.NO_BACKGROUND
    assert "same bytes" in found.note
    assert is_failed(found)


def test_with_both_controls_the_fmo_is_used(task: TubeTask) -> None:
    fmo = task.sample.fmo_file
    shutil.copy(task.folder / fmo, task.folder / "fcs" / "isotype.fcs")
    both = replace(task.sample, isotype_file="fcs/isotype.fcs")
    for sample, kind in ((both, "FMO"), (replace(both, fmo_file=""), "isotype")):
        assert quantify_tube(replace(task, sample=sample, files_sha256=())).background_kind == kind


def test_no_control_at_all_is_no_failure(task: TubeTask) -> None:
    found = quantify_tube(replace(task, sample=replace(task.sample, fmo_file="")))
    assert found.receptor.status is RdStatus.NO_BACKGROUND
    assert not is_failed(found)


def test_a_named_control_that_is_not_there_fails_the_tube(task: TubeTask) -> None:
    found = quantify_tube(
        replace(task, sample=replace(task.sample, fmo_file="fcs/none.fcs"), files_sha256=())
    )
    assert found.receptor.status is RdStatus.NO_BACKGROUND
    assert "CONTROL_UNUSABLE" in found.flags
    assert is_failed(found)


def test_a_masked_tube_a_little_below_its_control_keeps_its_signed_estimate(task: TubeTask) -> None:
    tube = read_tube(task.folder / task.sample.fmo_file, task.panel)
    cells = gate_plasma_cells(tube.events, tube.panel).mask
    blank = tube.quantified[cells]
    found = receptor_of(task, tube, cells, blank + 20, "FMO")
    assert found.status is RdStatus.BELOW_LLOQ
    assert found.rd is not None
    assert found.rd < 0


def test_a_tube_that_ends_early_is_quantified_and_flagged_where_that_is_allowed(task: TubeTask) -> None:
    whole = task.folder / task.sample.fcs_file
    cut = task.folder / "fcs" / "cut.fcs"
    cut.write_bytes(whole.read_bytes()[:-20_000])
    early = replace(task, sample=replace(task.sample, fcs_file="fcs/cut.fcs"), files_sha256=())
    assert quantify_tube(early).receptor.status is RdStatus.FAILED
    found = quantify_tube(replace(early, settings=Settings(allow_truncated=True).of_tubes))
    assert found.receptor.rd is not None
    assert "REPAIRED_FILE" in found.flags
