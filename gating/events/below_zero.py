"""Cells far below zero: events that were compensated twice, or too much, which no channel's name can show.

Light cannot be negative. Compensated cells that lack a dye scatter around zero, however bright they are on
another one. Where a matrix is applied a second time, bright cells of one dye lie below zero on the others, by
about what that dye spills into them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gating.events.events import FloatArray
from gating.events.quantiles import quantile

BRIGHTEST = 0.03
"""Share of the cells that counts as bright on a dye. Chosen on the simulated tubes of docs/validation.md."""
FEWEST_BRIGHT = 20
"""Bright cells from which their median is looked at. Convention: fewer scatter too widely."""
SPREADS = 1.5
"""How far the median lies below zero, in robust standard deviations of the same cells. Chosen on the
simulated tubes of docs/validation.md: above −0.5 once compensated, below −4 twice; a real marrow −0.3 and
−2.1."""
OF_BRIGHT = 0.05
"""The same as a part of what these cells give on their own dye. Convention: smaller errors of a matrix are
usual."""


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
    if own.size * BRIGHTEST < FEWEST_BRIGHT:
        return
    beside = cells.compress(own >= quantile(own, 1 - BRIGHTEST), axis=1)
    middles = _medians(beside)
    limit = -OF_BRIGHT * middles[row]
    for other, middle in enumerate(middles):
        if other == row or not (middle < 0 and middle < limit):
            continue  # as nearly always: their spread need not be known
        spread = (quantile(beside[other], 0.84) - quantile(beside[other], 0.16)) / 2
        if spread > 0 and middle < -SPREADS * spread:
            yield BelowZero(names[other], names[row], middle)


def _medians(rows: FloatArray) -> list[float]:
    """Return what `ranks.median` does, of each row; values of shape (n_rows, n), n at least 1."""
    rank = rows.shape[1] // 2
    split = np.partition(rows, rank, axis=1)
    if rows.shape[1] % 2:
        return [float(value) for value in split[:, rank]]
    return [float(value) for value in (split[:, :rank].max(axis=1) + split[:, rank]) / 2]
