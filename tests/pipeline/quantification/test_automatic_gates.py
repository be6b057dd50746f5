"""Cuts that a batch lends a tube: taken where its own are unclear, refused where they do not fit, told in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gating.batch_cuts import BatchCut
from gating.events import Events
from gating.gates.steps import Step
from gating.strategy import gate_plasma_cells
from gating.thresholds.methods import Method
from pipeline.quantification.automatic_gates import gated_tube
from pipeline.simulate import simulate_study
from pipeline.study.sheets.reading import read_study
from pipeline.tube.control import Control
from pipeline.tube.reading import Tube, read_tube

VIABILITY = "APC-H7-A"


@pytest.fixture(scope="module")
def tube(tmp_path_factory: pytest.TempPathFactory) -> Tube:
    folder = simulate_study(tmp_path_factory.mktemp("lent"), patients=1, events=6_000, seed=4)
    study, _ = read_study(folder)
    assert study is not None
    return read_tube(folder / study.samples[0].fcs_file, study.panels[0])


@pytest.fixture(scope="module")
def unclear(tube: Tube) -> Tube:
    """The same tube with viability a single heap of noise: no cell of it is dead."""
    row = tube.events.channels.index(VIABILITY)
    values = tube.events.values.copy()
    values[row] = np.random.default_rng(1).normal(0.0, 100.0, values.shape[1]).astype(np.float32)
    return replace(tube, events=Events(values, tube.events.channels, tube.events.scale_tops))


@pytest.fixture(scope="module")
def nearly_empty(tube: Tube) -> Tube:
    """The same tube with eight of its plasma cells: too few to be seen as a group."""
    cells = np.flatnonzero(gate_plasma_cells(tube.events, tube.panel).mask)
    values = np.ascontiguousarray(np.delete(tube.events.values, cells[8:], axis=1))
    return replace(tube, events=Events(values, tube.events.channels, tube.events.scale_tops))


def batch(value: float) -> BatchCut:
    return BatchCut(Step.VIABLE, VIABILITY, value, 0.1, 7)


def step(gated, name="viable"):
    return next(one for one in gated.steps if one.name == name)


def test_an_unclear_tube_takes_the_batch_s_cut_and_the_row_says_what_it_replaced(unclear: Tube):
    alone = gate_plasma_cells(unclear.events, unclear.panel)
    gated = gated_tube(unclear, Control(), {}, (batch(520.0),))
    assert step(gated).methods == (Method.POOLED,)
    assert step(gated).thresholds == ((VIABILITY, 520.0),)
    assert "GATE_FROM_BATCH" in gated.flags
    before = step(alone).thresholds[0][1]
    assert any(
        f"own cut on {VIABILITY} was unclear ({before:g}): that of its batch was taken, 520 (7 similar"
        in note
        for note in gated.notes
    )


def test_a_clear_tube_keeps_its_own_cut_whatever_it_is_lent(tube: Tube):
    alone = gate_plasma_cells(tube.events, tube.panel)
    gated = gated_tube(tube, Control(), {}, (batch(900.0),))
    assert step(gated).thresholds == step(alone).thresholds
    assert np.array_equal(gated.mask, alone.mask)
    assert (gated.flags, gated.notes) == (alone.flags, alone.notes)


def test_a_cut_through_the_tube_s_own_cells_is_not_taken_and_the_tube_is_said_to_differ(unclear: Tube):
    alone = gate_plasma_cells(unclear.events, unclear.panel)
    gated = gated_tube(unclear, Control(), {}, (batch(20.0),))
    assert step(gated).thresholds == step(alone).thresholds
    assert "GATE_UNLIKE_BATCH" in gated.flags
    assert "GATE_FROM_BATCH" not in gated.flags
    assert any("goes through this tube's cells" in note for note in gated.notes)


def test_a_person_s_threshold_comes_before_the_batch_s(unclear: Tube):
    gated = gated_tube(unclear, Control(), {"viable": 700.0}, (batch(520.0),))
    assert step(gated).thresholds == ((VIABILITY, 700.0),)
    assert "GATE_FROM_BATCH" not in gated.flags


LENT = "the tube alone was unclear: thresholds of its control were used where it gave none"


def test_an_unclear_tube_takes_the_thresholds_of_its_clear_control(tube: Tube, nearly_empty: Tube):
    alone = gate_plasma_cells(nearly_empty.events, nearly_empty.panel)
    of_control = gate_plasma_cells(tube.events, tube.panel)
    assert alone.confidence < 0.5 <= of_control.confidence
    gated = gated_tube(nearly_empty, Control(tube=tube), {})
    for name in ("plasma_cells", "second_anchor"):
        assert step(gated, name).methods == (Method.POOLED,)
        assert step(gated, name).thresholds == step(of_control, name).thresholds
        assert step(gated, name).thresholds != step(alone, name).thresholds
    assert gated.mask.sum() == 8
    assert gated.notes[-1] == LENT
    assert "GATE_FROM_BATCH" not in gated.flags


def test_a_control_that_is_unclear_itself_lends_nothing(nearly_empty: Tube):
    alone = gate_plasma_cells(nearly_empty.events, nearly_empty.panel)
    gated = gated_tube(nearly_empty, Control(tube=nearly_empty), {})
    assert [one.thresholds for one in gated.steps] == [one.thresholds for one in alone.steps]
    assert LENT not in gated.notes


def test_a_clear_tube_takes_nothing_of_its_control(tube: Tube):
    alone = gate_plasma_cells(tube.events, tube.panel)
    brighter = replace(tube, events=Events(1.2 * tube.events.values, tube.events.channels))
    gated = gated_tube(tube, Control(tube=brighter), {})
    assert [one.thresholds for one in gated.steps] == [one.thresholds for one in alone.steps]
    assert LENT not in gated.notes


def test_a_person_s_threshold_comes_before_the_control_s(tube: Tube, nearly_empty: Tube):
    gated = gated_tube(nearly_empty, Control(tube=tube), {"cd138": 5_000.0})
    assert dict(step(gated, "plasma_cells").thresholds)["BV421-A"] == 5_000.0
