"""Groups of cells in the space of many channels: a mixture of normals that starts from density peaks.

Density peaks (Rodriguez & Laio 2014, doi:10.1126/science.1242072) find small groups beside large ones, and
the number of groups need not be known. The mixture shows where each group ends and how far it overlaps the
others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.elementary import exp
from gating.arithmetic.linear import (
    GRID,
    cholesky,
    exact_product,
    inverses,
    lower_inverse,
    on_grid,
    times,
)
from gating.arithmetic.numbers import Floats
from gating.clusters.peaks import NEIGHBOURS, density_peaks

FIT_STEPS, ITERATIONS_BEGUN, SETTLED_SHARE = 30, 20, 0.002
"""Most steps of the fit; most steps if it begins with known groups; share of events that may still change
groups when it stops. Chosen on the simulated tubes of docs/validation.md."""
LEAST_GROUP_SPREAD = 0.15
"""Least SD of a group on an axis. Chosen on the simulated tubes of docs/validation.md."""
POINTS_AT_ONCE = 2048
"""Points whose products are computed at once: they fit the processor's cache. Convention: any size that fits
the processor's cache gives the same values."""
NOISE_SHARE, NOISE_WIDTH = 0.02, 2.0
"""Share and width of the noise: a wide component for the events that belong to no group. Chosen on the
simulated tubes of docs/validation.md."""
LEAST_SHARE = 1e-12
"""Replaces a share of zero, of which no logarithm can be taken. Convention: far below one cell of a
tube."""


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
        return self.distances_from(group)(points)

    def distances_from(self, group: int) -> Callable[[Floats], Floats]:
        """Return a function that gives `distance_square` of one group; it is faster for many calls."""
        whiten = lower_inverse(cholesky(self.covariances[group]))
        origin = on_grid(self.means[group])
        return partial(_squared_lengths, whiten, origin, times(whiten, self.means[group] - origin)[:, None])

    def belongings(self, points: Floats) -> Floats:
        """Return the probability of each group at each point, shape (n_groups, n); each column sums to 1."""
        origin = on_grid(self.means[-1])
        forms = _forms([self._moved(-origin)])[0]
        result = np.empty((forms.shape[0], points.shape[0]))
        for start in range(0, points.shape[0], POINTS_AT_ONCE):
            block = slice(start, start + POINTS_AT_ONCE)
            products = _products(on_grid(points[block]) - origin)
            result[:, block] = _belongings(forms, products, _largest_product(products))
        return result

    def _moved(self, offset: Floats) -> Mixture:
        """Return the groups moved by an offset, shape (n_axes,)."""
        return replace(self, means=self.means + offset)


def _squared_lengths(whiten: Floats, origin: Floats, centre: Floats, points: Floats) -> Floats:
    offsets = np.ascontiguousarray(on_grid(points).T) - origin[:, None]
    whitened = exact_product(whiten, offsets, GRID, _largest(offsets))
    whitened -= centre
    whitened *= whitened
    return np.asarray(whitened.sum(axis=0), np.float64)


def fit_mixture(
    points: Floats, weights: Floats, begin: NDArray[np.intp] | None = None, steps: int = ITERATIONS_BEGUN
) -> Mixture:
    """Return the groups among points.

    Parameters
    ----------
    points
        On axes on which groups are round, shape (n, n_axes), n up to about 2,000.
    weights
        Events that each point represents, shape (n,).
    begin
        The group in which each point begins, shape (n,); None begins at the peaks of the points' density.
    steps
        Most steps if the fit begins with known groups.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> few, many = rng.normal(4, 0.5, (40, 3)), rng.normal(0, 0.5, (900, 3))
    >>> begin = np.repeat([0, 1], [40, 900])
    >>> mixture = fit_mixture(np.vstack([few, many]), np.ones(940), begin)
    >>> mixture.shares[:2].round(-1).tolist()
    [40.0, 890.0]
    """
    return fit_mixtures([(points, weights, begin)], steps)[0]


def fit_mixtures(
    problems: Sequence[tuple[Floats, Floats, NDArray[np.intp] | None]], steps: int = ITERATIONS_BEGUN
) -> list[Mixture]:
    """Return the result of `fit_mixture` for each (points, weights, begin); all have the same axes.

    The fits run side by side: each step inverts the matrices of all fits together.
    """
    fits = [_Fit(*problem) for problem in problems]
    left = fits
    for step in range(FIT_STEPS):
        left = [fit for fit in left if not fit.settled and step < (steps if fit.is_begun else FIT_STEPS)]
        if not left:
            break
        for fit, forms in zip(left, _forms([fit.mixture for fit in left]), strict=True):
            fit.improve(forms)
    return [fit.mixture._moved(fit.origin) for fit in fits]


class _Fit:
    """A mixture during its fit; coordinates are relative to an origin among the points."""

    def __init__(self, points: Floats, weights: Floats, begin: NDArray[np.intp] | None) -> None:
        owned = _owned(density_peaks(points) if begin is None else begin, weights)
        self.is_begun, self.settled, self.weights = begin is not None, False, weights
        self.origin = on_grid(points.mean(axis=0))
        self.products = _products(on_grid(points) - self.origin)
        self.largest = _largest_product(self.products)
        self.mixture = _estimate(self.products, owned, weights, self.largest)

    def improve(self, forms: Floats) -> None:
        """Assign the points to the groups by probability, and estimate the groups once more."""
        before = self.mixture.shares
        owned = _belongings(forms, self.products, self.largest)[:-1]
        self.mixture = _estimate(self.products, owned, self.weights, self.largest)
        shares = self.mixture.shares
        change = np.abs(shares - before).sum() if before.size == shares.size else np.inf
        self.settled = bool(change < SETTLED_SHARE * self.weights.sum())


