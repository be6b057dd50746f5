"""Linearity as in CLSI EP06: measured against expected levels, and each level's deviation from the line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.assay.statistics.moments import TooFewError, mean, pooled_sd, t_quantile, t_tail
from pipeline.study.wording import counted

FEWEST_LEVELS = 4
"""Fewest levels that can show curvature. Convention: EP06 asks for five to seven."""
_FEWEST_LEVELS = 3
"""Fewest levels of one material. Arithmetic: two levels always lie on a line."""


@dataclass(frozen=True, slots=True)
class LinearLevel:
    """A level: its expected value, the measured mean, and the deviation from the line in percent."""

    expected: float
    n: int
    mean: float
    fitted: float
    deviation_percent: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Linearity:
    """The straight line through the levels.

    Attributes
    ----------
    slope, intercept
        Line of measured on expected levels; the slope with its 95 % interval.
    repeatability_percent
        CV of the replicates, pooled over the levels.
    curved_p
        p of the quadratic term; None with fewer than four levels, or without any scatter.
    worst_percent
        Largest deviation of a level (absolute, in percent).
    levels
        The levels, in ascending order.
    """

    n: int
    slope: float
    slope_low: float
    slope_high: float
    intercept: float
    repeatability_percent: float
    curved_p: float | None
    worst_percent: float
    levels: tuple[LinearLevel, ...]


def linearity(expected: Sequence[float], measured: Sequence[float]) -> Linearity:
    """Return the weighted line of measured on expected levels, and each level's deviation from it.

    The SD of a receptor density grows with it, so the weight of a value is 1 / (mean of its level)²
    (CLSI EP06, second edition). The quadratic term is that of EP06-A (Emancipator, Kroll 1993,
    doi:10.1093/clinchem/39.5.766).

    Parameters
    ----------
    expected : (n,)
        Level of each value, in any unit that is proportional to the density; replicates share it.
    measured : (n,)
        Receptor densities, molecules per cell.

    Raises
    ------
    TooFewError
        Fewer than three levels, no replicates, or a level whose mean is not above zero.
    """
    groups: dict[float, list[float]] = {}
    for level, value in sorted(zip(expected, measured, strict=True)):
        groups.setdefault(level, []).append(value)
    if len(groups) < _FEWEST_LEVELS:
        raise TooFewError(f"found {counted(len(groups), 'level')}, expected three or more of one material")
    means = {level: mean(values) for level, values in groups.items()}
    dim = [level for level, middle in means.items() if middle <= 0]
    if dim:
        raise TooFewError(
            f"the mean at level {dim[0]:g} is not above zero, expected a density at every level"
        )
    relative = [[value / means[level] for value in values] for level, values in groups.items()]
    cv, freedom = pooled_sd(relative)
    if freedom == 0:
        raise TooFewError(
            "found one tube at each level, expected two or more: without replicates no line is judged"
        )
    weights = [1 / means[level] ** 2 for level in expected]
    terms = [[1.0] * len(expected), list(expected)]
    line = least_squares(terms, measured, weights)
    sizes = [math.sqrt(line.variance(index)) for index in range(2)]
    reach = t_quantile(line.freedom)
    curved = None
    if len(groups) >= FEWEST_LEVELS:
        bent = least_squares([*terms, [level**2 for level in expected]], measured, weights)
        if bent.variance(2) > 0:
            curved = t_tail(bent.freedom, bent.coefficients[2] / math.sqrt(bent.variance(2)))
    levels = tuple(
        _level(level, values, line, cv * means[level], t_quantile(freedom))
        for level, values in groups.items()
    )
    slope = line.coefficients[1]
    return Linearity(
        n=len(measured),
        slope=slope,
        slope_low=slope - reach * sizes[1],
        slope_high=slope + reach * sizes[1],
        intercept=line.coefficients[0],
        repeatability_percent=100 * cv,
        curved_p=curved,
        worst_percent=max(abs(level.deviation_percent) for level in levels),
        levels=levels,
    )


@dataclass(frozen=True, slots=True)
class _WeightedFit:
    """Weighted least squares: coefficients, inverse normal matrix, residual variance, degrees of freedom."""

    coefficients: tuple[float, ...]
    inverse: tuple[tuple[float, ...], ...]
    scale: float
    freedom: int

    def variance(self, term: int) -> float:
        """Return the variance of the coefficient of a term."""
        return self.inverse[term][term] * self.scale


def least_squares(
    terms: Sequence[Sequence[float]], y: Sequence[float], weights: Sequence[float]
) -> _WeightedFit:
    """Return the weighted least-squares fit on these terms, each a sequence as long as `y`.

    Raises
    ------
    TooFewError
        No more values than terms.
    """
    size = len(terms)
    normal = [
        [math.fsum(w * a * b for w, a, b in zip(weights, row, column, strict=True)) for column in terms]
        for row in terms
    ]
    right = [math.fsum(w * a * b for w, a, b in zip(weights, row, y, strict=True)) for row in terms]
    inverse = _inverse(normal)
    coefficients = tuple(math.fsum(inverse[i][j] * right[j] for j in range(size)) for i in range(size))
    fitted = [
        math.fsum(c * term[k] for c, term in zip(coefficients, terms, strict=True)) for k in range(len(y))
    ]
    squares = math.fsum(w * (a - b) ** 2 for w, a, b in zip(weights, y, fitted, strict=True))
    freedom = len(y) - size
    if freedom <= 0:
        raise TooFewError(f"found {counted(len(y), 'value')}, expected more than {size}")
    return _WeightedFit(coefficients, inverse, squares / freedom, freedom)


def _inverse(matrix: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    """Return the inverse of a small positive definite matrix: Gauss–Jordan, scaled to a diagonal of 1."""
    size = len(matrix)
    scale = [1 / math.sqrt(matrix[k][k]) for k in range(size)]
    rows = [
        [matrix[i][j] * scale[i] * scale[j] for j in range(size)] + [float(i == j) for j in range(size)]
        for i in range(size)
    ]
    for k in range(size):
        lead = max(range(k, size), key=lambda row: abs(rows[row][k]))
        rows[k], rows[lead] = rows[lead], rows[k]
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for row in range(size):
            if row != k:
                factor = rows[row][k]
                rows[row] = [value - factor * own for value, own in zip(rows[row], rows[k], strict=True)]
    return tuple(tuple(rows[i][size + j] * scale[i] * scale[j] for j in range(size)) for i in range(size))


def _level(
    level: float, values: Sequence[float], line: _WeightedFit, size: float, reach: float
) -> LinearLevel:
    """Return a level's deviation from the line, with an interval that includes its leverage."""
    middle = mean(values)
    fitted = line.coefficients[0] + line.coefficients[1] * level
    (a, b), (_, d) = line.inverse
    share = (a + 2 * b * level + d * level**2) * len(values) / middle**2
    half = reach * size * math.sqrt(max(1 - share, 0.0) / len(values))
    ends = (100 * (middle - fitted + side * half) / abs(fitted) for side in (0, -1, 1))
    return LinearLevel(level, len(values), middle, fitted, *ends)
