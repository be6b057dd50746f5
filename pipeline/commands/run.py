"""The commands that work on a study; each returns the text to print and an exit status."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline.assembly.assemble import assembled
from pipeline.assembly.provenance import now
from pipeline.audit.trail import Event
from pipeline.beads.calibrate import BeadTask, calibrate_bead_run, without_curve
from pipeline.beads.history import judged_bead_runs, log_of
from pipeline.beads.result import CalibrationResult
from pipeline.checks import check_folder, folder_with_findings, rechecked
from pipeline.commands.exit_status import ExitStatus, RunSummary
from pipeline.commands.last_time import LastTime, made_from
from pipeline.commands.printout import curve_line, finished_text
from pipeline.commands.record import CommandRecord, inputs_of
from pipeline.commands.summary import (
    not_run,
    shown_names,
    summary_of,
)
from pipeline.output.results_folder import Results
from pipeline.running.attempt import Finished
from pipeline.running.defects import THE_DATA, DefectError, defect_note, logged_to
from pipeline.running.options import OnError, RunOptions
from pipeline.running.program import program_version
from pipeline.running.progress import QuietReporter, Reporter
from pipeline.running.store import Store
from pipeline.running.tasks import (
    bead_digest,
    bead_hashes,
    bead_tasks,
    input_hashes,
    tube_tasks,
)
from pipeline.running.this_computer.processes import OwnProcesses, own_processes
from pipeline.running.this_computer.side_work import side_work
from pipeline.running.two_passes import quantified_study, say_damaged
from pipeline.running.workers import run_tasks, workers_for
from pipeline.study.errors import UsageError
from pipeline.study.faults import fault_report, stops_run
from pipeline.study.study import Study
from pipeline.study.wording import did_you_mean
from pipeline.tube.inputs import bytes_of_inputs
from pipeline.tube.memory import processes_that_fit

log = logging.getLogger(__name__)

ONE_WORKER = RunOptions(workers=1)
SHEETS_OF_BEADS = ("beads", "settings")


def run_study(folder: Path, options: RunOptions, reporter: Reporter) -> RunSummary:
    """Quantify every tube and write all results; finished tubes are stored at once and reused."""
    started_at, clock, (study, faults, findings) = now(), time.monotonic(), folder_with_findings(folder)
    if study is None or stops_run(faults):
        return RunSummary(ExitStatus.FAULTS, faults=fault_report(faults))
    _must_be_samples(options.only, study)
    record = CommandRecord(study, Event.RUN, started_at, clock)
    results = Results(folder / "results")
    results.must_be_writable()
    record = record.after_the_trail()
    with logged_to(results.folder), own_processes(quantified_study.__module__) as own:
        log.info("cd38rd %s, tubes: %d", program_version(), len(study.samples))
        own.start_early(_workers_soon(study, options, results))
        hashes = input_hashes(study)
        faults, rechecked_findings = rechecked(study, faults, findings)
        if stops_run(faults):
            return RunSummary(ExitStatus.FAULTS, faults=fault_report(faults))
        calibrations = _calibrations(study, hashes, results.stores.bead_runs, reporter, options, own)
        _stop_at_defects(
            options, {f"bead run {run.bead_run}": run.defect for run in calibrations if run.defect}
        )
        events = results.events if options.export_events else None
        tasks = tube_tasks(study, calibrations, hashes, events, rechecked_findings)
        tasks = tuple(replace(task, second_opinion=options.second_opinion) for task in tasks)
        done = quantified_study(tasks, options, results.stores, reporter, results.events, own)
        notes = not_run(study, done.results)
        key = made_from(study, results, done.results, calibrations, faults, notes)
        last = LastTime(results, key, figures=options.figures)
        unasked = options.fresh or (options.validate and not results.validation.is_dir())
        same = None if unasked else last.summary(faults)
        if same is not None:
            log.info("nothing has changed: no result is written again")
            return same
        validate = options.validate or results.validation.is_dir()
        processes = 1 if options.scheduler else done.workers
        with side_work(own, results.folder, len(study.samples), processes) as side:
            reporter.stage("fitting models")
            tubes, drawn = done.results.values(), options.figures
            older_files = results.write_before_models(study, tubes, calibrations, side, figures=drawn)
            study_result = assembled(study, done.results, calibrations, faults, notes, validate=validate)
            _stop_at_defects(options, study_result.all_defects, THE_DATA)
            inputs = inputs_of(study_result)
            facts = partial(record.facts, results.folder, inputs, done.workers, done.n_reused)
            older = results.write(
                study_result, facts, reporter.stage, side, older_files, run_on=record.day, figures=drawn
            )
        log.info("results are written; of an earlier run: %s", shown_names(older) or "none")
    summary = summary_of(study_result, finished_text(study_result, results.report), faults, older)
    if not study_result.all_defects:
        last.keep(summary)
    return summary


def calibrate_study(folder: Path, reporter: Reporter | None = None) -> RunSummary:
    """Fit the bead curves, write their table, pictures and page; the samples sheet is not needed."""
    study, faults = check_folder(folder, SHEETS_OF_BEADS)
    if study is None or stops_run(faults):
        return RunSummary(ExitStatus.FAULTS, faults=fault_report(faults))
    results = Results(folder / "results")
    results.must_be_writable()
    with logged_to(results.folder):
        calibrations = _calibrations(
            study, bead_hashes(study), results.stores.bead_runs, reporter or QuietReporter()
        )
    page = results.write_calibrations(study, calibrations)
    table = results.folder / "calibration.csv"
    text = "\n".join([*(curve_line(run) for run in calibrations), f"Table: {table}", f"Page: {page}"])
    without = [run.bead_run for run in calibrations if run.curve is None]
    return RunSummary(
        ExitStatus.SOME_FAILED if without else ExitStatus.ALL_QUANTIFIED, text, fault_report(faults)
    )


def _stop_at_defects(options: RunOptions, failures: Mapping[str, str], sound: str = "this file") -> None:
    """Stop at the first defect if `on_error` is STOP; `failures`: name → exception, or its traceback."""
    for name, failure in failures.items():
        if options.on_error is OnError.STOP:
            raise DefectError(name, failure.rstrip().rpartition("\n")[2], sound)


def _must_be_samples(only: Iterable[str], study: Study) -> None:
    sample_ids = [sample.sample_id for sample in study.samples]
    for name in only:
        if name not in sample_ids:
            hint = did_you_mean(name, sample_ids)
            raise UsageError(f"--only {name}: the samples sheet has no such sample_id. {hint}".rstrip())


def _calibrations(
    study: Study,
    hashes: Mapping[str, str],
    store: Store[CalibrationResult],
    reporter: Reporter,
    options: RunOptions = ONE_WORKER,
    own: OwnProcesses | None = None,
) -> tuple[CalibrationResult, ...]:
    """Return every bead run's curve; it is taken from the store if nothing changed."""
    tasks = bead_tasks(study, hashes)
    stored: dict[str, CalibrationResult] = {}
    for task in tasks:
        name = task.run.name
        result = store.find(name, bead_digest(task))
        if result is not None:
            stored[name] = result
        elif store.is_damaged(name):
            say_damaged(reporter, store.path(name))
    missing = [task for task in tasks if task.run.name not in stored]
    workers = _bead_workers(study, missing, options)
    for end in run_tasks(missing, calibrate_bead_run, workers=workers, own=own):
        stored[end.task.run.name] = _calibrated(end, store)
    calibrations = [stored[task.run.name] for task in tasks]
    history = log_of(study.folder, study.settings)
    return judged_bead_runs(history, calibrations, study.bead_runs, study.settings, write=True)


