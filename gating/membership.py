"""Which cells belong to the wanted group, by all channels at once: its own clusters against their neighbours.

The group that the anchors showed is the start. Clusters that begin among its cells stay wanted, others begin
around it; a mixture of normals shares the cells between them. A neighbour that no valley parts from a wanted
cluster was a piece of it (ridge line of two normals, Ray & Lindsay 2005, doi:10.1214/009053605000000417).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.anchors import Anchor, evidence_of
from gating.clusters import Floats, Mixture, fit_mixture, grouped
from gating.ellipsoids import ellipsoids_of, near_groups, points_of
from gating.events import FloatArray, Mask
from gating.gates import EllipsoidGate
from gating.thresholds import Axis
from gating.wanted_clusters import (
    Limits,
    begun_with,
    dead_of,
    limits_of,
    look_dead,
    main_of,
    strays_of,
    wanted_of,
)

FEWEST_TO_BEGIN = 15
MOST_OWN, NEAREST = 240, 160
"""Cells of the group, and of those nearest to it, that begin the clusters; farther ones ever more thinly."""
FARTHEST = 40.0
"""Mean square of standardised distances over the axes beyond which nothing is a neighbour."""
OWN_PEAKS, OTHER_PEAKS = 4, 10
LEAST_SIZES, SIZE_SPREADS = 0.3, 1.75
"""Natural log of forward scatter, and spreads of the group, from its median to fragments and doublets."""


@dataclass(frozen=True, slots=True)
class Members:
    """Who belongs to the group.

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

    def expected_f1(self, found: Mask) -> float:
        """Return the F1 that these probabilities expect of a gate's cells."""
        total = float(self.likely.sum(dtype=np.float64)) + np.count_nonzero(found)
        return 2 * float(self.likely[found].sum(dtype=np.float64)) / total if total else 0.0


def members_of(
    seed: Mask,
    sureness: float,
    axes: Sequence[tuple[str, Axis]],
    anchors: Sequence[Anchor],
    traits: FloatArray | None = None,
    *,
    stained: bool = True,
    scatter: tuple[str, str] = ("", ""),
) -> Members | None:
    """Return the cells that rather belong to the group's clusters than to any other; None of too few.

    Parameters
    ----------
    seed
        bool, shape (n_candidates,): the group as the anchors show it.
    sureness
        0 to 1: how sure a cell of it is that is in no cluster.
    axes
        (channel, candidates' places) of every channel on which cells differ.
    anchors
        Where the wanted cells have a target.
    traits
        Evidence of each candidate beside the anchors, or None.
    stained
        Whether a viability dye has told the dead cells: they are a little positive on everything.
    scatter
        Channels of forward and side scatter area; empty where there is none.
    """
    if np.count_nonzero(seed) < FEWEST_TO_BEGIN:
        return None
    channels = [channel for channel, _ in axes]
    own = _in_order(np.flatnonzero(seed), axes)
    evidence = evidence_of(anchors, seed)
    others = _neighbours(seed, own, axes, evidence)
    picked_own, own_weights = _evenly(own, MOST_OWN)
    picked, weights = _thinned(others)
    points = points_of(axes, np.concatenate([picked_own, picked]))
    size, stains = _size_and_stains(channels, anchors, scatter)
    sizes = None if size is None else (size, *_usual_sizes(points[: picked_own.size, size]))
    suspects: Mask | tuple[()] = ()
    if not stained and size is not None:
        picked_points = points[: picked_own.size]
        suspects = look_dead(picked_points, np.median(picked_points, axis=0), size, stains)
    begin = _begin(points, picked_own.size, suspects)
    mixture = fit_mixture(points, np.concatenate([own_weights, weights]), begin)
    begun = begun_with(mixture, points, own_weights, picked_own.size)
    if not begun:
        return None
    judged = evidence if traits is None else evidence + traits
    main = main_of(mixture, begun, points, judged[np.concatenate([picked_own, picked])])
    limits = limits_of(mixture, main, channels, anchors, stained=stained, size=sizes)
    dead = [] if stained or size is None else dead_of(mixture, main, size, stains)
    anchored = {anchor.channel for anchor in anchors}
    rest = [row for row, channel in enumerate(channels) if channel not in anchored]
    wanted = wanted_of(mixture, begun, main, limits, rest, dead)
    near = np.concatenate([own, _of_interest(mixture, wanted, limits, axes, others)])
    points = points_of(axes, near)
    belongs = mixture.belongings(points)
    begins = np.arange(near.size) < own.size
    fits = limits.hold(points.T) & limits.tell_enough
    strays = belongs[strays_of(mixture, wanted)].sum(axis=0)
    chances = belongs[wanted].sum(axis=0) + sureness * (begins | fits) * strays
    chances = np.where(begins & fits, np.maximum(chances, sureness), chances)
    ellipsoids, inside = ellipsoids_of(mixture, wanted, axes, points, chances)
    likely = np.zeros(seed.size, np.float32)
    likely[near] = chances
    mask = np.zeros(seed.size, np.bool_)
    mask[near[inside]] = True
    return Members(likely, mask, tuple(ellipsoids))


