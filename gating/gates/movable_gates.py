"""What a person may give in place of a step's own gate: thresholds, a polygon, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gating.events.panel import GatingChannel, GatingPanel, Role, Target
from gating.gates.all_steps import STEPS, ByHand
from gating.gates.steps import Step

PLASMA_CELL_SIZE = "plasma_cell_size"
"""Name of the lower cut on forward scatter area in the step `plasma_cells`; the channel's own name means the
cut of debris."""
SECOND_ROLES = (Role.CD319, Role.CD229, Role.CD54)
"""Roles of second anchors."""
CLONE_ROLES = (Role.CD19, Role.CD56, Role.CD117, Role.CD81)
"""Roles that distinguish the clone from normal plasma cells."""


BY_HAND: Mapping[Step, ByHand] = MappingProxyType({kind.step: kind.by_hand for kind in STEPS})
"""What a person may give for every step."""
STEP_ROLES: Mapping[Step, Role] = MappingProxyType(
    {step: by_hand.role for step, by_hand in BY_HAND.items() if by_hand.role}
)
"""Steps with one threshold, and the role of its channel; for `singlets` by height the threshold is the ratio
area/height."""
POLYGON_STEPS: tuple[Step, ...] = tuple(step for step, by_hand in BY_HAND.items() if by_hand.polygon)
"""Steps whose gate a polygon may replace."""


def step_of_threshold(panel: GatingPanel, name: str, channel: GatingChannel | None) -> Step | None:
    """Return the step whose gate a threshold of this name cuts; None where the panel alone cannot say.

    Parameters
    ----------
    channel
        Channel that the name means; None if the name is a step.
    """
    for step in STEP_ROLES:
        if name.casefold() == step or (channel is not None and channel.role == STEP_ROLES[step]):
            return step
    if name.casefold() == PLASMA_CELL_SIZE:
        return Step.PLASMA_CELLS
    if channel is None:
        return None
    if channel.role in SECOND_ROLES:
        other_anchors = [
            gating_channel
            for gating_channel in panel.with_default_targets().with_target(Target.POSITIVE)
            if gating_channel.role not in (*SECOND_ROLES, *STEP_ROLES.values())
        ]
        return Step.SECOND_ANCHOR if other_anchors else Step.PLASMA_CELLS
    wanted = {
        gating_channel.channel
        for gating_channel in panel.with_default_targets().channels
        if gating_channel.target is not Target.ANY
    }
    if channel.channel in wanted:
        return Step.PLASMA_CELLS
    return Step.ABERRANT if channel.role in CLONE_ROLES else None
