"""Cells far below zero: events that were compensated twice, or too much.

The names of the channels do not show this. Light cannot be negative. After compensation, cells without a dye
scatter around zero on it, however bright they are on another dye. If a matrix is applied twice, cells bright
on one dye lie below zero on the other dyes, by about the spillover into them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gating.arithmetic.numbers import USUAL_SPREAD
from gating.events.events import FloatArray
from gating.events.quantiles import quantile

BRIGHTEST_SHARE = 0.03
"""Share of the cells that count as bright on a dye. Chosen on the simulated tubes of docs/validation.md."""
FEWEST_BRIGHT = 20
"""Least number of bright cells to use their median. Convention: the median of fewer cells varies too much."""
SPREADS_BELOW_ZERO = 1.5
"""Least distance of the median below zero, in robust standard deviations of the same cells. Chosen on the
simulated tubes of docs/validation.md: above −0.5 once compensated, below −4 twice; a real marrow −0.3 and
−2.1."""
OF_BRIGHT = 0.05
"""Least distance of the median below zero, relative to the median of these cells on their own dye.
Convention: smaller errors of a matrix are usual."""


@dataclass(frozen=True, slots=True)
class BelowZero:
    """Cells that are bright on one channel and far below zero on another."""

    channel: str
    bright_on: str
    median: float

    def __str__(self) -> str:
        """Return the finding in words."""
        return f"{self.channel} of cells bright on {self.bright_on}: median {self.median:.3g}"


def far_below_zero(light: Mapping[str, FloatArray]) -> tuple[BelowZero, ...]:
    """Return which bright cells lie far below zero on other channels, the lowest first.

    Parameters
    ----------
    light
        Each stained channel of the same cells, linear, compensated, shape (n_events,).

    Examples
    --------
    >>> import numpy as np
    >>> cells = np.arange(1000, dtype=np.float32)
    >>> print(*far_below_zero({"A": cells, "B": cells * np.float32(-0.2) - 5}))
    B of cells bright on A: median -202
    """
    names = tuple(light)
    cells = np.stack(tuple(light.values())) if names else np.empty((0, 0), np.float32)
    low_channels = (low for row in range(len(names)) for low in _beside(row, names, cells))
    return tuple(sorted(low_channels, key=lambda low: (low.median, low.channel, low.bright_on)))


def _beside(row: int, names: tuple[str, ...], cells: FloatArray) -> Iterator[BelowZero]:
    """Yield the channels on which the brightest cells of one channel lie far below zero."""
    own = cells[row]
    if own.size * BRIGHTEST_SHARE < FEWEST_BRIGHT:
        return
    beside = cells.compress(own >= quantile(own, 1 - BRIGHTEST_SHARE), axis=1)
    middles = _medians(beside)
    limit = -OF_BRIGHT * middles[row]
    for other_row, middle in enumerate(middles):
        if other_row == row or not (middle < 0 and middle < limit):
            continue  # the usual case: no spread is needed
        spread = (
            quantile(beside[other_row], USUAL_SPREAD[2]) - quantile(beside[other_row], USUAL_SPREAD[0])
        ) / 2
        if spread > 0 and middle < -SPREADS_BELOW_ZERO * spread:
            yield BelowZero(names[other_row], names[row], middle)


def _medians(rows: FloatArray) -> list[float]:
    """Return the median of each row, like `quantiles.median`; shape (n_rows, n), n at least 1."""
    rank = rows.shape[1] // 2
    split = np.partition(rows, rank, axis=1)
    if rows.shape[1] % 2:
        return [float(value) for value in split[:, rank]]
    return [float(value) for value in (split[:, :rank].max(axis=1) + split[:, rank]) / 2]
