"""What a gate looks like on the two channels of a picture."""

from __future__ import annotations

import textwrap
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.linear import cholesky, product
from gating.gates import AllOf, AnyOf, EllipsoidGate, Gate, PolygonGate, RangeGate
from gating.gates.steps import GateStep, Step
from gating.thresholds.methods import Method
from pipeline.output.figures.style.ticks import count
from pipeline.tube.histograms import Axis, Density

Line = NDArray[np.float64]
_LINE = 30
"""Characters of a line inside a picture."""


def axes_of(density: Density) -> tuple[Axis, Axis]:
    """Return the display axes of a density, x first."""
    return Axis(*density.x_axis), Axis(*density.y_axis)


def outlines(density: Density) -> tuple[Line, ...]:
    """Return the outline of a density's gate as lines in display positions, each of shape (n, 2).

    Parts of a gate on channels that the picture does not show are left out (`hidden_parts` names them).
    """
    return () if density.gate is None else tuple(_lines(density.gate, density))


def hidden_parts(density: Density) -> tuple[RangeGate, ...]:
    """Return the ranges of a density's gate that lie on channels the picture does not show."""
    gate = density.gate
    parts = gate.gates if isinstance(gate, AllOf | AnyOf) else () if gate is None else (gate,)
    shown = (density.x_channel, density.y_channel)
    return tuple(part for part in parts if isinstance(part, RangeGate) and part.channel not in shown)


def _lines(gate: Gate, density: Density) -> list[Line]:
    if isinstance(gate, AnyOf):
        return [line for part in gate.gates for line in _lines(part, density)]
    parts = gate.gates if isinstance(gate, AllOf) else (gate,)
    ranges = [part for part in parts if isinstance(part, RangeGate)]
    lines = [line for part in parts for line in _shape(part, density)]
    lines += [line for part in parts if isinstance(part, AnyOf) for line in _lines(part, density)]
    return lines + _rectangle(ranges, density)


def _shape(gate: Gate, density: Density) -> list[Line]:
    if isinstance(gate, PolygonGate):
        return _polygon(gate, density)
    if isinstance(gate, EllipsoidGate):
        return _ellipse(gate, density)
    return []


def _rectangle(ranges: list[RangeGate], density: Density) -> list[Line]:
    """Return the common rectangle of the ranges; an open side lies on the frame of the picture."""
    axes = dict(zip((density.x_channel, density.y_channel), axes_of(density), strict=True))
    shown = [part for part in ranges if part.channel and part.channel in axes]
    if not shown:
        return []
    x_low, x_high = _side(shown, density.x_channel, axes[density.x_channel])
    if not density.y_channel:
        return [np.array([(x, 0.0), (x, 1.0)]) for x in _typed_bounds(shown, axes[density.x_channel])]
    y_low, y_high = _side(shown, density.y_channel, axes[density.y_channel])
    corners = [(x_low, y_low), (x_high, y_low), (x_high, y_high), (x_low, y_high), (x_low, y_low)]
    return [np.array(corners)]


def _side(ranges: list[RangeGate], channel: str, axis: Axis) -> tuple[float, float]:
    lows = [float(axis.position(r.lower)) for r in ranges if r.channel == channel and r.lower is not None]
    highs = [float(axis.position(r.upper)) for r in ranges if r.channel == channel and r.upper is not None]
    return max([axis.low, *lows]), min([axis.high, *highs])


def _typed_bounds(ranges: list[RangeGate], axis: Axis) -> list[float]:
    bounds = [bound for part in ranges for bound in (part.lower, part.upper) if bound is not None]
    return [float(axis.position(bound)) for bound in bounds]


def _polygon(gate: PolygonGate, density: Density) -> list[Line]:
    corners = np.array([*gate.vertices, gate.vertices[0]], dtype=np.float64)
    if (gate.x_channel, gate.y_channel) == (density.y_channel, density.x_channel):
        corners = corners[:, ::-1]
    elif (gate.x_channel, gate.y_channel) != (density.x_channel, density.y_channel):
        return []
    x, y = axes_of(density)
    edges = _fine(corners, straight=x.cofactor is None and y.cofactor is None)
    return [np.column_stack([x.position(edges[:, 0]), y.position(edges[:, 1])])]


def _fine(corners: Line, *, straight: bool) -> Line:
    """Put points on the edges: straight on the linear scale, they are curves on an asinh axis."""
    if straight:
        return corners
    share = np.linspace(0, 1, 24, endpoint=False)[:, None]
    pieces = [start + share * (end - start) for start, end in pairwise(corners)]
    return np.vstack([*pieces, corners[-1:]])


def _ellipse(gate: EllipsoidGate, density: Density) -> list[Line]:
    """Return the shadow of the ellipsoid on the two channels."""
    wanted = (density.x_channel, density.y_channel)
    if not all(channel in gate.channels for channel in wanted):
        return []
    rows = [gate.channels.index(channel) for channel in wanted]
    covariance = np.array(gate.covariance)[np.ix_(rows, rows)] * gate.distance_square
    angle = np.linspace(0, 2 * np.pi, 73)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    bent = product(circle, cholesky(covariance).T) + np.array(gate.mean)[rows]
    linear = np.sinh(bent) * np.array(gate.cofactors)[rows]
    x, y = axes_of(density)
    return [np.column_stack([x.position(linear[:, 0]), y.position(linear[:, 1])])]


def beside_the_outline(density: Density, step: GateStep) -> str:
    """Return what of a gate the outline does not show, or why there is none."""
    hidden = hidden_parts(density)
    if hidden:
        return "and " + " · ".join(_range_words(part.channel, part.lower, part.upper) for part in hidden)
    if density.gate is None and Method.FILE in step.methods:
        return "drawn elsewhere:\nno outline on these axes"
    if density.gate is None and step.name is Step.ABERRANT:
        return "no cut: " + textwrap.fill(step.note, _LINE)
    return ""


def _range_words(channel: str, lower: float | None, upper: float | None) -> str:
    if lower is not None and upper is not None:
        return f"{count(lower)} ≤ {channel} < {count(upper)}"
    return f"{channel} ≥ {count(lower)}" if lower is not None else f"{channel} < {count(upper or 0.0)}"
