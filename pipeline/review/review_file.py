"""The file review.csv: one tube's rows are replaced, and the rows of other tubes stay as typed."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.files.content import digest_of
from pipeline.review.decision import Decision
from pipeline.review.view import Move
from pipeline.study.cells.choices import review_decision
from pipeline.study.cells.numbers import MOST_WRITTEN_WHOLE
from pipeline.study.errors import UserError
from pipeline.study.faults import Severity
from pipeline.study.locations import sheet_problem
from pipeline.study.names.look import visible_text
from pipeline.study.sheets.columns import column_names
from pipeline.study.sheets.review import review_path
from pipeline.study.sheets.rows import ReviewRow
from pipeline.study.sheets.tables import header_name, read_csv_sheet
from pipeline.study.sheets.tables.grid import MOST_TITLE_ROWS
from pipeline.study.wording import counted, quoted

REVIEW_FILE = "review.csv"
REVIEW_COLUMNS = column_names(ReviewRow)
_BEGINS_A_FORMULA = ("=", "+", "-", "@")
"""First characters that Excel takes for a formula; a blank before them keeps the cell a text, and is ignored
when read."""


@dataclass(frozen=True, slots=True)
class ReviewFile:
    """The rows of review.csv as they are in the file.

    Attributes
    ----------
    columns
        Columns as typed, in their order, plus the missing ones.
    rows
        Rows with one cell for each column.
    digest
        SHA-256 of the file's bytes; "" if there is no file.
    delimiter
        That of the file, which is kept: Excel in some countries saves and opens semicolons.
    """

    columns: tuple[str, ...] = REVIEW_COLUMNS
    rows: tuple[tuple[str, ...], ...] = ()
    digest: str = ""
    delimiter: str = ","

    def of_tube(self, sample_id: str) -> tuple[Mapping[str, str], ...]:
        """Return the rows of a tube: the text of their known cells, without invisible characters."""
        names = self._names
        return tuple(
            {
                name: visible_text(cell)
                for name, cell in zip(names, row, strict=True)
                if name in REVIEW_COLUMNS and cell
            }
            | {"sample_id": sample_id}
            for row in self.rows
            if self._is_of(row, sample_id)
        )

    def digest_of(self, sample_id: str) -> str:
        """Return a digest of a tube's rows, which shows whether they were changed here or elsewhere."""
        return digest_of([repr(sorted(row.items())) for row in self.of_tube(sample_id)])

    def with_tube(self, sample_id: str, rows: Sequence[Mapping[str, str]]) -> ReviewFile:
        """Return the file with a tube's rows replaced by these rows.

        The text in the user's own columns is kept: in the new row of the same gate, else in the last new row.
        """
        mine = [number for number, row in enumerate(self.rows) if self._is_of(row, sample_id)]
        first = mine[0] if mine else len(self.rows)
        new = self._with_own_cells([self.rows[number] for number in mine], rows)
        after = tuple(row for row in self.rows[first:] if not self._is_of(row, sample_id))
        return replace(self, rows=(*self.rows[:first], *new, *after))

    def _with_own_cells(
        self, old: Sequence[tuple[str, ...]], rows: Sequence[Mapping[str, str]]
    ) -> tuple[tuple[str, ...], ...]:
        names, unmatched = self._names, list(old)
        gate = names.index("gate")
        new = []
        for row in rows:
            cells = [row.get(name, "") if name in REVIEW_COLUMNS else "" for name in names]
            same = next((row for row in unmatched if visible_text(row[gate]) == cells[gate]), None)
            if same is not None:
                unmatched.remove(same)
                cells = [cells[k] if name in REVIEW_COLUMNS else same[k] for k, name in enumerate(names)]
            new.append(cells)
        for k, name in enumerate(names):
            if name not in REVIEW_COLUMNS and new:
                texts = [new[-1][k], *(row[k] for row in unmatched)]
                new[-1][k] = "; ".join(dict.fromkeys(cell for cell in texts if cell))
        return tuple(map(tuple, new))

    @property
    def _names(self) -> list[str]:
        return [header_name(column) for column in self.columns]

    def _is_of(self, row: Sequence[str], sample_id: str) -> bool:
        """Whether a row is of a tube; invisible characters are ignored, as in a run."""
        return visible_text(row[self._names.index("sample_id")]) == sample_id

    def content(self) -> bytes:
        """Return the bytes of the file: UTF-8 with a byte order mark, so that Excel shows accents."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n", delimiter=self.delimiter)
        writer.writerow(self.columns)
        writer.writerows([_as_text(cell) for cell in row] for row in self.rows)
        return text.getvalue().encode("utf-8-sig")


def read_review_file(folder: Path) -> ReviewFile:
    """Return the content of a study's review.csv; an empty one if there is no file.

    Raises
    ------
    UserError
        The file cannot be read as a table with these columns; it is not overwritten.
    """
    path = review_path(folder)
    if not path.exists() and not path.is_symlink():
        return ReviewFile()
    problem = sheet_problem(folder, path)
    if problem is not None:
        raise UserError(str(problem))
    digest = _sha256(path)
    sheet, faults = read_csv_sheet(path, "review", REVIEW_COLUMNS)
    grave = [fault for fault in faults if fault.severity is Severity.ERROR]
    if grave:
        raise UserError(f"{str(grave[0]).rstrip('.')}. Correct or move away {REVIEW_FILE}, and decide again")
    rows = [tuple("" if cell.value is None else str(cell.value) for cell in row) for row in sheet.rows]
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        return replace(ReviewFile(), digest=digest)
    header = rows[0]
    names = [header_name(cell) for cell in header]
    if "sample_id" not in names:
        raise UserError(_no_header_words(rows))
    missing = tuple(name for name in REVIEW_COLUMNS if name not in names)
    width = max(len(row) for row in rows)
    columns = (*header, *("" for _ in range(width - len(header))), *missing)
    wide = tuple((*row, *("" for _ in range(len(columns) - len(row)))) for row in rows[1:])
    return ReviewFile(columns, wide, digest, sheet.delimiter)


def is_as_decided(file: ReviewFile, decision: Decision) -> bool:
    """Whether the tube's rows of review.csv are those that the decision wrote."""
    return decision.choice is None or [dict(row) for row in file.of_tube(decision.sample_id)] == [
        {name: text for name, text in row.items() if text} for row in decision.rows
    ]


