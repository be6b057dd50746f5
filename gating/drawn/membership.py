"""Which events lie in drawn gates. FlowKit reads the gates; this module applies them to events.

FlowKit compensates every axis of a gate that has one compensated axis, never compensates a ratio, confuses
two scales of one channel, and excludes events on the edge of a polygon. Here each axis of a gate is computed
by itself, with its own channel, matrix and scale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gating.arithmetic.linear import inverse_of, product
from gating.arithmetic.numbers import Floats
from gating.drawn.flowkit_calls import by_flowkit
from gating.drawn.gate_file import GateFileError
from gating.drawn.population_names import GateId
from gating.drawn.scale_bounds import within_bounds
from gating.drawn.tree import gate_of
from gating.events import Events, Mask
from gating.events.compensation import SpilloverMatrix, UnusableSpilloverError
from gating.gates.gatingml import UNCOMPENSATED

if TYPE_CHECKING:
    import flowkit

FROM_THE_FILE = "FCS"
"""GatingML's word for the matrix of the FCS file (section 5.1.1)."""
NOT_COMPENSATED = (None, "", UNCOMPENSATED)


@dataclass(frozen=True, slots=True)
class Light:
    """The events on the axes of a strategy's gates.

    Attributes
    ----------
    strategy
        FlowKit's gates, scales and matrices.
    events
        Linear, not compensated.
    channel_of
        The channel of a label that a gate or a matrix uses, given its matrix's name or ""; "" for none.
    file_matrix
        The matrix of the FCS file; None: gates that refer to it get uncompensated events.
    source
        Name of the file of gates, for errors.
    """

    strategy: flowkit.GatingStrategy
    events: Events
    channel_of: Callable[[str, str], str]
    file_matrix: SpilloverMatrix | None
    source: str
    _compensated: dict[str, Mapping[str, Floats]] = field(default_factory=dict, init=False)

    def axis(self, dimension: Any) -> Floats:
        """Return the events on one axis of a gate, float64, shape (n_events,)."""
        ratio = getattr(dimension, "ratio_ref", None)
        reference = dimension.compensation_ref
        if ratio is None:
            label = str(getattr(dimension, "dimension_ref", None) or dimension.id)
            values = self._column(label, reference)
        else:
            rule = self.strategy.transformations[ratio]
            above, below = (self._column(label, reference) for label in rule.dimensions)
            with np.errstate(all="ignore"):
                values = rule.param_a * ((above - rule.param_b) / (below - rule.param_c))
            label = f"the ratio {ratio}"
            values = self._in_bounds(values, rule, label)
        scale = dimension.transformation_ref
        if scale is None:
            return values
        axis = self.strategy.transformations[scale]
        with np.errstate(all="ignore"):
            fault = f"{self.source}: its gates cannot be applied"
            shown = by_flowkit(fault, axis.apply, np.ascontiguousarray(values)[:, None].copy())
        return self._in_bounds(np.asarray(shown, np.float64)[:, 0], axis, label)

    def _in_bounds(self, shown: Floats, scale: Any, label: str) -> Floats:
        try:
            return within_bounds(shown, scale, label)
        except GateFileError as error:
            raise GateFileError(f"{self.source}: {error}") from None

    def _column(self, label: str, reference: str | None) -> Floats:
        named = "" if reference in NOT_COMPENSATED or reference == FROM_THE_FILE else str(reference)
        channel = self.channel_of(label, named)
        if not channel:
            raise GateFileError(f"{self.source}: a gate looks at {label}, which the FCS file lacks")
        if reference not in NOT_COMPENSATED:
            compensated = self._of_matrix(str(reference))
            if channel in compensated:
                return compensated[channel]
        return self.events.column(channel).astype(np.float64)

    def _of_matrix(self, reference: str) -> Mapping[str, Floats]:
        """Return the channels of a matrix, compensated."""
        if reference not in self._compensated:
            if reference == FROM_THE_FILE:
                own = self.file_matrix
                matrix = ((), np.eye(0)) if own is None else (own.channels, own.values)
            else:
                matrix = self._named_matrix(reference)
            self._compensated[reference] = self._unmixed(*matrix, reference)
        return self._compensated[reference]

    def _named_matrix(self, reference: str) -> tuple[tuple[str, ...], Floats]:
        flowkit_matrix = self.strategy.comp_matrices[reference]
        channels = tuple(self.channel_of(detector, "") for detector in flowkit_matrix.detectors)
        lacking = [d for d, channel in zip(flowkit_matrix.detectors, channels, strict=True) if not channel]
        if lacking:
            raise GateFileError(
                f"{self.source}: the matrix {reference!r} has the detectors {', '.join(lacking)}, "
                "which the FCS file lacks"
            )
        return channels, np.asarray(flowkit_matrix.matrix, np.float64)

    def _unmixed(self, channels: Sequence[str], spillover: Floats, name: str) -> Mapping[str, Floats]:
        """Return measured @ inverse, by least squares if there are more detectors than dyes.

        The sum runs in the order of the detectors. With as many dyes as detectors this is Bagwell & Adams
        1993, doi:10.1111/j.1749-6632.1993.tb38775.x.
        """
        n_dyes = len(spillover)
        if spillover.ndim != 2 or not n_dyes <= spillover.shape[1] == len(channels):
            raise GateFileError(
                f"{self.source}: the matrix {name!r} has {len(channels)} detectors and coefficients of the "
                f"shape {' × '.join(map(str, spillover.shape))}; export the gates again"
            )
        try:
            if spillover.shape == (len(channels), len(channels)):
                unmixing = SpilloverMatrix(tuple(channels), spillover, name).inverse()
            else:
                square = product(spillover, spillover.T)
                unmixing = product(spillover.T, inverse_of(square))
        except (UnusableSpilloverError, np.linalg.LinAlgError) as error:
            raise GateFileError(f"{self.source}: the matrix {name!r} cannot compensate ({error})") from None
        measured = [self.events.column(channel).astype(np.float64) for channel in channels]
        result = {}
        for dye, channel in enumerate(channels[:n_dyes]):
            total = np.zeros(self.events.n_events)
            for row, values in enumerate(measured):
                total += unmixing[row, dye] * values
            result[channel] = total
        return result


