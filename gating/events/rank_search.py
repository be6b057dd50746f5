"""The value at a rank among many values: a sample gives its range, and only that range is searched.

The result is that of a partition, in a third of its time (Floyd & Rivest 1975, doi:10.1145/360680.360691).
"""

from __future__ import annotations

from math import sqrt
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)

FEWEST_TO_SAMPLE = 4096
"""Least number of values for which a sample is taken first. Convention: for speed; the result is the same."""
LOOKED_AT, RANK_STEP, SPREADS_OF_RANK = 512, 64, 3.0
"""Least size of the sample; of many values one in so many is sampled; half the width of the searched range,
in standard errors of the rank. Convention: for speed; if the rank lies outside the range, all values are
searched."""


def pair_at(values: NDArray[Float], rank: int) -> tuple[float, float]:
    """Return the value at a rank and the next larger value; the largest value twice at the last rank.

    Parameters
    ----------
    values
        Shape (n,), n more than `rank`; none of them NaN.

    Examples
    --------
    >>> pair_at(np.array([5.0, 1.0, 3.0]), 1)
    (3.0, 5.0)
    """
    if values.size >= FEWEST_TO_SAMPLE:
        looked_at = np.sort(values[:: min(values.size // LOOKED_AT, RANK_STEP)])
        sample_rank = rank / values.size * looked_at.size
        reach = SPREADS_OF_RANK * sqrt(sample_rank * (1 - rank / values.size)) + 2
        first, last = int(sample_rank - reach), int(sample_rank + reach)
        is_near = values >= looked_at[first] if first >= 0 else np.ones(values.size, np.bool_)
        n_below = values.size - int(np.count_nonzero(is_near))
        if last < looked_at.size:
            is_near &= values <= looked_at[last]
        near = values.compress(is_near)
        if 0 <= rank - n_below < near.size - (rank + 1 < values.size):
            return _pair_at(near, rank - n_below)
    return _pair_at(values, rank)


def _pair_at(values: NDArray[Float], rank: int) -> tuple[float, float]:
    split = np.partition(values, rank)
    value = float(split[rank])
    return value, float(split[rank + 1 :].min()) if rank + 1 < values.size else value
