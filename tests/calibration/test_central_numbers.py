"""The middle 95 % of draws, digit for digit as numpy's quantiles."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.numbers import _between, central_95


@pytest.mark.parametrize("n", [1, 2, 3, 21, 41, 201, 1000, 1001])
def test_the_middle_of_draws_is_that_of_numpy_to_the_last_digit(n):
    draws = np.random.default_rng(n).lognormal(0, 2, n)
    assert central_95(draws) == tuple(np.quantile(draws, [0.025, 0.975]))


@pytest.mark.parametrize("part", [0.0, 0.25, 0.4999, 0.5, 0.75, 1.0])
def test_a_value_between_two_is_reckoned_from_the_nearer_end_from_half_way_on_from_the_upper_one(part):
    low, high = np.random.default_rng(3).lognormal(0, 3, (2, 500))
    expected = [float(np.quantile([a, b], part)) for a, b in zip(low, high, strict=True) if a < b]
    assert [_between(a, b, part) for a, b in zip(low, high, strict=True) if a < b] == expected


def test_one_draw_that_is_no_number_leaves_no_interval():
    assert np.isnan(central_95(np.array([1.0, np.nan, 2.0]))).all()
