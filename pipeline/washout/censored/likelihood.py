"""Likelihood of a linear model with measured and censored values, fitted to many data sets at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import HALF_LOG_2PI, LEAST_POSITIVE, LEAST_VARIANCE, Floats
from gating.arithmetic.eigen import eigenpairs, is_definite, solve_definite

LEFT, OBSERVED, RIGHT = -1, 0, 1
"""How a value is censored. Convention: the sign is the side."""

_MAX_ITERATIONS, _MAX_HALVINGS = 200, 40
"""Most Newton steps, and most halvings of a step. Convention: about ten steps reach a maximum."""

_TOLERANCE, _UNSEEN_RISE = 1e-13, 1e-10
"""Rises of log L that rounding hides: a relative and an absolute one. Arithmetic: float64."""

_LARGEST_COEFFICIENT: Final = 1e6
"""Coefficient on standardised axes above which the likelihood has no maximum. Convention: a million SDs."""

_LEAST_INFORMATION: Final = 1e-7
"""Information per row below which the data do not determine a coefficient. Convention: near rounding."""

SMALLEST_LOG_SIGMA: Final = -14.0
"""Smallest ln σ: here the rows lie on a line. Arithmetic: e^-14 is a millionth of the spread of the rows."""

_LARGEST_LOG_SIGMA: Final = 50.0
"""Largest ln σ of a row. Convention: its square fits into float64."""

_STILL_RISING, _FLAT_PART, _RIDGE, _LEAST_START, _LARGEST_LOG = 1e-6, 1e-10, 1e-9, 1e-6, 700.0
"""Rise that a stuck ascent may still predict; least part of the largest curvature; ridge and least variance
of the start; largest logarithm. Convention: a millionth moves no limit; the rest is near rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class CensoredRows:
    """A stack of B data sets of n rows and k columns of the design.

    Attributes
    ----------
    design : (B, n, k)
        The first column is usually 1.
    y : (B, n)
        The value, or the limit at which it is censored.
    kind : (B, n)
        `LEFT` (y is below its limit), `OBSERVED` or `RIGHT` (above).
    sd : (B, n)
        Known SD of the measurement, in the unit of y; 0 where it is not known.
    weight : (B, n)
        How often a row counts (cluster bootstrap); 1 otherwise.
    lever : (B, n), optional
        Then log σ of a row is log σ + γ·lever, γ the last coefficient, whose column of the design is 0.
    """

    design: Floats
    y: Floats
    kind: NDArray[np.int8]
    sd: Floats
    weight: Floats
    lever: Floats | None = None

    def take(self, index: NDArray[np.intp]) -> CensoredRows:
        """Return the data sets with these indices in the stack."""
        lever = None if self.lever is None else self.lever[index]
        return CensoredRows(
            self.design[index], self.y[index], self.kind[index], self.sd[index], self.weight[index], lever
        )

    def without(self, column: int, coefficient: Floats) -> CensoredRows:
        """Hold one coefficient, shape (B,), by moving its column to the left-hand side."""
        moved = self.y - coefficient[:, None] * self.design[:, :, column]
        return replace(self, design=np.delete(self.design, column, axis=2), y=moved)

    def variance(self, beta: Floats, log_sigma: Floats) -> Floats:
        """Return σ² of each row without its measurement variance, (B, n) or (B, 1)."""
        if self.lever is None:
            return np.asarray(np.exp(2 * log_sigma)[:, None])
        of_row = log_sigma[:, None] + beta[:, -1:] * self.lever
        return np.asarray(np.exp(2 * np.clip(of_row, SMALLEST_LOG_SIGMA, _LARGEST_LOG_SIGMA)))


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """The maximum of the likelihood: `beta` (B, k), `log_sigma`, `log_likelihood`, `converged` (B,).

    `information` (B, k+1, k+1) is minus the second derivative with log sigma as the last parameter.
    """

    beta: Floats
    log_sigma: Floats
    log_likelihood: Floats
    information: Floats
    converged: NDArray[np.bool_]

    def is_determined(self, n: int) -> NDArray[np.bool_]:
        """Return which data sets of n rows determine all of β: the ascent converged on a curved summit."""
        of_beta = self.information[:, :-1, :-1]
        # if the matrix less the limit is positive definite, every eigenvalue is above the limit
        return self.converged & is_definite(of_beta - _LEAST_INFORMATION * n * np.eye(of_beta.shape[1]))


def single(design: Floats, y: Floats, kind: NDArray[np.int8], sd: Floats) -> CensoredRows:
    """Return one data set as a stack of one.

    Parameters
    ----------
    design : (n, k)
    y, kind, sd : (n,)
    """
    return CensoredRows(design[None], y[None], kind[None], sd[None], np.ones_like(y)[None])


