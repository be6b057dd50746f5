"""Numbers that a library's linear algebra gave, rounded well above what its rounding depends on."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

DIGITS = 10
"""Significant digits that are kept: processors differ from the 13th on."""


def rounded_fit(values: ArrayLike) -> NDArray[np.float64]:
    """Return the values to `DIGITS` significant digits, same shape, so that all processors go on alike.

    Examples
    --------
    >>> rounded_fit([3.477124171544016, 0.0]).tolist()
    [3.477124172, 0.0]
    """
    flat = np.asarray(values, np.float64)
    return np.array([float(f"{value:.{DIGITS}g}") for value in flat.ravel()]).reshape(flat.shape)
