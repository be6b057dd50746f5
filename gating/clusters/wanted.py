"""Which clusters of a mixture are the wanted cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.anchors.evidence import Anchor
from gating.arithmetic.linear import inverse_of, log_determinant, solve, times
from gating.arithmetic.numbers import LEAST_DIVISOR, Floats
from gating.clusters.ellipsoids import farthest
from gating.clusters.mixture import Mixture
from gating.events import FloatArray, Mask
from gating.thresholds import Axis

NO_VALLEY = 0.7
"""Least ratio of the density between two centres to the density at the sparser one, without a valley. Chosen
on the simulated tubes of docs/validation.md."""
CLEARLY_POSITIVE, LIKE_THE_FIRST, LIKE_ON_EACH = 1.5, 0.65, 0.55
"""Least height of the main cluster above the edge of a positive anchor to make the anchor informative. Part
of that height that further cells need if one anchor is informative, and on each of several such anchors if
the dead cells are excluded. Chosen on the simulated tubes of docs/validation.md."""
FAIR_PART = 0.1
"""Least share of the group's cells in its main cluster. Chosen on the simulated tubes of
docs/validation.md."""
DEAD_ARE_SMALLER = 0.3
"""Least difference in forward scatter between living and dead cells of a kind, in natural-log units. Chosen
on the simulated tubes of docs/validation.md."""
UNSTAINED, DEAD_BIND = 2.0, 0.25
"""Position below which living cells lack an antigen; least distance of dead cells above them there. Chosen on
the simulated tubes of docs/validation.md."""
WIDEST_CLUSTER = 1.0
"""Largest typical SD of one kind of cell over all axes, natural log; debris and doublets spread more. Chosen
on the simulated tubes of docs/validation.md."""
ALONG = np.linspace(0.0, 1.0, 11)
"""Points on the ridge between two centres at which the density is computed. Convention: eleven points at
equal steps."""


def begun_with(mixture: Mixture, belongs: Floats, group_weights: Floats) -> list[int]:
    """Return the clusters of the group's cells, and the clusters without a valley to them.

    Parameters
    ----------
    belongs
        Probability of each cluster at each point, shape (n_clusters, n); the group's points come first.
    group_weights
        Cells that each of the group's points represents.
    """
    of_group = (belongs[:-1, : group_weights.size] * group_weights).sum(axis=1)
    wanted = [g for g in range(of_group.size) if of_group[g] > 0.5 * mixture.shares[g]]
    if not wanted:
        return []
    main = max(wanted, key=lambda g: float(mixture.shares[g]))
    reach, distance = farthest(mixture.means.shape[1]), mixture.distances_from(main)
    pieces = [
        g
        for g in range(of_group.size)
        if g not in wanted
        and mixture.shares[g] < mixture.shares[main]
        and float(distance(mixture.means[g][None])[0]) <= reach
        and _are_joined(mixture, main, g)
    ]
    return sorted(wanted + pieces)


def main_of(mixture: Mixture, begun: list[int], belongs: Floats, evidence: FloatArray) -> int:
    """Return the cluster with the most evidence among those with a fair share of the group's cells."""
    if not begun:
        return -1
    belongs = belongs[begun]
    evidences = (belongs * evidence).sum(axis=1) / np.maximum(belongs.sum(axis=1), LEAST_DIVISOR)
    shares = mixture.shares[begun]
    fair = shares >= FAIR_PART * shares.sum()
    return begun[int(np.argmax(np.where(fair, evidences, -np.inf)))]


