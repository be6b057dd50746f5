"""A FlowJo ellipse as FlowJo applies it: in the bins of its display axes, as a polygon.

FlowJo writes the foci and four points of an ellipse in bins, 256 to an axis, and treats an ellipse like a
polygon (see binned.py): events and outline belong to bins, and a bin on the outline is inside. Exact
geometry, as in FlowKit, excludes half of the outline's bins; with radii of 40 bins this is 1 to 3 % of the
cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, hypot, pi, sin, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gating.drawn.gate_file import DATATYPES, GATING, GateFileError
from gating.gates.polygons import Point

if TYPE_CHECKING:
    from lxml.etree import _Element

CORNERS = 128
"""Corners of the polygon. Vendor: FlowKit's count, FlowJo's own is not published."""


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse in bins of the display axes.

    Attributes
    ----------
    foci
        The two foci of the ellipse; the same point twice in a circle.
    axes
        The ends of its two diameters, the long one and the short one in any order.
    """

    foci: tuple[Point, Point]
    axes: tuple[tuple[Point, Point], tuple[Point, Point]]

    def outline(self) -> NDArray[np.float64]:
        """Return the outline in bins, shape (CORNERS, 2).

        The long diameter is the longer one in the file. Its direction and the short diameter come from the
        foci, since the file gives the short diameter less exactly.
        """
        (x0, y0), (x1, y1) = self.foci
        ends = max(self.axes, key=lambda pair: hypot(pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]))
        long = hypot(ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]) / 2
        apart = hypot(x1 - x0, y1 - y0) / 2
        short = sqrt(max(long * long - apart * apart, 0.0))
        turn = atan2(y1 - y0, x1 - x0)
        angles = [2 * pi * corner / CORNERS for corner in range(CORNERS)]
        along = [(long * cos(angle), short * sin(angle)) for angle in angles]
        return np.array(
            [
                ((x0 + x1) / 2 + a * cos(turn) - b * sin(turn), (y0 + y1) / 2 + a * sin(turn) + b * cos(turn))
                for a, b in along
            ]
        )


def taken_out(node: _Element, source: str) -> Ellipse:
    """Return a population's ellipse, and replace it in the file by a rectangle without limits.

    Raises
    ------
    GateFileError
        If the ellipse does not have two foci and four points, or if its foci lie outside of it.
    """
    gate = node.find(f"Gate/{GATING}EllipsoidGate")
    foci, points = _points(gate, "foci"), _points(gate, "edge")
    if len(foci) != 2 or len(points) != 4:
        raise GateFileError(
            f"{source}: the ellipse {node.get('name')!r} has {len(foci)} foci and {len(points)} points, "
            "expected 2 and 4; draw it again"
        )
    ellipse = Ellipse((foci[0], foci[1]), ((points[0], points[1]), (points[2], points[3])))
    longest = max(hypot(b[0] - a[0], b[1] - a[1]) for a, b in ellipse.axes)
    if hypot(foci[1][0] - foci[0][0], foci[1][1] - foci[0][1]) > longest + 1:
        raise GateFileError(
            f"{source}: the foci of the ellipse {node.get('name')!r} are farther apart than its points; "
            "draw it again"
        )
    for part in ("foci", "edge"):
        gate.remove(gate.find(f"{GATING}{part}"))
    gate.tag = f"{GATING}RectangleGate"
    return ellipse


def _points(gate: _Element, part: str) -> list[Point]:
    points = []
    for vertex in gate.iterfind(f"{GATING}{part}/{GATING}vertex"):
        try:
            x, y = (
                float(coordinate.get(f"{DATATYPES}value", ""))
                for coordinate in vertex.iterfind(f"{GATING}coordinate")
            )
        except ValueError:
            continue
        points.append((x, y))
    return points
