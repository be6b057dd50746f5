"""The shapes of points: each can be recognised by its outline alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from pipeline.output.figures.svg.elements import SvgNumber, element, pixels

Corners = tuple[tuple[float, float], ...]


def _star() -> Corners:
    radii = (1.25, 0.5) * 5
    turns = (math.pi * (k / 5 - 0.5) for k in range(10))
    return tuple((r * math.cos(a), r * math.sin(a)) for r, a in zip(radii, turns, strict=True))


def _plus(half: float, *, turned: bool) -> Corners:
    arms = ((-half, -1), (half, -1), (half, -half), (1, -half), (1, half), (half, half))
    corners = (*arms, *((-x, -y) for x, y in arms))
    return tuple((0.75 * (x - y), 0.75 * (x + y)) for x, y in corners) if turned else tuple(corners)


SHAPES: Final[Mapping[str, Corners]] = {
    "star": _star(),
    "plus": _plus(0.28, turned=False),
    "cross": _plus(0.28, turned=True),
    "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    "diamond": ((0, -1.5), (0.95, 0), (0, 1.5), (-0.95, 0)),
    "up": ((0, -1.1), (1.1, 0.85), (-1.1, 0.85)),
    "down": ((0, 1.1), (1.1, -0.85), (-1.1, -0.85)),
    "right": ((1.1, 0), (-0.85, 1.1), (-0.85, -1.1)),
    "bar": ((-1.3, -0.5), (1.3, -0.5), (1.3, 0.5), (-1.3, 0.5)),
    "tick": ((-0.12, -1.2), (0.12, -1.2), (0.12, 1.2), (-0.12, 1.2)),
}
"""Corners of each shape around its middle, y downwards; `circle` has none."""


def outline(shape: str, x: float, y: float, radius: float) -> str:
    """Return a shape as the `d` of a path: also one of many in the same path; `circle` is an octagon here."""
    corners = SHAPES.get(shape) or tuple(
        (math.cos((k + 0.5) * math.pi / 4), math.sin((k + 0.5) * math.pi / 4)) for k in range(8)
    )
    points = (f"{pixels(x + radius * a)} {pixels(y + radius * b)}" for a, b in corners)
    return "M" + "L".join(points) + "Z"


def mark(shape: str, x: float, y: float, radius: float, **attributes: str | SvgNumber | None) -> str:
    """Return a shape with its middle at (x, y)."""
    if shape == "circle":
        return element("circle", cx=x, cy=y, r=radius, **attributes)
    return element("path", d=outline(shape, x, y, radius), **attributes)
