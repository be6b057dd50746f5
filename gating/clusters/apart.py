"""Ellipsoids around a small cluster that exclude its neighbours.

The ellipsoid of a small cluster that spreads far on one channel overlaps a large neighbour. Each such
ellipsoid is therefore cut by further ellipsoids, whose centres lie on the side away from the neighbour. Their
rim is the border between cluster and neighbour, as in a linear discriminant (Fisher 1936,
doi:10.1111/j.1469-1809.1936.tb02137.x).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.eigen import eigenpairs
from gating.arithmetic.numbers import Floats
from gating.clusters.ellipsoids import LEAST_GAIN, as_gate, ends_of_ties, farthest
from gating.clusters.mixture import Mixture, fit_mixture
from gating.events import Mask
from gating.gates import AllOf, EllipsoidGate
from gating.thresholds import Axis, rounded
from gating.thresholds.axis import JUST_BEYOND

STEPS_AWAY = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Shifts of a further ellipsoid's centre away from the neighbour, in units of the distance between cluster
and neighbour. Convention: five steps, from the cluster's own centre to a rim that is nearly a plane."""
MOST_BORDERS = 4
"""Most borders of one cluster. Convention: a person can still check this number."""
LEAST_BORDER = 0.005
"""Least gain of a border, as a share of the wanted cells. Chosen on the tubes of docs/method.md, section
3."""
FEWEST_TO_PART = 12
"""Least number of cells in each half of a cluster that is divided. Chosen on the tubes of docs/method.md,
section 3."""

WITHIN_WINDOW, SPLIT_WINDOW = 2.0, 0.75
"""Cells are counted along one axis if they lie within this many spreads of the cluster on all other axes;
half the width of the counting window, in spreads. Chosen on the tubes of docs/method.md, section 3."""
DOWN = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5)
"""Distances below a cluster's centre, in spreads, at which cells are counted. Convention: steps of half a
spread."""
VALLEY, NO_VALLEY_APART = 0.5, 1.25
"""Number of cells in a window, relative to the window at the centre: below the first value there is a valley;
above the second, a larger group without a valley. Chosen on the tubes of docs/method.md, section 3."""

ClusterGate = EllipsoidGate | AllOf


@dataclass(frozen=True, slots=True)
class _Border:
    """One ellipsoid, the points inside it, their `gain`, and its `limit` in squared distance."""

    gain: int
    mixture: Mixture
    cluster: int
    limit: float
    rows: NDArray[np.intp]


def ellipsoids_apart(
    mixture: Mixture, wanted: Sequence[int], axes: Sequence[tuple[str, Axis]], points: Floats, likely: Floats
) -> tuple[tuple[ClusterGate, ...], Mask]:
    """Return a gate per wanted cluster that adds cells to the earlier ones, and the points inside any gate.

    Parameters
    ----------
    points
        Shape (n, n_axes): all cells that passed the other gates.
    likely
        Probability of each point to be a wanted cell, shape (n,).
    """
    inside = np.zeros(points.shape[0], np.bool_)
    gains = np.rint((2 * likely - 1) / LEAST_GAIN).astype(np.int64)
    least = int(LEAST_BORDER * float(likely.sum()) / LEAST_GAIN)
    gates: list[ClusterGate] = []
    for cluster in sorted(wanted, key=lambda group: -float(mixture.shares[group])):
        borders = _borders(mixture, cluster, wanted, points, np.where(inside, 0, gains), least)
        if not borders or borders[-1].gain <= least:
            continue
        parts = tuple(as_gate(b.mixture, b.cluster, axes, b.limit) for b in borders)
        gates.append(parts[0] if len(parts) == 1 else AllOf(parts))
        inside[borders[-1].rows] = True
    return tuple(gates), inside


