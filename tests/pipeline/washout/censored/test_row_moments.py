"""Moments of the derivatives of a censored row's likelihood, against differences and a fine sum over the normal law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import simpson
from scipy.special import ndtr

from pipeline.washout.censored.row_moments import normal_moments, row_moments

STEP = 1e-3
FARTHEST = 12.0


def _derivatives(law):
    """Return f, its first and its second derivatives by m/s and log s, of a law of (m, log s) at (0, 0)."""
    f = {(i, j): law(i * STEP, j * STEP) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    first = [(f[1, 0] - f[-1, 0]) / (2 * STEP), (f[0, 1] - f[0, -1]) / (2 * STEP)]
    mixed = (f[1, 1] - f[1, -1] - f[-1, 1] + f[-1, -1]) / (4 * STEP**2)
    second = [
        [(f[1, 0] - 2 * f[0, 0] + f[-1, 0]) / STEP**2, mixed],
        [mixed, (f[0, 1] - 2 * f[0, 0] + f[0, -1]) / STEP**2],
    ]
    return f[0, 0], first, second


@pytest.mark.parametrize(
    ("low", "high"), [(-np.inf, np.inf), (-0.7, np.inf), (-np.inf, 1.1), (-0.7, 1.3), (0.4, 2.0)]
)
def test_expected_products_of_derivatives_are_those_of_differences_summed_over_the_law(low, high):
    z = np.linspace(max(low, -FARTHEST), min(high, FARTHEST), 4001)
    parts = [
        (_derivatives(lambda m, t: np.exp(-0.5 * ((z - m) * np.exp(-t)) ** 2 - t) / np.sqrt(2 * np.pi)), z)
    ]
    if np.isfinite(low):
        parts.append((_derivatives(lambda m, t: ndtr((low - m) * np.exp(-t))), None))
    if np.isfinite(high):
        parts.append((_derivatives(lambda m, t: ndtr((m - high) * np.exp(-t))), None))
    information, third = row_moments(np.array(low), np.array(high))
    for a in (0, 1):
        for b in (0, 1):
            expected = sum(_summed(d1[a] * d1[b] / f, at) for (f, d1, _), at in parts)
            assert information[a, b] == pytest.approx(expected, abs=1e-5)
            for c in (0, 1):
                expected = sum(_summed(d2[a][b] * d1[c] / f, at) for (f, d1, d2), at in parts)
                assert third[a, b, c] == pytest.approx(expected, abs=1e-4)


def _summed(values, at):
    return values if at is None else simpson(values, x=at)


@pytest.mark.parametrize(("low", "high"), [(-37.0, 37.0), (-0.5, 2.0), (3.0, 5.0)])
def test_moments_of_the_normal_law_between_limits_are_those_of_a_fine_sum(low, high):
    z = np.linspace(max(low, -FARTHEST), min(high, FARTHEST), 20001)
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    expected = [simpson(z**k * density, x=z) for k in range(7)]
    assert normal_moments(np.array(low), np.array(high)) == pytest.approx(expected, rel=1e-6, abs=1e-7)
