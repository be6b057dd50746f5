"""Sentinels: which cells they are, how much free CD38 they carry, and the rule that reads them."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gating import gate_plasma_cells
from gating.events.panel import GatingPanel, Target
from gating.sentinels import B_PRECURSORS, NK_CELLS, find_sentinels
from pipeline.assembly.assemble import joined
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.quantification.quantify import quantify_tube
from pipeline.quantification.result import SampleResult
from pipeline.quantification.sentinels import upper_share
from pipeline.running.tasks import bead_tasks, tube_tasks
from pipeline.simulate import simulate_study
from pipeline.simulate.tubes.populations import POPULATION_NAMES
from pipeline.study.settings import Settings
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import Study
from pipeline.tube.reading import Tube, read_tube

TRUE_NAME = {NK_CELLS: "nk_cell", B_PRECURSORS: "b_precursor"}


def test_the_upper_limit_of_a_share_is_wilsons():
    """Wilson 1927; values from statsmodels' proportion_confint(method='wilson')."""
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    for k, n in ((0, 100), (3, 4_000), (50, 100)):
        assert upper_share(k, n) == pytest.approx(proportion.proportion_confint(k, n, method="wilson")[1])


def quantified(study: Study) -> tuple[SampleResult, ...]:
    """Quantify every tube, and read the sentinels as the study tells."""
    runs = [calibrate_bead_run(task) for task in bead_tasks(study, {})]
    return joined(study, [quantify_tube(task) for task in tube_tasks(study, runs, {})]).results


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """P01 of seed 3 is masked (4 weeks), P02 is not."""
    folder = tmp_path_factory.mktemp("sentinels")
    study, _ = read_study(simulate_study(folder, patients=2, events=40_000, seed=3, scenario="plain"))
    assert study is not None
    return study


def tube_of(study: Study, index: int) -> tuple[Tube, np.ndarray]:
    sample = study.samples[index]
    tube = read_tube(study.folder / sample.fcs_file, study.panel(sample.panel))
    labels = np.load(study.folder.parent / "truth" / "labels" / f"{sample.sample_id}.npz")
    return tube, labels["population"]


@pytest.mark.parametrize("index", [0, 1])
def test_sentinels_are_the_cells_that_they_should_be(simulated: Study, index: int):
    tube, population = tube_of(simulated, index)
    gated = gate_plasma_cells(tube.events, tube.panel)
    sentinels = find_sentinels(tube.events, tube.panel, gated)
    assert {found.name for found in sentinels} == {NK_CELLS, B_PRECURSORS}
    for found in sentinels:
        true = population == POPULATION_NAMES.index(TRUE_NAME[found.name])
        assert found.mask.sum() >= 100
        assert true[found.mask].mean() >= 0.97, found.name
        assert not np.any(found.mask & gated.mask)


def test_a_person_s_dump_cut_counts_for_the_sentinels_too(simulated: Study):
    tube, _ = tube_of(simulated, 1)
    gated = gate_plasma_cells(tube.events, tube.panel, overrides={"dump": 1_234.0})
    dump = tube.panel.with_role("dump")[0].channel
    nk_cells = next(one for one in find_sentinels(tube.events, tube.panel, gated) if one.mask.any())
    assert float(tube.events.column(dump)[nk_cells.mask].max()) < 1_234.0


def test_their_free_cd38_is_the_true_one_and_tells_masking(simulated: Study):
    with (simulated.folder.parent / "truth" / "tubes.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    results = quantified(simulated)
    for result, row in zip(results, truth, strict=True):
        for one in result.sentinels:
            true = float(row[f"{TRUE_NAME[one.name]}_cd38"])
            found = one.receptor
            assert found.rd_low is not None
            assert found.rd_high is not None
            assert found.rd_low - 60 <= true <= found.rd_high + 60, (result.sample_id, one.name)
    assert [result.sentinel_reading for result in results] == ["masked", "not low"]
    assert all("HEMODILUTION_POSSIBLE" not in result.flags for result in results)


@pytest.mark.parametrize(
    ("role", "name", "said"),
    [
        ("cd56", NK_CELLS, "no cd56 channel"),
        ("cd19", B_PRECURSORS, "no cd19 channel"),
        ("cd45", NK_CELLS, "no cd45"),
    ],
)
def test_what_the_panel_cannot_show_is_said(simulated: Study, role: str, name: str, said: str):
    tube, _ = tube_of(simulated, 0)
    fewer = GatingPanel(tuple(c for c in tube.panel.channels if c.role != role), tube.panel.quantified)
    gated = gate_plasma_cells(tube.events, fewer)
    found = {one.name: one for one in find_sentinels(tube.events, fewer, gated)}[name]
    assert found.gate is None
    assert said in found.note
    assert not found.mask.any()


@pytest.mark.slow
def test_a_tube_without_a_matrix_has_no_sentinels(tmp_path: Path):
    study, _ = read_study(simulate_study(tmp_path, patients=2, events=12_000, seed=5, scenario="no_matrix"))
    assert study is not None
    for result in quantified(study):
        assert result.sentinels == ()
        assert result.sentinel_reading in ("not low", "cannot tell")


def test_a_marrow_without_b_precursors_is_flagged_and_blood_is_not(simulated: Study):
    runs = [calibrate_bead_run(task) for task in bead_tasks(simulated, {})]
    task = tube_tasks(simulated, runs, {})[0]
    strict = replace(task, settings=Settings(hemodilution_percent=50.0))
    found = quantify_tube(strict)
    assert "HEMODILUTION_POSSIBLE" in found.flags
    assert "surely less than 50 %" in found.note
    blood = replace(strict, sample=replace(task.sample, tissue="blood"))
    assert "HEMODILUTION_POSSIBLE" not in quantify_tube(blood).flags


def with_competition(study: Study, competes: bool | None) -> Study:
    panels = tuple(
        replace(
            panel,
            channels=tuple(
                replace(c, competes_with_drug=competes) if c.role == "cd38" else c for c in panel.channels
            ),
        )
        for panel in study.panels
    )
    return replace(study, panels=panels)


def test_a_clone_that_the_drug_does_not_hinder_says_nothing_of_masking(simulated: Study):
    found = quantified(with_competition(simulated, False))[0]
    assert found.sentinel_reading == "cannot tell"
    assert [one.receptor.n_cells >= 100 for one in found.sentinels] == [True, True]


def test_cells_that_are_quantified_themselves_are_no_sentinels(simulated: Study):
    tube, _ = tube_of(simulated, 1)
    channels = tuple(
        replace(c, target=Target.POSITIVE) if c.role == "cd19" else c
        for c in tube.panel.with_default_targets().channels
    )
    panel = GatingPanel(channels, tube.panel.quantified)
    gated = gate_plasma_cells(tube.events, panel)
    precursors = find_sentinels(tube.events, panel, gated)[1]
    assert precursors.note == "the quantified cells themselves are cd19 positive"
