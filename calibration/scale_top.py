"""Where a detector's scale ends: as the file says, unless the values in the file prove it wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import AT_SCALE_END

LEAST_AT_TOP, PILE_SHARE, PILE_TIMES = 10, 0.002, 5
"""A pile of equal values is an end of the scale if it has at least this number of events, this share of all
events, and this multiple of the usual count of one value. Convention: within the scale equal values come in
twos or threes, as often as their neighbours."""

ABOVE_PILE = 2000
"""One event in this many may lie above a pile that ends the scale. Convention: a stray value is no scale."""

FEW_BEYOND, BEYOND_TOP = 5, 1.001
"""Number of values that prove the file's end wrong, and the multiple of that end beyond which they count.
Convention: a stray value is no proof."""

LEVELS_BELOW_TOP = 6
"""Number of values beside a pile whose counts are compared with it. Convention: three to either side, so that
one odd value does not decide."""

STRIDE, UPPER = 64, 0.99
"""Sampling step and quantile by which the upper part of a channel is found faster. Arithmetic: they change no
result."""

ScaleValues = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class ScaleTop:
    """The end of a detector's scale.

    Attributes
    ----------
    value
        Largest value of the detector, linear units; `inf` where neither the file nor its values show one.
    n_pile
        Equal values on the end, where these show it; 0 where the end is as the file says, or not known.
    n_beyond
        Values beyond the file's end, where these prove it wrong; else 0.
    """

    value: float
    n_pile: int = 0
    n_beyond: int = 0

    @property
    def agrees_with_file(self) -> bool:
        """Whether the values agree with the file."""
        return not (self.n_pile or self.n_beyond)


def find_scale_top(values: ScaleValues, stated_top: float) -> ScaleTop:
    """Return where the scale ends.

    Values beyond the file's end prove it wrong. A pile of equal values is an end wherever it lies: a detector
    or an amplifier gave its largest value there.

    Parameters
    ----------
    values
        Linear intensities as recorded, not compensated, shape (n,), in any order. Finite numbers.
    stated_top
        $PnR on the linear scale; infinite where the file does not say.

    Examples
    --------
    >>> clipped = np.minimum(np.arange(1.0, 1001.0), 900.0)
    >>> find_scale_top(clipped, 262143.0).value
    900.0
    >>> find_scale_top(np.arange(1.0, 1001.0), 100.0)
    ScaleTop(value=inf, n_pile=0, n_beyond=900)
    """
    if values.size <= LEAST_AT_TOP:
        return ScaleTop(stated_top)
    upper = _upper(values)
    beyond = int(np.count_nonzero(upper > BEYOND_TOP * stated_top)) if np.isfinite(stated_top) else 0
    if FEW_BEYOND <= beyond == upper.size:
        beyond = int(np.count_nonzero(values > BEYOND_TOP * stated_top))
    proven = beyond >= FEW_BEYOND
    candidate = float(
        np.partition(upper, upper.size - 1 - _n_above(values))[upper.size - 1 - _n_above(values)]
    )
    if not proven and candidate >= AT_SCALE_END * stated_top:
        return ScaleTop(stated_top)
    n_pile = _pile(values, candidate)
    if n_pile:
        return ScaleTop(candidate, n_pile, beyond if proven else 0)
    return ScaleTop(np.inf, 0, beyond) if proven else ScaleTop(stated_top)


def find_bottom_pile(values: ScaleValues) -> tuple[float, int]:
    """Return the lowest value, and how many events pile up on it; (value, 0) where they do not.

    Examples
    --------
    >>> find_bottom_pile(np.maximum(np.arange(1000.0), 100.0))
    (100.0, 101)
    """
    lowest = float(values.min())
    return lowest, _pile(values, lowest)


def _n_above(values: ScaleValues) -> int:
    return values.size // ABOVE_PILE


def _upper(values: ScaleValues) -> ScaleValues:
    """Return the brightest values: more than may lie above a pile."""
    sample = np.sort(values[::STRIDE])
    upper = values.compress(values >= sample[int(UPPER * sample.size)])
    return upper if upper.size > _n_above(values) else values


def _pile(values: ScaleValues, value: float) -> int:
    """Return how many events have exactly this value; 0 where they are no pile."""
    n = int(np.count_nonzero(values == values.dtype.type(value)))
    if n < max(LEAST_AT_TOP, PILE_SHARE * values.size):
        return 0
    below, above = values[values < value], values[values > value]
    if min(below.size, above.size) > _n_above(values) or max(below.size, above.size) < LEAST_AT_TOP:
        return 0
    beside = below if below.size > above.size else above
    return n if n > PILE_TIMES * _usual_count(beside, value) else 0


def _usual_count(beside: ScaleValues, value: float) -> float:
    """Return the usual count of a value beside the pile; above one where the channel is quantised."""
    _, counts = np.unique(beside, return_counts=True)
    nearest = counts[-LEVELS_BELOW_TOP:] if beside[0] < value else counts[:LEVELS_BELOW_TOP]
    return float(np.max(nearest))