def as_typed(file: ReviewFile, decision: Decision) -> Decision:
    """Return the decision in a tube's rows of review.csv, which a user may have typed."""
    rows = file.of_tube(decision.sample_id)
    if not rows:
        return decision
    decided = next((row for row in reversed(rows) if row.get("verdict")), rows[-1])
    return replace(
        decision,
        choice=review_decision(decided.get("verdict", "")),
        who=decided.get("set_by", ""),
        reason=decided.get("reason", ""),
        at=decided.get("set_at", ""),
        signature=None,
        countersignature=None,
    )


def rows_of(
    sample_id: str, moves: Sequence[Move], verdict: str, who: str, reason: str, set_at: str
) -> tuple[dict[str, str], ...]:
    """Return the rows of a decision: one for each moved gate, and at least one."""
    shared = {"sample_id": sample_id, "set_by": who, "reason": reason, "set_at": set_at, "verdict": verdict}
    shared = {name: text for name, text in shared.items() if text}
    if not moves:
        return (shared,)
    return tuple({**shared, **_gate(move)} for move in moves)


def _gate(move: Move) -> dict[str, str]:
    if move.polygon is not None:
        return {"gate": move.gate, "polygon": str(move.polygon)}
    return {"gate": move.gate, "value": number_text(move.value or 0.0)}


def number_text(value: float) -> str:
    """Return a number with all its digits, so that reading it gives the same number.

    >>> number_text(850.0), number_text(0.1 + 0.2)
    ('850', '0.30000000000000004')
    """
    return str(int(value)) if value == int(value) and abs(value) < MOST_WRITTEN_WHOLE else repr(value)


def content_digest(content: bytes) -> str:
    """Return the SHA-256 of the file's bytes."""
    return hashlib.sha256(content).hexdigest()


def _as_text(cell: str) -> str:
    return f" {cell}" if cell.startswith(_BEGINS_A_FORMULA) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _no_header_words(rows: Sequence[Sequence[str]]) -> str:
    """Return what to do about a file whose first row does not hold the column names."""
    headers = (k for k, row in enumerate(rows[:MOST_TITLE_ROWS]) if "sample_id" in map(header_name, row))
    above = next(headers, 0)
    if above:
        title = next((cell for cell in rows[0] if cell.strip()), "")
        rows_above = "row" if above == 1 else counted(above, "row")
        return (
            f"{REVIEW_FILE}: found {quoted(title)} above the column names, expected the column names in the "
            f"first row. Delete the {rows_above} above them, save the file, and decide again"
        )
    return (
        f"{REVIEW_FILE}: found no column sample_id in its first row, expected {', '.join(REVIEW_COLUMNS)}. "
        "Correct or move the file away, and decide again"
    )


def _sha256(path: Path) -> str:
    try:
        return content_digest(path.read_bytes())
    except OSError as error:
        mend = (
            "make it readable"
            if not isinstance(error, PermissionError)
            else "close it in Excel, or make it readable for you"
        )
        raise UserError(
            f"{path.name}: cannot be read ({error.strerror}), expected a CSV file that is not open in "
            f"another program; {mend}, and go on"
        ) from error
