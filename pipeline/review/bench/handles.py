"""The movable parts of a gate: thresholds with their names in review.csv, vertices, new polygons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gating.events.panel import GatingPanel, Role
from gating.gates import AllOf, AnyOf, EllipsoidGate, Gate, PolygonGate, channels_of, straight_corners
from gating.gates.movable_gates import BY_HAND, PLASMA_CELL_SIZE, STEP_ROLES
from gating.gates.person_gates import Choices
from gating.gates.polygons import polygon_fault
from gating.gates.steps import GateStep, Step
from gating.thresholds import rounded
from gating.thresholds.methods import Method
from pipeline.output.figures.outlines import OutlinePoints, axes_of, cut_to_box, encloses_area, outlines
from pipeline.review.view import Along, Cut, Handle, HandleKind
from pipeline.study.polygon import TypedPolygon
from pipeline.tube.histograms import Density, DisplayAxis

Ends = Mapping[str, tuple[float, float]]
"""The lowest and the highest value of each channel."""
MOST_CORNERS = 16
"""Vertices of a polygon that replaces a curve. Convention: more are tedious to move."""
ALONG_LINE, BEYOND_EVENTS, LEAST_SPAN = 0.6, 0.05, 1e-6
"""Where on a line its handle is drawn, as a part of the axis; how far an open side reaches beyond the
events, as a part of their span; least span. Convention: well within the picture; visible and beyond the
last event."""


def cuts_of(step: GateStep, panel: GatingPanel, names: Mapping[str, str]) -> tuple[Cut, ...]:
    """Return the thresholds of a step that a person can set, each with its name in review.csv.

    Parameters
    ----------
    names
        Names that the study already uses for such gates, by the usual names.
    """
    name = Step(step.name) if Method.FILE not in step.methods else None
    if name is None or not BY_HAND[name].thresholds:
        return ()
    usual = (
        (name.value if step.is_ratio else _usual_name(name, channel, panel), channel, value)
        for channel, value in step.thresholds
    )
    return tuple(Cut(names.get(gate, gate), channel, value) for gate, channel, value in usual)


def usual_name(panel: GatingPanel, gate: str) -> str:
    """Return the usual name of a threshold, which the study may name differently."""
    if gate.casefold() in (*STEP_ROLES, PLASMA_CELL_SIZE):
        return gate.casefold()
    channel = Choices(panel).named(gate)
    if channel is None:
        return gate.casefold()
    step = next((step for step, role in STEP_ROLES.items() if role == channel.role), None)
    return _usual_name(step or Step.PLASMA_CELLS, channel.channel, panel, is_size=False)


def handles_of(
    step: GateStep, density: Density | None, cuts: Sequence[Cut], *, is_polygon: bool
) -> tuple[Handle, ...]:
    """Return the handles on a step's picture.

    A line crosses the picture at a threshold on one of its axes; the line of a ratio goes through the origin
    and can be moved in both directions. The vertices are those of a person's polygon.
    """
    if density is None:
        return ()
    if is_polygon and isinstance(step.gate, PolygonGate):
        return tuple(
            Handle(f"{step.name}:{k}", HandleKind.VERTEX, Along.BOTH, step.name, vertex)
            for k, vertex in enumerate(step.gate.vertices)
        )
    handles = []
    for cut in cuts:
        if step.is_ratio and density.y_channel:
            x = ALONG_LINE * _linear(axes_of(density)[0], axes_of(density)[0].high)
            handles.append(Handle(cut.gate, HandleKind.LINE, Along.BOTH, cut.gate, (x, x / cut.value)))
        elif cut.channel == density.x_channel:
            handles.append(Handle(cut.gate, HandleKind.LINE, Along.X, cut.gate, (cut.value, 0.0)))
        elif cut.channel == density.y_channel:
            handles.append(Handle(cut.gate, HandleKind.LINE, Along.Y, cut.gate, (0.0, cut.value)))
    return tuple(handles)


def why_no_polygon(step: GateStep, density: Density | None) -> str:
    """Return in words which parts of a step's gate a polygon would lose; "" if none.

    A polygon replaces the whole gate of a step. So it must cover all its channels.
    """
    if density is None or Method.FILE in step.methods or not BY_HAND[Step(step.name)].polygon:
        return ""
    if BY_HAND[Step(step.name)].on_time and step.gate is not None and not isinstance(step.gate, PolygonGate):
        return (
            "This gate keeps several stretches of time, a polygon one: type that polygon in the sheet gates"
        )
    if not density.y_channel or step.gate is None:
        return ""
    shown = (density.x_channel, density.y_channel)
    hidden = [channel for channel in channels_of(step.gate) if channel not in shown]
    if hidden:
        return (
            f"This gate looks at {', '.join(hidden)} too, which a polygon on {shown[0]} and {shown[1]} would "
            "leave out: move its thresholds"
        )
    n_parts = sum(map(encloses_area, outlines(density)))
    if n_parts > 1 and not _has_ellipses(step.gate):
        return f"This gate has {n_parts} parts, and a polygon only one: move its thresholds"
    return ""


def polygon_over_time(
    step: GateStep, density: Density | None, panel: GatingPanel, ends: Ends
) -> TypedPolygon | None:
    """Return a box around all events on time, for a time step without a gate; None for any other step.

    It keeps every event, so that nothing changes before a person moves a corner. Side scatter is its other
    axis, or forward scatter where the panel has none.
    """
    beside = [row.channel for role in (Role.SSC_AREA, Role.FSC_AREA) for row in panel.with_role(role)]
    if density is None or density.y_channel or step.gate is not None or Method.FILE in step.methods:
        return None
    if not BY_HAND[Step(step.name)].on_time or not beside:
        return None
    channels = (density.x_channel, beside[0])
    reaches = [BEYOND_EVENTS * max(ends[name][1] - ends[name][0], LEAST_SPAN) for name in channels]
    (left, right), (low, high) = (
        (rounded(ends[name][0] - reach), rounded(ends[name][1] + reach))
        for name, reach in zip(channels, reaches, strict=True)
    )
    return TypedPolygon(*channels, ((left, low), (right, low), (right, high), (left, high)), (None, None))


def as_polygon(step: GateStep, density: Density | None, ends: Ends) -> TypedPolygon | None:
    """Return a step's gate as a polygon on the two channels of its picture; None if that is impossible.

    The edges are straight on the picture's axes. An open end of a range reaches beyond the last event.
    Ellipses are replaced by the hull of their overlap with the ranges, so that the gated cells may differ a
    little.
    """
    if density is None or not density.y_channel or step.gate is None or Method.FILE in step.methods:
        return None
    if not BY_HAND[Step(step.name)].polygon or why_no_polygon(step, density):
        return None
    channels = (density.x_channel, density.y_channel)
    axes = axes_of(density)
    lines = list(filter(encloses_area, outlines(density)))
    if not lines:
        return None
    cofactors = (axes[0].cofactor, axes[1].cofactor)
    if isinstance(step.gate, PolygonGate):
        corners, cofactors = np.array(straight_corners(step.gate)), step.gate.cofactors
        if (step.gate.x_channel, step.gate.y_channel) != channels:
            corners, cofactors = corners[:, ::-1], cofactors[::-1]
        corners = _clipped(corners, ends, channels, cofactors)
    else:
        curved = _has_ellipses(step.gate)
        line = max(lines, key=_area) if not curved else _in_common(lines)
        corners = _opened(line[:-1] if (line[0] == line[-1]).all() else line, axes, channels, ends)
    vertices = [(rounded(float(x)), rounded(float(y))) for x, y in corners.tolist()]
    distinct = tuple(vertex for k, vertex in enumerate(vertices) if vertex != vertices[k - 1])
    if polygon_fault(PolygonGate(*channels, distinct, cofactors=cofactors)):
        return None
    return TypedPolygon(*channels, distinct, cofactors)


def _usual_name(step: Step, channel: str, panel: GatingPanel, *, is_size: bool = True) -> str:
    row = next((channel_row for channel_row in panel.channels if channel_row.channel == channel), None)
    if row is None:
        return channel
    if is_size and step is Step.PLASMA_CELLS and row.role == Role.FSC_AREA:
        return PLASMA_CELL_SIZE
    if len(panel.with_role(row.role)) > 1:
        return channel
    return step.value if STEP_ROLES.get(step) == row.role else row.role


def _has_ellipses(gate: Gate) -> bool:
    if isinstance(gate, AllOf | AnyOf):
        return any(map(_has_ellipses, gate.gates))
    return isinstance(gate, EllipsoidGate)


def _in_common(lines: Sequence[OutlinePoints]) -> OutlinePoints:
    """Return the hull of all curves, within the largest outline of straight lines."""
    curves = [line for line in lines if len(line) > MOST_CORNERS + 1]
    straight = [line for line in lines if len(line) <= MOST_CORNERS + 1]
    hull = _hull(np.vstack([line[:: max(1, len(line) // MOST_CORNERS)] for line in curves or lines]))
    if not straight:
        return hull
    box = max(straight, key=_area)
    low, high = box.min(axis=0), box.max(axis=0)
    return _within(hull, low, high)


def _opened(
    line: OutlinePoints, axes: tuple[DisplayAxis, DisplayAxis], channels: tuple[str, str], ends: Ends
) -> OutlinePoints:
    """Return display positions in linear units; positions on the frame reach beyond the last event."""
    columns = []
    for index, (axis, channel) in enumerate(zip(axes, channels, strict=True)):
        shown = line[:, index]
        linear = np.array([_linear(axis, value) for value in shown.tolist()])
        low, high = ends[channel]
        reach = BEYOND_EVENTS * max(high - low, LEAST_SPAN)
        linear[shown <= axis.low] = min(linear.min(), low - reach)
        linear[shown >= axis.high] = max(linear.max(), high + reach)
        columns.append(linear)
    return np.column_stack(columns)


def _clipped(
    corners: OutlinePoints,
    ends: Ends,
    channels: tuple[str, str],
    cofactors: tuple[float | None, float | None],
) -> OutlinePoints:
    """Return a polygon cut off a little beyond the last events, so that its corners stay visible.

    Parameters
    ----------
    corners
        Corners on the scale on which the edges are straight; the result is linear.
    """
    low, high = (np.array([ends[channel][end] for channel in channels]) for end in (0, 1))
    reach = BEYOND_EVENTS * np.maximum(high - low, LEAST_SPAN)
    scales = [DisplayAxis(0.0, 1.0, cofactor) for cofactor in cofactors]
    bounds = [
        np.array([float(scale.position(end)) for scale, end in zip(scales, side, strict=True)])
        for side in ((low - reach).tolist(), (high + reach).tolist())
    ]
    cut = _within(corners, *bounds)
    columns = zip(scales, cut.T.tolist(), strict=True)
    return np.column_stack([[_linear(scale, axis) for axis in column] for scale, column in columns])


def _within(corners: OutlinePoints, low: OutlinePoints, high: OutlinePoints) -> OutlinePoints:
    """Return the part of a polygon in a box, or the whole polygon where no part lies there."""
    inside = cut_to_box(corners, low, high)
    return inside if len(inside) else corners


def _hull(points: OutlinePoints) -> OutlinePoints:
    """Return the convex hull, counter-clockwise (Andrew 1979, doi:10.1016/0020-0190(79)90072-3)."""
    ordered = sorted(set(map(tuple, points.tolist())))
    halves = []
    for way in (ordered, ordered[::-1]):
        half: list[tuple[float, ...]] = []
        for point in way:
            while len(half) > 1 and _turn(half[-2], half[-1], point) <= 0:
                half.pop()
            half.append(point)
        halves.append(half[:-1])
    return np.array([*halves[0], *halves[1]])


def _turn(a: Sequence[float], b: Sequence[float], c: Sequence[float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _area(line: OutlinePoints) -> float:
    x, y = line[:, 0], line[:, 1]
    return abs(float(np.sum(x * np.roll(y, 1) - y * np.roll(x, 1)))) / 2


def _linear(axis: DisplayAxis, position: float) -> float:
    return float(position if axis.cofactor is None else axis.cofactor * np.sinh(position))
