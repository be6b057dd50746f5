"""One bead run: file → singlets → bead populations → standard curve → verdict, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.beads.kits import bead_kit
from calibration.beads.peaks import BeadPeaks, find_bead_peaks
from calibration.beads.singlets import find_bead_singlets
from calibration.curve.acceptance_limits import CurveVerdict
from calibration.curve.brighter_channel import compare_channels
from calibration.curve.curve_checks.every_check import checked
from calibration.curve.curve_checks.other_channels import ComparedChannels
from calibration.curve.standard_curve import StandardCurve, fit_standard_curve
from calibration.curve.table_rows import CheckName
from calibration.errors import CalibrationError
from calibration.flags import CalibrationFlag
from gating.events import Mask
from pipeline.beads.flags import curve_flags, joined_notes
from pipeline.beads.lot_values import is_ordinal, judged_by_kit
from pipeline.beads.order_of_events import change_within_run
from pipeline.beads.result import CalibrationResult
from pipeline.beads.scatter import Scatter, choose_scatter, other_detectors
from pipeline.fcs import ChannelError, FcsError, FcsFile, read_fcs
from pipeline.fcs.file import acquired
from pipeline.fcs.repairs import USUAL_REPAIRS, Repair
from pipeline.files.content import AnyContent
from pipeline.study.file_labels import labels_of_beads
from pipeline.study.settings.tube import BeadSettings
from pipeline.study.study import BeadRun
from pipeline.tube.histograms import bead_histogram
from pipeline.tube.inputs import changed_inputs, read_inputs
from pipeline.tube.names.channels import channels_meant
from pipeline.tube.values.impossible import MOST_UNREADABLE, UnsoundError, is_measured
from pipeline.tube.values.scale_ends import scale_ends

MOST_LEFT_OUT = 1 / 3
"""Share of the events of a bead file above which excluded events are flagged. Convention: bead files are
mostly beads."""


FLAG_OF_CHECK = {
    CheckName.BRIGHTER_ELSEWHERE: CalibrationFlag.BEADS_BRIGHTER_ELSEWHERE,
    CheckName.STEADY: CalibrationFlag.BEADS_UNSTEADY,
}
"""Checks of a curve whose doubt also has a flag of its own."""


@dataclass(frozen=True, slots=True)
class BeadTask:
    """A bead run and where its file lies.

    `sha256`: of the file when the run began; "" if it could not be read then, None where nobody knows it. A
    file that is another one when it is read gives no curve.
    """

    folder: Path
    run: BeadRun
    settings: BeadSettings
    sha256: str | None = None


def calibrate_bead_run(task: BeadTask) -> CalibrationResult:
    """Return the standard curve of the run, or a note that says why there is none.

    Bad input raises no exception; any exception is a defect of cd38rd.
    """
    labels = labels_of_beads(task.folder, task.run)
    result = _calibrated(task)
    return replace(result, note=labels.in_text(result.note))


def _calibrated(task: BeadTask) -> CalibrationResult:
    name = task.run.fcs_file
    inputs = read_inputs(task.folder, [name])
    changed = changed_inputs([] if task.sha256 is None else [(name, task.sha256)], inputs.sha256)
    task = replace(task, sha256=dict(inputs.sha256)[name])
    if changed:
        return without_curve(task, changed)
    empty = without_curve(task)
    try:
        file, channel = _read(task, inputs.content(name))
        read = replace(empty, channel=channel, acquired=acquired(file, channel), n_events=file.n_events)
        return _fitted(task, file, read)
    except (FcsError, UnsoundError) as error:
        return without_curve(task, str(error))


def without_curve(task: BeadTask, reason: str = "", defect: str = "") -> CalibrationResult:
    """Return the result of a run without a curve, with the reason.

    Parameters
    ----------
    defect
        Traceback of the defect of cd38rd that left it without; "" where the file is at fault.
    """
    run, labels = task.run, labels_of_beads(task.folder, task.run)
    return CalibrationResult(
        *(run.name, labels.of(run.fcs_file), run.kit, run.lot, run.channel, run.levels),
        sha256=task.sha256 or "",
        flags=(CalibrationFlag.NO_CURVE,) if reason else (),
        note=labels.in_text(reason),
        defect=labels.in_text(defect),
    )


def _read(task: BeadTask, content: AnyContent) -> tuple[FcsFile, str]:
    path = task.folder / task.run.fcs_file
    header = read_fcs(path, channels=(), allow_truncated=task.settings.allow_truncated, content=content)
    meant = channels_meant([alias.strip() for alias in task.run.channel.split(";")], header.channels)
    if len(meant) != 1:
        raise ChannelError(
            f"{path.name}: found {' and '.join(meant) or 'no channel'} for {task.run.channel} of the beads "
            f"sheet, expected one; the file has {', '.join(header.channels)}"
        )
    return read_fcs(path, allow_truncated=task.settings.allow_truncated, content=content), meant[0]


def _fitted(task: BeadTask, file: FcsFile, result: CalibrationResult) -> CalibrationResult:
    run, channel = task.run, result.channel
    measured = is_measured(file.column(channel))
    gap_note = _gap(int((~measured).sum()), file, channel)
    scatter = choose_scatter(file.channels, file.column, np.where(measured, file.column(channel), np.nan))
    other_names = other_detectors(file.channels, channel)
    names = list(dict.fromkeys([channel, scatter.first, scatter.second, *other_names]))
    ends = _Ends.of(file, [name for name in names if name])
    singlets = _singlets(file, scatter, ends) & measured
    intensity = file.column(channel)[singlets]
    result = replace(
        result,
        n_singlets=int(singlets.sum()),
        histogram=bead_histogram(intensity, channel=channel),
        flags=_of_the_file(file, ends, singlets, has_scatter=bool(scatter.first)),
        note=joined_notes(
            *_repairs(file, ends), scatter.words(), gap_note, _left_out(file.n_events, int(singlets.sum()))
        ),
    )
    beads = _Beads(file, singlets, channel, tuple(other_names), ends)
    try:
        peaks = find_bead_peaks(
            intensity,
            len(run.levels),
            blank=run.levels[0] == 0,
            ranges=run.ranges or None,
            scale_top=ends.top(channel),
            others=[beads.column(other_name) for other_name in other_names],
        )
        curve = _with_change(_curve(task, peaks), task, beads, peaks)
        curve = _with_other_channels(curve, task, beads, peaks)
    except CalibrationError as error:
        return replace(
            result,
            flags=(*result.flags, CalibrationFlag.NO_CURVE),
            note=joined_notes(result.note, str(error)),
        )
    cut = (CalibrationFlag.BEADS_CUT,) if any(peaks.cut) else ()
    return replace(
        result,
        peaks=peaks,
        curve=curve,
        flags=(*result.flags, *cut, *_flags(curve)),
        note=joined_notes(result.note, _by_hand(run), _numbered(run)),
    )


@dataclass(frozen=True, slots=True)
class _Ends:
    """The end of scale of each channel of the bead file."""

    tops: Mapping[str, float]
    repairs: tuple[Repair, ...]

    @classmethod
    def of(cls, file: FcsFile, names: Sequence[str]) -> _Ends:
        ends = scale_ends(file, names, [file.column(name) for name in names])
        return cls(dict(zip(names, ends.tops, strict=True)), ends.repairs)

    def top(self, name: str) -> float:
        return self.tops[name]


@dataclass(frozen=True, slots=True)
class _Beads:
    """The singlets of a bead file: the calibrated channel, and the other detectors of light."""

    file: FcsFile
    singlets: Mask
    channel: str
    others: tuple[str, ...]
    ends: _Ends

    def column(self, name: str) -> NDArray[np.floating]:
        return self.file.column(name)[self.singlets]


def _of_the_file(
    file: FcsFile, ends: _Ends, singlets: Mask, *, has_scatter: bool
) -> tuple[CalibrationFlag, ...]:
    repaired = (CalibrationFlag.REPAIRED_BEAD_FILE,) if _repairs(file, ends) else ()
    left_out = _left_out(file.n_events, int(singlets.sum()))
    ungated = () if has_scatter else (CalibrationFlag.BEADS_UNGATED,)
    return (*repaired, *ungated, *((CalibrationFlag.BEADS_LEFT_OUT,) if left_out else ()))


def _gap(n: int, file: FcsFile, channel: str) -> str:
    """Say how many events have no number; raise UnsoundError if they are too many to be an accident."""
    if not n:
        return ""
    text = f"{n} of {file.n_events} events have a value that no detector gives on {channel}"
    if n > MOST_UNREADABLE * file.n_events:
        raise UnsoundError(
            f"{file.path.name}: {text}, expected numbers; is the byte order or the data type in the file's "
            "header right?"
        )
    return f"{text}: left out"


def _repairs(file: FcsFile, ends: _Ends) -> tuple[str, ...]:
    return tuple(repair.text for repair in (*file.repairs, *ends.repairs) if repair.code not in USUAL_REPAIRS)


def _left_out(n: int, n_singlets: int) -> str:
    """Say that a large part of the file is not beads; "" if it is small."""
    if n_singlets >= (1 - MOST_LEFT_OUT) * n:
        return ""
    return (
        f"{n - n_singlets} of {n} events are no bead singlets and were left out: look at the scatter of the "
        "bead file"
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
    return judged_by_kit(curve, bead_kit(task.run.kit), task.run.levels, task.settings.curve_limits)


def _with_other_channels(
    curve: StandardCurve, task: BeadTask, beads: _Beads, peaks: BeadPeaks
) -> StandardCurve:
    """Add a check whether another detector of the file sees more light of these beads."""
    kit = bead_kit(task.run.kit)
    if not kit.quantifies:
        return curve
    named, compared = beads.column(beads.channel), []
    for other_name in beads.others:
        comparison = compare_channels(
            named, beads.column(other_name), peaks, one_dye=kit.one_dye, other_top=beads.ends.top(other_name)
        )
        if comparison is not None:
            compared.append((other_name, comparison))
    rows = checked(ComparedChannels(beads.channel, compared), task.settings.curve_limits)
    return curve.with_checks(*rows)


def _with_change(curve: StandardCurve, task: BeadTask, beads: _Beads, peaks: BeadPeaks) -> StandardCurve:
    """Add a check whether the beads kept their brightness while they were acquired."""
    change = change_within_run(beads.file, beads.singlets, beads.channel, peaks)
    return curve if change is None else curve.with_checks(*checked(change, task.settings.curve_limits))


def _by_hand(run: BeadRun) -> str:
    if not run.ranges:
        return ""
    listed = "; ".join(f"{low:g}-{high:g}" for low, high in run.ranges)
    return f"populations taken where a person set them in the beads sheet ({listed}), not searched"


def _numbered(run: BeadRun) -> str:
    ordinal = is_ordinal(bead_kit(run.kit), run.levels)
    return "the levels only rank the beads: their line is not judged" if ordinal else ""


def _singlets(file: FcsFile, scatter: Scatter, ends: _Ends) -> Mask:
    """Gate singlets on the scatter channels; without any, all events are used."""
    if not scatter.first:
        return np.ones(file.n_events, np.bool_)
    return find_bead_singlets(
        file.column(scatter.first),
        file.column(scatter.second),
        fsc_top=ends.top(scatter.first),
        ssc_top=ends.top(scatter.second),
    )


def _flags(curve: StandardCurve) -> tuple[CalibrationFlag, ...]:
    doubted = {row.name for row in curve.checks if row.verdict is not CurveVerdict.ACCEPT}
    return (*curve_flags(curve), *(flag for name, flag in FLAG_OF_CHECK.items() if name in doubted))
