"""A FlowJo 10 polygon as FlowJo sees it: on a grid of 256 × 256 bins of its display axes.

FlowJo writes `gateResolution="256"` beside each polygon. Events and corners belong to the bin that they lie
in, and a bin on the outline is inside. With that, all 46 counts of two real marrow tubes are those FlowJo
stored; exact geometry, as in FlowKit, is off by up to 7 %. Rectangles are not binned. It is known for
biexponential axes alone, so that other axes stay exact.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import flowkit
import numpy as np
from numpy.typing import NDArray

from gating.events import Mask

BINS = 256
"""Bins per axis on which FlowJo places a polygon. Vendor: FlowJo writes `gateResolution="256"` beside each
polygon."""
AXIS = 4096
"""FlowKit's biexponential axis runs from 0 to this (the channels of FlowJo's look-up table). Vendor: FlowJo
and FlowKit."""
SLACK = 1e-6
"""Of a bin: a corner is stored in 10 decimals of the linear scale. Vendor: FlowJo's format."""


def as_flowjo_sees_it(gate: Any, transforms: Mapping[str, Any]) -> Any:
    """Return a copy of a FlowKit gate; a polygon on biexponential axes becomes a `BinnedPolygon`.

    Parameters
    ----------
    gate
        Of a FlowKit strategy.
    transforms
        Of that strategy, by name.
    """
    if type(gate) is not flowkit.gates.PolygonGate:
        return copy.deepcopy(gate)
    axes = [transforms.get(dimension.transformation_ref) for dimension in gate.dimensions]
    widths = [AXIS / BINS if isinstance(axis, flowkit.transforms.WSPBiexTransform) else 0.0 for axis in axes]
    return BinnedPolygon(gate, widths) if any(widths) else copy.deepcopy(gate)


class BinnedPolygon(flowkit.gates.PolygonGate):  # type: ignore[misc]
    """A polygon gate on binned axes.

    Parameters
    ----------
    gate
        FlowKit's polygon, its corners on the display axes.
    widths
        Of a bin on each axis; 0: this axis is not binned.
    """

    def __init__(self, gate: Any, widths: list[float]) -> None:
        super().__init__(gate.gate_name, copy.deepcopy(gate.dimensions), gate.vertices, gate.use_complement)
        self._widths = widths

    def apply(self, df_events: Any) -> Mask:
        """Return which events are inside, bool, shape (n_events,)."""
        values = df_events[[dimension.id for dimension in self.dimensions]].to_numpy()
        points = np.stack([self._binned(values[:, axis], axis, 0.0) for axis in (0, 1)])
        corners = np.array(self.vertices, np.float64)
        outline = np.stack([self._binned(corners[:, axis], axis, SLACK) for axis in (0, 1)])
        inside = inside_closed_polygon(points, outline)
        return ~inside if self.use_complement else inside

    def _binned(self, values: NDArray[np.float64], axis: int, slack: float) -> NDArray[np.float64]:
        width = self._widths[axis]
        return np.floor(values / width + slack) if width else values


def inside_closed_polygon(points: NDArray[np.float64], outline: NDArray[np.float64]) -> Mask:
    """Return which points lie in a polygon or on its outline (even-odd rule).

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
    for (x0, y0), (x1, y1) in zip(outline.T, np.roll(outline, -1, axis=1).T, strict=True):
        side = (x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)
        within_x, within_y = _between(x, x0, x1), _between(y, y0, y1)
        on_edge |= (side == 0) & within_x & within_y
        crosses = (y >= min(y0, y1)) & (y < max(y0, y1))
        inside ^= crosses & ((side < 0) if y1 > y0 else (side > 0))
    return np.asarray(inside | on_edge, np.bool_)


def _between(values: NDArray[np.float64], end: float, other_end: float) -> Mask:
    return np.asarray((values >= min(end, other_end)) & (values <= max(end, other_end)), np.bool_)
