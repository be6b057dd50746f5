"""The line that is reported: terms for significant doubts, an interval that allows for a changing scatter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.censored.profile import coefficient_ratio
from pipeline.washout.line.doubts import FEWEST_MEASURED
from pipeline.washout.line.intervals import (
    LineIntervals,
    jackknife_of,
    line_intervals,
    p_of,
    slope_interval,
    slope_of,
)
from pipeline.washout.line.line import IntervalEnds, Line, fit_line, rounded_dex
from pipeline.washout.observations.rows import Observations

Varying: TypeAlias = tuple[float, tuple[float, float]]
"""A slope and its interval."""

AVERAGED: Final = (
    "; the interval of the slope is averaged with that of the line whose scatter may change with weeks, each "
    "weighted by its likelihood"
)
_LIMIT_STEP: Final = 1e-12
"""Absolute and relative error of a limit. Convention: far below any reported digit."""


@dataclass(frozen=True, slots=True)
class AveragedSlope:
    """The slope's interval over two lines: one scatter, and a scatter that may change with weeks.

    Attributes
    ----------
    varying
        Slope and interval of the second line.
    limits
        The interval over both lines, dex per doubling.
    p
        Two-sided p of slope = 0 that agrees with `limits`.
    """

    varying: Varying
    limits: IntervalEnds
    p: float


def line_with_doubts(plain: Line, data: Observations, level: float) -> tuple[Line, LineIntervals]:
    """Return the line with a term for each significant doubt, and its intervals; else the plain line."""
    if data is not plain.data:
        try:
            line = fit_line(data)
            return line, line_intervals(line, level)
        except NotEstimableError:
            pass
    return plain, line_intervals(plain, level)


def allow_for_scatter(
    line: Line, intervals: LineIntervals, level: float
) -> tuple[LineIntervals, Varying | None]:
    """Return the intervals with the averaged one of the slope, and the slope of a scatter that may change."""
    if line.data.scatter_varies:
        return intervals, (line.reported.slope, intervals.slope)
    averaged = averaged_slope(line, level)
    if averaged is None:
        return intervals, None
    how = intervals.how + AVERAGED
    return replace(intervals, slope=averaged.limits, slope_p=averaged.p, how=how), averaged.varying


def averaged_slope(line: Line, level: float) -> AveragedSlope | None:
    """Return the slope's interval, averaged with that of the line whose scatter may change with weeks.

    Few rows cannot show whether the scatter changes. So both lines count, each by its likelihood: the limits
    are where the weighted mean of both one-sided p is (1 − level)/2 (Turek & Fletcher 2012,
    doi:10.1016/j.csda.2012.03.002, with the likelihoods as weights in place of AIC). None where the scatter
    of the line varies already, or where the second line cannot be fitted.
    """
    both = both_lines(line)
    if both is None:
        return None
    singly = slope_interval(line, level), slope_interval(both.free, level)
    tail = (1 - level) / 2
    low = both.limit([limits[0] for limits in singly], tail)
    high = both.limit([limits[1] for limits in singly], 1 - tail)
    below = both.chance_below(0.0)
    return AveragedSlope((both.free.reported.slope, singly[1]), (low, high), 2 * min(below, 1 - below))


def both_lines(line: Line) -> BothLines | None:
    """Return a line of one scatter with the line whose scatter may change; None if one of them is missing."""
    if line.data.scatter_varies or line.data.count(OBSERVED) < FEWEST_MEASURED:
        return None
    try:
        return BothLines(line, fit_line(replace(line.data, scatter_varies=True)))
    except NotEstimableError:
        return None


class BothLines:
    """A line of one scatter and a line whose scatter varies (`free`), weighted by their likelihoods."""

    def __init__(self, line: Line, free: Line) -> None:
        self.free = free
        self._lines = [(each, jackknife_of(each)) for each in (line, free)]
        gain = float(free.best.log_likelihood[0] - line.best.log_likelihood[0])
        self._weight = 1 / (1 + float(np.exp(-max(gain, 0.0))))

    def chance_below(self, slope: float) -> float:
        """Return the weighted mean of the confidence that the true slope is below this one."""
        plain, varying = (self._of_line(number, slope) for number in (0, 1))
        return (1 - self._weight) * plain + self._weight * varying

    def limit(self, singly: list[float], chance: float) -> float:
        """Return the slope with this chance; it lies between the limits of the single lines."""
        from scipy.optimize import brentq

        low, high = min(singly), max(singly)
        if not (np.isfinite(low) and np.isfinite(high)):
            return low if chance < 1 / 2 else high
        ends = self.chance_below(low) - chance, self.chance_below(high) - chance
        if ends[0] >= 0 or ends[1] <= 0:
            return low if abs(ends[0]) <= abs(ends[1]) else high
        of = self.chance_below
        return rounded_dex(
            brentq(lambda slope: of(slope) - chance, low, high, xtol=_LIMIT_STEP, rtol=_LIMIT_STEP)
        )

    def _of_line(self, number: int, slope: float) -> float:
        line, jackknife = self._lines[number]
        value = slope * line.axes.scale_x / line.axes.scale_y
        p = p_of(line, jackknife, coefficient_ratio(line.rows, line.best, 1, value), slope_of)
        return p / 2 if value < float(line.best.beta[0, 1]) else 1 - p / 2
