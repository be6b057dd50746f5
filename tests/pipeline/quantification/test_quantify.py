"""What one tube's result holds beside its density, and what it holds without a curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration import RdStatus
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.quantification.quantify import quantify_tube
from pipeline.quantification.result import SampleResult
from pipeline.quantification.task import TubeTask
from pipeline.running.tasks import bead_tasks, input_hashes, tube_tasks
from pipeline.simulate import simulate_study
from pipeline.simulate.tubes.populations import POPULATION_NAMES
from pipeline.study.sheets.reading import read_study


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> TubeTask:
    """P01 of seed 5: 37 normal plasma cells beside the clone."""
    folder = simulate_study(tmp_path_factory.mktemp("tubes"), patients=3, events=30_000, seed=5)
    study, _ = read_study(folder)
    assert study is not None
    calibrations = tuple(calibrate_bead_run(one) for one in bead_tasks(study, {}))
    return tube_tasks(study, calibrations, input_hashes(study))[0]


@pytest.fixture(scope="module")
def result(task: TubeTask) -> SampleResult:
    return quantify_tube(task)


def test_the_normal_plasma_cells_of_a_tube_have_a_density_of_their_own(task: TubeTask, result: SampleResult):
    labels = np.load(task.folder.parent / "truth" / "labels" / f"{result.sample_id}.npz")
    whole = ~(labels["dead"] | labels["doublet"] | labels["debris"])
    normal = whole & (labels["population"] == POPULATION_NAMES.index("normal_plasma_cell"))
    assert result.population == "aberrant_plasma_cells"
    assert result.n_plasma_cells - result.n_aberrant == pytest.approx(np.count_nonzero(normal), abs=2)
    assert result.normal_rd == pytest.approx(np.median(labels["cd38_molecules"][normal]), rel=0.1)
    assert result.normal_rd != pytest.approx(result.receptor.rd, rel=0.1)


def test_the_histogram_of_a_tube_holds_the_quantified_cells_and_those_of_the_control(
    task: TubeTask, result: SampleResult
):
    counts = dict(result.histogram.counts)
    assert {name: sum(bins) for name, bins in counts.items()} == {
        "stained": result.receptor.n_cells,
        "control": result.receptor.n_control,
    }
    assert result.receptor.n_cells == result.n_aberrant
    assert result.histogram.channel == result.quantified_channel


def test_pictures_are_made_of_every_tube_unless_nobody_asks_for_them(task: TubeTask, result: SampleResult):
    bare = quantify_tube(replace(task, extras=False))
    assert len(result.pictures) > 5
    assert (bare.pictures, bare.histogram, bare.normal_rd, bare.sentinels) == ((), None, None, ())
    assert bare.receptor == result.receptor


def test_without_a_curve_the_cells_have_a_median_and_the_row_says_why(task: TubeTask, result: SampleResult):
    reason = "4 bead populations were expected, 3 found"
    without = replace(task, calibration=replace(task.calibration, curve=None, note=reason))
    found = quantify_tube(without).receptor
    assert (found.status, found.rd, found.abc) == (RdStatus.NO_CURVE, None, None)
    assert found.n_cells == result.receptor.n_cells
    assert found.median_mfi == pytest.approx(result.receptor.median_mfi, rel=1e-6)
    assert found.notes == (f"bead run {task.calibration.bead_run} has no curve: {reason}",)


def test_relative_beads_give_no_density_although_they_have_a_curve(task: TubeTask):
    relative = replace(task, calibration=replace(task.calibration, kit="rainbow"))
    assert relative.calibration.curve is not None
    found = quantify_tube(relative).receptor
    assert (found.status, found.rd) == (RdStatus.NO_CURVE, None)
    assert len(found.notes) == 1
    assert "beads are relative and give no molecules per cell" in found.notes[0]
    assert task.calibration.bead_run not in found.notes[0]
