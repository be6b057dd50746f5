"""Groups of cells in the space of many channels: density peaks, sharpened to a mixture of normals.

Density peaks (Rodriguez & Laio 2014, doi:10.1126/science.1242072) find small groups beside large ones without
being told how many there are; the mixture says where each one ends and how far it runs into the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NEIGHBOURS = 8
MOST_PEAKS = 16
ITERATIONS, ITERATIONS_BEGUN, SETTLED = 30, 20, 0.002
"""Most steps of the mixture, fewer where it begins with known groups; the share of events that may still
change groups when it stops."""
LEAST_SPREAD = 0.15
"""SD on an axis below which no group is believed to lie."""
NOISE_SHARE, NOISE_WIDTH = 0.02, 2.0
"""Of the one wide component that takes what belongs to no group."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """Normal distributions and their shares; the last one is the noise.

    Attributes
    ----------
    shares
        Shape (n_groups,), events.
    means
        Shape (n_groups, n_axes).
    covariances
        Shape (n_groups, n_axes, n_axes).
    """

    shares: Floats
    means: Floats
    covariances: Floats

    def distance_square(self, group: int, points: Floats) -> Floats:
        """Return the squared Mahalanobis distance of points, shape (n, n_axes), from a group's centre."""
        whiten = np.linalg.inv(np.linalg.cholesky(self.covariances[group]))
        whitened = whiten @ (points - self.means[group]).T
        return np.asarray(np.einsum("ij,ij->j", whitened, whitened), np.float64)

    def belongings(self, points: Floats) -> Floats:
        """Return the probability of each group at each point, shape (n_groups, n); each column sums to 1."""
        return self._belongings(points, _products(points))

    def _belongings(self, points: Floats, products: Floats) -> Floats:
        """Return what `belongings` does, for points whose products are known."""
        logs = self._logs(points, products)
        logs -= logs.max(axis=0)
        parts = np.exp(logs, out=logs)
        return np.asarray(parts / parts.sum(axis=0), np.float64)

    def _logs(self, points: Floats, products: Floats) -> Floats:
        """Return log(share × density), but for a constant, at each point, shape (n_groups, n).

        The squared distances of all groups are one matrix product with the products of the axes.
        """
        lower = np.linalg.cholesky(self.covariances)
        whiten = np.linalg.inv(lower)
        precision = np.swapaxes(whiten, 1, 2) @ whiten
        rows, columns = np.triu_indices(points.shape[1])
        pulled = (precision @ self.means[:, :, None])[:, :, 0]
        distance = (precision[:, rows, columns] * np.where(rows == columns, 1.0, 2.0)) @ products
        distance -= 2 * pulled @ points.T
        distance += np.einsum("gi,gi->g", pulled, self.means)[:, None]
        half_log_volume = np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
        shares = np.log(np.maximum(self.shares, 1e-12)) - half_log_volume
        return np.asarray(shares[:, None] - 0.5 * distance, np.float64)


def fit_mixture(
    points: Floats, weights: Floats, begin: NDArray[np.intp] | None = None, steps: int = ITERATIONS_BEGUN
) -> Mixture:
    """Return the groups among points.

    Parameters
    ----------
    points
        On axes on which groups are round, shape (n, n_axes), n up to about 2,000.
    weights
        Events that each point stands for, shape (n,).
    begin
        The group that each point begins in, shape (n,); None begins at the peaks of the points' density.
    steps
        At most, where it begins with known groups.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> few, many = rng.normal(4, 0.5, (40, 3)), rng.normal(0, 0.5, (900, 3))
    >>> found = fit_mixture(np.vstack([few, many]), np.ones(940))
    >>> sorted(found.shares.round(-1).tolist())[-2:]
    [40.0, 900.0]
    """
    owned = _owned(density_peaks(points) if begin is None else begin, weights)
    products = _products(points)
    mixture = _estimate(points, products, owned, weights)
    for _ in range(ITERATIONS if begin is None else steps):
        before = mixture.shares
        mixture = _estimate(points, products, mixture._belongings(points, products)[:-1], weights)
        same = before.size == mixture.shares.size
        if same and np.abs(mixture.shares - before).sum() < SETTLED * weights.sum():
            break
    return mixture


def grouped(points: Floats, most: int) -> NDArray[np.intp]:
    """Return the group of each point, at most so many; one group where the points are too few for peaks."""
    if points.shape[0] <= 2 * NEIGHBOURS:
        return np.zeros(points.shape[0], np.intp)
    return density_peaks(points, most)


