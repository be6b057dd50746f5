"""Every typed cell of a study, by row and column; the audit trail records their changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from pipeline.audit.row_key import SHEETS_WITH_ROWS_ALIKE, AuditedSheet, RowKey
from pipeline.files.content import digest_of
from pipeline.study.settings import Settings
from pipeline.study.study import GateSource, Study, TypedDecision

_DECISION_COLUMNS = tuple(column.name for column in fields(TypedDecision))

NOT_RECORDED = frozenset(
    {
        "fcs_file",
        "fmo_file",
        "isotype_file",
        "gates_file",
        "remark",
        "spillover_file",
        "instrument_log",
        "term",
    }
)
"""Columns whose text is not written into the trail."""

Cells = dict[tuple[RowKey, str], str]
"""(row, column) → text of the cell."""

Row = TypeVar("Row")


def typed_cells(study: Study) -> Cells:
    """Return the cells of a study that are not empty, as they were parsed.

    For a remark, the name of an adverse event or a file name the trail records only that it changed, since
    each may identify a patient.
    """
    return {
        (row, column): _kept(column, text) for row, column, value in _cells(study) if (text := _text(value))
    }


def _kept(column: str, text: str) -> str:
    """Return the text of a cell for the trail."""
    return f"digest {digest_of([text])[:12]}" if column in NOT_RECORDED else text


def cells_of_review(
    cells: Mapping[tuple[RowKey, str], str], sample_id: str, rows: Sequence[Mapping[str, str]]
) -> Cells:
    """Return the cells of a study with new rows of a tube in review.csv.

    Parameters
    ----------
    cells
        The cells of the study, from `typed_cells`.
    rows
        The cells of review.csv by column, one mapping per row; rows without a gate give only the decision.
    """
    replaced = {row for row, _ in cells if row.is_of_tube(sample_id) and _is_of_review(cells, row)}
    new_cells = {(row, column): text for (row, column), text in cells.items() if row not in replaced}
    decisions = {
        tuple(row.get(column, "") for column in _DECISION_COLUMNS) for row in rows if row.get("verdict")
    }
    for key, decision in _numbered(
        (RowKey(AuditedSheet.REVIEW, sample_id), values) for values in sorted(decisions)
    ):
        decision_cells = zip(_DECISION_COLUMNS, decision, strict=True)
        new_cells.update({(key, column): text for column, text in decision_cells if text})
    for row in rows:
        if row.get("gate"):
            gate = {name: text for name, text in row.items() if name != "verdict"} | {
                "source": GateSource.REVIEW.value
            }
            if "value" in gate:
                gate["value"] = _text(float(gate["value"].replace(",", ".")))
            key = RowKey(AuditedSheet.GATES, sample_id, row["gate"])
            new_cells.update({(key, column): text for column, text in gate.items() if text})
    return new_cells


def _is_of_review(cells: Mapping[tuple[RowKey, str], str], row: RowKey) -> bool:
    """Return whether review.csv holds the row: a decision, or a gate that was moved there."""
    is_gate = row.sheet == AuditedSheet.GATES
    return row.sheet == AuditedSheet.REVIEW or (
        is_gate and cells.get((row, "source")) == GateSource.REVIEW.value
    )


def _cells(study: Study) -> Iterator[tuple[RowKey, str, Any]]:
    for key, row in _numbered(_rows(study)):
        for column in fields(row):
            yield key, column.name, getattr(row, column.name)
    plain = Settings()
    for name in Settings.model_fields:
        if getattr(study.settings, name) != getattr(plain, name):
            value = getattr(study.settings, name)
            yield RowKey(AuditedSheet.SETTINGS, name), "value", _kept(name, _text(value))


def _rows(study: Study) -> Iterator[tuple[RowKey, Any]]:
    """Yield the typed rows of every sheet but the settings; rows alike are not numbered yet."""
    sheet = AuditedSheet
    yield from ((RowKey(sheet.SAMPLES, sample.sample_id), sample) for sample in study.samples)
    channels = ((panel.name, channel) for panel in study.panels for channel in panel.channels)
    yield from ((RowKey(sheet.PANELS, f"{panel}/{channel.name}"), channel) for panel, channel in channels)
    yield from ((RowKey(sheet.BEADS, run.name), run) for run in study.bead_runs)
    yield from ((RowKey(sheet.DOSES, dose.patient_id, str(dose.given_on)), dose) for dose in study.doses)
    yield from ((RowKey(sheet.PATIENTS, patient.patient_id), patient) for patient in study.patients)
    yield from ((RowKey(sheet.GATES, gate.sample_id, gate.gate), gate) for gate in study.gates)
    yield from (
        (RowKey(sheet.VALIDATION, tube.sample_id, tube.experiment), tube) for tube in study.validation
    )
    yield from ((RowKey(sheet.ADVERSE_EVENTS, event.patient_id), event) for event in study.adverse_events)
    yield from ((RowKey(sheet.REVIEW, noted.sample_id), noted) for noted in study.typed_decisions)


def _numbered(rows: Iterable[tuple[RowKey, Row]]) -> Iterator[tuple[RowKey, Row]]:
    """Yield rows with unique keys, since a patient may have two doses on a day."""
    counts: dict[RowKey, int] = {}
    for key, row in rows:
        counts[key] = counts.get(key, 0) + 1
        yield replace(key, number=counts[key] if key.sheet in SHEETS_WITH_ROWS_ALIKE else 1), row


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "; ".join(
            "-".join(map(_text, item)) if isinstance(item, tuple) else _text(item) for item in value
        )
    return f"{value:.15g}" if isinstance(value, float) else str(value)
