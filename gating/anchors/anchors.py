"""The wanted population as one group on all its anchors at once, then a plain cut on each anchor.

A single anchor fails where the cells are rare or dim, or where a drug has removed the antigen. The evidence
of all anchors is therefore added up on a separate axis. The population lies beyond a valley of that axis and
is on target on every anchor. From these cells a threshold is derived for each channel, so that a person can
read and move it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from gating.anchors.edges import bright_edge, negative_edge
from gating.anchors.evidence import (
    Anchor,
    Group,
    beyond,
    beyond_with_traits,
    evidence_of,
    evidence_up_to,
    is_likely,
    on_target,
    tops_of,
)
from gating.events import FloatArray, Mask
from gating.events.panel import Target
from gating.events.quantiles import median, quantile
from gating.thresholds import Axis
from gating.thresholds.kernel_density import KernelDensity, Valley, all_valleys, densities_of

ON_TARGET = 0.5
"""Smallest share of a group's cells that must be on target. Chosen on the simulated tubes of
docs/validation.md."""
LIKE_THE_CLEAREST = 0.5
"""Least evidence of a further group, as a part of that of the groups above it: a dimmer clone reaches it,
other cells do not. Chosen on the simulated tubes of docs/validation.md."""
LIKE_THE_LIKELY = 0.65
"""The same where traits count too. A group with fewer traits that is on every anchor is added later. Chosen
on the simulated tubes of docs/validation.md."""
CLEAR_WITHOUT = 0.6
"""Least clarity of a group that is found with one anchor left out. Chosen on the simulated tubes of
docs/validation.md."""
LEAST_CLARITY = 0.15
"""Least clarity of a valley; a less clear one is not used. Chosen on the simulated tubes of
docs/validation.md."""
LEAST_TO_STAND = 0.3
"""The same when only likely cells are searched. Chosen on the simulated tubes of docs/validation.md."""
FEWEST_FOR_A_GROUP = 20
"""Fewest candidates in which a group is searched. Chosen on the simulated tubes of docs/validation.md."""
WITHOUT_LOW, WITHOUT_POSITIVE = 0.5, 0.9
"""Factors on the clarity when a low anchor, or a positive one, was left out: without CD45 the group may be
other cells, and a person should look. Chosen on the simulated tubes of docs/validation.md."""
EVIDENCE_BANDWIDTHS = (0.15, 0.25, 0.4)
"""Bandwidths of the density estimate of the evidence, in units of the axis; the clearest valley of any of
them is used. Chosen on the simulated tubes of docs/validation.md."""
DIMMEST_CELLS, CLEAR_OF_NOISE_GROUP = 0.005, 0.5
"""All cells count as positive on an anchor if this quantile of their positions lies above this position.
Chosen on the simulated tubes of docs/validation.md."""
WORTH_LEAVING_OUT = 0.1
"""Clarity that must be gained before an anchor is left out. Chosen on the simulated tubes of
docs/validation.md."""
ROUNDS_UP_TO_TOPS = 3
"""Rounds in which the group is searched up to the tops of the group of the round before. Convention: the
group hardly changes after the second."""


def anchor_of(channel: str, target: Target, candidates: Axis, usual: Axis) -> Anchor:
    """Return an anchor.

    Parameters
    ----------
    candidates
        The events that are searched, on the scale of the usual cells.
    usual
        All viable single cells: they show where the negative and the bright cells lie, even if a dump channel
        has taken them out of the candidates.
    """
    edge = bright_edge(usual) if target is Target.LOW else negative_edge(usual)
    return Anchor(channel, target, candidates, edge)


def find_group(anchors: Sequence[Anchor]) -> Group:
    """Return the wanted population: cells above a valley of the evidence, on target on every anchor.

    Examples
    --------
    >>> from gating.thresholds import axis_of
    >>> rng = np.random.default_rng(1)
    >>> dim, bright = rng.normal(0, 20, 5_000), rng.lognormal(8, 0.4, 60)
    >>> axis = axis_of(np.concatenate([dim, bright]).astype(np.float32))
    >>> group = find_group([anchor_of("BV421-A", Target.POSITIVE, axis, axis)])
    >>> int(group.mask.sum()), group.clarity > 0.9
    (60, True)
    """
    group = _group(anchors)
    if group.clarity >= CLEAR_WITHOUT:
        return group
    without = [
        replace(
            _group([other_anchor for other_anchor in anchors if other_anchor is not anchor]),
            left_out=anchor.channel,
        )
        for anchor in anchors
        if _may_be_left_out(anchor, anchors)
    ]
    clearest = max(without, key=lambda group_without: group_without.clarity, default=group)
    if clearest.clarity < max(CLEAR_WITHOUT, group.clarity + WORTH_LEAVING_OUT):
        return group
    low = any(a.channel == clearest.left_out and not a.is_positive for a in anchors)
    return replace(clearest, trust=WITHOUT_LOW if low else WITHOUT_POSITIVE)


def find_likely(anchors: Sequence[Anchor], traits: FloatArray) -> Group:
    """Return the group that the anchors show together with the wanted population's other traits.

    Without a valley these are all cells that anchors and traits make likely, and the clarity is close to 0.

    Parameters
    ----------
    traits
        Evidence of each candidate from its other traits, natural-log units, shape (n_candidates,).
    """
    likely = is_likely(anchors, traits)
    if traits.size < FEWEST_FOR_A_GROUP:
        return Group(np.zeros_like(likely), 0.0)
    group = beyond_valley(evidence_of(anchors) + traits, likely, LIKE_THE_LIKELY)
    if group is not None and group.clarity >= LEAST_TO_STAND:
        return replace(group, rule=partial(beyond_with_traits, group.least))
    return Group(likely, 0.0 if group is None else LEAST_CLARITY, rule=is_likely)


def _may_be_left_out(anchor: Anchor, anchors: Sequence[Anchor]) -> bool:
    """Return whether to search without this anchor: a clone may carry CD45, or all cells may be positive.

    Every cell counts as positive if even the dimmest cells lie clearly above the noise around zero.
    """
    n_positive = sum(other_anchor.is_positive for other_anchor in anchors)
    if not anchor.is_positive:
        return n_positive >= 2
    return n_positive >= 2 and quantile(anchor.axis.values, DIMMEST_CELLS) > CLEAR_OF_NOISE_GROUP


def _group(anchors: Sequence[Anchor]) -> Group:
    n = anchors[0].axis.values.size
    group = Group(np.zeros(n, np.bool_), 0.0)
    if n < FEWEST_FOR_A_GROUP:
        return group
    wanted = on_target(anchors)
    for _ in range(ROUNDS_UP_TO_TOPS):
        tops = tops_of(anchors, group.mask)
        candidate = beyond_valley(evidence_up_to(anchors, tops), wanted)
        if candidate is None:
            return group
        same = bool(np.array_equal(candidate.mask, group.mask))
        names = tuple(anchor.channel for anchor in anchors)
        group = replace(candidate, rule=partial(beyond, candidate.least, names, tops))
        if same:
            break
    return group


def beyond_valley(evidence: FloatArray, wanted: Mask, like: float = LIKE_THE_CLEAREST) -> Group | None:
    """Return the events above the best valley of the evidence, or None.

    Parameters
    ----------
    evidence
        Per candidate, shape (n_candidates,).
    wanted
        bool, same shape: which candidates are on target.
    like
        Evidence that a further group needs, as a part of that of the groups above it.
    """
    low, high = float(evidence.min()) - 0.5, float(evidence.max()) + 0.5
    walks = [_from_the_top(density) for density in densities_of(evidence, EVIDENCE_BANDWIDTHS, low, high)]
    lowest = min((walk[-1].position for walk in walks if walk), default=None)
    if lowest is None:
        return None
    rows = np.flatnonzero(evidence > np.float32(lowest))
    above, wanted = evidence.take(rows), wanted.take(rows)
    valleys = [best for walk in walks if (best := _lowest_good_valley(above, wanted, walk, like))]
    best = max(valleys, key=lambda valley: valley.clarity, default=None)
    return None if best is None else Group(evidence > best.position, best.clarity, least=best.position)


def _from_the_top(density: KernelDensity) -> list[Valley]:
    """Return the valleys that are clear enough, the highest first."""
    return [valley for valley in reversed(all_valleys(density)) if valley.clarity >= LEAST_CLARITY]


def _lowest_good_valley(
    evidence: FloatArray, wanted: Mask, valleys: Sequence[Valley], like: float
) -> Valley | None:
    """Walk the valleys from the top down as long as each further group is on target."""
    best: Valley | None = None
    upper, level = float("inf"), -float("inf")
    for valley in valleys:
        between = (evidence > np.float32(valley.position)) & (evidence <= np.float32(upper))
        n_wanted = np.count_nonzero(between & wanted)
        if n_wanted < max(1.0, ON_TARGET * np.count_nonzero(between)):
            break
        if median(evidence.compress(between)) < like * level:  # −∞ for the first group
            break
        best, upper = valley, valley.position
        level = median(evidence.compress(evidence > upper))
    return best
