"""Steps with one cut per channel: viability dye and dump channels, the wanted cells on one side."""

from __future__ import annotations

from collections.abc import Sequence

from gating.cleaning.dump_smear import note_of, with_smear
from gating.events import FloatArray, Survivors
from gating.events.panel import GatingChannel, Role, Target
from gating.gates import AllOf, AnyOf, Gate, channels_of
from gating.gates.cut_ranges import range_of_cut
from gating.gates.person_gates import Choices
from gating.gates.steps import Step, StepEstimate, given_cuts
from gating.thresholds import Threshold, axis_on
from gating.thresholds.methods import each_once
from gating.thresholds.side_cut import side_cut

FEWEST_ROUGH = 20
"""Least number of wanted cells that may move a cut. Chosen on the simulated tubes of docs/validation.md."""
MOST_DUMPED = 0.05
"""Largest share of sure wanted cells above a gap on a dump channel: those stuck to another cell. On a
viability dye there is no limit, since any share may be dead. Chosen on the simulated tubes of
docs/validation.md."""


def find_sides(
    events: Survivors,
    rough: Survivors,
    step: Step,
    channels: Sequence[GatingChannel],
    choices: Choices,
    *,
    clear: bool = False,
) -> StepEstimate:
    """Return the gate that keeps the wanted side of each channel.

    Parameters
    ----------
    events
        A sample of the events to cut.
    rough
        The wanted cells by the anchors alone; no cut may go through them. May be empty.
    step
        `viable` or `dump`.
    channels
        With target `negative` or `low` (cells below the cut are kept) or `positive` (cells above).
    clear
        Whether `rough` are surely the wanted cells.
    """
    cuts = [
        (
            channel,
            _cut(events, rough.column(channel.channel), channel, choices, clear),
        )
        for channel in channels
    ]
    ranges = [range_of_cut(channel, cut.value) for channel, cut in cuts]
    parts: list[Gate] = [
        with_smear(part, channel, events, rough, choices) if clear else part
        for part, channel in zip(ranges, channels, strict=True)
    ]
    smeared = next((part for part in parts if isinstance(part, AnyOf)), None)
    return StepEstimate(
        step,
        parts[0] if len(parts) == 1 else AllOf(tuple(parts)),
        tuple(channel.channel for channel in channels)[:2] if smeared is None else channels_of(smeared)[:2],
        each_once(cut.method for _, cut in cuts),
        tuple((channel.channel, cut.value) for channel, cut in cuts),
        min(cut.confidence for _, cut in cuts),
        "" if smeared is None else note_of(smeared),
        given_cuts=given_cuts((channel.channel, cut) for channel, cut in cuts),
    )


def _cut(
    events: Survivors, rough: FloatArray, channel: GatingChannel, choices: Choices, clear: bool
) -> Threshold:
    automatic = side_cut(
        events.column(channel.channel),
        rough if rough.size >= FEWEST_ROUGH and channel.target is not Target.POSITIVE else None,
        most_lost=_most_lost(channel) if clear else None,
        pooled=choices.pooled_for(channel),
        axis=axis_on(events, channel.channel),
    )
    return choices.person(channel) or automatic


def _most_lost(channel: GatingChannel) -> float:
    return MOST_DUMPED if channel.role == Role.DUMP else 1.0