def masks_of(light: Light, gates: Sequence[GateId]) -> Mapping[GateId, Mask]:
    """Return which events lie in each gate and in all its parents, bool, shape (n_events,).

    Parameters
    ----------
    gates
        Gates, each after the gates it depends on, as from `needed_gates`; a quadrant comes with its quadrant
        gate.
    """
    inside: dict[GateId, Mask] = {("root",): np.ones(light.events.n_events, np.bool_)}
    for gate in gates:
        drawn = gate_of(light.strategy, gate)
        parent = inside[gate[:-1]]
        if hasattr(drawn, "quadrants"):
            for name, quadrant in drawn.quadrants.items():
                inside[*gate, name] = parent & _in_quadrant(light, drawn, quadrant)
        else:
            inside[gate] = parent & _in_gate(light, drawn, inside)
    return inside


def _in_gate(light: Light, gate: Any, inside: Mapping[GateId, Mask]) -> Mask:
    from flowkit import gates

    if isinstance(gate, gates.BooleanGate):
        return _in_boolean(gate, inside)
    axes = [light.axis(dimension) for dimension in gate.dimensions]
    if isinstance(gate, gates.RectangleGate):
        mask = np.ones(light.events.n_events, np.bool_)
        for dimension, values in zip(gate.dimensions, axes, strict=True):
            mask &= _between(values, getattr(dimension, "min", None), getattr(dimension, "max", None))
    elif isinstance(gate, gates.PolygonGate):
        mask = _in_polygon(gate, np.stack(axes))
    elif isinstance(gate, gates.EllipsoidGate):
        mask = _in_ellipsoid(gate, axes, light.source)
    else:
        raise GateFileError(f"{light.source}: gates of the kind {type(gate).__name__} are not read")
    return ~mask if getattr(gate, "use_complement", False) else mask


def _in_boolean(gate: Any, inside: Mapping[GateId, Mask]) -> Mask:
    parts = [inside[*part["path"], part["ref"]] ^ bool(part["complement"]) for part in gate.gate_refs]
    if gate.type == "not":
        return ~parts[0]
    combine = np.logical_and if gate.type == "and" else np.logical_or
    return np.asarray(combine.reduce(parts), np.bool_)


def _in_quadrant(light: Light, gate: Any, quadrant: Any) -> Mask:
    mask = np.ones(light.events.n_events, np.bool_)
    for divider in gate.dimensions:
        if divider.id in quadrant.divider_refs:
            mask &= _between(light.axis(divider), *quadrant.get_divider_range(divider.id))
    return mask


def _between(values: Floats, low: float | None, high: float | None) -> Mask:
    """Return which values are at or above the lower limit and below the upper one (GatingML 2.0, 5.1.1)."""
    mask = np.ones(values.size, np.bool_)
    if low is not None:
        mask &= values >= low
    if high is not None:
        mask &= values < high
    return mask


def _in_polygon(gate: Any, points: Floats) -> Mask:
    from gating.drawn.flowjo.binned import BinnedPolygon
    from gating.drawn.polygon import inside_closed_polygon

    if isinstance(gate, BinnedPolygon):
        return gate.contains(points)
    return inside_closed_polygon(points, np.array(gate.vertices, np.float64).T)


def _in_ellipsoid(gate: Any, axes: Sequence[Floats], source: str) -> Mask:
    """Return which events lie in the ellipsoid or on its edge."""
    try:
        inverse = inverse_of(np.array(gate.covariance_matrix, np.float64))
    except np.linalg.LinAlgError as error:
        raise GateFileError(
            f"{source}: the covariance matrix of {gate.gate_name!r} cannot be inverted ({error})"
        ) from None
    away = [values - centre for values, centre in zip(axes, gate.coordinates, strict=True)]
    distance = np.zeros(away[0].size)
    for i, distance_i in enumerate(away):
        for j, distance_j in enumerate(away):
            distance += inverse[i, j] * distance_i * distance_j
    return np.asarray(distance <= gate.distance_square, np.bool_)
