"""Tubes, bead runs, doses and models, joined into the result of the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.assembly.provenance import provenance_of
from pipeline.assembly.study_result import Note, Outcome
from pipeline.beads.result import CalibrationResult
from pipeline.patients.between_runs import with_between_runs
from pipeline.patients.exposure import exposures
from pipeline.patients.model_rows import model_rows
from pipeline.quantification.result import SampleResult
from pipeline.response.statements import Inconsistency
from pipeline.response.tables import response_tables
from pipeline.study.faults import Fault
from pipeline.study.study import Study
from pipeline.washout.report import washout_report

MOST_NOTES = 20
"""Inconsistencies of what was typed that are notes one by one; the tables hold all."""


def assembled(
    study: Study,
    found: Mapping[str, SampleResult],
    calibrations: Sequence[CalibrationResult],
    faults: Sequence[Fault],
    notes: Sequence[Note] = (),
) -> Outcome:
    """Join the tubes' results with doses and patients: everything that is known, in the sheets' order.

    Parameters
    ----------
    found
        By sample_id; samples that are not in it are left out of every table.
    """
    every = [found[sample.sample_id] for sample in study.samples if sample.sample_id in found]
    results = with_between_runs(study, every)
    inputs = [(run.fcs_file, run.sha256) for run in calibrations]
    inputs += [pair for result in results for pair in result.sha256]
    outcome = Outcome(
        study=study,
        results=results,
        calibrations=tuple(calibrations),
        exposures=exposures(study),
        faults=tuple(faults),
        notes=tuple(notes),
        provenance=provenance_of(study, inputs),
    )
    rows = model_rows(outcome)
    response = response_tables(study, rows) if study.patients or study.statements else None
    return replace(
        outcome,
        washout=washout_report(rows, study.settings),
        response=response if study.patients else None,
        notes=(*outcome.notes, *_typed_notes(response.inconsistencies if response else ())),
    )


def _typed_notes(found: Sequence[Inconsistency]) -> tuple[Note, ...]:
    """Return the first inconsistencies of what was typed, and how many more there are."""
    first = tuple(Note(hit.where, f'"{hit.found}": {hit.text}') for hit in found[:MOST_NOTES])
    more = len(found) - len(first)
    rest = f"{more} more numbers that were typed cannot be: the sheet Response of rd.xlsx lists them"
    return (*first, Note("what was typed", rest)) if more else first
