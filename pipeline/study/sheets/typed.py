"""All rows of a study as typed, including faulty ones: the input of the rules between rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.study.names.look import caseless
from pipeline.study.settings import Settings
from pipeline.study.sheets.columns import Entry, value_in
from pipeline.study.sheets.patient_row import AdverseEventRow, PatientRow
from pipeline.study.sheets.rows import (
    BeadRow,
    DoseRow,
    GateRow,
    PanelRow,
    ReviewRow,
    SampleRow,
    StatementRow,
)
from pipeline.study.sheets.tables import RawSheet, SheetCell
from pipeline.study.sheets.validation_row import ValidationRow
from pipeline.study.study import TypedCell, TypedRow, TypedRows

__all__ = ["TypedStudy", "caseless", "rows_as_typed", "typed_values"]


@dataclass(frozen=True, slots=True)
class TypedStudy:
    """All rows of all sheets as typed, including faulty ones."""

    folder: Path
    samples: tuple[Entry[SampleRow], ...] = ()
    panels: tuple[Entry[PanelRow], ...] = ()
    bead_runs: tuple[Entry[BeadRow], ...] = ()
    doses: tuple[Entry[DoseRow], ...] = ()
    patients: tuple[Entry[PatientRow], ...] = ()
    gates: tuple[Entry[GateRow], ...] = ()
    review: tuple[Entry[ReviewRow], ...] = ()
    statements: tuple[Entry[StatementRow], ...] = ()
    validation: tuple[Entry[ValidationRow], ...] = ()
    adverse_events: tuple[Entry[AdverseEventRow], ...] = ()
    settings: Settings = field(default_factory=Settings)
    samples_as_typed: TypedRows = field(default_factory=TypedRows)


def rows_as_typed(raw: RawSheet, header: int, samples: Iterable[Entry[SampleRow]]) -> TypedRows:
    """Return the rows of the samples sheet with all their columns, known and unknown.

    Parameters
    ----------
    header
        Number of the row of column names, from 1; 0: there is none.
    """
    if not header:
        return TypedRows()
    names = {entry.typed.number: entry.row.sample_id or "" for entry in samples}
    rows = [(names[number], raw.rows[number - 1]) for number in names]
    top = raw.rows[header - 1]
    width = max(len(top), *(len(cells) for _, cells in rows)) if rows else len(top)

    def value(cells: Sequence[SheetCell], index: int) -> TypedCell:
        return cells[index].value if index < len(cells) else None

    used = [
        index
        for index in range(width)
        if any(index < len(cells) and not cells[index].is_empty for cells in (top, *(c for _, c in rows)))
    ]
    return TypedRows(
        tuple(value(top, index) for index in used),
        tuple(TypedRow(name, tuple(value(cells, index) for index in used)) for name, cells in rows),
    )


def typed_values(entries: Iterable[Entry[Any]], column: str) -> Iterator[tuple[str, str]]:
    """Yield (location, value) of the cells of a column that are not empty."""
    for entry in entries:
        value = value_in(entry.row, column)
        if value:
            yield entry.at(column), value
