"""All checks of a standard curve in one list, in the order of the table."""

from __future__ import annotations

from typing import Any

from calibration.curve.acceptance_limits import CurveLimits
from calibration.curve.curve_checks.change_within_run import RUN_CHECKS
from calibration.curve.curve_checks.curve_transfer import TRANSFER_CHECKS
from calibration.curve.curve_checks.fitted_beads import BEAD_CHECKS
from calibration.curve.curve_checks.other_channels import CHANNEL_CHECKS
from calibration.curve.curve_checks.typed_levels import LOT_CHECKS
from calibration.curve.table_rows import CurveCheck, TableRow

CURVE_CHECKS: tuple[TableRow[Any], ...] = (
    *BEAD_CHECKS,
    *LOT_CHECKS,
    *CHANNEL_CHECKS,
    *RUN_CHECKS,
    *TRANSFER_CHECKS,
)
"""Every check: of fitted beads, of a lot's typed values, of other channels, of a run over its time, and of a
transfer."""


def checked(data: object, limits: CurveLimits) -> tuple[CurveCheck, ...]:
    """Return every row of the acceptance table that these data allow, in the order of `CURVE_CHECKS`.

    Parameters
    ----------
    data
        What is checked: `FittedBeads`, `TypedLevels`, `LotRuns`, `ComparedChannels`, `BrightnessChange` or
        `Transfer`.
    limits
        Of the study.

    Raises
    ------
    TypeError
        If no check reads such data.
    """
    rows = [row for row in CURVE_CHECKS if row.of is type(data)]
    if not rows:
        raise TypeError(f"no check of a curve reads {type(data).__name__}")
    outcomes = ((row.name, row.check(data, row.limit(limits))) for row in rows)
    return tuple(CurveCheck(name, *outcome) for name, outcome in outcomes if outcome is not None)
