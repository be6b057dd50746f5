"""The wanted population's two steps, first and second anchors: found together, cut one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gating.anchors import Anchor, Group, anchor_of, cut_between, find_group
from gating.choices import Choices
from gating.events import Mask, Survivors
from gating.panel import GatingChannel, Target
from gating.population import Finding
from gating.scatter_evidence import Joined, join_scatter
from gating.sides import gate_of_cuts
from gating.thresholds import Threshold, rounded

SECOND_ROLES = ("cd319", "cd229", "cd54")
NOT_ANCHORS = (
    "fsc_area", "fsc_height", "fsc_width", "ssc_area", "ssc_height", "time", "viability", "dump",
)  # fmt: skip
NO_GROUP_CONFIDENCE = 0.1
CLEAR_WITHOUT_SCATTER = 0.9
"""Clarity from which the anchors need no help."""
CLEAR_ROUGH = 0.5
"""Clarity from which the anchors alone may keep a side cut from going through the wanted cells."""
STRICT = 1.5
"""Without any group the positive cuts lie this far (a factor of 4.5) above the negative cells."""


@dataclass(frozen=True, slots=True)
class _Cut:
    channel: GatingChannel
    threshold: Threshold


def find_target(candidates: Survivors, reference: Survivors, choices: Choices) -> tuple[Finding, Finding]:
    """Return the findings of the steps `plasma_cells` and `second_anchor`.

    Parameters
    ----------
    candidates
        Viable, dump-negative single cells.
    reference
        A sample of all viable single cells.
    """
    channels = _anchor_channels(choices)
    if not channels:
        none = Finding("plasma_cells", None, (), "none", (), 0.0, "no channel has a target", ("NO_ANCHOR",))
        return none, _no_second()
    if candidates.n_events == 0:
        note = "no event is left to search"
        return Finding("plasma_cells", None, (), "none", (), 0.0, note), _no_second()
    anchors = _anchors(channels, candidates, reference)
    group = find_group(anchors)
    scatter = _scatter_channels(choices)
    columns = [(c.channel, candidates.column(c.channel)) for c in scatter]
    joined = join_scatter(anchors, group, columns) if group.clarity < CLEAR_WITHOUT_SCATTER else None
    if joined is not None:
        group, anchors, channels = (
            joined.group,
            [*anchors, *joined.anchors],
            [*channels, *_sided(scatter, joined)],
        )
    cuts = _cuts(channels, anchors, group, choices)
    agreement = _agreement(anchors, cuts, group)
    first, second = _first_and_second(cuts)
    return _finding(first, group, agreement), _second_finding(second)


def _scatter_channels(choices: Choices) -> list[GatingChannel]:
    """Return the side scatter: granularity tells kinds of cells apart, size hardly does."""
    return [c for role in ("ssc_area", "ssc_height") for c in choices.panel.with_role(role)][:1]


def _sided(scatter: list[GatingChannel], joined: Joined) -> list[GatingChannel]:
    return [replace(c, target=a.target) for c, a in zip(scatter, joined.anchors, strict=True)]


def find_rough(candidates: Survivors, reference: Survivors, choices: Choices) -> Survivors:
    """Return the wanted cells as the anchors alone show them, none where they are not clear.

    Parameters
    ----------
    candidates
        Single cells, dead ones and dump-positive ones too.
    reference
        A sample of them.
    """
    channels = _anchor_channels(choices)
    none = np.zeros(candidates.n_events, np.bool_)
    if not channels or candidates.n_events == 0:
        return candidates.select(none)
    group = find_group(_anchors(channels, candidates, reference))
    return candidates.select(group.mask if group.confidence >= CLEAR_ROUGH else none)


def _anchors(channels: list[GatingChannel], candidates: Survivors, reference: Survivors) -> list[Anchor]:
    return [
        anchor_of(c.channel, c.target, candidates.column(c.channel), reference.column(c.channel))
        for c in channels
    ]


def _anchor_channels(choices: Choices) -> list[GatingChannel]:
    """Return the channels with a target that are no cleaning step's, by role and name."""
    wanted = [c for c in choices.panel.channels if c.target is not Target.ANY and c.role not in NOT_ANCHORS]
    return sorted(wanted, key=lambda c: (c.role, c.channel))


