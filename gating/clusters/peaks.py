"""Density peaks: the centres of crowded regions; their number need not be known.

A peak is a point that is far from any denser one (Rodriguez & Laio 2014, doi:10.1126/science.1242072).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.linear import on_grid
from gating.arithmetic.numbers import LEAST_DIVISOR, Floats

NEIGHBOURS = 8
"""Number of nearest points by which the density at a point is measured; a group needs more points. Chosen on
the simulated tubes of docs/validation.md."""
MOST_PEAKS = 16
"""Most groups with which a mixture begins. Chosen on the simulated tubes of docs/validation.md."""
ROWS = 64
"""Points whose distances to all others are computed at once: they fit the processor's cache. Convention: any
size that fits the processor's cache gives the same values."""
MOST_DISTANT = np.finfo(np.float32).max
"""Upper bound of every distance. From the range of float32 (IEEE 754)."""


def peak_groups(points: Floats, most: int) -> NDArray[np.intp]:
    """Return the group of each point, at most this number of groups; one group if the points are too few."""
    if points.shape[0] <= 2 * NEIGHBOURS:
        return np.zeros(points.shape[0], np.intp)
    return density_peaks(points, most)


def density_peaks(points: Floats, most: int = MOST_PEAKS) -> NDArray[np.intp]:
    """Return the group of each point, shape (n,): that of its nearest denser neighbour, up to a peak.

    A peak is a point that is far from any denser one, compared with the distance to its own neighbours.
    """
    n = points.shape[0]
    distances, reach = _distances_and_reach(points, min(NEIGHBOURS, n - 1))
    order = np.argsort(reach, kind="stable")
    nearest = _nearest_denser(distances, order)
    apart = np.sqrt(distances[np.arange(n), nearest])
    apart[order[0]] = np.inf
    peaks = np.argsort(-apart / np.maximum(np.sqrt(reach), LEAST_DIVISOR), kind="stable")[:most]
    return _flooded(peaks, order, nearest)


def _nearest_denser(distances: NDArray[np.float32], order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return, for each point, the nearest of the points before it in the order, shape (n,)."""
    n = order.size
    rank, nearest = np.empty(n, np.int32), np.empty(n, np.intp)
    rank[order] = np.arange(n, dtype=np.int32)
    farther = np.empty((ROWS, n), np.float32)
    for start in range(0, n, ROWS):
        block = slice(start, start + ROWS)
        some = farther[: rank[block].size]
        np.multiply(
            rank >= rank[block, None], MOST_DISTANT, out=some
        )  # half the time of a choice between two arrays
        np.maximum(some, distances[block], out=some)
        some.argmin(axis=1, out=nearest[block])
    return nearest


def _flooded(peaks: NDArray[np.intp], order: NDArray[np.intp], nearest: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the number of each point's peak: its nearest denser point's, from the densest point down."""
    groups = [-1] * order.size
    for number, peak in enumerate(peaks.tolist()):
        groups[peak] = number
    denser = nearest.tolist()
    for point in order.tolist():
        if groups[point] < 0:
            groups[point] = groups[denser[point]]
    return np.array(groups, np.intp)


def _distances_and_reach(points: Floats, nth: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the squared distances of all points, (n, n), and those of their nth neighbours, (n,)."""
    centred = on_grid(points)
    centred -= on_grid(points.mean(axis=0))
    squares = (centred * centred).sum(axis=1)
    ones, n = np.ones_like(squares), squares.size
    left = np.concatenate([-2 * centred, squares[:, None], ones[:, None]], axis=1)
    right = np.concatenate([centred.T, ones[None], squares[None]])
    distances, reach = np.empty((n, n), np.float32), np.empty(n, np.float32)
    exact, distances_copy = np.empty((ROWS, n)), np.empty((ROWS, n), np.float32)
    for start in range(0, n, ROWS):
        rows = distances[start : start + ROWS]
        some = slice(rows.shape[0])
        np.matmul(left[start : start + ROWS], right, out=exact[some])  # exact: few whole multiples of GRID²
        rows[:] = exact[some]
        distances_copy[some] = rows
        _nth_smallest(distances_copy[some], nth, reach[start : start + ROWS])
    return distances, reach


def _nth_smallest(values: NDArray[np.float32], nth: int, result: NDArray[np.float32]) -> None:
    """Find each row's value at a rank; overwrites `values`, and is faster than a partition."""
    rows = np.arange(values.shape[0])
    for _ in range(nth):
        values[rows, values.argmin(axis=1)] = np.inf
    values.min(axis=1, out=result)
