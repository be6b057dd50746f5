"""A tube's gates as GatingML 2.0, written by FlowKit, with which other programs gate the same cells.

The standard: Spidlen et al. 2015, doi:10.1002/cyto.a.22690. Every step is a gate inside the gate of the step
before; a step made of several gates also has its parts, `step_1`, `step_2` …, joined by a Boolean gate.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log, sinh
from typing import TYPE_CHECKING, Any

import numpy as np

from gating.events.compensation import SpilloverMatrix
from gating.gates.gates import AllOf, AnyOf, EllipsoidGate, Gate, PolygonGate, RangeGate, straight_corners
from gating.gates.steps import GateStep

if TYPE_CHECKING:
    import flowkit

MATRIX = "spillover"
UNCOMPENSATED = "uncompensated"
NO_GATES = (
    b"<?xml version='1.0' encoding='UTF-8'?>\n"
    b'<gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating"/>\n'
)
Path = tuple[str, ...]


def to_gatingml(steps: Sequence[GateStep], matrix: SpilloverMatrix | None) -> bytes:
    """Return the steps as a GatingML 2.0 document; the same steps give the same bytes.

    Parameters
    ----------
    steps
        Steps of a gated tube, in their order. Steps without a gate are left out.
    matrix
        The matrix that the events were compensated with, written into the document; None if none was.

    Returns
    -------
    bytes
        XML, UTF-8.
    """
    if all(step.gate is None for step in steps):
        return NO_GATES  # FlowKit cannot write a strategy without gates
    import flowkit

    strategy = flowkit.GatingStrategy()
    if matrix is not None:
        # FlowKit cannot read its own document back if the fluorochromes have no names.
        names = list(matrix.channels)
        strategy.add_comp_matrix(MATRIX, flowkit.Matrix(matrix.values, names, fluorochromes=list(names)))
    writer = _Writer(strategy, frozenset(matrix.channels if matrix is not None else ()))
    path: Path = ("root",)
    for step in steps:
        if step.gate is not None:
            path = (*path, writer.add(step.gate, step.name, path))
    document = io.BytesIO()
    flowkit.export_gatingml(strategy, document)
    return document.getvalue()


@dataclass(frozen=True, slots=True)
class _Writer:
    """Adds gates to a FlowKit strategy.

    Attributes
    ----------
    strategy
        The strategy that is built.
    compensated
        Channels that the matrix compensates.
    """

    strategy: flowkit.GatingStrategy
    compensated: frozenset[str]

    def add(self, gate: Gate, name: str, path: Path) -> str:
        """Add a gate and its parts under `path`; return the gate's name."""
        match gate:
            case RangeGate():
                self._add_ranges((gate,), name, path)
            case PolygonGate():
                self._add_polygon(gate, name, path)
            case EllipsoidGate():
                self._add_ellipsoid(gate, name, path)
            case AllOf() if (ranges := _ranges_on_different_channels(gate)) is not None:
                self._add_ranges(ranges, name, path)
            case AllOf() | AnyOf():
                self._add_combination(gate, name, path)
        return name

    def _add_ranges(self, ranges: Sequence[RangeGate], name: str, path: Path) -> None:
        import flowkit

        dimensions = [
            self._dimension(gate.channel, lower=_as_applied(gate.lower), upper=_as_applied(gate.upper))
            for gate in ranges
        ]
        self.strategy.add_gate(flowkit.gates.RectangleGate(name, dimensions), gate_path=path)

    def _add_polygon(self, gate: PolygonGate, name: str, path: Path) -> None:
        import flowkit

        dimensions = [
            self._dimension(channel, transform=None if cofactor is None else self._asinh(cofactor))
            for channel, cofactor in zip((gate.x_channel, gate.y_channel), gate.cofactors, strict=True)
        ]
        vertices = [list(vertex) for vertex in straight_corners(gate)]
        self.strategy.add_gate(flowkit.gates.PolygonGate(name, dimensions, vertices), gate_path=path)

    def _add_ellipsoid(self, gate: EllipsoidGate, name: str, path: Path) -> None:
        import flowkit

        dimensions = [
            self._dimension(channel, transform=self._asinh(cofactor))
            for channel, cofactor in zip(gate.channels, gate.cofactors, strict=True)
        ]
        covariance = [list(row) for row in gate.covariance]
        self.strategy.add_gate(
            flowkit.gates.EllipsoidGate(name, dimensions, list(gate.mean), covariance, gate.distance_square),
            gate_path=path,
        )

    def _add_combination(self, gate: AllOf | AnyOf, name: str, path: Path) -> None:
        import flowkit

        parts = [self.add(part, f"{name}_{i}", path) for i, part in enumerate(gate.gates, 1)]
        if len(parts) == 1:  # a Boolean gate needs two parts; one part twice means the same
            parts = parts * 2
        references = [{"ref": part, "path": path, "complement": False} for part in parts]
        kind = "and" if isinstance(gate, AllOf) else "or"
        self.strategy.add_gate(flowkit.gates.BooleanGate(name, kind, references), gate_path=path)

    def _dimension(
        self,
        channel: str,
        *,
        lower: float | None = None,
        upper: float | None = None,
        transform: str | None = None,
    ) -> Any:
        import flowkit

        reference = MATRIX if channel in self.compensated else UNCOMPENSATED
        return flowkit.Dimension(channel, reference, transform, range_min=lower, range_max=upper)

    def _asinh(self, cofactor: float) -> str:
        """Add fasinh with T = cofactor·sinh(1), M = 1/ln 10, A = 0: asinh(x / cofactor). Return its name."""
        import flowkit

        name = f"asinh_{cofactor:.9g}"
        if name not in self.strategy.transformations:
            transform = flowkit.transforms.AsinhTransform(cofactor * sinh(1.0), 1.0 / log(10.0), 0.0)
            self.strategy.add_transform(name, transform)
        return name


def _ranges_on_different_channels(gate: AllOf) -> tuple[RangeGate, ...] | None:
    """Return the parts of a gate that is one rectangle, else None."""
    ranges = tuple(_range_parts(gate))
    channels = {part.channel for part in ranges}
    return ranges if len(ranges) == len(gate.gates) == len(channels) else None


def _range_parts(gate: AllOf) -> Iterator[RangeGate]:
    return (part for part in gate.gates if isinstance(part, RangeGate))


def _as_applied(limit: float | None) -> float | None:
    """Return the limit as float32, as it was compared with the events."""
    return None if limit is None else float(np.float32(limit))
