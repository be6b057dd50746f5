"""How many groups of brightness the cells show: the fewest modes that fit the cells.

No number of cells can show that a distribution has *at most* a given number of modes: a narrow one may
always hide (Donoho 1988, doi:10.1214/aos/1176351045). Only a lower limit can be known. Of all distributions
within the radius r of the cells' own distribution, the one with the fewest modes is taken: the taut string
(Davies & Kovac 2001, doi:10.1214/aos/996986501). It has one mode exactly where r is at least the dip
(Hartigan & Hartigan 1985, doi:10.1214/aos/1176346577).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from calibration.numbers import Floats

FEWEST_FOR_MODES = 50
"""Fewest cells for a count of modes. Convention: fewer cells would show only two halves that lie far
apart."""

RADIUS_95, RADIUS_50 = 0.515, 0.365
"""Radius times √n: 95 % and 50 % of uniform samples, the least favourable with one mode, lie within it.
Chosen on uniform samples of 50 to 5,000 cells (docs/validation.md)."""

MOST_CELLS_COUNTED = 5000
"""Largest number of cells that counts in the test. Convention: a finer dip does not show groups of cells."""

MOST_POINTS = 1000
"""Points at which the cells' distribution is evaluated. Convention: steps far below the radius."""

AXIS_DECIMALS = 9
"""Decimals of the axis that are kept. Convention: processors differ in later decimals."""

_TAIL = 1e6
"""Largest reach of a tail, in widths of the cells' range. Convention: so far that the tail's height has no
effect."""


@dataclass(frozen=True, slots=True)
class Modes:
    """Modes of cells. `count`: the fewest that fit the cells at even odds; `at_least`: at 95 %."""

    count: int
    at_least: int


def count_modes(values: Floats) -> Modes:
    """Count the modes of cells on an axis.

    Parameters
    ----------
    values
        Shape (n,), on the axis on which modes are meant: a mode on a logarithmic axis need not be one on a
        linear axis. Cells with the same value, as integer files have, are spread to half-way between their
        neighbours.

    Returns
    -------
    Modes
        `count` is a median-unbiased estimate (a 50 % limit), `at_least` the lower end of a 95 % interval,
        which has no upper end.

    Examples
    --------
    >>> two = np.concatenate([np.linspace(0, 1, 200), np.linspace(3, 4, 200)])
    >>> count_modes(two)
    Modes(count=2, at_least=2)
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    spread = spread_ties(np.asarray(np.round(ordered, AXIS_DECIMALS), dtype=np.float64))
    root = float(np.sqrt(min(spread.size, MOST_CELLS_COUNTED)))
    return Modes(modes_within(spread, RADIUS_50 / root), modes_within(spread, RADIUS_95 / root))


def spread_ties(ordered: Floats) -> Floats:
    """Return sorted values with equal ones spread evenly to half-way between the next values, same shape."""
    distinct, first, counts = np.unique(ordered, return_index=True, return_counts=True)
    if distinct.size == ordered.size or distinct.size < 2:
        return ordered
    gap = np.diff(distinct)
    below = np.concatenate([gap[:1], gap]) / 2
    above = np.concatenate([gap, gap[-1:]]) / 2
    rank = np.arange(ordered.size) - np.repeat(first, counts)
    part = (rank + 0.5) / np.repeat(counts, counts)
    low, reach = distinct - below, below + above
    placed = np.repeat(low, counts) + part * np.repeat(reach, counts)
    alone = np.repeat(counts == 1, counts)
    return np.asarray(np.where(alone, ordered, placed), dtype=np.float64)


def modes_within(ordered: Floats, radius: float) -> int:
    """Return the fewest modes of a distribution within `radius` of that of sorted values (sup distance)."""
    n = ordered.size
    rank = np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).round().astype(np.intp))
    distinct, first = np.unique(ordered[rank], return_index=True)
    if distinct.size < 2:
        return 1
    upto = np.searchsorted(ordered, distinct, side="right")
    before = rank[first]
    reach = _TAIL * float(distinct[-1] - distinct[0])
    x = [float(distinct[0]) - reach, *distinct.tolist(), float(distinct[-1]) + reach]
    lower = [0.0, *np.maximum(upto / n - radius, 0.0).tolist(), 1.0]
    upper = [0.0, *np.minimum(before / n + radius, 1.0).tolist(), 1.0]
    wide = [max(low, high) for low, high in zip(lower, upper, strict=True)]
    return _peaks(_string(x, lower, wide))


def _string(x: list[float], lower: list[float], upper: list[float]) -> list[tuple[float, float]]:
    """Return the corners of the shortest line between two bounds that meet at both ends."""
    apex = (x[0], lower[0])
    corners = [apex]
    over: list[tuple[float, float]] = []
    under: list[tuple[float, float]] = []
    for position, low, high in zip(x[1:], lower[1:], upper[1:], strict=True):
        apex = _added(apex, over, under, (position, high), 1.0, corners)
        apex = _added(apex, under, over, (position, low), -1.0, corners)
    return [*corners, *over]


def _added(
    apex: tuple[float, float],
    own: list[tuple[float, float]],
    other_side: list[tuple[float, float]],
    point: tuple[float, float],
    sign: float,
    corners: list[tuple[float, float]],
) -> tuple[float, float]:
    """Add a point to its side of the funnel; where it crosses the other side, the line has corners there."""
    while own:
        from_ = own[-2] if len(own) > 1 else apex
        if sign * _slope(from_, own[-1]) < sign * _slope(from_, point):
            break
        own.pop()
    if not own:
        while other_side and sign * _slope(apex, point) < sign * _slope(apex, other_side[0]):
            apex = other_side.pop(0)
            corners.append(apex)
    own.append(point)
    return apex


def _slope(a: tuple[float, float], b: tuple[float, float]) -> float:
    return (b[1] - a[1]) / (b[0] - a[0]) if b[0] > a[0] else float("inf")


def _peaks(corners: list[tuple[float, float]]) -> int:
    """Count the local maxima of the line's slope, which is zero outside."""
    slopes = [0.0, *(_slope(*pair) for pair in pairwise(corners)), 0.0]
    count, rising = 0, False
    for before, after in pairwise(slopes):
        if after > before:
            rising = True
        elif after < before and rising:
            count, rising = count + 1, False
    return max(count, 1)
