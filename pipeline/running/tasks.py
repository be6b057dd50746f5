"""The work of a study, cut into bead runs and tubes, each with the digest of everything it depends on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from calibration.flags import CalibrationFlag
from pipeline.beads.calibrate import BeadTask, calibrate_bead_run
from pipeline.beads.result import CalibrationResult
from pipeline.checks import Finding, tube_findings
from pipeline.checks.findings import TubeFindings
from pipeline.files.content import digest_of
from pipeline.files.safe_name import file_named
from pipeline.quantification.quantify import quantify_tube
from pipeline.quantification.task import TubeTask
from pipeline.running.program import digest_of_work
from pipeline.study.file_labels import FileLabels, labels_of_sample, labels_of_study
from pipeline.study.study import Sample, Study
from pipeline.tube.inputs import input_sha256
from pipeline.tube.spillover_file import read_spillover

FLAGS_OF_TUBES = (
    CalibrationFlag.BEAD_DRIFT,
    CalibrationFlag.BEADS_BRIGHTER_ELSEWHERE,
    CalibrationFlag.BEADS_CUT,
    CalibrationFlag.BEADS_LEFT_OUT,
    CalibrationFlag.BEADS_UNGATED,
    CalibrationFlag.BEADS_UNSTEADY,
    CalibrationFlag.REPAIRED_BEAD_FILE,
    CalibrationFlag.CROSS_CALIBRATED,
)
"""Flags of a bead run that its tubes also get."""


def input_hashes(study: Study) -> dict[str, str]:
    """Return the SHA-256 of every input file of the study; "" if it cannot be read (its row reports that).

    The checks and the events are read from a file after its digest is taken, and the worker refuses a file
    with another digest. So the whole row comes from the same bytes.
    """
    gates = (sample.gates_file for sample in study.samples if sample.gates_file)
    return {name: input_sha256(study.folder, name) for name in (*files_of_study(study), *gates)}


def bead_hashes(study: Study) -> dict[str, str]:
    """Return the SHA-256 of the files of the bead runs only; "" if a file cannot be read."""
    return {run.fcs_file: input_sha256(study.folder, run.fcs_file) for run in study.bead_runs}


def files_of_study(study: Study) -> tuple[str, ...]:
    """Return every FCS file that the sheets name, once: bead runs, then tubes with their controls."""
    tubes = [name for sample in study.samples for name in sample.fcs_files]
    return tuple(dict.fromkeys([*(run.fcs_file for run in study.bead_runs), *tubes]))


def bead_tasks(study: Study, hashes: Mapping[str, str]) -> tuple[BeadTask, ...]:
    """Return one task per bead run, in the order of the beads sheet."""
    return tuple(
        BeadTask(study.folder, run, study.settings.of_beads, hashes.get(run.fcs_file))
        for run in study.bead_runs
    )


def tube_tasks(
    study: Study,
    calibrations: Sequence[CalibrationResult],
    hashes: Mapping[str, str],
    events_folder: Path | None = None,
    findings_of_study: Sequence[Finding] | None = None,
) -> tuple[TubeTask, ...]:
    """Return one task per sample, in the order of the samples sheet.

    Parameters
    ----------
    calibrations
        The curves of every bead run of the study.
    hashes
        See `input_hashes`.
    events_folder
        The folder for per-event results; None: they are not written.
    findings_of_study
        What the checks of the study found, where they have run; None: they run here.
    """
    runs = {run.bead_run: run for run in calibrations}
    findings = findings_of_tubes(study, calibrations, findings_of_study)
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
                calibration=runs[sample.bead_run],
                settings=study.settings.of_tubes,
                overrides=tuple(gate for gate in study.gates if gate.sample_id == sample.sample_id),
                failure=checked.failure,
                flags=checked.flags,
                notes=checked.notes,
                spillover=spillover,
                assigned_cv=study.unit_run(sample.bead_run).assigned_cv,
                files_sha256=_digests(study, sample, hashes),
                events_file=None
                if events_folder is None
                else file_named(events_folder, sample.sample_id, ".parquet"),
            )
        )
    return tuple(tasks)


def _digests(study: Study, sample: Sample, hashes: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return (label, SHA-256) of the files of a tube."""
    labels = labels_of_sample(study.folder, sample)
    return labels.of_pairs((name, hashes[name]) for name in sample.input_files if name in hashes)


def findings_of_tubes(
    study: Study,
    calibrations: Iterable[CalibrationResult],
    findings_of_study: Sequence[Finding] | None = None,
) -> dict[str, TubeFindings]:
    """Return by sample_id the findings of the checks on each tube and the doubts about its bead run.

    Parameters
    ----------
    calibrations
        The curves of the known bead runs.
    findings_of_study
        What the checks of the study found, where they have run; None: they run here.
    """
    doubts = {
        run.bead_run: tuple(flag for flag in run.flags if flag in FLAGS_OF_TUBES) for run in calibrations
    }
    of_tubes, labels = tube_findings(study, findings_of_study), labels_of_study(study)
    return {
        sample.sample_id: _labelled(of_tubes[sample.sample_id], labels, doubts.get(sample.bead_run, ()))
        for sample in study.samples
    }


def _labelled(findings: TubeFindings, labels: FileLabels, doubts: tuple[str, ...]) -> TubeFindings:
    """Return the findings without file names, with the doubts about the bead run."""
    return TubeFindings(
        labels.in_text(findings.failure),
        (*findings.flags, *doubts),
        tuple(map(labels.in_text, findings.notes)),
    )


def without_findings(task: TubeTask) -> TubeTask:
    """Return the task without the flags and notes of the checks, which are not stored with the tube."""
    return replace(task, flags=(), notes=())


def tube_digest(task: TubeTask) -> str:
    """Return the digest of all inputs of a tube's result: code, files, curve, panel, settings, cuts.

    Dates, doses, remarks and the findings on them are left out: they change tables, not tubes.
    """
    sample = task.sample
    parts: Iterable[object] = (
        digest_of_work(quantify_tube),
        (sample.sample_id, task.files_sha256, sample.gates_file, sample.population),
        task.panel,
        replace(task.calibration, histogram=None, drift=()),
        sorted(task.settings.model_dump().items()),
        task.overrides,
        task.spillover.digest if task.spillover else "",
        (task.failure, task.assigned_cv),
        task.batch_cuts,
        task.second_opinion,
    )
    return digest_of(repr(part) for part in parts)


def bead_digest(task: BeadTask) -> str:
    """Return the digest of all inputs of a bead run's curve."""
    settings = sorted(task.settings.model_dump().items())
    return digest_of((digest_of_work(calibrate_bead_run), repr(task.run), repr(settings), str(task.sha256)))
