"""The value at a rank among many values: a sample shows its range, and only values in it are searched.

The result is that of a partition, in a third of its time (Floyd & Rivest 1975, doi:10.1145/360680.360691).
"""

from __future__ import annotations

from math import sqrt
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)

FEWEST = 4096
"""Values from which few are looked at first. Convention: for speed; the result is the same."""
LOOKED_AT, STEP, SPREADS = 512, 64, 3.0
"""Values that say where a rank lies, of many values one in so many; standard errors of such a rank to each
side. Convention: for speed; where they are wrong, all values are looked at."""


def pair_at(values: NDArray[Float], rank: int) -> tuple[float, float]:
    """Return the value that so many are below, and the next one; twice the largest where there is no next.

    Parameters
    ----------
    values
        Shape (n,), n more than `rank`; none of them NaN.

    Examples
    --------
    >>> pair_at(np.array([5.0, 1.0, 3.0]), 1)
    (3.0, 5.0)
    """
    if values.size >= FEWEST:
        looked_at = np.sort(values[:: min(values.size // LOOKED_AT, STEP)])
        sample_rank = rank / values.size * looked_at.size
        reach = SPREADS * sqrt(sample_rank * (1 - rank / values.size)) + 2
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
