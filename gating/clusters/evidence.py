"""The wanted cells as clusters in the space of all channels, used if cuts on the anchors are unclear."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gating.anchors.evidence import Anchor, evidence_of
from gating.arithmetic.linear import log_determinant
from gating.arithmetic.numbers import Floats
from gating.clusters.ellipsoids import FEWEST_IN_CLUSTER, Clustered, draw_ellipsoids, near_groups, points_of
from gating.clusters.mixture import Mixture, fit_mixture
from gating.clusters.neighbours import ascending_by
from gating.clusters.wanted import WIDEST_CLUSTER
from gating.events import FloatArray, Mask
from gating.events.tickets import Tickets, thinned
from gating.thresholds import Axis, axis_of

FEWEST_FOR_CLUSTERS = 60
"""Least number of candidates with evidence to search for clusters. Chosen on the simulated tubes of
docs/validation.md."""
ALL_OF_THE_MOST_EVIDENT = (350, 450, 280)
"""Number of events with the most evidence that are all used, in the first, second and third look; the
following events are sampled ever more thinly. Chosen on the simulated tubes of docs/validation.md."""
CLEAR_AT_A_LOOK = 0.5
"""Least confidence that ends the search without a further look. Chosen on the simulated tubes of
docs/validation.md."""
HARDLY, FAR_BELOW = 0.4, 1.5
"""Least height of a group on the positive anchors, and its least distance below the edge of every other
anchor, to be a possible clone whose antigen a drug has removed. Chosen on the simulated tubes of
docs/validation.md."""
LEAST_LEFT = 0.3
"""Least factor on the confidence because of such a group, however large the group is. Chosen on the simulated
tubes of docs/validation.md."""
BEYOND_CLUSTER, WELL_BELOW = 0.4, 1.0
"""Mean position of a wanted cluster on low or negative anchors: its largest distance above the edge; the
distance below the edge from which the position no longer counts against the cluster. Chosen on the simulated
tubes of docs/validation.md."""
CLEARLY_ABOVE_EDGE, LOWEST = 1.5, 0.5
"""Least mean height of a wanted cluster above the edges of the positive anchors; lower heights than the
second value are set to it. Chosen on the simulated tubes of docs/validation.md."""


def find_clusters(
    anchors: Sequence[Anchor], columns: Sequence[tuple[str, FloatArray]], tickets: Tickets, trust: float
) -> Clustered | None:
    """Return the compact clusters that lie highest on the anchors, or None if there are none.

    Parameters
    ----------
    anchors
        Anchors, with the target of the wanted cells on each.
    columns
        (channel, linear values of the candidates) of every channel to use, including the anchors.
    tickets
        Tickets of the candidates, by which a sample of them is drawn.
    trust
        Confidence in a group that clusters alone show.

    Notes
    -----
    The confidence is the F1 that the mixture itself expects of the ellipsoids' cells.
    """
    evidence = evidence_of(anchors)
    region = np.flatnonzero(evidence >= 0)
    if region.size < FEWEST_FOR_CLUSTERS:
        return None
    axis_of_channel = {anchor.channel: anchor.axis for anchor in anchors}
    axes = [(channel, axis_of_channel.get(channel) or axis_of(values)) for channel, values in columns]
    region = by_evidence(region, evidence, axes)
    tickets = tickets.take(region)
    best: Clustered | None = None
    for first in ALL_OF_THE_MOST_EVIDENT:
        clusters = _look(anchors, axes, region, thinned(tickets, first), trust)
        if clusters is not None and (best is None or clusters.group.confidence > best.group.confidence):
            best = clusters
        if best is not None and best.group.confidence >= CLEAR_AT_A_LOOK:
            break
    return best


def _look(
    anchors: Sequence[Anchor],
    axes: Sequence[tuple[str, Axis]],
    region: NDArray[np.intp],
    picked: tuple[NDArray[np.intp], Floats],
    trust: float,
) -> Clustered | None:
    ranks, weights = picked
    mixture = fit_mixture(points_of(axes, region[ranks]), weights)
    positions, positive = _positions_of(mixture, anchors, axes)
    wanted, sureness = _choose(mixture, positions, positive) if positive.any() else ([], 0.0)
    if not wanted:
        return None
    near = near_groups(mixture, wanted, axes, region)
    return draw_ellipsoids(mixture, wanted, axes, near, anchors[0].axis.values.size, trust * sureness)


def _positions_of(
    mixture: Mixture, anchors: Sequence[Anchor], axes: Sequence[tuple[str, Axis]]
) -> tuple[Floats, Mask]:
    names = [channel for channel, _ in axes]
    rows = [names.index(anchor.channel) for anchor in anchors]
    positions = np.array([mixture.means[:, r] - a.edge for r, a in zip(rows, anchors, strict=True)])
    return positions, np.array([anchor.is_positive for anchor in anchors])


def by_evidence(
    region: NDArray[np.intp], evidence: FloatArray, axes: Sequence[tuple[str, Axis]]
) -> NDArray[np.intp]:
    """Return the region's events by falling evidence, ties by their values: their order does not count."""
    keys = [axis.values[region] for _, axis in axes]
    return region[ascending_by([-evidence[region], *keys[::-1]])]


def _choose(mixture: Mixture, positions: Floats, positive: Mask) -> tuple[list[int], float]:
    """Return the compact groups above the widest gap on the positive anchors, and how sure that gap is.

    Heights are compared by their ratio, with one unit added because the edge is uncertain. Another gap lowers
    the sureness; it does so more if it is nearly as wide, and if more cells lie between the two gaps. A large
    group that is hardly positive but has every other property lowers it too: a drug may have removed a
    clone's antigen.

    Parameters
    ----------
    positions
        Means of the groups beyond each anchor's edge, shape (n_anchors, n_groups).
    positive
        bool, shape (n_anchors,).
    """
    height = positions[positive].mean(axis=0) - 0.5 * (positions[~positive] + WELL_BELOW).clip(0).sum(axis=0)
    fit = [
        group
        for group in range(mixture.shares.size - 1)
        if _is_compact(mixture, group) and (positions[~positive, group] <= BEYOND_CLUSTER).all()
    ]
    fit.sort(key=lambda group: -float(height[group]))
    steps = [max(float(height[group]), LOWEST) for group in fit] + [LOWEST]
    if not fit or steps[0] < CLEARLY_ABOVE_EDGE:
        return [], 0.0
    gaps = [float(np.log((above + 1) / (below + 1))) for above, below in pairwise(steps)]
    sizes = np.cumsum(mixture.shares[fit])
    best = int(np.argmax(np.where(np.array(steps[:-1]) >= CLEARLY_ABOVE_EDGE, gaps, 0.0)))
    unlikeness = 1 - 2 * np.minimum(sizes, sizes[best]) / (sizes + sizes[best])
    sureness = float(1 - (unlikeness * np.array(gaps) / gaps[best]).max())
    left = [
        g for g in fit[best + 1 :] if height[g] >= HARDLY and (positions[~positive, g] < -FAR_BELOW).all()
    ]
    stripped = float(mixture.shares[left].sum())
    doubt = max(LEAST_LEFT, float(sizes[best] / (sizes[best] + 0.5 * stripped)))
    return fit[: best + 1], sureness * doubt


def _is_compact(mixture: Mixture, group: int) -> bool:
    log_volume = log_determinant(mixture.covariances[group])
    spread = float(np.exp(0.5 * log_volume / mixture.means.shape[1]))
    return spread <= WIDEST_CLUSTER and mixture.shares[group] >= FEWEST_IN_CLUSTER
