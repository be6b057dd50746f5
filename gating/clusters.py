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
        logs = self._logs(points)
        logs -= logs.max(axis=0)
        parts = np.exp(logs)
        return np.asarray(parts / parts.sum(axis=0), np.float64)

    def _logs(self, points: Floats) -> Floats:
        """Return log(share × density), but for a constant, at each point, shape (n_groups, n)."""
        lower = np.linalg.cholesky(self.covariances)
        whiten = np.linalg.inv(lower)
        whitened = whiten @ points.T - (whiten @ self.means[:, :, None])
        half_log_volume = np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
        distance = np.einsum("gij,gij->gj", whitened, whitened)
        shares = np.log(np.maximum(self.shares, 1e-12)) - half_log_volume
        return np.asarray(shares[:, None] - 0.5 * distance, np.float64)


def fit_mixture(points: Floats, weights: Floats, begin: NDArray[np.intp] | None = None) -> Mixture:
    """Return the groups among points.

    Parameters
    ----------
    points
        On axes on which groups are round, shape (n, n_axes), n up to about 2,000.
    weights
        Events that each point stands for, shape (n,).
    begin
        The group that each point begins in, shape (n,); None begins at the peaks of the points' density.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> few, many = rng.normal(4, 0.5, (40, 3)), rng.normal(0, 0.5, (900, 3))
    >>> found = fit_mixture(np.vstack([few, many]), np.ones(940))
    >>> sorted(found.shares.round(-1).tolist())[-2:]
    [40.0, 900.0]
    """
    owned = _owned(density_peaks(points) if begin is None else begin, weights)
    mixture = _estimate(points, owned, weights)
    for _ in range(ITERATIONS if begin is None else ITERATIONS_BEGUN):
        before = mixture.shares
        mixture = _estimate(points, mixture.belongings(points)[:-1], weights)
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
    distances = _distances(points)
    n = points.shape[0]
    reach = np.partition(distances, min(NEIGHBOURS, n - 1), axis=1)[:, min(NEIGHBOURS, n - 1)]
    order = np.argsort(reach, kind="stable")
    distances = distances[order][:, order]
    distances[np.triu_indices(n)] = np.inf  # what is left of each row are the denser points
    best = distances.argmin(axis=1)
    nearest, apart = np.zeros(n, np.intp), np.zeros(n)
    nearest[order], apart[order] = order[best], distances[np.arange(n), best]
    peaks = np.argsort(-apart / np.maximum(reach, 1e-9), kind="stable")[:most]
    groups = np.full(n, -1, np.intp)
    groups[peaks] = np.arange(peaks.size)
    for point in order:
        if groups[point] < 0:
            groups[point] = groups[nearest[point]]
    return groups


def _distances(points: Floats) -> NDArray[np.float32]:
    squares = (points**2).sum(axis=1)
    distances = (squares[:, None] + squares[None, :] - 2 * points @ points.T).astype(np.float32)
    return np.asarray(np.sqrt(np.maximum(distances, 0)), np.float32)


def _owned(groups: NDArray[np.intp], weights: Floats) -> Floats:
    """Return the groups as probabilities, without those too small to have a shape."""
    kept = [g for g in range(int(groups.max()) + 1) if np.count_nonzero(groups == g) > NEIGHBOURS]
    return np.stack([(groups == g).astype(np.float64) for g in kept]) if kept else np.ones((1, weights.size))


def _estimate(points: Floats, owned: Floats, weights: Floats) -> Mixture:
    """Return the mixture of groups that own these points, and the noise around all of them."""
    shares, means, covariances = [], [], []
    whole_mean, whole_covariance = _moments(points, weights)
    identity = np.eye(points.shape[1])
    prior = LEAST_SPREAD**2 * identity
    for part in owned:
        heavy = part * weights
        if part.sum() <= NEIGHBOURS:
            continue
        mean, covariance = _moments(points, heavy)
        few = points.shape[1] / (points.shape[1] + float(part.sum()))
        round_one = identity * np.trace(covariance) / points.shape[1]
        shares.append(float(heavy.sum()))
        means.append(mean)
        covariances.append((1 - few) * covariance + few * round_one + prior)
    shares.append(NOISE_SHARE * float(weights.sum()))
    means.append(whole_mean)
    covariances.append(NOISE_WIDTH**2 * whole_covariance + prior)
    return Mixture(np.array(shares), np.array(means), np.array(covariances))


def _moments(points: Floats, weights: Floats) -> tuple[Floats, Floats]:
    total = float(weights.sum())
    mean = weights @ points / total
    offsets = points - mean
    return mean, (offsets * weights[:, None]).T @ offsets / total
