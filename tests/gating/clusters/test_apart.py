"""Borders between a cluster and its neighbours, and valleys below it: small mixtures and cells written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gating.clusters.apart import _beyond, _limited, ellipsoids_apart, has_valley_below, parted
from gating.clusters.mixture import Mixture
from gating.gates import AllOf, EllipsoidGate
from gating.thresholds import Axis


def mixture(*groups):
    """Return a mixture of (cells, centre, spread), the noise last."""
    shares, means, spreads = zip(*groups, (5.0, (0.0, 0.0), 6.0), strict=True)
    return Mixture(
        np.array(shares, float), np.array(means, float), np.array([np.eye(2) * s**2 for s in spreads])
    )


def column(counts):
    """Return positions of two axes: this many cells at each position of the first, all in the middle of the second."""
    along = np.concatenate([np.full(n, at) for at, n in counts.items()]).astype(np.float32)
    return along, np.zeros(along.size, np.float32)


def valley(counts, spread=2.0, row=0, off=0.0):
    along, across = column(counts)
    axes = [("A", Axis(along, 100.0, -30.0, 30.0)), ("B", Axis(across + np.float32(off), 100.0, -30.0, 30.0))]
    return has_valley_below(mixture((50, (8.0, 0.0), spread)), 0, axes if row == 0 else axes[::-1], row)


@pytest.mark.parametrize(
    ("counts", "is_valley"),
    [
        ({8.0: 100}, True),
        ({8.0: 100, 4.0: 50}, True),
        ({8.0: 100, 6.0: 126}, False),  # larger, at one spread, with no valley
        ({8.0: 100, 6.0: 125, 5.0: 125, 4.0: 125, 3.0: 125, 2.0: 125, 1.0: 125}, False),
        ({8.0: 100, 6.0: 50, 5.0: 0, 4.0: 50, 3.0: 0, 2.0: 50}, False),
        ({8.0: 100, 6.0: 49}, True),
        ({8.0: 100, 6.0: 60, 3.0: 49, 2.0: 0}, True),
    ],
)
def test_a_valley_has_fewer_than_half_of_the_cells_at_the_centre(counts, is_valley):
    assert valley(counts) is is_valley


def test_cells_off_the_cluster_on_another_axis_do_not_count():
    """Two spreads, 4.0, off on the second axis: still within; beyond, no cell is left to show a valley."""
    assert valley({8.0: 100}, off=4.0)
    assert not valley({8.0: 100}, off=4.01)


@pytest.mark.parametrize(("n_upper", "n_groups"), [(12, 3), (11, None)])
def test_a_cluster_is_divided_where_each_half_has_twelve_cells(n_upper, n_groups):
    rng = np.random.default_rng(1)
    lower = np.column_stack([rng.normal(-1.5, 0.3, 40), rng.normal(0, 0.3, 40)])
    upper = np.column_stack([rng.normal(1.5, 0.3, n_upper), rng.normal(0, 0.3, n_upper)])
    points = np.vstack([lower, upper])
    begun = Mixture(
        np.array([50.0, 1.0]), np.zeros((2, 2)), np.array([np.diag([4.0, 0.3]), np.eye(2) * 900.0])
    )
    divided = parted(begun, [0], points, np.ones(len(points)))
    assert (None if divided is None else divided.shares.size) == n_groups


def test_a_border_ends_where_the_gain_within_is_greatest():
    round_one = mixture((50, (0.0, 0.0), 1.0))
    points = np.array([[0.1, 0.0], [0.2, 0.0], [0.3, 0.0], [0.4, 0.0], [9.0, 0.0]])
    border = _limited(round_one, 0, points, np.array([5, 5, -3, 2, 100], np.int64), np.arange(4))
    assert border.rows.tolist() == [0, 1]
    assert border.gain == 10
    assert border.limit == pytest.approx(0.04, rel=3e-3)
    nothing = _limited(round_one, 0, points, np.full(5, -1, np.int64), np.arange(5))
    assert (nothing.gain, nothing.rows.size) == (0, 0)


def test_a_border_moves_away_from_neighbours_that_are_not_wanted_in_three_spreads_and_five_steps():
    two = mixture((50, (2.0, 0.0), 1.0), (50, (0.0, 0.0), 3.0), (50, (0.0, 4.0), 1.0))
    moved = [m for m, _ in _beyond(two, 0, [0, 2])]
    assert [float(m.means[0, 0]) for m in moved] == [2.0, 3.0, 4.0, 6.0, 10.0] * 3
    assert [float(m.covariances[0, 0, 0]) for m in moved] == [1.0] * 5 + [5.0] * 5 + [9.0] * 5
    assert all((m.means[1:] == two.means[1:]).all() for m in moved)


def test_a_cluster_alone_has_one_ellipsoid_and_a_near_neighbour_gives_it_borders():
    rng = np.random.default_rng(2)
    own, other = rng.normal((0, 0), 1.0, (400, 2)), rng.normal((2.2, 0), 0.6, (400, 2))
    axes = [(name, Axis(np.zeros(0, np.float32), 100.0, -9.0, 9.0)) for name in "AB"]
    alone, kept = ellipsoids_apart(mixture((400, (0, 0), 1.0)), [0], axes, own, np.full(400, 0.99))
    assert isinstance(alone[0], EllipsoidGate)
    assert kept.mean() > 0.99
    both, points = mixture((400, (0, 0), 1.0), (400, (2.2, 0), 0.6)), np.vstack([own, other])
    gates, inside = ellipsoids_apart(both, [0], axes, points, both.belongings(points)[0])
    assert isinstance(gates[0], AllOf)
    assert inside[:400].mean() > 0.85
    assert inside[400:].mean() < 0.15
