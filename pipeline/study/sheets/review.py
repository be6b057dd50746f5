"""The file review.csv in the study folder: gates that a reviewer set, and decisions on tubes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.study.errors import UserError
from pipeline.study.faults import Fault, Severity
from pipeline.study.sheets.columns import Entry, column_names, read_rows
from pipeline.study.sheets.rows import ReviewRow
from pipeline.study.sheets.tables import RawSheet, SheetCell, column_letter, read_csv_sheet, tabulate
from pipeline.study.study import GateOverride, GateSource, TypedDecision

REVIEW = "review"


def typed_overrides(review: Sequence[Entry[ReviewRow]]) -> tuple[GateOverride, ...]:
    """Return the gates that a reviewer set."""
    return tuple(
        GateOverride(
            row.sample_id,
            row.gate,
            row.value,
            row.set_by,
            row.reason,
            row.set_at,
            row.polygon,
            GateSource.REVIEW,
        )
        for row in (entry.row for entry in review)
        if row.gate and (row.value is not None or row.polygon is not None)
    )


def typed_decisions_of(review: Sequence[Entry[ReviewRow]]) -> tuple[TypedDecision, ...]:
    """Return the decisions on tubes; one that is repeated in several rows of a tube counts once."""
    rows = (entry.row for entry in review)
    decisions = (
        TypedDecision(row.sample_id, row.verdict, row.set_by, row.reason, row.set_at)
        for row in rows
        if row.verdict
    )
    return tuple(dict.fromkeys(decisions))


def read_review(folder: Path) -> tuple[tuple[GateOverride, ...], tuple[TypedDecision, ...]]:
    """Return the gates and decisions of review.csv alone.

    Raises
    ------
    UserError
        If the file has a fault that stops a run.
    """
    path = review_path(folder)
    if not path.is_file():
        return (), ()
    raw, unread = read_csv_sheet(path, REVIEW, column_names(ReviewRow))
    rows, faults = _review_rows(raw)
    wrong = [fault for fault in (*unread, *faults) if fault.severity is Severity.ERROR]
    if wrong:
        raise UserError(f"{str(wrong[0]).rstrip('.')}. Correct {path.name}, or move it away")
    return typed_overrides(rows), typed_decisions_of(rows)


def review_path(folder: Path) -> Path:
    """Return the path of review.csv, in any spelling of capitals; without a file, the path for a new one."""
    try:
        names = sorted(path.name for path in folder.iterdir() if path.name.casefold() == f"{REVIEW}.csv")
    except OSError:
        names = []
    return folder / (names[0] if names else f"{REVIEW}.csv")


def gates_of_rows(rows: Sequence[Mapping[str, str]]) -> tuple[tuple[GateOverride, ...], tuple[Fault, ...]]:
    """Return the gates that rows of review.csv would set, and the faults of these rows."""
    columns = column_names(ReviewRow)
    cells = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    raw = RawSheet(
        REVIEW,
        tuple(
            tuple(
                SheetCell(f"{REVIEW}!{column_letter(k)}{number}", text or None)
                for k, text in enumerate(row, 1)
            )
            for number, row in enumerate(cells, 1)
        ),
    )
    entries, faults = _review_rows(raw)
    return typed_overrides(entries), faults


def _review_rows(raw: RawSheet) -> tuple[tuple[Entry[ReviewRow], ...], tuple[Fault, ...]]:
    sheet, misplaced = tabulate(raw, column_names(ReviewRow))
    rows, wrong = read_rows(sheet, ReviewRow)
    return rows, tuple(fault for fault in (*misplaced, *wrong) if fault.severity is Severity.ERROR)
