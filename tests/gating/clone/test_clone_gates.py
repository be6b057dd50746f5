"""Cuts on single markers around a clone: where the gain is greatest, of a few cells written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gating.clone.gates import FARTHEST_CUT, _any, _best_position, _settled, _Side
from gating.events.panel import Role


def side(*values):
    array = np.array(values, float)
    return _Side(array, np.argsort(-array, kind="stable"))


@pytest.mark.parametrize(
    ("values", "gain", "cut"),
    [
        ((1.0, 2.0, 3.0, 3.2), (-5, -5, 5, 5), 3.0 - 0.5 * min(1.0, FARTHEST_CUT)),
        ((1.0, 2.9, 3.0, 3.2), (-5, -5, 5, 5), 2.95),
        ((3.2, 1.0, 3.0, 2.9), (5, -5, 5, -5), 2.95),
        (
            (1.0, 2.0, 2.0, 3.0),
            (-5, -9, 5, 5),
            3.0 - 0.5 * min(1.0, FARTHEST_CUT),
        ),  # equal values stay together
        ((1.0, 2.0, 2.0, 3.0), (-5, -4, 5, 5), 2.0 - 0.5 * min(1.0, FARTHEST_CUT)),
        ((1.0, 2.0), (-5, -5), 2.0 + 0.5 * FARTHEST_CUT),  # no cell is kept
        ((1.0, 2.0), (5, 5), 1.0 - 0.5 * FARTHEST_CUT),  # every cell is kept
    ],
)
def test_a_cut_lies_midway_between_the_cells_where_the_gain_above_is_greatest(values, gain, cut):
    assert _best_position(side(*values), np.array(gain, np.int64)) == pytest.approx(cut)


def test_a_cut_can_be_placed_among_a_part_of_the_cells():
    among = np.array([True, True, False, True])
    assert _best_position(side(1.0, 1.1, 1.15, 1.2), np.array([-5, 5, -99, 5]), among) == pytest.approx(1.05)


def test_a_cell_passes_where_it_passes_any_marker_and_none_without_markers():
    passing = {Role.CD56: np.array([True, False, False]), Role.CD81: np.array([False, False, True])}
    assert _any(passing, [Role.CD56, Role.CD81]).tolist() == [True, False, True]
    assert _any(passing, []).tolist() == [False, False, False]


def test_cuts_settle_where_each_is_best_given_the_others():
    """Two clone cells by CD56, one by CD81, one normal cell in CD19, one normal cell low on every marker."""
    sides = {
        Role.CD19: side(5.0, 5.1, 5.2, 2.0, 5.3),
        Role.CD56: side(4.0, 4.1, 0.0, 4.2, 0.1),
        Role.CD81: side(0.0, 0.1, 3.0, 3.1, 0.2),
    }
    gain = np.array([10, 10, 10, -10, -10], np.int64)
    positions, total = _settled(sides, gain, {Role.CD56: 3.95, Role.CD81: np.inf})
    kept = (sides[Role.CD19].values >= positions[Role.CD19]) & (
        (sides[Role.CD56].values >= positions[Role.CD56]) | (sides[Role.CD81].values >= positions[Role.CD81])
    )
    assert kept.tolist() == [True, True, True, False, False]
    assert total == 30
