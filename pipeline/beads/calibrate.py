"""One bead run: file → singlets → peaks → curve → verdict, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.beads.kits import bead_kit
from calibration.beads.peaks import BeadPeaks, find_bead_peaks
from calibration.beads.singlets import find_bead_singlets
from calibration.curve.acceptance import CheckName
from calibration.curve.acceptance_limits import CurveVerdict
from calibration.curve.brighter_channel import channel_check, compare_channels
from calibration.curve.standard_curve import StandardCurve, fit_standard_curve
from calibration.errors import CalibrationError
from calibration.flags import CalibrationFlag
from gating.events import Mask
from pipeline.beads.flags import curve_flags, joined_notes
from pipeline.beads.lot_values import size_row
from pipeline.beads.result import CalibrationResult
from pipeline.fcs import ChannelError, FcsError, FcsFile, read_fcs
from pipeline.fcs.file import acquired
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun
from pipeline.tube.channels import find_channel
from pipeline.tube.histograms import bead_histogram

FORWARD_SCATTER = re.compile(r"^(fsc|fs|forward)", re.IGNORECASE)
SIDE_SCATTER = re.compile(r"^(ssc|ss|side)", re.IGNORECASE)

NO_LIGHT = re.compile(r"^(time|event|index|sort)", re.IGNORECASE)
PULSE_MEASURE = re.compile(r"([-_ ]|(?<=\d))[AHW]$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BeadTask:
    """A bead run and where its file lies."""

    folder: Path
    run: BeadRun
    settings: Settings
    sha256: str = ""


def calibrate_bead_run(task: BeadTask) -> CalibrationResult:
    """Return the run's curve, or a note that says why there is none.

    Bad input raises nothing; what raises is a defect of cd38rd.
    """
    empty = without_curve(task)
    try:
        file, channel = _read(task)
        read = replace(empty, channel=channel, acquired=acquired(file, channel), n_events=file.n_events)
        return _fitted(task, file, read)
    except FcsError as error:
        return without_curve(task, str(error))


def without_curve(task: BeadTask, reason: str = "", defect: str = "") -> CalibrationResult:
    """Return a run that has no curve, and why.

    Parameters
    ----------
    defect
        Traceback of the defect of cd38rd that left it without; "" where the file is at fault.
    """
    run = task.run
    return CalibrationResult(
        *(run.beads, run.fcs_file, run.kit, run.lot, run.channel, run.levels),
        sha256=task.sha256,
        flags=(CalibrationFlag.NO_CURVE,) if reason else (),
        note=reason,
        defect=defect,
    )


def _read(task: BeadTask) -> tuple[FcsFile, str]:
    path = task.folder / task.run.fcs_file
    header = read_fcs(path, channels=(), allow_truncated=task.settings.allow_truncated)
    channel = find_channel([alias.strip() for alias in task.run.channel.split(";")], header.channels)
    if not channel:
        raise ChannelError(
            f"{path.name}: found no channel {task.run.channel} of the beads sheet; "
            f"the file has {', '.join(header.channels)}"
        )
    return read_fcs(path, allow_truncated=task.settings.allow_truncated), channel


def _fitted(task: BeadTask, file: FcsFile, result: CalibrationResult) -> CalibrationResult:
    run = task.run
    singlets, note = _singlets(file)
    finite = np.isfinite(file.column(result.channel))
    if not finite.all():
        note = joined_notes(
            note, f"{int((~finite).sum())} events hold no number on {result.channel}: left out"
        )
        singlets = singlets & finite
    intensity = file.column(result.channel)[singlets]
    result = replace(
        result,
        n_singlets=int(singlets.sum()),
        histogram=bead_histogram(intensity, channel=result.channel),
        note=note,
    )
    try:
        peaks = find_bead_peaks(
            intensity,
            len(run.levels),
            blank=run.levels[0] == 0,
            ranges=run.ranges or None,
            scale_top=file.scale_top(result.channel),
        )
        curve = _with_other_channels(_curve(task, peaks), task, file, result.channel, singlets, peaks)
    except CalibrationError as error:
        return replace(result, flags=(CalibrationFlag.NO_CURVE,), note=joined_notes(note, str(error)))
    return replace(
        result,
        peaks=peaks,
        curve=curve,
        flags=_flags(curve),
        note=joined_notes(note, _by_hand(run)),
    )


def _curve(task: BeadTask, peaks: BeadPeaks) -> StandardCurve:
    curve = fit_standard_curve(
        peaks.medians,
        task.run.levels,
        model=task.settings.curve_model,
        rcv=peaks.rcv,
        n=peaks.n,
        saturated=peaks.saturated,
        limits=task.settings.curve_limits,
    )
    row = size_row(bead_kit(task.run.kit), task.run.levels)
    return curve if row is None else curve.with_checks(row)


def _with_other_channels(
    curve: StandardCurve, task: BeadTask, file: FcsFile, channel: str, singlets: Mask, peaks: BeadPeaks
) -> StandardCurve:
    """Add whether another detector of the file collects more light of these beads."""
    kit = bead_kit(task.run.kit)
    if not kit.quantifies:
        return curve
    named, compared = file.column(channel)[singlets], []
    for other in _other_detectors(file.channels, channel):
        values = file.column(other)[singlets]
        comparison = compare_channels(
            named, values, peaks, one_dye=kit.one_dye, other_top=file.scale_top(other)
        )
        if comparison is not None:
            compared.append((other, comparison))
    row = channel_check(compared, channel)
    return curve if row is None else curve.with_checks(row)


def _other_detectors(channels: Sequence[str], channel: str) -> list[str]:
    """Return the other fluorescence detectors: neither scatter nor time, nor another pulse measure of one."""
    own = PULSE_MEASURE.sub("", channel).casefold()
    kind = PULSE_MEASURE.search(channel)
    suffix = kind.group().casefold() if kind else ""
    return [
        other
        for other in channels
        if not (FORWARD_SCATTER.match(other) or SIDE_SCATTER.match(other) or NO_LIGHT.match(other))
        and PULSE_MEASURE.sub("", other).casefold() != own
        and other.casefold().endswith(suffix)
    ]


def _by_hand(run: BeadRun) -> str:
    if not run.ranges:
        return ""
    listed = "; ".join(f"{low:g}-{high:g}" for low, high in run.ranges)
    return f"populations taken where a person set them in the beads sheet ({listed}), not searched"


def _singlets(file: FcsFile) -> tuple[Mask, str]:
    """Gate on the scatter there is; without forward and side scatter every event counts, and that is said."""
    fsc, ssc = _scatter(FORWARD_SCATTER, file.channels), _scatter(SIDE_SCATTER, file.channels)
    if not (fsc and ssc):
        return np.ones(
            file.n_events, np.bool_
        ), "no forward and side scatter in the file: every event was used"
    mask = find_bead_singlets(
        file.column(fsc), file.column(ssc), fsc_top=file.scale_top(fsc), ssc_top=file.scale_top(ssc)
    )
    return mask, ""


def _scatter(kind: re.Pattern[str], channels: Sequence[str]) -> str:
    """Return the area channel of a scatter, or the first there is; "" where there is none."""
    named = [channel for channel in channels if kind.match(channel)]
    return next((channel for channel in named if re.search(r"[-_ ]?A$", channel)), named[0] if named else "")


def _flags(curve: StandardCurve) -> tuple[CalibrationFlag, ...]:
    doubted = any(
        row.name is CheckName.BRIGHTER_ELSEWHERE and row.verdict is CurveVerdict.WARN for row in curve.checks
    )
    return (*curve_flags(curve), *((CalibrationFlag.BEADS_BRIGHTER_ELSEWHERE,) if doubted else ()))
