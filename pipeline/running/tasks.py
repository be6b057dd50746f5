"""The work of a study, cut into bead runs and tubes, each with the digest of everything it depends on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from calibration.flags import CalibrationFlag
from pipeline.beads.calibrate import BeadTask
from pipeline.beads.result import CalibrationResult
from pipeline.checks import Finding, tube_findings
from pipeline.files.content import digest_of
from pipeline.files.safe_name import file_named
from pipeline.quantification.quantify import TubeTask
from pipeline.running.program import code_digest
from pipeline.study.study import Study
from pipeline.tube.inputs import input_sha256
from pipeline.tube.spillover_file import read_spillover

HEAD_OF_THE_REPORT = {"report_title", "lab", "operator", "comment"}

AFTER_THE_TUBES = HEAD_OF_THE_REPORT | {
    "washed_out_drug",
    "study_drug",
    "month_days",
    "rd_cut",
    "lyse_reagent",
    "instrument_log",
}
"""Settings that no tube's result depends on."""

FLAGS_OF_TUBES = (
    CalibrationFlag.BEAD_DRIFT,
    CalibrationFlag.BEADS_BRIGHTER_ELSEWHERE,
    CalibrationFlag.BEADS_CUT,
    CalibrationFlag.BEADS_LEFT_OUT,
    CalibrationFlag.BEADS_UNGATED,
    CalibrationFlag.REPAIRED_BEAD_FILE,
    CalibrationFlag.CROSS_CALIBRATED,
)
"""Flags of a bead run that its tubes carry too."""


def input_hashes(study: Study) -> dict[str, str]:
    """Return the SHA-256 of every input file of the study; "" where it cannot be read (its row says so).

    Whatever is taken from a file for its row (what the checks find, its events) is taken after this, and the
    worker refuses another digest: so all of it comes from these bytes.
    """
    gates = (sample.gates_file for sample in study.samples if sample.gates_file)
    return {name: input_sha256(study.folder, name) for name in (*files_of_study(study), *gates)}


def bead_hashes(study: Study) -> dict[str, str]:
    """Return the SHA-256 of the files of the bead runs alone; "" where one cannot be read."""
    return {run.fcs_file: input_sha256(study.folder, run.fcs_file) for run in study.beads}


def files_of_study(study: Study) -> tuple[str, ...]:
    """Return every FCS file that the sheets name, once: bead runs, then tubes with their controls."""
    tubes = [name for sample in study.samples for name in sample.fcs_files]
    return tuple(dict.fromkeys([*(run.fcs_file for run in study.beads), *tubes]))


def bead_tasks(study: Study, hashes: Mapping[str, str]) -> tuple[BeadTask, ...]:
    """Return one task per bead run, in the order of the beads sheet."""
    return tuple(
        BeadTask(study.folder, run, study.settings, hashes.get(run.fcs_file, "")) for run in study.beads
    )


def tube_tasks(
    study: Study,
    calibrations: Sequence[CalibrationResult],
    hashes: Mapping[str, str],
    events_folder: Path | None = None,
    known: Sequence[Finding] | None = None,
) -> tuple[TubeTask, ...]:
    """Return one task per sample, in the order of the samples sheet.

    Parameters
    ----------
    calibrations
        Of every bead run of the study.
    hashes
        See `input_hashes`.
    events_folder
        Where per-event results go; None: nowhere.
    known
        What the checks of the study found, where they have run; None: they run here.
    """
    runs = {run.beads: run for run in calibrations}
    findings = tube_findings(study, known)
    named = study.settings.spillover_file
    spillover = read_spillover(study.folder, named) if named else None
    tasks = []
    for sample in study.samples:
        checked = findings[sample.sample_id]
        tasks.append(
            TubeTask(
                folder=study.folder,
                sample=sample,
                panel=study.panel(sample.panel),
                calibration=runs[sample.beads],
                settings=study.settings,
                overrides=tuple(gate for gate in study.gates if gate.sample_id == sample.sample_id),
                failure=checked.failure,
                flags=_with_drift(checked.flags, runs[sample.beads]),
                notes=checked.notes,
                spillover=spillover,
                assigned_cv=study.unit_run(sample.beads).assigned_cv,
                files_sha256=tuple((name, hashes[name]) for name in sample.input_files if name in hashes),
                events_file=None
                if events_folder is None
                else file_named(events_folder, sample.sample_id, ".parquet"),
            )
        )
    return tuple(tasks)


def _with_drift(flags: tuple[str, ...], calibration: CalibrationResult) -> tuple[str, ...]:
    """Let a tube's row say what is doubtful about its bead run beyond the curve itself."""
    return (*flags, *(flag for flag in calibration.flags if flag in FLAGS_OF_TUBES))


def tube_digest(task: TubeTask) -> str:
    """Return the digest of all that decides a tube's result: code, files, curve, panel, settings, cuts.

    Dates, doses and remarks do not: they change tables, not tubes.
    """
    sample = task.sample
    parts: Iterable[object] = (
        code_digest(),
        (sample.sample_id, task.files_sha256, sample.gates_file, sample.population),
        task.panel,
        replace(task.calibration, histogram=None, drift=()),
        sorted(task.settings.model_dump(exclude=AFTER_THE_TUBES).items()),
        task.overrides,
        task.spillover.digest if task.spillover else "",
        (task.failure, task.flags, task.notes, task.assigned_cv),
        task.batch_cuts,
        task.second_opinion,
    )
    return digest_of(repr(part) for part in parts)


def bead_digest(task: BeadTask) -> str:
    """Return the digest of all that decides a bead run's curve."""
    settings = sorted(task.settings.model_dump(exclude=AFTER_THE_TUBES).items())
    return digest_of((code_digest(), repr(task.run), repr(settings), task.sha256))
