"""Clusters as ellipsoids; each ends where the next event is more likely another kind of cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.anchors.evidence import Group
from gating.arithmetic.numbers import Floats
from gating.clusters.mixture import Mixture
from gating.events import Mask
from gating.gates import EllipsoidGate
from gating.thresholds import Axis, rounded
from gating.thresholds.axis import JUST_BEYOND

LEAST_GAIN = 1e-6
"""Step in which a cell's gain is counted. Convention: whole numbers of steps have the same sum in any
order."""
FEWEST_IN_CLUSTER = 12.0
"""Least number of cells of a cluster that gets an ellipsoid. Chosen on the simulated tubes of
docs/validation.md."""
FEWEST_MORE, LEAST_MORE = 3, 0.01
"""Least number of cells that a further ellipsoid must add, and their least share of the wanted cells. Chosen
on the simulated tubes of docs/validation.md."""
OUTERMOST = 2.88
"""Standard normal deviate of the outermost cell of a cluster: one in 500 lies beyond. Convention: one cell
in 500."""


@dataclass(frozen=True, slots=True)
class Clustered:
    """A group found as clusters.

    Attributes
    ----------
    group
        The wanted cells: those inside one of the ellipsoids.
    ellipsoids
        A gate per cluster.
    """

    group: Group
    ellipsoids: tuple[EllipsoidGate, ...]


def points_of(axes: Sequence[tuple[str, Axis]], rows: NDArray[np.intp]) -> Floats:
    """Return events as points, float64, shape (n_rows, n_axes)."""
    return np.array([axis.values.take(rows) for _, axis in axes], np.float64).T


def near_groups(
    mixture: Mixture, wanted: list[int], axes: Sequence[tuple[str, Axis]], region: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Return the events of the region within six spreads of a wanted group on every axis."""
    if not region.size:
        return region
    near = np.zeros(int(region.max()) + 1, np.bool_)
    for group in wanted:
        spreads = np.sqrt(np.diag(mixture.covariances[group]))
        rows = region
        for axis_row, (_, axis) in enumerate(axes):
            offsets = axis.values[rows] - np.float32(mixture.means[group, axis_row])
            rows = rows[np.abs(offsets) <= np.float32(6 * spreads[axis_row])]
        near[rows] = True
    return region[near[region]]


def draw_ellipsoids(
    mixture: Mixture,
    wanted: list[int],
    axes: Sequence[tuple[str, Axis]],
    near: NDArray[np.intp],
    n: int,
    trust: float,
) -> Clustered | None:
    """Return an ellipsoid per wanted group; it ends where the next event is more likely another cell."""
    points = points_of(axes, near)
    if points.shape[0] < FEWEST_IN_CLUSTER:
        return None
    likely = mixture.belongings(points)[wanted].sum(axis=0)
    gates, inside = ellipsoids_of(mixture, wanted, axes, points, likely)
    total = float(likely.sum()) + np.count_nonzero(inside)
    if np.count_nonzero(inside) < FEWEST_IN_CLUSTER:
        return None
    expected = 2 * float(likely[inside].sum()) / total
    mask: Mask = np.zeros(n, np.bool_)
    mask[near[inside]] = True
    return Clustered(Group(mask, max(0.0, 2 * expected - 1), trust=trust), tuple(gates))


def ellipsoids_of(
    mixture: Mixture, wanted: list[int], axes: Sequence[tuple[str, Axis]], points: Floats, likely: Floats
) -> tuple[list[EllipsoidGate], Mask]:
    """Return an ellipsoid per wanted group that adds cells to the earlier ones, and the points inside any.

    Parameters
    ----------
    points
        Shape (n, n_axes).
    likely
        Probability of each point to be a wanted cell, shape (n,).
    """
    inside = np.zeros(points.shape[0], np.bool_)
    gates = []
    gains = np.rint((2 * likely - 1) / LEAST_GAIN).astype(np.int64)  # whole numbers add up alike in any order
    for group in sorted(wanted, key=lambda group: -float(mixture.shares[group])):
        distances = mixture.distance_square(group, points)
        near = np.flatnonzero(distances <= farthest(len(axes)))
        order = near[np.argsort(distances[near])]
        ascending = distances.take(order)
        gain = np.where(ends_of_ties(ascending), np.cumsum(np.where(inside, 0, gains).take(order)), 0)
        if gain.max(initial=0) <= 0:
            continue
        limit = float(ascending[int(np.argmax(gain))])
        limit = rounded(limit * (1 + JUST_BEYOND))
        more = np.count_nonzero((distances <= limit) & ~inside)
        if more < max(FEWEST_MORE, LEAST_MORE * np.count_nonzero(inside)):
            continue
        gates.append(as_gate(mixture, group, axes, limit))
        inside |= distances <= limit
    return gates, inside


def ends_of_ties(ascending: Floats) -> Mask:
    """Return which values are the last of equal ones: points at the same distance stay together."""
    return np.append(ascending[1:] > ascending[:-1], ascending.size > 0)[: ascending.size]


def farthest(n_axes: int) -> float:
    """Return the squared distance that one cell of a normal distribution in 500 exceeds (Wilson–Hilferty)."""
    part = 2 / (9 * n_axes)
    return n_axes * float((1 - part + OUTERMOST * np.sqrt(part)) ** 3)


def as_gate(mixture: Mixture, group: int, axes: Sequence[tuple[str, Axis]], limit: float) -> EllipsoidGate:
    """Return a group's ellipsoid on asinh(x / cofactor); mean and covariance include the axes' units."""
    units = np.array([axis.unit for _, axis in axes])
    covariance = mixture.covariances[group] * np.outer(units, units)
    covariance = (covariance + covariance.T) / 2
    return EllipsoidGate(
        tuple(channel for channel, _ in axes),
        tuple(axis.cofactor for _, axis in axes),
        tuple((mixture.means[group] * units).tolist()),
        tuple(tuple(row) for row in covariance.tolist()),
        limit,
    )
