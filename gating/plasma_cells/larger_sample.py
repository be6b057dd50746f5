"""Gates that were found in a sample, placed again among more of the tube's cells.

A large sample shows the kinds of cells as well as all events do. The border between two kinds is more exact
with more cells, but only cells near the border matter.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gating.anchors.evidence import Anchor
from gating.anchors.search import Search, anchor_channels, cluster_channels
from gating.anchors.traits import phenotype_of
from gating.clusters.membership import members_of
from gating.events import Mask, Survivors
from gating.gates import AllOf, RangeGate, inside
from gating.gates.person_gates import Choices
from gating.plasma_cells.looks import Look
from gating.plasma_cells.refinement import axes_at, plain_or_drawn
from gating.thresholds import axis_of

BESIDE = 1.5
"""Largest distance, in units of an anchor's axis, of a cell from the outermost wanted cell of the sample:
cells farther away cannot be wanted or set a cut. Convention: 1.5 times the largest distance of a cut from the
outermost cell."""


def widened_look(look: Look, wider: Survivors, choices: Choices) -> Search | None:
    """Return the look's search with group and gates placed anew among more cells, at the same confidence.

    None if the look has no kinds of cells, or if no rule decides which other cells belong to its start.

    Parameters
    ----------
    look
        The look at a sample.
    wider
        More of the events that the sample was drawn from.
    """
    seed = look.seed
    if look.kinds is None or seed.group.rule is None or seed.reference is None:
        return None
    cells = wider.select(inside(_box(seed.anchors, look.group.mask), wider))
    anchors = tuple(replace(a, axis=axis_of(cells.column(a.channel), a.axis)) for a in seed.anchors)
    fluorescent = [a for a in anchors if a.channel in [c.channel for c in anchor_channels(choices)]]
    begins = seed.group.rule(fluorescent, phenotype_of(cells, seed.reference, choices))
    widened = replace(
        seed,
        candidates=cells,
        anchors=anchors,
        group=replace(seed.group, mask=begins),
        traits=None,
        likely=None,
    )
    channels = [channel.channel for channel in cluster_channels(choices)]
    rows = np.arange(cells.n_events)
    axes = axes_at(rows, channels, widened)
    members = members_of(look.kinds, rows, axes, begins, seed.group.clarity)
    if not members.mask.any():
        return None
    narrowed = plain_or_drawn(widened, members, choices)
    return replace(narrowed, group=replace(look.group, mask=narrowed.group.mask))


def _box(anchors: tuple[Anchor, ...], wanted: Mask) -> AllOf:
    """Return the ranges on the anchors outside which no cell matters."""
    ranges = []
    for anchor in anchors:
        values = anchor.axis.values.compress(wanted)
        if anchor.is_positive:
            ranges.append(RangeGate(anchor.channel, anchor.axis.linear(float(values.min()) - BESIDE), None))
        else:
            ranges.append(RangeGate(anchor.channel, None, anchor.axis.linear(float(values.max()) + BESIDE)))
    return AllOf(tuple(ranges))
