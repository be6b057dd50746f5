"""The evidence of the anchors that a cell is a wanted cell, and groups of cells with enough evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from gating.events import FloatArray, Mask
from gating.events.panel import Target
from gating.events.quantiles import quantile
from gating.thresholds import Axis

STRENGTH = 1.0
"""Distance of the wanted cells above the negative edges, as the mean over the positive anchors, at least.
Chosen on the simulated tubes of docs/validation.md."""
LIKELY = 1.75
"""Least evidence of anchors and traits together that counts as on target: that of one clear anchor, or of all
traits. Chosen on the simulated tubes of docs/validation.md."""
MOST_LOW_PENALTY = 1.5
"""Most evidence that a low or negative anchor may subtract, in units of the axis. Chosen on the simulated
tubes of docs/validation.md."""
LOWEST_EVIDENCE, MOST_ON_EACH = -1.5, 3
"""Least evidence of a positive anchor; and its largest evidence where the mean over the anchors is used; in
units of the axis. Chosen on the simulated tubes of docs/validation.md."""
DIMMER_QUARTER, LEAST_TOP = 0.25, 0.5
"""Quantile of the wanted cells above which brightness adds no more evidence, and the lowest position at which
it may stop adding. Chosen on the simulated tubes of docs/validation.md."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A channel on which the wanted population has a target.

    Attributes
    ----------
    channel, target
        As in the panel.
    axis
        The candidates' values.
    edge
        Position on the axis up to which off-target cells usually reach: for `positive` and `negative` the
        upper end of the negative cells, for `low` the lower end of the bright cells.
    """

    channel: str
    target: Target
    axis: Axis
    edge: float

    @property
    def is_positive(self) -> bool:
        """Whether the wanted cells lie above the cut."""
        return self.target is Target.POSITIVE


Rule = Callable[[Sequence["Anchor"], FloatArray], Mask]
"""Decides which cells belong to a group, from their positions on all anchors and the evidence of other
traits."""


@dataclass(frozen=True, slots=True)
class Group:
    """The wanted cells among the candidates, before a cut is placed on any single channel.

    Attributes
    ----------
    mask
        bool, shape (n_candidates,).
    clarity
        0 to 1: how clear the valley below the group is; 0 where there is none.
    left_out
        Channel of the anchor that had to be left out to find the group, else empty.
    trust
        Factor on the clarity where an anchor is left out.
    rule
        Decides for other cells whether they belong to the group; None where this is known of the candidates
        alone.
    """

    mask: Mask
    clarity: float
    left_out: str = ""
    trust: float = 1.0
    rule: Rule | None = None
    least: float = np.inf

    @property
    def confidence(self) -> float:
        """0 to 1: the clarity, reduced if an anchor was left out."""
        return self.clarity * self.trust


def evidence_of(anchors: Sequence[Anchor], wanted: Mask | None = None) -> FloatArray:
    """Return the sum of the anchors' evidence per candidate, in units of the axes (natural log).

    Below its negative edge, a positive anchor counts at most one unit against an event. Once the wanted cells
    are roughly known, it counts up to their lower quartile only, so that brightness alone is no evidence. A
    low or negative anchor counts against an event the more, the farther the event lies beyond its edge.
    """
    return evidence_up_to(anchors, tops_of(anchors, wanted))


def tops_of(anchors: Sequence[Anchor], wanted: Mask | None) -> tuple[float, ...]:
    """Return the position up to which each anchor counts: the lower quartile of known wanted cells."""
    if wanted is None or not wanted.any():
        return (np.inf,) * len(anchors)
    return tuple(
        max(
            quantile(anchor.axis.values.compress(wanted) - np.float32(anchor.edge), DIMMER_QUARTER), LEAST_TOP
        )
        for anchor in anchors
    )


def evidence_up_to(anchors: Sequence[Anchor], tops: Sequence[float]) -> FloatArray:
    """Return the anchors' evidence per candidate, where each positive anchor counts up to its top at most."""
    total = np.zeros(anchors[0].axis.values.size, np.float32)
    for anchor, top in zip(anchors, tops, strict=True):
        position = anchor.axis.values - np.float32(anchor.edge)
        if anchor.is_positive:
            total += np.clip(position, LOWEST_EVIDENCE, top)
        else:
            total -= np.clip(position, 0, MOST_LOW_PENALTY)
    return total


def beyond(
    least: float,
    channels: tuple[str, ...],
    tops: tuple[float, ...],
    anchors: Sequence[Anchor],
    traits: FloatArray,
) -> Mask:
    """Return which cells have more than the least evidence, from some of the anchors."""
    return evidence_up_to([a for a in anchors if a.channel in channels], tops) > least


def beyond_with_traits(least: float, anchors: Sequence[Anchor], traits: FloatArray) -> Mask:
    """Return which cells have more than the least evidence, from all anchors and other traits."""
    return evidence_of(anchors) + traits > least


def either(first: Rule | None, second: Rule | None) -> Rule | None:
    """Return the rule for cells that belong to either group."""
    if first is None or second is None:
        return None
    return partial(_either, first, second)


def _either(first: Rule, second: Rule, anchors: Sequence[Anchor], traits: FloatArray) -> Mask:
    return first(anchors, traits) | second(anchors, traits)


def on_target(anchors: Sequence[Anchor]) -> Mask:
    """Return which candidates are clearly positive and not beyond the edge of a low or negative anchor.

    Clearly positive is judged on the mean of the positive anchors: a drug may have stripped one of them.
    """
    positive = [a for a in anchors if a.is_positive]
    result = np.ones(anchors[0].axis.values.size, np.bool_)
    for anchor in anchors:
        if not anchor.is_positive:
            result &= anchor.axis.values < anchor.edge
    if positive:
        beyond = [
            np.clip(a.axis.values - np.float32(a.edge), LOWEST_EVIDENCE, MOST_ON_EACH) for a in positive
        ]
        result &= np.sum(beyond, axis=0) >= STRENGTH * len(beyond)
    return result


def is_likely(anchors: Sequence[Anchor], traits: FloatArray) -> Mask:
    """Return which candidates are on target by the mean of the positive anchors and the traits together."""
    total = traits.copy()
    positive = [a for a in anchors if a.is_positive]
    for anchor in positive:
        beyond = np.clip(anchor.axis.values - np.float32(anchor.edge), LOWEST_EVIDENCE, MOST_ON_EACH)
        total += beyond / np.float32(len(positive))
    for anchor in anchors:
        if not anchor.is_positive:
            total -= np.clip(anchor.axis.values - np.float32(anchor.edge), 0, MOST_LOW_PENALTY)
    return np.asarray(total >= LIKELY, np.bool_)
