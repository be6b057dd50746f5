"""Medians and quantiles from one rank."""

import numpy as np
import pytest

from gating.events.quantiles import median, quantile, quantiles


@pytest.mark.parametrize("size", [1, 2, 3, 10, 501])
def test_they_are_numpys(size: int):
    values = np.random.default_rng(size).normal(0, 1000, size).astype(np.float32)
    assert median(values) == np.median(values)
    for share in (0.0, 0.005, 0.25, 0.8, 1.0):
        assert quantile(values, share) == pytest.approx(np.quantile(values, share), rel=1e-4)


@pytest.mark.parametrize("size", [1, 2, 3, 10, 501])
def test_several_at_once_are_those_one_by_one(size: int):
    values = np.random.default_rng(size).normal(0, 1000, size).astype(np.float32)
    shares = (0.0, 0.16, 0.5, 0.84, 1.0)
    assert quantiles(values, shares) == [quantile(values, share) for share in shares]