def _cuts(channels: list[GatingChannel], anchors: list[Anchor], group: Group, choices: Choices) -> list[_Cut]:
    """Return a cut per anchor: between the group and its rivals, else what batch, panel or spread say."""
    places = _places(anchors, group) if group.mask.any() else [_strict(anchor) for anchor in anchors]
    return [
        _Cut(channel, _threshold(channel, anchor, place, group, choices))
        for channel, anchor, place in zip(channels, anchors, places, strict=True)
    ]


def _places(anchors: list[Anchor], group: Group) -> list[float]:
    places = [anchor.edge for anchor in anchors]
    for _ in range(2):
        for i, anchor in enumerate(anchors):
            others = np.ones(group.mask.size, np.bool_)
            for j, other in enumerate(anchors):
                others &= _passes(other, places[j]) if j != i else True
            places[i] = cut_between(anchor, group.mask, others & ~group.mask)
    return places


def _strict(anchor: Anchor) -> float:
    return anchor.edge + STRICT if anchor.is_positive else anchor.edge


def _passes(anchor: Anchor, place: float) -> Mask:
    values = anchor.axis.values
    return values >= np.float32(place) if anchor.is_positive else values < np.float32(place)


def _threshold(
    channel: GatingChannel, anchor: Anchor, place: float, group: Group, choices: Choices
) -> Threshold:
    person = choices.person(channel)
    if person is not None:
        return Threshold(rounded(person), "person", 1.0)
    if group.mask.any():
        return Threshold(anchor.axis.linear(place), "valley", group.confidence)
    for method, value in (
        ("pooled", choices.pooled_for(channel)),
        ("template", choices.template_for(channel)),
    ):
        if value is not None:
            return Threshold(rounded(value), method, 0.4)
    return Threshold(anchor.axis.linear(place), "spread", NO_GROUP_CONFIDENCE)


def _agreement(anchors: list[Anchor], cuts: list[_Cut], group: Group) -> float:
    """Return the F1 of the plain cuts against the group: how much the cuts lose of what was seen."""
    cut = np.logical_and.reduce(
        [_passes(a, a.axis.place(c.threshold.value)) for a, c in zip(anchors, cuts, strict=True)]
    )
    both = int(np.count_nonzero(cut & group.mask))
    total = int(np.count_nonzero(cut)) + int(np.count_nonzero(group.mask))
    return 2 * both / total if total else 0.0


def _first_and_second(cuts: list[_Cut]) -> tuple[list[_Cut], list[_Cut]]:
    """Split off the second anchors, unless they are the only positive ones."""
    first = [cut for cut in cuts if cut.channel.role not in SECOND_ROLES]
    second = [cut for cut in cuts if cut.channel.role in SECOND_ROLES]
    if not any(cut.channel.target is Target.POSITIVE for cut in first):
        return cuts, []
    return first, second


def _finding(cuts: list[_Cut], group: Group, agreement: float) -> Finding:
    confidence = min(cut.threshold.confidence for cut in cuts)
    note = ""
    flags: tuple[str, ...] = ()
    if not group.mask.any():
        note = "no group of cells on target was found: the cuts are strict guesses"
        flags = ("NO_CLEAR_POPULATION",)
    elif all(cut.threshold.method == "valley" for cut in cuts):
        confidence *= agreement
    return _as_finding("plasma_cells", cuts, round(confidence, 4), note, flags)


def _second_finding(cuts: list[_Cut]) -> Finding:
    if not cuts:
        return _no_second()
    return _as_finding("second_anchor", cuts, 1.0, "", ())


def _as_finding(step: str, cuts: list[_Cut], confidence: float, note: str, flags: tuple[str, ...]) -> Finding:
    ordered = sorted(cuts, key=lambda cut: (cut.channel.target is not Target.POSITIVE, cut.channel.role))
    return Finding(
        step,
        gate_of_cuts([(cut.channel, cut.threshold) for cut in ordered]),
        tuple(cut.channel.channel for cut in ordered)[:2],
        "+".join(dict.fromkeys(cut.threshold.method for cut in ordered)),
        tuple((cut.channel.channel, cut.threshold.value) for cut in ordered),
        confidence,
        note,
        flags,
    )


def _no_second() -> Finding:
    return Finding("second_anchor", None, (), "none", note="the panel has no second anchor")
