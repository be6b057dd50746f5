"""Large tubes: the wanted cells are searched in a sample of them, and gates placed again among more cells."""

from __future__ import annotations

import numpy as np
import pytest

from gating import gate_plasma_cells
from gating.events import Events
from gating.strategy import FEWEST_TO_SEARCH_SAMPLE
from helpers.known_marrow import f1, marrow, panel

N = FEWEST_TO_SEARCH_SAMPLE + 10_000


@pytest.fixture(scope="module")
def large():
    return marrow(3, n=N, percent=1.0)


@pytest.fixture(scope="module")
def gated(large):
    return gate_plasma_cells(large.events, panel())


def test_the_cells_of_a_large_tube_are_those_of_the_labels(large, gated):
    assert f1(gated.mask, large.plasma_cells) >= 0.99
    assert f1(gated.aberrant, large.aberrant) >= 0.99


def test_a_large_tube_has_the_gates_that_a_part_of_it_has(large, gated):
    part = np.arange(N) % 2 == 0  # searched whole
    alone = gate_plasma_cells(large.events.select(part), panel())
    assert f1(gated.mask[part], alone.mask) >= 0.995
    assert [step.methods for step in gated.steps] == [step.methods for step in alone.steps]


def test_the_order_of_the_events_of_a_large_tube_does_not_matter(large, gated):
    order = np.random.default_rng(1).permutation(N)
    turned = Events(large.events.values[:, order], large.events.channels, large.events.scale_tops)
    other = gate_plasma_cells(turned, panel())
    np.testing.assert_array_equal(other.mask, gated.mask[order])
    np.testing.assert_array_equal(other.aberrant, gated.aberrant[order])
    assert other.confidence == gated.confidence


def test_few_plasma_cells_of_a_large_tube_are_found_among_all_events():
    rare = marrow(4, n=N, percent=0.03, normal_percent=0.005)
    assert 40 < np.count_nonzero(rare.plasma_cells) < 100  # half of them in a sample: too few to be sure
    assert f1(gate_plasma_cells(rare.events, panel()).mask, rare.plasma_cells) >= 0.95


def test_a_large_tube_without_plasma_cells_has_none():
    none = marrow(5, n=N, percent=0.0, normal_percent=0.0)
    gated = gate_plasma_cells(none.events, panel())
    assert "NO_CLEAR_POPULATION" in gated.flags or not gated.mask.any()
