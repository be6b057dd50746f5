"""A study and its stored results as a reviewer finds them: what can be reviewed, what must be run again."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.assembly.assemble import joined
from pipeline.assembly.study_result import StudyResult
from pipeline.beads.history import judged_bead_runs, log_of
from pipeline.beads.result import CalibrationResult
from pipeline.checks import Finding, folder_with_findings
from pipeline.patients.between_runs import with_between_runs
from pipeline.quantification.result import SampleResult
from pipeline.running.program import code_digest, version
from pipeline.running.store import Stores, stores_in
from pipeline.running.tasks import findings_of_tubes, tube_digest, tube_tasks
from pipeline.running.two_passes import against_their_batches, with_their_batches
from pipeline.study.errors import UserError
from pipeline.study.faults import Fault, fault_count, stops_run
from pipeline.study.sheets.review import read_review
from pipeline.study.study import Study

SHOWN_DIGITS = 12
"""Of a SHA-256, in a sentence. Convention: so many tell any two programs apart."""


@dataclass(frozen=True)
class Snapshot:
    """What lies in a study folder; nothing of it is computed again.

    Attributes
    ----------
    study
        As typed, with the gates of review.csv as they are now.
    known
        All that is known of tubes, visits and patients, without models.
    stored
        Digest and result of each tube, as it is in the store.
    refusal
        Why these results cannot be reviewed, and what to do; "" where they can.
    """

    study: Study
    known: StudyResult
    stored: Mapping[str, tuple[str, SampleResult]]
    alone: Mapping[str, SampleResult]
    findings: tuple[Finding, ...]
    refusal: str = ""

    @cached_property
    def results(self) -> dict[str, SampleResult]:
        """The results by sample_id, as the tables show them."""
        return {result.sample_id: result for result in self.known.results}

    @cached_property
    def stale(self) -> frozenset[str]:
        """The tubes that a run of now would make anew; files are taken as they were read."""
        hashes = {name: sha for _, result in self.stored.values() for name, sha in result.sha256}
        named = {name: hashes.get(name, "") for s in self.study.samples for name in s.input_files}
        tasks = tube_tasks(self.study, self.known.calibrations, named, known=self.findings)
        today = {
            name: tube_digest(replace(task, second_opinion=self.stored[name][1].second_opinion is not None))
            for task in with_their_batches(tasks, self.alone)
            if (name := task.sample.sample_id) in self.stored
        }
        return frozenset(name for name, (digest, _) in self.stored.items() if digest != today.get(name))

    def with_gates_of_now(self) -> Snapshot:
        """Return the snapshot with what review.csv holds now; the files are not looked at again."""
        gates, verdicts = read_review(self.study.folder)
        typed = tuple(gate for gate in self.study.gates if gate.source != "review.csv")
        return replace(self, study=replace(self.study, gates=(*typed, *gates), verdicts=verdicts))


def snapshot_of(folder: Path) -> Snapshot:
    """Read a study and what is stored of it.

    Raises
    ------
    UserError
        The sheets have a fault that stops a run, or nothing has run yet.
    """
    study, faults, findings = folder_with_findings(folder)
    if study is None or stops_run(faults):
        raise UserError(_faulty(folder, faults))
    stores = stores_in(folder / "results" / "store")
    curves = [one[1] for run in study.beads if (one := stores.beads.load(run.beads))]
    stored = _loaded(stores, study)
    if not stored or {run.beads for run in curves} != {run.beads for run in study.beads}:
        raise UserError(f"nothing has run yet in {folder.name}: start with `cd38rd run`, then review")
    history = log_of(folder, study.settings)
    calibrations = judged_bead_runs(history, curves, study.beads, study.settings, write=False)
    twice = {
        s.sample_id: found for s in study.samples if (found := stores.alone.load(s.sample_id)) is not None
    }
    alone = {name: twice.get(name, one)[1] for name, one in stored.items()}
    return Snapshot(
        study,
        _known(study, calibrations, stored, alone, findings),
        stored,
        alone,
        findings,
        program_refusal(folder),
    )


def _loaded(stores: Stores, study: Study) -> dict[str, tuple[str, SampleResult]]:
    pairs = ((s.sample_id, stores.samples.load(s.sample_id)) for s in study.samples)
    return {name: stored for name, stored in pairs if stored is not None}


def _known(
    study: Study,
    calibrations: Sequence[CalibrationResult],
    stored: Mapping[str, tuple[str, SampleResult]],
    alone: Mapping[str, SampleResult],
    findings: Sequence[Finding],
) -> StudyResult:
    found = findings_of_tubes(study, calibrations, findings)
    latest = {name: result for name, (_, result) in stored.items()}
    shown = against_their_batches(study.samples, found, latest, alone)
    tubes = [shown[s.sample_id] for s in study.samples if s.sample_id in shown]
    return joined(study, with_between_runs(study, tubes), calibrations)


def _faulty(folder: Path, faults: Collection[Fault]) -> str:
    return f"{folder.name}: the sheets have {fault_count(faults)}. Mend them first: the page Check names each"


def program_refusal(folder: Path) -> str:
    """Return why results of another program are not reviewed, and what to do; "" where this one made them."""
    facts = facts_of_run(folder)
    if not facts:
        return "results/run.json is missing or damaged: run the study again, then review"
    if facts.get("code_sha256") == code_digest():
        return ""
    theirs = str(facts.get("code_sha256", ""))[:SHOWN_DIGITS] or "unknown"
    return (
        f"the results were made by another program ({facts.get('program', 'unknown')}, code {theirs}…) than "
        f"this one (cd38rd {version()}, code {code_digest()[:SHOWN_DIGITS]}…). What you would sign is not "
        "what this program gives: run the study again, then review. What has not changed is not gated again"
    )


def facts_of_run(folder: Path) -> dict[str, Any]:
    """Return results/run.json; empty where there is none that can be read."""
    try:
        facts = json.loads((folder / "results" / "run.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}
