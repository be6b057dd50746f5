"""The odds of an outcome along a covariate: logistic regression, Firth's where the data are separated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]

_TOLERANCE: Final = 1e-10
"""Of a coefficient at its maximum or limit. Convention: far below what is written."""

_WIDEST: Final = 60.0
"""Logarithm of an odds ratio beyond which a limit is called infinite. Convention."""

ML: Final = "logistic regression, maximum likelihood; profile-likelihood interval"
FIRTH: Final = (
    "logistic regression with Firth's penalty, since the data are separated; penalised profile interval"
)


@dataclass(frozen=True, slots=True)
class OddsRatio:
    """The odds of the outcome per unit of a covariate; None = not estimable (`note`), or a limit is open.

    Attributes
    ----------
    p
        Of the (penalised) likelihood-ratio test of an odds ratio of 1.
    per
        What one unit is.
    """

    name: str
    per: str
    n: int
    n_events: int
    odds_ratio: float | None
    low: float | None
    high: float | None
    p: float | None
    level: float = 0.95
    method: str = ML
    note: str = ""


def odds_ratio(
    name: str, per: str, covariate: ArrayLike, outcome: ArrayLike, *, level: float = 0.95
) -> OddsRatio:
    """Return the odds ratio of an outcome per unit of one covariate, with an intercept.

    Where a value of the covariate splits the outcomes (separation) the likelihood has no maximum, and Firth's
    penalised likelihood is used: log L + ½ log |I| (Firth 1993, doi:10.1093/biomet/80.1.27; Heinze & Schemper
    2002, doi:10.1002/sim.1047). Intervals are profile (penalised) likelihood ones in either case.

    Parameters
    ----------
    covariate, outcome
        Shape (n,); outcome True or False.

    Examples
    --------
    >>> found = odds_ratio("RD", "yes v no", [0, 0, 0, 1, 1, 1], [False, False, True, True, True, True])
    >>> round(found.odds_ratio, 2), found.method[:40]
    (11.67, "logistic regression with Firth's penalty")
    """
    x, y = np.asarray(covariate, float).ravel(), np.asarray(outcome, bool).ravel()
    n, k = y.size, int(y.sum())
    if n == 0 or np.ptp(x) == 0 or k in (0, n):
        same = "the covariate" if n and np.ptp(x) == 0 else "the outcome"
        note = f"{same} is the same for all" if n else "nobody has both covariate and outcome"
        return OddsRatio(name, per, n, k, None, None, None, None, level, note=note)
    firth = is_separated(x, y)
    centre, scale = float(x.mean()), float(x.std())
    values, group = np.unique((x - centre) / scale, return_inverse=True)
    totals = np.bincount(group).astype(float)
    model = _Logistic(values, np.bincount(group, weights=y).astype(float), totals, firth)
    slope, best = model.maximum()
    low, high = (model.limit(slope, best, side, level) for side in (-1, 1))
    p = _chi_square_p(2 * (best - model.profile(0.0)))
    ratio, least, most = (_ratio(value, scale) for value in (slope, low, high))
    return OddsRatio(name, per, n, k, ratio, least, most, p, level, FIRTH if firth else ML)


def is_separated(covariate: Floats, outcome: NDArray[np.bool_]) -> bool:
    """Tell whether a value of the covariate splits the outcomes, be it with a tie at that value.

    Albert & Anderson 1984, doi:10.1093/biomet/71.1.1.
    """
    yes, no = covariate[outcome], covariate[~outcome]
    return bool(yes.min() >= no.max() or no.min() >= yes.max())


@dataclass(frozen=True, slots=True, eq=False)
class _Logistic:
    """Intercept and one slope on a standardised covariate; the likelihood is penalised where `firth`.

    `x`: the distinct values of the covariate; `yes` of `total` patients at each have the outcome.
    """

    x: Floats
    yes: Floats
    total: Floats
    firth: bool

    def log_likelihood(self, intercept: float, slope: float) -> float:
        """Return log L, penalised where it is to be."""
        eta = intercept + slope * self.x
        no = self.total - self.yes
        value = -float(np.sum(self.yes * np.logaddexp(0, -eta) + no * np.logaddexp(0, eta)))
        return value + (0.5 * float(np.log(max(self._determinant(eta), 1e-300))) if self.firth else 0.0)

    def _determinant(self, eta: Floats) -> float:
        """Return the determinant of Fisher's information of intercept and slope."""
        weight = self.total * _weight(eta)
        mean = float(np.sum(weight * self.x)) / max(float(weight.sum()), 1e-300)
        return float(weight.sum() * np.sum(weight * (self.x - mean) ** 2))

    def profile(self, slope: float) -> float:
        """Return the likelihood at its maximum over the intercept."""
        from scipy.optimize import minimize_scalar

        share = float(self.yes.sum() / self.total.sum())
        middle = float(np.log(share / (1 - share)))
        reach = 6.0 + 4.0 * abs(slope)
        optimum = minimize_scalar(
            lambda intercept: -self.log_likelihood(intercept, slope),
            bounds=(middle - reach, middle + reach),
            method="bounded",
            options={"xatol": _TOLERANCE},
        )
        return -float(optimum.fun)

    def maximum(self) -> tuple[float, float]:
        """Return the slope of the highest likelihood, and that."""
        from scipy.optimize import minimize_scalar

        optimum = minimize_scalar(
            lambda slope: -self.profile(slope),
            bounds=(-30.0, 30.0),
            method="bounded",
            options={"xatol": _TOLERANCE},
        )
        return float(optimum.x), -float(optimum.fun)

    def limit(self, slope: float, best: float, side: int, level: float) -> float | None:
        """Return where the profile has fallen by half the χ² quantile; None where it never does."""
        from scipy.optimize import brentq
        from scipy.special import chdtri

        drop = best - float(chdtri(1, 1 - level)) / 2
        near, far = slope, slope + side
        while self.profile(far) > drop:
            near, far = far, far + 2 * (far - slope)
            if abs(far) > _WIDEST:
                return None
        return float(brentq(lambda value: self.profile(value) - drop, near, far, xtol=1e-10))


def _weight(eta: Floats) -> Floats:
    from scipy.special import expit

    share = expit(eta)
    return np.asarray(share * (1 - share))


def _chi_square_p(statistic: float) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(1, max(statistic, 0.0)))


def _ratio(value: float | None, scale: float) -> float | None:
    if value is None:
        return None
    return float(np.exp(value / scale)) if abs(value / scale) < _WIDEST else None