def _workers_soon(study: Study, options: RunOptions, results: Results) -> int:
    """Return how many processes of this computer the tubes without a result will need; 0: none."""
    store, names = results.stores.samples, options.only or [sample.sample_id for sample in study.samples]
    new = sum(options.fresh or not store.path(name).exists() for name in names)
    workers = 1 if options.scheduler else workers_for(new, options.workers)
    return workers if workers > 1 else 0


def _bead_workers(study: Study, missing: Sequence[BeadTask], options: RunOptions) -> int:
    """Return the processes of this computer for bead runs; on a cluster, or for few tubes, this process."""
    n_tubes = len(study.samples)
    if len(missing) < 2 or options.scheduler or workers_for(n_tubes, options.workers) == 1:
        return 1
    largest = max(bytes_of_inputs(study.folder, (task.run.fcs_file,)) for task in missing)
    return workers_for(n_tubes, options.workers, processes_that_fit(largest))


def _calibrated(
    end: Finished[BeadTask, CalibrationResult], store: Store[CalibrationResult]
) -> CalibrationResult:
    """Return a bead run's curve and store it; nothing is stored after a defect or a computer failure."""
    task, name = end.task, end.task.run.name
    if end.result is not None and task.sha256 in (None, end.result.sha256):
        store.save(name, bead_digest(task), end.result)
        log.info("bead run %s: %s", name, "curve" if end.result.curve else "no curve")
        return end.result
    if end.result is not None:
        log.error("bead run %s: %s", name, end.result.note)
        return end.result
    log.error("bead run %s: %s\n%s", name, end.failure, end.traceback)
    reason = defect_note(end.failure) if end.traceback else end.failure
    return without_curve(task, reason, end.traceback)
