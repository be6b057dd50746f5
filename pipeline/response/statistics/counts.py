"""Proportions k of n, and exact comparisons of two or more of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.numbers import LEVEL
from pipeline.response.statistics.exact_odds import FISHER_METHOD, exact_odds
from pipeline.response.statistics.logistic import OddsRatio, odds_ratio
from pipeline.response.statistics.strength import strength

LARGEST_EXACT_TREND = 200
"""Most patients for an exact p of the trend. Convention: for speed; with more patients the normal
approximation is good."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """k of n with its exact interval; `percent` and the limits are None where n is 0.

    Examples
    --------
    >>> print(proportion("DCR", 12, 32))
    12/32 = 37.5 % (21.1–56.3)
    """

    name: str
    k: int
    n: int
    percent: float | None
    low: float | None
    high: float | None
    level: float = LEVEL
    method: str = "Clopper-Pearson"

    def __str__(self) -> str:
        if self.percent is None or self.low is None or self.high is None:
            return f"{self.k}/{self.n}"
        return f"{self.k}/{self.n} = {self.percent:.1f} % ({self.low:.1f}–{self.high:.1f})"


@dataclass(frozen=True, slots=True)
class Contrast:
    """A comparison of two proportions.

    The odds ratio is the conditional maximum-likelihood one that belongs to Fisher's test, with its exact
    interval, at every number of patients. Where `first` has no success or `second` no failure, it and the
    lower limit are 0; in the contrary case it and the upper limit are infinite: None. All three are None
    where all patients have one outcome. `firth`: the odds ratio of Firth's logistic regression, given where a
    cell is 0; it is above 0 and finite. `strength`: a sentence on how weak the evidence is.
    """

    name: str
    first: Proportion
    second: Proportion
    fisher_p: float | None
    odds_ratio: float | None
    odds_ratio_low: float | None
    odds_ratio_high: float | None
    level: float = LEVEL
    method: str = "Fisher exact, two-sided; conditional odds ratio"
    note: str = ""
    firth: OddsRatio | None = None
    strength: str = ""


@dataclass(frozen=True, slots=True)
class Trend:
    """Whether the proportion goes up or down along ordered strata (Cochran–Armitage).

    `n` patients, of whom `n_events` had the outcome; `odds`: logistic regression on the scores, per stratum.
    """

    name: str
    strata: tuple[str, ...]
    scores: tuple[int, ...]
    z: float | None
    p: float | None
    exact_p: float | None
    method: str = "Cochran-Armitage, two-sided; exact_p over all tables with these margins"
    note: str = ""
    n: int = 0
    n_events: int = 0
    odds: OddsRatio | None = None


def proportion(name: str, k: int, n: int, level: float = LEVEL) -> Proportion:
    """Return k/n with the exact interval (Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404), in percent.

    Raises
    ------
    ValueError
        Not 0 ≤ k ≤ n.

    Examples
    --------
    >>> print(proportion("MR", 1, 32))
    1/32 = 3.1 % (0.1–16.2)
    """
    from scipy.special import betaincinv

    if not 0 <= k <= n:
        raise ValueError(f"{name}: {k} of {n} is no proportion; expected 0 <= k <= n")
    if n == 0:
        return Proportion(name, k, n, None, None, None, level)
    tail = (1 - level) / 2
    low = float(betaincinv(k, n - k + 1, tail)) if k > 0 else 0.0
    high = float(betaincinv(k + 1, n - k, 1 - tail)) if k < n else 1.0
    return Proportion(name, k, n, 100 * k / n, 100 * low, 100 * high, level)


def contrast(name: str, first: Proportion, second: Proportion, level: float = LEVEL) -> Contrast:
    """Return Fisher's two-sided p and the odds ratio of `first` against `second`.

    Examples
    --------
    >>> found = contrast("≥ 6 v < 3 months", proportion("≥ 6", 7, 12), proportion("< 3", 4, 14))
    >>> round(found.fisher_p, 2)
    0.23
    """
    if first.n == 0 or second.n == 0:
        empty = first.name if first.n == 0 else second.name
        return Contrast(name, first, second, None, None, None, None, level, note=f"nobody in {empty}")
    table = [[first.k, first.n - first.k], [second.k, second.n - second.k]]
    odds = exact_odds(first.k, first.n, second.k, second.n, level)
    p = _fisher(first, second)
    if odds is None:
        method = "Fisher exact, two-sided; every patient has the same outcome: no odds ratio"
        words = strength(first.n + second.n, first.k + second.k, None, None, p)
        return Contrast(name, first, second, p, None, None, None, level, method, strength=words)
    ratio, low, high = (part if np.isfinite(part) else None for part in (odds.ratio, odds.low, odds.high))
    firth = _firth(name, first, second, level) if 0 in (*table[0], *table[1]) else None
    words = strength(first.n + second.n, first.k + second.k, low, high, p)
    return Contrast(
        name, first, second, p, ratio, low, high, level, FISHER_METHOD, firth=firth, strength=words
    )


def trend(name: str, strata: Sequence[Proportion]) -> Trend:
    """Return the Cochran–Armitage trend over strata in this order, scored 0, 1, 2 and so on.

    Armitage 1955, doi:10.2307/3001775. The exact p adds the probabilities of all tables with these margins
    whose statistic lies as far from its mean or farther; it is left out above 200 patients, where the normal
    approximation suffices.
    """
    labels = tuple(stratum.name for stratum in strata)
    scores = tuple(range(len(strata)))
    k, n = (np.array([getattr(stratum, part) for stratum in strata], float) for part in ("k", "n"))
    total, share = n.sum(), k.sum() / max(n.sum(), 1)
    mean = np.sum(n * scores) / max(total, 1)
    variance = share * (1 - share) * np.sum(n * (np.array(scores) - mean) ** 2)
    if variance <= 0:
        note = "no trend to see: one stratum only, or every patient has the same outcome"
        return Trend(name, labels, scores, None, None, None, note=note, n=int(total), n_events=int(k.sum()))
    z = float(np.sum((np.array(scores) - mean) * k) / np.sqrt(variance))
    exact = _exact_trend_p(k.astype(int), n.astype(int)) if total <= LARGEST_EXACT_TREND else None
    along = np.repeat(np.concatenate([scores, scores]), np.concatenate([k, n - k]).astype(int))
    outcome = np.repeat([True, False], [int(k.sum()), int((n - k).sum())])
    odds = odds_ratio(name, "stratum", along, outcome)
    return Trend(
        name, labels, scores, z, _two_sided(z), exact, n=int(total), n_events=int(k.sum()), odds=odds
    )


def _fisher(first: Proportion, second: Proportion) -> float:
    """Return the two-sided p: the share of tables with these margins that are no more probable than this one.

    The tables are counted in whole numbers, so that equally probable ones are counted alike.
    """
    from math import comb

    events, n = first.k + second.k, first.n + second.n
    least, most = max(0, events - second.n), min(events, first.n)
    ways = comb(first.n, least) * comb(second.n, events - least)
    counted = {}
    for k in range(least, most + 1):
        counted[k] = ways
        ways = ways * (first.n - k) * (events - k) // ((k + 1) * (second.n - events + k + 1))
    return sum(count for count in counted.values() if count <= counted[first.k]) / comb(n, events)


def _firth(name: str, first: Proportion, second: Proportion, level: float) -> OddsRatio:
    """Return the penalised (Firth) odds ratio of a 2 x 2 table with an empty cell."""
    group = np.repeat([1.0, 0.0], [first.n, second.n])
    parts = [first.k, first.n - first.k, second.k, second.n - second.k]
    outcome = np.repeat([True, False, True, False], parts)
    return odds_ratio(name, f"{first.name} v {second.name}", group, outcome, level=level)


def _two_sided(z: float) -> float:
    from scipy.special import ndtr

    return float(2 * ndtr(-abs(z)))


def _exact_trend_p(k: np.ndarray, n: np.ndarray) -> float:
    """Return the share of tables with these margins that lie at least as far from the mean.

    `ways[(events, statistic)]` counts the tables in whole numbers, stratum by stratum.
    """
    from math import comb

    ways = {(0, 0): 1}
    for score, size in enumerate(n.tolist()):
        grown: dict[tuple[int, int], int] = {}
        for (events, statistic), count in ways.items():
            for more in range(min(size, int(k.sum()) - events) + 1):
                key = (events + more, statistic + score * more)
                grown[key] = grown.get(key, 0) + count * comb(size, more)
        ways = grown
    scores, events, total = np.arange(len(n)), int(k.sum()), int(n.sum())
    tables = {statistic: count for (n_events, statistic), count in ways.items() if n_events == events}
    centre = events * int(np.sum(scores * n))  # the mean of the statistic, times `total`
    distance = abs(total * int(np.sum(scores * k)) - centre)
    far = sum(count for statistic, count in tables.items() if abs(total * statistic - centre) >= distance)
    return far / sum(tables.values())
