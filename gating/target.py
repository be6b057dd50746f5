"""The wanted population's two steps, first and second anchors: found together, cut one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gating.anchors import Anchor, Group, anchor_of, cut_between, find_group, find_likely
from gating.choices import Choices
from gating.cluster_evidence import find_clusters
from gating.events import Mask, Survivors
from gating.gates import AllOf, AnyOf, EllipsoidGate, inside
from gating.panel import GatingChannel, Target
from gating.phenotype import is_plasma_panel, phenotype_of
from gating.membership import members_of
from gating.population import Finding
from gating.scatter_evidence import join_scatter
from gating.sides import gate_of_cuts
from gating.thresholds import Axis, Threshold, axis_of, rounded

SECOND_ROLES = ("cd319", "cd229", "cd54")
NOT_ANCHORS = (
    "fsc_area", "fsc_height", "fsc_width", "ssc_area", "ssc_height", "time", "viability", "dump",
)  # fmt: skip
NO_GROUP_CONFIDENCE = 0.1
CLEAR_BEFORE_SIDES = 0.8
"""Confidence from which the group is not searched again without dead and dump-positive cells."""
CLEAR_WITHOUT_SCATTER = 0.9
"""Clarity from which the anchors need no help."""
CLEAR_ROUGH = 0.5
"""Clarity from which the anchors alone may keep a side cut from going through the wanted cells."""
CLEAR_WITHOUT_CLUSTERS = 0.8
"""Confidence from which the anchors' own cuts are taken without looking at the other channels."""
TRUST_IN_CLUSTERS = 0.9
CLEAR_AMONG_DEAD = 0.6
"""Without a viability dye the anchors' cuts let dead cells in; clusters so clear are taken instead."""
NOT_IN_CLUSTERS = ("fsc_height", "fsc_width", "ssc_height", "time", "viability", "dump")
PLAIN_IS_BETTER = 0.005
"""Expected F1 that plain cuts may lose against ellipsoids: a person can read and move them."""
TRUST_IN_TRAITS = 0.6
"""Confidence in a group that no valley shows, only its clusters and the traits of its cells."""
STRICT = 1.5
"""Without any group the positive cuts lie this far (a factor of 4.5) above the negative cells."""


@dataclass(frozen=True, slots=True)
class _Cut:
    channel: GatingChannel
    threshold: Threshold


@dataclass(frozen=True, slots=True)
class Search:
    """The wanted population among candidates, by its anchors.

    Attributes
    ----------
    candidates
        Events that were searched.
    channels, anchors
        Of the panel, in one order; empty where there is nothing to search.
    group
        What was found.
    ellipsoids
        Where the group was found as clusters in the space of all channels, their gates.
    """

    candidates: Survivors
    channels: tuple[GatingChannel, ...]
    anchors: tuple[Anchor, ...]
    group: Group
    ellipsoids: tuple[EllipsoidGate, ...] = ()

    @property
    def is_clear(self) -> bool:
        """Whether the group is surely the wanted population."""
        return self.group.confidence >= CLEAR_BEFORE_SIDES

    def rough(self) -> Survivors:
        """Return the group, none of it where it is not clear."""
        clear = self.group.confidence >= CLEAR_ROUGH
        return self.candidates.select(self.group.mask if clear else np.zeros_like(self.group.mask))

    def within(self, left: Survivors, reference: Survivors, choices: Choices) -> Search:
        """Return the search among those candidates that are left; a clear group is not searched again.

        Parameters
        ----------
        left
            Viable, dump-negative candidates.
        reference
            A sample of all viable single cells.
        """
        if not self.is_clear:
            return search_anchors(left, reference, choices)
        kept = left.mask()[self.candidates.index]
        anchors = tuple(replace(a, axis=a.axis.select(kept)) for a in self.anchors)
        return Search(left, self.channels, anchors, replace(self.group, mask=self.group.mask[kept]))


