"""The parts of the second opinion, of a few events written by hand; on whole tubes it is tried by slow tests."""

from __future__ import annotations

import numpy as np
import pytest

from gating.arithmetic.numbers import CHANCES
from gating.events import Events
from gating.events.panel import GatingChannel, GatingPanel, Role
from gating.second_opinion import (
    FARTHEST_POSITION,
    SAMPLE,
    _drawn,
    _fitted,
    _likeness,
    _points,
    _single_cells,
    _wanted,
    dice_overlap,
    second_opinion,
)
from helpers.known_marrow import f1, marrow, panel

SIDES = np.array([1.0, 1.0, -1.0, -1.0, 0.0])
SCATTER = GatingPanel(
    tuple(GatingChannel(name, role) for name, role in (("FSC-A", Role.FSC_AREA), ("FSC-H", Role.FSC_HEIGHT), ("SSC-A", Role.SSC_AREA)))
)  # fmt: skip


def test_the_overlap_of_two_sets_is_twice_the_common_cells_by_all():
    first, second = np.array([True, True, True, False]), np.array([False, True, True, True])
    assert dice_overlap(first, second) == pytest.approx(4 / 6)
    assert dice_overlap(first, ~first) == 0.0
    assert dice_overlap(first & ~first, first & ~first) == 1.0


def test_the_weakest_positive_and_the_brightest_negative_channel_count_as_much_as_their_means():
    rows = np.array([[0.8, 0.4, 0.1, 0.3, 9.0], [2.0, 1.0, -1.0, -0.5, -9.0]])
    assert _likeness(rows, SIDES) == pytest.approx([(0.4 + 0.6) / 2 - (0.3 + 0.2) / 2, 1.0 + 0.2])
    assert _likeness(rows[:, :2], SIDES[:2]) == pytest.approx([0.5, 1.0])


def test_all_of_the_likeliest_events_are_drawn_a_part_of_the_next_and_few_of_the_others():
    rng = np.random.default_rng(1)
    n = 3 * SAMPLE
    likeness, tickets = rng.random(n), rng.integers(0, CHANCES, n, dtype=np.uint32)
    taken, shares = _drawn(likeness, tickets)
    rank = np.empty(n, int)
    rank[np.argsort(-likeness)] = np.arange(n)
    first, middle = SAMPLE // 8, SAMPLE // 2
    expected = np.where(
        rank < first, 1.0, np.where(rank < middle, 2500 / (middle - first), (SAMPLE - 3750) / (n - middle))
    )
    assert shares == pytest.approx(expected[taken])
    assert set(taken.tolist()) == set(np.flatnonzero(tickets < CHANCES * expected).tolist())
    assert (np.diff(tickets[taken].astype(np.int64)) >= 0).all()
    few, all_of_them = _drawn(likeness[:900], tickets[:900])
    assert few.size == 900
    assert (all_of_them == 1).all()


def test_the_best_group_has_ten_events_and_groups_near_it_are_wanted_too():
    best = [0.8, 0.6, 0.1, -0.1, 0.0]
    near = [0.8 * 0.55, 0.6 * 0.55, 0.1 + 0.3, 0.0 + 0.3, 9.0]
    dimmer, brighter = [0.43, 0.6, 0.1, 0.0, 0.0], [0.8, 0.6, 0.41, 0.0, 0.0]
    tiny = [1.0, 1.0, -0.2, -0.2, 0.0]
    groups = np.array([dimmer, best, tiny, near, brighter])
    assert _wanted(groups, SIDES, np.array([90.0, 10.0, 9.9, 10.0, 90.0])).tolist() == [1, 3]
    assert _wanted(groups, SIDES, np.array([90.0, 10.0, 10.0, 9.9, 90.0])).tolist() == [1, 2]


def test_single_cells_have_scatter_and_the_usual_ratio_of_area_to_height():
    """Ratios scatter by 1.4826 · 0.01 about 1; four such spreads and 0.02 more are allowed: 0.0793."""
    ratio = np.exp(
        np.concatenate([np.repeat([-0.01, 0.0, 0.01], [130, 141, 130]), [0.078, 0.081, -0.078, -0.081]])
    )
    height = np.full(ratio.size, 5000.0)
    side = np.full(ratio.size, 300.0)
    side[0], height[4] = 0.0, -1.0
    events = Events(np.array([ratio * np.abs(height), height, side], np.float32), ("FSC-A", "FSC-H", "SSC-A"))
    single = _single_cells(events, SCATTER)
    assert single[-4:].tolist() == [True, False, True, False]
    assert (~single[:-4]).nonzero()[0].tolist() == [0, 4]
    dark = Events(np.array([ratio * 0 - 1, height, side], np.float32), ("FSC-A", "FSC-H", "SSC-A"))
    assert not _single_cells(dark, SCATTER).any()


def test_points_have_the_median_0_and_the_usual_spread_1_and_no_farther_end():
    rng = np.random.default_rng(1)
    forward = rng.lognormal(9, 0.3, 5001).astype(np.float32)
    forward[7] = 1e30
    events = Events(forward[None], ("FSC-A",))
    channels = tuple(GatingChannel("FSC-A", Role.FSC_AREA) for _ in range(1))
    points = _points(events, channels, np.arange(5001))[:, 0]
    assert np.median(points) == pytest.approx(0.0, abs=1e-3)
    assert np.std(np.delete(points, 7)) == pytest.approx(1.0, rel=0.03)
    assert points[7] == FARTHEST_POSITION


def test_the_fitted_mixture_has_the_groups_and_their_shares_of_all_events():
    rng = np.random.default_rng(2)
    points = np.vstack([rng.normal(0, 1, (1500, 2)), rng.normal(8, 0.5, (300, 2))])
    likeness = points.sum(axis=1)
    stands_for = np.where(np.arange(1800) < 1500, 10.0, 1.0)
    mixture = _fitted(points, likeness, stands_for)
    bright = mixture.means.sum(axis=1) > 10
    assert mixture.shares[bright].sum() == pytest.approx(300 / 15_300, abs=1e-4)
    assert mixture.shares.sum() == pytest.approx(1.0, abs=1e-6)
    assert (mixture.shares == np.round(mixture.shares, 8)).all()
    assert (mixture.shares != np.round(mixture.shares, 7)).any()
    for values in (mixture.means, mixture.covariances):
        assert (values == np.round(values, 4)).all()


def test_of_a_small_tube_it_finds_the_plasma_cells():
    sample = marrow(5, n=4000, percent=4.0)
    assert f1(second_opinion(sample.events, panel()), sample.plasma_cells) > 0.8
