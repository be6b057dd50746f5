"""Medians and quantiles by looking for one rank; several at once, as numpy does, take ten times as long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gating.events.events import FloatArray
from gating.events.rank_search import pair_at


def median(values: FloatArray) -> float:
    """Return what `np.median` does; values of shape (n,), at least one, none of them nan."""
    if values.size % 2:
        return pair_at(values, values.size // 2)[0]
    low, high = pair_at(values, values.size // 2 - 1)
    return float((values.dtype.type(low) + values.dtype.type(high)) / 2)


def quantile(values: FloatArray, share: float) -> float:
    """Return what `np.quantile` does, interpolated between two values.

    Examples
    --------
    >>> quantile(np.array([3, 1, 2], np.float32), 0.75)
    2.5
    """
    exact_rank = (values.size - 1) * share
    rank = int(exact_rank)
    low, high = pair_at(values, rank)
    return float(np.float32(low + (high - low) * (exact_rank - rank)))


def quantiles(values: FloatArray, shares: Sequence[float]) -> list[float]:
    """Return what `quantile` does for each share, by one sort: sooner for a few shares of a few values.

    Examples
    --------
    >>> quantiles(np.array([3, 1, 2], np.float32), (0.25, 0.75))
    [1.5, 2.5]
    """
    ascending, last = np.sort(values), values.size - 1
    results = []
    for share in shares:
        rank = int(last * share)
        low, high = float(ascending[rank]), float(ascending[min(rank + 1, last)])
        results.append(float(np.float32(low + (high - low) * (last * share - rank))))
    return results


def ranked(values: FloatArray, share: float) -> float:
    """Return the value that this share of the values lies below, without interpolation."""
    return pair_at(values, int(share * (values.size - 1)))[0]


def dim_end(values: FloatArray, share: float) -> float:
    """Return what `ranked` does, sooner where enough values are negative: few are left to look at then.

    Examples
    --------
    >>> dim_end(np.array([5, -3, 2, -8], np.float32), 0.34)
    -3.0
    """
    rank = int(share * (values.size - 1))
    negative = values.compress(values < 0)
    searched = negative if negative.size > rank else values
    return pair_at(searched, rank)[0]
