"""A day without its bead run: the curve of another day, carried over by rainbow beads run on both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from calibration.curve.standard_curve import StandardCurve, StandardCurveError, Verdict
from calibration.curve.transfer import fit_transfer, transferred_curve
from pipeline.beads.curve_limits import curve_limits
from pipeline.beads.result import CalibrationResult
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun

CROSS_CALIBRATED = "CROSS_CALIBRATED"


def with_transfers(
    calibrations: Sequence[CalibrationResult], runs: Sequence[BeadRun], settings: Settings
) -> tuple[CalibrationResult, ...]:
    """Give the rainbow runs that name another day its curve, on the scale of their own day.

    Parameters
    ----------
    calibrations
        Of the study's bead runs, judged; a run may be missing.
    runs
        Of the beads sheet.
    settings
        Of the study.
    """
    found = {one.beads: one for one in calibrations}
    typed = {run.beads: run for run in runs}
    return tuple(
        _carried(one, [found.get(name) for name in typed[one.beads].transfer_names], settings)
        if typed[one.beads].transfer_names
        else one
        for one in calibrations
    )


def _carried(
    here: CalibrationResult, other: Sequence[CalibrationResult | None], settings: Settings
) -> CalibrationResult:
    """Return the run with the curve of the other day, or without any and why."""
    there, beads = (*other, None, None)[:2]
    if there is None or beads is None:
        return _refused(here, "the runs that transfer_from names have not been read")
    why = _unfit(here, there, beads, settings)
    if why or beads.curve is None or here.peaks is None or there.peaks is None:
        return _refused(here, why)
    assumed = 0.0 if _same_detector(here, there) else settings.transfer_cv
    try:
        transfer = fit_transfer(here.peaks, there.peaks, here.levels, assumed_cv=assumed)
    except StandardCurveError as error:
        return _refused(here, str(error))
    curve = transferred_curve(beads.curve, transfer, curve_limits(settings))
    return replace(
        here,
        curve=curve,
        unit_kit=beads.kit,
        flags=(*_own_flags(here), CROSS_CALIBRATED, *_flags(curve)),
        note=_joined(here.note, _words(here, there, beads, curve)),
    )


def _unfit(
    here: CalibrationResult, there: CalibrationResult, beads: CalibrationResult, settings: Settings
) -> str:
    """Say why the three runs carry nothing over; "" where they do."""
    for run in (here, there):
        if run.peaks is None:
            return f"the rainbow populations of {run.beads} were not found: {run.note}"
    if here.sha256 and (here.sha256, here.channel) == (there.sha256, there.channel):
        return f"{here.beads} and {there.beads} are one acquisition: their files hold the same bytes"
    if beads.curve is None:
        return f"{beads.beads} has no curve: {beads.note}"
    if _detector(there) != _detector(beads):
        return (
            f"{there.beads} and {beads.beads} were not acquired on one instrument and detector with the same "
            "voltage and gain: the rainbow run must stand beside the bead run"
        )
    hours = _hours_apart(there, beads)
    if hours is not None and hours > settings.bead_age_reject_hours:
        return f"{there.beads} and {beads.beads} lie {hours:.0f} hours apart: they must be of one day"
    return ""


def _detector(run: CalibrationResult) -> tuple[object, ...]:
    facts = run.acquired
    return run.channel, facts.instrument, facts.serial, facts.voltage, facts.gain or 1.0


def _same_detector(here: CalibrationResult, there: CalibrationResult) -> bool:
    """Whether both are the same detector of the same instrument, by name; its voltage may differ."""
    one, other = here.acquired, there.acquired
    named = bool(one.instrument or one.serial)
    same = (one.instrument, one.serial) == (other.instrument, other.serial)
    return named and same and here.channel == there.channel


def _hours_apart(one: CalibrationResult, other: CalibrationResult) -> float | None:
    if not (one.acquired.acquired_at and other.acquired.acquired_at):
        return None
    first, second = (datetime.fromisoformat(run.acquired.acquired_at) for run in (one, other))
    return abs((first - second).total_seconds()) / 3600


def _refused(here: CalibrationResult, why: str) -> CalibrationResult:
    note = _joined(here.note, f"no curve could be carried over from the runs of transfer_from: {why}")
    return replace(here, curve=None, flags=(*_own_flags(here), "NO_CURVE"), note=note)


def _own_flags(here: CalibrationResult) -> tuple[str, ...]:
    of_the_curve = ("CURVE_WARN", "CURVE_REJECTED", "NO_CURVE")
    return tuple(flag for flag in here.flags if flag not in of_the_curve)


def _flags(curve: StandardCurve) -> tuple[str, ...]:
    by_verdict = {Verdict.WARN: ("CURVE_WARN",), Verdict.REJECT: ("CURVE_REJECTED",)}
    return by_verdict.get(curve.verdict, ())


def _words(
    here: CalibrationResult, there: CalibrationResult, beads: CalibrationResult, curve: StandardCurve
) -> str:
    found = curve.transfer
    if found is None:
        return ""
    line = (
        f"MFI × {10**found.intercept:.4g}"
        if found.slope == 1
        else f"log10 MFI of that day = {found.slope:.4f} · log10 MFI {found.intercept:+.4f}"
    )
    assumed = (
        f"; another instrument or detector, for which {100 * found.assumed_cv:g} % are added (an assumption)"
        if found.assumed_cv
        else ""
    )
    beyond = [m for m in curve.medians if m > 0 and not found.low / 2 <= m <= 2 * found.high]
    outside = f"; {len(beyond)} beads of the curve lie beyond the rainbow populations" if beyond else ""
    return (
        f"curve of {beads.beads} ({beads.kit}, lot {beads.lot}) carried over from {there.beads} by {found.n} "
        f"rainbow populations: {line}, {100 * found.largest_error:.1f} % off at most{assumed}{outside}"
    )


def _joined(*notes: str) -> str:
    return "; ".join(note.rstrip(".") for note in notes if note)
