"""Clusters as ellipsoids: which events lie near a group, and where an ellipsoid ends."""

from __future__ import annotations

import numpy as np
import pytest

from gating.clusters.ellipsoids import draw_ellipsoids, near_groups
from gating.clusters.mixture import Mixture
from gating.thresholds import Axis


@pytest.mark.parametrize(("spread", "axis_row"), [(0.5, 0), (2.0, 0), (0.5, 1), (2.0, 1)])
def test_near_a_group_is_what_lies_within_six_spreads_on_every_axis(spread, axis_row):
    spreads, means = np.array([1.0, 1.0]), np.array([3.0, -2.0])
    spreads[axis_row] = spread
    mixture = Mixture(
        np.array([50.0, 5.0]), np.array([means, [0.0, 0.0]]), np.array([np.diag(spreads**2), np.eye(2) * 25])
    )
    offsets = spread * np.array([0.0, 5.99, 6.01, -5.99, -6.01])
    values = np.repeat(means[:, None], 6, axis=1).astype(np.float32)
    values[axis_row, :5] += offsets.astype(np.float32)
    axes = [(name, Axis(row, 100.0, -20.0, 20.0)) for name, row in zip("ab", values, strict=True)]
    assert near_groups(mixture, [0], axes, np.array([4, 3, 2, 1, 0])).tolist() == [3, 1, 0]
    assert near_groups(mixture, [0], axes, np.array([], np.intp)).size == 0


@pytest.mark.parametrize(("n_wanted", "is_a_group"), [(11, False), (12, True)])
def test_fewer_than_twelve_cells_are_no_cluster(n_wanted, is_a_group):
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.normal(3.0, 0.2, (n_wanted, 2)), rng.normal(-3.0, 0.2, (30, 2))])
    mixture = Mixture(
        np.array([30.0, 10.0, 1.0]),
        np.array([[-3.0, -3.0], [3.0, 3.0], [0.0, 0.0]]),
        np.array([np.eye(2) * 0.04, np.eye(2) * 0.04, np.eye(2) * 25]),
    )
    values = points.T.astype(np.float32)
    axes = [(name, Axis(row, 100.0, -20.0, 20.0)) for name, row in zip("ab", values, strict=True)]
    found = draw_ellipsoids(mixture, [1], axes, np.arange(n_wanted + 30), n_wanted + 30, 1.0)
    assert (found is not None) is is_a_group
    if found is not None:
        assert np.flatnonzero(found.group.mask).tolist() == list(range(12))
