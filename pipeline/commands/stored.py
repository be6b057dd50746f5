"""`cd38rd washout` and `cd38rd report`: tables, models and pages from stored results."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline.assembly.assemble import assembled
from pipeline.assembly.study_result import Note
from pipeline.audit.trail import Event
from pipeline.beads.history import judged_bead_runs, log_of
from pipeline.beads.result import CalibrationResult
from pipeline.checks import Finding, folder_with_findings
from pipeline.commands.exit_status import ExitStatus, RunSummary
from pipeline.commands.last_time import LastTime, made_from
from pipeline.commands.printout import finished_text
from pipeline.commands.record import CommandRecord, inputs_of
from pipeline.commands.summary import not_run, shown_names, summary_of
from pipeline.output.results_folder import NO_EXTRAS, FigureExtras, Results
from pipeline.quantification.result import SampleResult
from pipeline.running.defects import logged_to
from pipeline.running.progress import QuietReporter, Reporter
from pipeline.running.store import Stores
from pipeline.running.tasks import findings_of_tubes, tube_digest, tube_tasks
from pipeline.running.this_computer.collector import collector_at_rest
from pipeline.running.this_computer.processes import own_processes
from pipeline.running.this_computer.side_work import side_work
from pipeline.running.two_passes import results_beside_batches, tasks_with_batch_cuts
from pipeline.study.errors import UserError
from pipeline.study.faults import fault_report, stops_run
from pipeline.study.file_labels import labels_of_sample
from pipeline.study.study import Study


def refit_washout(folder: Path, reporter: Reporter | None = None) -> RunSummary:
    """Join stored results with today's doses, patients and settings, and fit again."""
    with collector_at_rest() as loaded:
        return _from_store(folder, loaded, reporter or QuietReporter(), extras=None)


def rewrite_report(
    folder: Path, reporter: Reporter | None = None, extras: FigureExtras = NO_EXTRAS
) -> RunSummary:
    """Write tables, figures and report from stored results; `extras`: figures that are drawn on request."""
    with collector_at_rest() as loaded:
        return _from_store(folder, loaded, reporter or QuietReporter(), extras=extras)


def _from_store(
    folder: Path, all_loaded: Callable[[], None], reporter: Reporter, *, extras: FigureExtras | None
) -> RunSummary:
    """Write all files from stored results; without `extras` the figures stay as they are."""
    reporter.stage("reading stored results")
    study, faults, findings = folder_with_findings(folder)
    if study is None or stops_run(faults):
        return RunSummary(ExitStatus.FAULTS, faults=fault_report(faults))
    record = CommandRecord(study, Event.REPORT)
    results = Results(folder / "results")
    results.must_be_writable()
    record = record.after_the_trail()
    curves = (results.stores.bead_runs.load(run.name) for run in study.bead_runs)
    log = log_of(folder, study.settings)
    stored_runs = tuple(stored[1] for stored in curves if stored is not None)
    calibrations = judged_bead_runs(log, stored_runs, study.bead_runs, study.settings, write=False)
    tubes, notes = _stored_tubes(study, results, calibrations, findings)
    key = made_from(study, results, tubes, calibrations, faults, notes, extras or NO_EXTRAS)
    last = LastTime(results, key, figures=extras is not None)
    same = last.summary(faults)
    if same is not None:
        return same
    drawn = extras is not None
    extras = extras or NO_EXTRAS
    reporter.stage("fitting models")
    with (
        logged_to(results.folder),
        own_processes() as own,
        side_work(own, results.folder, len(tubes)) as side,
    ):
        older_files = results.write_before_models(
            study, tubes.values(), calibrations, side, figures=drawn, extras=extras
        )
        validate = results.validation.is_dir()
        study_result = assembled(study, tubes, calibrations, faults, notes, validate=validate)
        facts = partial(record.facts, results.folder, inputs_of(study_result), 0, len(tubes))
        all_loaded()
        older = results.write(
            study_result,
            facts,
            reporter.stage,
            side,
            older_files,
            run_on=record.day,
            figures=drawn,
            extras=extras,
        )
    summary = summary_of(study_result, finished_text(study_result, results.report), faults, older)
    if not study_result.all_defects:
        last.keep(summary)
    return summary


def _stored_tubes(
    study: Study, results: Results, calibrations: Sequence[CalibrationResult], findings: Sequence[Finding]
) -> tuple[dict[str, SampleResult], tuple[Note, ...]]:
    """Return the stored tubes, compared with their batches, and notes on missing, damaged or old ones."""
    stores, samples = results.stores, study.samples
    loaded = {s.sample_id: stored for s in samples if (stored := stores.samples.load(s.sample_id))}
    if not loaded:
        folder = results.folder.parent
        raise UserError(
            f"{folder}: found no stored results, expected those of `cd38rd run {folder}`: run it first"
        )
    twice = {s.sample_id: stored for s in samples if (stored := stores.alone.load(s.sample_id))}
    damaged = _damaged(study, stores, loaded, {run.bead_run for run in calibrations}, twice)
    alone = {name: twice.get(name, stored)[1] for name, stored in loaded.items()}
    tube_findings = findings_of_tubes(study, calibrations, findings)
    latest = {name: result for name, (_, result) in loaded.items()}
    tubes = results_beside_batches(samples, tube_findings, latest, alone)
    return tubes, (*not_run(study, tubes), *damaged, *_stale(study, calibrations, loaded, alone, findings))


def _damaged(
    study: Study,
    stores: Stores,
    loaded: Collection[str],
    curves: Collection[str],
    twice: Collection[str],
) -> tuple[Note, ...]:
    """Name the stored results that were changed since they were saved, and so were not used."""
    tubes, runs = [s.sample_id for s in study.samples], [run.name for run in study.bead_runs]
    damaged = [name for name in tubes if name not in loaded and stores.samples.is_damaged(name)]
    damaged += [name for name in runs if name not in curves and stores.bead_runs.is_damaged(name)]
    damaged += [name for name in tubes if name not in twice and stores.alone.is_damaged(name)]
    if not damaged:
        return ()
    listed = shown_names(list(dict.fromkeys(damaged)))
    text = f"stored results were changed or damaged since they were saved: {listed}; they were not used"
    return (Note("samples", f"{text}, and `cd38rd run` makes them again"),)


def _stale(
    study: Study,
    calibrations: Sequence[CalibrationResult],
    loaded: Mapping[str, tuple[str, SampleResult]],
    alone: Mapping[str, SampleResult],
    findings: Sequence[Finding],
) -> tuple[Note, ...]:
    """Name the stored results that a run now would make again (files are assumed to be unchanged)."""
    if len(calibrations) < len(study.bead_runs):
        return (Note("beads", "some bead runs have no stored curve: `cd38rd run` makes them"),)
    read = {name: sha for _, result in loaded.values() for name, sha in result.sha256}
    hashes = {
        name: read.get(labels_of_sample(study.folder, sample).of(name), "")
        for sample in study.samples
        for name in sample.input_files
    }
    tasks = tasks_with_batch_cuts(tube_tasks(study, calibrations, hashes, findings_of_study=findings), alone)
    today = {
        name: tube_digest(replace(task, second_opinion=loaded[name][1].second_opinion is not None))
        for task in tasks
        if (name := task.sample.sample_id) in loaded
    }
    old = [name for name, (digest, _) in loaded.items() if digest != today[name]]
    if not old:
        return ()
    text = (
        f"stored results from other sheets, settings or program: {shown_names(old)}; `cd38rd run` renews them"
    )
    return (Note("samples", text),)
