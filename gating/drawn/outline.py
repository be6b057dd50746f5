"""The outline of a drawn gate as a gate of this program: for pictures, never to select cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.linear import cholesky, product
from gating.drawn.population_names import GateId
from gating.drawn.scale_bounds import bounds_of
from gating.drawn.tree import gate_of, is_quadrant_gate
from gating.events.compensation import SpilloverMatrix
from gating.gates import AllOf, Gate, PolygonGate, RangeGate

if TYPE_CHECKING:
    import flowkit

POINTS = 24
"""Points per edge: an edge that is straight on the axis on which it was drawn is curved on the linear axis.
Convention: enough for a picture."""
POINTS_AROUND = 3 * POINTS
"""Points around an ellipse. Convention: enough for a picture."""
SAME_MATRIX = 1e-3
"""Largest difference of two spillover coefficients that give the same picture. Convention: enough for a
picture."""
Find = Callable[[str], str]


def outline_of(
    strategy: flowkit.GatingStrategy,
    gate: GateId,
    channel_of: Find,
    *,
    ours: SpilloverMatrix | None,
    files: SpilloverMatrix | None,
    divisor_of: Callable[[str], float] = lambda _: 1.0,
) -> Gate | None:
    """Return a drawn gate's outline in linear units; None if it has no outline on the picture's axes.

    Boolean gates, quadrants, complements, ratios and ellipsoids of three channels have no outline. A gate has
    none either if its events are compensated in another way than those of the picture.

    Parameters
    ----------
    strategy, gate
        FlowKit's gates and the id of one of them.
    channel_of
        The channel of a label, empty where there is none.
    ours, files
        The matrix that the picture's events were compensated with, and that of the FCS file.
    divisor_of
        Divisor of a channel's values in the picture; the gates' values are not divided by it.
    """
    drawn = gate_of(strategy, gate)
    dimensions = list(getattr(drawn, "dimensions", None) or ())
    names = [channel_of(str(getattr(dimension, "id", ""))) for dimension in dimensions]
    if is_quadrant_gate(strategy, gate) or getattr(drawn, "use_complement", False) or not all(names):
        return None
    lights = (
        _same_light(strategy, dimension, name, channel_of, ours, files)
        for dimension, name in zip(dimensions, names, strict=True)
    )
    if not names or not all(lights):
        return None
    axes = [_Axis(strategy, d, divisor_of(name)) for d, name in zip(dimensions, names, strict=True)]
    if not all(axis.has_inverse for axis in axes):
        return None
    kind = {dimension.__name__ for dimension in type(drawn).__mro__}
    if "RectangleGate" in kind:
        return _rectangle(dimensions, names, axes)
    if "PolygonGate" in kind and len(names) == 2:
        return _polygon(names, axes, _fine(np.array(drawn.vertices, np.float64)))
    if "EllipsoidGate" in kind and len(names) == 2:
        edge = _ellipse(drawn)
        return None if edge is None else _polygon(names, axes, edge)
    return None


@dataclass(frozen=True, slots=True)
class _Axis:
    """The axis on which a gate was drawn.

    Attributes
    ----------
    strategy, dimension
        FlowKit's gates and one axis of one of them.
    divisor
        Divisor of the picture's values, by which the gate's values are not divided.
    """

    strategy: flowkit.GatingStrategy
    dimension: Any
    divisor: float

    @property
    def scale(self) -> Any:
        """FlowKit's scale; None if the axis is linear."""
        name = self.dimension.transformation_ref
        return self.strategy.transformations[name] if name else None

    @property
    def has_inverse(self) -> bool:
        """Whether positions on the axis can be converted to linear units."""
        is_bound = any(bound is not None for bound in bounds_of(self.scale))
        is_invertible = self.scale is None or hasattr(self.scale, "inverse") or hasattr(self.scale, "decades")
        return is_invertible and not is_bound

    def linear(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return positions on the axis in the picture's linear units."""
        if self.scale is None:
            values = positions
        elif hasattr(self.scale, "inverse"):
            values = self.scale.inverse(positions)
        else:  # FlowJo's logarithmic axis, which FlowKit does not invert
            values = self.scale.offset * 10.0 ** (self.scale.decades * positions)
        return np.asarray(values, np.float64) / self.divisor


def _same_light(
    strategy: flowkit.GatingStrategy,
    dimension: Any,
    channel: str,
    channel_of: Find,
    ours: SpilloverMatrix | None,
    files: SpilloverMatrix | None,
) -> bool:
    """Return whether a gate and the picture use the same compensation of a channel."""
    reference = dimension.compensation_ref
    matrix_of_picture = ours if ours is not None and channel in ours.channels else None
    if reference in (None, "", "uncompensated"):
        return matrix_of_picture is None
    if reference == "FCS":
        matrix = None if files is None else (files.channels, files.values)
    else:
        matrix_of_gates = strategy.comp_matrices.get(reference)
        matrix = (
            None
            if matrix_of_gates is None
            else (
                tuple(map(channel_of, matrix_of_gates.detectors)),
                np.asarray(matrix_of_gates.matrix, np.float64),
            )
        )
    if matrix is None or channel not in matrix[0]:
        return matrix_of_picture is None
    return matrix_of_picture is not None and _is_same(matrix, matrix_of_picture)


def _is_same(matrix: tuple[tuple[str, ...], NDArray[np.float64]], ours: SpilloverMatrix) -> bool:
    channels, values = matrix
    if set(channels) != set(ours.channels) or values.shape != (len(channels), len(channels)):
        return False
    order = [ours.channels.index(name) for name in channels]
    return bool(np.allclose(values, ours.values[np.ix_(order, order)], rtol=0, atol=SAME_MATRIX))


def _rectangle(dimensions: list[Any], names: list[str], axes: list[_Axis]) -> Gate:
    ranges = tuple(
        RangeGate(name, _limit(axis, dimension.min), _limit(axis, dimension.max))
        for dimension, name, axis in zip(dimensions, names, axes, strict=True)
    )
    return ranges[0] if len(ranges) == 1 else AllOf(ranges)


def _limit(axis: _Axis, limit: float | None) -> float | None:
    return None if limit is None else float(axis.linear(np.array([limit], np.float64))[0])


def _polygon(names: list[str], axes: list[_Axis], corners: NDArray[np.float64]) -> Gate:
    x, y = (axis.linear(corners[:, i].copy()) for i, axis in enumerate(axes))
    return PolygonGate(names[0], names[1], tuple(zip(x.tolist(), y.tolist(), strict=True)))


def _fine(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    share = np.linspace(0, 1, POINTS, endpoint=False)[:, None]
    return np.vstack([a + share * (b - a) for a, b in pairwise([*corners, corners[0]])])


def _ellipse(drawn: Any) -> NDArray[np.float64] | None:
    """Return points on the edge; None if the covariance matrix belongs to no ellipse."""
    angle = np.linspace(0, 2 * np.pi, POINTS_AROUND, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    covariance = np.array(drawn.covariance_matrix, np.float64) * float(drawn.distance_square)
    try:
        factor = cholesky(covariance)
    except np.linalg.LinAlgError:
        return None
    return np.asarray(product(circle, factor.T) + np.array(drawn.coordinates, np.float64))
