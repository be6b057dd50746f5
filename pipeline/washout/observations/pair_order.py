"""Order of two receptor densities where it is certain; a censored one is only known to lie beyond a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats
from pipeline.washout.censored.likelihood import LEFT, RIGHT
from pipeline.washout.observations.rows import Observations


@dataclass(frozen=True, slots=True, eq=False)
class PairOrder:
    """The lowest and the highest rank that each receptor density can have.

    A row certainly lies below another if its `high` is below the other's `low`. A measured row has low =
    high. A row below its LLOQ has low = −1, and its `high` is the rank just below its limit. A row above its
    ULOQ has as `low` the rank just above its limit. Two rows without a certain order are tied (Gehan 1965,
    doi:10.1093/biomet/52.1-2.203; Akritas, Murphy & LaValley 1995, doi:10.1080/01621459.1995.10476499).

    Attributes
    ----------
    low, high : (n,)
        Ranks, whole numbers.
    """

    low: NDArray[np.intp]
    high: NDArray[np.intp]

    def take(self, rows: NDArray[np.intp]) -> PairOrder:
        """Return the order of these rows."""
        return PairOrder(self.low[rows], self.high[rows])

    @property
    def is_tied(self) -> bool:
        """Whether no two rows have a certain order."""
        return not bool(self.high.min() < self.low.max())

    def scores(self, weights: Floats) -> Floats:
        """Return for each row the rows certainly below it less those certainly above it, (B, n).

        Rows count `weights` times. If nothing is censored, or all rows at one limit, this is twice the
        mid-rank, less n + 1.
        """
        below = _counted(self.high, self.low, weights, "left")
        above = weights.sum(axis=1, keepdims=True) - _counted(self.low, self.high, weights, "right")
        return np.asarray(below - above)

    def signs(self, rows: slice) -> Floats:
        """Return 1 if a row of `rows` is certainly above another, −1 if below, 0 if not known, (m, n)."""
        above = self.low[rows, None] > self.high[None, :]
        below = self.high[rows, None] < self.low[None, :]
        return above.astype(np.float64) - below


def _counted(
    values: NDArray[np.intp], limits: NDArray[np.intp], weights: Floats, side: Literal["left", "right"]
) -> Floats:
    """Return the weight of all values below each of `limits` (left), or not above it (right), (B, n)."""
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(weights[:, order], axis=1)
    upto = np.concatenate([np.zeros((len(weights), 1)), upto], axis=1)
    return np.asarray(upto[:, np.searchsorted(values[order], limits, side=side)])


def pair_order(rows: Observations) -> PairOrder:
    """Return the order of the rows' receptor densities, as far as their limits allow."""
    # sorted by value; at the same value first the rows below it, then those at it, then those above it
    key = np.stack([rows.log_rd, rows.kind], axis=1)
    rank = np.unique(key, axis=0, return_inverse=True)[1].reshape(-1)
    low = np.where(rows.kind == LEFT, -1, rank)
    high = np.where(rows.kind == RIGHT, len(rank), rank)
    return PairOrder(low.astype(np.intp), high.astype(np.intp))


def order_of(values: Floats) -> PairOrder:
    """Return the order of values that are all known."""
    rank = np.unique(values, return_inverse=True)[1].astype(np.intp)
    return PairOrder(rank, rank)
