"""The odds of an outcome along a covariate that was measured with error: Firth's logistic regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from calibration.numbers import LEAST_POSITIVE, LEVEL, Floats
from pipeline.response.statistics.logistic import (
    Logistic,
    OddsMethod,
    OddsRatio,
    Penalised,
    is_separated,
    ratio_of,
)
from pipeline.response.statistics.strength import strength
from pipeline.response.statistics.true_values import TrueValues


@dataclass(frozen=True, slots=True, eq=False)
class _Behind:
    """The true values of the covariate, standardised: nodes and weights of shape (n, n_nodes)."""

    nodes: Floats
    weights: Floats
    outcome: Floats

    def log_likelihood(self, intercepts: Floats, slope: float | Floats) -> Floats:
        """Return log L + ½ log |I| at each intercept, of one slope or of each: shape (n_intercepts,)."""
        slopes = np.broadcast_to(slope, intercepts.shape)
        return np.array([self._at(*pair) for pair in zip(intercepts.tolist(), slopes.tolist(), strict=True)])

    def _at(self, intercept: float, slope: float) -> float:
        from scipy.special import expit

        eta = intercept + slope * self.nodes
        p = expit(eta)
        yes = self.outcome[:, np.newaxis]
        each = np.sum(self.weights * np.where(yes > 0, p, expit(-eta)), axis=1)
        q = self.weights * p * expit(-eta)
        sum_q, sum_qx, sum_qx2 = (
            float(q.sum()),
            float((q * self.nodes).sum()),
            float((q * self.nodes**2).sum()),
        )
        information = max(sum_q * sum_qx2 - sum_qx**2, LEAST_POSITIVE)
        return float(np.sum(np.log(np.maximum(each, LEAST_POSITIVE))) + 0.5 * np.log(information))


@dataclass(frozen=True, slots=True, eq=False)
class _Overlapping(Logistic):
    """The likelihood where the outcomes overlap: it has one maximum over the intercept."""

    behind: _Behind

    def log_likelihood(self, intercepts: Floats, slope: float | Floats) -> Floats:
        """Return the likelihood averaged over the true values, shape (n_intercepts,)."""
        return self.behind.log_likelihood(intercepts, slope)


@dataclass(frozen=True, slots=True, eq=False)
class _Separated(Penalised):
    """The likelihood where the covariate separates the outcomes: several maxima over the intercept."""

    behind: _Behind

    def log_likelihood(self, intercepts: Floats, slope: float | Floats) -> Floats:
        """Return the likelihood averaged over the true values, shape (n_intercepts,)."""
        return self.behind.log_likelihood(intercepts, slope)


def dose_response(
    name: str, per: str, covariate: TrueValues, outcome: ArrayLike, *, level: float = LEVEL
) -> OddsRatio:
    """Return the odds ratio of an outcome per unit of a covariate whose errors and limits are known.

    The likelihood of each patient is the probability of the outcome, averaged over the distribution of the
    true value (structural model; Carroll 2006, doi:10.1201/9781420010138); the distribution of the true
    values is treated as known. With Firth's penalty ½ log |I| (1993, doi:10.1093/biomet/80.1.27), which keeps
    the slope finite and removes its small-sample bias. Without errors and limits the method is Firth's
    regression.

    Parameters
    ----------
    per
        Name of one unit.
    covariate
        True values of n patients.
    outcome
        Shape (n,), True or False.

    Examples
    --------
    >>> from pipeline.response.statistics.true_values import true_values
    >>> known = true_values([0, 1, 2, 3, 4, 5], [0] * 6, [0.0] * 6)
    >>> found = dose_response("RD", "doubling", known, [False, False, True, False, True, True])
    >>> found.n, found.n_events, round(found.ratio, 2)
    (6, 3, 1.97)
    """
    from scipy.special import chdtrc, chdtri

    y = np.asarray(outcome, bool).ravel()
    n, k = y.size, int(y.sum())
    if k in (0, n):
        return OddsRatio(
            name,
            per,
            n,
            k,
            None,
            None,
            None,
            None,
            level,
            OddsMethod.TRUE_VALUES,
            "the outcome is the same for all",
        )
    x = (covariate.expected - covariate.centre) / covariate.spread
    behind = _Behind(
        (covariate.nodes - covariate.centre) / covariate.spread, covariate.weights, y.astype(float)
    )
    rows = (x, y.astype(float), np.ones(n), behind)
    model: Logistic = _Separated(*rows) if is_separated(x, y) else _Overlapping(*rows)
    slope, best, low, high = model.estimate(float(chdtri(1, 1 - level)) / 2)
    p = float(chdtrc(1, max(2 * (best - model.profile(0.0)), 0.0)))
    ratio, least, most = (ratio_of(part, covariate.spread) for part in (slope, low, high))
    words = strength(n, k, least, most, p)
    return OddsRatio(name, per, n, k, ratio, least, most, p, level, OddsMethod.TRUE_VALUES, "", words)
