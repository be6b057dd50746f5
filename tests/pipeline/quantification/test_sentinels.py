"""Sentinels: which cells they are, how much free CD38 they carry, and the rule that reads them."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.density.receptor_density import RdStatus, ReceptorDensity
from gating import gate_plasma_cells
from gating.events.panel import GatingPanel, Target
from gating.sentinels import B_PRECURSORS, NK_CELLS, find_sentinels
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.quantification.quantify import quantify_tube
from pipeline.quantification.result import SampleResult, SentinelResult
from pipeline.quantification.sentinels import reading_of, share_of, upper_share
from pipeline.running.tasks import bead_tasks, tube_tasks
from pipeline.simulate import simulate_study
from pipeline.simulate.tubes.populations import NAMES
from pipeline.study.settings import Settings
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import Study
from pipeline.tube.reading import Tube, read_tube

SETTINGS = Settings()
TRUE_NAME = {NK_CELLS: "nk_cell", B_PRECURSORS: "b_precursor"}


def density(low: float | None, high: float | None, status: RdStatus = RdStatus.OK) -> ReceptorDensity:
    rd = None if low is None or high is None else (low + high) / 2
    return ReceptorDensity(status, 100, rd=rd, rd_low=low, rd_high=high, lloq=900.0)


def sentinel(low: float | None, high: float | None, name: str = NK_CELLS, **more: RdStatus) -> SentinelResult:
    return SentinelResult(name, density(low, high, **more))


LOW = density(2_000, 3_000)
NK_USUAL, NK_LOW = sentinel(10_000, 14_000), sentinel(400, 600)
B_USUAL, B_LOW = sentinel(25_000, 32_000, B_PRECURSORS), sentinel(900, 1_200, B_PRECURSORS)


@pytest.mark.parametrize(
    ("plasma", "sentinels", "reading"),
    [
        (density(90_000, 120_000), (NK_USUAL, B_USUAL), "not low"),
        (density(90_000, 120_000), (), "not low"),
        (density(90_000, None, RdStatus.ABOVE_ULOQ), (NK_USUAL,), "not low"),
        (LOW, (NK_USUAL, B_USUAL), "lost"),
        (LOW, (NK_LOW, B_LOW), "masked"),
        (LOW, (NK_LOW,), "masked"),
        (density(-50, 90, RdStatus.BELOW_LLOQ), (sentinel(100, 300, status=RdStatus.BELOW_LLOQ),), "masked"),
        (density(-50, 90, RdStatus.BELOW_LLOQ), (sentinel(2_800, 3_500), B_LOW), "both"),
        (density(2_000, 8_000), (sentinel(2_800, 3_500), sentinel(7_500, 9_000, B_PRECURSORS)), "both"),
        (density(8_000, 14_000), (sentinel(2_800, 3_500), sentinel(7_500, 9_000, B_PRECURSORS)), "masked"),
        (LOW, (NK_LOW, B_USUAL), "cannot tell"),
        (LOW, (sentinel(2_000, 9_000),), "cannot tell"),
        (LOW, (), "cannot tell"),
        (LOW, (sentinel(None, None, status=RdStatus.LOW_EVENTS),), "cannot tell"),
        (density(30_000, 80_000), (NK_LOW, B_LOW), "cannot tell"),
        (density(None, None, RdStatus.LOW_EVENTS), (NK_USUAL, B_USUAL), "cannot tell"),
        (density(None, None, RdStatus.NO_BACKGROUND), (NK_LOW, B_LOW), "cannot tell"),
    ],
)  # fmt: skip
def test_the_reading_follows_the_stated_rule(plasma, sentinels, reading):
    assert reading_of(plasma, sentinels, SETTINGS) == reading


def test_below_the_lloq_only_more_than_the_lloq_can_be_excluded():
    found = share_of(density(50, 90, RdStatus.BELOW_LLOQ), 900.0)
    assert (found.low, found.high) == (None, 1.0)


def test_the_upper_limit_of_a_share_is_wilsons():
    """Wilson 1927; values from statsmodels' proportion_confint(method='wilson')."""
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    for k, n in ((0, 100), (3, 4_000), (50, 100)):
        assert upper_share(k, n) == pytest.approx(proportion.proportion_confint(k, n, method="wilson")[1])


def quantified(study: Study) -> tuple[SampleResult, ...]:
    runs = [calibrate_bead_run(task) for task in bead_tasks(study, {})]
    return tuple(quantify_tube(task) for task in tube_tasks(study, runs, {}))


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
        true = population == NAMES.index(TRUE_NAME[found.name])
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


def test_a_clone_that_the_drug_does_not_hinder_says_nothing_of_masking(simulated: Study):
    runs = [calibrate_bead_run(task) for task in bead_tasks(simulated, {})]
    task = tube_tasks(simulated, runs, {})[0]
    channels = tuple(
        replace(c, competes_with_drug=False) if c.role == "cd38" else c for c in task.panel.channels
    )
    found = quantify_tube(replace(task, panel=replace(task.panel, channels=channels)))
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
