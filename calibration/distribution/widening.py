"""Replace the between-run error in the intervals of a tube's cell distribution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.density.error_model import log_sd
from calibration.distribution.result import CellDistribution, Percentile, ShareBelow
from calibration.numbers import Z_95
from calibration.rounding import rounded_record

LEAST_KEPT = 0.1
"""Smallest part of a half-width that remains where an error is subtracted. Convention: an interval never
shrinks to a point by rounding."""

ALL_PERCENT = 100.0
"""Arithmetic: percent of all cells."""


def widened_distribution(distribution: CellDistribution, cv: float) -> CellDistribution:
    """Put a between-run CV (a fraction) into the intervals in place of an earlier one.

    Squares of half-widths are added and subtracted: of a percentile on the log scale, of a share on the logit
    scale. The change of a share follows from its change with the scale (`per_fold`). An interval never
    shrinks to less than a tenth of its width.
    """
    more = Z_95**2 * (log_sd(cv) ** 2 - log_sd(distribution.between_run_cv) ** 2)
    return rounded_record(
        replace(
            distribution,
            percentiles=tuple(_wider_percentile(percentile, more) for percentile in distribution.percentiles),
            below_lloq=_wider_share(distribution.below_lloq, more),
            below_cut=_wider_share(distribution.below_cut, more),
            between_run_cv=cv,
        )
    )


def _wider_percentile(percentile: Percentile, more: float) -> Percentile:
    if percentile.value is None or percentile.low is None or percentile.high is None or percentile.low <= 0:
        return percentile
    down, up = np.log(percentile.value / percentile.low), np.log(percentile.high / percentile.value)
    low, high = percentile.value * np.exp(-_moved(down, more)), percentile.value * np.exp(_moved(up, more))
    return replace(percentile, low=float(low), high=float(high))


def _wider_share(part_below: ShareBelow, more: float) -> ShareBelow:
    """Move the ends on the logit scale; a share or an end of 0 or 100 % has no logit, and stays as it is."""
    if (
        part_below.percent is None
        or part_below.low is None
        or part_below.high is None
        or not 0 < part_below.percent < ALL_PERCENT
    ):
        return part_below
    share = part_below.percent / ALL_PERCENT
    change = more * (part_below.per_fold / ALL_PERCENT / (share * (1 - share))) ** 2
    middle = _logit(part_below.percent)
    low = middle - _moved(middle - _logit(part_below.low), change) if part_below.low > 0 else -np.inf
    high = (
        middle + _moved(_logit(part_below.high) - middle, change) if part_below.high < ALL_PERCENT else np.inf
    )
    return replace(part_below, low=ALL_PERCENT * _share(low), high=ALL_PERCENT * _share(high))


def _logit(percent: float) -> float:
    return float(np.log(percent / (ALL_PERCENT - percent)))


def _share(logit: float) -> float:
    """Return the share of a logit, from the side on which nothing overflows."""
    small = float(np.exp(-abs(logit)))
    return (1.0 if logit > 0 else small) / (1 + small)


def _moved(half: float, more: float) -> float:
    return float(np.sqrt(max(half**2 + more, (LEAST_KEPT * half) ** 2)))
