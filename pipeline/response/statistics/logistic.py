"""Odds of an outcome against a covariate: logistic regression, with Firth's penalty for separated data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.numbers import LEAST_POSITIVE, LEVEL, Floats
from pipeline.files.json_names import WRITTEN_AS
from pipeline.response.statistics.ratio import RatioPerUnit
from pipeline.response.statistics.strength import strength

_LOGISTIC_TOLERANCE: Final = 1e-10
"""Tolerance of a coefficient at its maximum or limit. Convention: far below the reported digits."""

_WIDEST: Final = 60.0
"""Logarithm of an odds ratio beyond which a limit is called infinite. Convention: a ratio of 10^26, which no
data can distinguish from an infinite one."""

_GRID, _MOST_PLACES, _BEYOND, _BEYOND_LOG_N = 0.4, 600, 8.0, 2.0
"""Intercepts at which maxima are searched: their distance, their largest number, and how far they extend
beyond the outermost step, or beyond ln n if that is farther. Convention: a step of the logistic curve is some
4 wide; half an event of n patients has the logit -ln 2n."""

_PARTS, _NARROWINGS = 5, 11
"""Parts per refinement of a maximum, and number of refinements: each makes the range five times smaller.
Arithmetic: 5^11 parts are below the reported digits."""

_SCANNED, _STEEPEST = 61, 300.0
"""Slopes of the scan, per SD of the covariate, and the steepest. Convention: at 300 the odds of patients a
hundredth of an SD apart differ twenty-fold."""

_REACH, _REACH_PER_SLOPE, _STEEPEST_TRIED, _SECOND_PART = 6.0, 4.0, 30.0, 16
"""Reach of the search for an intercept, at slope 0 and per slope; steepest slope, per SD; log L rises between
two points by less than n · step² over the last. Convention: 30 separates; its curvature is below n / 4."""


class OddsMethod(StrEnum):
    """How an odds ratio was estimated; the value is the sentence in the results."""

    LIKELIHOOD = "logistic regression, maximum likelihood; profile-likelihood interval"
    PENALISED = (
        "logistic regression with Firth's penalty, since the data are separated; penalised profile interval"
    )
    TRUE_VALUES = (
        "logistic regression on the true value, integrated over its measurement error and its limits; "
        "Firth's penalty; penalised profile interval"
    )


@dataclass(frozen=True, slots=True)
class OddsRatio(RatioPerUnit):
    """The odds ratio of the outcome per unit of a covariate."""

    ratio: float | None = field(metadata={WRITTEN_AS: "odds_ratio"})
    method: OddsMethod = OddsMethod.LIKELIHOOD


def odds_ratio(
    name: str, per: str, covariate: ArrayLike, outcome: ArrayLike, *, level: float = LEVEL
) -> OddsRatio:
    """Return the odds ratio of an outcome per unit of one covariate, with an intercept.

    Where a value of the covariate separates the outcomes, the likelihood has no maximum, and Firth's
    penalised likelihood is used: log L + ½ log |I| (Firth 1993, doi:10.1093/biomet/80.1.27; Heinze & Schemper
    2002, doi:10.1002/sim.1047). Intervals are profile (penalised) likelihood ones in either case; the
    penalised profile is the highest over all intercepts, even where it has several maxima.

    Parameters
    ----------
    covariate, outcome
        Shape (n,); outcome True or False.

    Examples
    --------
    >>> found = odds_ratio("RD", "yes v no", [0, 0, 0, 1, 1, 1], [False, False, True, True, True, True])
    >>> round(found.ratio, 2), found.method[:40]
    (11.67, "logistic regression with Firth's penalty")
    """
    from scipy.special import chdtri

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
    yes = np.bincount(group, weights=y).astype(float)
    model = Penalised(values, yes, totals) if firth else Logistic(values, yes, totals)
    slope, best, low, high = model.estimate(float(chdtri(1, 1 - level)) / 2)
    p = _chi_square_p(2 * (best - model.profile(0.0)))
    ratio, least, most = (ratio_of(value, scale) for value in (slope, low, high))
    note = "" if ratio is not None else "the step from no to yes is too steep for a number"
    words = strength(n, k, least, most, p)
    method = OddsMethod.PENALISED if firth else OddsMethod.LIKELIHOOD
    return OddsRatio(name, per, n, k, ratio, least, most, p, level, method, note, words)


def is_separated(covariate: Floats, outcome: NDArray[np.bool_]) -> bool:
    """Return whether a value of the covariate separates the outcomes; ties at that value are allowed.

    Albert & Anderson 1984, doi:10.1093/biomet/71.1.1.
    """
    yes, no = covariate[outcome], covariate[~outcome]
    return bool(yes.min() >= no.max() or no.min() >= yes.max())


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """Maximum likelihood of intercept and slope on a standardised covariate: concave, so one maximum.

    `x`: the distinct values of the covariate; `yes` of `total` patients at each have the outcome.
    """

    x: Floats
    yes: Floats
    total: Floats

    def log_likelihood(self, intercepts: Floats, slope: float | Floats) -> Floats:
        """Return log L at each intercept, of one slope for all or of one for each: shape (n_intercepts,)."""
        return self._log_l(*_surprise(intercepts, slope, self.x))

    def _log_l(self, of_yes: Floats, of_no: Floats) -> Floats:
        no = self.total - self.yes
        return np.asarray(-np.sum(self.yes * of_yes + no * of_no, axis=1))

    def profile(self, slope: float) -> float:
        """Return the highest likelihood over the intercept."""
        from scipy.optimize import minimize_scalar

        share = float(self.yes.sum() / self.total.sum())
        middle = float(np.log(share / (1 - share)))
        reach = _REACH + _REACH_PER_SLOPE * abs(slope)
        optimum = minimize_scalar(
            lambda intercept: -float(self.log_likelihood(np.array([intercept]), slope)[0]),
            bounds=(middle - reach, middle + reach),
            method="bounded",
            options={"xatol": _LOGISTIC_TOLERANCE},
        )
        return -float(optimum.fun)

    def estimate(self, fall: float) -> tuple[float, float, float | None, float | None]:
        """Return the best slope, its log likelihood, and the slopes at which that has fallen by `fall`.

        A slope is None where the likelihood never falls so far.
        """
        slope, best = _highest(self.profile, -_STEEPEST_TRIED, _STEEPEST_TRIED)
        low, high = (self._limit(slope, best - fall, side) for side in (-1, 1))
        return slope, best, low, high

    def _limit(self, slope: float, least: float, side: int) -> float | None:
        near, far = slope, slope + side
        while self.profile(far) > least:
            near, far = far, far + 2 * (far - slope)
            if abs(far) > _WIDEST:
                return None
        return _crossing(self.profile, least, near, far)


@dataclass(frozen=True, slots=True, eq=False)
class Penalised(Logistic):
    """Likelihood with Firth's penalty. It may have several maxima, so all are searched on a grid.

    A maximum over the intercept may lie at each possible step from no to yes. A grid finer than the width of
    a step finds all maxima; each one that may be the highest is refined. Slopes are scanned in the same way.
    """

    def log_likelihood(self, intercepts: Floats, slope: float | Floats) -> Floats:
        """Return log L + ½ log |I| at each intercept, of one slope or of each: shape (n_intercepts,)."""
        both = _surprise(intercepts, slope, self.x)
        return np.asarray(self._log_l(*both) + 0.5 * _log_information(self.x, self.total, *both))

    def profile(self, slope: float) -> float:
        """Return the highest penalised likelihood over the intercept."""
        return float(self._profiles(np.array([slope]))[0])

    def _profiles(self, slopes: Floats) -> Floats:
        """Return the profile of each slope, (n_slopes,); the maxima of all slopes are refined together."""
        low, high, of = [], [], []
        for number_of_slope, slope in enumerate(slopes.tolist()):
            intercepts = self._places(slope)
            value = self.log_likelihood(intercepts, slope)
            inner = (value[1:-1] > value[:-2]) & (value[1:-1] >= value[2:])
            inner &= value[1:-1] >= value.max() - 1.0 - _GRID**2 * float(self.total.sum()) / _SECOND_PART
            summits = np.flatnonzero(inner) + 1
            low.append(intercepts[summits - 1])
            high.append(intercepts[summits + 1])
            of.append(np.full(len(summits), number_of_slope))
        number = np.concatenate(of)
        value = self._narrowed(np.concatenate(low), np.concatenate(high), slopes[number])
        highest = np.full(len(slopes), -np.inf)
        np.maximum.at(highest, number, value)
        return highest

    def _places(self, slope: float) -> Floats:
        """Return intercepts closer together than the width of a step, or one intercept at each step."""
        centres = -slope * self.x
        beyond = max(_BEYOND, float(np.log(self.total.sum())) + _BEYOND_LOG_N)
        low, high = float(centres.min()) - beyond, float(centres.max()) + beyond
        grid = np.linspace(low, high, min(int((high - low) / _GRID) + 2, _MOST_PLACES))
        if len(grid) < _MOST_PLACES or len(centres) > _MOST_PLACES:
            return np.asarray(grid)
        between = (centres[1:] + centres[:-1]) / 2
        return np.unique(np.concatenate([grid, centres, between]))

    def _narrowed(self, low: Floats, high: Floats, slope: Floats) -> Floats:
        """Return the height of the single maximum between each two intercepts, all of shape (n_maxima,)."""
        summits, n = np.arange(len(low)), 2 * _PARTS + 1
        parts, slopes = np.arange(n, dtype=float), np.repeat(slope, n)
        for _ in range(_NARROWINGS):
            intercepts = low[:, np.newaxis] + parts * ((high - low) / (n - 1))[:, np.newaxis]
            intercepts[:, -1] = high
            value = self.log_likelihood(intercepts.ravel(), slopes).reshape(intercepts.shape)
            top = np.argmax(value, axis=1).clip(1, 2 * _PARTS - 1)
            low, high = intercepts[summits, top - 1], intercepts[summits, top + 1]
        return np.asarray(value.max(axis=1))

    def estimate(self, fall: float) -> tuple[float, float, float | None, float | None]:
        """Return the best slope, its penalised log likelihood, and the outermost slopes of its interval.

        Where the profile falls and rises again, slopes in between count as inside. A limit is None where the
        scan ends inside.
        """
        scanned = np.sinh(np.linspace(-1, 1, _SCANNED) * np.arcsinh(_STEEPEST))
        value = self._profiles(scanned)
        top = min(max(int(np.argmax(value)), 1), len(scanned) - 2)
        slope, best = _highest(self.profile, float(scanned[top - 1]), float(scanned[top + 1]))
        index = int(np.searchsorted(scanned, slope))
        slopes, inside = np.insert(scanned, index, slope), np.insert(value > best - fall, index, True)
        first, last = int(np.flatnonzero(inside)[0]), int(np.flatnonzero(inside)[-1])
        at_ends = (first == 0, last == len(slopes) - 1)
        low = None if at_ends[0] else self._between(best - fall, slopes[first], slopes[first - 1])
        high = None if at_ends[1] else self._between(best - fall, slopes[last], slopes[last + 1])
        return slope, best, low, high

    def _between(self, least: float, near: float, far: float) -> float:
        return _crossing(self.profile, least, float(near), float(far))


def _surprise(intercepts: Floats, slope: float | Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return minus the log probability of yes, and of no: (n_intercepts, n_values)."""
    eta = intercepts[:, np.newaxis] + np.reshape(slope, (-1, 1)) * x
    return np.logaddexp(0, -eta), np.logaddexp(0, eta)