def log_likelihood(rows: CensoredRows, beta: Floats, log_sigma: Floats) -> Floats:
    """Return the log likelihood of each data set, shape (B,).

    With s² = σ² + sd² and z = (y − Xβ)/s: an observed row gives log φ(z)/s, a left-censored one log Φ(z), a
    right-censored one log Φ(−z) (Tobin 1958, doi:10.2307/1907382).
    """
    from scipy.special import log_ndtr

    scale = np.sqrt(rows.variance(beta, log_sigma) + rows.sd**2)
    z = (rows.y - _linear(rows.design, beta)) / scale
    observed = -0.5 * z**2 - np.log(scale) - HALF_LOG_2PI
    terms = np.where(rows.kind == OBSERVED, observed, log_ndtr(-rows.kind * z))
    total: Floats = np.sum(rows.weight * terms, axis=1)
    return total


def derivatives(rows: CensoredRows, beta: Floats, log_sigma: Floats) -> tuple[Floats, Floats]:
    """Return the gradient (B, k+1) and minus the second derivative (B, k+1, k+1); log sigma is last."""
    variance = rows.variance(beta, log_sigma)
    scale = np.sqrt(variance + rows.sd**2)
    part = variance / scale**2  # d log s / d log σ
    z = (rows.y - _linear(rows.design, beta)) / scale
    first, second = by_z(z, rows.kind)
    observed = rows.kind == OBSERVED
    d_mu = -first / scale
    d_tau = -part * (observed + first * z)
    d_mu2 = second / scale**2
    d_mu_tau = part * (second * z + first) / scale
    d_tau2 = part**2 * z * (second * z + first) - 2 * part * (1 - part) * (observed + first * z)
    return _assemble(rows, (d_mu, d_tau), (d_mu2, d_mu_tau, d_tau2))


def maximise(
    rows: CensoredRows, start: tuple[Floats, Floats] | None = None, *, hold_sigma: bool = False
) -> Maximum:
    """Maximise the likelihood over β and σ of every data set by a damped Newton ascent.

    Without measurement SDs the likelihood has one maximum (it is concave in β/σ and 1/σ; Olsen 1978,
    doi:10.2307/1913082), so an ascent that never goes down reaches it from any start. Where the likelihood is
    not concave, the step uses the absolute curvature.

    Parameters
    ----------
    rows
        The columns of the design and y must be of about unit size. log σ stays above `SMALLEST_LOG_SIGMA`,
        where the rows lie on the line without scatter.
    start
        β (B, k) and log σ (B,); None: the least-squares line through values and limits.
    hold_sigma
        Keep log σ at its start.
    """
    beta, tau = _least_squares(rows) if start is None else (start[0].copy(), start[1].copy())
    if not hold_sigma:
        # below this the likelihood is nearly flat along log σ, and the ascent would stop without a summit
        tau = np.maximum(tau, SMALLEST_LOG_SIGMA / 2)
    value = log_likelihood(rows, beta, tau)
    converged = np.zeros(len(value), dtype=bool)
    active = np.arange(len(value))
    for _ in range(_MAX_ITERATIONS):
        part = rows if len(active) == len(value) else rows.take(active)
        step, decrement = _newton_step(part, beta[active], tau[active], hold_sigma=hold_sigma)
        done = decrement < _TOLERANCE * (1 + np.abs(value[active]))
        new = _line_search(part, (beta[active], tau[active], value[active]), step, decrement)
        beta[active], tau[active], value[active], moved = new
        done |= ~moved & (decrement < _STILL_RISING)
        stuck = ~moved | (np.abs(beta[active]).max(axis=1) > _LARGEST_COEFFICIENT)
        converged[active] = done
        active = active[~(done | stuck)]
        if not len(active):
            break
    return Maximum(beta, tau, value, derivatives(rows, beta, tau)[1], converged)


def _linear(design: Floats, beta: Floats) -> Floats:
    product: Floats = np.einsum("bnk,bk->bn", design, beta)
    return product


def by_z(z: Floats, kind: NDArray[np.int8]) -> tuple[Floats, Floats]:
    """Return the first and second derivative of each row's log likelihood by z."""
    from scipy.special import log_ndtr

    t = -kind * z
    mills = np.exp(np.minimum(-0.5 * t**2 - HALF_LOG_2PI - log_ndtr(t), _LARGEST_LOG))
    observed = kind == OBSERVED
    first = np.where(observed, -z, -kind * mills)
    second = np.where(observed, -1.0, np.clip(-mills * (t + mills), -1.0, 0.0))
    return first, second


def _assemble(
    rows: CensoredRows, first: tuple[Floats, Floats], second: tuple[Floats, Floats, Floats]
) -> tuple[Floats, Floats]:
    n_sets, _, k = rows.design.shape
    gradient = np.empty((n_sets, k + 1))
    information = np.empty((n_sets, k + 1, k + 1))
    weighted = [rows.weight * term for term in (*first, *second)]
    gradient[:, :k] = np.einsum("bn,bnk->bk", weighted[0], rows.design)
    gradient[:, k] = weighted[1].sum(axis=1)
    information[:, :k, :k] = -np.einsum("bnk,bnl->bkl", rows.design * weighted[2][:, :, None], rows.design)
    information[:, :k, k] = information[:, k, :k] = -np.einsum("bn,bnk->bk", weighted[3], rows.design)
    information[:, k, k] = -weighted[4].sum(axis=1)
    if rows.lever is not None:
        _add_lever(rows, weighted, gradient, information)
    return gradient, information


