"""The conditional odds ratio of a 2 x 2 table with its exact interval, for any number of patients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import LEVEL, Floats

_ODDS_TOLERANCE: Final = 1e-12
"""Tolerance of the logarithm of an odds ratio. Convention: far below the reported digits."""

_FIRST_BRACKET: Final = 2.0
"""First step of the search outwards, of the logarithm of an odds ratio; it doubles. Convention: for speed."""

FISHER_METHOD: Final = "Fisher exact, two-sided; conditional odds ratio, exact interval"


@dataclass(frozen=True, slots=True)
class ExactOdds:
    """An odds ratio and its limits: 0 and inf where a cell is empty."""

    ratio: float
    low: float
    high: float


def exact_odds(k: int, n: int, other_k: int, other_n: int, level: float = LEVEL) -> ExactOdds | None:
    """Return the odds ratio of k in n against other_k in other_n; None where all have the same outcome.

    Given the margins, k follows Fisher's noncentral hypergeometric law. At the estimate, the mean of k equals
    the observed k. At each limit, half of 1 - level lies at or beyond the observed k (Cornfield 1956; as R's
    fisher.test does). At the smallest or largest possible k, the estimate and one limit are 0 or inf.
    Probabilities are summed as logarithms: n may be thousands.

    Raises
    ------
    ValueError
        Not 0 <= k <= n in either group.

    Examples
    --------
    >>> found = exact_odds(3, 4, 1, 4)
    >>> round(found.ratio, 6), round(found.low, 4), round(found.high, 2)
    (6.40832, 0.2117, 626.24)
    """
    if not (0 <= k <= n and 0 <= other_k <= other_n):
        raise ValueError(f"{k} of {n} and {other_k} of {other_n} are no table")
    law = _Law.of(n, other_n, k + other_k)
    if law.support[0] == law.support[-1]:
        return None
    tail = (1 - level) / 2
    first, last = k == law.support[0], k == law.support[-1]
    ratio = 0.0 if first else np.inf if last else _root(lambda odds: law.mean(odds) - k)
    low = 0.0 if first else _root(lambda odds: law.at_least(k, odds) - tail)
    high = np.inf if last else _root(lambda odds: tail - law.at_most(k, odds))
    return ExactOdds(ratio, low, high)


@dataclass(frozen=True, slots=True, eq=False)
class _Law:
    """Fisher's noncentral hypergeometric distribution; both arrays have the shape (n_values,)."""

    support: NDArray[np.int64]
    log_weight: Floats

    @classmethod
    def of(cls, n: int, other_n: int, total: int) -> _Law:
        """Return the distribution of k for these margins: group sizes, and the total with the outcome."""
        from scipy.special import gammaln

        k = np.arange(max(0, total - other_n), min(n, total) + 1)
        parts = (k, n - k, total - k, other_n - total + k)
        weight = -sum((gammaln(part + 1.0) for part in parts), start=np.zeros(k.size))
        return cls(k, weight - weight.max())

    def _shares(self, log_odds: float) -> Floats:
        log_share = self.log_weight + self.support * log_odds
        share = np.exp(log_share - log_share.max())
        return np.asarray(share / share.sum())

    def mean(self, log_odds: float) -> float:
        """Return the mean of k at these log odds."""
        return float(np.sum(self.support * self._shares(log_odds)))

    def at_least(self, k: int, log_odds: float) -> float:
        """Return the probability of k or more at these log odds."""
        return float(self._shares(log_odds)[self.support >= k].sum())

    def at_most(self, k: int, log_odds: float) -> float:
        """Return the probability of k or less at these log odds."""
        return float(self._shares(log_odds)[self.support <= k].sum())


def _root(rising: Callable[[float], float]) -> float:
    """Return the odds ratio at which a function that increases with the log odds ratio is 0."""
    from scipy.optimize import brentq

    low, high, step = -_FIRST_BRACKET, _FIRST_BRACKET, _FIRST_BRACKET
    while rising(low) > 0:
        step *= 2
        low -= step
    while rising(high) < 0:
        step *= 2
        high += step
    return float(np.exp(brentq(rising, low, high, xtol=_ODDS_TOLERANCE, rtol=4 * np.finfo(float).eps)))