def _log_information(x: Floats, total: Floats, of_yes: Floats, of_no: Floats) -> Floats:
    """Return log |I| of intercept and slope, from log weights: so no weight underflows far from a step."""
    log_weight = np.log(total) - of_no - of_yes
    rows, heaviest = np.arange(len(log_weight)), np.argmax(log_weight, axis=1)
    top = log_weight[rows, heaviest]
    mass = np.exp(log_weight - top[:, np.newaxis]).sum(axis=1)
    away = x - x[heaviest][:, np.newaxis]
    log_weight[rows, heaviest] = -np.inf
    next_top = log_weight.max(axis=1)
    weighted_distance = np.exp(log_weight - next_top[:, np.newaxis]) * away
    first, second = weighted_distance.sum(axis=1), np.sum(weighted_distance * away, axis=1)
    # |I| = mass · Σ w away² - (Σ w away)², with away = x less the heaviest value
    less = np.exp(next_top - top) * first**2
    return np.asarray(top + next_top + np.log(np.maximum(mass * second - less, LEAST_POSITIVE)))


def _highest(profile: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Return the maximum of a profile between two slopes, where it has only one: slope and height."""
    from scipy.optimize import minimize_scalar

    optimum = minimize_scalar(
        lambda slope: -profile(slope),
        bounds=(low, high),
        method="bounded",
        options={"xatol": _LOGISTIC_TOLERANCE},
    )
    return float(optimum.x), -float(optimum.fun)


def _crossing(profile: Callable[[float], float], least: float, near: float, far: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(lambda slope: profile(slope) - least, near, far, xtol=_LOGISTIC_TOLERANCE))


def _chi_square_p(statistic: float) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(1, max(statistic, 0.0)))


def ratio_of(value: float | None, scale: float) -> float | None:
    """Return exp(value / scale): the ratio per unit, from a coefficient per scale; None for an open end."""
    if value is None:
        return None
    return float(np.exp(value / scale)) if abs(value / scale) < _WIDEST else None
