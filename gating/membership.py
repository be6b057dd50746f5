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
from gating.ellipsoids import ellipsoids_of, farthest, near_groups, points_of
from gating.events import FloatArray, Mask
from gating.gates import EllipsoidGate
from gating.thresholds import Axis

FEWEST_TO_BEGIN = 15
MOST_OWN, NEAREST = 240, 160
"""Cells of the group, and of those nearest to it, that begin the clusters; farther ones ever more thinly."""
FARTHEST = 40.0
"""Mean square of standardised distances over the axes beyond which nothing is a neighbour."""
ONE_CLUSTER = 0.7
"""Density between two centres, over that at the sparser one, from which no valley parts them."""
JUST_BEYOND = 0.0
"""Mean place of a further wanted cluster: at most so far beyond the edge of a low or negative anchor."""
CLEARLY_POSITIVE, LIKE_THE_FIRST = 1.5, 0.65
"""Place beyond its edge from which a positive anchor tells; the part of it that a further cluster needs."""
FAIR_PART = 0.1
WIDEST_CLUSTER = 1.0
"""Typical SD of a kind of cell over all axes, natural log; debris and doublets of many kinds spread more."""
ALONG = np.linspace(0.0, 1.0, 11)
OWN_PEAKS, OTHER_PEAKS = 4, 10


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
    """
    own = np.flatnonzero(seed)
    if own.size < FEWEST_TO_BEGIN:
        return None
    own = _in_order(own, axes)
    evidence = evidence_of(anchors, seed)
    if traits is not None:
        evidence = evidence + traits
    others = _neighbours(seed, own, axes, evidence)
    picked_own, own_weights = _evenly(own, MOST_OWN)
    picked, weights = _thinned(others)
    points = points_of(axes, np.concatenate([picked_own, picked]))
    mixture = fit_mixture(points, np.concatenate([own_weights, weights]), _begin(points, picked_own.size))
    begun = _wanted(mixture, points, own_weights, picked_own.size)
    main = _main(mixture, begun, points, evidence[np.concatenate([picked_own, picked])])
    wanted = _on_target(mixture, begun, main, axes, anchors)
    if not wanted:
        return None
    near = np.concatenate([own, near_groups(mixture, wanted, axes, others)])
    points = points_of(axes, near)
    belongs = mixture.belongings(points)
    chances = belongs[wanted].sum(axis=0)
    chances[: own.size] += sureness * belongs[-1, : own.size]
    ellipsoids, inside = ellipsoids_of(mixture, wanted, axes, points, chances)
    likely = np.zeros(seed.size, np.float32)
    likely[near] = chances
    mask = np.zeros(seed.size, np.bool_)
    mask[near[inside]] = True
    return Members(likely, mask, tuple(ellipsoids))


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
    ties = axes[0][1].values[others]
    by_distance = np.lexsort((ties, total[others]))
    by_evidence = np.lexsort((ties, total[others], -evidence[others]))
    rank = np.empty(others.size, np.intp)
    rank[by_distance] = np.arange(others.size)
    rank[by_evidence] = np.minimum(rank[by_evidence], np.arange(others.size))
    return others[np.lexsort((ties, total[others], rank))]


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


def _begin(points: Floats, n_own: int) -> NDArray[np.intp]:
    """Return the cluster that each point begins in; those of the group come first."""
    own = grouped(points[:n_own], OWN_PEAKS)
    if points.shape[0] <= n_own:
        return own
    return np.concatenate([own, grouped(points[n_own:], OTHER_PEAKS) + own.max() + 1])


def _wanted(mixture: Mixture, points: Floats, own_weights: Floats, n_own: int) -> list[int]:
    """Return the clusters that the group's cells make up, and those that no valley parts from them."""
    belongs = mixture.belongings(points)[:-1]
    own = belongs[:, :n_own] @ own_weights
    wanted = [g for g in range(own.size) if own[g] > 0.5 * mixture.shares[g]]
    if not wanted:
        return []
    main = max(wanted, key=lambda g: float(mixture.shares[g]))
    reach = farthest(points.shape[1])
    pieces = [
        g
        for g in range(own.size)
        if g not in wanted
        and mixture.shares[g] < mixture.shares[main]
        and float(mixture.distance_square(main, mixture.means[g][None])[0]) <= reach
        and _is_one(mixture, main, g)
    ]
    return sorted(wanted + pieces)


