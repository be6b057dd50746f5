import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gating.arithmetic.elementary import exp, log

positive = st.floats(1e-300, 1e300, allow_subnormal=False)


@given(st.lists(positive, min_size=1, max_size=50))
def test_the_logarithm_is_within_three_units_in_the_last_place(values):
    values = np.array(values)
    expected = np.log(values.astype(np.longdouble))
    assert (np.abs(log(values) - expected) <= 3 * np.spacing(np.abs(expected).astype(np.float64))).all()


@pytest.mark.parametrize("n", [1, 7, 16_384, 50_001])
def test_single_precision_is_within_three_units_in_the_last_place_in_any_block(n):
    values = np.exp(np.random.default_rng(n).uniform(-60, 60, n)).astype(np.float32)
    expected = np.log(values.astype(np.float64))
    assert log(values).dtype == np.float32
    assert (np.abs(log(values) - expected) <= 3 * np.spacing(np.abs(expected).astype(np.float32))).all()
    powers = expected.astype(np.float32)
    true = np.exp(powers.astype(np.float64))
    assert (np.abs(exp(powers) - true) <= 3 * np.spacing(true.astype(np.float32))).all()


def test_a_value_has_the_same_result_wherever_it_stands():
    values = np.random.default_rng(3).uniform(0.1, 9, 40_000)
    assert np.array_equal(log(values)[20_000:20_010], log(values[20_000:20_010].copy()))


def test_powers_of_two_and_the_lowest_exponent_are_exact():
    assert np.array_equal(log(np.ones(3)), np.zeros(3))
    assert exp(np.array([0, -88, -np.inf], np.float32)).tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_is_no_number_or_infinite_stays_so(kind):
    found = log(np.array([np.nan, 1, np.inf], kind))
    assert np.isnan(found[0])
    assert found[1:].tolist() == [0, np.inf]
