"""The candidates around a group of cells, and the sample of them that is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.linear import cholesky, log_determinant, lower_inverse
from gating.arithmetic.numbers import USUAL_SPREAD, Floats
from gating.clusters.ellipsoids import LEAST_GAIN, farthest
from gating.clusters.mixture import Mixture
from gating.clusters.wanted import ClusterLimits
from gating.events import FloatArray, Mask
from gating.events.quantiles import quantiles
from gating.events.tickets import Tickets, drawn_by_rank, one_of_each
from gating.thresholds import Axis

AxisAt = Callable[[NDArray[np.intp]], Axis]
"""A function: it returns the positions of the candidates in some rows on one axis, as a new array."""
NEAREST_EVENTS = 240
"""Number of events nearest to the group that are all used; farther events are sampled ever more thinly.
Chosen on the simulated tubes of docs/validation.md."""
NEAR_GROUP = 6.0
"""Largest distance, in spreads on each axis, at which a cell may belong to a kind of cell. Chosen on the
simulated tubes of docs/validation.md."""
ENOUGH_TO_SIFT = 4_000
"""Least number of cells in the box around a group for a removal of cells that hardly belong to it.
Convention: for speed; the removed cells count less than the step in which gains are counted."""
ROUNDED = 1.0001
"""Largest factor by which sums of distances may differ if their order differs. Convention: far above rounding
in float32."""
ENOUGH_TO_RANK = 300
"""Number of candidates that show which axis excludes the most. Convention: for speed; the choice of
candidates does not change the result."""
NARROWEST = 0.2
"""Least spread of a group on an axis, natural log. Chosen on the simulated tubes of docs/validation.md."""


class _GroupOnAxis(NamedTuple):
    """The middle and spread of a group on an axis, and a function for candidates' positions on it."""

    middle: float
    spread: float
    positions_at: AxisAt

    def squares(self, rows: NDArray[np.intp]) -> FloatArray:
        """Return the squared standardised distances of some candidates from the group."""
        return _squares(self.positions_at(rows).values, self.middle, self.spread)


