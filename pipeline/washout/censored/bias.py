"""The line of M1, corrected for bias: with few, mostly censored rows the maximum is too steep on average.

The maximum-likelihood slope is skewed to the steep side. The maximum solves U(θ) = 0, U the score. Solving
U(θ) + A(θ) = 0 instead removes the bias of order 1/n (Firth 1993, doi:10.1093/biomet/80.1.27; Kosmidis &
Firth 2010, doi:10.1214/10-EJS579):

    A_c = ½ Σ_ab (F⁻¹)_ab Σ_rows E[(∂²f/∂a∂b)/f · ∂ log f/∂c],   F = the expected information

f is a row's likelihood: a density between its limits, Φ below its LLOQ, 1 − Φ above its ULOQ. The
expectations are moments of a truncated normal (`row_moments`), so nothing is simulated. The bias of σ² is
removed, not that of log σ: t = −(F⁻¹ of log σ) is added to the step of log σ. So without censoring the
line is that of least squares and σ² has the divisor n − k. docs/validation.md says how much bias is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats
from gating.arithmetic.eigen import pseudo_inverse, solve_definite
from pipeline.washout.censored.likelihood import (
    SMALLEST_LOG_SIGMA,
    CensoredRows,
    Maximum,
    derivatives,
)
from pipeline.washout.censored.row_moments import row_moments

_MAX_STEPS, _NEWTON_EVERY, _BIAS_TOLERANCE = 125, 8, 1e-9
"""Most steps; every which step is a Newton step; length of a step at which the equation counts as solved.
Convention: the first two bound the time; 1e-9 is less than the digits that are written."""

_LONGEST_BIAS_STEP, _WORSE = 0.5, 1.5
"""Longest step; factor by which the next step may be longer, and by which damping is eased. Convention: half
a unit of the standardised axes, so that the curve is nearly straight within a step."""

_DIFFERENCE: Final = 1e-5
"""Size of a finite difference on standardised axes. Convention: rounding and curvature both matter little."""


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """The limits at which each row would be censored, in the unit of y: `low`, `high` (B, n); ±inf: none."""

    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """The roots of the adjusted score: `beta` (B, k), `log_sigma` (B,); `converged` (B,): it is a root."""

    beta: Floats
    log_sigma: Floats
    converged: NDArray[np.bool_]


def reduce_bias(rows: CensoredRows, bounds: Bounds, best: Maximum) -> Reduced:
    """Solve U + A + F·t = 0, starting from the maximum of the likelihood.

    Each step is g = F⁻¹(U + A) + t. It is at most half a unit of the standardised axes long, and shorter if
    the last step led away from the root. With few, mostly censored rows such steps are slow. So every eighth
    step is a Newton step on g, taken only if it halves g. Rows without any scatter have no root: `converged`
    is False.

    Parameters
    ----------
    rows
        Their weights say how much a row counts: less than 1 where a patient has several, dependent rows.
    """
    theta = np.column_stack([best.beta, np.maximum(best.log_sigma, SMALLEST_LOG_SIGMA / 2)])
    step, damping = adjusted_step(rows, bounds, theta), np.ones(len(theta))
    for number in range(1, _MAX_STEPS):
        unsolved = np.flatnonzero(~(_length(step) < _BIAS_TOLERANCE))
        if not len(unsolved):
            break
        part = rows if len(unsolved) == len(step) else rows.take(unsolved)
        bounds_left = Bounds(bounds.low[unsolved], bounds.high[unsolved])
        if number % _NEWTON_EVERY:
            theta[unsolved], step[unsolved], damping[unsolved] = _moved(
                part, bounds_left, theta[unsolved], step[unsolved], damping[unsolved]
            )
        else:
            theta[unsolved], step[unsolved] = _newton(part, bounds_left, theta[unsolved], step[unsolved])
    return Reduced(theta[:, :-1], theta[:, -1], _length(step) < _BIAS_TOLERANCE)


def _newton(rows: CensoredRows, bounds: Bounds, theta: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Take the step −J⁻¹·g, J the derivative of g by central differences; stay if it does not halve g."""
    columns = [
        (adjusted_step(rows, bounds, theta + unit) - adjusted_step(rows, bounds, theta - unit))
        / (2 * _DIFFERENCE)
        for unit in _DIFFERENCE * np.eye(theta.shape[1])
    ]
    jacobian = np.stack(columns, axis=2)
    square = np.einsum("bki,bkj->bij", jacobian, jacobian)
    full_step, definite = solve_definite(square, -np.einsum("bki,bk->bi", jacobian, step))
    short = definite & (_length(full_step) < _LONGEST_BIAS_STEP)
    moved = np.where(short[:, None], theta + full_step, theta)
    next_step = adjusted_step(rows, bounds, moved)
    accepted = (short & (_length(next_step) < _length(step) / 2))[:, None]
    return np.where(accepted, moved, theta), np.where(accepted, next_step, step)


