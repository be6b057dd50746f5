"""The spread of the cells around their median, as percentiles, shares and modes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from calibration.distribution.modes import Modes

PERCENTILES = (10, 25, 75, 90)
"""Percentiles reported beside the median. Convention: the middle half of the cells, and four fifths."""


class Beyond(StrEnum):
    """Why a percentile or a share has no number. The value is what is written."""

    NO = ""
    BELOW = "below the detection limit of a cell"
    ABOVE = "above the range"
    TOO_FEW = "too few cells"


@dataclass(frozen=True, slots=True)
class Percentile:
    """A percentile of the cells as measured, molecules per cell, with its 95 % interval.

    Attributes
    ----------
    percent
        Percent of the cells that lie below it.
    value, low, high
        None where `beyond` says why.
    bound
        The limit that it lies below or above.
    """

    percent: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    beyond: Beyond = Beyond.NO
    bound: float | None = None


@dataclass(frozen=True, slots=True)
class ShareBelow:
    """The share of the cells, as measured, whose density is below `cut` (molecules per cell), in percent.

    `per_fold`: by how many percentage points it changes if the scale is off by a factor e (first derivative).
    """

    cut: float
    percent: float | None = None
    low: float | None = None
    high: float | None = None
    beyond: Beyond = Beyond.NO
    per_fold: float = 0.0


@dataclass(frozen=True, slots=True)
class CellDistribution:
    """The cells of a tube about their median, as measured: the control's median subtracted from each.

    Attributes
    ----------
    n_cells
        Stained cells.
    percentiles
        One of each of `PERCENTILES`.
    below_lloq, below_cut
        Shares of cells below the tube's LLOQ and below the cut of the study.
    modes
        Groups of brightness; None where they cannot be counted.
    cell_limit
        95 % of the cells without the stain lie below it, molecules per cell: a dimmer cell may be unstained.
    between_run_cv
        CV between runs that the intervals include (a fraction).
    """

    n_cells: int
    percentiles: tuple[Percentile, ...]
    below_lloq: ShareBelow
    below_cut: ShareBelow
    modes: Modes | None
    cell_limit: float
    between_run_cv: float = 0.0
