"""Modes, widths, valleys and cuts of densities whose counts are written by hand."""

from __future__ import annotations

from math import exp, pi, sqrt

import numpy as np
import pytest

from gating.thresholds import Axis, settle
from gating.thresholds.kernel_density import (
    KernelDensity,
    Valley,
    all_valleys,
    clearest_valley,
    density_of,
)
from gating.thresholds.methods import Method
from gating.thresholds.side_cut import _dimmest_group, _goes_through, _weight, _widest_valley
from gating.thresholds.two_normals import crossing_of


def density(*counts, step=0.1, bandwidth=0.1):
    return KernelDensity(step * np.arange(len(counts)), np.array(counts, float), bandwidth)


def normal_density(*groups, step=0.02):
    """Return the exact density of normal groups (events, middle, SD) per bin from −5 to 15."""
    x = np.arange(-5, 15, step)
    counts = sum(n * step * np.exp(-0.5 * ((x - at) / sd) ** 2) / (sd * sqrt(2 * pi)) for n, at, sd in groups)
    return KernelDensity(x, counts, 0.1)


def test_a_mode_is_the_first_bin_of_a_plateau_and_may_lie_at_an_end():
    assert density(3, 1, 1, 2, 2, 2, 1, 0, 0, 4).modes.tolist() == [0, 3, 9]
    assert density(0, 0, 0).modes.size == 0


def test_a_major_mode_has_a_tenth_of_the_highest_and_there_is_always_one():
    shown = density(10, 0, 1, 0, 0.99, 0, 5)
    assert shown.major_modes().tolist() == [0, 2, 6]
    assert shown.major_modes(0.5).tolist() == [0, 6]
    assert density(0, 0, 0, 0, 0).major_modes().tolist() == [2]


@pytest.mark.parametrize("side", [-1, 1])
def test_the_width_of_a_group_is_its_sd_less_the_kernel(side):
    """A normal group of SD 0.5, seen through a kernel of SD 0.3: its width is √(0.5² + 0.3²) on the grid."""
    seen = normal_density((1000, 2.0, sqrt(0.5**2 + 0.3**2)))
    blurred = KernelDensity(seen.grid, seen.counts, 0.3)
    mode = int(np.argmax(blurred.counts))
    assert blurred.half_width(mode, side) == pytest.approx(0.5, abs=0.03)
    assert blurred.steady_half_width(mode, side) == pytest.approx(0.5, abs=0.005)
    assert blurred.steady_position(mode) == pytest.approx(2.0, abs=1e-3)


def test_a_width_ends_below_half_of_the_height_and_is_at_least_a_part_of_it():
    narrow = density(0, 0, 10, 5, 4.9, 0, bandwidth=0.0)
    assert narrow.half_width(2, 1) == pytest.approx(0.2 / 1.1774)
    assert narrow.half_width(2, -1) == pytest.approx(0.1 / 1.1774)
    all_of_it = density(10, 10, 10, 10, bandwidth=0.0)
    assert all_of_it.half_width(0, 1) == pytest.approx(0.4 / 1.1774)
    assert all_of_it.steady_half_width(0, 1) == pytest.approx(0.4 / 1.1774)
    wide_kernel = density(0, 0, 10, 5, 4.9, 0, bandwidth=5.0)
    assert wide_kernel.half_width(2, 1) == pytest.approx(0.3 * 0.2 / 1.1774)


def test_a_steady_position_is_the_top_of_the_parabola_through_three_bins():
    parabola = [7 - 3 * (k - 2.3) ** 2 for k in range(5)]
    assert density(*parabola).steady_position(2) == pytest.approx(0.23)
    assert density(5, 5, 5).steady_position(1) == pytest.approx(0.1)
    assert density(5, 1, 0).steady_position(0) == 0.0
    assert density(0, 1, 5).steady_position(2) == pytest.approx(0.2)


def test_a_valley_is_measured_against_the_highest_mode_on_each_side():
    """Modes of 90, 50 and 100: the second valley is 5 of 90 (the higher one before it), not of 50."""
    counts = (0, 90, 20, 50, 5, 100, 0)
    first, second = all_valleys(density(*counts))
    per_peak = 0.1 * sqrt(4 * pi) / 0.1
    assert (first.position, first.left, first.right) == pytest.approx((0.2, 0.1, 0.5))
    assert (second.position, second.left, second.right) == pytest.approx((0.4, 0.1, 0.5))
    for valley, bottom in ((first, 20), (second, 5)):
        sure = (90 - bottom) * per_peak / sqrt((90 + bottom) * per_peak + 1)
        assert valley.depth == pytest.approx(1 - bottom / 90)
        assert valley.clarity == pytest.approx((1 - bottom / 90) * (1 - exp(-((sure / 4) ** 2))))


def test_the_cut_is_the_middle_of_a_flat_bottom():
    """What is within 5 % of the lower mode above the lowest bin counts as the bottom: 4.5 of 0 to 90."""
    (valley,) = all_valleys(density(0, 90, 4.5, 0, 4.4, 4.6, 100, 0))
    assert valley.position == pytest.approx((0.2 + 0.3 + 0.4) / 3)


@pytest.mark.parametrize(("small", "n"), [(0.71, 1), (0.70, 0)])
def test_two_and_a_half_events_are_a_mode(small, n):
    """A kernel covers √(4π) = 3.545 bins: 0.7053 in a bin are 2.5 events."""
    assert len(all_valleys(density(0, small, 0, 100, 0))) == n


