"""Which clusters of a mixture are wanted: small mixtures on three axes, the first one an anchor, written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gating.clusters.mixture import Mixture
from gating.clusters.wanted import ClusterLimits, begun_with, main_of, spread_of, strays_of, wanted_of

ROUND = np.eye(3) * 0.25
LONG, TALL = np.diag([1.0, 0.1, 0.25]), np.diag([0.1, 1.0, 0.25])
NOISE = np.eye(3) * 25.0
TELLING = ClusterLimits(lowest=((0, 2.0),), highest=())
REST = [1, 2]


def _mixture(*clusters):
    """Return a mixture of (cells, centre, covariance), the noise last."""
    shares, means, covariances = zip(*clusters, (5.0, (0.0, 0.0, 0.0), NOISE), strict=True)
    return Mixture(np.array(shares, float), np.array(means, float), np.array(covariances, float))


def _begun(mixture):
    """Return the clusters of a group of which every point lies in the first cluster."""
    belongs = np.zeros((mixture.shares.size, 10))
    belongs[0] = 1.0
    return begun_with(mixture, belongs, np.full(10, mixture.shares[0] / 10))


@pytest.mark.parametrize(
    ("centre", "covariance", "begun"),
    [
        ((0.8, 0.0, 0.0), ROUND, [0, 1]),
        ((1.9, 0.0, 0.0), ROUND, [0]),
        ((5.0, 0.0, 0.0), NOISE, [0]),
    ],
    ids=["no valley", "a valley", "too far"],
)
def test_a_neighbour_that_no_valley_parts_from_the_group_is_a_piece_of_it(centre, covariance, begun):
    assert _begun(_mixture((300, (0, 0, 0), ROUND), (100, centre, covariance))) == begun


def test_a_bent_group_is_one_though_the_straight_way_between_its_halves_is_empty():
    """The ridge goes around the corner; half-way on the straight line the density is half of the sparser end's."""
    mixture = _mixture((300, (0, 0, 0), LONG), (150, (1.1, 1.1, 0), TALL))
    assert _begun(mixture) == [0, 1]
    apart = _mixture((300, (0, 0, 0), LONG), (150, (1.1, -1.1, 0), ROUND / 2.5))
    assert _begun(apart) == [0]


def test_a_larger_neighbour_is_no_piece_of_the_group():
    assert _begun(_mixture((300, (0, 0, 0), ROUND), (400, (0.8, 0, 0), ROUND))) == [0]


def test_every_cluster_on_target_is_wanted_the_last_one_too_and_the_noise_never():
    on, off = (4.0, 3.0, 0.0), (1.0, 3.0, 0.0)
    mixture = _mixture((300, (5, 0, 0), ROUND), (20, off, ROUND), (20, on, ROUND))
    assert wanted_of(mixture, [0], 0, TELLING, REST) == [0, 2]
    assert wanted_of(mixture, [0], 0, TELLING, REST, dead=[2]) == [0]


def test_what_spreads_wider_than_a_kind_of_cell_is_not_wanted_though_its_middle_is_on_target():
    mixture = _mixture((300, (5, 0, 0), ROUND), (40, (5, 3, 0), np.eye(3) * 1.3), (40, (5, 3, 0), ROUND))
    assert wanted_of(mixture, [0], 0, TELLING, REST) == [0, 2]


def test_of_the_group_s_own_clusters_one_off_target_stays_where_it_differs_in_the_anchor_alone():
    near, far = (1.0, 0.5, 0.0), (1.0, 3.0, 0.0)
    mixture = _mixture((300, (5, 0, 0), ROUND), (90, near, ROUND), (80, far, ROUND))
    assert wanted_of(mixture, [0, 1, 2], 0, TELLING, REST) == [0, 1]
    assert wanted_of(mixture, [0], 0, TELLING, REST) == [0]


def test_where_no_anchor_tells_the_group_s_own_clusters_are_the_wanted_ones():
    silent = ClusterLimits(lowest=(), highest=())
    mixture = _mixture((300, (5, 0, 0), ROUND), (90, (1, 3, 0), ROUND), (80, (5, 0.5, 0), ROUND))
    assert wanted_of(mixture, [0, 1], 0, silent, REST) == [0, 1]


def test_without_any_other_axis_a_cluster_of_the_group_differs_in_the_anchors_alone():
    mixture = _mixture((300, (5, 0, 0), ROUND), (90, (1, 3, 0), ROUND))
    assert wanted_of(mixture, [0, 1], 0, TELLING, []) == [0, 1]


@pytest.mark.parametrize(("spread", "strays"), [(0.9, [2]), (1.1, [1, 2])])
def test_what_spreads_wider_than_a_kind_of_cell_is_stray_as_the_noise_is(spread, strays):
    """Spread is the cube root of the three SDs' product: 8 times one and an eighth of another are alike."""
    covariance = np.diag([spread * 8, spread / 8, spread]) ** 2
    mixture = _mixture((300, (5, 0, 0), ROUND), (40, (0, 3, 0), covariance))
    assert spread_of(mixture, 1) == pytest.approx(spread)
    assert strays_of(mixture, [0]) == strays
    assert strays_of(mixture, [0, 1]) == [2]


def test_the_main_cluster_has_most_evidence_of_those_with_a_fair_part_of_the_cells():
    mixture = _mixture((300, (3, 0, 0), ROUND), (60, (4, 0, 0), ROUND), (20, (5, 0, 0), ROUND))
    belongs = np.eye(4)
    evidence = np.array([3.0, 4.0, 5.0, 0.0], np.float32)
    assert main_of(mixture, [0, 1, 2], belongs, evidence) == 1
    assert main_of(mixture, [], belongs, evidence) == -1