def density_peaks(points: Floats, most: int = MOST_PEAKS) -> NDArray[np.intp]:
    """Return the group of each point, shape (n,): that of its nearest denser neighbour, up to a peak.

    A peak is a point that is far from any denser one, compared with the distance to its own neighbours.
    """
    distances = _squared_distances(points)
    n = points.shape[0]
    reach = _nth_smallest(distances, min(NEIGHBOURS, n - 1))
    order = np.argsort(reach, kind="stable")
    distances = _squared_distances(points[order])
    distances[~np.tri(n, k=-1, dtype=np.bool_)] = np.inf  # what is left of each row are the denser points
    best = distances.argmin(axis=1)
    nearest, apart = np.zeros(n, np.intp), np.zeros(n)
    nearest[order], apart[order] = order[best], np.sqrt(distances[np.arange(n), best])
    reach = np.sqrt(reach)
    peaks = np.argsort(-apart / np.maximum(reach, 1e-9), kind="stable")[:most]
    groups = np.full(n, -1, np.intp)
    groups[peaks] = np.arange(peaks.size)
    for point in order:
        if groups[point] < 0:
            groups[point] = groups[nearest[point]]
    return groups


def _squared_distances(points: Floats) -> NDArray[np.float32]:
    centred = (points - points.mean(axis=0)).astype(np.float32)
    squares = np.einsum("ij,ij->i", centred, centred)
    distances = centred @ centred.T
    distances *= np.float32(-2)
    distances += squares[:, None]
    distances += squares
    return np.asarray(np.maximum(distances, 0, out=distances), np.float32)


def _nth_smallest(distances: NDArray[np.float32], nth: int) -> NDArray[np.float32]:
    """Return the value in each row that so many are below; changes `distances`, faster than a partition."""
    rows = np.arange(distances.shape[0])
    for _ in range(nth):
        distances[rows, distances.argmin(axis=1)] = np.inf
    return np.asarray(distances.min(axis=1), np.float32)


def _owned(groups: NDArray[np.intp], weights: Floats) -> Floats:
    """Return the groups as probabilities, without those too small to have a shape."""
    kept = [g for g in range(int(groups.max()) + 1) if np.count_nonzero(groups == g) > NEIGHBOURS]
    return np.stack([(groups == g).astype(np.float64) for g in kept]) if kept else np.ones((1, weights.size))


def _estimate(points: Floats, products: Floats, owned: Floats, weights: Floats) -> Mixture:
    """Return the mixture of groups that own these points, and the noise around all of them."""
    size = owned.sum(axis=1)
    owned, size = owned[size > NEIGHBOURS], size[size > NEIGHBOURS]
    heavy = np.vstack([owned * weights, weights])
    total = heavy.sum(axis=1)
    means, covariances = _moments(points, products, heavy, total)
    n_axes = points.shape[1]
    identity = np.eye(n_axes)
    few = (n_axes / (n_axes + size))[:, None, None]
    rounded = np.trace(covariances[:-1], axis1=1, axis2=2)[:, None, None] * identity / n_axes
    covariances[:-1] += few * (rounded - covariances[:-1])
    covariances[-1] *= NOISE_WIDTH**2
    total[-1] *= NOISE_SHARE
    return Mixture(total, means, covariances + LEAST_SPREAD**2 * identity)


def _moments(points: Floats, products: Floats, heavy: Floats, total: Floats) -> tuple[Floats, Floats]:
    """Return mean and covariance under each row of weights, shapes (n_rows, n_axes) and (…, n_axes)."""
    means = heavy @ points / total[:, None]
    rows, columns = np.triu_indices(points.shape[1])
    covariances = np.empty((total.size, points.shape[1], points.shape[1]))
    covariances[:, rows, columns] = heavy @ products.T / total[:, None] - means[:, rows] * means[:, columns]
    covariances[:, columns, rows] = covariances[:, rows, columns]
    return means, covariances


def _products(points: Floats) -> Floats:
    """Return the product of every two axes at each point, shape (n_axes × (n_axes + 1) / 2, n)."""
    rows, columns = np.triu_indices(points.shape[1])
    axes = np.ascontiguousarray(points.T)
    return np.asarray(axes[rows] * axes[columns], np.float64)
