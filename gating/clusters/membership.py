"""Which cells belong to the wanted group, by all channels at once: its clusters and their neighbours.

The group that the anchors show is the start. Some clusters begin among its cells, others around it, and a
mixture of normal distributions assigns the cells to them. A neighbour without a valley to a wanted cluster is
part of it (ridge line of two normals, Ray & Lindsay 2005, doi:10.1214/009053605000000417).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gating.anchors.evidence import Anchor, evidence_of
from gating.arithmetic.numbers import USUAL_SPREAD, Floats
from gating.clusters.ellipsoids import ellipsoids_of, points_of
from gating.clusters.mixture import Mixture, fit_mixture
from gating.clusters.neighbours import evenly, nearest_of, neighbours, ordered_rows
from gating.clusters.peaks import peak_groups
from gating.clusters.wanted import (
    ClusterLimits,
    begun_with,
    dead_of,
    limits_of_cluster,
    look_dead,
    main_of,
    strays_of,
    wanted_of,
)
from gating.events import FloatArray, Mask
from gating.events.tickets import Tickets
from gating.gates import EllipsoidGate
from gating.thresholds import Axis

FEWEST_TO_BEGIN = 15
"""Least number of cells in the group to search for clusters. Chosen on the simulated tubes of
docs/validation.md."""
MOST_OF_GROUP = 240
"""Most cells of the group in which the clusters begin. Chosen on the simulated tubes of
docs/validation.md."""
GROUP_PEAKS, OTHER_PEAKS = 4, 10
"""Most clusters that begin in the group, and around it. Chosen on the simulated tubes of
docs/validation.md."""
LEAST_SIZES, SIZE_SPREADS = 0.3, 1.75
"""Distance from the group's median forward scatter to fragments and to doublets, in spreads of the group
(second value), and at least the first value in natural-log units. Chosen on the simulated tubes of
docs/validation.md."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The kinds of cells in and around a group.

    Attributes
    ----------
    mixture
        A normal distribution per kind.
    wanted, strays
        Groups of the mixture that are wanted; groups that are no kind of cell.
    limits
        Limits within which single cells outside every group are on target.
    """

    mixture: Mixture
    wanted: list[int]
    strays: list[int]
    limits: ClusterLimits


@dataclass(frozen=True)
class Members:
    """The cells that belong to the group.

    Attributes
    ----------
    likely
        Probability of each candidate to be a wanted cell, float32, shape (n_candidates,).
    mask
        bool, same shape: the cells inside the ellipsoids.
    ellipsoids
        A gate per cluster.
    """

    likely: FloatArray
    mask: Mask
    ellipsoids: tuple[EllipsoidGate, ...]

    @cached_property
    def _total(self) -> float:
        return float(self.likely.sum(dtype=np.float64))

    def expected_f1(self, gated: Mask) -> float:
        """Return the F1 that these probabilities expect of a gate's cells."""
        total = self._total + np.count_nonzero(gated)
        return 2 * float(self.likely.compress(gated).sum(dtype=np.float64)) / total if total else 0.0


def neighbourhood_of(
    seed: Mask,
    axes: Sequence[tuple[str, Axis]],
    anchors: Sequence[Anchor],
    tickets: Tickets,
    traits: FloatArray | None = None,
    *,
    stained: bool = True,
    scatter: tuple[str, str] = ("", ""),
    limit: float = np.inf,
) -> Neighbourhood | None:
    """Return the kinds of cells in and around the group; None if it has too few cells.

    Parameters
    ----------
    seed
        bool, shape (n,): the group as the anchors show it, among the candidates around it.
    axes
        (channel, the candidates' positions) of every channel on which cells differ.
    anchors
        Anchors, with the target of the wanted cells on each.
    tickets
        Tickets of the candidates, by which a sample of them is drawn.
    traits
        Evidence of each candidate from other channels than the anchors, or None.
    stained
        Whether a viability dye has shown the dead cells, which are slightly positive on every dye.
    scatter
        Channels of forward and side scatter area; empty where there is none.
    limit
        Largest sum, over all axes, of a neighbour's squared standardised distances from the group.
    """
    if np.count_nonzero(seed) < FEWEST_TO_BEGIN:
        return None
    group = ordered_rows(np.flatnonzero(seed), axes)
    evidence = evidence_of(anchors, seed)
    group_sample, group_weights = evenly(group, tickets, MOST_OF_GROUP)
    picked, weights = nearest_of(neighbours(seed, group, axes, evidence, limit), tickets)
    every = np.concatenate([group_sample, picked])
    points, n_group = points_of(axes, every), group_sample.size
    size, stains = _size_and_stains([channel for channel, _ in axes], anchors, scatter)
    suspects = _suspects(points[:n_group], size, stains) if size is not None and not stained else None
    mixture = fit_mixture(points, np.concatenate([group_weights, weights]), _begin(points, n_group, suspects))
    belongs = mixture.belongings(points)
    begun = begun_with(mixture, belongs, group_weights)
    if not begun:
        return None
    judged = evidence if traits is None else evidence + traits
    main = main_of(mixture, begun, belongs, judged.take(every))
    channels = [channel for channel, _ in axes]
    sizes = None if size is None else (size, *_usual_sizes(points[:n_group, size]))
    limits = limits_of_cluster(mixture, main, channels, anchors, stained=stained, size=sizes)
    dead = [] if stained or size is None else dead_of(mixture, main, size, stains)
    anchored = {anchor.channel for anchor in anchors}
    rest = [row for row, channel in enumerate(channels) if channel not in anchored]
    wanted = wanted_of(mixture, begun, main, limits, rest, dead)
    return Neighbourhood(mixture, wanted, strays_of(mixture, wanted), limits)


