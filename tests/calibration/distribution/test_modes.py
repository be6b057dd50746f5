"""How many groups of brightness cells show, against a linear programme and on groups that are known."""

import numpy as np
import pytest
from scipy.optimize import linprog

from calibration.distribution.modes import RADIUS_95, _peaks, _slope, count_modes, modes_within, spread_ties


def dip_by_bisection(values):
    """The smallest radius at which one mode is enough."""
    ordered, low, high = np.sort(values), 0.0, 0.5
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if modes_within(ordered, middle) > 1 else (low, middle)
    return high


def dip_by_linear_programme(values):
    """Hartigan's dip: the least sup distance to a law that is convex up to a mode and concave beyond."""
    x = np.sort(values)
    n, far = x.size, 1e4 * np.ptp(values)
    return min(_distance(x, n, mode, far) for mode in range(n))


def _distance(x, n, mode, far):
    rows, bounds = [], []

    def add(entries, bound):
        row = np.zeros(n + 2)
        for place, factor in entries:
            row[place] += factor
        rows.append(row)
        bounds.append(bound)

    for i in range(n):
        add([(n if i == mode else i, -1), (n + 1, -1)], -(i + 1) / n)
        add([(i, 1), (n + 1, -1)], i / n)
    add([(mode, 1), (n, -1)], 0)
    left = [(x[0] - far, None), *((x[i], i) for i in range(mode + 1))]
    right = [(x[mode], n), *((x[i], i) for i in range(mode + 1, n)), (x[-1] + far, "one")]
    for side, sign in ((left, 1), (right, -1)):
        for (xa, a), (xb, b), (xc, c) in zip(side, side[1:], side[2:], strict=False):
            first, second = 1 / (xb - xa), 1 / (xc - xb)
            parts = ((a, -first), (b, first + second), (c, -second))
            fixed = sum(factor for place, factor in parts if place == "one")
            free = [(place, sign * factor) for place, factor in parts if place not in (None, "one")]
            add(free, -sign * fixed)
    cost = np.zeros(n + 2)
    cost[-1] = 1
    return linprog(cost, A_ub=np.array(rows), b_ub=bounds, bounds=[(0, 1)] * (n + 2)).fun


@pytest.mark.parametrize("apart", [0.0, 2.0, 4.0])
def test_one_mode_is_enough_exactly_from_the_dip_on(apart):
    rng = np.random.default_rng(int(apart) + 1)
    values = rng.normal(size=12) + apart * (rng.random(12) < 0.5)
    assert dip_by_bisection(values) == pytest.approx(dip_by_linear_programme(values), abs=2e-4)


@pytest.mark.parametrize(("groups", "n"), [(1, 400), (2, 60), (2, 2000), (3, 300)])
def test_groups_far_apart_are_counted(groups, n):
    rng = np.random.default_rng(groups)
    values = rng.normal(size=n) + 10 * (np.arange(n) % groups)
    assert count_modes(values).count == count_modes(values).at_least == groups


def test_a_second_group_too_small_to_be_sure_of_is_no_second_mode_at_95_percent():
    rng = np.random.default_rng(4)
    values = np.append(rng.normal(size=98), rng.normal(8, 1, 2))
    assert count_modes(values).at_least == 1


def test_uniform_cells_show_two_modes_in_5_percent_of_samples_at_most():
    rng = np.random.default_rng(2)
    wrong = np.mean([modes_within(np.sort(rng.random(100)), RADIUS_95 / 10) > 1 for _ in range(300)])
    assert wrong <= 0.08


def test_cells_on_the_channels_of_an_integer_file_show_no_groups_of_their_own():
    rng = np.random.default_rng(3)
    values = np.round(rng.normal(300, 8, 4000))
    assert np.unique(values).size < 80
    assert count_modes(values).at_least == 1


def test_equal_values_are_spread_evenly_and_keep_their_order():
    assert spread_ties(np.array([1.0, 2.0, 2.0, 4.0])).tolist() == [1.0, 1.875, 2.625, 4.0]
    assert spread_ties(np.array([5.0, 5.0])).tolist() == [5.0, 5.0]


@pytest.mark.parametrize(
    ("slopes", "n"),
    [((1, 2, 1), 1), ((2, 1, 1, 0.5), 1), ((1, 1, 2, 2, 1), 1), ((2, 1, 2), 2), ((2, 1, 1, 2, 2, 1), 2), ((1, 2, 3), 1), ((), 1)],
)  # fmt: skip
def test_groups_are_the_maxima_of_the_slope_and_an_even_stretch_is_none_of_its_own(slopes, n):
    heights = np.cumsum([0.0, *slopes]).tolist()
    assert _peaks(list(zip(map(float, range(len(heights))), heights, strict=True))) == n


def test_between_two_equal_values_the_line_goes_straight_up():
    assert _slope((1.0, 0.2), (1.0, 0.4)) == float("inf")
    assert _slope((1.0, 0.2), (3.0, 0.4)) == 0.1
