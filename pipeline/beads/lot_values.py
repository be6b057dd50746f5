"""Assigned values that cannot be: of a size that the kit has not, or unlike the same lot's elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from calibration.beads.kits import BeadKit
from calibration.curve.standard_curve import CurveCheck, Verdict
from pipeline.beads.instrument_log import InstrumentLog
from pipeline.beads.result import CalibrationResult

LOT_VALUES = "lot_values"
"""Name of the row of the acceptance table: one lot has one list of values."""

LOT_SIZE = "lot_size"
"""Name of the row: the brightest bead is as bright as the kit's are."""


def size_row(kit: BeadKit, levels: Sequence[float]) -> CurveCheck | None:
    """Warn of levels that are another unit's or another kit's: a common factor bends no curve.

    Returns
    -------
    CurveCheck or None
        None where they are of the usual size, or the kit may have any.

    Examples
    --------
    >>> from calibration.beads.kits import bead_kit
    >>> size_row(bead_kit("quantibrite_pe"), (0.474, 5.359, 23.843, 62.336)).verdict.value
    'warn'
    """
    brightest = max(levels, default=0.0)
    if kit.brightest is None or kit.brightest[0] <= brightest <= kit.brightest[1]:
        return None
    low, high = kit.brightest
    text = (
        f"The brightest level typed is {brightest:,.6g}, but {kit.title} lots have {low:,.0f} to {high:,.0f} "
        f"{kit.unit} there: in thousands, or the values of another kit?"
    )
    return CurveCheck(LOT_SIZE, brightest, Verdict.WARN, text)


def with_lot_values(
    calibrations: Sequence[CalibrationResult], log: InstrumentLog | None
) -> tuple[CalibrationResult, ...]:
    """Warn of runs whose lot and channel stand with other values in another run of the study or the log.

    A digit that is typed wrong bends a curve by less than lots scatter by themselves: no fit can tell it, but
    the same lot on another day can.
    """
    return tuple(
        one if one.curve is None else _compared(one, [*_in_study(one, calibrations), *_in_log(one, log)])
        for one in calibrations
    )


def _in_study(
    one: CalibrationResult, calibrations: Sequence[CalibrationResult]
) -> list[tuple[str, tuple[float, ...]]]:
    return [
        (other.beads, other.levels)
        for other in calibrations
        if (other.kit, other.lot, other.channel) == (one.kit, one.lot, one.channel)
    ]


def _in_log(one: CalibrationResult, log: InstrumentLog | None) -> list[tuple[str, tuple[float, ...]]]:
    if log is None:
        return []
    runs = log.of_lot(one.kit, one.lot, one.channel)
    return [
        (f"the run of {run.acquired_at or 'an unknown day'} in the instrument log", run.levels)
        for run in runs
        if run.sha256 != one.sha256
    ]


def _compared(one: CalibrationResult, others: Sequence[tuple[str, tuple[float, ...]]]) -> CalibrationResult:
    unlike = [(name, levels) for name, levels in others if levels != one.levels]
    if not unlike or one.curve is None:
        return one
    name, levels = unlike[0]
    listed = "; ".join(f"{level:g}" for level in levels)
    text = f"Lot {one.lot} has other assigned values ({listed}) in {name}: one of them is mistyped."
    curve = one.curve.with_checks(CurveCheck(LOT_VALUES, float(len(unlike)), Verdict.WARN, text))
    flags = tuple(flag for flag in one.flags if flag not in ("CURVE_WARN", "CURVE_REJECTED"))
    flag = "CURVE_REJECTED" if curve.verdict is Verdict.REJECT else "CURVE_WARN"
    return replace(one, curve=curve, flags=(*flags, flag))
