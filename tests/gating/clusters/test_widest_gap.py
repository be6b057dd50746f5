"""Which clusters are wanted by the widest gap on the anchors: small mixtures, written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gating.clusters.evidence import _choose
from gating.clusters.mixture import Mixture

COMPACT = np.eye(2) * 0.09
ONE_ANCHOR, WITH_A_LOW_ONE = np.array([True]), np.array([True, False])


def chosen(positions, shares, positive=ONE_ANCHOR, covariance=COMPACT):
    """Return the wanted groups and how sure the gap is; the noise is the last group."""
    n = len(shares)
    covariances = np.array([*[covariance] * n, np.eye(2) * 25.0])
    mixture = Mixture(np.array([*shares, 5.0]), np.zeros((n + 1, 2)), covariances)
    at = np.atleast_2d(np.array(positions, float))
    return _choose(mixture, np.column_stack([at, np.zeros(at.shape[0])]), positive)


def test_a_lone_group_above_the_edge_is_wanted_and_sure():
    assert chosen([2.4], [100]) == ([0], 1.0)


@pytest.mark.parametrize(("height", "wanted"), [(1.5, [0]), (1.4999, [])])
def test_a_wanted_group_lies_at_least_one_and_a_half_above_the_edge(height, wanted):
    assert chosen([height], [100])[0] == wanted


def test_the_groups_above_the_widest_gap_are_wanted_the_highest_first():
    wanted, _ = chosen([0.0, 4.0, 5.0], [500, 100, 50])
    assert wanted == [2, 1]


def test_a_second_gap_lowers_the_sureness_by_its_width_and_by_the_cells_between():
    """Gaps of ratios of heights, one added: ln(7/4) and ln(4/1.5); half of the cells lie below the first one."""
    _, sureness = chosen([6.0, 3.0], [100, 100])
    assert sureness == pytest.approx(1 - (1 - 2 * 100 / (100 + 200)) * np.log(7 / 4) / np.log(4 / 1.5))


def test_a_height_counts_from_one_half_upwards():
    assert chosen([3.0, -2.0], [100, 300]) == chosen([3.0, 0.39], [100, 300])


@pytest.mark.parametrize(("low", "wanted"), [(0.4, [0]), (0.41, [])])
def test_a_group_high_on_a_low_anchor_is_not_wanted(low, wanted):
    assert chosen([[6.0], [low]], [100], WITH_A_LOW_ONE)[0] == wanted


def test_nearness_to_the_edge_of_a_low_anchor_lowers_a_group_by_half_of_it():
    """Heights 3.0 − 0.5 · (0.2 + 1.0) = 2.4 and 2.5: the second group, well below the low anchor's edge, is higher."""
    wanted, _ = chosen([[3.0, 2.5], [0.2, -1.0]], [100, 100], WITH_A_LOW_ONE)
    assert wanted == [1, 0]


def test_a_group_stripped_of_the_antigen_makes_the_wanted_one_doubtful():
    """A group that is hardly positive and far below the low anchor's edge may be the clone: 100 of 100 + 60 / 2 cells."""
    wanted, sureness = chosen([[6.0, 0.4], [-3.0, -1.6]], [100, 60], WITH_A_LOW_ONE)
    _, without = chosen([[6.0, 0.39], [-3.0, -1.6]], [100, 60], WITH_A_LOW_ONE)
    assert wanted == [0]
    assert sureness == pytest.approx(100 / 130, rel=1e-3)
    assert without == pytest.approx(1.0, abs=1e-3)
    assert chosen([[6.0, 0.4], [-3.0, -1.6]], [12, 6000], WITH_A_LOW_ONE)[1] == pytest.approx(0.3, rel=1e-2)


def test_a_wide_or_a_tiny_group_is_not_wanted():
    assert chosen([3.0], [11.9])[0] == []
    assert chosen([3.0], [12.0])[0] == [0]
    assert chosen([3.0], [100], covariance=np.eye(2) * 25.0)[0] == []
