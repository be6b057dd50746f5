"""Thresholds that a person or the batch gave, looked up by channel, role, marker or step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType

from gating.events.errors import GatingError
from gating.events.panel import QUANTIFIED_ROLE, GatingChannel, GatingPanel
from gating.gates.steps import Step

STEP_ROLES: Mapping[Step, str] = MappingProxyType(
    {
        Step.DEBRIS: "fsc_area",
        Step.VIABLE: "viability",
        Step.DUMP: "dump",
        Step.SINGLETS: "fsc_width",
    }
)
"""Steps with one threshold, and the role it lies on; of `singlets` by height it is the ratio area/height."""

PLASMA_CELL_SIZE = "plasma_cell_size"
"""The lower cut on forward scatter area of the step `plasma_cells`; the channel's own name means debris."""


class UnknownGateError(GatingError):
    """A threshold for a gate that this panel does not have, or a value that is no threshold."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Thresholds from elsewhere, on the linear, compensated scale.

    Attributes
    ----------
    panel
        The channels that may gate.
    overrides
        Set by a person; each replaces exactly one automatic threshold. A name is a channel, a role
        that one channel has, a marker, or one of the steps `debris singlets viable dump plasma_cell_size`.
    pooled
        Of the batch, named in the same way; used where the tube itself is not clear.
    """

    panel: GatingPanel
    overrides: Mapping[str, float] = field(default_factory=dict)
    pooled: Mapping[str, float] = field(default_factory=dict)

    def person(self, channel: GatingChannel) -> float | None:
        """Return the threshold that a person set on the channel, or None."""
        return self._of(self.overrides, channel)

    def person_of_step(self, step: str) -> float | None:
        """Return the threshold that a person set for the step by the step's name, or None."""
        return next((value for name, value in self.overrides.items() if _same(name, step)), None)

    def pooled_for(self, channel: GatingChannel) -> float | None:
        """Return the batch's threshold on the channel, or None."""
        return self._of(self.pooled, channel)

    def check(self) -> None:
        """Raise UnknownGateError for a name that means nothing, or CD38, or a value that is no threshold."""
        known = {name.casefold() for channel in self.panel.channels for name in self._names(channel)}
        known |= {*STEP_ROLES, PLASMA_CELL_SIZE}
        for name in (*self.overrides, *self.pooled):
            if name.casefold() == QUANTIFIED_ROLE or name in self.panel.quantified:
                raise UnknownGateError(f"gate {name!r}: the quantified channel never gates")
            if name.casefold() not in known:
                raise UnknownGateError(f"no gate {name!r}; there are {', '.join(sorted(known))}")
        for name, value in self.overrides.items():
            if not isfinite(value):
                raise UnknownGateError(
                    f"gate {name!r}: {value} is no place for a threshold; expected a number"
                )
            if _same(name, Step.SINGLETS) and value <= 0:
                raise UnknownGateError(
                    f"gate {name!r}: {value:g} is no limit of pulse area over height, or of width; "
                    "expected a number above 0"
                )

    def _of(self, values: Mapping[str, float], channel: GatingChannel) -> float | None:
        names = {name.casefold() for name in self._names(channel)}
        return next((value for name, value in values.items() if name.casefold() in names), None)

    def _names(self, channel: GatingChannel) -> tuple[str, ...]:
        names = [channel.channel]
        if len(self.panel.with_role(channel.role)) == 1:
            names.append(channel.role)
            names += [step for step, role in STEP_ROLES.items() if role == channel.role]
        markers = [other.marker.casefold() for other in self.panel.channels]
        if channel.marker and markers.count(channel.marker.casefold()) == 1:
            names.append(channel.marker)
        return tuple(names)


def _same(name: str, other: str) -> bool:
    return name.casefold() == other.casefold()
