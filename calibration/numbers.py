"""Array types, and the statistical constants that several modules share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEVEL = 0.95
"""Confidence level of every interval. Convention: the usual one, of CLSI's guidelines too."""

LOWER_95, UPPER_95 = 0.025, 0.975
"""Quantiles at the two ends of a central 95 % interval. Arithmetic."""

QUARTILES = (0.25, 0.5, 0.75)
"""The lower quartile, the median and the upper quartile. Arithmetic: a quarter of the values lies beyond the
first and beyond the last."""

SEED = 20240607
"""Seed of every random draw, unless the settings name another. Convention: any; fixed, so that every run
gives the same numbers."""
ONE_SD_ENDS = (0.158655, 0.841345)
"""Quantiles of a normal distribution at one SD below and above its mean. Arithmetic."""
Z_95 = 1.959964
"""Half-width of the central 95 % of a standard normal distribution, in SDs (its 97.5 % quantile).
Arithmetic."""

Z_95_ONE_SIDED = 1.645
"""The 95 % quantile of a standard normal distribution, as CLSI EP17-A2 rounds it."""

LN_10 = 2.302585092994046
"""Arithmetic: the natural logarithm of 10."""
HALF_LOG_2PI, ROOT_2PI = 0.9189385332046727, 2.5066282746310002
"""Arithmetic: ln(2π)/2 and √(2π), of the normal density."""
MAD_TO_SD = 1.4826
"""SD of a normal distribution over its median absolute deviation, 1 / Φ⁻¹(0.75). Arithmetic."""

IQR_TO_SD = 0.7413
"""SD of a normal distribution over its interquartile range, half of `MAD_TO_SD`. Arithmetic."""

MEDIAN_TO_MEAN_ERROR = 1.2533
"""Standard error of a normal sample's median over that of its mean, √(π / 2). Arithmetic."""

AT_SCALE_END = 0.999
"""Share of the top of a scale from which on an event counts as lying on the end.

Convention: one part in a thousand leaves room for rounding and for the linear form of a log amplifier.
"""

LARGEST_RCV = 10.0
"""Robust CV at which the sampling error of a median is capped. Convention: a blank at zero has no CV."""

LEAST_DIVISOR = 1e-9
"""Replaces a count or a width of zero by which is divided. Convention: far below any of them, so that it
changes no other result."""

LEAST_VARIANCE = 1e-12
"""Replaces a variance of zero by which is divided. Convention: a CV of one in a million, far below any error
of a measurement."""

LEAST_POSITIVE = 1e-300
"""Replaces a zero by which is divided or of which a logarithm is taken. Arithmetic: near the smallest
number of a double."""
LEAST_MFI = 1e-9
"""Replaces an MFI of zero where a logarithm is taken. Convention: far below any detector's step."""


def finite_values(values: ArrayLike) -> Floats:
    """Return the values that are numbers, flat, as float64, shape (n_finite,); NaN and ∞ are left out."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    return flat[np.isfinite(flat)]


def central_95(draws: Floats) -> tuple[float, float]:
    """Return the 2.5 % and the 97.5 % quantile of draws, shape (n,), as `np.quantile` does, in half the time.

    Examples
    --------
    >>> central_95(np.arange(201.0))
    (5.0, 195.0)
    """
    if np.isnan(draws).any():
        return float("nan"), float("nan")
    positions = [LOWER_95 * (draws.size - 1), UPPER_95 * (draws.size - 1)]
    ranks = [int(position) for position in positions]
    beside = [min(rank + 1, draws.size - 1) for rank in ranks]
    split = np.partition(draws, sorted({*ranks, *beside}))
    low, high = (
        _between(float(split[rank]), float(split[next_]), position - rank)
        for rank, next_, position in zip(ranks, beside, positions, strict=True)
    )
    return low, high


def _between(low: float, high: float, part: float) -> float:
    """Return the value at a part of the way, from the nearer end: as numpy does."""
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)
