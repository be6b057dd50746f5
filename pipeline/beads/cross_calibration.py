"""The curve of another day, transferred by rainbow beads that were acquired on both days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from calibration.curve.standard_curve import StandardCurve, StandardCurveError
from calibration.curve.table_rows import CheckName, CurveCheck
from calibration.curve.transfer import fit_transfer, transferred_curve
from calibration.flags import CalibrationFlag
from pipeline.beads.flags import curve_flags, joined_notes, without_curve_flags
from pipeline.beads.result import CalibrationResult
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun

_OF_ANY_RUN = (CalibrationFlag.BEADS_UNSTEADY,)
"""Flags that the curve of this day has if any of the three runs has them."""


def with_transfers(
    calibrations: Sequence[CalibrationResult], runs: Sequence[BeadRun], settings: Settings
) -> tuple[CalibrationResult, ...]:
    """Give each rainbow run that names another day the curve of that day, on the scale of its own day.

    Parameters
    ----------
    calibrations
        Of the study's bead runs, judged; a run may be missing.
    runs
        Of the beads sheet.
    settings
        Of the study.
    """
    by_name = {calibration.bead_run: calibration for calibration in calibrations}
    typed = {run.name: run for run in runs}
    return tuple(
        _carried(result, [by_name.get(name) for name in typed[result.bead_run].transfer_names], settings)
        if typed[result.bead_run].transfer_names
        else result
        for result in calibrations
    )


def _carried(
    this_day: CalibrationResult, transfer_runs: Sequence[CalibrationResult | None], settings: Settings
) -> CalibrationResult:
    """Return the run with the curve of the other day, or without a curve and the reason."""
    other_day, curve_run = (*transfer_runs, None, None)[:2]
    if other_day is None or curve_run is None:
        return _refused(this_day, "the runs that transfer_from names have not been read")
    why = _unfit(this_day, other_day, curve_run, settings)
    if why or curve_run.curve is None or this_day.peaks is None or other_day.peaks is None:
        return _refused(this_day, why)
    assumed = 0.0 if _same_detector(this_day, other_day) else settings.transfer_cv
    try:
        transfer = fit_transfer(this_day.peaks, other_day.peaks, this_day.levels, assumed_cv=assumed)
    except StandardCurveError as error:
        return _refused(this_day, str(error))
    curve = transferred_curve(curve_run.curve, transfer, settings.curve_limits)
    curve = curve.with_checks(*_least_steady(this_day, other_day, curve_run))
    doubts = tuple(flag for flag in _OF_ANY_RUN if any(flag in run.flags for run in (other_day, curve_run)))
    own = dict.fromkeys((*without_curve_flags(this_day.flags), *doubts))
    return replace(
        this_day,
        curve=curve,
        unit_kit=curve_run.kit,
        flags=(*own, CalibrationFlag.CROSS_CALIBRATED, *curve_flags(curve)),
        note=joined_notes(this_day.note, _words(this_day, other_day, curve_run, curve)),
    )


def _least_steady(*runs: CalibrationResult) -> tuple[CurveCheck, ...]:
    """Return the row of the run whose beads changed most in brightness; none where no run was judged."""
    checks = [row for run in runs if run.curve for row in run.curve.checks if row.name is CheckName.STEADY]
    return tuple(sorted(checks, key=lambda row: row.value)[-1:])


def _unfit(
    this_day: CalibrationResult,
    other_day: CalibrationResult,
    curve_run: CalibrationResult,
    settings: Settings,
) -> str:
    """Say why the three runs cannot transfer a curve; "" if they can."""
    for run in (this_day, other_day):
        if run.peaks is None:
            return f"the rainbow populations of {run.bead_run} were not found: {run.note}"
    if this_day.sha256 and (this_day.sha256, this_day.channel) == (other_day.sha256, other_day.channel):
        return (
            f"{this_day.bead_run} and {other_day.bead_run} are one acquisition: their files hold the same "
            "bytes"
        )
    if curve_run.curve is None:
        return f"{curve_run.bead_run} has no curve: {curve_run.note}"
    if _detector(other_day) != _detector(curve_run):
        return (
            f"{other_day.bead_run} and {curve_run.bead_run} were not acquired on one instrument and detector "
            "with the same voltage and gain: the rainbow run must be acquired together with the bead run"
        )
    hours = _hours_apart(other_day, curve_run)
    if hours is not None and hours > settings.bead_age_reject_hours:
        return (
            f"{other_day.bead_run} and {curve_run.bead_run} lie {hours:.0f} hours apart: they must be of one "
            "day"
        )
    return ""


def _detector(run: CalibrationResult) -> tuple[object, ...]:
    facts = run.acquired
    return run.channel, facts.instrument, facts.serial, facts.voltage, facts.gain or 1.0


def _same_detector(this_day: CalibrationResult, other_day: CalibrationResult) -> bool:
    """Whether both are the same detector of the same instrument, by name; its voltage may differ."""
    mine, theirs = this_day.acquired, other_day.acquired
    named = bool(mine.instrument or mine.serial)
    same = (mine.instrument, mine.serial) == (theirs.instrument, theirs.serial)
    return named and same and this_day.channel == other_day.channel


def _hours_apart(run: CalibrationResult, other_run: CalibrationResult) -> float | None:
    if not (run.acquired.acquired_at and other_run.acquired.acquired_at):
        return None
    first, second = (datetime.fromisoformat(each.acquired.acquired_at) for each in (run, other_run))
    return abs((first - second).total_seconds()) / 3600


def _refused(this_day: CalibrationResult, why: str) -> CalibrationResult:
    note = joined_notes(
        this_day.note, f"no curve could be carried over from the runs of transfer_from: {why}"
    )
    return replace(
        this_day,
        curve=None,
        flags=(*without_curve_flags(this_day.flags), CalibrationFlag.NO_CURVE),
        note=note,
    )


def _words(
    this_day: CalibrationResult,
    other_day: CalibrationResult,
    curve_run: CalibrationResult,
    curve: StandardCurve,
) -> str:
    transfer = curve.transfer
    if transfer is None:
        return ""
    line = (
        f"MFI × {10**transfer.intercept:.4g}"
        if transfer.is_ratio
        else f"log10 MFI of that day = {transfer.slope:.4f} · log10 MFI {transfer.intercept:+.4f}"
    )
    assumed = (
        f"; another instrument or detector, for which {100 * transfer.assumed_cv:g} % are added "
        "(an assumption)"
        if transfer.assumed_cv
        else ""
    )
    beyond = [m for m in curve.medians if m > 0 and not transfer.low / 2 <= m <= 2 * transfer.high]
    outside = f"; {len(beyond)} beads of the curve lie beyond the rainbow populations" if beyond else ""
    return (
        f"curve of {curve_run.bead_run} ({curve_run.kit}, lot {curve_run.lot}) carried over from "
        f"{other_day.bead_run} by {transfer.n} rainbow populations: {line}, "
        f"{100 * transfer.largest_error:.1f} % off at most{assumed}{outside}"
    )