def _main(mixture: Mixture, begun: list[int], points: Floats, evidence: FloatArray) -> int:
    """Return the cluster of the group with most evidence, of those that hold a fair part of its cells."""
    if not begun:
        return -1
    belongs = mixture.belongings(points)[begun]
    evidences = belongs @ evidence / np.maximum(belongs.sum(axis=1), 1e-9)
    shares = mixture.shares[begun]
    fair = shares >= FAIR_PART * shares.sum()
    return begun[int(np.argmax(np.where(fair, evidences, -np.inf)))]


def _on_target(
    mixture: Mixture, begun: list[int], main: int, axes: Sequence[tuple[str, Axis]], anchors: Sequence[Anchor]
) -> list[int]:
    """Return the clusters on target on every anchor that tells, whether the group's cells began them or not.

    Normal plasma cells lie far from a clone but are on target. What began with the group and is off target
    stays only where it differs from the group's main cluster in the anchors alone: a clone that lost one.
    """
    if not begun:
        return []
    names = [channel for channel, _ in axes]
    n_groups = mixture.shares.size - 1
    fits, told = np.ones(n_groups, np.bool_), False
    for anchor in (one for one in anchors if one.channel in names):
        places = mixture.means[:-1, names.index(anchor.channel)] - anchor.edge
        usual = float(places[main])
        if not anchor.is_positive:
            fits &= places <= max(JUST_BEYOND, usual + JUST_BEYOND)
        elif usual >= CLEARLY_POSITIVE:
            told = True
            fits &= places >= LIKE_THE_FIRST * usual
    others = [row for row, name in enumerate(names) if name not in {anchor.channel for anchor in anchors}]
    return [
        g
        for g in range(n_groups)
        if g == main
        or (told and fits[g] and _is_compact(mixture, g))
        or (g in begun and (not told or _is_near(mixture, main, g, others)))
    ]


def _is_near(mixture: Mixture, one: int, other: int, rows: list[int]) -> bool:
    """Return whether a cluster's centre lies within another one, as far as these axes tell."""
    if not rows:
        return True
    offset = mixture.means[other, rows] - mixture.means[one, rows]
    distance = float(offset @ np.linalg.solve(mixture.covariances[one][np.ix_(rows, rows)], offset))
    return distance <= farthest(len(rows))


def _is_compact(mixture: Mixture, group: int) -> bool:
    _, log_volume = np.linalg.slogdet(mixture.covariances[group])
    return float(np.exp(0.5 * log_volume / mixture.means.shape[1])) <= WIDEST_CLUSTER


def _is_one(mixture: Mixture, one: int, other: int) -> bool:
    """Return whether the density along the ridge between two clusters has no valley."""
    density = np.array([_density(mixture, (one, other), point) for point in _ridge(mixture, one, other)])
    return bool(density.min() >= ONE_CLUSTER * min(density[0], density[-1]))


def _ridge(mixture: Mixture, one: int, other: int) -> list[Floats]:
    inverse = [np.linalg.inv(mixture.covariances[g]) for g in (one, other)]
    pulled = [inverse[i] @ mixture.means[g] for i, g in enumerate((one, other))]
    return [
        np.linalg.solve((1 - a) * inverse[0] + a * inverse[1], (1 - a) * pulled[0] + a * pulled[1])
        for a in ALONG
    ]


def _density(mixture: Mixture, groups: tuple[int, int], point: Floats) -> float:
    total = 0.0
    for group in groups:
        _, log_volume = np.linalg.slogdet(mixture.covariances[group])
        distance = float(mixture.distance_square(group, point[None])[0])
        total += float(mixture.shares[group]) * float(np.exp(-0.5 * (distance + log_volume)))
    return total