def _forms(mixtures: Sequence[Mixture]) -> list[Floats]:
    """Return log(share × density) + constant of each mixture's groups, as weights of `_products`.

    A row per group, so that the logs of all groups at all points are one matrix product. Far from zero,
    squares would cancel.
    """
    shares, means, covariances = (
        np.concatenate([getattr(mixture, name) for mixture in mixtures])
        for name in ("shares", "means", "covariances")
    )
    precision, log_volume = inverses(covariances)
    pulled = times(precision, means)
    log_shares = np.log(np.maximum(shares, LEAST_SHARE)) - 0.5 * log_volume
    rows, columns = _pairs(means.shape[1])
    constant = log_shares - 0.5 * (pulled * means).sum(axis=1)
    squares = precision[:, rows, columns] * np.where(rows == columns, -0.5, -1.0)
    forms = np.concatenate([constant[:, None], pulled, squares], axis=1)
    ends = [0, *accumulate(mixture.shares.size for mixture in mixtures)]
    return [forms[start:end] for start, end in pairwise(ends)]


def _owned(groups: NDArray[np.intp], weights: Floats) -> Floats:
    """Return a probability of 0 or 1 per group and point, without groups of too few points."""
    kept = [g for g in range(int(groups.max()) + 1) if np.count_nonzero(groups == g) > NEIGHBOURS]
    return np.stack([(groups == g).astype(np.float64) for g in kept]) if kept else np.ones((1, weights.size))


def _belongings(forms: Floats, products: Floats, largest: float) -> Floats:
    """Return the probability of each group at each point, shape (n_groups, n); no product is larger."""
    logs = exact_product(forms[:, 1:], products[1:], GRID**2, largest)
    logs += forms[:, :1]
    logs -= logs.max(axis=0)
    logs = exp(logs.astype(np.float32)).astype(np.float64)
    logs /= logs.sum(axis=0)
    return logs


def _estimate(products: Floats, owned: Floats, weights: Floats, largest: float) -> Mixture:
    """Return the mixture of groups that own these points, and the noise around all of them."""
    size = owned.sum(axis=1)
    if not (size > NEIGHBOURS).all():
        owned, size = owned[size > NEIGHBOURS], size[size > NEIGHBOURS]
    heavy = np.vstack([owned * weights, weights])
    total, means, covariances = _moments(products, heavy, largest)
    n_axes = means.shape[1]
    identity = np.eye(n_axes)
    shrinkage = (n_axes / (n_axes + size))[:, None, None]
    rounded = np.trace(covariances[:-1], axis1=1, axis2=2)[:, None, None] * identity / n_axes
    covariances[:-1] += shrinkage * (rounded - covariances[:-1])
    covariances[-1] *= NOISE_WIDTH**2
    total[-1] *= NOISE_SHARE
    return Mixture(total, means, covariances + LEAST_GROUP_SPREAD**2 * identity)


def _moments(products: Floats, heavy: Floats, largest: float) -> tuple[Floats, Floats, Floats]:
    """Return sum, mean and covariance for each row of weights: (n_rows,), (n_rows, n_axes), (…, n_axes)."""
    sums = exact_product(heavy, products.T, GRID**2, largest, slices=1)
    total, n_axes = sums[:, 0].copy(), _n_axes(products)
    sums /= total[:, None]
    means = sums[:, 1 : 1 + n_axes]
    rows, columns = _pairs(n_axes)
    covariances = np.empty((total.size, n_axes, n_axes))
    covariances[:, rows, columns] = sums[:, 1 + n_axes :] - means[:, rows] * means[:, columns]
    covariances[:, columns, rows] = covariances[:, rows, columns]
    return total, means, covariances


def _products(points: Floats) -> Floats:
    """Return 1, the axes, and the product of every two axes at each point, shape (n_products, n)."""
    n, n_axes = points.shape
    axes = np.ones((1 + n_axes, n))
    axes[1:] = points.T
    products = np.empty(((1 + n_axes) * (2 + n_axes) // 2, n))
    end = 0
    for row in range(1 + n_axes):
        start, end = end, end + 1 + n_axes - row
        np.multiply(axes[row], axes[row:], out=products[start:end])
    return products


@cache
def _pairs(n_axes: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of every pair of axes; made once, since every step of a mixture needs them."""
    return np.triu_indices(n_axes)


def _n_axes(products: Floats) -> int:
    return int(np.sqrt(2 * products.shape[0])) - 1


def _largest(values: Floats) -> float:
    """Return the largest absolute value."""
    return max(float(values.max(initial=0.0)), -float(values.min(initial=0.0)))


def _largest_product(products: Floats) -> float:
    """Return an upper bound for the absolute value of any of these `_products`, from the axes among them."""
    return max(1.0, _largest(products[: 1 + _n_axes(products)])) ** 2
