"""The control of each run against its range: the typed range, or the range of the other runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from calibration.numbers import LEVEL
from pipeline.assay.statistics.moments import mean, sd, t_quantile

FEWEST_CONTROL_RUNS = 5
"""Fewest other runs that give a range. Convention: with fewer, Student's t makes the range wider than any
fault."""


@dataclass(frozen=True, slots=True)
class ControlRun:
    """The control of a run: its value, its range, and whether the value lies inside.

    `inside` is None where there is no range. `range_from`: `typed`, `other runs` or "".
    """

    run: str
    value: float
    low: float | None
    high: float | None
    inside: bool | None
    range_from: str


def control_runs(
    values: Sequence[tuple[str, float]],
    ranges: Sequence[tuple[float | None, float | None]],
    *,
    level: float = LEVEL,
) -> tuple[ControlRun, ...]:
    """Return the control of each run with its range.

    Parameters
    ----------
    values
        (run, density) of each control tube, in the order of acquisition.
    ranges
        Typed limits of each tube; None for no limit on that side. Without typed limits, the range is the
        interval for 95 % (`level`) of further runs, estimated from the other runs (mean ± t·SD·√(1 + 1/n);
        Levey, Jennings 1950, doi:10.1093/ajcp/20.11_ts.1059 with Student's t for few runs).
    """
    runs = []
    for index, ((run, value), typed) in enumerate(zip(values, ranges, strict=True)):
        limits, source = typed, "typed"
        if typed == (None, None):
            limits, source = _of_others([number for k, (_, number) in enumerate(values) if k != index], level)
        low, high = limits
        inside = (low is None or value >= low) and (high is None or value <= high) if source else None
        runs.append(ControlRun(run, value, low, high, inside, source))
    return tuple(runs)


def _of_others(numbers: Sequence[float], level: float) -> tuple[tuple[float | None, float | None], str]:
    if len(numbers) < FEWEST_CONTROL_RUNS:
        return (None, None), ""
    half = t_quantile(len(numbers) - 1, (1 + level) / 2) * sd(numbers) * (1 + 1 / len(numbers)) ** 0.5
    return (mean(numbers) - half, mean(numbers) + half), "other runs"
