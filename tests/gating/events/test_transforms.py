"""asinh and logicle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gating.events.transforms import Logicle, area_sinh, asinh, asinh_cofactor

SCALES = [
    Logicle(262_144.0),
    Logicle(1e6, 5.0, 1.0, 0.5),
    Logicle(1_000.0, 4.0, 0.3),
    Logicle(10_000.0, 4.5, 0.0),
]


@pytest.mark.parametrize("scale", SCALES)
def test_logicle_agrees_with_the_reference_code_of_flowutils(scale):
    flowutils = pytest.importorskip("flowutils")
    x = np.concatenate([np.linspace(-0.01 * scale.top, scale.top, 500), [0.0, 1.0, -1.0]])
    theirs = flowutils.transforms.logicle(
        x[:, None].copy(), [0], t=scale.top, m=scale.decades, w=scale.linear, a=scale.negative
    )[:, 0]
    np.testing.assert_allclose(scale.apply(x), theirs, atol=1e-6)


@pytest.mark.parametrize("scale", SCALES)
def test_the_fast_logicle_is_within_a_millionth_of_the_exact_one(scale):
    x = np.concatenate([np.linspace(-0.1, 1, 2_001) * scale.top, np.geomspace(1e-4, 1, 500) * scale.top])
    x = x.astype(np.float32)
    assert np.abs(scale.apply_fast(x) - scale.apply(x)).max() < 1e-6


@given(st.floats(-1e4, 262_144))
def test_logicle_there_and_back_gives_the_value(value):
    scale = Logicle(262_144.0)
    assert float(scale.invert(scale.apply([value]))[0]) == pytest.approx(value, rel=1e-7, abs=1e-4)


def test_a_logicle_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="2 W <= M"):
        Logicle(262_144.0, 4.5, 3.0)


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
