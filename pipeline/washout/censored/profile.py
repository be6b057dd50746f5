"""Profile-likelihood intervals of a censored line: of its slope, its level at a washout and its scatter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import LEVEL
from gating.arithmetic.eigen import pseudo_inverse, solve_definite
from pipeline.washout.censored.likelihood import (
    OBSERVED,
    SMALLEST_LOG_SIGMA,
    CensoredRows,
    Maximum,
    derivatives,
    log_likelihood,
    maximise,
)

_EXPANSIONS, _SMALLEST_STEP = 60, 1e-10
"""Most steps outwards to a limit, and the smallest first step. Convention: steps grow, so that 60 reach any
limit; a smaller first step would be lost in rounding."""

_FARTHEST_LIMIT: Final = 1e6
"""Limit on standardised axes above which it counts as infinite. Convention: a million SDs."""
_GROWTH, _ROOT_STEP = 1.6, 1e-12
"""Factor by which the steps outwards grow; absolute and relative error of a limit. Convention: near the
golden ratio, as usual for bracketing; far below any reported digit."""

_DIRECT_STEPS: Final = 12
"""Most steps straight to a limit. Convention: about five reach it; else it is searched for step by step."""


def effective_rows(kind: NDArray[np.int8]) -> float:
    """Return how many rows the data are worth for σ: a censored row counts half."""
    return float(np.mean([len(kind), np.sum(kind == OBSERVED)]))


def critical_value(kind: NDArray[np.int8], n_coefficients: int, level: float = LEVEL) -> float:
    """Return the likelihood-ratio drop that bounds the interval, corrected for few rows.

    Without censoring 2Δℓ = n·log(1 + t²/ν), ν = n − k, so n·log(1 + t²_{(1+level)/2; ν}/ν) gives exactly the
    t interval; χ²₁ (3.84) alone covers 91–92 % at n = 19. A censored row says less about σ than a measured
    row and counts half: n_e = n_observed + n_censored/2 in place of n. Measured coverage: docs/validation.md.

    Examples
    --------
    >>> round(critical_value(np.zeros(19, np.int8), 2), 3)
    4.419
    >>> round(critical_value(np.zeros(100_000, np.int8), 2), 2)
    3.84
    """
    from scipy.special import stdtrit

    freedom = max(effective_rows(kind) - n_coefficients, 1.0)
    t = stdtrit(freedom, (1 + level) / 2)
    return float((freedom + n_coefficients) * np.log1p(t**2 / freedom))


def ratio_p(ratio: float, kind: NDArray[np.int8], n_coefficients: int) -> float:
    """Return the two-sided p of a likelihood ratio 2Δℓ that agrees with `critical_value`."""
    from scipy.special import stdtr

    freedom = max(effective_rows(kind) - n_coefficients, 1.0)
    t = np.sqrt(freedom * np.expm1(ratio / (freedom + n_coefficients)))
    return float(2 * stdtr(freedom, -t))


def coefficient_ratio(rows: CensoredRows, best: Maximum, column: int, value: float) -> float:
    """Return the likelihood ratio 2·(ℓ_max − ℓ_max with this coefficient fixed) of the first data set."""
    start = np.delete(best.beta, column, axis=1), best.log_sigma
    return _drop(best, maximise(rows.without(column, np.array([value])), start))


def coefficient_interval(
    rows: CensoredRows, best: Maximum, column: int, critical: float
) -> tuple[float, float]:
    """Return the interval within which the likelihood ratio of one coefficient is below `critical`.

    A limit is ±inf where the ratio never reaches `critical`.

    Parameters
    ----------
    rows, best
        A stack of one data set, with columns of about unit size, and its maximum.
    """
    estimate, spread = float(best.beta[0, column]), _spread(best, column)
    step = np.sqrt(critical) * max(spread, _SMALLEST_STEP)
    gap = _gap(lambda value: coefficient_ratio(rows, best, column, value), critical)
    low, high = (
        direct
        if (direct := _direct_limit(rows, best, column, critical, side)) is not None
        else _limit(gap, estimate, side)
        for side in (-step, step)
    )
    return low, high


def level_interval(rows: CensoredRows, best: Maximum, x: float, critical: float) -> tuple[float, float]:
    """Return the interval of the level of the line where column 1 is `x` (column 0 is 1)."""
    moved = rows.design.copy()
    moved[:, :, 1] -= x
    shifted = replace(rows, design=moved)
    beta = best.beta.copy()
    beta[:, 0] += x * beta[:, 1]
    return coefficient_interval(shifted, maximise(shifted, (beta, best.log_sigma)), 0, critical)


def log_sigma_interval(rows: CensoredRows, best: Maximum, critical: float) -> tuple[float, float]:
    """Return the interval of log σ; −inf where σ = 0 is not excluded."""

    def ratio(value: float) -> float:
        if value <= SMALLEST_LOG_SIGMA:
            return ratio(SMALLEST_LOG_SIGMA + _SMALLEST_STEP)
        at_sigma = maximise(rows, (best.beta, np.array([value])), hold_sigma=True)
        return _drop(best, at_sigma)

    estimate = float(best.log_sigma[0])
    low, high = interval(ratio, estimate, min(_spread(best, -1), 1.0), critical)
    return (low if low > SMALLEST_LOG_SIGMA else -np.inf), high


def interval(
    ratio: Callable[[float], float], estimate: float, spread: float, critical: float
) -> tuple[float, float]:
    """Return the two values at which `ratio`, 0 at the estimate, reaches `critical`; ±inf: it never does."""
    gap = _gap(ratio, critical)
    step = np.sqrt(critical) * max(spread, _SMALLEST_STEP)
    return _limit(gap, estimate, -step), _limit(gap, estimate, step)


def _gap(ratio: Callable[[float], float], critical: float) -> Callable[[float], float]:
    """Return how far the root of `ratio` lies above that of `critical`: nearly straight in the value."""

    @cache  # the ends that are stepped to are asked for again when the limit is solved
    def gap(value: float) -> float:
        return float(np.sqrt(ratio(value)) - np.sqrt(critical))

    return gap


def _direct_limit(
    rows: CensoredRows, best: Maximum, column: int, critical: float, far: float
) -> float | None:
    """Go straight to the limit on the side of `far`; None where that is not sure to be the nearest limit.

    All parameters move at once (Venzon & Moolgavkar 1988, doi:10.2307/2347496): the others to their highest
    log L, the coefficient by Newton's method to the root of the likelihood ratio, which is nearly straight.
    """
    at = np.append(best.beta[0], best.log_sigma[0])
    others = np.delete(np.arange(len(at)), column)
    for k in range(_DIRECT_STEPS):
        point = at[None, :-1], at[-1:]
        gradient, information = (part[0] for part in derivatives(rows, *point))
        both = np.stack([gradient[others], -information[others, column]])
        (rest, per_unit), concave = solve_definite(np.stack([information[np.ix_(others, others)]] * 2), both)
        height = float(log_likelihood(rows, *point)[0]) + float(np.sum(gradient[others] * rest)) / 2
        slope = float(gradient[column] + np.sum(gradient[others] * per_unit))
        root = np.sqrt(max(2 * (float(best.log_likelihood[0]) - height), 0.0))
        if not concave.all() or (k and slope * far >= 0):  # log L must fall outwards
            return None
        along = (root - np.sqrt(critical)) * root / slope if k else far / 2
        step = np.insert(rest + along * per_unit, column, along)
        at = at + step
        if at[-1] <= SMALLEST_LOG_SIGMA / 2:
            return None
        if np.abs(step).max() <= _ROOT_STEP * max(1.0, float(np.abs(at).max())):
            return float(at[column])
    return None


def _limit(gap: Callable[[float], float], estimate: float, step: float) -> float:
    """Step outwards, ever farther, until `gap` is positive; then solve between the last two steps."""
    from scipy.optimize import brentq

    inside, outside = estimate, estimate + step
    for _ in range(_EXPANSIONS):
        if gap(outside) > 0:
            return float(brentq(gap, inside, outside, xtol=_ROOT_STEP, rtol=_ROOT_STEP))
        inside, outside = outside, outside + _GROWTH * (outside - inside)
        if abs(outside) > _FARTHEST_LIMIT:
            break
    return float(np.copysign(np.inf, step))


def _drop(best: Maximum, restricted: Maximum) -> float:
    return max(0.0, 2 * float(best.log_likelihood[0] - restricted.log_likelihood[0]))


def _spread(best: Maximum, parameter: int) -> float:
    return float(np.sqrt(max(pseudo_inverse(best.information[:1])[0, parameter, parameter], 0.0)))
