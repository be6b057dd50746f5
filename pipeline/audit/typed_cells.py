"""Every typed cell of a study, by row and column; the audit trail records their changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from pipeline.files.content import digest_of
from pipeline.study.settings import Settings
from pipeline.study.study import GateSource, Study, TypedDecision

_DECISION_COLUMNS = tuple(column.name for column in fields(TypedDecision))

NOT_RECORDED = frozenset({"fcs_file", "fmo_file", "isotype_file", "gates_file", "remark", "spillover_file"})
"""Columns whose text is not written into the trail."""

Cells = dict[tuple[str, str], str]
"""(row, column) → text of the cell; a row is named by its sheet and its own name."""


def typed_cells(study: Study) -> Cells:
    """Return the cells of a study that are not empty, as they were parsed.

    For a remark or a file name the trail records only that it changed, since both may identify a patient.
    """
    return {
        (row, column): _kept(column, text) for row, column, value in _cells(study) if (text := _text(value))
    }


def _kept(column: str, text: str) -> str:
    """Return the text of a cell for the trail."""
    return f"digest {digest_of([text])[:12]}" if column in NOT_RECORDED else text


def cells_of_review(
    cells: Mapping[tuple[str, str], str], sample_id: str, rows: Sequence[Mapping[str, str]]
) -> Cells:
    """Return the cells of a study with new rows of a tube in review.csv.

    Parameters
    ----------
    cells
        The cells of the study, from `typed_cells`.
    rows
        The cells of review.csv by column, one mapping per row; rows without a gate give only the decision.
    """
    gates = {row for row, column in cells if column == "source" and cells[row, column] == GateSource.REVIEW}
    gates = {row for row in gates if row.startswith(f"gates {sample_id}/")}
    review_row = f"review {sample_id}"
    new_cells = {
        cell_key: text
        for cell_key, text in cells.items()
        if cell_key[0] not in gates
        and cell_key[0] != review_row
        and not cell_key[0].startswith(f"{review_row}/")
    }
    decisions = {
        tuple(row.get(column, "") for column in _DECISION_COLUMNS) for row in rows if row.get("verdict")
    }
    for name, decision in _numbered((sample_id, values) for values in sorted(decisions)):
        decision_cells = zip(_DECISION_COLUMNS, decision, strict=True)
        new_cells.update({(f"review {name}", column): text for column, text in decision_cells if text})
    for row in rows:
        if row.get("gate"):
            gate = {name: text for name, text in row.items() if name != "verdict"} | {
                "source": GateSource.REVIEW.value
            }
            if "value" in gate:
                gate["value"] = _text(float(gate["value"].replace(",", ".")))
            name = f"gates {sample_id}/{row['gate']}"
            new_cells.update({(name, column): text for column, text in gate.items() if text})
    return new_cells


def _cells(study: Study) -> Iterator[tuple[str, str, Any]]:
    yield from _of("samples", ((sample.sample_id, sample) for sample in study.samples))
    panels = ((f"{panel.name}/{row.name}", row) for panel in study.panels for row in panel.channels)
    yield from _of("panels", panels)
    yield from _of("beads", ((run.name, run) for run in study.bead_runs))
    yield from _of("doses", _numbered((f"{dose.patient_id}/{dose.given_on}", dose) for dose in study.doses))
    yield from _of("patients", ((patient.patient_id, patient) for patient in study.patients))
    yield from _of("gates", ((f"{gate.sample_id}/{gate.gate}", gate) for gate in study.gates))
    roles = ((f"{tube.sample_id}/{tube.experiment}", tube) for tube in study.validation)
    yield from _of("validation", _numbered(roles))
    events = ((event.patient_id, event) for event in study.adverse_events)
    yield from _of("adverse_events", _numbered(events))
    yield from _of("review", _numbered((decision.sample_id, decision) for decision in study.typed_decisions))
    plain = Settings()
    for name in Settings.model_fields:
        if getattr(study.settings, name) != getattr(plain, name):
            value = getattr(study.settings, name)
            yield f"settings {name}", "value", _kept(name, _text(value))


def _of(sheet: str, rows: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    for name, row in rows:
        for column in fields(row):
            yield f"{sheet} {name}", column.name, getattr(row, column.name)


def _numbered(rows: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield rows with unique names, since a patient may have two doses on a day."""
    counts: dict[str, int] = {}
    for name, row in rows:
        counts[name] = counts.get(name, 0) + 1
        yield (name if counts[name] == 1 else f"{name}/{counts[name]}"), row


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "; ".join(
            "-".join(map(_text, item)) if isinstance(item, tuple) else _text(item) for item in value
        )
    return f"{value:.15g}" if isinstance(value, float) else str(value)
