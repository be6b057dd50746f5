"""Forward and side scatter as further anchors, if the fluorescence anchors are unclear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gating.anchors.anchors import beyond_valley
from gating.anchors.evidence import Anchor, Group, evidence_of, on_target
from gating.arithmetic.numbers import LEAST_DIVISOR
from gating.events import FloatArray, Mask
from gating.events.panel import Target
from gating.thresholds import Axis, axis_of
from gating.thresholds.kernel_density import density_of

FEWEST_TO_LEARN = 100
"""Fewest cells of a group whose scatter is used. Chosen on the simulated tubes of docs/validation.md."""
MOST_FOR, MOST_AGAINST = 1.0, 2.5
"""Most evidence of one scatter channel: the natural log of a likelihood ratio. Chosen on the simulated tubes
of docs/validation.md."""
LEAST_CLARITY_GAIN = 0.05
"""Clarity that the scatter must add; otherwise the group on the anchors is kept. Chosen on the simulated
tubes of docs/validation.md."""
SCATTER_BANDWIDTH, DENSITY_FLOOR = 0.12, 0.01
"""Bandwidth of the densities of scatter, in units of the axis; density that is added to both, relative to
the highest of the group. Convention: narrow beside the distance of two kinds of cells on scatter; where
hardly any cell lies, the ratio says nothing."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A group found with the help of scatter.

    Attributes
    ----------
    group
        The wanted cells.
    anchors
        The scatter channels as anchors; they get cuts like the others.
    """

    group: Group
    anchors: tuple[Anchor, ...]


def join_scatter(
    anchors: Sequence[Anchor], group: Group, scatter: Sequence[tuple[str, FloatArray]]
) -> Joined | None:
    """Return the group from anchors and scatter together, or None if scatter does not make it clearer.

    Parameters
    ----------
    anchors
        The fluorescence anchors.
    group
        The group on the fluorescence anchors.
    scatter
        (channel, linear values of the candidates), e.g. side and forward scatter area.
    """
    if not scatter or int(group.mask.sum()) < FEWEST_TO_LEARN:
        return None
    axes = [(channel, axis_of(values)) for channel, values in scatter]
    anchors = [anchor for anchor in anchors if anchor.channel != group.left_out]
    wanted = on_target(anchors)
    best = group
    for _ in range(2):
        ratio = np.sum([_likelihood_ratio(axis, best.mask) for _, axis in axes], axis=0)
        group_with_scatter = beyond_valley(evidence_of(anchors, best.mask) + ratio.astype(np.float32), wanted)
        if group_with_scatter is None:
            return None
        best = replace(group_with_scatter, left_out=group.left_out, trust=group.trust)
    if best.clarity < group.clarity + LEAST_CLARITY_GAIN:
        return None
    return Joined(best, tuple(_as_anchor(channel, axis, best.mask) for channel, axis in axes))


def _likelihood_ratio(axis: Axis, wanted: Mask) -> FloatArray:
    """Return log(density in the group / density in the rest) per candidate, within bounds."""
    of_group, of_rest = (
        density_of(axis.values[rows], bandwidth=SCATTER_BANDWIDTH, low=axis.low, high=axis.high)
        for rows in (wanted, ~wanted)
    )
    group, rest = (
        density.counts / max(float(density.counts.sum()), LEAST_DIVISOR) for density in (of_group, of_rest)
    )
    floor = DENSITY_FLOOR * float(group.max())
    ratio = np.clip(np.log((group + floor) / (rest + floor)), -MOST_AGAINST, MOST_FOR)
    bins = ((axis.values - axis.low) / of_group.step).astype(np.int32)
    return np.asarray(ratio[np.clip(bins, 0, ratio.size - 1)], np.float32)


def _as_anchor(channel: str, axis: Axis, wanted: Mask) -> Anchor:
    """Return the scatter channel as an anchor on the side on which the group lies."""
    middle = float(np.median(axis.values[wanted]))
    below = middle < float(np.median(axis.values[~wanted]))
    edge = axis.high if below else axis.low
    return Anchor(channel, Target.LOW if below else Target.POSITIVE, axis, edge)
