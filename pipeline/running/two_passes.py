"""Gating in two passes: every tube alone, then each tube with unclear cuts again with its batch's cuts.

The store holds both results of a tube that was gated twice, so a run that is stopped and resumed pools the
same cuts. The digest of a tube includes the cuts from its batch: if a new tube moves these cuts, the tube is
gated again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.checks.findings import TubeFindings
from pipeline.files.content import file_sha256
from pipeline.files.safe_name import file_named
from pipeline.files.whole import NotWrittenError
from pipeline.quantification.pooled_cuts import cuts_of_batches, flagged_against_batch, with_batch_cuts
from pipeline.quantification.quantify import failed, quantify_tube
from pipeline.quantification.result import SampleResult, is_failed, with_findings
from pipeline.quantification.task import TubeTask
from pipeline.running.attempt import Finished
from pipeline.running.defects import DefectError, defect_note
from pipeline.running.options import OnError, RunOptions
from pipeline.running.progress import Reporter
from pipeline.running.store import Store, Stores
from pipeline.running.tasks import tube_digest, without_findings
from pipeline.running.this_computer.processes import OwnProcesses
from pipeline.running.workers import run_tasks, workers_for
from pipeline.study.study import Sample
from pipeline.tube.inputs import bytes_of_inputs, changed_inputs
from pipeline.tube.memory import processes_that_fit

log = logging.getLogger(__name__)

Stored = tuple[str, SampleResult]
"""A digest of the inputs, and the result."""


@dataclass(frozen=True, slots=True)
class Quantified:
    """The results of a run.

    Attributes
    ----------
    results
        The results by sample_id, compared with their batches.
    n_reused
        Number of tubes that needed no work.
    workers
        Number of processes that were used.
    """

    results: dict[str, SampleResult]
    n_reused: int
    workers: int


@dataclass(slots=True)
class _Passes:
    """The state of a run.

    Attributes
    ----------
    latest
        By sample_id: the stored result of the tube, with its digest. Failures of earlier runs are left out:
        these tubes are tried again.
    alone
        By sample_id: the tube's result without its batch.
    events
        The folder of per-event results; None: there is none.
    own
        The worker processes of the command; None: each pass starts its own.
    """

    options: RunOptions
    stores: Stores
    reporter: Reporter
    events: Path | None
    latest: dict[str, Stored]
    alone: dict[str, SampleResult]
    own: OwnProcesses | None = None

    def work(self, tasks: Sequence[TubeTask], workers: int) -> None:
        """Quantify tubes, and store each result as soon as it is done."""
        bare = [without_findings(task) for task in tasks]
        for task in bare:
            _remove_events(task, self.events)
        for end in run_tasks(
            bare, quantify_tube,
            workers=workers, own=self.own, scheduler=self.options.scheduler, say=self.reporter.say,
        ):  # fmt: skip
            name, digest, result = end.task.sample.sample_id, tube_digest(end.task), _result(end)
            if end.task.batch_cuts:
                self.stores.alone.save(name, tube_digest(_plain(end.task)), self.alone[name])
            self.stores.samples.save(name, digest, result)
            if not end.task.batch_cuts:
                self.stores.alone.remove(name)
                self.alone[name] = result
            self.latest[name] = (digest, result)
            self.reporter.tick(name, result.receptor.status.value)
            _log_end(end, result)
            if result.defect and self.options.on_error is OnError.STOP:
                raise DefectError(name, end.failure)


def quantified_study(
    tasks: Sequence[TubeTask],
    options: RunOptions,
    stores: Stores,
    reporter: Reporter,
    events: Path | None = None,
    own: OwnProcesses | None = None,
) -> Quantified:
    """Quantify the tubes of a study; finished tubes are stored at once and reused.

    Parameters
    ----------
    tasks
        The task of every tube of the study, without the cuts of a batch.
    events
        The folder of per-event results, of this run or of an earlier one; None: there is none.
    own
        The worker processes of the command; None: each pass starts its own.
    """
    passes = _from_store(tasks, _Passes(options, stores, reporter, events, {}, {}, own))
    waiting = [t for t in tasks if _wanted(t, options) and t.sample.sample_id not in passes.alone]
    workers = workers_for(len(waiting), options.workers, _that_fit(waiting))
    reused = len(passes.alone)
    _announce(reporter, reused if not options.only else 0, len(waiting), len(tasks))
    passes.work(waiting, workers)
    unclear = _unclear(tasks, passes)
    if unclear:
        reporter.say(f"{len(unclear)} of {len(tasks)} again, with the cuts of their batch")
        reporter.begin(len(unclear), 0)
        workers = max(workers, workers_for(len(unclear), options.workers, _that_fit(unclear)))
        passes.work(unclear, workers)
    worked = {task.sample.sample_id for task in (*waiting, *unclear)}
    latest = {name: result for name, (_, result) in passes.latest.items() if name in passes.alone}
    samples = [task.sample for task in tasks]
    results = results_beside_batches(samples, _findings(tasks), latest, passes.alone)
    return Quantified(results, len(set(passes.alone) - worked), workers)


def _that_fit(tasks: Sequence[TubeTask]) -> int | None:
    """Return how many worker processes fit into the memory if each reads the largest tube."""
    largest = max((bytes_of_inputs(task.folder, task.sample.input_files) for task in tasks), default=0)
    return processes_that_fit(largest)


def results_beside_batches(
    samples: Sequence[Sample],
    findings: Mapping[str, TubeFindings],
    results: Mapping[str, SampleResult],
    alone: Mapping[str, SampleResult],
) -> dict[str, SampleResult]:
    """Return the results with the checks' findings; flag a clear cut that differs from its batch's.

    Parameters
    ----------
    findings
        By sample_id: today's findings of the checks on each tube.
    results, alone
        Stored results by sample_id: `results` are the latest, `alone` are those without their batch.
    """
    cuts = cuts_of_batches(samples, _carried(findings, alone))
    return {
        name: flagged_against_batch(result, cuts.get(name, ()))
        for name, result in _carried(findings, results).items()
    }


def tasks_with_batch_cuts(
    tasks: Sequence[TubeTask], alone: Mapping[str, SampleResult]
) -> tuple[TubeTask, ...]:
    """Return the tasks of tubes that were gated alone, each with the cuts that it needs from its batch."""
    # A tube that the checks doubt does not contribute to its batch's cuts.
    cuts = cuts_of_batches([task.sample for task in tasks], _carried(_findings(tasks), alone))
    gated = [task for task in tasks if task.sample.sample_id in alone]
    return tuple(
        with_batch_cuts(task, alone[task.sample.sample_id], cuts[task.sample.sample_id]) for task in gated
    )


def _findings(tasks: Sequence[TubeTask]) -> dict[str, TubeFindings]:
    return {task.sample.sample_id: TubeFindings(task.failure, task.flags, task.notes) for task in tasks}


def _carried(
    findings: Mapping[str, TubeFindings], results: Mapping[str, SampleResult]
) -> dict[str, SampleResult]:
    """Return stored results with today's findings of the checks."""
    none = TubeFindings()
    return {
        name: with_findings(result, (of_tube := findings.get(name, none)).flags, of_tube.notes)
        for name, result in results.items()
    }


