import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from pipeline.washout.line.ascent import _LEAST_PART_OF_RISE, _rise, highest


@given(st.integers(0, 10**6), st.integers(1, 6))
def test_the_summit_of_a_paraboloid_is_found(seed, p):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(p, p))
    curvature, summit = root @ root.T + 0.3 * np.eye(p), rng.normal(size=p) * 5

    def of(x):
        turned = curvature @ (x - summit)
        return -0.5 * float((x - summit) @ turned), -turned

    place, value = highest(of, np.zeros(p))
    assert_allclose(place, summit, atol=1e-5)
    assert value == pytest.approx(0, abs=1e-11)


def test_a_bent_ridge_is_climbed():
    def of(x):
        gap = x[1] - x[0] ** 2
        return -(100 * gap**2 + (1 - x[0]) ** 2), np.array([400 * gap * x[0] + 2 * (1 - x[0]), -200 * gap])

    assert_allclose(highest(of, np.array([-1.2, 1.0]))[0], 1, atol=1e-5)


def test_nothing_to_climb_is_left_where_it_is():
    assert highest(lambda x: (1.0, np.zeros(2)), np.ones(2))[0].tolist() == [1, 1]
    assert highest(lambda x: (float(x.size), x), np.zeros(0))[1] == 0
    # a gradient that lies: no step rises
    assert highest(lambda x: (-float(np.sum(x)), np.ones(2)), np.ones(2))[0].tolist() == [1, 1]


@pytest.mark.parametrize(("part", "length"), [(1.0, 1.0), (0.999, 0.5), (1.001, 1.0)])
def test_a_step_is_halved_until_the_function_rises_by_a_ten_thousandth_of_what_its_slope_promises(
    part, length
):
    """The function rises by this part of the least at the full step, and by all that is promised at half of it."""

    def of(x):
        rise = part * _LEAST_PART_OF_RISE * 1.0 * 4.0 if x[0] == 2.0 else 2.0
        return rise, np.array([2.0])

    moved, value, _ = _rise(of, np.zeros(1), 0.0, np.array([2.0]), np.array([2.0]))
    assert moved.tolist() == [2.0 * length]
    assert value == of(moved)[0]


def test_a_function_that_never_rises_gives_no_step():
    assert (
        _rise(lambda _: (-1.0, np.array([2.0])), np.zeros(1), 0.0, np.array([2.0]), np.array([2.0])) is None
    )
