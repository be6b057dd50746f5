"""Agreement of two methods: the Deming line, and Bland and Altman's limits, as in CLSI EP09."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from calibration.numbers import Z_95
from pipeline.assay.statistics.moments import TooFewError, mean, sd, t_quantile
from pipeline.study.wording import counted

FEWEST_PAIRS = 6
"""Fewest materials for a comparison of two methods. Convention: EP09 asks for 40; a comparison with fewer
says so."""

ENOUGH_PAIRS = 40
"""Recommended number of materials for a comparison of methods. Source: CLSI EP09."""

_MOST_STEPS, _STILL = 200, 1e-12
"""Most iterations of the weighted line, and the change at which it has converged. Convention: they bound the
time; 1e-12 is about the last digits of a number."""
_LEAST_LEVEL = 1e-3
"""Least level of a material on the line, relative to its first value, for its weight. Convention: a
thousandth, so that a line through bad data gives no material an endless weight."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two methods compared, y against x, both in molecules per cell.

    Attributes
    ----------
    slope, intercept
        Weighted Deming line y = intercept + slope·x, each with its 95 % interval.
    ratio, ratio_low, ratio_high
        Geometric mean of y/x with its 95 % interval.
    agree_low, agree_high
        Limits of agreement: 95 % of ratios y/x lie between. `agree_low_end` and `agree_high_end` are the
        outer ends of their own 95 % intervals.
    error_ratio
        Variance of a relative error of x over that of y, which weights the line.
    dimmest, brightest
        y/x by the line at the lowest and at the highest x, each with its 95 % interval.
    """

    n: int
    slope: float
    slope_low: float
    slope_high: float
    intercept: float
    intercept_low: float
    intercept_high: float
    ratio: float
    ratio_low: float
    ratio_high: float
    agree_low: float
    agree_high: float
    agree_low_end: float
    agree_high_end: float
    error_ratio: float
    dimmest: float
    dimmest_low: float
    dimmest_high: float
    brightest: float
    brightest_low: float
    brightest_high: float


def agreement(x: Sequence[float], y: Sequence[float], *, error_ratio: float = 1.0) -> Agreement:
    """Return the weighted Deming line and the limits of agreement of two methods.

    Errors grow with the density, so the line is weighted (Linnet 1990, doi:10.1002/sim.4780091210), with
    intervals by jackknife with n − 2 degrees of freedom (Linnet 1993, doi:10.1093/clinchem/39.3.424). The
    intercept and the line's dim end depend on few dim materials, so these two take the error from the
    scatter of all materials where that is larger. Differences are ratios (Bland, Altman 1999,
    doi:10.1177/096228029900800204).

    Parameters
    ----------
    x, y : (n,)
        Densities of the same materials, above zero.
    error_ratio
        Variance of a relative error of x over that of y.

    Raises
    ------
    TooFewError
        Fewer than six materials, a density of zero or less, or materials that all have the same density.
    """
    if len(x) < FEWEST_PAIRS:
        raise TooFewError(
            f"found {counted(len(x), 'material')} measured in both ways, expected {FEWEST_PAIRS} or more"
        )
    if min(*x, *y) <= 0:
        raise TooFewError("a density is not above zero, expected material that both ways can quantify")
    whole = _line(x, y, error_ratio)
    n, reach = len(x), t_quantile(len(x) - 1)
    without = [_line([*x[:k], *x[k + 1 :]], [*y[:k], *y[k + 1 :]], error_ratio) for k in range(n)]
    of_ends = [_ratios(line, x) for line in without]
    least = _least_errors(x, y, whole, error_ratio)
    intercept, slope = (
        _interval(whole[index], [line[index] for line in without], (least[0], 0.0)[index]) for index in (0, 1)
    )
    dimmest, brightest = (
        _interval(_ratios(whole, x)[index], [ends[index] for ends in of_ends], (least[1], 0.0)[index])
        for index in (0, 1)
    )
    logs = [math.log(b / a) for a, b in zip(x, y, strict=True)]
    middle, size = mean(logs), sd(logs)
    half, own = reach * size / math.sqrt(n), Z_95 * size
    outer = own + reach * size * math.sqrt(1 / n + Z_95**2 / (2 * (n - 1)))
    return Agreement(
        n=n,
        slope=slope[0],
        slope_low=slope[1],
        slope_high=slope[2],
        intercept=intercept[0],
        intercept_low=intercept[1],
        intercept_high=intercept[2],
        ratio=math.exp(middle),
        ratio_low=math.exp(middle - half),
        ratio_high=math.exp(middle + half),
        agree_low=math.exp(middle - own),
        agree_high=math.exp(middle + own),
        agree_low_end=math.exp(middle - outer),
        agree_high_end=math.exp(middle + outer),
        error_ratio=error_ratio,
        dimmest=dimmest[0],
        dimmest_low=dimmest[1],
        dimmest_high=dimmest[2],
        brightest=brightest[0],
        brightest_low=brightest[1],
        brightest_high=brightest[2],
    )


def _ratios(line: tuple[float, float], x: Sequence[float]) -> tuple[float, float]:
    """Return y/x by the line at the lowest and at the highest x."""
    intercept, slope = line
    return slope + intercept / min(x), slope + intercept / max(x)


def _line(x: Sequence[float], y: Sequence[float], ratio: float) -> tuple[float, float]:
    """Return intercept and slope. Weights are 1 / level², with the levels of the previous iteration."""
    weights = [1 / ((a + b) / 2) ** 2 for a, b in zip(x, y, strict=True)]
    before = (math.nan, math.nan)
    for _ in range(_MOST_STEPS):
        intercept, slope = _deming(x, y, weights, ratio)
        if abs(slope - before[1]) <= _STILL * abs(slope):
            break
        before = (intercept, slope)
        weights = [1 / level**2 for _, level in _on_line(x, y, before, ratio)]
    return intercept, slope


def _on_line(
    x: Sequence[float], y: Sequence[float], line: tuple[float, float], ratio: float
) -> list[tuple[float, float]]:
    """Return for each material its x on the line, and the level that its errors grow with."""
    intercept, slope = line
    materials = []
    for a, b in zip(x, y, strict=True):
        away = b - intercept - slope * a
        true = a + ratio * slope * away / (1 + ratio * slope**2)
        level = (true + ratio * (intercept + slope * true)) / (1 + ratio)
        materials.append((true, max(level, _LEAST_LEVEL * a)))
    return materials


def _least_errors(
    x: Sequence[float], y: Sequence[float], line: tuple[float, float], ratio: float
) -> tuple[float, float]:
    """Return the standard errors of the intercept and of y/x at the lowest x, from all materials' scatter.

    They hold where the line's weights are right (weighted least squares). Few
    dim materials set these two numbers, so the jackknife estimates its error from few, and often too small.
    """
    intercept, slope = line
    materials = _on_line(x, y, line, ratio)
    scatter = math.fsum(
        ((b - intercept - slope * a) / level) ** 2 for a, b, (_, level) in zip(x, y, materials, strict=True)
    ) / (len(x) - 2)
    weight_sum, level_sum, square_sum = (
        math.fsum(true**power / level**2 for true, level in materials) for power in (0, 1, 2)
    )
    per_scatter = scatter / (weight_sum * square_sum - level_sum**2)
    lowest = min(x)
    of_ratio = square_sum / lowest**2 - 2 * level_sum / lowest + weight_sum
    return math.sqrt(square_sum * per_scatter), math.sqrt(of_ratio * per_scatter)


def _interval(whole: float, without: Sequence[float], least_error: float) -> tuple[float, float, float]:
    """Return a number and its interval by jackknife, with a standard error of at least `least_error`."""
    n = len(without)
    pseudo = [n * whole - (n - 1) * number for number in without]
    half = t_quantile(n - 2) * max(sd(pseudo) / math.sqrt(n), least_error)
    middle = mean(pseudo)
    return whole, middle - half, middle + half


def _deming(
    x: Sequence[float], y: Sequence[float], weights: Sequence[float], ratio: float
) -> tuple[float, float]:
    total = math.fsum(weights)
    at_x = math.fsum(w * a for w, a in zip(weights, x, strict=True)) / total
    at_y = math.fsum(w * b for w, b in zip(weights, y, strict=True)) / total
    u = math.fsum(w * (a - at_x) ** 2 for w, a in zip(weights, x, strict=True))
    q = math.fsum(w * (b - at_y) ** 2 for w, b in zip(weights, y, strict=True))
    p = math.fsum(w * (a - at_x) * (b - at_y) for w, a, b in zip(weights, x, y, strict=True))
    if p <= 0:
        raise TooFewError("the two ways do not rise together, expected materials of different densities")
    slope = (ratio * q - u + math.sqrt((u - ratio * q) ** 2 + 4 * ratio * p**2)) / (2 * ratio * p)
    return at_y - slope * at_x, slope
