"""Which of two densities is surely the higher, though some are known only to lie below or above a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.washout.censored.likelihood import LEFT, RIGHT
from pipeline.washout.observations.rows import Observations

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PairOrder:
    """Which of two densities is surely the higher, by numbers that keep the order of values and limits.

    A row surely lies below another where its `high` is below the other's `low`. A measured row has
    low = high; one below its LLOQ has low = −1 and as `high` a place just below its limit; one above its ULOQ
    has `low` just above its limit. Two rows that are not so ordered are tied (Gehan 1965,
    doi:10.1093/biomet/52.1-2.203; Akritas, Murphy & LaValley 1995, doi:10.1080/01621459.1995.10476499).

    Attributes
    ----------
    low, high : (n,)
        Whole numbers.
    """

    low: NDArray[np.intp]
    high: NDArray[np.intp]

    def take(self, rows: NDArray[np.intp]) -> PairOrder:
        """Return the order of these rows."""
        return PairOrder(self.low[rows], self.high[rows])

    @property
    def is_tied(self) -> bool:
        """Whether no two rows are ordered."""
        return not bool(self.high.min() < self.low.max())

    def scores(self, weights: Floats) -> Floats:
        """Return how many rows lie surely below each less how many above, (B, n); rows count `weights` times.

        Where nothing is censored, or all at one limit, this is twice the mid-rank, less n + 1.
        """
        below = _counted(self.high, self.low, weights, "left")
        above = weights.sum(axis=1, keepdims=True) - _counted(self.low, self.high, weights, "right")
        return np.asarray(below - above)

    def signs(self, rows: slice) -> Floats:
        """Return 1 where a row of `rows` lies surely above another, −1 below, 0 where not known, (m, n)."""
        above = self.low[rows, None] > self.high[None, :]
        below = self.high[rows, None] < self.low[None, :]
        return above.astype(np.float64) - below


def _counted(
    values: NDArray[np.intp], at: NDArray[np.intp], weights: Floats, side: Literal["left", "right"]
) -> Floats:
    """Return the weight of the values below (left), or not above (right), each of `at`: (B, n)."""
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(weights[:, order], axis=1)
    upto = np.concatenate([np.zeros((len(weights), 1)), upto], axis=1)
    return np.asarray(upto[:, np.searchsorted(values[order], at, side=side)])


def pair_order(rows: Observations) -> PairOrder:
    """Return the order of the rows' densities as far as their limits let it be known."""
    key = np.stack([rows.log_rd, rows.kind], axis=1)  # at one value: below it, it, above it
    place = np.unique(key, axis=0, return_inverse=True)[1].reshape(-1)
    low = np.where(rows.kind == LEFT, -1, place)
    high = np.where(rows.kind == RIGHT, len(place), place)
    return PairOrder(low.astype(np.intp), high.astype(np.intp))


def order_of(values: Floats) -> PairOrder:
    """Return the order of values that are all known."""
    place = np.unique(values, return_inverse=True)[1].astype(np.intp)
    return PairOrder(place, place)
