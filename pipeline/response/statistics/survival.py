"""Kaplan–Meier curves of right-censored times, with the median and its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.numbers import LEVEL, Floats

KAPLAN_MEIER_METHOD: Final = (
    "Kaplan-Meier; median with Brookmeyer-Crowley interval, log-log, Greenwood variance"
)

_SAME: Final = 1e-9
"""Two survival values this close are equal. Arithmetic: 0.5 as a product of fractions is not 0.5 to the last
bit."""


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalCurve:
    """A Kaplan–Meier curve; all arrays have the shape (n_times,), at the distinct times in ascending order.

    Attributes
    ----------
    times
        Every time at which a patient had the event or was censored, in the unit of the input.
    survival
        S(t): the estimated share without the event just after `times`.
    low, high
        Pointwise log–log limits; NaN where S is 1 or 0, where they are not defined.
    at_risk, events, censored
        Number at risk just before each time; numbers of events and of censored patients at that time.
    median, median_low, median_high
        The median and its limits; None where the curve, or its limit, never falls to one half.
    """

    times: Floats
    survival: Floats
    low: Floats
    high: Floats
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]
    censored: NDArray[np.int64]
    median: float | None
    median_low: float | None
    median_high: float | None
    level: float = LEVEL

    @property
    def n(self) -> int:
        """The number of patients."""
        return int(self.at_risk[0]) if self.at_risk.size else 0

    @property
    def n_events(self) -> int:
        """The number of events."""
        return int(self.events.sum())

    def at_risk_at(self, time: float) -> int:
        """Return how many were at risk just before a time."""
        index = int(np.searchsorted(self.times, time, side="left"))
        return int(self.at_risk[index]) if index < self.times.size else 0


def survival_curve(times: ArrayLike, events: ArrayLike, *, level: float = LEVEL) -> SurvivalCurve:
    """Return the Kaplan–Meier curve (doi:10.1080/01621459.1958.10501452) with log–log limits.

    Where an event and a censored time coincide, the event comes first. The median is the first time at which
    S is at most one half; where S is one half over an interval, the interval's middle. Its limits are read in
    the same way from the limits of the curve: they enclose the medians that the log–log test of S = 1/2 does
    not reject (Brookmeyer & Crowley 1982, doi:10.2307/2530286).

    Parameters
    ----------
    times
        Shape (n,): time to the event, or to where the patient was last seen without it; ≥ 0.
    events
        Shape (n,): True for an event, False for a censored time.
    level
        Of the intervals.

    Raises
    ------
    ValueError
        A time that is negative or not a number, or arrays of different lengths.

    Examples
    --------
    >>> curve = survival_curve([1, 2, 2, 3, 4], [True, True, False, True, True])
    >>> curve.survival.round(3).tolist(), curve.median
    ([0.8, 0.6, 0.3, 0.0], 3.0)
    """
    when, happened = np.asarray(times, float).ravel(), np.asarray(events, bool).ravel()
    if when.shape != happened.shape:
        raise ValueError(f"{when.size} times and {happened.size} events; expected one event per time")
    if not np.all(np.isfinite(when) & (when >= 0)):
        raise ValueError("a time is negative or no number; expected times of 0 or more")
    distinct, index = np.unique(when, return_inverse=True)
    ended = np.bincount(index, minlength=distinct.size)
    failed = np.bincount(index, weights=happened, minlength=distinct.size).astype(np.int64)
    at_risk = when.size - np.concatenate([[0], np.cumsum(ended)[:-1]]) if when.size else ended
    survival: Floats = np.cumprod(1.0 - failed / at_risk, dtype=np.float64)
    low, high = log_log_limits(survival, failed, at_risk, level)
    return SurvivalCurve(
        times=distinct,
        survival=survival,
        low=low,
        high=high,
        at_risk=at_risk.astype(np.int64),
        events=failed,
        censored=(ended - failed).astype(np.int64),
        median=_first_half(distinct, survival),
        median_low=_first_half(distinct, low),
        median_high=_first_half(distinct, high),
        level=level,
    )


def log_log_limits(
    survival: Floats, events: NDArray[np.int64], at_risk: NDArray[np.int64], level: float
) -> tuple[Floats, Floats]:
    """Return S^exp(±z·se), se² = Σ d / (n (n − d)) / log(S)²: Greenwood's variance on the log–log scale.

    NaN where S is 1 or 0 (Kalbfleisch & Prentice 2002, doi:10.1002/9781118032985).
    """
    from scipy.special import ndtri

    inside = (survival > 0) & (survival < 1)
    survivors = at_risk - events
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(np.where(survivors > 0, events / (at_risk * np.maximum(survivors, 1)), 0.0))
        log_survival = np.log(np.where(inside, survival, np.nan))
        factor = np.exp(float(ndtri((1 + level) / 2)) * np.sqrt(greenwood) / -log_survival)
        return np.exp(log_survival * factor), np.exp(log_survival / factor)


@dataclass(frozen=True, slots=True)
class LogRank:
    """The log-rank test of one group against another, with its hazard ratio."""

    p: float
    hazard_ratio: float
    low: float
    high: float
    n: int
    n_events: int


def log_rank(groups: tuple[tuple[ArrayLike, ArrayLike], ...], level: float = LEVEL) -> LogRank | None:
    """Return the two-sided log-rank test between two groups of (times, events).

    Mantel 1966. The hazard ratio of the first group against the second is exp((O - E) / V), with the interval
    exp((O - E ± z √V) / V) (Yusuf & Peto 1985, doi:10.1016/S0033-0620(85)80003-7): near 1 it is that of Cox's
    model, far from 1 it is nearer to 1. None where nobody had the event, or a group is empty.
    """
    from scipy.special import ndtr, ndtri

    (times, events), (other_times, other_events) = (
        (np.asarray(times, float), np.asarray(events, bool)) for times, events in groups
    )
    when = np.unique(np.concatenate([times[events], other_times[other_events]]))
    first, second = _exposed(times, events, when), _exposed(other_times, other_events, when)
    n, d = first[0] + second[0], first[1] + second[1]
    expected = d * first[0] / n
    variance = float(np.sum(expected * second[0] / n * (n - d) / np.maximum(n - 1, 1)))
    if variance <= 0:
        return None
    excess = float(np.sum(first[1] - expected))
    half = float(ndtri((1 + level) / 2)) * variance**0.5
    ratio, low, high = (float(np.exp((excess + side * half) / variance)) for side in (0, -1, 1))
    p = float(2 * ndtr(-abs(excess) / variance**0.5))
    return LogRank(p, ratio, low, high, len(times) + len(other_times), int(np.sum(d)))


def _exposed(times: Floats, events: NDArray[np.bool_], when: Floats) -> tuple[Floats, Floats]:
    """Return the number at risk just before each time, and the number of events at that time."""
    at_risk = times.size - np.searchsorted(np.sort(times), when, side="left")
    ends = np.sort(times[events])
    failed = np.searchsorted(ends, when, side="right") - np.searchsorted(ends, when, side="left")
    return at_risk.astype(float), failed.astype(float)


def _first_half(times: Floats, survival: Floats) -> float | None:
    """Return the first time of a survival of one half or less; the middle of an interval at one half.

    An undefined limit (S is 1 or 0) does not count as one half or less.
    """
    below = np.flatnonzero(survival <= 0.5 + _SAME)
    if not below.size:
        return None
    start = times[below[0]]
    if survival[below[0]] < 0.5 - _SAME:
        return float(start)
    after = np.flatnonzero(survival < 0.5 - _SAME)
    return float((start + times[after[0]]) / 2) if after.size else float(start)
