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

from gating.anchors.anchors import Anchor, evidence_of
from gating.arithmetic.linear import Floats
from gating.clusters.ellipsoids import ellipsoids_of, points_of
from gating.clusters.mixture import Mixture, fit_mixture, grouped
from gating.clusters.neighbours import evenly, in_order, nearest_of, neighbours
from gating.clusters.wanted import (
    Limits,
    begun_with,
    dead_of,
    limits_of,
    look_dead,
    main_of,
    strays_of,
    wanted_of,
)
from gating.events import FloatArray, Mask
from gating.events.lots import Lots
from gating.gates import EllipsoidGate
from gating.thresholds import Axis

FEWEST_TO_BEGIN = 15
MOST_OWN = 240
"""Cells of the group that begin the clusters."""
OWN_PEAKS, OTHER_PEAKS = 4, 10
LEAST_SIZES, SIZE_SPREADS = 0.3, 1.75
"""Natural log of forward scatter, and spreads of the group, from its median to fragments and doublets."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of cells in and around a group.

    Attributes
    ----------
    mixture
        A normal distribution per kind.
    wanted, strays
        Its groups that are wanted; those that are no kind of cell.
    limits
        Where single cells in no group are on target.
    """

    mixture: Mixture
    wanted: list[int]
    strays: list[int]
    limits: Limits


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
        return 2 * float(self.likely.compress(found).sum(dtype=np.float64)) / total if total else 0.0


def kinds_of(
    seed: Mask,
    axes: Sequence[tuple[str, Axis]],
    anchors: Sequence[Anchor],
    lots: Lots,
    traits: FloatArray | None = None,
    *,
    stained: bool = True,
    scatter: tuple[str, str] = ("", ""),
    limit: float = np.inf,
) -> Kinds | None:
    """Return the kinds of cells in and around the group, None where it has too few cells.

    Parameters
    ----------
    seed
        bool, shape (n,): the group as the anchors show it, among the candidates around it.
    axes
        (channel, the candidates' places) of every channel on which cells differ.
    anchors
        Where the wanted cells have a target.
    lots
        Of the candidates, by which some of them are drawn.
    traits
        Evidence of each candidate beside the anchors, or None.
    stained
        Whether a viability dye has told the dead cells: they are a little positive on everything.
    scatter
        Channels of forward and side scatter area; empty where there is none.
    limit
        Sum of squared standardised distances from the group over all axes from which nothing is a neighbour.
    """
    if np.count_nonzero(seed) < FEWEST_TO_BEGIN:
        return None
    own = in_order(np.flatnonzero(seed), axes)
    evidence = evidence_of(anchors, seed)
    picked_own, own_weights = evenly(own, lots, MOST_OWN)
    picked, weights = nearest_of(neighbours(seed, own, axes, evidence, limit), lots)
    every = np.concatenate([picked_own, picked])
    points, n_own = points_of(axes, every), picked_own.size
    size, stains = _size_and_stains([channel for channel, _ in axes], anchors, scatter)
    suspects = _suspects(points[:n_own], size, stains) if size is not None and not stained else None
    mixture = fit_mixture(points, np.concatenate([own_weights, weights]), _begin(points, n_own, suspects))
    begun = begun_with(mixture, points, own_weights, n_own)
    if not begun:
        return None
    judged = evidence if traits is None else evidence + traits
    main = main_of(mixture, begun, points, judged.take(every))
    channels = [channel for channel, _ in axes]
    sizes = None if size is None else (size, *_usual_sizes(points[:n_own, size]))
    limits = limits_of(mixture, main, channels, anchors, stained=stained, size=sizes)
    dead = [] if stained or size is None else dead_of(mixture, main, size, stains)
    anchored = {anchor.channel for anchor in anchors}
    rest = [row for row, channel in enumerate(channels) if channel not in anchored]
    wanted = wanted_of(mixture, begun, main, limits, rest, dead)
    return Kinds(mixture, wanted, strays_of(mixture, wanted), limits)


def members_of(
    kinds: Kinds, rows: NDArray[np.intp], axes: Sequence[tuple[str, Axis]], seed: Mask, sureness: float
) -> Members:
    """Return the cells that rather belong to the wanted kinds than to any other one.

    Parameters
    ----------
    rows
        The candidates that may be wanted: those of the group, near a wanted kind or within the limits.
    axes
        (channel, places of these rows).
    seed
        bool, shape (n_candidates,): the group as the anchors show it.
    sureness
        0 to 1: how sure a cell of it is that is in no cluster.
    """
    points = points_of(axes, np.arange(rows.size))
    belongs = kinds.mixture.belongings(points)
    begins = seed.take(rows)
    fits = kinds.limits.hold(points.T) & kinds.limits.tell_enough
    strays = belongs[kinds.strays].sum(axis=0)
    chances = belongs[kinds.wanted].sum(axis=0) + sureness * (begins | fits) * strays
    chances = np.where(begins & fits, np.maximum(chances, sureness), chances)
    ellipsoids, inside = ellipsoids_of(kinds.mixture, kinds.wanted, axes, points, chances)
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


def _usual_sizes(own: Floats) -> tuple[float, float]:
    """Return where fragments end and doublets begin on forward scatter, by the group's narrower half."""
    low, middle, high = np.quantile(own, (0.16, 0.5, 0.84))
    reach = max(LEAST_SIZES, SIZE_SPREADS * float(min(high - middle, middle - low)))
    return float(middle) - reach, float(middle) + reach


def _suspects(own: Floats, size: int, stains: list[int]) -> Mask:
    """Return which of the group's points look dead beside the others."""
    return look_dead(own, np.median(own, axis=0), size, stains)


def _begin(points: Floats, n_own: int, suspects: Mask | None) -> NDArray[np.intp]:
    """Return the cluster that each point begins in; those of the group come first, suspects apart."""
    own = grouped(points[:n_own], OWN_PEAKS)
    if suspects is not None:
        own[suspects] = own.max() + 1
    if points.shape[0] <= n_own:
        return own
    return np.concatenate([own, grouped(points[n_own:], OTHER_PEAKS) + own.max() + 1])
