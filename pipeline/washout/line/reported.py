"""The line that is reported: with a term for each significant doubt, if the rows allow that fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.line.intervals import LineIntervals, line_intervals, slope_interval
from pipeline.washout.line.line import Line, fit_line
from pipeline.washout.observations.rows import Observations

Varying: TypeAlias = tuple[float, tuple[float, float]]
"""A slope and its interval."""


def line_with_doubts(plain: Line, data: Observations, level: float) -> tuple[Line, LineIntervals]:
    """Return the line with a term for each significant doubt, and its intervals; else the plain line."""
    if data is not plain.data:
        try:
            line = fit_line(data)
            return line, line_intervals(line, level)
        except NotEstimableError:
            pass
    return plain, line_intervals(plain, level)


def varying_slope(line: Line, intervals: LineIntervals, level: float) -> Varying | None:
    """Return the slope, with its interval, of the line whose scatter may change with weeks."""
    if line.data.scatter_varies:
        return line.reported.slope, intervals.slope
    try:
        free = fit_line(replace(line.data, scatter_varies=True))
        return free.reported.slope, slope_interval(free, level)
    except NotEstimableError:
        return None
