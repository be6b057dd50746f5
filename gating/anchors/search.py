"""The search for the wanted population among single cells, by its anchors and its other traits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gating.anchors.anchors import anchor_of, find_group, find_likely
from gating.anchors.evidence import Anchor, Group, Rule, either
from gating.anchors.traits import is_plasma_panel, phenotype_of
from gating.events import FloatArray, Mask, Survivors
from gating.events.panel import AREA_ROLES, UNSTAINED_ROLES, GatingChannel, Role, Target
from gating.gates import AllOf, EllipsoidGate
from gating.gates.person_gates import Choices
from gating.thresholds import axis_like, axis_on

NOT_ANCHORS = (*UNSTAINED_ROLES, Role.VIABILITY, Role.DUMP)
NOT_IN_CLUSTERS = tuple(role for role in NOT_ANCHORS if role not in AREA_ROLES)
CLEAR_BEFORE_SIDES = 0.8
"""With at least this confidence, the search is not repeated without dead and dump-positive cells. Chosen on
the simulated tubes of docs/validation.md."""
CLEAR_ROUGH = 0.5
"""Least clarity of the group on the anchors alone with which it may stop a side cut from cutting through the
wanted cells. Chosen on the simulated tubes of docs/validation.md."""
LIKELY_ENOUGH = 0.8
"""The group with all traits is used if its confidence is at least this part of that of the group on the
anchors alone. Chosen on the simulated tubes of docs/validation.md."""
MOST_MORE = 0.5
"""Most cells that a clear group on the anchors may add to the group with all traits, as a multiple of the
latter. Chosen on the simulated tubes of docs/validation.md."""


@dataclass(frozen=True, slots=True)
class Search:
    """The wanted population among candidates, by its anchors.

    Attributes
    ----------
    candidates
        Events that were searched.
    channels, anchors
        Those of the panel, in the same order; empty where there is nothing to search.
    group
        The group of wanted cells.
    ellipsoids
        The gates of a group that was found as clusters in the space of all channels: an ellipsoid, or the
        intersection of several.
    traits
        Evidence of each candidate from its other traits; None where the panel's targets are not those of
        plasma cells.
    reference
        A sample of all single cells, of viable ones where viability is known. None where nothing was
        searched.
    likely
        Which candidates anchors and traits together make likely, bool; None as for `traits`.
    """

    candidates: Survivors
    channels: tuple[GatingChannel, ...]
    anchors: tuple[Anchor, ...]
    group: Group
    ellipsoids: tuple[EllipsoidGate | AllOf, ...] = ()
    traits: FloatArray | None = None
    reference: Survivors | None = None
    likely: Mask | None = None
    likely_rule: Rule | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the confidence is high enough that the search need not be repeated."""
        return self.group.confidence >= CLEAR_BEFORE_SIDES

    def rough(self) -> Survivors:
        """Return the cells of the group; none where the group is not clear."""
        clear = self.group.confidence >= CLEAR_ROUGH
        return self.candidates.select(self.group.mask if clear else np.zeros_like(self.group.mask))

    def within(self, left: Survivors, reference: Survivors, choices: Choices) -> Search:
        """Return the search among the remaining candidates; it is not repeated where the group is clear.

        Parameters
        ----------
        left
            Viable, dump-negative candidates.
        reference
            A sample of all viable single cells.
        """
        if not self.is_clear:
            return search_anchors(left, reference, choices)
        kept = np.flatnonzero(left.mask().take(self.candidates.index))
        anchors = tuple(replace(a, axis=a.axis.at(kept)) for a in self.anchors)
        traits = None if self.traits is None else self.traits.take(kept)
        group = replace(self.group, mask=self.group.mask.take(kept))
        likely = None if self.likely is None else self.likely.take(kept)
        return Search(
            left,
            self.channels,
            anchors,
            group,
            traits=traits,
            reference=reference,
            likely=likely,
            likely_rule=self.likely_rule,
        )


def search_anchors(candidates: Survivors, reference: Survivors, choices: Choices) -> Search:
    """Search the wanted population.

    Parameters
    ----------
    candidates
        Single cells.
    reference
        A sample of single cells that shows where negative and bright cells lie.
    """
    channels = tuple(anchor_channels(choices))
    nothing = Group(np.zeros(candidates.n_events, np.bool_), 0.0)
    if not channels or candidates.n_events == 0:
        return Search(candidates, channels, (), nothing)
    anchors = tuple(_anchor_of(channel, candidates, reference) for channel in channels)
    group = find_group(anchors)
    if not is_plasma_panel(choices.panel):
        return Search(candidates, channels, anchors, group, reference=reference)
    traits = phenotype_of(candidates, reference, choices)
    likely = find_likely(anchors, traits)
    both = _of_both(group, likely)
    return Search(
        candidates,
        channels,
        anchors,
        both,
        traits=traits,
        reference=reference,
        likely=likely.mask,
        likely_rule=likely.rule,
    )


def _anchor_of(channel: GatingChannel, candidates: Survivors, reference: Survivors) -> Anchor:
    """Return the anchor of a channel; the positions are computed once and shared."""
    usual = axis_on(reference, channel.channel)
    searched = axis_like(candidates, channel.channel, usual)
    return anchor_of(channel.channel, channel.target, searched, usual)


def _of_both(group: Group, likely: Group) -> Group:
    """Return the first group: the one on the anchors alone, the one with all traits, or both together.

    Normal plasma cells are on target on the anchors but lack a clone's traits. A much larger group on the
    anchors is left out: these are other cells.
    """
    if likely.confidence < LIKELY_ENOUGH * group.confidence:
        return group
    more = int(np.count_nonzero(group.mask & ~likely.mask))
    if group.confidence >= CLEAR_BEFORE_SIDES and more <= MOST_MORE * np.count_nonzero(likely.mask):
        return replace(likely, mask=likely.mask | group.mask, rule=either(likely.rule, group.rule))
    return likely


def anchor_channels(choices: Choices) -> list[GatingChannel]:
    """Return the channels that have a target and are not used for cleaning, ordered by role and name."""
    wanted = [c for c in choices.panel.channels if c.target is not Target.ANY and c.role not in NOT_ANCHORS]
    return sorted(wanted, key=lambda c: (c.role, c.channel))


def cluster_channels(choices: Choices) -> list[GatingChannel]:
    """Return every channel that separates kinds of cells, ordered by role and name."""
    channels = (c for c in choices.panel.channels if c.role not in NOT_IN_CLUSTERS)
    return sorted(channels, key=lambda c: (c.role, c.channel))