def search_anchors(candidates: Survivors, reference: Survivors, choices: Choices) -> Search:
    """Search the wanted population.

    Parameters
    ----------
    candidates
        Single cells.
    reference
        A sample of single cells that shows where negative and bright cells lie.
    """
    channels = tuple(_anchor_channels(choices))
    nothing = Group(np.zeros(candidates.n_events, np.bool_), 0.0)
    if not channels or candidates.n_events == 0:
        return Search(candidates, channels, (), nothing)
    anchors = tuple(
        anchor_of(c.channel, c.target, candidates.column(c.channel), reference.column(c.channel))
        for c in channels
    )
    group = find_group(anchors)
    if group.confidence >= CLEAR_BEFORE_SIDES or not is_plasma_panel(choices.panel):
        return Search(candidates, channels, anchors, group)
    likely = find_likely(anchors, phenotype_of(candidates, reference, choices))
    clearer = max(likely, group, key=lambda one: one.confidence)
    return Search(candidates, channels, anchors, clearer)


def find_target(search: Search, choices: Choices) -> tuple[Finding, Finding]:
    """Return the findings of the steps `plasma_cells` and `second_anchor`."""
    if not search.channels:
        none = Finding("plasma_cells", None, (), "none", (), 0.0, "no channel has a target", ("NO_ANCHOR",))
        return none, _no_second()
    if not search.anchors:
        note = "no event is left to search"
        return Finding("plasma_cells", None, (), "none", (), 0.0, note), _no_second()
    search = _with_scatter(search, choices)
    if not is_plasma_panel(choices.panel):
        search = _with_clusters(search, choices)
    search = _with_members(search, choices)
    cuts = _cuts(search, choices)
    agreement = _agreement(search, cuts)
    first, second = _first_and_second(cuts)
    return _finding(first, search, agreement), _second_finding(second)


def _with_scatter(search: Search, choices: Choices) -> Search:
    """Return the search with side scatter among its anchors where they need that."""
    if search.group.clarity >= CLEAR_WITHOUT_SCATTER:
        return search
    scatter = _scatter_channels(choices)
    columns = [(c.channel, search.candidates.column(c.channel)) for c in scatter]
    joined = join_scatter(search.anchors, search.group, columns)
    if joined is None:
        return search
    sided = (replace(c, target=a.target) for c, a in zip(scatter, joined.anchors, strict=True))
    return Search(
        search.candidates, (*search.channels, *sided), (*search.anchors, *joined.anchors), joined.group
    )


def _with_members(search: Search, choices: Choices) -> Search:
    """Return the search with the group as all channels together show it, in plain cuts where these do."""
    group = search.group
    members = members_of(group.mask, group.clarity, _axes(search, choices), search.anchors)
    if members is None or not members.mask.any():
        return search
    group = replace(group, mask=members.mask)
    plain = replace(search, group=group, ellipsoids=())
    cuts = [Threshold(a.axis.linear(p), "", 1) for a, p in zip(plain.anchors, _places(plain), strict=True)]
    expected = members.expected_f1(members.mask)
    if group.clarity < CLEAR_ROUGH:
        plain = replace(plain, group=replace(group, clarity=max(group.clarity, 2 * expected - 1), trust=TRUST_IN_TRAITS))
    if members.expected_f1(_passing(plain, cuts)) >= expected - PLAIN_IS_BETTER:
        return plain
    return replace(plain, ellipsoids=members.ellipsoids)


def _passing(search, cuts):
    return np.logical_and.reduce(
        [_passes(a, a.axis.place(c.value)) for a, c in zip(search.anchors, cuts, strict=True)]
    )


def _axes(search: Search, choices: Choices) -> list[tuple[str, Axis]]:
    """Return the candidates' places on every channel on which kinds of cells differ."""
    known = {anchor.channel: anchor.axis for anchor in search.anchors}
    channels = sorted(
        (c for c in choices.panel.channels if c.role not in NOT_IN_CLUSTERS),
        key=lambda c: (c.role, c.channel),
    )
    return [
        (c.channel, known.get(c.channel) or axis_of(search.candidates.column(c.channel))) for c in channels
    ]


