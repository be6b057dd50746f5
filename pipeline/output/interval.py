"""Which errors the 95 % interval of a receptor density includes, and which it leaves out, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from calibration.density.budget import BetweenRunSource
from calibration.density.receptor_density import ReceptorDensity
from calibration.density.result import PooledDensity
from pipeline.assembly.limiting import Limiting
from pipeline.checks.flags import CheckFlag

BETWEEN_RUNS_LACKING: Final = "between runs"

MOST_FOLD: Final = 1_000.0
"""A larger fold change, or end of its interval, is reported as this bound, because CD38 itself has no wider
range. Convention."""

_LACKING: Final[Mapping[str, str]] = {
    CheckFlag.VOLTAGE_MISMATCH: "other voltage or gain",
    CheckFlag.INSTRUMENT_MISMATCH: "other instrument",
}
"""Flags of deviations that a person accepted. Their error cannot be estimated, so no interval includes it."""


def between_run_percent(receptor: ReceptorDensity | PooledDensity) -> float | None:
    """Return the between-run CV in the interval in percent; None where there is no interval."""
    return 100 * receptor.between_run_cv if _has_interval(receptor) else None


def between_run_source(receptor: ReceptorDensity | PooledDensity) -> str:
    """Return where the between-run CV in the interval comes from; "" where there is no interval."""
    return receptor.between_run_from.value if _has_interval(receptor) else ""


def interval_lacks(receptor: ReceptorDensity | PooledDensity, flags: Collection[str]) -> str:
    """Return the known errors that the interval leaves out, split by `;`.

    Examples
    --------
    >>> from calibration import RdStatus
    >>> tube = ReceptorDensity(RdStatus.OK, 500, rd=2e4, rd_low=1.6e4, rd_high=2.5e4)
    >>> interval_lacks(tube, ["VOLTAGE_MISMATCH"])
    'between runs;other voltage or gain'
    """
    if not _has_interval(receptor):
        return ""
    within = [BETWEEN_RUNS_LACKING] if receptor.between_run_from is BetweenRunSource.NONE else []
    return ";".join([*within, *(words for flag, words in _LACKING.items() if flag in flags)])


def interval_name(limiting: Limiting) -> str:
    """Return the name of the intervals of a study.

    Examples
    --------
    >>> interval_name(Limiting(3, between_run_cv=0.1, between_run_from=BetweenRunSource.ASSUMED))
    '95 % interval (between-run CV 10 %, assumed)'
    """
    if limiting.between_run_from is BetweenRunSource.NONE:
        return "95 % within-run interval"
    cv = f"{100 * limiting.between_run_cv:.2g} %"
    return f"95 % interval (between-run CV {cv}, {limiting.between_run_from})"


def fold_bound(value: float) -> str:
    """Return the bound for a fold change above 1,000 or below 1/1,000; "" for a fold in between.

    Examples
    --------
    >>> fold_bound(8.9e12), fold_bound(0.00002), fold_bound(257.0)
    ('> 1,000-fold', '< 0.001-fold', '')
    """
    if value > MOST_FOLD:
        return f"> {MOST_FOLD:,.0f}-fold"
    return f"< {1 / MOST_FOLD:g}-fold" if value < 1 / MOST_FOLD else ""


def _has_interval(receptor: ReceptorDensity | PooledDensity) -> bool:
    return receptor.rd_low is not None and receptor.rd_high is not None