def _of_interest(
    mixture: Mixture,
    wanted: list[int],
    limits: Limits,
    axes: Sequence[tuple[str, Axis]],
    others: NDArray[np.intp],
) -> NDArray[np.intp]:
    """Return the others near a wanted cluster, and those that are on target though in no cluster."""
    near = near_groups(mixture, wanted, axes, others)
    if not limits.tell_enough:
        return near
    far = limits.within([axis for _, axis in axes], others)
    far = far[~np.isin(far, near)]
    return np.concatenate([near, far])


def _neighbours(
    seed: Mask, own: NDArray[np.intp], axes: Sequence[tuple[str, Axis]], evidence: FloatArray
) -> NDArray[np.intp]:
    """Return the other candidates near the group, first those nearest to it or highest on the anchors."""
    total = np.zeros(seed.size, np.float32)
    for _, axis in axes:
        low, middle, high = np.quantile(axis.values[own], (0.16, 0.5, 0.84))
        spread = max(float(high - low) / 2, 0.2)
        total += np.square((axis.values - np.float32(middle)) / np.float32(spread))
    others = np.flatnonzero(~seed & (total < FARTHEST * len(axes)))
    nearest = others[_ascending(total[others])]
    return _merged(nearest, nearest[_ascending(-evidence[nearest])], seed.size)


def _ascending(values: FloatArray) -> NDArray[np.intp]:
    """Return the stable order of float32 values: one sort of (value, place) in 64 bits beats argsort."""
    bits = np.ascontiguousarray(values + np.float32(0), np.float32).view(np.uint32)  # −0 becomes 0
    bits = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    packed = (bits.astype(np.uint64) << np.uint64(32)) | np.arange(values.size, dtype=np.uint64)
    packed.sort()
    return (packed & np.uint64(0xFFFFFFFF)).astype(np.intp)


def _merged(nearest: NDArray[np.intp], highest: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """Return the events of two orders, each where it comes first in either; at a tie the nearer one."""
    place = np.full(n, 2 * n, np.intp)
    place[nearest] = 2 * np.arange(nearest.size)
    place[highest] = np.minimum(place[highest], 2 * np.arange(highest.size) + 1)
    merged = np.full(2 * nearest.size, -1, np.intp)
    merged[place[nearest]] = nearest
    return merged[merged >= 0]


def _in_order(rows: NDArray[np.intp], axes: Sequence[tuple[str, Axis]]) -> NDArray[np.intp]:
    """Return rows in an order that does not depend on that of the events."""
    return rows[np.lexsort(tuple(axis.values[rows] for _, axis in axes[:2]))]


def _evenly(rows: NDArray[np.intp], most: int) -> tuple[NDArray[np.intp], Floats]:
    n = min(most, rows.size)
    picked = rows[np.linspace(0, rows.size - 1, n).astype(np.intp)]
    return picked, np.full(n, rows.size / n)


def _thinned(rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], Floats]:
    """Return some of the ordered events and how many each stands for: the nearest all, then ever fewer."""
    first = float(NEAREST)
    steps = np.arange(first * (1 + np.log(max(rows.size / first, 1.0))) + 1)
    ranks = np.where(steps < first, steps, first * np.exp((steps - first) / first)).astype(np.intp)
    ranks = np.unique(ranks[ranks < rows.size])
    return rows[ranks], np.maximum(1.0, ranks / first)


def _size_and_stains(
    channels: Sequence[str], anchors: Sequence[Anchor], scatter: tuple[str, str]
) -> tuple[int | None, list[int]]:
    """Return the row of forward scatter, None without, and the rows of stains that are no anchors."""
    not_stains = {*scatter, *(anchor.channel for anchor in anchors)}
    size = next((row for row, channel in enumerate(channels) if channel == scatter[0]), None)
    return size, [row for row, channel in enumerate(channels) if channel not in not_stains]


def _usual_sizes(own: Floats) -> tuple[float, float]:
    """Return where fragments end and doublets begin on forward scatter, by the group's narrower half."""
    low, middle, high = np.quantile(own, (0.16, 0.5, 0.84))
    reach = max(LEAST_SIZES, SIZE_SPREADS * float(min(high - middle, middle - low)))
    return float(middle) - reach, float(middle) + reach


def _begin(points: Floats, n_own: int, suspects: Mask | tuple[()]) -> NDArray[np.intp]:
    """Return the cluster that each point begins in; those of the group come first, suspects apart."""
    own = grouped(points[:n_own], OWN_PEAKS)
    if len(suspects):
        own[suspects] = own.max() + 1
    if points.shape[0] <= n_own:
        return own
    return np.concatenate([own, grouped(points[n_own:], OTHER_PEAKS) + own.max() + 1])