def test_the_clearest_valley_has_its_bottom_within_the_ends():
    shown = density(0, 90, 20, 50, 5, 100, 0)
    first, second = all_valleys(shown)
    assert clearest_valley(shown, 0.0, 0.6) == second
    assert clearest_valley(shown, 0.0, 0.39) == first
    assert clearest_valley(shown, second.position, second.position) == second
    assert clearest_valley(shown, 0.41, 0.6) is None


@pytest.mark.parametrize("value", [0.0, 0.999, 1.0, 2.5, 9.99])
def test_an_event_counts_where_it_lies_and_none_beyond_the_ends(value):
    shown = density_of(np.array([value, -0.1, 10.1], np.float32), bandwidth=0.05, low=0.0, high=10.0)
    assert shown.counts.sum() == pytest.approx(1.0 if 0.2 < value < 9.8 else shown.counts.sum())
    assert abs(shown.grid[int(np.argmax(shown.counts))] - value) <= 0.5 * shown.step + 1e-6
    assert (shown.grid.size, shown.grid[0], shown.grid[-1]) == pytest.approx((400, 0.0125, 9.9875))


AXIS = Axis(np.zeros(0, np.float32), 100.0, -1.0, 9.0)


def axis_with(*groups):
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(at, sd, n) for n, at, sd in groups]).astype(np.float32)
    return Axis(values, 100.0, -1.0, 9.0)


@pytest.mark.parametrize(
    ("clarity", "pooled", "method", "confidence"),
    [
        (0.6, 500.0, Method.VALLEY, 0.75),
        (0.59, 500.0, Method.POOLED, 0.6),
        (0.59, None, Method.VALLEY, 0.3 + 0.75 * 0.59),
        (0.21, None, Method.VALLEY, 0.3 + 0.75 * 0.21),
        (0.2, None, Method.SPREAD, 0.4),
        (1.0, None, Method.VALLEY, 1.0),
    ],
)
def test_a_cut_is_that_of_the_first_method_that_is_sure_enough(clarity, pooled, method, confidence):
    one_group = axis_with((4000, 2.0, 0.5))
    cut = settle(one_group, Valley(4.0, 2.0, 6.0, 0.9, clarity), fallback=5.0, pooled=pooled)
    assert cut.method is method
    assert cut.confidence == pytest.approx(confidence)
    position = {Method.VALLEY: 4.0, Method.SPREAD: 5.0, Method.POOLED: one_group.position(500.0)}[method]
    assert one_group.position(cut.value) == pytest.approx(position, abs=1e-4)


@pytest.mark.parametrize(("valley_at", "method"), [(4.9, Method.MIXTURE), (5.2, Method.SPREAD)])
def test_a_mixture_counts_where_it_crosses_within_one_unit_of_the_valley(valley_at, method):
    """Two equal groups at 2 and 6 cross half-way, at 4."""
    two = axis_with((4000, 2.0, 0.5), (4000, 6.0, 0.5))
    cut = settle(two, Valley(valley_at, 2.0, 6.0, 0.9, 0.1), fallback=5.0)
    assert (cut.method, cut.confidence) == (method, 0.6 if method is Method.MIXTURE else 0.4)


@pytest.mark.parametrize(("n_upper", "sd_upper"), [(1000, 0.5), (100, 0.5), (1000, 0.9), (3000, 0.3)])
def test_two_normal_groups_cross_where_they_are_equally_dense(n_upper, sd_upper):
    found = crossing_of(normal_density((1000, 2.0, 0.5), (n_upper, 5.0, sd_upper)), 2.0, 5.0)
    at = found.position + np.array([-0.03, 0.03])
    lower = 1000 / 0.5 * np.exp(-0.5 * ((at - 2.0) / 0.5) ** 2)
    upper = n_upper / sd_upper * np.exp(-0.5 * ((at - 5.0) / sd_upper) ** 2)
    assert lower[0] > upper[0]
    assert lower[1] < upper[1]
    assert found.separation == pytest.approx(3.0 * sqrt(2 / (0.5**2 + sd_upper**2)), rel=0.01)


@pytest.mark.parametrize(("lost_in_a_gap", "lost_in_cells"), [(0.61, 0.21), (0.6, 0.2)])
def test_a_cut_may_lose_a_fifth_of_the_cells_or_three_fifths_in_a_gap(lost_in_a_gap, lost_in_cells):
    wanted = density(0, 100, 29.9, 30.1, 100, 0)
    is_too_much = lost_in_cells > 0.2
    assert _goes_through(wanted, 0.2, lost_in_a_gap) is is_too_much
    assert _goes_through(wanted, 0.3, lost_in_cells) is is_too_much


def test_a_valley_between_near_groups_counts_in_proportion_to_their_distance():
    assert _weight(Valley(0.0, 0.0, 3.0, 1.0, 0.8)) == 0.8
    assert _weight(Valley(0.0, 0.0, 9.0, 1.0, 0.8)) == 0.8
    assert _weight(Valley(0.0, 1.0, 2.5, 1.0, 0.8)) == 0.4


def test_the_widest_valley_is_the_dimmer_of_equal_ones_above_the_lowest_position():
    shown = density(0, 900, 0, 0, 900, 0, 0, 900, 0, step=1.0)
    first, second = all_valleys(shown)
    assert _widest_valley([shown], first.position).position == first.position
    assert _widest_valley([shown], first.position + 0.01).position == second.position
    assert _widest_valley([shown], second.position + 0.01) is None


@pytest.mark.parametrize(("dim", "middle"), [(250, 2.0), (240, 6.0)])
def test_the_dimmest_group_of_wanted_cells_has_a_quarter_of_the_highest(dim, middle):
    shown = normal_density((dim, 2.0, 0.4), (1000, 6.0, 0.4))
    assert _dimmest_group(shown)[0] == pytest.approx(middle, abs=0.02)
