"""The group of wanted cells, refined by all channels together, and the confidence in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gating.anchors.cuts import cut_positions, passing
from gating.anchors.evidence import Anchor, Group
from gating.anchors.search import Search, anchor_channels, cluster_channels
from gating.anchors.side_scatter import join_scatter
from gating.anchors.traits import (
    has_only_other_anchors,
    is_plasma_panel,
    is_plasma_panel_without_its_antigens,
)
from gating.clusters.evidence import find_clusters
from gating.clusters.membership import (
    FEWEST_TO_BEGIN,
    Members,
    Neighbourhood,
    members_of,
    neighbourhood_of,
)
from gating.clusters.neighbours import AxisAt, around, may_be_wanted
from gating.events import Mask, Survivors
from gating.events.panel import AREA_ROLES, GatingChannel, Role, Target
from gating.gates.movable_gates import PLASMA_CELL_SIZE
from gating.gates.person_gates import Choices
from gating.plasma_cells.brightest import brightest
from gating.plasma_cells.confidence import MOST_WITHOUT_VIABILITY, Surroundings, certainty_of, signs_of
from gating.plasma_cells.looks import LEFT_OUT, REACHES, Look, surest_look
from gating.thresholds import Axis, axis_like, axis_of, axis_on, known_axis

CLEAR_WITHOUT_SCATTER = 0.9
"""Least clarity at which the anchors need no side scatter. Chosen on the simulated tubes of
docs/validation.md."""
CLEAR_WITHOUT_CLUSTERS = 0.8
"""Least confidence at which the anchors' own cuts are used without the other channels. Chosen on the
simulated tubes of docs/validation.md."""
TRUST_IN_CLUSTERS = 0.9
"""Confidence in a group that only clusters show, relative to their expected F1. Chosen on the simulated tubes
of docs/validation.md."""
CLEAR_AMONG_DEAD = 0.6
"""Least confidence at which clusters replace the anchors' cuts without a viability dye: these cuts include
dead cells then. Chosen on the simulated tubes of docs/validation.md."""
PLAIN_IS_BETTER = 0.002
"""Largest loss of expected F1 for which plain cuts are preferred to ellipsoids: a person can read and move
cuts. Chosen on the simulated tubes of docs/validation.md."""
MOST_ON_OTHERS = 0.45
"""Largest confidence if channels of role `other` are the only anchors and CD45 is none: the calibration
included no such panel, and any cells may carry that antigen. Convention: less than an even chance."""


def refined(search: Search, choices: Choices) -> Look:
    """Return the search with its group refined by all channels together, and the confidence in it."""
    if is_plasma_panel_without_its_antigens(choices.panel):
        return Look(brightest(search, choices), search)
    search = _with_scatter(search, choices)
    look_at = partial(_with_members, choices)
    if search.likely is None:
        look = look_at(_with_clusters(search, choices), REACHES[-1])
        return look.at_most(MOST_ON_OTHERS) if has_only_other_anchors(choices.panel) else look
    best = surest_look(_beginnings(search, search.likely), look_at)
    return best.at_most(1.0 if choices.panel.with_role(Role.VIABILITY) else MOST_WITHOUT_VIABILITY)


def _beginnings(search: Search, likely: Mask) -> list[Search]:
    """Return the search; also one that begins with all likely cells if the group leaves many out."""
    n = np.count_nonzero(likely & ~search.group.mask)
    if n < LEFT_OUT * np.count_nonzero(search.group.mask):
        return [search]
    return [search, replace(search, group=replace(search.group, mask=likely, rule=search.likely_rule))]


def _with_scatter(search: Search, choices: Choices) -> Search:
    """Return the search, with side scatter as an anchor if the other anchors are not clear enough."""
    if search.group.clarity >= CLEAR_WITHOUT_SCATTER:
        return search
    scatter = _scatter_channels(choices)
    columns = [(c.channel, search.candidates.column(c.channel)) for c in scatter]
    joined = join_scatter(search.anchors, search.group, columns)
    if joined is None:
        return search
    sided = (replace(c, target=a.target) for c, a in zip(scatter, joined.anchors, strict=True))
    return replace(
        search,
        channels=(*search.channels, *sided),
        anchors=(*search.anchors, *joined.anchors),
        group=joined.group,
    )


def _with_members(choices: Choices, search: Search, reach: float) -> Look:
    """Return the search with the cells that more likely belong to the group than to any other kind."""
    if search.ellipsoids or not search.group.mask.any():
        return Look(search, search)
    seed = search.group
    fluorescent = _names(anchor_channels(choices))
    anchors = [anchor for anchor in search.anchors if anchor.channel in fluorescent]
    kinds = _kinds_around(search, anchors, choices, reach)
    members = None if kinds is None else _members(search, kinds, choices)
    if members is None or not members.mask.any():
        return Look(_judged(search, anchors, seed, members, choices), search)
    refined_search = plain_or_drawn(search, members, choices)
    return Look(_judged(refined_search, anchors, seed, members, choices), search, kinds)


def _kinds_around(
    search: Search, anchors: Sequence[Anchor], choices: Choices, reach: float
) -> Neighbourhood | None:
    """Return the kinds of cells in and around the group."""
    if np.count_nonzero(search.group.mask) < FEWEST_TO_BEGIN:
        return None
    channels = _names(cluster_channels(choices))
    seed, limit = search.group.mask, reach * len(channels)
    anchor_axes = [axis for _, axis in _anchored(search, channels)]
    rows = around(seed, anchor_axes, [axis_at for _, axis_at in _others(search, channels)], limit)
    return neighbourhood_of(
        seed.take(rows),
        axes_at(rows, channels, search),
        [replace(anchor, axis=anchor.axis.at(rows)) for anchor in anchors],
        search.candidates.tickets.take(rows),
        None if search.traits is None else search.traits.take(rows),
        stained=bool(choices.panel.with_role(Role.VIABILITY)),
        scatter=_scatter_areas(search, choices),
        limit=limit,
    )


def _members(search: Search, kinds: Neighbourhood, choices: Choices) -> Members:
    """Return the members of the group among all candidates."""
    channels, seed = _names(cluster_channels(choices)), search.group.mask
    anchored, unanchored = _anchored(search, channels), _others(search, channels)
    rows, places = may_be_wanted(kinds.mixture, kinds.wanted, kinds.limits, anchored, unanchored, seed)
    axis_of_channel = {channels[row]: axis for row, axis in anchored}
    scales = [axis_of_channel[c] if c in axis_of_channel else _scale(c, search) for c in channels]
    axes = [
        (c, replace(s, values=positions)) for c, s, positions in zip(channels, scales, places, strict=True)
    ]
    return members_of(kinds, rows, axes, seed, search.group.clarity)


def _anchored(search: Search, channels: Sequence[str]) -> list[tuple[int, Axis]]:
    """Return the candidates' positions on the anchors, each with its row among the channels."""
    axis_of_channel = {anchor.channel: anchor.axis for anchor in search.anchors}
    return [
        (row, axis_of_channel[channel]) for row, channel in enumerate(channels) if channel in axis_of_channel
    ]


