"""Checks of assigned values: their size, and whether the same lot has other values elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from calibration.beads.kits import BeadKit
from calibration.curve.acceptance_limits import CurveLimits
from calibration.curve.curve_checks.every_check import checked
from calibration.curve.curve_checks.fitted_beads import OF_THE_LINE
from calibration.curve.curve_checks.typed_levels import LotRuns, TypedLevels
from calibration.curve.standard_curve import StandardCurve
from pipeline.beads.flags import curve_flags, without_curve_flags
from pipeline.beads.instrument_log import InstrumentLog
from pipeline.beads.result import CalibrationResult

LEAST_TOP_MEF = 1000.0
"""If the level of the brightest relative bead is below this, the levels are no assigned values. Convention:
lots have tens of thousands there."""


def is_ordinal(kit: BeadKit, levels: Sequence[float]) -> bool:
    """Whether the levels of relative beads are ranks only, so that they cannot judge a line.

    Examples
    --------
    >>> from calibration.beads.kits import BEAD_KITS
    >>> relative = next(kit for kit in BEAD_KITS if not kit.quantifies)
    >>> is_ordinal(relative, (0, 1, 2, 3)), is_ordinal(relative, (0, 792, 2079, 6588))
    (True, False)
    """
    return not kit.quantifies and max(levels, default=0.0) < LEAST_TOP_MEF


def without_line(curve: StandardCurve, kit: BeadKit, levels: Sequence[float]) -> StandardCurve:
    """Return the curve; where the levels are ranks only, it is judged by the bead populations alone."""
    return curve.without_checks(OF_THE_LINE) if is_ordinal(kit, levels) else curve


def judged_by_kit(
    curve: StandardCurve, kit: BeadKit, levels: Sequence[float], limits: CurveLimits
) -> StandardCurve:
    """Return the curve with the check of the size of its levels added to its table."""
    return without_line(curve, kit, levels).with_checks(*checked(TypedLevels(kit, levels), limits))


def with_lot_values(
    calibrations: Sequence[CalibrationResult], log: InstrumentLog | None, limits: CurveLimits
) -> tuple[CalibrationResult, ...]:
    """Warn of runs whose lot and channel have other values in another run of the study or the log.

    A mistyped digit bends a curve by less than the scatter between lots. A fit cannot show it, but the values
    of the same lot on another day can.
    """
    return tuple(
        result
        if result.curve is None
        else _compared(result, [*_in_study(result, calibrations), *_in_log(result, log)], limits)
        for result in calibrations
    )


def _in_study(
    result: CalibrationResult, calibrations: Sequence[CalibrationResult]
) -> list[tuple[str, tuple[float, ...]]]:
    return [
        (calibration.bead_run, calibration.levels)
        for calibration in calibrations
        if (calibration.kit, calibration.lot, calibration.channel) == (result.kit, result.lot, result.channel)
    ]


def _in_log(result: CalibrationResult, log: InstrumentLog | None) -> list[tuple[str, tuple[float, ...]]]:
    if log is None:
        return []
    runs = log.of_lot(result.kit, result.lot, result.channel)
    return [
        (f"the run of {run.acquired_at or 'an unknown day'} in the instrument log", run.levels)
        for run in runs
        if run.sha256 != result.sha256
    ]


def _compared(
    result: CalibrationResult, other_runs: Sequence[tuple[str, tuple[float, ...]]], limits: CurveLimits
) -> CalibrationResult:
    if result.curve is None:
        return result
    runs = LotRuns(result.lot, result.levels, other_runs)
    curve = result.curve.with_checks(*checked(runs, limits))
    if curve == result.curve:
        return result
    return replace(result, curve=curve, flags=(*without_curve_flags(result.flags), *curve_flags(curve)))
