"""Tubes that no lab means to make: what they give, and that they never crash."""

from __future__ import annotations

import numpy as np
import pytest

from gating import gate_plasma_cells
from gating.events import Events
from gating.events.panel import GatingPanel
from gating.gates.person_gates import UnknownGateError
from helpers.known_marrow import marrow, panel, smeared
from validation.other_marrow import other_tube


def test_a_tube_of_plasma_cells_alone_has_no_negative_cells_to_compare_with():
    sample = marrow(910, n=300, percent=99.8, normal_percent=0.1, debris=0, doublets=0, dead=0)
    gated = gate_plasma_cells(sample.events, panel())
    assert 0.0 <= gated.confidence <= 1.0


@pytest.mark.parametrize("n", [25, 60])
def test_few_events_and_a_second_anchor_alone_are_gated(n):
    sample = marrow(901, n=12_000, percent=5)
    few = sample.events.select(np.arange(12_000) < n)
    only = panel(without=tuple(c for c in few.channels if c != "CD319"))
    assert gate_plasma_cells(few, only).mask.sum() <= n


@pytest.mark.parametrize("channel", ["Viability", "Dump", "CD138", "CD56"])
@pytest.mark.parametrize("value", [0.0, -5.0, 1e15, 1e18])
def test_a_dead_channel_of_any_value_is_gated_around(channel, value):
    sample = marrow(5, n=5_000, percent=5)
    values = sample.events.values.copy()
    values[sample.events.channels.index(channel)] = value
    gated = gate_plasma_cells(Events(values, sample.events.channels, sample.events.scale_tops), panel())
    assert np.isfinite(gated.confidence)


@pytest.mark.parametrize(
    ("variant", "which", "seed"),
    [("stripped", "no viability", 908), ("stripped", "no second anchor", 910), ("stripped", "six", 961)],
)
def test_ties_of_integer_scales_do_not_make_the_order_of_events_matter(variant, which, seed):
    known = other_tube(variant, which, seed, 20_000)
    usual = gate_plasma_cells(known.events, known.panel)
    order = np.random.default_rng(1).permutation(known.events.n_events)
    turned = Events(known.events.values[:, order], known.events.channels, known.events.scale_tops)
    other = gate_plasma_cells(turned, GatingPanel(known.panel.channels[::-1]))
    np.testing.assert_array_equal(other.mask, usual.mask[order])
    assert other.confidence == usual.confidence


@pytest.mark.parametrize(("name", "value"), [("singlets", 0.0), ("CD138", np.nan), ("debris", np.inf)])
def test_a_threshold_that_is_none_is_refused_with_its_name(name, value):
    with pytest.raises(UnknownGateError, match=name):
        gate_plasma_cells(marrow(6, n=3_000).events, panel(), overrides={name: value})


def test_the_anchor_that_keeps_smeared_cells_does_not_depend_on_the_panel_s_order():
    _, _, events = smeared(0.08, seed=930)
    one = gate_plasma_cells(events, panel())
    other = gate_plasma_cells(events, GatingPanel(panel().channels[::-1]))
    np.testing.assert_array_equal(one.mask, other.mask)
