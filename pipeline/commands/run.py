"""The commands that work on a study; each returns what to print and an exit status."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.assembly.provenance import RunFacts, command_line, now
from pipeline.assembly.study_result import Note, Outcome
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.beads.history import judged_bead_runs, log_of
from pipeline.checks import Finding, check_folder, folder_with_findings
from pipeline.commands.printout import curve_line, failed_text, finished_text
from pipeline.output.results_folder import Results, assembled
from pipeline.quantification.result import CalibrationResult, SampleResult
from pipeline.running.progress import Reporter
from pipeline.running.tasks import (
    bead_digest,
    bead_tasks,
    files_of_study,
    input_hashes,
    tube_digest,
    tube_tasks,
)
from pipeline.running.two_passes import RunOptions, against_their_batches, quantified, with_their_batches
from pipeline.study.errors import UsageError, UserError
from pipeline.study.faults import Fault, Severity, did_you_mean, fault_report, stops_run
from pipeline.study.study import Study

ALL_QUANTIFIED, FAULTS, SOME_FAILED = 0, 1, 3
SHEETS_OF_BEADS = ("beads", "settings")
MOST_NAMES = 20
"""Tubes that a note names one by one."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What the shell gets: exit status, text for standard output, faults for standard error."""

    exit_status: int
    text: str = ""
    faults: str = ""


def check_whole_study(folder: Path, *, cross_check: bool) -> RunSummary:
    """List every fault of the sheets and of the files they name; compute nothing."""
    study, faults = check_folder(folder)
    compared = _cross_checked(study) if cross_check and study is not None else ""
    status = FAULTS if stops_run(faults) else SOME_FAILED if _some_tube_fails(faults) else ALL_QUANTIFIED
    listed = fault_report(faults) or f"{folder}: no fault found."
    return RunSummary(status, "\n".join(filter(None, (listed, compared))))


def run_study(folder: Path, options: RunOptions, seen: Reporter) -> RunSummary:
    """Quantify every tube and write every result; finished tubes are stored at once and reused."""
    study, faults = check_folder(folder)
    if study is None or stops_run(faults):
        return RunSummary(FAULTS, faults=fault_report(faults))
    _must_be_samples(options.only, study)
    started, clock = now(), time.monotonic()
    results = Results(folder / "results")
    results.must_be_writable()
    hashes = input_hashes(study)
    calibrations = _calibrations(study, hashes, results)
    tasks = tube_tasks(study, calibrations, hashes, results.events if options.export_events else None)
    done = quantified(tasks, options, results, seen)
    outcome = assembled(study, done.found, calibrations, faults, _not_run(study, done.found))
    facts = RunFacts(command_line(), started, time.monotonic() - clock, done.workers, done.n_reused)
    results.write(outcome, facts)
    return _summary(outcome, finished_text(outcome, results.report), faults)


def calibrate_study(folder: Path, options: RunOptions, seen: Reporter) -> RunSummary:
    """Fit the bead curves, write their table, pictures and page; no tube is read, none need be typed."""
    study, faults = check_folder(folder, SHEETS_OF_BEADS)
    if study is None or stops_run(faults):
        return RunSummary(FAULTS, faults=fault_report(faults))
    results = Results(folder / "results")
    results.must_be_writable()
    calibrations = _calibrations(study, input_hashes(study), results)
    page = results.write_calibrations(study, calibrations)
    table = results.folder / "calibration.csv"
    text = "\n".join([*(curve_line(run) for run in calibrations), f"Table: {table}", f"Page: {page}"])
    without = [run.beads for run in calibrations if run.curve is None]
    return RunSummary(SOME_FAILED if without else ALL_QUANTIFIED, text, fault_report(faults))


def refit_washout(folder: Path, options: RunOptions, seen: Reporter) -> RunSummary:
    """Join stored results with today's doses, patients and settings, and fit again."""
    with _collector_at_rest() as loaded:
        return _from_store(folder, loaded, whole_report=False)


def rewrite_report(folder: Path, options: RunOptions, seen: Reporter) -> RunSummary:
    """Write tables, figures and report from stored results."""
    with _collector_at_rest() as loaded:
        return _from_store(folder, loaded, whole_report=True)


@contextmanager
def _collector_at_rest() -> Iterator[Callable[[], None]]:
    """Search no cycles among stored results: 10,000 are millions of objects without one.

    The function that is given says that all are loaded: what comes later (figures) is searched as usual.
    """
    before = gc.isenabled()
    gc.disable()

    def loaded() -> None:
        gc.freeze()
        if before:
            gc.enable()

    try:
        yield loaded
    finally:
        gc.unfreeze()
        if before:
            gc.enable()


