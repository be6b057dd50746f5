"""A study and its stored results for a reviewer: tubes to review, and tubes that must be run again."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.assembly.study_result import StudyResult
from pipeline.files.content import SHOWN_DIGITS
from pipeline.quantification.result import SampleResult
from pipeline.review.bench import LoadedStudy, study_to_look_at
from pipeline.running.program import code_digest, program_version
from pipeline.study.faults import Fault, fault_count
from pipeline.study.sheets.review import read_review
from pipeline.study.study import GateOverride, GateSource, Study


@dataclass(frozen=True)
class Snapshot:
    """The content of a study folder; nothing is computed again.

    Attributes
    ----------
    loaded_study
        The study with the present gates of review.csv, and its stored results.
    known
        The results of tubes, visits and patients, without models.
    refusal
        Why these results cannot be reviewed, and what to do; "" if they can.
    """

    loaded_study: LoadedStudy
    known: StudyResult
    refusal: str = ""

    @property
    def study(self) -> Study:
        """As typed."""
        return self.loaded_study.study

    @cached_property
    def results(self) -> Mapping[str, SampleResult]:
        """The results by sample_id, as the tables show them."""
        return {result.sample_id: result for result in self.known.results}

    @cached_property
    def stale(self) -> Collection[str]:
        """The tubes that a run now would compute again, if their files are unchanged."""
        return frozenset(self.loaded_study.stale())

    def gates_of(self, sample_id: str) -> tuple[GateOverride, ...]:
        """Return every gate that a person set for a tube."""
        return tuple(gate for gate in self.study.gates if gate.sample_id == sample_id)

    def with_gates_of_now(self) -> Snapshot:
        """Return the snapshot with the present review.csv; the other files are not read again."""
        gates, decisions = read_review(self.study.folder)
        typed = tuple(gate for gate in self.study.gates if gate.source is not GateSource.REVIEW)
        study = replace(self.study, gates=(*typed, *gates), typed_decisions=decisions)
        return replace(self, loaded_study=replace(self.loaded_study, study=study))


def snapshot_of(folder: Path) -> Snapshot:
    """Read a study and its stored results.

    Raises
    ------
    UserError
        No sheet can be read, or there was no run yet.
    """
    loaded_study, faults = study_to_look_at(folder)
    return Snapshot(loaded_study, loaded_study.as_run, fault_refusal(faults) or program_refusal(folder))


def fault_refusal(faults: Sequence[Fault]) -> str:
    """Return why a study with these faults can only be looked at, and what to do; "" without faults."""
    if not faults:
        return ""
    return (
        f"the sheets have {fault_count(faults)}, first of all {faults[0]}. The page Check names each with "
        "its cell: correct them and save the sheets. Until then the tubes whose rows are sound can be looked "
        "at, and nothing is decided or signed"
    )


def program_refusal(folder: Path) -> str:
    """Return why results of another program cannot be reviewed, and what to do; "" for this program's."""
    facts = facts_of_run(folder)
    if not facts:
        return "results/run.json is missing or damaged: run the study again, then review"
    if facts.get("code_sha256") == code_digest():
        return ""
    theirs = str(facts.get("code_sha256", ""))[:SHOWN_DIGITS] or "unknown"
    return (
        f"the results were made by another program ({facts.get('program', 'unknown')}, code {theirs}…) than "
        f"this one (cd38rd {program_version()}, code {code_digest()[:SHOWN_DIGITS]}…). What you would sign "
        "is not what this program gives: run the study again, then review. "
        "What has not changed is not gated again"
    )


def facts_of_run(folder: Path) -> dict[str, Any]:
    """Return results/run.json; empty if there is no readable one."""
    try:
        facts = json.loads((folder / "results" / "run.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}
