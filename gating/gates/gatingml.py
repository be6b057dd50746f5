"""A tube's gates as GatingML 2.0, as FlowKit writes it, with which other programs gate the same cells.

The standard: Spidlen et al. 2015, doi:10.1002/cyto.a.22690. Every step is a gate inside the gate of the step
before; a step made of several gates also has its parts, `step_1`, `step_2` …, joined by a Boolean gate.
The document is what FlowKit would write. FlowKit takes a second to load, so only gates that are read load it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import log, sinh
from typing import Any, Final

import numpy as np

from gating.events.compensation import SpilloverMatrix
from gating.gates.gates import AllOf, AnyOf, EllipsoidGate, Gate, PolygonGate, RangeGate, straight_corners
from gating.gates.steps import GateStep

MATRIX = "spillover"
UNCOMPENSATED = "uncompensated"
NO_GATES = (
    b"<?xml version='1.0' encoding='UTF-8'?>\n"
    b'<gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating"/>\n'
)
_GATING, _DATA, _TRANSFORMS = "gating", "data-type", "transforms"
_NAMESPACES: Final = {
    _GATING: "http://www.isac-net.org/std/Gating-ML/v2.0/gating",
    _DATA: "http://www.isac-net.org/std/Gating-ML/v2.0/datatypes",
    _TRANSFORMS: "http://www.isac-net.org/std/Gating-ML/v2.0/transformations",
}


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
        return NO_GATES
    from lxml import etree

    root = etree.Element(_name(_GATING, "Gating-ML"), nsmap=_NAMESPACES)
    if matrix is not None:
        _add_matrix(root, matrix)
    writer = _Writer(root, frozenset(matrix.channels if matrix is not None else ()))
    parent = ""
    for step in steps:
        if step.gate is not None:
            parent = writer.add(step.gate, step.name, parent)
    root[:0] = writer.axes.values()
    document: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return document


def _name(space: str, name: str) -> str:
    return f"{{{_NAMESPACES[space]}}}{name}"


def _child(parent: Any, space: str, kind: str, /, *, of: str = "", **attributes: object) -> Any:
    """Add an element with attributes in its own namespace, or in that of `of`; `_` stands for `-`."""
    from lxml import etree

    element = etree.SubElement(parent, _name(space, kind))
    for key, value in attributes.items():
        if value is not None:
            element.set(_name(of or space, key.replace("_", "-")), str(value))
    return element


def _add_matrix(root: Any, matrix: SpilloverMatrix) -> None:
    """Add the matrix; a dye has the name of its detector, since readers refuse dyes without a name."""
    element = _child(root, _TRANSFORMS, "spectrumMatrix", id=MATRIX)
    for kind in ("fluorochromes", "detectors"):
        named = _child(element, _TRANSFORMS, kind)
        for channel in matrix.channels:
            _child(named, _DATA, "fcs-dimension", name=channel)
    for row in matrix.values:
        spectrum = _child(element, _TRANSFORMS, "spectrum")
        for value in row:
            _child(spectrum, _TRANSFORMS, "coefficient", value=value)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Adds gates to a document.

    Attributes
    ----------
    root
        The element that holds all gates.
    compensated
        Channels that the matrix compensates.
    axes
        The asinh axes of the gates by name; they stand before the gates.
    """

    root: Any
    compensated: frozenset[str]
    axes: dict[str, Any] = field(default_factory=dict)

    def add(self, gate: Gate, name: str, parent: str) -> str:
        """Add a gate and its parts inside the gate `parent` ("": none); return the gate's name."""
        match gate:
            case RangeGate():
                self._add_ranges((gate,), name, parent)
            case PolygonGate():
                self._add_polygon(gate, name, parent)
            case EllipsoidGate():
                self._add_ellipsoid(gate, name, parent)
            case AllOf() if (ranges := _ranges_on_different_channels(gate)) is not None:
                self._add_ranges(ranges, name, parent)
            case AllOf() | AnyOf():
                self._add_combination(gate, name, parent)
        return name

    def _add_ranges(self, ranges: Sequence[RangeGate], name: str, parent: str) -> None:
        element = self._gate("RectangleGate", name, parent)
        for gate in ranges:
            self._add_axis(element, gate.channel, lower=gate.lower, upper=gate.upper)

    def _add_polygon(self, gate: PolygonGate, name: str, parent: str) -> None:
        element = self._gate("PolygonGate", name, parent)
        for channel, cofactor in zip((gate.x_channel, gate.y_channel), gate.cofactors, strict=True):
            self._add_axis(element, channel, cofactor)
        for vertex in straight_corners(gate):
            _add_coordinates(_child(element, _GATING, "vertex"), vertex)

    def _add_ellipsoid(self, gate: EllipsoidGate, name: str, parent: str) -> None:
        element = self._gate("EllipsoidGate", name, parent)
        for channel, cofactor in zip(gate.channels, gate.cofactors, strict=True):
            self._add_axis(element, channel, cofactor)
        _add_coordinates(_child(element, _GATING, "mean"), gate.mean)
        covariance = _child(element, _GATING, "covarianceMatrix")
        for row in gate.covariance:
            _add_coordinates(_child(covariance, _GATING, "row"), row, "entry")
        _child(element, _GATING, "distanceSquare", of=_DATA, value=gate.distance_square)

    def _add_combination(self, gate: AllOf | AnyOf, name: str, parent: str) -> None:
        parts = [self.add(part, f"{name}_{i}", parent) for i, part in enumerate(gate.gates, 1)]
        if len(parts) == 1:  # a Boolean gate needs two parts; one part twice means the same
            parts = parts * 2
        element = self._gate("BooleanGate", name, parent)
        joined = _child(element, _GATING, "and" if isinstance(gate, AllOf) else "or")
        for part in parts:
            _child(joined, _GATING, "gateReference", ref=part)

    def _gate(self, kind: str, name: str, parent: str) -> Any:
        element = _child(self.root, _GATING, kind, id=name)
        if parent:
            element.set(_name(_GATING, "parent_id"), parent)
        return element

    def _add_axis(
        self,
        gate: Any,
        channel: str,
        cofactor: float | None = None,
        *,
        lower: float | None = None,
        upper: float | None = None,
    ) -> None:
        element = _child(
            gate,
            _GATING,
            "dimension",
            compensation_ref=MATRIX if channel in self.compensated else UNCOMPENSATED,
            transformation_ref=None if cofactor is None else self._asinh(cofactor),
            min=_as_applied(lower),
            max=_as_applied(upper),
        )
        _child(element, _DATA, "fcs-dimension", name=channel)

    def _asinh(self, cofactor: float) -> str:
        """Add fasinh with T = cofactor·sinh(1), M = 1/ln 10, A = 0: asinh(x / cofactor). Return its name."""
        from lxml import etree

        name = f"asinh_{cofactor:.9g}"
        if name not in self.axes:
            axis = etree.Element(_name(_TRANSFORMS, "transformation"), nsmap=_NAMESPACES)
            axis.set(_name(_TRANSFORMS, "id"), name)
            _child(axis, _TRANSFORMS, "fasinh", T=cofactor * sinh(1.0), M=1.0 / log(10.0), A=0.0)
            self.axes[name] = axis
        return name


def _add_coordinates(parent: Any, values: Sequence[float], kind: str = "coordinate") -> None:
    for value in values:
        _child(parent, _GATING, kind, of=_DATA, value=value)


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
