"""A bead run compared with earlier runs of its instrument: the check of the top bead, and the drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from calibration.beads.kits import bead_kit
from calibration.curve.acceptance_limits import CurveVerdict
from calibration.curve.drift import FEWEST_RUNS, SETTLED_RUNS, DriftSeries, levey_jennings
from calibration.curve.standard_curve import StandardCurve, fit_standard_curve
from calibration.flags import CalibrationFlag
from pipeline.beads.cross_calibration import with_transfers
from pipeline.beads.flags import curve_flags, joined_notes, without_curve_flags
from pipeline.beads.instrument_log import InstrumentLog, LoggedRun
from pipeline.beads.lot_values import with_lot_values, without_line
from pipeline.beads.result import CalibrationResult
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun

MOST_SHOWN = 60
"""Most runs of a series in the figure. Convention: more points could not be told apart there."""


def log_of(folder: Path, settings: Settings) -> InstrumentLog | None:
    """Return the log that the settings name, relative to the study folder; None where they name none."""
    return InstrumentLog(folder / settings.instrument_log) if settings.instrument_log else None


def judged_bead_runs(
    log: InstrumentLog | None,
    calibrations: Sequence[CalibrationResult],
    runs: Sequence[BeadRun],
    settings: Settings,
    *,
    write: bool,
) -> tuple[CalibrationResult, ...]:
    """Judge every bead run against the earlier runs of its instrument, in order of time, and log it.

    Rainbow runs that replace a bead run then get the curve of another day
    (`pipeline.beads.cross_calibration`).

    Parameters
    ----------
    log
        None: nothing is compared with earlier runs and nothing is written.
    calibrations, runs
        Of the study, in the order of the beads sheet; a run that is not in `calibrations` is left out.
    write
        Whether to log them; a report from stored results only reads.
    """
    judged = (
        tuple(calibrations) if log is None else _all_judged(log, calibrations, runs, settings, write=write)
    )
    return with_transfers(with_lot_values(judged, log, settings.curve_limits), runs, settings)


def _all_judged(
    log: InstrumentLog,
    calibrations: Sequence[CalibrationResult],
    runs: Sequence[BeadRun],
    settings: Settings,
    *,
    write: bool,
) -> tuple[CalibrationResult, ...]:
    typed = {run.name: run for run in runs}
    judged: dict[str, CalibrationResult] = {}
    for result in sorted(calibrations, key=lambda result: _moment(result, typed[result.bead_run])):
        judged[result.bead_run] = _judged(log, result, typed[result.bead_run], settings)
        line = logged(judged[result.bead_run], typed[result.bead_run])
        if write and line is not None:
            log.append(line)
    return tuple(judged[result.bead_run] for result in calibrations)


def logged(result: CalibrationResult, run: BeadRun) -> LoggedRun | None:
    """Return the run's line of the log; None where it has no curve or its file's digest is not known."""
    if result.curve is None or result.peaks is None or not result.sha256:
        return None
    acquired = result.acquired
    return LoggedRun(
        *(result.sha256, result.channel, result.kit, result.lot, acquired.instrument, acquired.serial),
        *(acquired.voltage, acquired.gain, _moment(result, run), result.levels),
        medians=tuple(float(median) for median in result.peaks.medians),
        on_scale=tuple(not saturated for saturated in result.peaks.saturated),
        slope=result.curve.slope,
        intercept=result.curve.intercept,
        verdict=result.curve.verdict,
    )


def _moment(result: CalibrationResult, run: BeadRun) -> str:
    """Return when the beads were acquired: as the file says, else as typed, else ""."""
    return result.acquired.acquired_at or (run.acquired_on.isoformat() if run.acquired_on else "")


def _judged(
    log: InstrumentLog, result: CalibrationResult, run: BeadRun, settings: Settings
) -> CalibrationResult:
    line = logged(result, run)
    if line is None:
        return result
    unknown = _unknown(line)
    if unknown:
        return replace(
            result, note=joined_notes(result.note, f"not compared with the instrument log: {unknown}")
        )
    earlier = log.before(line)
    if not earlier:
        note = "first run of these beads on this detector, voltage and gain in the instrument log"
        return replace(result, note=joined_notes(result.note, note))
    series = drift_series((*earlier, line))
    curve = _with_history(result, earlier, settings)
    flags = _flags(result, curve, series)
    return replace(
        result,
        curve=curve,
        drift=series,
        flags=flags,
        note=joined_notes(result.note, _words(series, len(earlier))),
    )


def _unknown(line: LoggedRun) -> str:
    if not line.acquired_at:
        return "it is not known when it was acquired"
    return "" if line.instrument or line.serial else "the file does not name its instrument"


def _with_history(
    result: CalibrationResult, earlier: Sequence[LoggedRun], settings: Settings
) -> StandardCurve | None:
    """Fit again, with the earlier medians of the top bead; rejected runs are not used."""
    if result.peaks is None or result.curve is None:
        return result.curve
    peaks, top = result.peaks, max(k for k, used in enumerate(result.curve.fitted) if used)
    usable = [run for run in earlier if run.verdict != CurveVerdict.REJECT.value and run.on_scale[top]]
    refitted = fit_standard_curve(
        peaks.medians,
        result.levels,
        model=settings.curve_model,
        rcv=peaks.rcv,
        n=peaks.n,
        saturated=peaks.saturated,
        history=[run.medians[top] for run in usable],
        limits=settings.curve_limits,
    )
    refitted = without_line(refitted, bead_kit(result.kit), result.levels)
    new_names = {row.name for row in refitted.checks}
    return refitted.with_checks(*(row for row in result.curve.checks if row.name not in new_names))


def drift_series(runs: Sequence[LoggedRun]) -> tuple[DriftSeries, ...]:
    """Return the Levey-Jennings series of each bead's MFI, slope and intercept; the last run is the new one.

    A bead is left out if any run has it at zero or at the end of the scale.
    """
    days = tuple(run.acquired_at for run in runs)
    series = []
    for k, level in enumerate(runs[-1].levels):
        values = [run.medians[k] for run in runs]
        if level > 0 and min(values) > 0 and all(run.on_scale[k] for run in runs):
            series.append(
                DriftSeries(f"bead {level:g}", days, levey_jennings(values, logarithmic=True), True)
            )
    for name in ("slope", "intercept"):
        values = [float(getattr(run, name)) for run in runs]
        series.append(DriftSeries(name, days, levey_jennings(values)))
    return tuple(
        DriftSeries(s.name, s.on[-MOST_SHOWN:], s.points[-MOST_SHOWN:], s.logarithmic) for s in series
    )


def _flags(
    result: CalibrationResult, curve: StandardCurve | None, series: Sequence[DriftSeries]
) -> tuple[CalibrationFlag, ...]:
    drifted = any(quantity.points[-1].verdict is CurveVerdict.REJECT for quantity in series)
    drift = (CalibrationFlag.BEAD_DRIFT,) if drifted else ()
    return (*without_curve_flags(result.flags), *curve_flags(curve), *drift)


def _words(series: Sequence[DriftSeries], n: int) -> str:
    provisional = f", provisional before {SETTLED_RUNS}" if n < SETTLED_RUNS else ""
    broken = [
        f"{quantity.name} {' '.join(quantity.points[-1].broken)} ({quantity.points[-1].z:+.1f} SD)"
        for quantity in series
        if quantity.points[-1].broken
    ]
    verdict = "Westgard: " + ", ".join(broken) if broken else "no Westgard rule broken"
    judgement = "too few for limits" if n < FEWEST_RUNS else verdict
    return f"{n} earlier run{'' if n == 1 else 's'} in the instrument log{provisional}: {judgement}"
