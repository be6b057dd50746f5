"""Stability: change of the result with the hours between draw and measurement, against the first time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.assay.statistics.moments import (
    GOAL_PERCENT,
    TooFewError,
    mean,
    pooled_sd,
    sum_of_squares,
    t_quantile,
)


@dataclass(frozen=True, slots=True)
class TimePoint:
    """Change from the first time, in percent (geometric mean of the materials), with its 95 % interval.

    `low` and `high` are None where the scatter cannot be estimated.
    """

    hours: float
    n: int
    change_percent: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Stability:
    """The effect of storage on the density.

    Attributes
    ----------
    per_day_percent
        Change per 24 hours by a straight line of ln density on hours, with its 95 % interval.
    stable_hours
        Latest time up to which all intervals lie entirely within the allowed change; None without such a
        time.
    """

    n_materials: int
    allowed_percent: float
    per_day_percent: float
    per_day_low: float
    per_day_high: float
    stable_hours: float | None
    points: tuple[TimePoint, ...]


def stability(
    rows: Sequence[tuple[str, float, float]], *, allowed_percent: float = GOAL_PERCENT
) -> Stability:
    """Return the change of materials between the first time and later times.

    Each material is its own control: a level per material, one slope (analysis of covariance of ln density on
    hours; CLSI EP25-A). A later time is compared within materials (paired). A single material is compared by
    the scatter of its replicates.

    Parameters
    ----------
    rows
        (material, hours, density above zero) of each tube.
    allowed_percent
        Largest change in percent that counts as stable.

    Raises
    ------
    TooFewError
        No material at two times, a density of zero or less, or too few tubes to estimate the scatter.
    """
    if any(density <= 0 for _, _, density in rows):
        raise TooFewError("a density is not above zero, expected material that can be quantified")
    by_material: dict[str, dict[float, list[float]]] = {}
    for material, hours, density in rows:
        by_material.setdefault(material, {}).setdefault(hours, []).append(math.log(density))
    repeated = {name: times for name, times in by_material.items() if len(times) > 1}
    if not repeated:
        raise TooFewError("no material was measured at two times, expected one tube early and one late")
    slope, size, freedom = _slope(repeated)
    if freedom < 1:
        raise TooFewError("found two tubes of one material, expected replicates or a third time")
    reach = t_quantile(freedom) * size
    points = _points(repeated)
    return Stability(
        n_materials=len(repeated),
        allowed_percent=allowed_percent,
        per_day_percent=_percent(24 * slope),
        per_day_low=_percent(24 * (slope - reach)),
        per_day_high=_percent(24 * (slope + reach)),
        stable_hours=_stable(points, allowed_percent),
        points=points,
    )


def _slope(by_material: Mapping[str, Mapping[float, Sequence[float]]]) -> tuple[float, float, int]:
    """Return the common slope per hour of all materials, its standard error and degrees of freedom."""
    above, below, values = [], [], []
    for times in by_material.values():
        pairs = [(hours, value) for hours, logs in times.items() for value in logs]
        x, y = mean([hours for hours, _ in pairs]), mean([value for _, value in pairs])
        above += [(hours - x) * (value - y) for hours, value in pairs]
        below += [(hours - x) ** 2 for hours, _ in pairs]
        values += [(hours - x, value - y) for hours, value in pairs]
    slope = math.fsum(above) / math.fsum(below)
    squares = math.fsum((y - slope * x) ** 2 for x, y in values)
    freedom = len(values) - len(by_material) - 1
    size = math.sqrt(squares / freedom / math.fsum(below)) if freedom > 0 else math.inf
    return slope, size, freedom


def _points(by_material: Mapping[str, Mapping[float, Sequence[float]]]) -> tuple[TimePoint, ...]:
    later: dict[float, list[tuple[float, float]]] = {}
    scatter, freedom = pooled_sd([logs for times in by_material.values() for logs in times.values()])
    for times in by_material.values():
        first = min(times)
        for hours, logs in times.items():
            if hours > first:
                weight = 1 / len(logs) + 1 / len(times[first])
                later.setdefault(hours, []).append((mean(logs) - mean(times[first]), weight))
    return tuple(_point(hours, later[hours], scatter, freedom) for hours in sorted(later))


def _point(
    hours: float, changes_and_weights: Sequence[tuple[float, float]], scatter: float, freedom: int
) -> TimePoint:
    changes = [change for change, _ in changes_and_weights]
    middle, n = mean(changes), len(changes)
    size, df = math.inf, 0
    if n > 1:
        size, df = math.sqrt(sum_of_squares(changes) / (n - 1) / n), n - 1
    elif freedom > 0:
        size, df = scatter * math.sqrt(changes_and_weights[0][1]), freedom
    if df == 0:
        return TimePoint(hours, n, _percent(middle), None, None)
    half = t_quantile(df) * size
    return TimePoint(hours, n, _percent(middle), _percent(middle - half), _percent(middle + half))


def _stable(points: Sequence[TimePoint], allowed: float) -> float | None:
    latest = None
    for point in points:
        inside = point.low is not None and point.high is not None
        if not inside or (point.low or 0.0) < -allowed or (point.high or 0.0) > allowed:
            break
        latest = point.hours
    return latest


def _percent(log_change: float) -> float:
    return 100 * math.expm1(log_change)
