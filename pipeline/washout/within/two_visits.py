"""Two visits of each patient as a bivariate normal law, in which any value may be censored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import LEAST_POSITIVE, LEVEL, Floats
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.censored.profile import interval
from pipeline.washout.line.ascent import highest

DEX_DECIMALS: Final = 6
"""Decimals of a reported change in dex. Convention: processors differ only in later decimals."""

_STEP: Final = 1e-5
"""Size of the finite difference for the gradient. Convention: rounding and curvature both matter little."""

_FLAT: Final = 1e-4
"""Slope of log L at which the ascent ends. Convention: the remaining rise is then far below any drop."""

_FARTHEST: Final = 3.5
"""Largest artanh of the correlation. Convention: a correlation of 0.998."""

_LEAST_LOG_SD, _MOST_LOG_SD = -6.0, 5.0
"""Smallest and largest ln SD on standardised axes. Convention: far wider than any data."""

_NO_MAXIMUM: Final = 8.0
"""Size of a mean, in SDs of the values, from which the likelihood has no maximum. Convention: no mean of
values lies eight of their SDs away."""

_NUDGE: Final = 1e-12
"""Arithmetic: replaces a zero by which something is divided."""
_LEAST_START_SD, _MOST_START_RHO = 0.1, 0.8
"""Least SD and largest correlation with which the ascent begins. Convention: only a start, away from the
edges."""


@dataclass(frozen=True, slots=True, eq=False)
class TwoVisits:
    """log10 of both densities or their limits, (n, 2); `side` (n, 2): −1 below the limit, 0, 1 above it."""

    y: Floats
    side: NDArray[np.int8]


def change_of_means(visits: TwoVisits, level: float = LEVEL) -> tuple[float, float, float]:
    """Return the mean at the later visit less the mean at the earlier visit, with its interval, dex.

    The interval ends where 2 log L has dropped by an amount that gives exactly Student's interval of the
    differences if nothing is censored. A patient with one censored value counts half for the degrees of
    freedom.

    Raises
    ------
    NotEstimableError
        If the likelihood has no maximum.
    """
    from scipy.special import stdtrit

    middle, scale = float(np.mean(visits.y)), float(np.std(visits.y)) or 1.0
    scaled = TwoVisits((visits.y - middle) / scale, visits.side)
    start = _start(scaled)
    best, value = _climb(scaled, start)
    if not np.all(np.abs(best[:2]) < _NO_MAXIMUM):
        raise NotEstimableError(
            "too few visits are measured to estimate a mean change: the likelihood has no maximum"
        )
    worth = float(np.sum(np.mean(visits.side == OBSERVED, axis=1)))
    freedom = max(worth - 1, 1.0)
    drop = (freedom + 1) * float(np.log1p(float(stdtrit(freedom, (1 + level) / 2)) ** 2 / freedom))
    fits = {float(best[1]): best}

    def ratio(change: float) -> float:
        if change in fits:
            return max(0.0, 2 * (value - float(pair_log_likelihood(scaled, fits[change][None])[0])))
        nearest = fits[min(fits, key=lambda fitted_change: abs(fitted_change - change))]
        tries = []
        for start in (nearest, best):
            at_change = start.copy()
            at_change[1] = change
            tries.append(_climb(scaled, at_change, hold=True))
        fits[change], highest_value = max(tries, key=lambda result: result[1])
        return max(0.0, 2 * (value - highest_value))

    sds = np.exp(best[2]) + np.exp(best[3])
    low, high = interval(ratio, float(best[1]), float(sds / np.sqrt(len(visits.y)) / 2), drop)
    dex = (scale * float(best[1]), scale * low, scale * high)
    return round(dex[0], DEX_DECIMALS), round(dex[1], DEX_DECIMALS), round(dex[2], DEX_DECIMALS)


def pair_log_likelihood(visits: TwoVisits, parameters: Floats) -> Floats:
    """Return log L, (m,), at (first mean, change, ln of both SDs, artanh of the correlation), (m, 5)."""
    from scipy.special import log_ndtr

    s1, s2 = np.exp(np.clip(parameters[:, 2:4, None], _LEAST_LOG_SD, _MOST_LOG_SD)).transpose(1, 0, 2)
    rho = np.tanh(np.clip(parameters[:, 4, None], -_FARTHEST, _FARTHEST))
    conditional_sd = np.sqrt(1 - rho**2)
    z1 = (visits.y[:, 0] - parameters[:, 0, None]) / s1
    z2 = (visits.y[:, 1] - parameters[:, 0, None] - parameters[:, 1, None]) / s2
    a, b = visits.side[:, 0], visits.side[:, 1]
    marginal = -0.5 * np.log(2 * np.pi)
    both = (
        2 * marginal
        - np.log(s1 * s2 * conditional_sd)
        - 0.5 * (z1**2 - 2 * rho * z1 * z2 + z2**2) / conditional_sd**2
    )
    if np.all(visits.side == OBSERVED):
        return np.asarray(both.sum(axis=1))
    first = marginal - np.log(s1) - 0.5 * z1**2 + log_ndtr(-b * (z2 - rho * z1) / conditional_sd)
    second = marginal - np.log(s2) - 0.5 * z2**2 + log_ndtr(-a * (z1 - rho * z2) / conditional_sd)
    terms = np.where(b == OBSERVED, np.where(a == OBSERVED, both, second), first)
    beyond = (a != OBSERVED) & (b != OBSERVED)
    if beyond.any():
        corner = _corner((-a * z1)[:, beyond], (-b * z2)[:, beyond], rho * (a * b)[beyond])
        terms[:, beyond] = np.log(np.maximum(corner, LEAST_POSITIVE))
    return np.asarray(terms.sum(axis=1))


def _corner(h: Floats, k: Floats, rho: Floats) -> Floats:
    """Return P(X < h, Y < k) of standard normal variables (Owen 1956, doi:10.1214/aoms/1177728074)."""
    from scipy.special import ndtr, owens_t

    h, k = (np.where(np.abs(x) < _NUDGE, _NUDGE, x) for x in (h, k))
    conditional_sd = np.sqrt(1 - rho**2)
    opposite = np.where(h * k < 0, 0.5, 0.0)
    half = 0.5 * (ndtr(h) + ndtr(k)) - opposite
    owen = owens_t(h, (k - rho * h) / (h * conditional_sd)) + owens_t(k, (h - rho * k) / (k * conditional_sd))
    return np.asarray(half - owen, dtype=np.float64)


def _start(visits: TwoVisits) -> Floats:
    means, sds = visits.y.mean(axis=0), np.maximum(visits.y.std(axis=0), _LEAST_START_SD)
    product = (visits.y - means) / sds
    rho = float(np.clip(np.mean(product[:, 0] * product[:, 1]), -_MOST_START_RHO, _MOST_START_RHO))
    return np.array([means[0], means[1] - means[0], *np.log(sds), np.arctanh(rho)])


def _climb(visits: TwoVisits, start: Floats, *, hold: bool = False) -> tuple[Floats, float]:
    """Return the maximum and its log likelihood; with `hold` the change stays at its start."""
    free = np.arange(start.size) != 1 if hold else np.ones(start.size, dtype=bool)

    indices = np.flatnonzero(free)
    steps = np.zeros((1 + 2 * indices.size, start.size))
    steps[1 + np.arange(indices.size), indices] = _STEP
    steps[1 + indices.size + np.arange(indices.size), indices] = -_STEP

    def of(parameters: Floats) -> tuple[float, Floats]:
        whole = start.copy()
        whole[free] = parameters
        value, *around = pair_log_likelihood(visits, whole + steps)
        up, down = np.array(around).reshape(2, indices.size)
        return float(value), (up - down) / (2 * _STEP)

    point, value = highest(of, start[free], flat=_FLAT)
    best = start.copy()
    best[free] = point
    return best, value
