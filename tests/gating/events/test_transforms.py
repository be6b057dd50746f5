"""asinh."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gating.events.transforms import area_sinh, asinh, asinh_cofactor


@given(st.floats(0.01, 1e4))
def test_the_cofactor_follows_the_gain(gain):
    values = np.random.default_rng(1).normal(50, 100, 2_000).astype(np.float32)
    scaled = (values * np.float32(gain)).astype(np.float32)
    assert asinh_cofactor(scaled) == pytest.approx(gain * asinh_cofactor(values), rel=1e-4)


def test_the_cofactor_of_constant_and_empty_channels_is_a_positive_number():
    for values in (np.zeros(10), np.full(10, -3.0), np.empty(0)):
        cofactor = asinh_cofactor(values.astype(np.float32))
        assert cofactor > 0
        assert np.isfinite(asinh(values, cofactor)).all()


def test_a_logarithmic_detectors_first_decade_is_noise_where_its_first_channel_holds_what_is_dimmer():
    """A 4-decade amplifier gives 1.0 to everything at or below its first channel (FACSCalibur, FC500)."""
    rng = np.random.default_rng(2)
    dim, bright = rng.normal(3.0, 3.0, 9_000), 400 * np.exp(rng.normal(0, 0.5, 1_000))
    channels = np.clip(np.round(256 * np.log10(np.maximum(np.concatenate([dim, bright]), 1e-9))), 0, 1023)
    assert asinh_cofactor(10.0 ** (channels / 256)) == 10.0


def test_a_few_equal_dimmest_events_are_no_cut_scale():
    rng = np.random.default_rng(2)
    values = np.concatenate([np.full(30, 40.0), 60 * np.exp(rng.normal(0, 0.1, 10_000))])
    assert 40.0 < asinh_cofactor(values) < 60.0


@pytest.mark.parametrize(("dtype", "precision"), [(np.float32, 4e-7), (np.float64, 1e-15)])
def test_area_sinh_is_precise_everywhere_and_wherever_a_value_stands(dtype: type, precision: float):
    rng = np.random.default_rng(1)
    values = (rng.choice([-1, 1], 5_001) * 10 ** rng.uniform(-12, 12, 5_001)).astype(dtype)
    values[:3] = 0.0, 1e17, -1e17
    places = area_sinh(values)
    assert places.dtype == dtype
    assert places == pytest.approx(np.arcsinh(values.astype(float)), rel=precision, abs=0)
    order = rng.permutation(values.size)
    assert np.array_equal(area_sinh(values[order]), places[order])
    assert np.array_equal(area_sinh(values[7:20]), places[7:20])


def test_area_sinh_of_what_has_no_square_is_large_and_finite():
    assert area_sinh(np.array([-3e38, 3e38], np.float32)).tolist() == pytest.approx([-42.1, 42.1], abs=0.1)
