"""Polygons with their edge: in GatingML 2.0 an event on an edge is inside (section 5.2.1)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gating.events import Mask

ROUNDING = 8 * float(np.finfo(np.float64).eps)
"""Tolerance of an edge, relative to the product of two coordinates: a nearer point is on the edge. From the
precision of float64 (IEEE 754)."""


def inside_closed_polygon(points: NDArray[np.float64], outline: NDArray[np.float64]) -> Mask:
    """Return which points lie in a polygon or on its outline (even-odd rule).

    A point is on an edge if it is nearer to it than the rounding error of decimal coordinates.

    Parameters
    ----------
    points, outline
        Shape (2, n_points) and (2, n_corners).

    Examples
    --------
    >>> square = np.array([[0.0, 2.0, 2.0, 0.0], [0.0, 0.0, 2.0, 2.0]])
    >>> inside_closed_polygon(np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 1.0]]), square).tolist()
    [True, True, False]
    """
    x, y = points
    inside, on_edge = np.zeros(x.size, np.bool_), np.zeros(x.size, np.bool_)
    for (x0, y0), (x1, y1) in pairwise([*outline.T, *outline.T[:1]]):
        side = (x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)
        rounding = ROUNDING * (
            (np.abs(x) + abs(x0)) * (abs(y1) + abs(y0)) + (np.abs(y) + abs(y0)) * (abs(x1) + abs(x0))
        )
        on_edge |= (np.abs(side) <= rounding) & _between(x, x0, x1) & _between(y, y0, y1)
        crosses = (y >= min(y0, y1)) & (y < max(y0, y1))
        inside ^= crosses & ((side < 0) if y1 > y0 else (side > 0))
    return np.asarray(inside | on_edge, np.bool_)


def _between(values: NDArray[np.float64], end: float, other_end: float) -> Mask:
    return np.asarray((values >= min(end, other_end)) & (values <= max(end, other_end)), np.bool_)
