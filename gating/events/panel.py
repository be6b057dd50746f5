"""The use of each channel. The quantified channel cannot be given here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

QUANTIFIED_ROLE = "cd38"


class Target(StrEnum):
    """Where the wanted population lies on a channel."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    LOW = "low"
    ANY = "any"


ROLES_THAT_GATE = (
    "fsc_area", "fsc_height", "fsc_width", "ssc_area", "ssc_height", "time", "viability", "dump", "cd138",
    "cd45", "cd319", "cd229", "cd54", "cd19", "cd56", "cd117", "cd81", "cd27", "cd20", "kappa", "lambda",
    "other",
)  # fmt: skip

SCATTER_ROLES = ("fsc_area", "fsc_height", "fsc_width", "ssc_area", "ssc_height")
"""Roles of light scatter: no dye takes part in them."""

PLASMA_CELL_TARGETS = {
    "cd138": Target.POSITIVE,
    "cd319": Target.POSITIVE,
    "cd229": Target.POSITIVE,
    "cd54": Target.POSITIVE,
    "cd45": Target.LOW,
    "dump": Target.NEGATIVE,
    "viability": Target.NEGATIVE,
}


class UnfitPanelError(ValueError):
    """A panel that cannot gate: an unknown role, or the quantified channel among those that gate.

    This is a mistake of the caller, who writes the panel: it is no `GatingError`.
    """


@dataclass(frozen=True, slots=True)
class GatingChannel:
    """A channel that may gate.

    Raises UnfitPanelError for a role that does not exist and for the quantified one: CD38 never gates.
    """

    channel: str
    role: str
    target: Target = Target.ANY
    marker: str = ""

    def __post_init__(self) -> None:
        if self.role == QUANTIFIED_ROLE:
            raise UnfitPanelError(f"channel {self.channel!r} is the quantified one; it never gates")
        if self.role not in ROLES_THAT_GATE:
            raise UnfitPanelError(
                f"role {self.role!r} of channel {self.channel!r} is none of {', '.join(ROLES_THAT_GATE)}"
            )


@dataclass(frozen=True, slots=True)
class GatingPanel:
    """The channels that may gate, in the panel's order.

    Attributes
    ----------
    channels
        What each channel is for.
    quantified
        Names of channels that must never be among the gated events.

    Raises UnfitPanelError if a quantified channel is given a role.
    """

    channels: tuple[GatingChannel, ...]
    quantified: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        both = [channel.channel for channel in self.channels if channel.channel in self.quantified]
        if both:
            raise UnfitPanelError(f"channel {', '.join(both)} is quantified and may not gate")

    def with_role(self, role: str) -> tuple[GatingChannel, ...]:
        """Return the channels of a role, in the panel's order."""
        return tuple(channel for channel in self.channels if channel.role == role)

    def with_target(self, *targets: Target) -> tuple[GatingChannel, ...]:
        """Return the channels on which the wanted population has one of these targets."""
        return tuple(channel for channel in self.channels if channel.target in targets)

    def with_default_targets(self) -> GatingPanel:
        """Return the panel with the targets of plasma cells if it has no target at all."""
        if any(channel.target is not Target.ANY for channel in self.channels):
            return self
        filled = (
            replace(channel, target=PLASMA_CELL_TARGETS.get(channel.role, Target.ANY))
            for channel in self.channels
        )
        return GatingPanel(tuple(filled), self.quantified)
