"""A chain of gates and the events that pass each; a moved gate recomputes only the affected events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gating.events import Events, Mask, Survivors
from gating.events.events import Rows
from gating.gates import AllOf, AnyOf, Gate, PolygonGate, RangeGate, inside

NEAR_CHAIN = 1e-4
"""Fraction of a polygon's extent by which the box of changes around a moved vertex is widened. Convention:
far above the rounding of float32."""


@dataclass(frozen=True, slots=True)
class Crossed:
    """Events that a change added (`came`) or removed (`left`): row numbers, ascending."""

    came: Rows
    left: Rows

    @property
    def n_more(self) -> int:
        """The change of the number of events."""
        return int(self.came.size) - int(self.left.size)


@dataclass
class Chain:
    """Gates in order, and the events that pass each gate and all gates before it.

    Attributes
    ----------
    events
        The events of the tube, without the quantified channel.
    gates
        The gates; None passes all events.
    masks
        bool, shape (n_events,), one for each gate; they are changed in place.
    """

    events: Events
    gates: list[Gate | None]
    masks: list[Mask] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.masks:
            left = Survivors.everyone(self.events)
            for gate in self.gates:
                left = left if gate is None else left.select(inside(gate, left))
                self.masks.append(left.mask())

    def change_to(self, gates: Sequence[Gate | None]) -> list[Crossed]:
        """Replace the gates; return the events that were added or removed at each gate."""
        crossed: list[Crossed] = []
        entrance = Crossed(np.empty(0, np.intp), np.empty(0, np.intp))
        for index, (old, new) in enumerate(zip(self.gates, gates, strict=True)):
            entered = self.masks[index - 1] if index else None
            if old == new:
                entrance = self._kept_gate(index, new, entrance)
            else:
                entrance = self._changed(index, (old, new), entered, entrance)
            mask = self.masks[index]
            mask[entrance.came], mask[entrance.left] = True, False
            crossed.append(entrance)
        self.gates = list(gates)
        return crossed

    def _kept_gate(self, index: int, gate: Gate | None, entrance: Crossed) -> Crossed:
        """Return the events added or removed at an unchanged gate, from those at the gate before it."""
        mask, came = self.masks[index], entrance.came
        if gate is not None and came.size:
            came = came.compress(inside(gate, Survivors(self.events, came)))
        return Crossed(came, entrance.left.compress(mask.take(entrance.left)))

    def _changed(
        self, index: int, gates: tuple[Gate | None, Gate | None], entered: Mask | None, entrance: Crossed
    ) -> Crossed:
        """Return the events added or removed at a changed gate; `entered`: events that reach it now."""
        mask, (old, new) = self.masks[index], gates
        doubtful = None if old is None or new is None else may_differ(old, new, self.events)
        among = _both(doubtful, entered)
        rows = np.arange(mask.size) if among is None else np.flatnonzero(among)
        if doubtful is not None and entrance.came.size:
            rows = np.union1d(rows, entrance.came)
        now = np.ones(rows.size, np.bool_) if new is None else inside(new, Survivors(self.events, rows))
        before = mask.take(rows)
        gone = entrance.left.compress(mask.take(entrance.left))
        leaving = rows.compress(before & ~now)
        return Crossed(rows.compress(now & ~before), np.union1d(leaving, gone) if gone.size else leaving)


def _both(first: Mask | None, second: Mask | None) -> Mask | None:
    """Return the events in both masks; None: all events."""
    if first is None or second is None:
        return second if first is None else first
    return first & second


def may_differ(old: Gate, new: Gate, events: Events) -> Mask | None:
    """Return the events on which two gates may differ, bool, shape (n_events,); None: all events.

    On all other events both gates agree. A moved threshold affects events between the old and the new
    threshold; a moved vertex affects events in the box around it and its neighbours.
    """
    match old, new:
        case RangeGate(), RangeGate() if old.channel == new.channel:
            column = events.column(old.channel)
            fields = [
                _between(column, old_bound, new_bound)
                for old_bound, new_bound in ((old.lower, new.lower), (old.upper, new.upper))
                if old_bound != new_bound
            ]
            return _any(fields, events)
        case PolygonGate(), PolygonGate() if _same_axes(old, new):
            return _around_moved(old, new, events)
        case ((AllOf() | AnyOf()), (AllOf() | AnyOf())) if type(old) is type(new) and _alike(old, new):
            pairs = zip(old.gates, new.gates, strict=True)
            parts = [
                may_differ(old_part, new_part, events) for old_part, new_part in pairs if old_part != new_part
            ]
            masks = [part for part in parts if part is not None]
            return _any(masks, events) if len(masks) == len(parts) else None
    return None


def _alike(old: AllOf | AnyOf, new: AllOf | AnyOf) -> bool:
    return len(old.gates) == len(new.gates)


def _same_axes(old: PolygonGate, new: PolygonGate) -> bool:
    axes = (old.x_channel, old.y_channel) == (new.x_channel, new.y_channel)
    return axes and old.cofactors == new.cofactors and len(old.vertices) == len(new.vertices)


def _between(column: NDArray[np.float32], old_bound: float | None, new_bound: float | None) -> Mask:
    """Return the values between two bounds, both included; None: no bound."""
    if old_bound is None or new_bound is None:
        return np.ones(column.size, np.bool_)
    low, high = min(old_bound, new_bound), max(old_bound, new_bound)
    return np.asarray((column >= low) & (column <= high), np.bool_)


def _around_moved(old: PolygonGate, new: PolygonGate, events: Events) -> Mask:
    """Return the events in the box around the vertices that moved and their neighbours."""
    n = len(old.vertices)
    moved = [k for k in range(n) if old.vertices[k] != new.vertices[k]]
    if not moved:
        return np.zeros(events.n_events, np.bool_)
    near = {(k + step) % n for k in moved for step in (-1, 0, 1)}
    corners = np.array([gate.vertices[k] for k in sorted(near) for gate in (old, new)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    edge = NEAR_CHAIN * np.maximum(np.abs(low), np.abs(high))
    result = np.ones(events.n_events, np.bool_)
    for axis, channel in enumerate((old.x_channel, old.y_channel)):
        column = events.column(channel)
        result &= column >= np.float32(low[axis] - edge[axis])
        result &= column <= np.float32(high[axis] + edge[axis])
    return result


def _any(fields: Sequence[Mask], events: Events) -> Mask:
    if not fields:
        return np.zeros(events.n_events, np.bool_)
    return np.asarray(np.logical_or.reduce(list(fields)), np.bool_)
