"""Means, SDs and quantiles for all experiments of a validation; every sum is exact (`math.fsum`)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from calibration.numbers import LEVEL
from pipeline.study.wording import counted

GOAL_PERCENT = 20.0
"""Goal for a CV and for a change by storage, where the study types none, percent. Convention: the usual
acceptance limit of bioanalytical methods at their lower limit, also taken for cell assays."""


class TooFewError(Exception):
    """Too few numbers for a result; the message says what is missing."""


def mean(values: Sequence[float]) -> float:
    """Return the mean of (n,) values."""
    return math.fsum(values) / len(values)


def sum_of_squares(values: Sequence[float]) -> float:
    """Return the sum of squared deviations from the mean."""
    middle = mean(values)
    return math.fsum((value - middle) ** 2 for value in values)


def sd(values: Sequence[float]) -> float:
    """Return the sample SD (divisor n − 1).

    Raises
    ------
    TooFewError
        Fewer than two values.
    """
    if len(values) < 2:
        raise TooFewError(f"found {counted(len(values), 'value')}, expected two or more for a scatter")
    return math.sqrt(sum_of_squares(values) / (len(values) - 1))


def pooled_sd(groups: Sequence[Sequence[float]]) -> tuple[float, int]:
    """Return the SD within groups, and its degrees of freedom; (nan, 0) without replicates."""
    freedom = sum(len(group) - 1 for group in groups)
    if freedom <= 0:
        return math.nan, 0
    return math.sqrt(
        math.fsum(sum_of_squares(group) for group in groups if len(group) > 1) / freedom
    ), freedom


def t_quantile(freedom: float, probability: float = (1 + LEVEL) / 2) -> float:
    """Return a quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, probability))


def t_tail(freedom: float, t: float) -> float:
    """Return the two-sided p of a t value."""
    from scipy.special import stdtr

    return float(2 * stdtr(freedom, -abs(t)))


def variance_interval(variance: float, freedom: float) -> tuple[float, float]:
    """Return the 95 % interval of a variance from its estimate and degrees of freedom (chi-squared)."""
    from scipy.special import chdtri

    tail = (1 - LEVEL) / 2
    upper, lower = float(chdtri(freedom, tail)), float(chdtri(freedom, 1 - tail))
    return freedom * variance / upper, freedom * variance / lower if lower > 0 else math.inf
