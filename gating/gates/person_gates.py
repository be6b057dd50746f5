"""Gates that a person or the batch gave: thresholds by channel, role, marker or step; polygons by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite

from gating.events.errors import GatingError
from gating.events.panel import QUANTIFIED_ROLE, GatingChannel, GatingPanel, Role
from gating.gates.gates import PolygonGate
from gating.gates.movable_gates import BY_HAND, PLASMA_CELL_SIZE, POLYGON_STEPS, STEP_ROLES, step_of_threshold
from gating.gates.polygons import polygon_fault
from gating.gates.steps import GateFlag, Step, StepEstimate
from gating.thresholds import Threshold, persons_threshold, rounded
from gating.thresholds.methods import Method

KEPT_BESIDE_POLYGON = (GateFlag.NO_VIABILITY,)
"""Flags of a step that stay if a polygon replaces its gate: there is still no dye that shows the dead
cells."""


class UnknownGateError(GatingError):
    """A gate that this panel does not have, or an unusable value or polygon."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Gates from elsewhere, on the linear, compensated scale.

    Attributes
    ----------
    panel
        The channels that may gate.
    overrides
        Set by a person; each replaces exactly one automatic threshold. A name is a channel, a role that one
        channel has, a marker, or one of the steps `debris singlets viable dump plasma_cell_size`.
    pooled
        Thresholds of the batch, named in the same way; used if the tube itself is not clear.
    polygons
        Set by a person, by step; each replaces the whole gate of the step. Its axes are named like
        thresholds, by a channel, a role or a marker.
    """

    panel: GatingPanel
    overrides: Mapping[str, float] = field(default_factory=dict)
    pooled: Mapping[str, float] = field(default_factory=dict)
    polygons: Mapping[str, PolygonGate] = field(default_factory=dict)

    def person(self, channel: GatingChannel) -> Threshold | None:
        """Return the threshold that a person set on the channel, with its name, or None."""
        name = self._name_among(self.overrides, channel)
        return None if name is None else persons_threshold(name, self.overrides[name])

    def person_of_step(self, step: str) -> Threshold | None:
        """Return the threshold that a person set for the step by the step's name, or None."""
        name = next((name for name in self.overrides if _same(name, step)), None)
        return None if name is None else persons_threshold(name, self.overrides[name])

    def pooled_for(self, channel: GatingChannel) -> float | None:
        """Return the batch's threshold on the channel, or None."""
        name = self._name_among(self.pooled, channel)
        return None if name is None else self.pooled[name]

    def polygon(self, step: str) -> PolygonGate | None:
        """Return the polygon that a person set in place of the step's gate, on channels, or None."""
        polygon = next((gate for name, gate in self.polygons.items() if _same(name, step)), None)
        return None if polygon is None else self._on_channels(step, polygon)

    def replaced_by_polygon(self, estimate: StepEstimate) -> StepEstimate:
        """Return the step with the polygon that a person set in place of its gate, else unchanged."""
        polygon = self.polygon(estimate.name)
        if polygon is None:
            return estimate
        flags = tuple(flag for flag in estimate.flags if flag in KEPT_BESIDE_POLYGON)
        axes = (polygon.x_channel, polygon.y_channel)
        return StepEstimate(estimate.name, polygon, axes, (Method.PERSON,), flags=flags)

    def check(self) -> None:
        """Raise UnknownGateError for an unknown name, for CD38, and for an unusable value or polygon."""
        known_names = {name.casefold() for channel in self.panel.channels for name in self._names(channel)}
        known_names |= {*STEP_ROLES, PLASMA_CELL_SIZE}
        for name in (*self.overrides, *self.pooled):
            if self._is_quantified(name):
                raise UnknownGateError(f"gate {name!r}: the quantified channel never gates")
            if name.casefold() not in known_names:
                raise UnknownGateError(f"no gate {name!r}; there are {', '.join(sorted(known_names))}")
        for name, value in self.overrides.items():
            if not isfinite(value):
                raise UnknownGateError(
                    f"gate {name!r}: {value} is not a possible threshold; expected a number"
                )
            if _same(name, Step.SINGLETS) and value <= 0:
                raise UnknownGateError(
                    f"gate {name!r}: {value:g} is no limit of pulse area over height, or of width; "
                    "expected a number above 0"
                )
        for name, polygon in self.polygons.items():
            self._check_polygon(name, polygon)

    def named(self, name: str) -> GatingChannel | None:
        """Return the channel that a name means: its own, a role that one channel has, or a marker."""
        exact = (channel for channel in self.panel.channels if channel.channel == name)
        meant = (
            channel
            for channel in self.panel.channels
            if name.casefold()
            in {known_name.casefold() for known_name in self._names(channel) if known_name not in STEP_ROLES}
        )
        return next(exact, None) or next(meant, None)

    def _check_polygon(self, name: str, polygon: PolygonGate) -> None:
        step = next((step for step in POLYGON_STEPS if _same(name, step)), None)
        if step is None:
            steps_with_polygon = ", ".join(POLYGON_STEPS)
            raise UnknownGateError(
                f"gate {name!r}: no step that takes a polygon; these do: {steps_with_polygon}"
            )
        gate = self._on_channels(name, polygon)
        times = [c.channel for c in self.panel.with_role(Role.TIME)]
        on_time = [channel in times for channel in (gate.x_channel, gate.y_channel)]
        if any(on_time) and not BY_HAND[step].on_time:
            raise UnknownGateError(
                f"gate {name!r}: time is an axis of the step time alone, since the control has its own time"
            )
        if BY_HAND[step].on_time and not any(on_time):
            raise UnknownGateError(f"gate {name!r}: a polygon of this step has time as one of its axes")
        fault = polygon_fault(gate)
        if fault:
            raise UnknownGateError(f"gate {name!r}: {fault}")
        for threshold_name in self.overrides:
            if step_of_threshold(self.panel, threshold_name, self.named(threshold_name)) is step:
                raise UnknownGateError(
                    f"gate {name!r}: its polygon replaces the whole step, so that the threshold "
                    f"{threshold_name!r} would not count; give one of both"
                )

    def _on_channels(self, name: str, polygon: PolygonGate) -> PolygonGate:
        """Return a polygon with its axes named by their channels.

        Raises
        ------
        UnknownGateError
            If an axis is the quantified channel, or no channel that may gate.
        """
        axes = [self._axis(name, axis) for axis in (polygon.x_channel, polygon.y_channel)]
        vertices = tuple((rounded(x), rounded(y)) for x, y in polygon.vertices)
        return replace(polygon, x_channel=axes[0], y_channel=axes[1], vertices=vertices)

    def _axis(self, name: str, axis: str) -> str:
        channel = self.named(axis)
        if self._is_quantified(axis) or (channel is not None and channel.channel in self.panel.quantified):
            raise UnknownGateError(f"gate {name!r}: its axis {axis!r} is quantified, which never gates")
        if channel is None:
            known_channels = ", ".join(panel_channel.channel for panel_channel in self.panel.channels)
            raise UnknownGateError(
                f"gate {name!r}: no channel {axis!r} for an axis; there are {known_channels}"
            )
        return channel.channel

    def _is_quantified(self, name: str) -> bool:
        return name.casefold() == QUANTIFIED_ROLE or name in self.panel.quantified

    def _name_among(self, candidates: Iterable[str], channel: GatingChannel) -> str | None:
        names = {name.casefold() for name in self._names(channel)}
        return next((name for name in candidates if name.casefold() in names), None)

    def _names(self, channel: GatingChannel) -> tuple[str, ...]:
        names = [channel.channel]
        if len(self.panel.with_role(channel.role)) == 1:
            names.append(channel.role)
            names += [step for step, role in STEP_ROLES.items() if role == channel.role]
        markers = [panel_channel.marker.casefold() for panel_channel in self.panel.channels]
        if channel.marker and markers.count(channel.marker.casefold()) == 1:
            names.append(channel.marker)
        return tuple(names)


def _same(name: str, other_name: str) -> bool:
    return name.casefold() == other_name.casefold()