def members_of(
    neighbourhood: Neighbourhood,
    rows: NDArray[np.intp],
    axes: Sequence[tuple[str, Axis]],
    seed: Mask,
    sureness: float,
) -> Members:
    """Return the cells that more likely belong to the wanted kinds than to any other.

    Parameters
    ----------
    rows
        The candidates that may be wanted: those of the group, near a wanted kind or within the limits.
    axes
        (channel, positions of these rows).
    seed
        bool, shape (n_candidates,): the group as the anchors show it.
    sureness
        0 to 1: confidence in a cell of the group that lies in no cluster.
    """
    points = points_of(axes, np.arange(rows.size))
    belongs = neighbourhood.mixture.belongings(points)
    begins = seed.take(rows)
    fits = neighbourhood.limits.hold(points.T) & neighbourhood.limits.tell_enough
    strays = belongs[neighbourhood.strays].sum(axis=0)
    chances = belongs[neighbourhood.wanted].sum(axis=0) + sureness * (begins | fits) * strays
    chances = np.where(begins & fits, np.maximum(chances, sureness), chances)
    ellipsoids, inside = ellipsoids_of(neighbourhood.mixture, neighbourhood.wanted, axes, points, chances)
    likely, mask = np.zeros(seed.size, np.float32), np.zeros(seed.size, np.bool_)
    likely[rows] = chances
    mask[rows.compress(inside)] = True
    return Members(likely, mask, tuple(ellipsoids))


def _size_and_stains(
    channels: Sequence[str], anchors: Sequence[Anchor], scatter: tuple[str, str]
) -> tuple[int | None, list[int]]:
    """Return the row of forward scatter, None without, and the rows of stains that are no anchors."""
    not_stains = {*scatter, *(anchor.channel for anchor in anchors)}
    size = next((row for row, channel in enumerate(channels) if channel == scatter[0]), None)
    return size, [row for row, channel in enumerate(channels) if channel not in not_stains]


def _usual_sizes(sizes: Floats) -> tuple[float, float]:
    """Return where fragments end and doublets begin on forward scatter, from the group's narrower half."""
    low, middle, high = np.quantile(sizes, USUAL_SPREAD)
    reach = max(LEAST_SIZES, SIZE_SPREADS * float(min(high - middle, middle - low)))
    return float(middle) - reach, float(middle) + reach


def _suspects(group_points: Floats, size: int, stains: list[int]) -> Mask:
    """Return which of the group's points look dead compared with the group's centre."""
    return look_dead(group_points, np.median(group_points, axis=0), size, stains)


def _begin(points: Floats, n_group: int, suspects: Mask | None) -> NDArray[np.intp]:
    """Return the cluster in which each point begins: the group's clusters first, suspects in their own."""
    clusters = peak_groups(points[:n_group], GROUP_PEAKS)
    if suspects is not None:
        clusters[suspects] = clusters.max() + 1
    if points.shape[0] <= n_group:
        return clusters
    return np.concatenate([clusters, peak_groups(points[n_group:], OTHER_PEAKS) + clusters.max() + 1])