def _from_store(folder: Path, all_there: Callable[[], None], *, whole_report: bool) -> RunSummary:
    study, faults, known = folder_with_findings(folder)
    if study is None or stops_run(faults):
        return RunSummary(FAULTS, faults=fault_report(faults))
    results = Results(folder / "results")
    results.must_be_writable()
    curves = (results.beads.load(run.beads) for run in study.beads)
    log = log_of(folder, study.settings)
    made = tuple(stored[1] for stored in curves if stored is not None)
    calibrations = judged_bead_runs(log, made, study.beads, study.settings, write=False)
    loaded = {s.sample_id: stored for s in study.samples if (stored := results.samples.load(s.sample_id))}
    if not loaded:
        raise UserError(
            f"{folder}: found no stored results, expected those of `cd38rd run {folder}`: run it first"
        )
    twice = {s.sample_id: stored for s in study.samples if (stored := results.alone.load(s.sample_id))}
    alone = {name: twice.get(name, stored)[1] for name, stored in loaded.items()}
    found = against_their_batches(study.samples, {n: result for n, (_, result) in loaded.items()}, alone)
    stale = _stale(study, calibrations, loaded, alone, known)
    outcome = assembled(study, found, calibrations, faults, (*_not_run(study, found), *stale))
    facts = RunFacts(command_line(), now(), 0.0, 0, len(found))
    all_there()
    results.write(outcome, facts, figures=whole_report)
    return _summary(outcome, finished_text(outcome, results.report), faults)


def _must_be_samples(only: Iterable[str], study: Study) -> None:
    known = [sample.sample_id for sample in study.samples]
    for name in only:
        if name not in known:
            hint = did_you_mean(name, known)
            raise UsageError(f"--only {name}: the samples sheet has no such sample_id. {hint}".rstrip())


def _calibrations(study: Study, hashes: Mapping[str, str], results: Results) -> tuple[CalibrationResult, ...]:
    """Return every bead run's curve, from the store where nothing changed."""
    made = []
    for task in bead_tasks(study, hashes):
        digest = bead_digest(task)
        known = results.beads.find(task.run.beads, digest)
        made.append(known or calibrate_bead_run(task))
        if known is None:
            results.beads.save(task.run.beads, digest, made[-1])
    log = log_of(study.folder, study.settings)
    return judged_bead_runs(log, made, study.beads, study.settings, write=True)


def _not_run(study: Study, found: Mapping[str, SampleResult]) -> tuple[Note, ...]:
    missing = [sample.sample_id for sample in study.samples if sample.sample_id not in found]
    if not missing:
        return ()
    text = f"{len(missing)} of {len(study.samples)} samples have not been run yet: {_some_of(missing)}"
    return (Note("samples", text),)


def _stale(
    study: Study,
    calibrations: Sequence[CalibrationResult],
    loaded: Mapping[str, tuple[str, SampleResult]],
    alone: Mapping[str, SampleResult],
    known: Sequence[Finding],
) -> tuple[Note, ...]:
    """Name the stored results that a run of today would make anew (files are taken as they were)."""
    if len(calibrations) < len(study.beads):
        return (Note("beads", "some bead runs have no stored curve: `cd38rd run` makes them"),)
    hashes = {name: sha for _, result in loaded.values() for name, sha in result.sha256}
    tasks = with_their_batches(tube_tasks(study, calibrations, hashes, known=known), alone)
    today = {task.sample.sample_id: tube_digest(task) for task in tasks}
    old = [name for name, (digest, _) in loaded.items() if digest != today[name]]
    if not old:
        return ()
    text = f"stored results from other sheets, settings or program: {_some_of(old)}; `cd38rd run` renews them"
    return (Note("samples", text),)


def _some_of(names: Sequence[str]) -> str:
    """Return names that a person can read at one go."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _some_tube_fails(faults: Iterable[Fault]) -> bool:
    return any(fault.severity is Severity.TUBE for fault in faults)


def _summary(outcome: Outcome, text: str, faults: Sequence[Fault]) -> RunSummary:
    failed = failed_text(outcome)
    said = "\n".join(part for part in (fault_report(faults), failed) if part)
    return RunSummary(SOME_FAILED if failed else ALL_QUANTIFIED, text, said)


def _cross_checked(study: Study) -> str:
    from pipeline.commands.inspection import compared

    lines = (f"{name}: {line}" for name in files_of_study(study) for line in compared(study.folder / name))
    return "\n".join(lines)
