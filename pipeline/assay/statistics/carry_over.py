"""Carry-over from a bright tube into the dim tube that is acquired right after it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.assay.statistics.moments import TooFewError, mean, pooled_sd, t_quantile

_FEWEST_BRIGHT, _FEWEST_DIM = 2, 3
"""Fewest bright and dim tubes of a block. Arithmetic: one dim tube shows the carry-over, and the scatter of
the others needs two."""


@dataclass(frozen=True, slots=True)
class CarryOver:
    """Carry-over in percent of the gap between bright and dim, with its 95 % interval.

    `high` is the mean of the bright tubes, `dim` that of dim tubes after a dim tube, and `first` that of dim
    tubes after a bright tube.
    """

    n_blocks: int
    high: float
    dim: float
    first: float
    percent: float
    low: float
    high_end: float


def carry_over(blocks: Sequence[tuple[Sequence[float], Sequence[float]]]) -> CarryOver:
    """Return the carry-over from blocks of bright tubes, each followed by dim tubes.

    k = (L₁ − L) / (H − L) with L₁ the first dim tube and L the mean of the later ones (Broughton,
    J Automat Chem 1984, 6:94; CLSI H26-A2). Its error comes from the scatter of dim tubes that follow dim
    tubes.

    Parameters
    ----------
    blocks
        (bright results, dim results) in the order of acquisition.

    Raises
    ------
    TooFewError
        No block has two bright and three dim tubes, or the bright tubes are no brighter.
    """
    whole = [(high, dim) for high, dim in blocks if len(high) >= _FEWEST_BRIGHT and len(dim) >= _FEWEST_DIM]
    if not whole:
        raise TooFewError("found no run of two bright tubes and then three dim ones, expected one at least")
    later = [dim[1:] for _, dim in whole]
    size, freedom = pooled_sd(later)
    first, low = mean([dim[0] for _, dim in whole]), mean([mean(later_dim) for later_dim in later])
    high = mean([mean(bright) for bright, _ in whole])
    if high <= low:
        raise TooFewError(
            "the value of the first material is not above that of the second one, expected a gap between them"
        )
    variance = math.fsum(1 + 1 / len(later_dim) for later_dim in later) / len(whole) ** 2
    half = t_quantile(freedom) * size * math.sqrt(variance)
    ends = (100 * (first - low + side * half) / (high - low) for side in (0, -1, 1))
    return CarryOver(len(whole), high, low, first, *ends)
