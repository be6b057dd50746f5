"""The outline of a gate on the two channels of a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from itertools import product as product_of

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.linear import cholesky, product
from gating.gates import AllOf, AnyOf, EllipsoidGate, Gate, PolygonGate, RangeGate, straight_corners
from gating.gates.polygons import Point
from gating.gates.steps import GateStep, Step
from gating.thresholds.methods import Method
from pipeline.tube.histograms import Density, DisplayAxis

OutlinePoints = NDArray[np.float64]
Edge = tuple[Point, Point]
_TRIANGLE = 3
"""An outline of more points than this, the first one twice, encloses an area. Arithmetic: a triangle has
four points then."""


def axes_of(density: Density) -> tuple[DisplayAxis, DisplayAxis]:
    """Return the display axes of a density, x first."""
    return DisplayAxis(*density.x_axis), DisplayAxis(*density.y_axis)


def outlines(density: Density) -> tuple[OutlinePoints, ...]:
    """Return the outline of a density's gate as lines in display positions, each of shape (n, 2).

    Parts of a gate on channels that the picture does not show are left out; `kept_words` names every part.
    """
    return () if density.gate is None else tuple(_lines(density.gate, density))


def encloses_area(line: OutlinePoints) -> bool:
    """Return whether an outline, shape (n, 2), goes around an area and is no mere line across the picture."""
    return len(line) > _TRIANGLE


def _lines(gate: Gate, density: Density) -> list[OutlinePoints]:
    """Return the outline of each curved part, and one outline around the region of all ranges."""
    ranges = _shown_ranges(gate, {density.x_channel, density.y_channel})
    lines = _shapes(gate, density)
    if ranges is None:
        return lines
    if not density.y_channel:
        axis = axes_of(density)[0]
        bounds = [bound for part in _flat(ranges) for bound in (part.lower, part.upper) if bound is not None]
        return lines + [np.array([(x, 0.0), (x, 1.0)]) for x in axis.position(bounds).tolist()]
    return lines + _region(ranges, density)


def _shapes(gate: Gate, density: Density) -> list[OutlinePoints]:
    if isinstance(gate, AllOf | AnyOf):
        return [line for part in gate.gates for line in _shapes(part, density)]
    return _shape(gate, density)


def _shown_ranges(gate: Gate, shown: set[str]) -> Gate | None:
    """Return the gate's ranges on these channels only; None without any."""
    if isinstance(gate, AllOf | AnyOf):
        parts = tuple(ranges for part in gate.gates if (ranges := _shown_ranges(part, shown)) is not None)
        return type(gate)(parts) if parts else None
    return gate if isinstance(gate, RangeGate) and gate.channel in shown else None


def _flat(gate: Gate) -> list[RangeGate]:
    if isinstance(gate, AllOf | AnyOf):
        return [part for inner in gate.gates for part in _flat(inner)]
    return [gate] if isinstance(gate, RangeGate) else []


def _region(gate: Gate, density: Density) -> list[OutlinePoints]:
    """Return the outline of the region that ranges keep; an open side lies on the frame."""
    axes = dict(zip((density.x_channel, density.y_channel), axes_of(density), strict=True))
    edges = {channel: _edges(gate, channel, axis) for channel, axis in axes.items()}
    xs, ys = edges[density.x_channel], edges[density.y_channel]
    sides: dict[Edge, None] = {}
    for (left, right), (low, high) in product_of(pairwise(xs), pairwise(ys)):
        middle = {density.x_channel: (left + right) / 2, density.y_channel: (low + high) / 2}
        if not _keeps(gate, middle, axes):
            continue
        corners = ((left, low), (right, low), (right, high), (left, high), (left, low))
        for start, end in pairwise(corners):
            if sides.pop((end, start), 0) == 0:  # a side that two kept fields share is no outline
                sides[start, end] = None
    return [np.array(loop) for loop in _loops(sides)]


def _edges(gate: Gate, channel: str, axis: DisplayAxis) -> list[float]:
    """Return the ends of the axis and every bound between them, in order."""
    bounds = [b for part in _flat(gate) if part.channel == channel for b in (part.lower, part.upper)]
    places = axis.position([bound for bound in bounds if bound is not None]).tolist()
    return sorted(
        {axis.low, axis.high, *(position for position in places if axis.low < position < axis.high)}
    )


def _keeps(gate: Gate, middle: Mapping[str, float], axes: Mapping[str, DisplayAxis]) -> bool:
    """Return whether ranges keep events at these display positions."""
    if isinstance(gate, AllOf | AnyOf):
        join = all if isinstance(gate, AllOf) else any
        return join(_keeps(part, middle, axes) for part in gate.gates)
    if not isinstance(gate, RangeGate):
        return True
    position, axis = middle[gate.channel], axes[gate.channel]
    above = gate.lower is None or position >= float(axis.position(gate.lower))
    return above and (gate.upper is None or position < float(axis.position(gate.upper)))


def _loops(sides: Mapping[Edge, None]) -> Iterator[list[tuple[float, float]]]:
    """Join sides to closed lines without points on a straight way."""
    sides_to_draw = dict(sides)
    while sides_to_draw:
        start, corner = next(iter(sides_to_draw))
        del sides_to_draw[start, corner]
        loop = [start, corner]
        while corner != loop[0]:
            after = next(end for begin, end in sides_to_draw if begin == corner)
            del sides_to_draw[corner, after]
            if _is_straight(loop[-2], corner, after):
                loop.pop()
            loop.append(after)
            corner = after
        yield loop


def _is_straight(before: Point, corner: Point, after: Point) -> bool:
    return before[0] == corner[0] == after[0] or before[1] == corner[1] == after[1]