def _with_clusters(search: Search, choices: Choices) -> Search:
    """Return the search with the clusters of all channels where they show the group more clearly."""
    stained = bool(choices.panel.with_role("viability"))
    if stained and search.group.confidence >= CLEAR_WITHOUT_CLUSTERS:
        return search
    channels = sorted(
        (c for c in choices.panel.channels if c.role not in NOT_IN_CLUSTERS),
        key=lambda c: (c.role, c.channel),
    )
    anchored = [a for a in search.anchors if a.channel in _names(_anchor_channels(choices))]
    columns = [(c.channel, search.candidates.column(c.channel)) for c in channels]
    found = find_clusters(anchored, columns, TRUST_IN_CLUSTERS)
    least = search.group.confidence if stained else min(search.group.confidence, CLEAR_AMONG_DEAD)
    if found is None or found.group.confidence <= least:
        return search
    fluorescent = tuple(_anchor_channels(choices))
    return Search(search.candidates, fluorescent, tuple(anchored), found.group, found.ellipsoids)


def _names(channels: Sequence[GatingChannel]) -> list[str]:
    return [channel.channel for channel in channels]


def _scatter_channels(choices: Choices) -> list[GatingChannel]:
    """Return the side scatter: granularity tells kinds of cells apart, size hardly does."""
    return [c for role in ("ssc_area", "ssc_height") for c in choices.panel.with_role(role)][:1]


def _anchor_channels(choices: Choices) -> list[GatingChannel]:
    """Return the channels with a target that are no cleaning step's, by role and name."""
    wanted = [c for c in choices.panel.channels if c.target is not Target.ANY and c.role not in NOT_ANCHORS]
    return sorted(wanted, key=lambda c: (c.role, c.channel))


def _cuts(search: Search, choices: Choices) -> list[_Cut]:
    """Return a cut per anchor: between the group and its rivals, else what batch, panel or spread say."""
    return [
        _Cut(channel, _threshold(channel, anchor, place, search.group, choices))
        for channel, anchor, place in zip(search.channels, search.anchors, _places(search), strict=True)
    ]


def _places(search: Search) -> list[float]:
    """Return the places of the cuts; clusters have no rivals: their ellipsoids leave all others out."""
    anchors, group = search.anchors, search.group
    if not group.mask.any():
        return [_strict(anchor) for anchor in anchors]
    if search.ellipsoids:
        return [cut_between(anchor, group.mask, np.zeros_like(group.mask)) for anchor in anchors]
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


def _agreement(search: Search, cuts: list[_Cut]) -> float:
    """Return the F1 of the plain cuts against the group: how much the cuts lose of what was seen."""
    group = search.group
    cut = np.logical_and.reduce(
        [_passes(a, a.axis.place(c.threshold.value)) for a, c in zip(search.anchors, cuts, strict=True)]
    )
    if search.ellipsoids:
        rows = np.flatnonzero(cut)
        cut[rows] = inside(AnyOf(search.ellipsoids), search.candidates.select(cut))
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


def _finding(cuts: list[_Cut], search: Search, agreement: float) -> Finding:
    group = search.group
    confidence = min(cut.threshold.confidence for cut in cuts)
    note = ""
    flags: tuple[str, ...] = ()
    if not group.mask.any():
        note = "no group of cells on target was found: the cuts are strict guesses"
        flags = ("NO_CLEAR_POPULATION",)
    elif all(cut.threshold.method == "valley" for cut in cuts):
        confidence *= agreement
    finding = _as_finding("plasma_cells", cuts, round(float(confidence), 4), note, flags)
    return _with_ellipsoids(finding, search.ellipsoids) if search.ellipsoids else finding


def _with_ellipsoids(finding: Finding, ellipsoids: tuple[EllipsoidGate, ...]) -> Finding:
    """Return the finding with its gate narrowed to the clusters."""
    clusters = ellipsoids[0] if len(ellipsoids) == 1 else AnyOf(ellipsoids)
    ranges = finding.gate.gates if isinstance(finding.gate, AllOf) else (finding.gate,)
    return replace(
        finding,
        gate=AllOf((*(part for part in ranges if part is not None), clusters)),
        method=finding.method.replace("valley", "cluster"),
        note=f"found as {len(ellipsoids)} cluster{'s'[: len(ellipsoids) - 1]} in the space of all channels",
    )


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