def around(
    seed: Mask, anchor_axes: Sequence[Axis], other_axes: Sequence[AxisAt], limit: float
) -> NDArray[np.intp]:
    """Return the group's own cells and the candidates that may be its neighbours, ascending.

    Parameters
    ----------
    seed
        bool, shape (n_candidates,): the group.
    anchor_axes, other_axes
        Axes on which the positions of all candidates are known, and axes on which they are computed when
        needed, beginning with the axis that excludes the most candidates.
    limit
        Largest sum, over all axes, of a neighbour's squared standardised distances.
    """
    group, rows = np.flatnonzero(seed), np.flatnonzero(~seed)
    total = np.zeros(rows.size, np.float32)
    left, n_known = (
        [_group_on_axis(axis_at, group) for axis_at in (*(axis.at for axis in anchor_axes), *other_axes)],
        len(anchor_axes),
    )
    while left:
        if n_known <= 0 and len(left) > 1:
            some, n_known = rows[:: 1 + rows.size // ENOUGH_TO_RANK], len(left)
            left.sort(key=lambda group_on_axis: -_usual_square(group_on_axis.squares(some), limit))
        group_on_axis, n_known = left.pop(0), n_known - 1
        total += group_on_axis.squares(rows)
        near = np.flatnonzero(total < np.float32(limit * ROUNDED))
        rows, total = rows.take(near), total.take(near)
    kept = seed.copy()
    kept[rows] = True
    return np.flatnonzero(kept)


def may_be_wanted(
    mixture: Mixture,
    wanted: Sequence[int],
    limits: ClusterLimits,
    positions: Sequence[tuple[int, Axis]],
    other_axes: Sequence[tuple[int, AxisAt]],
    seed: Mask,
) -> tuple[NDArray[np.intp], FloatArray]:
    """Return the candidates of the group, those near a wanted kind of cell, and those on target, ascending.

    Parameters
    ----------
    mixture, wanted, limits
        Of the kinds of cells around the group.
    positions
        (row of the mixture's axes, candidates' positions) of the anchors.
    other_axes
        The same for the other axes, with a function for the positions of some candidates.
    seed
        bool, shape (n_candidates,): the group.

    Returns
    -------
    tuple
        The rows, and their positions on the mixture's axes, shape (n_axes, n_rows).
    """
    surely = seed.copy()
    if limits.tell_enough:
        surely[limits.within(dict(positions), np.arange(seed.size))] = True
    near = surely.copy()
    for group in wanted:
        near[_near_on(positions, mixture, group)] = True
    rows = np.flatnonzero(near)
    places = np.empty((len(positions) + len(other_axes), rows.size), np.float32)
    for row, axis in positions:
        axis.values.take(rows, out=places[row], mode="clip")
    for row, axis_at in other_axes:
        places[row] = axis_at(rows).values
    kept = surely.take(rows)
    for group in wanted:
        kept |= _may_belong(mixture, group, places)
    which = np.flatnonzero(kept)
    return rows.take(which), places.take(which, axis=1)


def _near_on(positions: Sequence[tuple[int, Axis]], mixture: Mixture, group: int) -> NDArray[np.intp]:
    """Return the candidates within this number of spreads of a group on each anchor."""
    reach, rows = _reach(mixture, group), None
    for row, axis in positions:
        values = axis.values if rows is None else axis.values.take(rows)
        near = np.abs(values - np.float32(mixture.means[group, row])) <= reach[row]
        rows = np.flatnonzero(near) if rows is None else rows.compress(near)
    return np.empty(0, np.intp) if rows is None else rows


def _reach(mixture: Mixture, group: int) -> FloatArray:
    """Return the largest distance on each axis between a group's centre and a cell of the group."""
    return np.asarray(NEAR_GROUP * np.sqrt(np.diag(mixture.covariances[group])), np.float32)


def _may_belong(mixture: Mixture, group: int, places: FloatArray) -> Mask:
    """Return which cells lie within this number of spreads of a group on every axis, and may belong to it.

    If there are many, cells outside the group's ellipsoid that rather belong to the noise are left out.
    """
    reach, inside = _reach(mixture, group), np.ones(places.shape[1], np.bool_)
    for row, values in enumerate(places):
        inside &= np.abs(values - np.float32(mixture.means[group, row])) <= reach[row]
    if np.count_nonzero(inside) <= ENOUGH_TO_SIFT:
        return inside
    rows, noise = np.flatnonzero(inside), mixture.shares.size - 1
    distances = _distances(mixture, group, places.take(rows, axis=1))
    outside = np.flatnonzero(distances > np.float32(farthest(len(places)) * ROUNDED))
    volumes = [log_determinant(mixture.covariances[component]) for component in (group, noise)]
    odds = float(np.log(mixture.shares[group] / mixture.shares[noise])) - 0.5 * (volumes[0] - volumes[1])
    from_noise = _distances(mixture, noise, places.take(rows.take(outside), axis=1))
    hardly = distances.take(outside) - from_noise > np.float32(2 * (odds - np.log(LEAST_GAIN)))
    inside[rows.take(outside.compress(hardly))] = False
    return inside


def _distances(mixture: Mixture, group: int, places: FloatArray) -> FloatArray:
    """Return the cells' squared Mahalanobis distances from a group, to a few digits, float32."""
    whiten = lower_inverse(cholesky(mixture.covariances[group])).astype(np.float32)
    offsets = places - mixture.means[group].astype(np.float32)[:, None]
    total, along, part = np.zeros((3, places.shape[1]), np.float32)
    for row, weights in enumerate(whiten):
        np.multiply(offsets[0], weights[0], out=along)
        for axis in range(1, row + 1):
            along += np.multiply(offsets[axis], weights[axis], out=part)
        along *= along
        total += along
    return total


def neighbours(
    seed: Mask, group: NDArray[np.intp], axes: Sequence[tuple[str, Axis]], evidence: FloatArray, limit: float
) -> NDArray[np.intp]:
    """Return the other candidates near the group, the nearest or highest on the anchors first."""
    candidates = np.flatnonzero(~seed)
    candidates, total = _within_reach(candidates, group, [axis for _, axis in axes], limit)
    nearest = candidates[ascending(total)]
    return _merged(nearest, nearest[ascending(-evidence[nearest])], seed.size)


def ascending(values: FloatArray) -> NDArray[np.intp]:
    """Return the stable order of float32 values: one sort of (value, rank) in 64 bits beats argsort."""
    bits = np.ascontiguousarray(values + np.float32(0), np.float32).view(np.uint32)  # −0 becomes 0
    bits = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    packed = (bits.astype(np.uint64) << np.uint64(32)) | np.arange(values.size, dtype=np.uint64)
    packed.sort()
    return (packed & np.uint64(0xFFFFFFFF)).astype(np.intp)


def ascending_by(keys: Sequence[FloatArray]) -> NDArray[np.intp]:
    """Return the order by the first of several float32 keys; ties by the second key, and so on.

    Few values are equal, so the first key is sorted alone, and only ties are sorted by all keys.
    """
    order = ascending(keys[0])
    first = keys[0].take(order)
    like_next = first[1:] == first[:-1]
    if not like_next.any():
        return order
    tied = np.flatnonzero(np.append(like_next, False) | np.append(False, like_next))
    rows = order[tied]
    order[tied] = rows[np.lexsort([key.take(rows) for key in keys[::-1]])]
    return order


def _merged(nearest: NDArray[np.intp], highest: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """Return the events of two orders, each at its earlier rank of the two; at a tie the nearer event."""
    rank = np.full(n, 2 * n, np.intp)
    rank[nearest] = 2 * np.arange(nearest.size)
    rank[highest] = np.minimum(rank[highest], 2 * np.arange(highest.size) + 1)
    merged = np.full(2 * nearest.size, -1, np.intp)
    merged[rank[nearest]] = nearest
    return merged[merged >= 0]


def ordered_rows(rows: NDArray[np.intp], axes: Sequence[tuple[str, Axis]]) -> NDArray[np.intp]:
    """Return rows in an order that does not depend on that of the events."""
    first, second = axes[:2][::-1], axes[2:][::-1]
    return rows[ascending_by([axis.values.take(rows) for _, axis in (*first, *second)])]


def evenly(ordered: NDArray[np.intp], tickets: Tickets, most: int) -> tuple[NDArray[np.intp], Floats]:
    """Return at most this number of the ordered rows, one per stretch, and how many rows each represents."""
    n = min(most, ordered.size)
    picked = ordered[one_of_each(tickets.take(ordered), np.arange(n) * ordered.size // n)]
    return picked, np.full(n, ordered.size / n)


def nearest_of(ordered: NDArray[np.intp], tickets: Tickets) -> tuple[NDArray[np.intp], Floats]:
    """Return all of the nearest rows, ever fewer of the others, and how many rows each represents."""
    ranks, weights = drawn_by_rank(tickets.take(ordered), NEAREST_EVENTS)
    return ordered[ranks], weights


def _within_reach(
    rows: NDArray[np.intp], group: NDArray[np.intp], axes: Sequence[Axis], limit: float
) -> tuple[NDArray[np.intp], FloatArray]:
    """Return the rows whose squared distances from the group add up to less than the limit, and the sums."""
    total = np.zeros(rows.size, np.float32)
    for axis in axes:
        total += _squares(axis.values.take(rows), *_middle_and_spread(axis.values.take(group)))
        near = np.flatnonzero(total < np.float32(limit))
        rows, total = rows.take(near), total.take(near)
    return rows, total


def _group_on_axis(positions_at: AxisAt, group: NDArray[np.intp]) -> _GroupOnAxis:
    return _GroupOnAxis(*_middle_and_spread(positions_at(group).values), positions_at)


def _usual_square(squares: FloatArray, limit: float) -> float:
    """Return the mean of squared standardised distances, each at most the limit."""
    return float(np.minimum(squares, np.float32(limit)).mean()) if squares.size else 0.0


def _middle_and_spread(group_values: FloatArray) -> tuple[float, float]:
    """Return a group's middle and spread on one axis, from its median and two quantiles beside it."""
    low, middle, high = quantiles(group_values, USUAL_SPREAD)
    return middle, max((high - low) / 2, NARROWEST)


def _squares(offsets: FloatArray, middle: float, spread: float) -> FloatArray:
    """Return the squared standardised distances of positions from a group on one axis; overwrites them."""
    offsets -= np.float32(middle)
    offsets *= np.float32(1 / spread)
    offsets *= offsets
    return offsets
