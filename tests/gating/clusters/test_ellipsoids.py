"""Clusters as ellipsoids: which events lie near a group, and where an ellipsoid ends."""

from __future__ import annotations

import numpy as np
import pytest

from gating.clusters.ellipsoids import near_groups
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