def has_valley_below(mixture: Mixture, cluster: int, axes: Sequence[tuple[str, Axis]], row: int) -> bool:
    """Return whether a valley on one axis separates a cluster from the next group below it.

    The bright end of a group of dimmer cells has no such valley.

    Parameters
    ----------
    axes
        Positions of all candidates.
    row
        Row of the axis on which the valley is searched.
    """
    centre, spreads = mixture.means[cluster], np.sqrt(np.diag(mixture.covariances[cluster]))
    rows = np.arange(axes[row][1].values.size)
    for other_row, (_, axis) in enumerate(axes):
        if other_row != row:
            offsets = np.abs(axis.values.take(rows) - np.float32(centre[other_row]))
            rows = rows.compress(offsets <= np.float32(WITHIN_WINDOW * spreads[other_row]))
    along = (axes[row][1].values.take(rows) - np.float32(centre[row])) / np.float32(spreads[row])
    at_centre = np.count_nonzero(np.abs(along) <= np.float32(SPLIT_WINDOW))
    for step in DOWN:
        n = np.count_nonzero(np.abs(along + np.float32(step)) <= np.float32(SPLIT_WINDOW))
        if n < VALLEY * at_centre:
            return True
        if n > NO_VALLEY_APART * at_centre:
            return False
    return False


def parted(mixture: Mixture, wanted: Sequence[int], points: Floats, weights: Floats) -> Mixture | None:
    """Return the mixture, fitted anew from two halves of each wanted cluster; None if no cluster is divided.

    The halves are divided along the cluster's longest axis. If there are few plasma cells, those with kappa
    and those with lambda chains are two clusters, too small to show as density peaks.
    """
    begin = mixture.belongings(points).argmax(axis=0)
    first = after = int(begin.max()) + 1
    for cluster in wanted:
        rows = np.flatnonzero(begin == cluster)
        longest = eigenpairs(mixture.covariances[cluster][None])[1][0][:, -1]
        along = ((points[rows] - mixture.means[cluster]) * longest).sum(axis=1)
        upper = rows[along > 0]
        if min(upper.size, rows.size - upper.size) >= FEWEST_TO_PART:
            begin[upper], after = after, after + 1
    if after == first:
        return None
    return fit_mixture(points, weights, np.unique(begin, return_inverse=True)[1])


def _borders(
    mixture: Mixture,
    cluster: int,
    wanted: Sequence[int],
    points: Floats,
    gains: NDArray[np.int64],
    least: int,
) -> list[_Border]:
    """Return the better of the cluster's own ellipsoid alone and its ellipsoid with borders."""
    everyone = np.arange(points.shape[0])
    alone = _limited(mixture, cluster, points, gains, everyone)
    limit = farthest(points.shape[1])
    rows = np.flatnonzero(mixture.distance_square(cluster, points) <= limit)
    borders = [_Border(int(gains[rows].sum()), mixture, cluster, rounded(limit), rows)]
    while len(borders) <= MOST_BORDERS:
        last = borders[-1]
        tried = [_limited(m, c, points, gains, last.rows) for m, c in _beyond(mixture, cluster, wanted)]
        best = max(tried, key=lambda border: border.gain, default=last)
        if best.gain <= last.gain + least:
            break
        borders.append(best)
    return [alone] if alone.gain >= borders[-1].gain else borders


def _beyond(mixture: Mixture, cluster: int, wanted: Sequence[int]) -> Iterator[tuple[Mixture, int]]:
    """Yield the cluster moved away from each neighbour, with its own, the mean and the neighbour's spread."""
    own = mixture.covariances[cluster]
    for rival in range(mixture.shares.size - 1):
        if rival in wanted:
            continue
        of_rival = mixture.covariances[rival]
        for spread in (own, (own + of_rival) / 2, of_rival):
            for step in STEPS_AWAY:
                means, covariances = mixture.means.copy(), mixture.covariances.copy()
                means[cluster] += step * (mixture.means[cluster] - mixture.means[rival])
                covariances[cluster] = spread
                yield replace(mixture, means=means, covariances=covariances), cluster


def _limited(
    mixture: Mixture, cluster: int, points: Floats, gains: NDArray[np.int64], rows: NDArray[np.intp]
) -> _Border:
    """Return the ellipsoid whose limit gives the largest gain among these rows."""
    distances = mixture.distance_square(cluster, points.take(rows, axis=0))
    order = np.argsort(distances, kind="stable")
    ascending = distances.take(order)
    gain = np.where(ends_of_ties(ascending), np.cumsum(gains.take(rows.take(order))), 0)
    if gain.max(initial=0) <= 0:
        return _Border(0, mixture, cluster, 0.0, rows[:0])
    limit = rounded(float(ascending[int(np.argmax(gain))]) * (1 + JUST_BEYOND))
    return _Border(int(gain.max()), mixture, cluster, limit, rows.compress(distances <= limit))
