"""Where a detector's scale ends: as the file says, unless the values show that it is not so."""

import numpy as np
import pytest

from calibration.scale_top import find_bottom_pile, find_scale_top

TOLD = 262143.0


def light(n=20_000, seed=0):
    return np.random.default_rng(seed).lognormal(7, 1.2, n).astype(np.float32)


def test_values_below_the_told_end_leave_it_as_it_is():
    assert find_scale_top(light(), TOLD).agrees_with_file
    assert find_scale_top(light(), TOLD).value == TOLD


def test_a_pile_on_the_told_end_is_what_the_file_says():
    clipped = np.minimum(light() * 100, np.float32(TOLD))
    assert find_scale_top(clipped, TOLD).agrees_with_file


@pytest.mark.parametrize("told", [1.0, 1023.0, 4096.0])
def test_values_beyond_the_told_end_prove_it_wrong(told):
    found = find_scale_top(light(), told)
    assert (found.value, found.n_pile) == (np.inf, 0)
    assert found.n_beyond == np.count_nonzero(light() > 1.001 * told)


def test_the_own_end_of_values_beyond_the_told_one_is_where_they_pile_up():
    clipped = np.minimum(light() * 16, np.float32(100_000))
    found = find_scale_top(clipped, 4096.0)
    assert found.value == 100_000
    assert found.n_pile == np.count_nonzero(clipped == 100_000)


def test_a_few_stray_values_beyond_the_end_prove_nothing():
    values = light()
    values[:4] = 1e6
    assert find_scale_top(values, TOLD).agrees_with_file
    values[4] = 1e6
    assert not find_scale_top(values, TOLD).agrees_with_file


@pytest.mark.parametrize("strays", [0, 1, 10])
@pytest.mark.parametrize("told", [TOLD, np.inf])
def test_a_pile_far_below_the_told_end_is_the_end_even_with_stray_values_above(told, strays):
    values = np.minimum(light(), np.float32(5000))
    values[:strays] = 9000
    found = find_scale_top(values, told)
    assert found.value == 5000
    assert found.n_pile == np.count_nonzero(values == 5000)


def test_the_order_of_the_events_changes_nothing():
    values = np.minimum(light(), np.float32(5000))
    turned = np.random.default_rng(1).permutation(values)
    assert (
        find_scale_top(values, TOLD) == find_scale_top(turned, TOLD) == find_scale_top(np.sort(values), TOLD)
    )


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(1000),
        np.full(1000, 7.0),
        np.repeat([0.0, 1e5], 400),
        np.floor(light() / 4096),
        np.r_[np.zeros(19_995), np.arange(1.0, 6.0)],
        10 ** (np.floor(np.log10(light()) * 256) / 256),
        np.arange(5.0),
    ],
    ids=["zeros", "one value", "two values", "6 bits", "an empty detector", "log-amplified", "five events"],
)
def test_equal_values_that_are_no_end_are_not_taken_for_one(values):
    assert find_scale_top(np.asarray(values, np.float64), TOLD).agrees_with_file


def test_a_floor_is_found_and_a_tail_is_none():
    assert find_bottom_pile(np.maximum(light(), np.float32(800)))[0] == 800
    assert find_bottom_pile(np.maximum(light(), np.float32(800)))[1] > 1000
    assert find_bottom_pile(light())[1] == 0
