"""The use of each channel. The quantified channel cannot be given here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Role(StrEnum):
    """What a channel is for; the word is the one that a person types in the panels sheet."""

    FSC_AREA = "fsc_area"
    FSC_HEIGHT = "fsc_height"
    FSC_WIDTH = "fsc_width"
    SSC_AREA = "ssc_area"
    SSC_HEIGHT = "ssc_height"
    TIME = "time"
    VIABILITY = "viability"
    DUMP = "dump"
    CD38 = "cd38"
    CD138 = "cd138"
    CD45 = "cd45"
    CD319 = "cd319"
    CD229 = "cd229"
    CD54 = "cd54"
    CD19 = "cd19"
    CD56 = "cd56"
    CD117 = "cd117"
    CD81 = "cd81"
    CD27 = "cd27"
    CD20 = "cd20"
    KAPPA = "kappa"
    LAMBDA = "lambda"
    OTHER = "other"


QUANTIFIED_ROLE = Role.CD38
"""The role of the quantified channel, which never gates."""


class Target(StrEnum):
    """Where the wanted population lies on a channel."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    LOW = "low"
    ANY = "any"


ROLES_THAT_GATE = tuple(role for role in Role if role is not QUANTIFIED_ROLE)

AREA_ROLES = (Role.FSC_AREA, Role.SSC_AREA)
"""Roles of scatter that say the size and the granularity of a cell."""

SCATTER_ROLES = (Role.FSC_AREA, Role.FSC_HEIGHT, Role.FSC_WIDTH, Role.SSC_AREA, Role.SSC_HEIGHT)
"""Roles of light scatter: no dye takes part in them."""

UNSTAINED_ROLES = (*SCATTER_ROLES, Role.TIME)
"""Roles of channels that show no stain."""

LIGHT_CHAIN_ROLES = (Role.KAPPA, Role.LAMBDA)
"""Roles of the light chains, of which a clone has one."""

PLASMA_CELL_TARGETS = {
    Role.CD138: Target.POSITIVE,
    Role.CD319: Target.POSITIVE,
    Role.CD229: Target.POSITIVE,
    Role.CD54: Target.POSITIVE,
    Role.CD45: Target.LOW,
    Role.DUMP: Target.NEGATIVE,
    Role.VIABILITY: Target.NEGATIVE,
}


class UnfitPanelError(ValueError):
    """A panel that cannot gate: an unknown role, or the quantified channel among those that gate.

    This is a mistake of the caller, who writes the panel: it is no `GatingError`.
    """


@dataclass(frozen=True, slots=True)
class GatingChannel:
    """A channel that may gate.

    A role that is given as a word becomes its `Role`.

    Raises UnfitPanelError for a role that does not exist and for the quantified one: CD38 never gates.
    """

    channel: str
    role: Role
    target: Target = Target.ANY
    marker: str = ""

    def __post_init__(self) -> None:
        if self.role == QUANTIFIED_ROLE:
            raise UnfitPanelError(f"channel {self.channel!r} is the quantified one; it never gates")
        if self.role not in ROLES_THAT_GATE:
            raise UnfitPanelError(
                f"role {str(self.role)!r} of channel {self.channel!r} is none of {', '.join(ROLES_THAT_GATE)}"
            )
        object.__setattr__(self, "role", Role(self.role))


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

    def with_role(self, role: Role) -> tuple[GatingChannel, ...]:
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
