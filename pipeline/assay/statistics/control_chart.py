"""A control of every run against its range: the typed one, else that of the other runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.assay.statistics.moments import LEVEL, mean, sd, t_quantile

FEWEST_RUNS = 5
"""Other runs that make a range. Convention: with fewer the range of Student's t is wider than any fault."""


@dataclass(frozen=True, slots=True)
class ControlRun:
    """The control of a run: its value, the range it is held against, and whether it lies in it.

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
    """Return each run's control beside its range.

    Parameters
    ----------
    values
        (run, density) of each control tube, in the order of acquisition.
    ranges
        Typed limits of each; None: no limit on that side. Where neither is typed the range is the interval in
        which 95 % (`level`) of further runs lie by the other runs (mean ± t·SD·√(1 + 1/n); Levey, Jennings
        1950, doi:10.1093/ajcp/20.11_ts.1059 with Student's t for few runs).
    """
    found = []
    for place, ((run, value), typed) in enumerate(zip(values, ranges, strict=True)):
        limits, source = typed, "typed"
        if typed == (None, None):
            limits, source = _of_others([other for k, (_, other) in enumerate(values) if k != place], level)
        low, high = limits
        inside = (low is None or value >= low) and (high is None or value <= high) if source else None
        found.append(ControlRun(run, value, low, high, inside, source))
    return tuple(found)


def _of_others(others: Sequence[float], level: float) -> tuple[tuple[float | None, float | None], str]:
    if len(others) < FEWEST_RUNS:
        return (None, None), ""
    half = t_quantile(len(others) - 1, (1 + level) / 2) * sd(others) * (1 + 1 / len(others)) ** 0.5
    return (mean(others) - half, mean(others) + half), "other runs"
