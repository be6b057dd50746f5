"""Gates as data: every gate can be written as GatingML 2.0 and drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.linear import cholesky, lower_inverse
from gating.events import FloatArray, Mask
from gating.events.events import LARGE
from gating.events.transforms import area_sinh


class Columns(Protocol):
    """A table that gives the values of a channel: all events, or the events that passed the gates so far."""

    @property
    def n_events(self) -> int:
        """Number of events."""
        ...

    def column(self, channel: str) -> FloatArray:
        """Return one channel, shape (n_events,)."""
        ...

    def in_blocks(self) -> Iterator[Columns]:
        """Yield the events in blocks, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class RangeGate:
    """Events with `lower` <= x < `upper` on one channel (linear, compensated units); None is open."""

    channel: str
    lower: float | None = None
    upper: float | None = None
    kind: Literal["range"] = "range"


@dataclass(frozen=True, slots=True)
class PolygonGate:
    """Events inside a polygon on two channels (linear, compensated units).

    Attributes
    ----------
    cofactors
        Cofactors of x and y: the edges are straight on asinh(x / cofactor); None: on the linear scale.
    """

    x_channel: str
    y_channel: str
    vertices: tuple[tuple[float, float], ...]
    kind: Literal["polygon"] = "polygon"
    cofactors: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True, slots=True)
class EllipsoidGate:
    """Events with Mahalanobis distance² <= `distance_square` after asinh(x / cofactor) per channel."""

    channels: tuple[str, ...]
    cofactors: tuple[float, ...]
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    distance_square: float
    kind: Literal["ellipsoid"] = "ellipsoid"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Events inside every one of the gates."""

    gates: tuple[Gate, ...]
    kind: Literal["all_of"] = "all_of"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Events inside at least one of the gates."""

    gates: tuple[Gate, ...]
    kind: Literal["any_of"] = "any_of"


Gate = RangeGate | PolygonGate | EllipsoidGate | AllOf | AnyOf


def inside(gate: Gate, events: Columns) -> Mask:
    """Return which events are inside the gate, bool, shape (n_events,).

    Examples
    --------
    >>> from gating.events import Events
    >>> events = Events(np.array([[1, 2, 3]], np.float32), ("PE-A",))
    >>> inside(RangeGate("PE-A", lower=2.0, upper=3.0), events).tolist()
    [False, True, False]
    """
    if events.n_events >= LARGE:
        return np.concatenate([inside(gate, block) for block in events.in_blocks()])
    match gate:
        case RangeGate():
            return _inside_range(gate, events.column(gate.channel))
        case PolygonGate():
            return _inside_polygon(gate, events.column(gate.x_channel), events.column(gate.y_channel))
        case EllipsoidGate():
            return distance_square(gate, events) <= gate.distance_square
        case AllOf():
            return _inside_all(gate, events)
        case AnyOf():
            return _combined(np.logical_or, [inside(part, events) for part in gate.gates])


def distance_square(gate: EllipsoidGate, events: Columns) -> NDArray[np.float64]:
    """Return the squared Mahalanobis distance from the ellipsoid's centre, shape (n_events,)."""
    offsets = np.stack(
        [
            area_sinh(events.column(channel).astype(np.float64) / cofactor) - centre
            for channel, cofactor, centre in zip(gate.channels, gate.cofactors, gate.mean, strict=True)
        ]
    )
    whiten = lower_inverse(cholesky(np.array(gate.covariance)))
    total = np.zeros(offsets.shape[1])
    for row, weights in enumerate(whiten):  # each event's sum does not depend on the other events
        along = weights[0] * offsets[0]
        for column in range(1, row + 1):
            along += weights[column] * offsets[column]
        total += along * along
    return total


def channels_of(gate: Gate) -> tuple[str, ...]:
    """Return the channels that a gate uses, each once, in order of appearance."""
    match gate:
        case RangeGate():
            return (gate.channel,)
        case PolygonGate():
            return (gate.x_channel, gate.y_channel)
        case EllipsoidGate():
            return gate.channels
        case AllOf() | AnyOf():
            return tuple(dict.fromkeys(name for part in gate.gates for name in channels_of(part)))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Some of the events."""

    events: Columns
    rows: NDArray[np.intp]

    @property
    def n_events(self) -> int:
        """Number of these events."""
        return int(self.rows.size)

    def column(self, channel: str) -> FloatArray:
        """Return one channel of these events, shape (n_events,)."""
        return self.events.column(channel).take(self.rows)

    def in_blocks(self) -> Iterator[Columns]:
        """Yield these events as one block."""
        yield self


def _inside_all(gate: AllOf, events: Columns) -> Mask:
    """Return which events are inside all parts; ranges, the fastest parts, are applied first."""
    ranges = [inside(part, events) for part in gate.gates if isinstance(part, RangeGate)]
    other_gates = [part for part in gate.gates if not isinstance(part, RangeGate)]
    result = _combined(np.logical_and, ranges) if ranges else np.ones(events.n_events, np.bool_)
    for part in other_gates:
        rows = np.flatnonzero(result)
        result[rows] = inside(part, _Rows(events, rows))
    return result


def _combined(operation: np.ufunc, masks: list[Mask]) -> Mask:
    return np.asarray(operation.reduce(masks), np.bool_)


def _inside_range(gate: RangeGate, values: FloatArray) -> Mask:
    result = np.ones(values.size, np.bool_)
    if gate.lower is not None:
        result &= values >= gate.lower
    if gate.upper is not None:
        result &= values < gate.upper
    return result


def straight_corners(gate: PolygonGate) -> tuple[tuple[float, float], ...]:
    """Return the vertices of a polygon on the scale on which its edges are straight.

    Examples
    --------
    >>> gate = PolygonGate("A", "B", ((0.0, 1.0), (150.0, 2.0), (0.0, 3.0)), cofactors=(150.0, None))
    >>> straight_corners(gate)[1]
    (0.881373587019543, 2.0)
    """
    columns = (np.array(column, np.float64) for column in zip(*gate.vertices, strict=True))
    shown = [
        _scaled(column, cofactor).tolist() for column, cofactor in zip(columns, gate.cofactors, strict=True)
    ]
    return tuple(zip(*shown, strict=True))


def _scaled(values: NDArray[np.float64], cofactor: float | None) -> NDArray[np.float64]:
    return values if cofactor is None else area_sinh(values / cofactor)


def _inside_polygon(gate: PolygonGate, x: FloatArray, y: FloatArray) -> Mask:
    if gate.cofactors == (None, None):
        return _inside_corners(gate.vertices, x, y)
    near = np.ones(x.size, np.bool_)  # nothing beyond the outermost corners is inside, on any scale
    for column, ends in zip((x, y), zip(*gate.vertices, strict=True), strict=True):
        near &= (column >= min(ends)) & (column <= max(ends))
    rows = np.flatnonzero(near)
    shown = [
        _scaled(column.take(rows).astype(np.float64), cofactor)
        for column, cofactor in zip((x, y), gate.cofactors, strict=True)
    ]
    result = np.zeros(x.size, np.bool_)
    result[rows] = _inside_corners(straight_corners(gate), *shown)
    return result


def _inside_corners(
    corners: tuple[tuple[float, float], ...], x: NDArray[np.floating], y: NDArray[np.floating]
) -> Mask:
    """Count the edges that a ray to the right crosses: odd is inside."""
    result = np.zeros(x.size, np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if y0 == y1:
            continue
        crosses = (y >= min(y0, y1)) & (y < max(y0, y1))
        with np.errstate(over="ignore", invalid="ignore"):  # an edge that is nearly level
            crosses &= x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0))
        result ^= crosses
    return result
