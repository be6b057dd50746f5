"""The cleaning steps of a tube, as far as its panel can support them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from gating.cleaning.scatter import find_debris, find_margins
from gating.cleaning.singlets import find_singlets
from gating.cleaning.time import find_stable_time
from gating.events import Mask, Survivors
from gating.events.panel import SCATTER_ROLES, Role
from gating.gates.person_gates import Choices
from gating.gates.steps import GateFlag, Step, StepEstimate
from gating.thresholds.methods import Method

WITHOUT_STEP: Mapping[GateFlag, float] = MappingProxyType(
    {GateFlag.NO_VIABILITY: 0.2, GateFlag.NO_SINGLETS: 0.5, GateFlag.NO_SCATTER: 0.5}
)
"""Confidence in a step that the panel cannot support. Without a viability dye it is lowest: dead cells bind
every antibody. Chosen on the simulated tubes of docs/validation.md."""


def stable_time(left: Survivors, sample: Mask, choices: Choices) -> StepEstimate:
    """Return the step that keeps the time in which event rate and brightness were steady."""
    events, panel = left.events, choices.panel
    roles = {channel.channel: channel.role for channel in panel.channels}
    times = panel.with_role(Role.TIME)
    if not times:
        return cannot(Step.TIME, "the panel has no time channel: stability was not judged", GateFlag.NO_TIME)
    channel = times[0].channel
    watched = sorted(
        name for name in events.channels if roles.get(name) not in (Role.TIME, *SCATTER_ROLES[1:])
    )
    sampled_events = Survivors.of(events, sample)
    columns = [sampled_events.column(name) for name in watched if name != channel]
    return find_stable_time(events.column(channel), columns, sample, channel=channel)


def margins(left: Survivors, sample: Mask, choices: Choices) -> StepEstimate:
    """Return the step that removes events at the upper ends of the scatter detectors."""
    panel = choices.panel
    forward = [c.channel for role in (Role.FSC_AREA, Role.FSC_HEIGHT) for c in panel.with_role(role)]
    side = [c.channel for role in (Role.SSC_AREA, Role.SSC_HEIGHT) for c in panel.with_role(role)]
    if not forward and not side:
        return cannot(Step.MARGINS, "the panel has no scatter channel", GateFlag.NO_SCATTER)
    tops = [left.events.scale_top(channel) for channel in (*forward, *side)]
    return find_margins(left, forward, side, tops)


def debris(left: Survivors, sample: Mask, choices: Choices) -> StepEstimate:
    """Return the step that removes events too small to be a cell."""
    forward = choices.panel.with_role(Role.FSC_AREA)
    if not forward:
        return cannot(
            Step.DEBRIS, "the panel has no forward scatter area: debris was not removed", GateFlag.NO_DEBRIS
        )
    return find_debris(left.among(sample), forward[0].channel, choices.person(forward[0]))


def singlets(left: Survivors, sample: Mask, choices: Choices) -> StepEstimate:
    """Return the step that removes doublets, by pulse area over height, or by width."""
    panel = choices.panel
    area, height = panel.with_role(Role.FSC_AREA), panel.with_role(Role.FSC_HEIGHT)
    width = panel.with_role(Role.FSC_WIDTH)
    if not (area and height) and not width:
        area, height = panel.with_role(Role.SSC_AREA), panel.with_role(Role.SSC_HEIGHT)
    person = choices.person_of_step(Step.SINGLETS)
    if area and height:
        return find_singlets(left, left.among(sample), area[0].channel, height[0].channel, person)
    if width:
        person = choices.person(width[0]) if person is None else person
        return find_singlets(left, left.among(sample), None, width[0].channel, person)
    return cannot(
        Step.SINGLETS,
        "the panel has no pulse height or width: doublets were not removed",
        GateFlag.NO_SINGLETS,
    )


CLEANING: Final[tuple[tuple[Step, Callable[[Survivors, Mask, Choices], StepEstimate]], ...]] = (
    (Step.TIME, stable_time),
    (Step.MARGINS, margins),
    (Step.DEBRIS, debris),
    (Step.SINGLETS, singlets),
)
"""The steps that need no search for the wanted cells, in their order. Each function gets the events that are
left, a sample as bool over all events, and what a person chose."""


def cannot(step: Step, why: str, flag: GateFlag | None = None) -> StepEstimate:
    """Return a step that is left out, with the reason and the confidence that remains."""
    flags = () if flag is None else (flag,)
    sure = min((WITHOUT_STEP.get(flag, 1.0) for flag in flags), default=1.0)
    return StepEstimate(step, None, (), (Method.NONE,), confidence=sure, note=why, flags=flags)