def _others(search: Search, channels: Sequence[str]) -> list[tuple[int, AxisAt]]:
    """Return the other channels' rows, and functions for the positions of some candidates on them."""
    anchored = {anchor.channel for anchor in search.anchors}
    unanchored = [(row, channel) for row, channel in enumerate(channels) if channel not in anchored]
    return [(row, partial(_axis_at, search, channel)) for row, channel in unanchored]


def axes_at(rows: NDArray[np.intp], channels: Sequence[str], search: Search) -> list[tuple[str, Axis]]:
    """Return some candidates' positions on every channel."""
    axis_of_channel = {anchor.channel: anchor.axis for anchor in search.anchors}
    return [
        (c, axis_of_channel[c].at(rows) if c in axis_of_channel else _axis_at(search, c, rows))
        for c in channels
    ]


def _axis_at(search: Search, channel: str, rows: NDArray[np.intp]) -> Axis:
    """Return some candidates' positions on a channel that is no anchor."""
    scale = _scale(channel, search)
    of_all = known_axis(search.candidates, channel, scale)
    return axis_of(search.candidates.column(channel).take(rows), scale) if of_all is None else of_all.at(rows)


def _axis(channel: str, cells: Survivors, search: Search) -> Axis:
    """Return the cells' positions on a channel, on the scale of the tube's single cells."""
    return axis_like(cells, channel, _scale(channel, search))


