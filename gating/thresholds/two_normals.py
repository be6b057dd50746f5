"""Two overlapping groups on one axis: a mixture of two normal distributions, and where they cross."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from typing import NamedTuple

import numpy as np

from gating.arithmetic.numbers import LEAST_DIVISOR, Floats
from gating.thresholds.kernel_density import KernelDensity

EM_STEPS = 60
"""Steps of expectation–maximisation. Chosen on the simulated tubes of docs/validation.md."""
MODES_APART = 4
"""Distance of the two modes in spreads with which the fit begins. Convention: the two meet at two spreads,
as `LEAST_SEPARATION` wants; the fit finds its own spreads."""
MOST_LOG_ODDS = 690.0
"""Largest log odds; its exponential is still far from overflow. From the range of float64 (IEEE 754)."""
LEAST_SEPARATION = 2.0
"""Least Ashman's D of two separated normal distributions (doi:10.1086/117248)."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """The position where the upper group becomes likelier than the lower one.

    Attributes
    ----------
    position
        On the axis.
    separation
        Ashman's D: distance of the means over the root mean square of the spreads.
    """

    position: float
    separation: float


def crossing_of(density: KernelDensity, low_mode: float, high_mode: float) -> Crossing | None:
    """Return the crossing of two normal distributions fitted to a density; None if they are not separated.

    Expectation–maximisation on the bins, started at two modes; deterministic.

    Parameters
    ----------
    density
        Counts along an axis.
    low_mode, high_mode
        Positions where the fit starts, `low_mode` < `high_mode`.

    Examples
    --------
    >>> from gating.thresholds.kernel_density import density_of
    >>> rng = np.random.default_rng(1)
    >>> values = np.concatenate([rng.normal(0, 1, 5_000), rng.normal(5, 1, 5_000)]).astype(np.float32)
    >>> crossing = crossing_of(density_of(values, bandwidth=0.1, low=-5, high=10), 0.0, 5.0)
    >>> round(crossing.position, 1), round(crossing.separation)
    (2.5, 5)
    """
    x, n = density.grid, density.counts
    powers = np.stack([np.ones_like(x), x, x * x])
    owned = np.empty((2, x.size))
    spread = max((high_mode - low_mode) / MODES_APART, density.step)
    lower, upper = _Normal(0.5, low_mode, spread), _Normal(0.5, high_mode, spread)
    for _ in range(EM_STEPS):
        odds = np.exp(np.minimum(_along(_log_odds(lower, upper), powers), MOST_LOG_ODDS))
        np.divide(n, 1 + odds, out=owned[1])
        np.multiply(odds, owned[1], out=owned[0])
        lower, upper = (
            _normal(sums, density.step) for sums in [(powers * part).sum(axis=1) for part in owned]
        )
    separation = (upper.mean - lower.mean) * sqrt(2 / (lower.spread**2 + upper.spread**2))
    if not separation >= LEAST_SEPARATION:
        return None
    is_upper = _along(_log_odds(lower, upper), powers) < 0
    above = np.flatnonzero((x > lower.mean) & (x < upper.mean) & is_upper)
    return Crossing(float(x[above[0]]), separation) if above.size else None


class _Normal(NamedTuple):
    """A normal distribution and its number of events."""

    events: float
    mean: float
    spread: float


def _normal(sums: Floats, step: float) -> _Normal:
    """Return the distribution with these sums of 1, x and x², widened by a bin."""
    events, total, squares = sums.tolist()
    events = max(events, LEAST_DIVISOR)
    mean = total / events
    return _Normal(events, mean, sqrt(max(squares / events - mean * mean, 0.0) + step * step))


def _log_odds(lower: _Normal, upper: _Normal) -> Floats:
    """Return log(lower group / upper group) at a position, as weights of 1, x and x²."""
    lows, highs = 0.5 / lower.spread**2, 0.5 / upper.spread**2
    constant = log(lower.events * upper.spread / (upper.events * lower.spread))
    constant += upper.mean**2 * highs - lower.mean**2 * lows
    return np.array([constant, 2 * (lower.mean * lows - upper.mean * highs), highs - lows])


def _along(weights: Floats, powers: Floats) -> Floats:
    """Return the quadratic of these three weights along the axis, summed in order."""
    return np.asarray(weights[0] * powers[0] + weights[1] * powers[1] + weights[2] * powers[2], np.float64)
