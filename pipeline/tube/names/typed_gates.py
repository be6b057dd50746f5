"""The gates that a person set in the sheets, in the form that the gating needs, by panel rows."""

from __future__ import annotations

from collections.abc import Sequence

from gating.gates import PolygonGate
from gating.gates.person_gates import Choices
from pipeline.study.polygon import TypedPolygon
from pipeline.study.study import GateOverride, Panel
from pipeline.tube.names.rows import gating_panel, row_named


def thresholds_of(panel: Panel, gates: Sequence[GateOverride]) -> dict[str, float]:
    """Return the thresholds among a person's gates, by the name of a row, role, marker or step."""
    return {row_named(panel, gate.gate): gate.value for gate in gates if gate.value is not None}


def polygons_of(panel: Panel, gates: Sequence[GateOverride]) -> dict[str, PolygonGate]:
    """Return the polygons among a person's gates, by step."""
    return {gate.gate: polygon_on_rows(panel, gate.polygon) for gate in gates if gate.polygon is not None}


def choices_of(panel: Panel, gates: Sequence[GateOverride]) -> Choices:
    """Return a person's gates as the gating checks them."""
    return Choices(gating_panel(panel), thresholds_of(panel, gates), polygons=polygons_of(panel, gates))


def polygon_on_rows(panel: Panel, polygon: TypedPolygon) -> PolygonGate:
    """Return a polygon with its axes renamed to panel rows, from any name of a row."""
    return PolygonGate(
        row_named(panel, polygon.x),
        row_named(panel, polygon.y),
        polygon.vertices,
        cofactors=polygon.cofactors,
    )
