"""The commands that work on a study; each returns what to print and an exit status."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.assembly.assemble import assembled
from pipeline.assembly.provenance import RunFacts, command_line, now
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.beads.history import judged_bead_runs, log_of
from pipeline.beads.result import CalibrationResult
from pipeline.checks import check_folder
from pipeline.commands.printout import curve_line, finished_text
from pipeline.commands.summary import (
    ALL_QUANTIFIED,
    FAULTS,
    SOME_FAILED,
    RunSummary,
    not_run,
    summary_of,
)
from pipeline.output.results_folder import Results
from pipeline.running.options import RunOptions
from pipeline.running.progress import Reporter
from pipeline.running.store import Store
from pipeline.running.tasks import (
    bead_digest,
    bead_tasks,
    input_hashes,
    tube_tasks,
)
from pipeline.running.two_passes import quantified
from pipeline.study.errors import UsageError
from pipeline.study.faults import fault_report, stops_run
from pipeline.study.study import Study
from pipeline.study.wording import did_you_mean

SHEETS_OF_BEADS = ("beads", "settings")


def run_study(folder: Path, options: RunOptions, reporter: Reporter) -> RunSummary:
    """Quantify every tube and write every result; finished tubes are stored at once and reused."""
    study, faults = check_folder(folder)
    if study is None or stops_run(faults):
        return RunSummary(FAULTS, faults=fault_report(faults))
    _must_be_samples(options.only, study)
    started, clock = now(), time.monotonic()
    results = Results(folder / "results")
    results.must_be_writable()
    hashes = input_hashes(study)
    calibrations = _calibrations(study, hashes, results.stores.beads)
    tasks = tube_tasks(study, calibrations, hashes, results.events if options.export_events else None)
    done = quantified(tasks, options, results.stores, reporter)
    study_result = assembled(study, done.results, calibrations, faults, not_run(study, done.results))
    facts = RunFacts(command_line(), started, time.monotonic() - clock, done.workers, done.n_reused)
    results.write(study_result, facts)
    return summary_of(study_result, finished_text(study_result, results.report), faults)


def calibrate_study(folder: Path) -> RunSummary:
    """Fit the bead curves, write their table, pictures and page; no tube is read, none need be typed."""
    study, faults = check_folder(folder, SHEETS_OF_BEADS)
    if study is None or stops_run(faults):
        return RunSummary(FAULTS, faults=fault_report(faults))
    results = Results(folder / "results")
    results.must_be_writable()
    calibrations = _calibrations(study, input_hashes(study), results.stores.beads)
    page = results.write_calibrations(study, calibrations)
    table = results.folder / "calibration.csv"
    text = "\n".join([*(curve_line(run) for run in calibrations), f"Table: {table}", f"Page: {page}"])
    without = [run.beads for run in calibrations if run.curve is None]
    return RunSummary(SOME_FAILED if without else ALL_QUANTIFIED, text, fault_report(faults))


def _must_be_samples(only: Iterable[str], study: Study) -> None:
    known = [sample.sample_id for sample in study.samples]
    for name in only:
        if name not in known:
            hint = did_you_mean(name, known)
            raise UsageError(f"--only {name}: the samples sheet has no such sample_id. {hint}".rstrip())


def _calibrations(
    study: Study, hashes: Mapping[str, str], store: Store[CalibrationResult]
) -> tuple[CalibrationResult, ...]:
    """Return every bead run's curve, from the store where nothing changed."""
    made = []
    for task in bead_tasks(study, hashes):
        digest = bead_digest(task)
        known = store.find(task.run.beads, digest)
        made.append(known or calibrate_bead_run(task))
        if known is None:
            store.save(task.run.beads, digest, made[-1])
    log = log_of(study.folder, study.settings)
    return judged_bead_runs(log, made, study.beads, study.settings, write=True)
