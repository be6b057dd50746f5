"""Two overlapping groups on one axis: a mixture of two normal distributions, and where they cross."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.density import Density

Floats = NDArray[np.float64]
ITERATIONS = 60
LEAST_SEPARATION = 2.0
"""Ashman's D below which two normal distributions are not told apart (doi:10.1086/117248)."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where the upper group becomes likelier than the lower one.

    Attributes
    ----------
    place
        On the axis.
    separation
        Ashman's D: distance of the means over the root mean square of the spreads.
    """

    place: float
    separation: float


def crossing_of(density: Density, low_mode: float, high_mode: float) -> Crossing | None:
    """Return the crossing of two normal distributions fitted to a density, or None if they are not apart.

    Expectation–maximisation on the bins, started at two modes; deterministic.

    Parameters
    ----------
    density
        Counts along an axis.
    low_mode, high_mode
        Places to start from, `low_mode` < `high_mode`.

    Examples
    --------
    >>> from gating.density import density_of
    >>> rng = np.random.default_rng(1)
    >>> values = np.concatenate([rng.normal(0, 1, 5_000), rng.normal(5, 1, 5_000)]).astype(np.float32)
    >>> found = crossing_of(density_of(values, bandwidth=0.1, low=-5, high=10), 0.0, 5.0)
    >>> round(found.place, 1), round(found.separation)
    (2.5, 5)
    """
    x, n = density.grid, density.counts
    means = np.array([low_mode, high_mode])
    spreads = np.full(2, max((high_mode - low_mode) / 4, density.step))
    shares = np.array([0.5, 0.5])
    for _ in range(ITERATIONS):
        parts = _parts(x, means, spreads, shares)
        owned = n * parts / np.maximum(parts.sum(axis=0), 1e-300)
        totals = np.maximum(owned.sum(axis=1), 1e-9)
        means = (owned * x).sum(axis=1) / totals
        spreads = np.sqrt((owned * (x - means[:, None]) ** 2).sum(axis=1) / totals + density.step**2)
        shares = totals / totals.sum()
    separation = float(np.sqrt(2) * (means[1] - means[0]) / np.sqrt((spreads**2).sum()))
    if not separation >= LEAST_SEPARATION:
        return None
    parts = _parts(x, means, spreads, shares)
    above = np.flatnonzero((x > means[0]) & (x < means[1]) & (parts[1] > parts[0]))
    return Crossing(float(x[above[0]]), separation) if above.size else None


def _parts(
    x: NDArray[np.float64],
    means: NDArray[np.float64],
    spreads: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    z = (x - means[:, None]) / spreads[:, None]
    return np.asarray(shares[:, None] / spreads[:, None] * np.exp(-0.5 * z**2), np.float64)