def _shape(gate: Gate, density: Density) -> list[OutlinePoints]:
    if isinstance(gate, PolygonGate):
        return _polygon(gate, density)
    if isinstance(gate, EllipsoidGate):
        return _ellipse(gate, density)
    return []


def _polygon(gate: PolygonGate, density: Density) -> list[OutlinePoints]:
    vertices = straight_corners(gate)
    corners = np.array([*vertices, vertices[0]], dtype=np.float64)
    cofactors = gate.cofactors
    if (gate.x_channel, gate.y_channel) == (density.y_channel, density.x_channel):
        corners, cofactors = corners[:, ::-1], cofactors[::-1]
    elif (gate.x_channel, gate.y_channel) != (density.x_channel, density.y_channel):
        return []
    x, y = axes_of(density)
    edges = _fine(corners, straight=cofactors == (x.cofactor, y.cofactor))
    shown = [
        places if cofactor == axis.cofactor else axis.position(_linear(places, cofactor))
        for places, axis, cofactor in zip(edges.T, (x, y), cofactors, strict=True)
    ]
    return [np.column_stack(shown)]


def cut_to_box(corners: OutlinePoints, low: OutlinePoints, high: OutlinePoints) -> OutlinePoints:
    """Return a polygon cut off at the sides of a box, its first corner not repeated.

    What lies inside of the box stays where it is: corners beyond it are not moved to its sides, since that
    would turn the edges (Sutherland & Hodgman 1974, doi:10.1145/360767.360802).

    Parameters
    ----------
    corners
        The corners of the polygon, shape (n, 2).
    low, high
        The lower left and the upper right corner of the box, shape (2,).

    Returns
    -------
    array, shape (m, 2)
        Empty where no part of the polygon lies inside.
    """
    points = [tuple(point) for point in corners.tolist()]
    for axis in (0, 1):
        for bound, sign in ((float(low[axis]), 1.0), (float(high[axis]), -1.0)):
            clipped: list[tuple[float, ...]] = []
            for k, point in enumerate(points):
                before = points[k - 1]
                inside, was = (sign * (end[axis] - bound) >= 0 for end in (point, before))
                if inside != was:
                    share = (bound - before[axis]) / (point[axis] - before[axis])
                    crossing = [a + share * (b - a) for a, b in zip(before, point, strict=True)]
                    crossing[axis] = bound
                    clipped.append(tuple(crossing))
                if inside:
                    clipped.append(point)
            points = clipped
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def _linear(places: OutlinePoints, cofactor: float | None) -> OutlinePoints:
    return places if cofactor is None else cofactor * np.sinh(places)


def _fine(corners: OutlinePoints, *, straight: bool) -> OutlinePoints:
    """Put points on the edges: straight on the gate's own scale, they are curves on another one."""
    if straight:
        return corners
    share = np.linspace(0, 1, 24, endpoint=False)[:, None]
    pieces = [start + share * (end - start) for start, end in pairwise(corners)]
    return np.vstack([*pieces, corners[-1:]])


def _ellipse(gate: EllipsoidGate, density: Density) -> list[OutlinePoints]:
    """Return the projection of the ellipsoid onto the two channels."""
    channels = (density.x_channel, density.y_channel)
    if not all(channel in gate.channels for channel in channels):
        return []
    rows = [gate.channels.index(channel) for channel in channels]
    covariance = np.array(gate.covariance)[np.ix_(rows, rows)] * gate.distance_square
    angle = np.linspace(0, 2 * np.pi, 73)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    bent = product(circle, cholesky(covariance).T) + np.array(gate.mean)[rows]
    linear = np.sinh(bent) * np.array(gate.cofactors)[rows]
    x, y = axes_of(density)
    return [np.column_stack([x.position(linear[:, 0]), y.position(linear[:, 1])])]


def kept_words(density: Density, step: GateStep) -> str:
    """Return the limits of a gate, each threshold as typed in the sheet `gates`, or why there is no gate."""
    if density.gate is None:
        if Method.FILE in step.methods:
            return "drawn elsewhere: no outline on these axes"
        return f"no cut: {step.note}" if step.name is Step.ABERRANT else ""
    ratios = [f"{name} < {threshold(value)}" for name, value in step.thresholds if step.is_ratio]
    condition = " and ".join(ratios) if ratios else _words_of(density.gate)
    is_region = isinstance(density.gate, PolygonGate)
    left_out = "; left out between the lines" if step.name is Step.TIME and not is_region else ""
    return f"keeps {condition}{left_out}"


def threshold(value: float) -> str:
    """Return a threshold as a person would type it: no thousands separators, a plain minus.

    Examples
    --------
    >>> threshold(4375.42), threshold(1261887.3), threshold(-12.5)
    ('4375.42', '1261887', '-12.5')
    """
    return f"{value:.0f}" if abs(value) >= 1e6 else f"{value:.6g}"


def _words_of(gate: Gate, *, inside: bool = False) -> str:
    if isinstance(gate, AllOf | AnyOf):
        joined = (" and " if isinstance(gate, AllOf) else " or ").join(
            dict.fromkeys(_words_of(part, inside=len(gate.gates) > 1) for part in gate.gates)
        )
        return f"({joined})" if inside and len(gate.gates) > 1 else joined
    if not isinstance(gate, RangeGate):
        return "what lies inside"
    if gate.lower is not None and gate.upper is not None:
        return f"{threshold(gate.lower)} ≤ {gate.channel} < {threshold(gate.upper)}"
    if gate.lower is not None:
        return f"{gate.channel} ≥ {threshold(gate.lower)}"
    return f"{gate.channel} < {threshold(gate.upper)}" if gate.upper is not None else f"any {gate.channel}"
