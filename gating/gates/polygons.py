"""Polygons that a person draws, and the faults that make one unusable as a gate."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import isfinite

from gating.gates.gates import PolygonGate, straight_corners

FEWEST_VERTICES, MOST_VERTICES = 3, 200
"""Vertices of a polygon. Arithmetic: fewer enclose nothing. Convention: nobody draws more."""

Point = tuple[float, float]


def polygon_fault(gate: PolygonGate) -> str:
    """Return in words why a polygon cannot be a gate; "" if it can.

    Examples
    --------
    >>> polygon_fault(PolygonGate("A", "B", ((0.0, 0.0), (1.0, 1.0))))
    'a polygon has at least 3 vertices, this one has 2'
    >>> polygon_fault(PolygonGate("A", "B", ((0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0))))
    'its edges 1 and 3 cross: it is not clear what is inside'
    """
    if gate.x_channel == gate.y_channel:
        return f"both axes of the polygon are {gate.x_channel}; it needs two channels"
    n = len(gate.vertices)
    if n < FEWEST_VERTICES:
        return f"a polygon has at least {FEWEST_VERTICES} vertices, this one has {n}"
    if n > MOST_VERTICES:
        return f"a polygon has at most {MOST_VERTICES} vertices, this one has {n}"
    if not all(isfinite(value) for vertex in gate.vertices for value in vertex):
        return "a vertex is no number"
    if not all(cofactor is None or (isfinite(cofactor) and cofactor > 0) for cofactor in gate.cofactors):
        return "a cofactor of its axes is no number above zero"
    double = next((k for k in range(n) if gate.vertices[k] == gate.vertices[k - 1]), None)
    if double is not None:
        return f"its vertices {(double - 1) % n + 1} and {double + 1} are the same; leave one out"
    if (
        len({x for x, _ in gate.vertices}) == 1
        or len({y for _, y in gate.vertices}) == 1
        or not _area(straight_corners(gate))
    ):
        return "all its vertices lie on one line: nothing is inside"
    corners = straight_corners(gate)
    for first, second in combinations(range(n), 2):
        near = second - first in (1, n - 1)
        if not near and _cross(*_edge(corners, first), *_edge(corners, second)):
            return f"its edges {first + 1} and {second + 1} cross: it is not clear what is inside"
    return ""


def _edge(corners: Sequence[Point], number: int) -> tuple[Point, Point]:
    return corners[number], corners[(number + 1) % len(corners)]


def _area(corners: Sequence[Point]) -> bool:
    """Return whether any corner turns: whether three vertices in a row do not lie on one line."""
    return any(_turn(corners[k - 2], corners[k - 1], corner) != 0 for k, corner in enumerate(corners))


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Return whether two edges meet that have no vertex in common."""
    if max(a[0], b[0]) < min(c[0], d[0]) or max(c[0], d[0]) < min(a[0], b[0]):
        return False
    if max(a[1], b[1]) < min(c[1], d[1]) or max(c[1], d[1]) < min(a[1], b[1]):
        return False
    return _turn(a, b, c) * _turn(a, b, d) <= 0 and _turn(c, d, a) * _turn(c, d, b) <= 0


def _turn(a: Point, b: Point, c: Point) -> int:
    """Return 1 for a turn to the left, -1 to the right, 0 for straight on."""
    turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (turn > 0) - (turn < 0)
