"""One lot has one list of assigned values: runs of a lot that were typed with others are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from calibration.standard_curve import CurveCheck, Verdict
from pipeline.instrument_log import InstrumentLog
from pipeline.sample_result import CalibrationResult

LOT_VALUES = "lot_values"
"""Name of the row of the acceptance table."""


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
