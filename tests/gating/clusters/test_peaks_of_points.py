"""Groups of points by the peaks of their density."""

from __future__ import annotations

import numpy as np
import pytest

from gating.clusters.peaks import (
    NEIGHBOURS,
    _distances_and_reach,
    _nearest_denser,
    density_peaks,
    peak_groups,
)


@pytest.mark.parametrize(("extra", "n_groups"), [(0, 1), (1, 2)])
def test_points_are_grouped_where_there_are_more_than_twice_the_neighbours(extra, n_groups):
    rng = np.random.default_rng(1)
    n = 2 * NEIGHBOURS + extra
    points = rng.normal(0, 0.1, (n, 2)) + np.where(np.arange(n) % 2, 9.0, 0.0)[:, None]
    groups = peak_groups(points, 2)
    assert np.unique(groups).size == n_groups
    if n_groups == 2:
        assert (groups == groups[np.arange(n) % 2]).all()


def test_distances_are_squares_and_the_reach_is_to_the_nth_neighbour_beside_the_point_itself():
    rng = np.random.default_rng(2)
    points = np.round(rng.normal(0, 1, (90, 3)) * 64) / 64
    distances, reach = _distances_and_reach(points, 5)
    expected = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    assert distances == pytest.approx(expected, abs=1e-3)
    assert reach == pytest.approx(np.sort(expected, axis=1)[:, 5], abs=1e-3)


def test_the_nearest_denser_point_is_the_nearest_before_it_in_the_order():
    rng = np.random.default_rng(3)
    points, order = rng.normal(0, 1, (150, 2)), np.random.default_rng(4).permutation(150)
    distances = ((points[:, None] - points[None]) ** 2).sum(axis=2).astype(np.float32)
    nearest = _nearest_denser(distances, order)
    for rank in range(1, 150):
        denser = order[:rank]
        assert nearest[order[rank]] == denser[np.argmin(distances[order[rank], denser])]


def test_no_more_groups_than_are_asked_for():
    rng = np.random.default_rng(5)
    points = np.vstack([rng.normal(at, 0.1, (40, 2)) for at in (0, 5, 10, 15)])
    for most in (1, 2, 3):
        assert np.unique(density_peaks(points, most)).size == most