def _scale(channel: str, search: Search) -> Axis:
    return axis_on(search.candidates if search.reference is None else search.reference, channel)


def _scatter_areas(search: Search, choices: Choices) -> tuple[str, str]:
    """Return the channels of forward and side scatter area if size shows fragments and dead cells."""
    if search.traits is None:
        return "", ""
    forward, side = (choices.panel.with_role(role) for role in AREA_ROLES)
    return "".join(_names(forward[:1])), "".join(_names(side[:1]))


def plain_or_drawn(search: Search, members: Members, choices: Choices) -> Search:
    """Return the members in plain cuts if these are expected to be as good, else in ellipsoids."""
    wanted, drawn = members.likely > 0.5, members.expected_f1(members.mask)
    sized = _with_size(search, choices)
    if choices.person_of_step(PLASMA_CELL_SIZE) is not None:
        search = sized
    plain = [_plain(candidate, wanted, members) for candidate in (search, sized)]
    expected, plain_search = max(plain, key=lambda candidate: candidate[0])
    if expected >= drawn - PLAIN_IS_BETTER:
        return plain_search
    group = replace(search.group, mask=members.mask)
    return replace(search, group=group, ellipsoids=members.ellipsoids)


def _plain(search: Search, wanted: Mask, members: Members) -> tuple[float, Search]:
    """Return the expected F1 of plain cuts around the wanted cells, and the search with their cells."""
    plain = passing(search.anchors, cut_positions(search.anchors, wanted, has_rivals=True))
    return members.expected_f1(plain), replace(search, group=replace(search.group, mask=plain))


def _with_size(search: Search, choices: Choices) -> Search:
    """Return the search with a lower cut on forward scatter: fragments and dead cells are small."""
    forward = [c for c in choices.panel.with_role(Role.FSC_AREA)[:1] if c.target is Target.ANY]
    if not is_plasma_panel(choices.panel) or not forward:
        return search
    axis = _axis(forward[0].channel, search.candidates, search)
    sized = replace(forward[0], target=Target.POSITIVE)
    anchor = Anchor(sized.channel, sized.target, axis, axis.low)
    return replace(search, channels=(*search.channels, sized), anchors=(*search.anchors, anchor))


def _judged(
    search: Search, anchors: Sequence[Anchor], seed: Group, members: Members | None, choices: Choices
) -> Search:
    """Return the search with the group's confidence: calibrated for plasma cells, else that of the seed."""
    if search.traits is None or search.reference is None or search.likely is None:
        return search
    surroundings = Surroundings(search.candidates, search.reference, anchors, search.traits, search.likely)
    signs = signs_of(search.group.mask, seed, members, surroundings, choices)
    certainty = certainty_of(signs, stained=bool(choices.panel.with_role(Role.VIABILITY)))
    return replace(search, group=replace(search.group, clarity=certainty, trust=1.0))


def _with_clusters(search: Search, choices: Choices) -> Search:
    """Return the search, with the clusters of all channels if they show the group more clearly."""
    stained = bool(choices.panel.with_role(Role.VIABILITY))
    if stained and search.group.confidence >= CLEAR_WITHOUT_CLUSTERS:
        return search
    channels = cluster_channels(choices)
    anchored = [a for a in search.anchors if a.channel in _names(anchor_channels(choices))]
    columns = [(c.channel, search.candidates.column(c.channel)) for c in channels]
    clustered = find_clusters(anchored, columns, search.candidates.tickets, TRUST_IN_CLUSTERS)
    least = search.group.confidence if stained else min(search.group.confidence, CLEAR_AMONG_DEAD)
    if clustered is None or clustered.group.confidence <= least:
        return search
    fluorescent = tuple(anchor_channels(choices))
    return Search(search.candidates, fluorescent, tuple(anchored), clustered.group, clustered.ellipsoids)


def _names(channels: Sequence[GatingChannel]) -> list[str]:
    return [channel.channel for channel in channels]


def _scatter_channels(choices: Choices) -> list[GatingChannel]:
    """Return the side scatter: kinds of cells differ by granularity, hardly by size."""
    return [c for role in (Role.SSC_AREA, Role.SSC_HEIGHT) for c in choices.panel.with_role(role)][:1]
