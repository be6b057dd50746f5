"""The curve of another day, transferred by rainbow beads that were acquired on both days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from calibration.curve.standard_curve import StandardCurve, StandardCurveError
from calibration.curve.transfer import fit_transfer, transferred_curve
from calibration.flags import CalibrationFlag
from pipeline.beads.flags import curve_flags, joined_notes, without_curve_flags
from pipeline.beads.result import CalibrationResult
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun


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
        _carried(here, [by_name.get(name) for name in typed[here.bead_run].transfer_names], settings)
        if typed[here.bead_run].transfer_names
        else here
        for here in calibrations
    )


def _carried(
    here: CalibrationResult, other: Sequence[CalibrationResult | None], settings: Settings
) -> CalibrationResult:
    """Return the run with the curve of the other day, or without a curve and the reason."""
    there, curve_run = (*other, None, None)[:2]
    if there is None or curve_run is None:
        return _refused(here, "the runs that transfer_from names have not been read")
    why = _unfit(here, there, curve_run, settings)
    if why or curve_run.curve is None or here.peaks is None or there.peaks is None:
        return _refused(here, why)
    assumed = 0.0 if _same_detector(here, there) else settings.transfer_cv
    try:
        transfer = fit_transfer(here.peaks, there.peaks, here.levels, assumed_cv=assumed)
    except StandardCurveError as error:
        return _refused(here, str(error))
    curve = transferred_curve(curve_run.curve, transfer, settings.curve_limits)
    return replace(
        here,
        curve=curve,
        unit_kit=curve_run.kit,
        flags=(*without_curve_flags(here.flags), CalibrationFlag.CROSS_CALIBRATED, *curve_flags(curve)),
        note=joined_notes(here.note, _words(here, there, curve_run, curve)),
    )


def _unfit(
    here: CalibrationResult, there: CalibrationResult, curve_run: CalibrationResult, settings: Settings
) -> str:
    """Say why the three runs cannot transfer a curve; "" if they can."""
    for run in (here, there):
        if run.peaks is None:
            return f"the rainbow populations of {run.bead_run} were not found: {run.note}"
    if here.sha256 and (here.sha256, here.channel) == (there.sha256, there.channel):
        return f"{here.bead_run} and {there.bead_run} are one acquisition: their files hold the same bytes"
    if curve_run.curve is None:
        return f"{curve_run.bead_run} has no curve: {curve_run.note}"
    if _detector(there) != _detector(curve_run):
        return (
            f"{there.bead_run} and {curve_run.bead_run} were not acquired on one instrument and detector "
            "with the same voltage and gain: the rainbow run must be acquired together with the bead run"
        )
    hours = _hours_apart(there, curve_run)
    if hours is not None and hours > settings.bead_age_reject_hours:
        return (
            f"{there.bead_run} and {curve_run.bead_run} lie {hours:.0f} hours apart: they must be of one day"
        )
    return ""


def _detector(run: CalibrationResult) -> tuple[object, ...]:
    facts = run.acquired
    return run.channel, facts.instrument, facts.serial, facts.voltage, facts.gain or 1.0


def _same_detector(here: CalibrationResult, there: CalibrationResult) -> bool:
    """Whether both are the same detector of the same instrument, by name; its voltage may differ."""
    mine, theirs = here.acquired, there.acquired
    named = bool(mine.instrument or mine.serial)
    same = (mine.instrument, mine.serial) == (theirs.instrument, theirs.serial)
    return named and same and here.channel == there.channel


def _hours_apart(run: CalibrationResult, other: CalibrationResult) -> float | None:
    if not (run.acquired.acquired_at and other.acquired.acquired_at):
        return None
    first, second = (datetime.fromisoformat(each.acquired.acquired_at) for each in (run, other))
    return abs((first - second).total_seconds()) / 3600


def _refused(here: CalibrationResult, why: str) -> CalibrationResult:
    note = joined_notes(here.note, f"no curve could be carried over from the runs of transfer_from: {why}")
    return replace(
        here, curve=None, flags=(*without_curve_flags(here.flags), CalibrationFlag.NO_CURVE), note=note
    )


def _words(
    here: CalibrationResult, there: CalibrationResult, curve_run: CalibrationResult, curve: StandardCurve
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
        f"{there.bead_run} by {transfer.n} rainbow populations: {line}, "
        f"{100 * transfer.largest_error:.1f} % off at most{assumed}{outside}"
    )