@dataclass(frozen=True, slots=True)
class ClusterLimits:
    """Limits that the main cluster sets: lower ones on positive anchors, upper ones on the other anchors.

    Attributes
    ----------
    lowest, highest
        (row of the axes, position) pairs. Where `lowest` is empty no positive anchor is informative.
    size
        (row, lowest, highest position) of forward scatter: fragments lie below, doublets above. None without.
    """

    lowest: tuple[tuple[int, float], ...]
    highest: tuple[tuple[int, float], ...]
    size: tuple[int, float, float] | None = None

    @property
    def _lower(self) -> tuple[tuple[int, float], ...]:
        return self.lowest if self.size is None else (*self.lowest, self.size[:2])

    @property
    def _upper(self) -> tuple[tuple[int, float], ...]:
        return self.highest if self.size is None else (*self.highest, self.size[::2])

    @property
    def tell_enough(self) -> bool:
        """Whether two anchors are informative, so that single cells on target are accepted."""
        return self.tell and len(self.lowest) + len(self.highest) >= 2

    @property
    def tell(self) -> bool:
        """Whether any anchor is clearly positive on the main cluster, so that the limits are informative."""
        return bool(self.lowest)

    def hold(self, positions: Floats | FloatArray) -> Mask:
        """Return which of these positions, shape (n_axes, n), are within all limits."""
        inside = np.ones(positions.shape[1], np.bool_)
        for row, position in self._lower:
            inside &= positions[row] >= position
        for row, position in self._upper:
            inside &= positions[row] <= position
        return inside

    def within(self, axes: Mapping[int, Axis], rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return which of these events are within all limits on the axes that are given, in their order."""
        for row, position in self._lower:
            if row in axes:
                rows = rows.compress(axes[row].values.take(rows) >= np.float32(position))
        for row, position in self._upper:
            if row in axes:
                rows = rows.compress(axes[row].values.take(rows) <= np.float32(position))
        return rows


def limits_of_cluster(
    mixture: Mixture,
    main: int,
    channels: Sequence[str],
    anchors: Sequence[Anchor],
    *,
    stained: bool,
    size: tuple[int, float, float] | None = None,
) -> ClusterLimits:
    """Return the limits that the main cluster sets.

    Parameters
    ----------
    channels
        Channels of the axes, in their order.
    stained
        Whether a viability dye has excluded the dead cells.
    size
        As in `ClusterLimits`.
    """
    names, centre = list(channels), mixture.means[main]
    anchor_rows = [(anchor, names.index(anchor.channel)) for anchor in anchors if anchor.channel in names]
    usual = {row: float(centre[row]) - anchor.edge for anchor, row in anchor_rows}
    telling = [(a, row) for a, row in anchor_rows if a.is_positive and usual[row] >= CLEARLY_POSITIVE]
    like = LIKE_ON_EACH if stained and len(telling) > 1 else LIKE_THE_FIRST
    lowest = [(row, anchor.edge + like * usual[row]) for anchor, row in telling]
    highest = [(row, a.edge + max(0.0, usual[row])) for a, row in anchor_rows if not a.is_positive]
    return ClusterLimits(tuple(lowest), tuple(highest), size)


def dead_of(mixture: Mixture, main: int, size: int, stains: Sequence[int]) -> list[int]:
    """Return the clusters that look like the main one's dead cells: smaller, and they bind every antibody.

    Parameters
    ----------
    size
        Row of the axes that is forward scatter.
    stains
        Rows of the fluorescent channels that are no anchors.
    """
    dead = look_dead(mixture.means[:-1], mixture.means[main], size, stains)
    return np.flatnonzero(dead & (mixture.shares[:-1] < mixture.shares[main])).tolist()


def look_dead(positions: Floats, living: Floats, size: int, stains: Sequence[int]) -> Mask:
    """Return which cells are small and positive for antigens that the living cells lack.

    Dead cells bind every antibody. This shows on antigens that the living cells lack.

    Parameters
    ----------
    positions
        Shape (n, n_axes).
    living
        The living cells' centre, shape (n_axes,).
    """
    unstained = [row for row in stains if living[row] < UNSTAINED]
    if not unstained:
        return np.zeros(positions.shape[0], np.bool_)
    offsets = positions - living
    binds = np.median(offsets[:, unstained], axis=1)
    return np.asarray((offsets[:, size] < -DEAD_ARE_SMALLER) & (binds > DEAD_BIND), np.bool_)


def wanted_of(
    mixture: Mixture,
    begun: list[int],
    main: int,
    limits: ClusterLimits,
    rows: list[int],
    dead: Sequence[int] = (),
) -> list[int]:
    """Return the clusters that are on target on every informative anchor, in the group or outside it.

    Normal plasma cells lie far from a clone but are on target. A cluster that began in the group and is off
    target is kept only if it differs from the main cluster in the anchors alone: it is a clone that lost an
    antigen.

    Parameters
    ----------
    rows
        Rows of the axes that are no anchors.
    dead
        Clusters that are never wanted.
    """
    fits = limits.hold(mixture.means[:-1].T)
    return [
        g
        for g in range(mixture.shares.size - 1)
        if g not in dead
        and (
            (limits.tell and fits[g] and _is_compact(mixture, g))
            or (g in begun and (not limits.tell or _is_near(mixture, main, g, rows)))
        )
    ]


def strays_of(mixture: Mixture, wanted: list[int]) -> list[int]:
    """Return the groups that are no kind of cell: the noise, and groups with too large a spread."""
    other_groups = (g for g in range(mixture.shares.size - 1) if g not in wanted)
    return [*(g for g in other_groups if not _is_compact(mixture, g)), mixture.shares.size - 1]


def _is_near(mixture: Mixture, cluster: int, other_cluster: int, rows: list[int]) -> bool:
    """Return whether a cluster's centre lies within another cluster on these axes."""
    if not rows:
        return True
    offset = mixture.means[other_cluster, rows] - mixture.means[cluster, rows]
    distance = float((offset * solve(mixture.covariances[cluster][np.ix_(rows, rows)], offset)).sum())
    return distance <= farthest(len(rows))


def spread_of(mixture: Mixture, group: int) -> float:
    """Return the typical SD of a group over all axes, natural log."""
    log_volume = log_determinant(mixture.covariances[group])
    return float(np.exp(0.5 * log_volume / mixture.means.shape[1]))


def _is_compact(mixture: Mixture, group: int) -> bool:
    return spread_of(mixture, group) <= WIDEST_CLUSTER


def _are_joined(mixture: Mixture, cluster: int, other_cluster: int) -> bool:
    """Return whether the density along the ridge between two clusters has no valley."""
    first, second = _height(mixture, cluster), _height(mixture, other_cluster)
    density = np.array([first(point) + second(point) for point in _ridge(mixture, cluster, other_cluster)])
    return bool(density.min() >= NO_VALLEY * min(density[0], density[-1]))


def _ridge(mixture: Mixture, cluster: int, other_cluster: int) -> list[Floats]:
    inverse = [inverse_of(mixture.covariances[g]) for g in (cluster, other_cluster)]
    pulled = [times(inverse[i], mixture.means[g]) for i, g in enumerate((cluster, other_cluster))]
    return [solve((1 - a) * inverse[0] + a * inverse[1], (1 - a) * pulled[0] + a * pulled[1]) for a in ALONG]


def _height(mixture: Mixture, group: int) -> Callable[[Floats], float]:
    """Return a function for a group's density at a point, up to a constant factor."""
    share, log_volume = float(mixture.shares[group]), log_determinant(mixture.covariances[group])
    distance = mixture.distances_from(group)
    return lambda point: share * float(np.exp(-0.5 * (float(distance(point[None])[0]) + log_volume)))
