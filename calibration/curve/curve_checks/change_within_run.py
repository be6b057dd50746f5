"""The change of the beads' brightness within a run, and the check of it."""

from __future__ import annotations

from dataclasses import dataclass

from calibration.curve.acceptance_limits import Limit
from calibration.curve.table_rows import CheckedValue, CheckName, TableRow


@dataclass(frozen=True, slots=True)
class BrightnessChange:
    """The largest change of the beads' brightness between two parts of a run.

    Attributes
    ----------
    change
        Of the medians, as a fraction of the dimmer one.
    sure
        The part of it that the sampling of the medians cannot explain; 0 where that explains all of it.
    earlier, later
        The two parts, from 1.
    parts
        Parts of the run, of equal numbers of events.
    """

    change: float
    sure: float
    earlier: int
    later: int
    parts: int


def _steady(run: BrightnessChange, limit: Limit) -> CheckedValue:
    text = (
        f"Within the run the beads' brightness changes by {100 * run.change:.1f} %, between parts "
        f"{run.earlier} and {run.later} of {run.parts}; {100 * run.sure:.1f} % of it is surely no sampling "
        f"error (accepted to {100 * limit.accept:g} %)."
    )
    return run.sure, limit.at_most(run.sure), text


RUN_CHECKS: tuple[TableRow[BrightnessChange], ...] = (
    TableRow(CheckName.STEADY, BrightnessChange, _steady, lambda limits: limits.steady),
)
"""The check of a bead run over its own time."""
