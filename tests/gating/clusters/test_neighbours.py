"""The candidates around a group: the same ones, whichever axis is looked at first."""

from __future__ import annotations

import numpy as np
import pytest

from gating.clusters.neighbours import around, nearest_of
from gating.events.ranks import quantile
from gating.thresholds import Axis


def axes_of(points):
    return [Axis(row.astype(np.float32), 1.0, -9.0, 9.0) for row in points]


@pytest.mark.parametrize("n_known", [1, 2, 4])
def test_the_candidates_around_a_group_are_those_within_the_limit(n_known):
    rng = np.random.default_rng(2)
    points = np.hstack([rng.normal(0, 1, (5, 4_000)), rng.normal(2, 0.3, (5, 60))])
    points[3] *= 4  # the axis that leaves the fewest
    seed, limit = np.arange(4_060) >= 4_000, 60.0
    axes = axes_of(points)
    total = np.zeros(4_060)
    for axis in axes:
        group = axis.values[seed]
        spread = max((quantile(group, 0.84) - quantile(group, 0.16)) / 2, 0.2)
        total += ((axis.values - quantile(group, 0.5)) / spread) ** 2
    found = around(seed, axes[:n_known], [axis.at for axis in axes[n_known:]], limit)
    near = np.flatnonzero(seed | (total < limit))
    assert np.isin(near, found).all()
    assert (seed[found] | (total[found] < 1.01 * limit)).all()
    assert 60 < found.size < 1_000


def test_a_candidate_that_changes_its_place_does_not_change_which_others_are_drawn():
    rng = np.random.default_rng(4)
    ordered, tickets = np.arange(8_000), rng.integers(0, 2**32, 8_000, dtype=np.uint32)
    drawn = set(nearest_of(ordered, tickets)[0].tolist())
    for place in range(200, 7_900, 77):  # among those that are thinned out
        swapped = ordered.copy()
        swapped[[place, place + 1]] = place + 1, place
        assert set(nearest_of(swapped, tickets)[0].tolist()) == drawn
    weights = nearest_of(ordered, tickets)[1]
    assert weights.sum() == pytest.approx(8_000, rel=0.1)
