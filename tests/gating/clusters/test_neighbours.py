"""The candidates around a group: the same ones, whichever axis is looked at first."""

from __future__ import annotations

import numpy as np
import pytest

from gating.clusters.ellipsoids import LEAST_GAIN, farthest
from gating.clusters.mixture import fit_mixture
from gating.clusters.neighbours import ENOUGH_TO_SIFT, around, may_be_wanted
from gating.clusters.wanted import ClusterLimits
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


@pytest.mark.parametrize("seed", range(4))
def test_what_is_left_out_near_a_wide_group_hardly_belongs_to_it(seed):
    rng = np.random.default_rng(seed)
    wide, others = rng.normal(0, 1.5, (900, 5)), rng.normal(5.0, 0.5, (12_000, 5))
    points = np.concatenate([wide, others, rng.uniform(-12, 12, (300, 5))])
    drawn = rng.permutation(points.shape[0])[:1_200]
    mixture = fit_mixture(points[drawn], np.full(1_200, 11.0), (drawn >= 900).astype(np.intp))
    wanted = [int(np.argmax([np.trace(one) for one in mixture.covariances[:-1]]))]
    axes, seed_cells = axes_of(points.T), np.arange(points.shape[0]) < 20
    others_at = [(row, axis.at) for row, axis in enumerate(axes)][2:]
    limits = ClusterLimits((), ())
    known = list(enumerate(axes))[:2]
    rows, places = may_be_wanted(mixture, wanted, limits, known, others_at, seed_cells)
    np.testing.assert_array_equal(places, np.array([axis.values[rows] for axis in axes]))
    in_box = np.ones(points.shape[0], np.bool_)
    for row, axis in enumerate(axes):
        reach = 6 * np.sqrt(mixture.covariances[wanted[0], row, row])
        in_box &= np.abs(axis.values - mixture.means[wanted[0], row]) < 0.999 * reach
    left_out = np.flatnonzero(in_box & ~np.isin(np.arange(points.shape[0]), rows))
    assert left_out.size > 1_000, "the group is wide enough that some are left out"
    assert np.count_nonzero(in_box) > ENOUGH_TO_SIFT
    assert mixture.belongings(points[left_out])[wanted].sum(axis=0).max() <= LEAST_GAIN
    assert mixture.distance_square(wanted[0], points[left_out]).min() > farthest(5)
