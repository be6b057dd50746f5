"""The candidates around a group: the same ones, whichever axis is looked at first."""

from __future__ import annotations

import numpy as np
import pytest

from gating.clusters.neighbours import around
from gating.events.quantiles import quantile
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
