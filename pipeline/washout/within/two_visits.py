"""Two visits of each patient as a bivariate normal law, of which any value may lie beyond a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.censored.profile import interval
from pipeline.washout.line.ascent import highest

Floats: TypeAlias = NDArray[np.float64]

DECIMALS: Final = 6
"""Decimals of a change in dex that are reported. Convention: fewer than processors differ in."""

_STEP: Final = 1e-5
"""Of the finite difference of the gradient. Convention: between rounding and curvature."""

_FLAT: Final = 1e-4
"""Slope of log L at which the ascent ends. Convention: what is left to rise is then far below any drop."""

_FARTHEST: Final = 3.5
"""Of artanh of the correlation. Convention: 0.998."""

_LEAST_LOG_SD, _MOST_LOG_SD = -6.0, 5.0
"""Of ln SD on standardised axes. Convention: far wider than any data."""

_NO_MAXIMUM: Final = 8.0
"""SDs of the values beyond which a mean is none: the law has no maximum. Convention: no mean of values lies
eight of their SDs away."""

_TINY: Final = 1e-300
"""Arithmetic: stands for a chance of zero."""

_NUDGE: Final = 1e-12
"""Arithmetic: stands for a place at zero, which a quotient is of."""


@dataclass(frozen=True, slots=True, eq=False)
class TwoVisits:
    """log10 of both densities or their limits, (n, 2); `side` (n, 2): −1 below the limit, 0, 1 above it."""

    y: Floats
    side: NDArray[np.int8]


def change_of_means(visits: TwoVisits, level: float = 0.95) -> tuple[float, float, float]:
    """Return the mean at the later visit less that at the earlier one with its interval, dex.

    The drop of 2 log L that bounds it gives exactly Student's interval of the differences where nothing is
    censored; a patient with one value beyond a limit counts half for its degrees of freedom.

    Raises
    ------
    NotEstimableError
        The likelihood has no maximum.
    """
    from scipy.special import stdtrit

    middle, scale = float(np.mean(visits.y)), float(np.std(visits.y)) or 1.0
    scaled = TwoVisits((visits.y - middle) / scale, visits.side)
    start = _start(scaled)
    best, value = _climb(scaled, start)
    if not np.all(np.abs(best[:2]) < _NO_MAXIMUM):
        raise NotEstimableError("too few visits are measured to tell a mean change: the law has no maximum")
    worth = float(np.sum(np.mean(visits.side == OBSERVED, axis=1)))
    freedom = max(worth - 1, 1.0)
    drop = (freedom + 1) * float(np.log1p(float(stdtrit(freedom, (1 + level) / 2)) ** 2 / freedom))
    known = {float(best[1]): best}

    def ratio(change: float) -> float:
        if change in known:
            return max(0.0, 2 * (value - float(pair_log_likelihood(scaled, known[change][None])[0])))
        nearest = known[min(known, key=lambda other: abs(other - change))]
        tries = []
        for start in (nearest, best):
            held = start.copy()
            held[1] = change
            tries.append(_climb(scaled, held, hold=True))
        known[change], highest_there = max(tries, key=lambda found: found[1])
        return max(0.0, 2 * (value - highest_there))

    apart = np.exp(best[2]) + np.exp(best[3])
    low, high = interval(ratio, float(best[1]), float(apart / np.sqrt(len(visits.y)) / 2), drop)
    told = (scale * float(best[1]), scale * low, scale * high)
    return round(told[0], DECIMALS), round(told[1], DECIMALS), round(told[2], DECIMALS)


def pair_log_likelihood(visits: TwoVisits, parameters: Floats) -> Floats:
    """Return log L, (m,), at (first mean, change, ln of both SDs, artanh of the correlation), (m, 5)."""
    from scipy.special import log_ndtr

    s1, s2 = np.exp(np.clip(parameters[:, 2:4, None], _LEAST_LOG_SD, _MOST_LOG_SD)).transpose(1, 0, 2)
    rho = np.tanh(np.clip(parameters[:, 4, None], -_FARTHEST, _FARTHEST))
    rest = np.sqrt(1 - rho**2)
    one = (visits.y[:, 0] - parameters[:, 0, None]) / s1
    two = (visits.y[:, 1] - parameters[:, 0, None] - parameters[:, 1, None]) / s2
    a, b = visits.side[:, 0], visits.side[:, 1]
    marginal = -0.5 * np.log(2 * np.pi)
    both = 2 * marginal - np.log(s1 * s2 * rest) - 0.5 * (one**2 - 2 * rho * one * two + two**2) / rest**2
    if np.all(visits.side == OBSERVED):
        return np.asarray(both.sum(axis=1))
    first = marginal - np.log(s1) - 0.5 * one**2 + log_ndtr(-b * (two - rho * one) / rest)
    second = marginal - np.log(s2) - 0.5 * two**2 + log_ndtr(-a * (one - rho * two) / rest)
    terms = np.where(b == OBSERVED, np.where(a == OBSERVED, both, second), first)
    beyond = (a != OBSERVED) & (b != OBSERVED)
    if beyond.any():
        corner = _corner((-a * one)[:, beyond], (-b * two)[:, beyond], rho * (a * b)[beyond])
        terms[:, beyond] = np.log(np.maximum(corner, _TINY))
    return np.asarray(terms.sum(axis=1))


def _corner(h: Floats, k: Floats, rho: Floats) -> Floats:
    """Return P(X < h, Y < k) of standard normal variables (Owen 1956, doi:10.1214/aoms/1177728074)."""
    from scipy.special import ndtr, owens_t

    h, k = (np.where(np.abs(x) < _NUDGE, _NUDGE, x) for x in (h, k))
    rest = np.sqrt(1 - rho**2)
    apart = np.where(h * k < 0, 0.5, 0.0)
    half = 0.5 * (ndtr(h) + ndtr(k)) - apart
    owen = owens_t(h, (k - rho * h) / (h * rest)) + owens_t(k, (h - rho * k) / (k * rest))
    return np.asarray(half - owen, dtype=np.float64)


def _start(visits: TwoVisits) -> Floats:
    means, sds = visits.y.mean(axis=0), np.maximum(visits.y.std(axis=0), 0.1)
    product = (visits.y - means) / sds
    rho = float(np.clip(np.mean(product[:, 0] * product[:, 1]), -0.8, 0.8))
    return np.array([means[0], means[1] - means[0], *np.log(sds), np.arctanh(rho)])


def _climb(visits: TwoVisits, start: Floats, *, hold: bool = False) -> tuple[Floats, float]:
    """Return the highest place and its log likelihood; the change held where it starts if wanted."""
    free = np.arange(start.size) != 1 if hold else np.ones(start.size, dtype=bool)

    places = np.flatnonzero(free)
    steps = np.zeros((1 + 2 * places.size, start.size))
    steps[1 + np.arange(places.size), places] = _STEP
    steps[1 + places.size + np.arange(places.size), places] = -_STEP

    def of(parameters: Floats) -> tuple[float, Floats]:
        whole = start.copy()
        whole[free] = parameters
        value, *around = pair_log_likelihood(visits, whole + steps)
        up, down = np.array(around).reshape(2, places.size)
        return float(value), (up - down) / (2 * _STEP)

    point, value = highest(of, start[free], flat=_FLAT)
    best = start.copy()
    best[free] = point
    return best, value