def _add_lever(rows: CensoredRows, weighted: Sequence[Floats], gradient: Floats, information: Floats) -> None:
    """Add the derivatives by γ in place; γ·lever is added to log σ of a row, and its design column is 0."""
    _, d_tau, _, d_mu_tau, d_tau2 = weighted
    lever, k = np.asarray(rows.lever), rows.design.shape[2]
    gradient[:, k - 1] = np.sum(d_tau * lever, axis=1)
    by_mean = -np.einsum("bn,bnk->bk", d_mu_tau * lever, rows.design)
    information[:, k - 1, :k] = information[:, :k, k - 1] = by_mean
    information[:, k - 1, k - 1] = -np.sum(d_tau2 * lever**2, axis=1)
    information[:, k - 1, k] = information[:, k, k - 1] = -np.sum(d_tau2 * lever, axis=1)


def _newton_step(rows: CensoredRows, beta: Floats, tau: Floats, *, hold_sigma: bool) -> tuple[Floats, Floats]:
    gradient, information = derivatives(rows, beta, tau)
    _hold(gradient, information, hold_sigma | ((tau <= SMALLEST_LOG_SIGMA) & (gradient[:, -1] < 0)))
    step, concave = solve_definite(information, gradient)
    not_concave = np.flatnonzero(~concave)
    if len(not_concave):
        step[not_concave] = _by_absolute_curvature(gradient[not_concave], information[not_concave])
    step *= np.minimum(1.0, 2.0 / np.maximum(np.abs(step[:, -1]), LEAST_POSITIVE))[:, None]
    return step, np.einsum("bi,bi->b", step, gradient)


def _by_absolute_curvature(gradient: Floats, information: Floats) -> Floats:
    """Return the steps (B, k+1) where the surface is not concave, or hardly curved in some direction."""
    values, vectors = eigenpairs(information)
    curvature = np.maximum(
        np.abs(values), _FLAT_PART * np.abs(values).max(axis=1, keepdims=True) + LEAST_POSITIVE
    )
    along = np.einsum("bji,bj->bi", vectors, gradient) / curvature
    return np.asarray(np.einsum("bij,bj->bi", vectors, along))


def _hold(gradient: Floats, information: Floats, fixed: NDArray[np.bool_]) -> None:
    """Fix log σ of these data sets: no step moves it. Works in place."""
    gradient[fixed, -1] = 0.0
    information[fixed, -1, :] = information[fixed, :, -1] = 0.0
    information[fixed, -1, -1] = 1.0


def _line_search(
    rows: CensoredRows, start: tuple[Floats, Floats, Floats], step: Floats, decrement: Floats
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Halve each step until the likelihood rises; a data set that cannot rise stays where it is.

    The last step of an ascent is taken without this check, since rounding hides so small a rise.
    """
    beta, tau, value = (part.copy() for part in start)
    rising = np.arange(len(value))
    length = 1.0
    for _ in range(_MAX_HALVINGS):
        part = rows if len(rising) == len(value) else rows.take(rising)
        new_beta = start[0][rising] + length * step[rising, :-1]
        new_tau = np.maximum(start[1][rising] + length * step[rising, -1], SMALLEST_LOG_SIGMA)
        new_value = log_likelihood(part, new_beta, new_tau)
        better = (new_value > start[2][rising]) | (decrement[rising] < _UNSEEN_RISE)
        chosen = rising[better]
        beta[chosen], tau[chosen], value[chosen] = new_beta[better], new_tau[better], new_value[better]
        rising = rising[~better]
        if not len(rising):
            break
        length /= 2
    moved = np.ones(len(value), dtype=bool)
    moved[rising] = False
    return beta, tau, value, moved


def _least_squares(rows: CensoredRows) -> tuple[Floats, Floats]:
    """Return the least-squares line through values and limits: only a start for the ascent."""
    weighted = rows.design * rows.weight[:, :, None]
    normal = np.einsum("bnk,bnl->bkl", weighted, rows.design)
    normal += _RIDGE * np.trace(normal, axis1=1, axis2=2)[:, None, None] * np.eye(normal.shape[1])
    beta, _ = solve_definite(normal, np.einsum("bnk,bn->bk", weighted, rows.y), least=0.0)
    residual = rows.y - _linear(rows.design, beta)
    spread = np.sum(rows.weight * residual**2, axis=1) / np.maximum(rows.weight.sum(axis=1), LEAST_VARIANCE)
    return beta, 0.5 * np.log(np.maximum(spread, _LEAST_START))
