"""The check whether moved gates are valid for a tube, as by `cd38rd check`, before they are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.checks.gates import gate_names
from pipeline.checks.headers import read_headers
from pipeline.checks.plausibility.thresholds import gate_values
from pipeline.review.review_file import rows_of
from pipeline.review.view import Move
from pipeline.study.cells.choices import ReviewDecision
from pipeline.study.faults import Severity
from pipeline.study.sheets.review import gates_of_rows
from pipeline.study.study import GateSource, Study


def fault_of(study: Study, sample_id: str, moves: Sequence[Move]) -> str:
    """Return why these gates cannot be set for a tube; "" if they can.

    Parameters
    ----------
    study
        The study with its present gates; the tube's gates of review.csv are replaced.
    """
    rows = rows_of(sample_id, moves, ReviewDecision.CHANGE.value, "bench", "", "")
    moved, faults = gates_of_rows(rows)
    if faults:
        return str(faults[0])
    other_gates = tuple(
        gate for gate in study.gates if gate.sample_id == sample_id and gate.source is not GateSource.REVIEW
    )
    sample = next(sample for sample in study.samples if sample.sample_id == sample_id)
    alone = replace(study, samples=(sample,), gates=(*other_gates, *moved))
    headers = read_headers(alone)
    for check in (gate_names, gate_values):
        for finding in check(alone, headers):
            if finding.fault is not None and finding.fault.severity is not Severity.WARNING:
                return str(finding.fault)
    return ""
