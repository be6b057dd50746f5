"""Limits of the washout at which a share of the patients has a density, by profile likelihood."""

from __future__ import annotations

import numpy as np

from calibration.numbers import Floats
from gating.arithmetic.eigen import pseudo_inverse
from gating.arithmetic.linear import product
from pipeline.washout.censored.likelihood import SMALLEST_LOG_SIGMA, derivatives, log_likelihood
from pipeline.washout.censored.profile import interval
from pipeline.washout.line.ascent import highest
from pipeline.washout.line.line import Line

_SHARE_STEP = 0.1
"""First step outwards to a limit, on standardised axes, and relative to the estimate. Convention: the steps
grow; any first step reaches the same limit."""


def share_limits(
    line: Line, log_rd: float, z: float, likeliest: float, critical: float
) -> tuple[float, float]:
    """Return the log2 weeks between which a + b·x − z·σ may have this density.

    For each x the likelihood is maximised with the intercept held at a = log10 rd − b·x + z·σ, so that this
    share of the patients has the density at x. The limits are where 2·log L has dropped by `critical`.

    Parameters
    ----------
    z
        Normal quantile of the share: 0 for half of the patients, 1.28 for nine of ten.
    likeliest
        log2 weeks by the line of highest likelihood.
    """
    axes, top = line.axes, float(line.best.log_likelihood[0])
    level, estimate = axes.y(log_rd), axes.x(likeliest)

    def ratio(x: float) -> float:
        return max(0.0, 2 * (top - _LineThrough(line, x, level, z).highest_likelihood()))

    low, high = interval(ratio, estimate, _SHARE_STEP + _SHARE_STEP * abs(estimate), critical)
    return axes.centre_x + axes.scale_x * low, axes.centre_x + axes.scale_x * high


class _LineThrough:
    """The line without its intercept, which follows from the other parameters at a washout x."""

    def __init__(self, line: Line, x: float, level: float, z: float) -> None:
        self._line, self._x, self._level, self._z = line, x, level, z
        lever = line.rows.lever
        self._lever = None if lever is None else float(np.clip(x, lever.min(), lever.max()))

    def highest_likelihood(self) -> float:
        """Return the highest log likelihood with the intercept held."""
        start = self._line.maximum[1:]
        moves = self._moves(self._full(start))
        curvature = product(product(moves, self._line.best.information[0]), moves.T)
        return highest(self._value, start, pseudo_inverse(curvature[None])[0])[1]

    def _value(self, rest: Floats) -> tuple[float, Floats]:
        full = self._full(rest)
        beta, log_sigma = full[None, :-1], full[-1:]
        gradient = derivatives(self._line.rows, beta, log_sigma)[0]
        value = float(log_likelihood(self._line.rows, beta, log_sigma)[0])
        slope = np.sum(self._moves(full) * gradient[0], axis=1)
        if rest[-1] <= SMALLEST_LOG_SIGMA:
            slope[-1] = 0.0
        return value, slope

    def _full(self, rest: Floats) -> Floats:
        """Return β and log σ, (k+1,), from all of them but the intercept, (k,)."""
        bounded = np.append(rest[:-1], max(float(rest[-1]), SMALLEST_LOG_SIGMA))
        return np.append(self._level - rest[0] * self._x + self._z * self._sigma(bounded), bounded)

    def _sigma(self, parameters: Floats) -> float:
        """Return σ of the patients at x, on the standardised axis."""
        change = 0.0 if self._lever is None else float(parameters[-2]) * self._lever
        return float(np.exp(parameters[-1] + change))

    def _moves(self, full: Floats) -> Floats:
        """Return how β and log σ move with each parameter but the intercept, (k, k+1)."""
        by_sigma = self._z * self._sigma(full)
        moves = np.column_stack([np.zeros(len(full) - 1), np.eye(len(full) - 1)])
        moves[0, 0] = -self._x
        moves[-1, 0] = by_sigma
        if self._lever is not None:
            moves[-2, 0] += by_sigma * self._lever
        return moves
