"""A study with its stored results in memory, shared by all tubes on the bench."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from pipeline.assembly.assemble import joined
from pipeline.assembly.study_result import StudyResult
from pipeline.beads.history import judged_bead_runs, log_of
from pipeline.beads.result import CalibrationResult
from pipeline.checks import Finding, folder_with_findings, sound_folder
from pipeline.output.results_folder import Results
from pipeline.patients.between_runs import with_between_runs
from pipeline.patients.receptor_occupancy.tubes import LevelsByDay, tube_levels
from pipeline.quantification.result import SampleResult
from pipeline.quantification.task import TubeTask
from pipeline.running.tasks import findings_of_tubes, tube_digest, tube_tasks
from pipeline.running.two_passes import results_beside_batches, tasks_with_batch_cuts
from pipeline.study.errors import UserError
from pipeline.study.faults import Fault, Severity, fault_report, stops_run
from pipeline.study.file_labels import labels_of_sample
from pipeline.study.study import GateOverride, GateSource, Sample, Study


@dataclass(frozen=True)
class LoadedStudy:
    """A study with its present sheets, and the stored results of its last run.

    Attributes
    ----------
    known
        The findings of the checks.
    calibrations
        Every bead run's curve.
    digests, latest
        By sample_id: the digest of each tube's inputs, and its stored result.
    alone
        By sample_id: the result of the tube without its batch.
    """

    study: Study
    known: tuple[Finding, ...]
    calibrations: tuple[CalibrationResult, ...]
    digests: Mapping[str, str]
    latest: Mapping[str, SampleResult]
    alone: Mapping[str, SampleResult]
    _levels: dict[tuple[str, ...], LevelsByDay] = field(default_factory=dict, repr=False)

    def sample(self, sample_id: str) -> Sample:
        """Return a row of the samples sheet. Raises UserError if there is none."""
        for sample in self.study.samples:
            if sample.sample_id == sample_id:
                return sample
        raise UserError(f"{sample_id}: the samples sheet has no such tube")

    def gates_of(self, sample_id: str, *, review: bool) -> tuple[GateOverride, ...]:
        """Return the gates of a tube that a person set, in review.csv or in the gates sheet."""
        return tuple(
            gate
            for gate in self.study.gates
            if gate.sample_id == sample_id and (gate.source is GateSource.REVIEW) is review
        )

    def with_gates(self, sample_id: str, gates: Sequence[GateOverride]) -> LoadedStudy:
        """Return the study with a tube's gates replaced by these gates."""
        other_gates = tuple(gate for gate in self.study.gates if gate.sample_id != sample_id)
        return replace(self, study=replace(self.study, gates=(*other_gates, *gates)))

    def tasks(self, read: Iterable[tuple[str, str]] = ()) -> tuple[TubeTask, ...]:
        """Return the task of every tube as a run makes it.

        Parameters
        ----------
        read
            (label, SHA-256) of files that were just read; the other files are assumed to be unchanged since
            the last run.
        """
        hash_of = {label: sha for result in self.latest.values() for label, sha in result.sha256}
        hash_of |= dict(read)
        each = (labels_of_sample(self.study.folder, sample).labels for sample in self.study.samples)
        hashes = {
            name: hash_of[label] for labels in each for name, label in labels.items() if label in hash_of
        }
        tasks = tube_tasks(self.study, self.calibrations, hashes, findings_of_study=self.known)
        return tuple(replace(task, second_opinion=self._had_second_opinion(task)) for task in tasks)

    def stale(self) -> tuple[str, ...]:
        """Return the tubes that a run now would compute again, since sheets or program have changed."""
        tasks = tasks_with_batch_cuts(self.tasks(), self.alone)
        digests = {task.sample.sample_id: tube_digest(task) for task in tasks}
        return tuple(name for name, digest in self.digests.items() if digests.get(name) != digest)

    def assembled(self, latest: Mapping[str, SampleResult], alone: Mapping[str, SampleResult]) -> StudyResult:
        """Return the study result as a run joins it: tubes compared with their batches, exposures, visits."""
        tube_findings = findings_of_tubes(self.study, self.calibrations, self.known)
        results = results_beside_batches(self.study.samples, tube_findings, latest, alone)
        tubes = [results[s.sample_id] for s in self.study.samples if s.sample_id in results]
        key = tuple(tube.sample_id for tube in tubes)
        if key not in self._levels:
            self._levels[key] = tube_levels(self.study, tubes)
        levels = self._levels[key]
        return joined(self.study, with_between_runs(self.study, tubes), self.calibrations, levels)

    @cached_property
    def as_run(self) -> StudyResult:
        """The study result of the last run; its assembly takes seconds if doses are known."""
        return self.assembled(self.latest, self.alone)

    def _had_second_opinion(self, task: TubeTask) -> bool:
        stored = self.latest.get(task.sample.sample_id)
        return stored is not None and stored.second_opinion is not None


def load_study(folder: Path) -> LoadedStudy:
    """Read a study and its stored results.

    Raises
    ------
    UserError
        If `cd38rd check` finds a fault that stops a run, or there is no stored result.
    """
    study, faults, findings = folder_with_findings(folder)
    if study is None or stops_run(faults):
        raise UserError(fault_report(faults))
    return _loaded(folder, study, findings)


def study_to_look_at(folder: Path) -> tuple[LoadedStudy, tuple[Fault, ...]]:
    """Return the readable part of a study, and the faults that stop a run.

    Without such faults the result is that of `load_study`.

    Raises
    ------
    UserError
        If no sheet can be read, or there is no stored result.
    """
    study, faults, findings = sound_folder(folder)
    if study is None:
        raise UserError(fault_report(faults))
    if not stops_run(faults):
        return _loaded(folder, study, findings), ()
    stores = Results(folder / "results").stores
    bead_runs = tuple(run for run in study.bead_runs if stores.bead_runs.load(run.name))
    names = {run.name for run in bead_runs}
    samples = tuple(sample for sample in study.samples if sample.bead_run in names)
    if not samples:
        raise UserError(fault_report(faults))
    part = replace(study, bead_runs=bead_runs, samples=samples)
    return _loaded(folder, part, findings), tuple(f for f in faults if f.severity is Severity.ERROR)


def _loaded(folder: Path, study: Study, findings: tuple[Finding, ...]) -> LoadedStudy:
    stores = Results(folder / "results").stores
    curves = [curve for run in study.bead_runs if (curve := stores.bead_runs.load(run.name))]
    samples = {s.sample_id: stored for s in study.samples if (stored := stores.samples.load(s.sample_id))}
    if len(curves) < len(study.bead_runs) or not samples:
        raise UserError(
            f"{folder}: found no stored results of every bead run and tube, expected those of "
            f"`cd38rd run {folder}`: run it first"
        )
    twice = {s.sample_id: stored for s in study.samples if (stored := stores.alone.load(s.sample_id))}
    log = log_of(folder, study.settings)
    calibrations = judged_bead_runs(
        log, [curve for _, curve in curves], study.bead_runs, study.settings, write=False
    )
    return LoadedStudy(
        study=study,
        known=findings,
        calibrations=calibrations,
        digests={name: digest for name, (digest, _) in samples.items()},
        latest={name: result for name, (_, result) in samples.items()},
        alone={name: twice.get(name, stored)[1] for name, stored in samples.items()},
    )
