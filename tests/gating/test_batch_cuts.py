"""Cuts of a batch: who has a say, who gets them, and who is said to differ."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gating import gate_plasma_cells
from gating.batch_cuts import (
    BatchCut,
    DyeCut,
    batch_cuts,
    cuts_to_lend,
    dye_cuts,
    fitting_cuts,
    goes_through_cells,
    unlike_batch,
)
from gating.gates.steps import GateStep, Step
from gating.thresholds.methods import Method
from helpers.known_marrow import marrow, panel


def clear(value: float, step: Step = Step.VIABLE, channel: str = "V") -> DyeCut:
    return DyeCut(step, channel, value, Method.VALLEY, 0.95)


def step(confidence: float, method: Method = Method.VALLEY, name: Step = Step.VIABLE) -> GateStep:
    return GateStep(name, None, (), 9, 9, (method,), (("V", 100.0),), confidence)


def test_the_batch_s_cut_is_the_median_of_the_clear_ones_and_says_how_far_they_spread():
    tubes = [[clear(x)] for x in (100, 110, 121, 133.1, 146.41)]
    (cut,) = batch_cuts([*tubes, [DyeCut(Step.VIABLE, "V", 900, Method.SPREAD, 0.4)], [clear(-50)]])
    assert (cut.value, cut.n) == (121, 5)
    assert cut.spread == pytest.approx(1.4826 * math.log(1.1), abs=1e-6)


def test_fewer_than_four_tubes_or_tubes_that_do_not_agree_make_no_batch():
    assert batch_cuts([[clear(x)] for x in (100, 101, 102)]) == ()
    assert batch_cuts([[clear(x)] for x in (10, 100, 1_000, 10_000)]) == ()


@pytest.mark.parametrize(("factor", "agree"), [(1.26, True), (1.27, False)])
def test_tubes_agree_where_two_standard_deviations_are_a_factor_of_two_at_most(factor, agree):
    """The robust SD of five cuts that lie this factor apart is 1.4826 times its logarithm: ln 2 / 2 at 1.263."""
    assert bool(batch_cuts([[clear(100 * factor**k)] for k in range(5)])) is agree


def test_each_channel_has_its_own_cut():
    tubes = [[clear(x), clear(7 * x, Step.DUMP, "D")] for x in (100, 102, 104, 106)]
    assert [(c.step, c.channel, c.value) for c in batch_cuts(tubes)] == [
        ("dump", "D", 721.0),
        ("viable", "V", 103.0),
    ]


@given(st.permutations(range(6)), st.floats(0.01, 1e4))
def test_the_order_of_the_tubes_is_nothing_and_their_unit_is_a_factor(order: list[int], unit: float):
    values = [100.0, 107, 111, 118, 130, 260]
    (cut,) = batch_cuts([[clear(values[i])] for i in range(6)])
    (other,) = batch_cuts([[clear(unit * values[i])] for i in order])
    assert other.value == pytest.approx(unit * cut.value, rel=1e-5)
    assert other.spread == pytest.approx(cut.spread, abs=1e-5)


@pytest.mark.parametrize(
    ("one", "lent"),
    [
        (step(0.9), False),
        (step(0.4, Method.SPREAD), True),
        (step(0.5), True),
        (step(0.6, Method.MIXTURE), False),
        (step(1.0, Method.PERSON), False),
        (step(0.4, Method.SPREAD, Step.PLASMA_CELLS), False),
    ],
)
def test_only_a_step_without_a_clear_valley_mixture_or_person_gets_the_batch_s_cut(one: GateStep, lent: bool):
    cut = BatchCut(Step.VIABLE, "V", 120.0, 0.1, 5)
    assert cuts_to_lend([one], [cut]) == ((cut,) if lent else ())


def test_a_clear_cut_twice_as_high_differs_and_one_within_the_spread_does_not():
    narrow, wide = BatchCut(Step.VIABLE, "V", 100.0, 0.05, 5), BatchCut(Step.VIABLE, "V", 100.0, 0.3, 5)
    assert unlike_batch([clear(210)], [narrow]) == ((clear(210), narrow),)
    assert unlike_batch([clear(48)], [narrow]) != ()
    assert unlike_batch([clear(190)], [narrow]) == ()
    assert unlike_batch([clear(210)], [wide]) == ()
    assert unlike_batch([DyeCut(Step.VIABLE, "V", 900, Method.SPREAD, 0.4)], [narrow]) == ()


def test_a_cut_beside_the_cells_fits_and_one_through_them_does_not():
    values = np.random.default_rng(1).normal(0, 100, 4_000).astype(np.float32)
    assert goes_through_cells(values, 50.0)
    assert not goes_through_cells(values, 2_000.0)
    assert not goes_through_cells(values[:0], 50.0)


def test_a_tube_s_own_cuts_do_not_ask_which_cells_are_wanted():
    """The same cut with and without plasma cells: the batch compares dyes, not clones."""
    without, many = marrow(5, percent=0.01), marrow(5, percent=20.0)
    cuts = [
        {c.channel: c for c in dye_cuts(one.events, panel(), gate_plasma_cells(one.events, panel()))}
        for one in (without, many)
    ]
    assert set(cuts[0]) == {"Viability", "Dump"}
    assert all(cut.is_clear for one in cuts for cut in one.values())
    for channel in cuts[0]:
        assert abs(math.log(cuts[0][channel].value / cuts[1][channel].value)) < 0.5


def test_of_the_batch_s_cuts_one_that_goes_through_the_tube_s_cells_is_told_apart():
    sample = marrow(6, n=6_000)
    gated = gate_plasma_cells(sample.events, panel())
    through = BatchCut(Step.VIABLE, "Viability", 110.0, 0.1, 5)
    beside = BatchCut(Step.VIABLE, "Viability", 1_500.0, 0.1, 5)
    assert fitting_cuts(sample.events, gated, (through, beside)) == ((beside,), (through,))


def test_a_tube_without_cuts_of_a_batch_takes_no_memory_for_the_masks_of_its_steps():
    sample = marrow(6, n=6_000)
    gated = gate_plasma_cells(sample.events, panel())
    tracemalloc.start()
    try:
        assert fitting_cuts(sample.events, gated, ()) == ((), ())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < sample.events.n_events  # bytes: less than one mask