def _unclear(tasks: Sequence[TubeTask], passes: _Passes) -> list[TubeTask]:
    """Return the tubes whose latest result was not made with the present cuts of their batch."""
    with_cuts = tasks_with_batch_cuts(tasks, passes.alone)
    digests = {name: digest for name, (digest, _) in passes.latest.items()}
    return [task for task in with_cuts if digests.get(task.sample.sample_id) != tube_digest(task)]


def _from_store(tasks: Sequence[TubeTask], passes: _Passes) -> _Passes:
    """Fill in the stored results of tubes that need no first pass; failed tubes are always tried again."""
    options, stores, reporter = passes.options, passes.stores, passes.reporter
    for task in tasks:
        name, current = task.sample.sample_id, _wanted(task, options)
        if current and options.fresh:
            continue
        latest, digest = _loaded(stores.samples, name, reporter), tube_digest(task)
        if current and _without_events(task, latest):
            continue
        if latest is not None and not is_failed(latest[1]):
            passes.latest[name] = latest
        own = latest if latest is not None and latest[0] == digest else _loaded(stores.alone, name, reporter)
        if own is not None and own[0] == digest and not is_failed(own[1]):
            passes.alone[name] = own[1]
    return passes


def _loaded(store: Store[SampleResult], name: str, reporter: Reporter) -> Stored | None:
    """Return the stored result; None, with a message, if the file was changed since it was saved."""
    stored = store.load(name)
    if stored is None and store.is_damaged(name):
        say_damaged(reporter, store.path(name))
    return stored


def say_damaged(reporter: Reporter, path: Path) -> None:
    """Report that a stored result was changed or damaged and is made again."""
    text = f"{path.name} in the store was changed or damaged since it was saved: not used, made again"
    log.warning(text)
    reporter.say(text)


def _announce(reporter: Reporter, reused: int, waiting: int, total: int) -> None:
    if reused:
        reporter.say(f"{reused} of {total} reused")
    reporter.begin(reused + waiting, reused)


def _remove_events(task: TubeTask, folder: Path | None) -> None:
    """Remove a tube's per-event results of an earlier run, since the tube is gated anew."""
    usual = None if folder is None else file_named(folder, task.sample.sample_id, ".parquet")
    file = task.events_file or usual
    for path in () if file is None else (file, file.with_suffix(".fcs")):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            open_elsewhere = isinstance(error, PermissionError)
            raise NotWrittenError(path, error.strerror or str(error), open_elsewhere) from error


def _without_events(task: TubeTask, latest: Stored | None) -> bool:
    """Whether per-event results are wanted, and are missing or not as they were written."""
    file = task.events_file
    if file is None or latest is None:
        return file is not None
    written = latest[1].events_sha256
    try:
        changed = any(file_sha256(file.with_suffix(end)) != digest for end, digest in written)
    except OSError:
        return True
    return changed or not file.exists()


def _wanted(task: TubeTask, options: RunOptions) -> bool:
    return not options.only or task.sample.sample_id in options.only


def _plain(task: TubeTask) -> TubeTask:
    """Return the task of the tube without the cuts of its batch."""
    return replace(task, batch_cuts=())


def _result(end: Finished[TubeTask, SampleResult]) -> SampleResult:
    if end.result is not None:
        changed = changed_inputs(end.task.files_sha256, end.result.sha256)
        return failed(end.task, changed) if changed and not is_failed(end.result) else end.result
    if end.traceback:
        return failed(end.task, defect_note(end.failure), end.traceback)
    return failed(end.task, end.failure)


def _log_end(end: Finished[TubeTask, SampleResult], result: SampleResult) -> None:
    name = end.task.sample.sample_id
    if result.defect:
        log.error("tube %s: %s\n%s", name, end.failure, result.defect)
    else:
        log.info("tube %s: %s", name, result.receptor.status.value)
