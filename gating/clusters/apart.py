"""Ellipsoids that keep the neighbours of a few cells out.

The ellipsoid of a small cluster that spreads far on one channel runs into a large neighbour. So each one
is cut by further ellipsoids whose centre lies beyond it, away from the neighbour: their rim is the border
between the two, as in a linear discriminant (Fisher 1936, doi:10.1111/j.1469-1809.1936.tb02137.x).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.eigen import eigenpairs
from gating.arithmetic.linear import Floats
from gating.clusters.ellipsoids import LEAST_GAIN, as_gate, ends_of_ties, farthest
from gating.clusters.mixture import Mixture, fit_mixture
from gating.events import Mask
from gating.gates import AllOf, EllipsoidGate
from gating.thresholds import Axis, rounded

BEYOND = (0.0, 0.5, 1.0, 2.0, 4.0)
"""How far a further ellipsoid's centre lies beyond the cluster's, in distances from the neighbour.
Convention: five steps from the cluster's own centre to nearly a plane."""
MOST_BORDERS = 4
"""Borders of one cluster, at most: a person must still see them. Convention: few."""
LEAST_BORDER = 0.005
"""Share of the wanted cells that a border must gain. Chosen on the tubes of docs/method.md, section 3."""
FEWEST_TO_PART = 12
"""Cells of each half from which a cluster is parted. Chosen on the tubes of docs/method.md, section 3."""

WITHIN, WINDOW = 2.0, 0.75
"""Spreads of a cluster on every other axis within which cells are counted along one, and half the window that
counts them. Chosen on the tubes of docs/method.md, section 3."""
DOWN = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5)
"""Spreads below a cluster's centre at which cells are counted. Convention: half a spread apart."""
VALLEY, NO_VALLEY = 0.5, 1.25
"""Cells of a window, relative to that at the centre, that are a valley, and that show a larger group
before any valley. Chosen on the tubes of docs/method.md, section 3."""

Part = EllipsoidGate | AllOf


@dataclass(frozen=True, slots=True)
class _Border:
    """One ellipsoid and the points inside it: `gain` is what they add, `limit` where it ends."""

    gain: int
    mixture: Mixture
    cluster: int
    limit: float
    rows: NDArray[np.intp]


def ellipsoids_apart(
    mixture: Mixture, wanted: Sequence[int], axes: Sequence[tuple[str, Axis]], points: Floats, likely: Floats
) -> tuple[tuple[Part, ...], Mask]:
    """Return a gate per wanted cluster that adds cells to those before it, and which points are inside any.

    Parameters
    ----------
    points
        Shape (n, n_axes): all cells that other gates let through.
    likely
        Probability of each point to be a wanted cell, shape (n,).
    """
    inside = np.zeros(points.shape[0], np.bool_)
    gains = np.rint((2 * likely - 1) / LEAST_GAIN).astype(np.int64)
    least = int(LEAST_BORDER * float(likely.sum()) / LEAST_GAIN)
    gates: list[Part] = []
    for cluster in sorted(wanted, key=lambda group: -float(mixture.shares[group])):
        borders = _borders(mixture, cluster, wanted, points, np.where(inside, 0, gains), least)
        if not borders or borders[-1].gain <= least:
            continue
        parts = tuple(as_gate(b.mixture, b.cluster, axes, b.limit) for b in borders)
        gates.append(parts[0] if len(parts) == 1 else AllOf(parts))
        inside[borders[-1].rows] = True
    return tuple(gates), inside


def has_valley_below(mixture: Mixture, cluster: int, axes: Sequence[tuple[str, Axis]], row: int) -> bool:
    """Return whether the cells grow fewer below a cluster on one axis before another group begins.

    The bright end of a group of dimmer cells has none: it goes on into them.

    Parameters
    ----------
    axes
        Positions of all candidates.
    row
        Of the axis that is looked along.
    """
    centre, spreads = mixture.means[cluster], np.sqrt(np.diag(mixture.covariances[cluster]))
    rows = np.arange(axes[row][1].values.size)
    for other, (_, axis) in enumerate(axes):
        if other != row:
            offsets = np.abs(axis.values.take(rows) - np.float32(centre[other]))
            rows = rows.compress(offsets <= np.float32(WITHIN * spreads[other]))
    along = (axes[row][1].values.take(rows) - np.float32(centre[row])) / np.float32(spreads[row])
    at_centre = np.count_nonzero(np.abs(along) <= np.float32(WINDOW))
    for step in DOWN:
        n = np.count_nonzero(np.abs(along + np.float32(step)) <= np.float32(WINDOW))
        if n < VALLEY * at_centre:
            return True
        if n > NO_VALLEY * at_centre:
            return False
    return False


def parted(mixture: Mixture, wanted: Sequence[int], points: Floats, weights: Floats) -> Mixture | None:
    """Return the mixture with each wanted cluster begun as two halves along its longest axis, or None.

    Few plasma cells with kappa and with lambda chains lie in two clusters, too small to show as peaks.
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
    """Return the cluster's own ellipsoid, alone or with the borders that gain more; the better of the two."""
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
    """Yield the cluster moved away from each neighbour: with its own spread, the mean one, the other's."""
    own = mixture.covariances[cluster]
    for rival in range(mixture.shares.size - 1):
        if rival in wanted:
            continue
        other = mixture.covariances[rival]
        for spread in (own, (own + other) / 2, other):
            for step in BEYOND:
                means, covariances = mixture.means.copy(), mixture.covariances.copy()
                means[cluster] += step * (mixture.means[cluster] - mixture.means[rival])
                covariances[cluster] = spread
                yield replace(mixture, means=means, covariances=covariances), cluster


def _limited(
    mixture: Mixture, cluster: int, points: Floats, gains: NDArray[np.int64], rows: NDArray[np.intp]
) -> _Border:
    """Return the ellipsoid among these rows that ends where it gains most."""
    distances = mixture.distance_square(cluster, points.take(rows, axis=0))
    order = np.argsort(distances, kind="stable")
    ascending = distances.take(order)
    gain = np.where(ends_of_ties(ascending), np.cumsum(gains.take(rows.take(order))), 0)
    if gain.max(initial=0) <= 0:
        return _Border(0, mixture, cluster, 0.0, rows[:0])
    limit = rounded(float(ascending[int(np.argmax(gain))]) * (1 + 1e-5))
    return _Border(int(gain.max()), mixture, cluster, limit, rows.compress(distances <= limit))