def _moved(
    rows: CensoredRows, bounds: Bounds, theta: Floats, step: Floats, damping: Floats
) -> tuple[Floats, Floats, Floats]:
    """Take a damped step; stay and damp more if the next step would be longer than before."""
    length = _length(step)
    share = damping * np.minimum(1.0, _LONGEST_BIAS_STEP / length)
    moved = theta + share[:, None] * step
    moved[:, -1] = np.maximum(moved[:, -1], SMALLEST_LOG_SIGMA)
    next_step = adjusted_step(rows, bounds, moved)
    better = _length(next_step) <= _WORSE * length
    damping = np.where(better, np.minimum(1.0, _WORSE * damping), damping / 2)
    accepted = better[:, None]
    return np.where(accepted, moved, theta), np.where(accepted, next_step, step), damping


def adjusted_step(rows: CensoredRows, bounds: Bounds, theta: Floats) -> Floats:
    """Return the step towards the root, F⁻¹(U + A) + t at (β, log σ), shape (B, k+1)."""
    beta, log_sigma = theta[:, :-1], theta[:, -1]
    information, adjustment = adjustment_of(rows, bounds, beta, log_sigma)
    score = derivatives(rows, beta, log_sigma)[0] + adjustment
    inverse = pseudo_inverse(information)
    step: Floats = np.einsum("bkl,bl->bk", inverse, score)
    step[:, -1] -= inverse[:, -1, -1]
    return step


def adjustment_of(
    rows: CensoredRows, bounds: Bounds, beta: Floats, log_sigma: Floats
) -> tuple[Floats, Floats]:
    """Return the expected information F (B, k+1, k+1) and the adjustment A (B, k+1); log σ is last."""
    variance = rows.variance(beta, log_sigma)
    scale = np.sqrt(variance + rows.sd**2)
    part = variance / scale**2
    middle = np.einsum("bnk,bk->bn", rows.design, beta)
    information, third = row_moments((bounds.low - middle) / scale, (bounds.high - middle) / scale)
    # Change of variables from m/s and log s of a row to its μ and log σ: d/dμ = 1/s, d/d log σ = p. p depends
    # on σ, too.
    turn = np.stack([1 / scale, part])
    third = np.einsum("abcij,aij,bij,cij->abcij", third, turn, turn, turn)
    third[1, 1] += 2 * part * (1 - part) * information[1] * turn
    information = np.einsum("abij,aij,bij->abij", information, turn, turn)
    whole = _of_all_rows(rows, information)
    per_row = 0.5 * np.einsum("abij,abcij->cij", _row_covariances(rows, whole), third) * rows.weight
    by_beta = np.einsum("ij,ijk->ik", per_row[0], rows.design)
    if rows.lever is not None:
        by_beta[:, -1] = np.sum(per_row[1] * rows.lever, axis=1)
    return whole, np.column_stack([by_beta, per_row[1].sum(axis=1)])


def _of_all_rows(rows: CensoredRows, information: Floats) -> Floats:
    """Sum the rows' information on (μ, log σ) to that on (β, log σ)."""
    n_sets, _, k = rows.design.shape
    weighted = information * rows.weight
    expected = np.empty((n_sets, k + 1, k + 1))
    expected[:, :k, :k] = np.einsum("bnk,bnl->bkl", rows.design * weighted[0, 0][:, :, None], rows.design)
    expected[:, :k, k] = expected[:, k, :k] = np.einsum("bn,bnk->bk", weighted[0, 1], rows.design)
    expected[:, k, k] = weighted[1, 1].sum(axis=1)
    if rows.lever is not None:
        by_mean = np.einsum("bn,bnk->bk", weighted[0, 1] * rows.lever, rows.design)
        expected[:, k - 1, :k] = expected[:, :k, k - 1] = by_mean
        expected[:, k - 1, k - 1] = np.sum(weighted[1, 1] * rows.lever**2, axis=1)
        expected[:, k - 1, k] = expected[:, k, k - 1] = np.sum(weighted[1, 1] * rows.lever, axis=1)
    return expected


def _row_covariances(rows: CensoredRows, information: Floats) -> Floats:
    """Return F⁻¹ as the covariance of each row's (μ, log σ): (2, 2, B, n)."""
    inverse = pseudo_inverse(information)
    k = rows.design.shape[2]
    of_mean = np.einsum(
        "bnk,bnk->bn", np.einsum("bnk,bkl->bnl", rows.design, inverse[:, :k, :k]), rows.design
    )
    of_both = np.einsum("bnk,bk->bn", rows.design, inverse[:, :k, k])
    of_sigma = np.broadcast_to(inverse[:, k, k][:, None], of_mean.shape)
    if rows.lever is not None:
        of_both = of_both + rows.lever * np.einsum("bnk,bk->bn", rows.design, inverse[:, :k, k - 1])
        of_sigma = of_sigma + rows.lever * (
            2 * inverse[:, k - 1, k][:, None] + rows.lever * inverse[:, k - 1, k - 1][:, None]
        )
    return np.array([[of_mean, of_both], [of_both, of_sigma]])


def _length(step: Floats) -> Floats:
    return np.asarray(np.abs(step).max(axis=1))
