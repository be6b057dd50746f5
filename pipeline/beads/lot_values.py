"""Checks of assigned values: their size, and whether the same lot has other values elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from calibration.beads.kits import BeadKit
from calibration.curve.acceptance import OF_THE_LINE
from calibration.curve.acceptance_limits import CurveLimits, CurveVerdict
from calibration.curve.standard_curve import StandardCurve
from calibration.curve.table_rows import CheckedValue, CheckName, CurveCheck, TableRow, acceptance_rows
from pipeline.beads.flags import curve_flags, without_curve_flags
from pipeline.beads.instrument_log import InstrumentLog
from pipeline.beads.result import CalibrationResult

LEAST_TOP_MEF = 1000.0
"""If the level of the brightest relative bead is below this, the levels are no assigned values. Convention:
lots have tens of thousands there."""


@dataclass(frozen=True, slots=True)
class TypedLevels:
    """A kit, and the levels that were typed for it."""

    kit: BeadKit
    levels: Sequence[float]


@dataclass(frozen=True, slots=True)
class LotRuns:
    """The levels of a lot in a run, and in its other runs, each with a name for messages."""

    lot: str
    levels: Sequence[float]
    others: Sequence[tuple[str, tuple[float, ...]]]


def size_row(kit: BeadKit, levels: Sequence[float]) -> CurveCheck | None:
    """Warn of levels in the unit of another kit: a common factor bends no curve, so a fit cannot show it.

    Returns
    -------
    CurveCheck or None
        None if the levels have the usual size, or the kit may have any size.

    Examples
    --------
    >>> from calibration.beads.kits import bead_kit
    >>> size_row(bead_kit("quantibrite_pe"), (0.474, 5.359, 23.843, 62.336)).verdict.value
    'warn'
    """
    return next(iter(acceptance_rows(SIZE_CHECKS, TypedLevels(kit, levels), CurveLimits())), None)


def _size(typed: TypedLevels, limit: None) -> CheckedValue | None:
    del limit
    kit, brightest = typed.kit, max(typed.levels, default=0.0)
    if kit.brightest is None or kit.brightest[0] <= brightest <= kit.brightest[1]:
        return None
    low, high = kit.brightest
    text = (
        f"The brightest level typed is {brightest:,.6g}, but {kit.title} lots have {low:,.0f} to {high:,.0f} "
        f"{kit.unit} there: in thousands, or the values of another kit?"
    )
    return brightest, CurveVerdict.WARN, text


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


def judged_by_kit(curve: StandardCurve, kit: BeadKit, levels: Sequence[float]) -> StandardCurve:
    """Return the curve with the check of the size of its levels added to its table."""
    row, judged = size_row(kit, levels), without_line(curve, kit, levels)
    return judged if row is None else judged.with_checks(row)


def with_lot_values(
    calibrations: Sequence[CalibrationResult], log: InstrumentLog | None
) -> tuple[CalibrationResult, ...]:
    """Warn of runs whose lot and channel have other values in another run of the study or the log.

    A mistyped digit bends a curve by less than the scatter between lots. A fit cannot show it, but the values
    of the same lot on another day can.
    """
    return tuple(
        result
        if result.curve is None
        else _compared(result, [*_in_study(result, calibrations), *_in_log(result, log)])
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
    result: CalibrationResult, other_runs: Sequence[tuple[str, tuple[float, ...]]]
) -> CalibrationResult:
    if result.curve is None:
        return result
    curve = result.curve.with_checks(
        *acceptance_rows(LOT_CHECKS, LotRuns(result.lot, result.levels, other_runs), CurveLimits())
    )
    if curve == result.curve:
        return result
    return replace(result, curve=curve, flags=(*without_curve_flags(result.flags), *curve_flags(curve)))


def _other_values(lot: LotRuns, limit: None) -> CheckedValue | None:
    del limit
    unlike = [(name, levels) for name, levels in lot.others if not _agree(levels, lot.levels)]
    if not unlike:
        return None
    name, levels = unlike[0]
    listed = "; ".join(f"{level:g}" for level in levels)
    text = f"Lot {lot.lot} has other assigned values ({listed}) in {name}: compare both with the lot's sheet."
    return float(len(unlike)), CurveVerdict.WARN, text


def _agree(levels: Sequence[float], other_levels: Sequence[float]) -> bool:
    """Whether two rows may be of one lot: all values agree, or some if not all beads were resolved."""
    fewer, many = sorted((levels, other_levels), key=len)
    return set(fewer) <= set(many)


SIZE_CHECKS: tuple[TableRow[TypedLevels], ...] = (TableRow(CheckName.LOT_SIZE, _size),)
"""The check of typed levels, before any other run is known."""
LOT_CHECKS: tuple[TableRow[LotRuns], ...] = (TableRow(CheckName.LOT_VALUES, _other_values),)
"""The check of a lot's levels against its other runs."""
