"""Ticks: round, apart, within the axis."""

from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from pipeline.output.figures.style.ticks import (
    apart,
    asinh_ticks,
    count,
    doubling_ticks,
    linear_ticks,
    log_ticks,
)


@given(st.floats(0.5, 1000), st.floats(-4, 1), st.floats(0.2, 12))
def test_asinh_ticks_lie_within_and_apart_and_in_order(cofactor: float, low: float, span: float):
    ticks = asinh_ticks(low, low + span, cofactor)
    places = [place for place, _ in ticks]
    assert places == sorted(places)
    assert all(low <= place <= low + span for place in places)
    assert all(b - a >= 0.0999 * span for a, b in itertools.pairwise(places))
    assert len({text for _, text in ticks}) == len(ticks)


def test_a_wide_axis_shows_decades_and_zero():
    assert [text for _, text in asinh_ticks(math.asinh(-1), math.asinh(1000), 150)] == [
        "0",
        "10³",
        "10⁴",
        "10⁵",
    ]


def test_a_narrow_axis_shows_round_numbers_between_decades():
    ticks = asinh_ticks(math.asinh(120), math.asinh(900), 1.0)
    assert [text for _, text in ticks] == ["200", "500"]


@given(st.floats(-1e5, 1e5), st.floats(1e-3, 1e6))
def test_linear_ticks_are_few_and_within(low: float, span: float):
    ticks = linear_ticks(low, low + span)
    assert 1 <= len(ticks) <= 5
    assert all(low - 1e-9 * span <= place <= low + span * (1 + 1e-9) for place, _ in ticks)


def test_log_ticks_are_decades_over_many_and_finer_over_few():
    assert [text for _, text in log_ticks(50, 200_000)] == ["100", "1,000", "10,000", "100,000"]
    assert [text for _, text in log_ticks(90, 900)] == ["100", "200", "500"]


def test_zero_is_kept_before_its_neighbours():
    assert apart([(-0.05, "−10²"), (0.0, "0"), (0.05, "10²"), (1.0, "10³")], 0.1) == [
        (0.0, "0"),
        (1.0, "10³"),
    ]


def test_counts_read_like_counts():
    assert [count(value) for value in (0, 999.7, 12_345, 0.5)] == ["0", "1,000", "12,345", "0.5"]


@given(st.floats(0.2, 200), st.floats(1.5625, 500))
def test_an_axis_of_weeks_has_two_ticks_or_more_however_narrow(low: float, ratio: float):
    ticks = doubling_ticks(low, low * ratio)
    assert 2 <= len(ticks) <= 10
    assert all(low * 0.999 <= place <= low * ratio * 1.001 for place, _ in ticks)
    assert len({text for _, text in ticks}) == len(ticks)
