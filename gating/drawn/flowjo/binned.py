"""A FlowJo 10 polygon or ellipse as FlowJo applies it: on 256 × 256 bins of its display axes.

FlowJo writes `gateResolution="256"` beside each polygon. Events and corners belong to the bin in which they
lie, and a bin on the outline is inside. With this rule, all 46 counts of two real marrow tubes equal those
that FlowJo stored; exact geometry, as in FlowKit, differs by up to 7 %. Rectangles are not binned. Polygons
are binned on biexponential axes only, where the rule is known; ellipses on every axis, since FlowJo writes
them in bins.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import flowkit
import numpy as np
from numpy.typing import NDArray

from gating.drawn.flowjo.axes import AXIS
from gating.drawn.flowjo.ellipse import Ellipse
from gating.drawn.gate_file import GateFileError
from gating.drawn.polygon import inside_closed_polygon
from gating.events import Mask

BINS = 256
"""Bins per axis on which FlowJo places a polygon. Vendor: FlowJo writes `gateResolution="256"` beside each
polygon."""
SLACK = 1e-6
"""Tolerance for a corner, as a part of a bin: a corner is stored in 10 decimals of the linear scale. Vendor:
FlowJo's format."""
EVENT_SLACK = 1e-4
"""Tolerance for an event on an axis that is not biexponential, as a part of a bin: whole numbers lie on the
bins' edges, and float32 rounds them. From the precision of float32 (IEEE 754)."""


def as_flowjo_bins(gate: Any, transforms: Mapping[str, Any]) -> Any:
    """Return a copy of a FlowKit gate; a polygon on biexponential axes becomes a `BinnedPolygon`.

    Parameters
    ----------
    gate
        A gate of a FlowKit strategy.
    transforms
        Scales of that strategy, by name.
    """
    if type(gate) is not flowkit.gates.PolygonGate:
        return copy.deepcopy(gate)
    axes = [transforms.get(dimension.transformation_ref) for dimension in gate.dimensions]
    widths = [AXIS / BINS if isinstance(axis, flowkit.transforms.WSPBiexTransform) else 0.0 for axis in axes]
    return BinnedPolygon(gate, widths) if any(widths) else copy.deepcopy(gate)


def binned_ellipse(gate: Any, ellipse: Ellipse, transforms: Mapping[str, Any], source: str) -> BinnedPolygon:
    """Return a FlowJo ellipse as the polygon that FlowJo makes of it.

    Parameters
    ----------
    gate
        FlowKit's gate on the same axes; its limits are not used.
    ellipse
        The ellipse in bins.
    transforms
        Scales of the strategy, by name.
    source
        Name of the file, for errors.

    Raises
    ------
    GateFileError
        If the ellipse lies on an axis without a scale: the positions of its bins are unknown then.
    """
    axes = [transforms.get(dimension.transformation_ref) for dimension in gate.dimensions]
    unknown = [d.id for d, axis in zip(gate.dimensions, axes, strict=True) if axis is None]
    if unknown or len(axes) != 2:
        where = ", ".join(unknown) or f"{len(axes)} channels"
        raise GateFileError(
            f"{source}: an ellipse lies on {where}, and the workspace has no scale for it; draw it again"
        )
    widths = [
        (AXIS if isinstance(axis, flowkit.transforms.WSPBiexTransform) else 1.0) / BINS for axis in axes
    ]
    slacks = [0.0 if isinstance(axis, flowkit.transforms.WSPBiexTransform) else EVENT_SLACK for axis in axes]
    corners = ellipse.outline() * np.array(widths)
    outline = flowkit.gates.PolygonGate(
        gate.gate_name, gate.dimensions, corners.tolist(), gate.use_complement
    )
    return BinnedPolygon(outline, widths, slacks)


class BinnedPolygon(flowkit.gates.PolygonGate):  # type: ignore[misc]
    """A polygon gate on binned axes.

    Parameters
    ----------
    gate
        FlowKit's polygon, its corners on the display axes.
    widths
        Width of a bin on each axis; 0: this axis is not binned.
    slacks
        Part of a bin, on each axis, by which an event in the bin may lie below the bin's edge.
    """

    def __init__(self, gate: Any, widths: Sequence[float], slacks: Sequence[float] = (0.0, 0.0)) -> None:
        super().__init__(gate.gate_name, copy.deepcopy(gate.dimensions), gate.vertices, gate.use_complement)
        self._widths = tuple(widths)
        self._slacks = tuple(slacks)

    def contains(self, points: NDArray[np.float64]) -> Mask:
        """Return which points are inside, bool, shape (n_events,), of points of shape (2, n_events)."""
        binned = np.stack([self._binned(points[axis], axis, self._slacks[axis]) for axis in (0, 1)])
        corners = np.array(self.vertices, np.float64).T
        outline = np.stack([self._binned(corners[axis], axis, SLACK) for axis in (0, 1)])
        return inside_closed_polygon(binned, outline)

    def _binned(self, values: NDArray[np.float64], axis: int, slack: float) -> NDArray[np.float64]:
        width = self._widths[axis]
        return np.floor(values / width + slack) if width else values
