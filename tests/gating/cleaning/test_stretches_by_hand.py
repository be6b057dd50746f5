"""Steadiness in time, ends of scales and single cells, of a few stretches and events written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gating.cleaning.scatter import _debris_limit, _scale_end
from gating.cleaning.singlets import _lower_spread, _ratio, _upper_limit
from gating.cleaning.time import (
    _between_times,
    _kept_ranges,
    _mean_level,
    _moving_mean,
    _moving_sum,
    _stretches,
    _unlike_the_rest,
    _unsteady_rate,
    _widened,
)
from gating.thresholds.methods import Method

N = 40


def counts(**odd):
    every = np.full(N, 1000.0)
    for at, value in odd.items():
        every[int(at[1:])] = value
    return every


@pytest.mark.parametrize(
    ("n", "is_bad"), [(599.0, True), (601.0, False), (1601.0, True), (1599.0, False), (0.0, True)]
)
def test_a_rate_is_unsteady_below_six_tenths_and_above_one_and_six_tenths_of_the_usual(n, is_bad):
    assert np.flatnonzero(_unsteady_rate(counts(_7=n))).tolist() == [7] * is_bad


def test_a_difference_within_six_counting_errors_is_no_unsteady_rate():
    few = np.full(N, 100.0)
    few[[3, 5]] = 39.0, 161.0  # 6.1 times √100
    few[[9, 11]] = 41.0, 159.5
    assert np.flatnonzero(_unsteady_rate(few)).tolist() == [3, 5]


def test_where_more_than_a_third_of_the_events_are_at_another_rate_only_empty_stretches_are_out():
    """A rate of 1,700: with 9 such stretches 15,300 of 46,300 events, with 10 17,000 of 47,000."""
    surging = counts(**{f"_{k}": 1700.0 for k in range(9)})
    assert _unsteady_rate(surging).sum() == 9
    surging[[9, 20]] = 1700.0, 0.0
    assert np.flatnonzero(_unsteady_rate(surging)).tolist() == [20]


def test_events_are_counted_in_equal_stretches_and_the_last_one_ends_with_the_last_event():
    told = _stretches(np.array([10.0, 10.0, 12.4, 12.6, 15.0, 20.0], np.float32), 4)
    assert told.edges.tolist() == [10.0, 12.5, 15.0, 17.5, 20.0]
    assert told.which.tolist() == [0, 0, 0, 1, 2, 3]
    assert told.counts.tolist() == [3, 1, 1, 1]


@pytest.mark.parametrize(
    ("bad", "widened"),
    [
        ("0000100000", "0001110000"),
        ("0100100000", "1111110000"),
        ("0100010000", "1110111000"),
        ("0101000000", "1111100000"),
        ("1000000001", "1100000011"),
        ("0000000000", "0000000000"),
    ],
)
def test_gaps_of_up_to_two_stretches_are_closed_and_one_is_added_on_each_side(bad, widened):
    assert "".join(str(int(one)) for one in _widened(np.array(list(bad)) == "1")) == widened


def test_a_moving_mean_is_of_a_stretch_and_its_neighbours_by_their_events():
    n = np.array([10.0, 20.0, 30.0, 0.0])
    assert _moving_sum(n).tolist() == [30, 60, 50, 30]
    (mean,) = _moving_mean(np.array([[1.0, 2.0, 4.0, 9.0]]), n)
    assert mean == pytest.approx([50 / 30, 170 / 60, 160 / 50, 120 / 30])


def test_the_level_of_a_stretch_is_its_mean_share_of_quartiles_less_the_usual_one():
    values = np.array([1, 2, 3, 4, 1, 2, 3, 4, 4, 4, 4, 4], np.float32)
    which = np.repeat([0, 1, 2], 4)
    level = _mean_level(values, which, np.array([4.0, 4.0, 4.0, 0.0]))
    quartiles = [2.0, 3.0, 4.0]  # the values at ranks 2, 5 and 8 of 12
    expected = [np.mean([sum(v > q for q in quartiles) / 3 for v in part]) for part in np.split(values, 3)]
    assert level[:3] == pytest.approx(np.array(expected) - np.median(expected))


@pytest.mark.parametrize(
    ("shift", "n", "is_bad"),
    [(0.081, 10_000, True), (0.079, 10_000, False), (0.2, 19, False), (0.9, 20, True)],
)
def test_one_channel_alone_is_unsteady_from_a_shift_of_eight_percent_in_enough_events(shift, n, is_bad):
    """Two hundred channels, so that one alone does not show in all together."""
    shifts = np.zeros((200, N))
    shifts[4, 7] = shift
    events = np.full(N, 10_000.0)
    events[7] = n
    assert np.flatnonzero(_unlike_the_rest(shifts, events)).tolist() == [7] * is_bad


@pytest.mark.parametrize(("shift", "is_bad"), [(0.061, True), (0.059, False)])
def test_channels_together_are_unsteady_from_a_shift_of_six_percent(shift, is_bad):
    shifts = np.zeros((5, N))
    shifts[:, 7] = shift
    assert np.flatnonzero(_unlike_the_rest(shifts, np.full(N, 2_500.0))).tolist() == [7] * is_bad


def test_kept_ranges_end_midway_between_two_acquired_times_and_are_open_at_the_ends():
    time = np.array([0.0, 1.0, 2.2, 3.0, 4.0], np.float32)
    ranges = _kept_ranges(time, np.arange(6.0), np.array([True, True, False, True, True]), "Time")
    assert [(one.lower, one.upper) for one in ranges] == [
        (None, pytest.approx(1.6)),
        (pytest.approx(2.6), None),
    ]
    assert _between_times(time, 9.0) == 9.0
    assert _between_times(time, 3.0) == pytest.approx(2.6)
    assert _kept_ranges(time, np.arange(6.0), np.ones(5, bool), "Time")[0].lower is None


@pytest.mark.parametrize(
    ("n_piled", "n", "ends"), [(10, 100, True), (9, 100, False), (20, 20_000, True), (19, 20_000, False)]
)
def test_a_pile_of_ten_events_and_one_in_a_thousand_is_the_end_of_a_scale(n_piled, n, ends):
    values = np.linspace(1.0, 900.0, n).astype(np.float32)
    values[:n_piled] = 1000.0
    assert _scale_end(values, float("inf")) == (pytest.approx(999.99) if ends else float("inf"))
    assert _scale_end(values, 262_144.0) == 262_144 - 256
    assert _scale_end(values[:0], float("inf")) == float("inf")


def log_normal(n, middle, sd):
    from statistics import NormalDist

    return middle * np.exp(sd * np.array([NormalDist().inv_cdf((k + 0.5) / n) for k in range(n)]))


def test_the_limit_of_debris_is_a_valley_from_4_to_40_percent_of_a_large_cell_else_15_percent():
    cells = log_normal(5000, 100.0, 0.1)
    large = np.sort(cells)[4000]
    usual = _debris_limit(cells.astype(np.float32))
    assert (usual.method, usual.confidence) == (Method.SPREAD, 0.6)
    assert usual.value == pytest.approx(0.15 * large, rel=1e-3)
    cut = _debris_limit(np.concatenate([cells, log_normal(1000, 8.0, 0.3)]).astype(np.float32))
    assert cut.method is Method.VALLEY
    assert 0.12 * large < cut.value < 0.4 * large
    assert cut.confidence == pytest.approx(1.0, abs=0.02)
    above = _debris_limit(np.concatenate([cells, log_normal(1000, 65.0, 0.02)]).astype(np.float32))
    assert above.method is Method.SPREAD
    assert _debris_limit(np.zeros(9, np.float32)).confidence == 0.2


def test_single_cells_end_at_a_valley_else_four_spreads_above_the_mode_or_a_quarter_of_a_pulse():
    wide, narrow = log_normal(4000, 2.0, 0.1), log_normal(4000, 2.0, 0.02)
    limit = _upper_limit(wide.astype(np.float32))
    assert (limit.method, limit.confidence) == (Method.SPREAD, 0.8)
    assert np.log(limit.value / 2) == pytest.approx(0.4, abs=0.02)
    assert np.log(_upper_limit(narrow.astype(np.float32)).value / 2) == pytest.approx(0.22, abs=0.005)
    doubled = np.concatenate([narrow, log_normal(600, 3.2, 0.03)]).astype(np.float32)
    cut = _upper_limit(doubled)
    assert cut.method is Method.VALLEY
    assert np.log(cut.value / 2) == pytest.approx(8 * 0.02, abs=0.02)  # no farther than eight spreads
    assert cut.confidence == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(("n", "method"), [(49, Method.NONE), (50, Method.SPREAD)])
def test_fifty_pulses_are_enough_for_a_limit(n, method):
    assert _upper_limit(log_normal(n, 2.0, 0.1).astype(np.float32)).method is method
    assert (
        _upper_limit(np.concatenate([log_normal(n, 2.0, 0.1), np.zeros(9)]).astype(np.float32)).method
        is method
    )


def test_the_ratio_is_of_events_above_zero_and_the_spread_of_those_below_the_mode():
    x, y = np.array([2.0, 0.0, 3.0, 9.0], np.float32), np.array([1.0, 5.0, 2.0, 0.0], np.float32)
    assert _ratio(x, y).tolist() == [2.0, 1.5]
    logs = np.array([-0.3, -0.2, -0.1, 0.0, 9.0], np.float32)
    assert _lower_spread(logs, 0.0) == pytest.approx(1.4826 * 0.2)
    assert _lower_spread(np.array([-0.001, 0.0], np.float32), 0.0) == 0.01
    assert _lower_spread(np.array([1.0], np.float32), 0.0) == 0.05
