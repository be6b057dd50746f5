"""The header of a sheet: its row, the columns that it names, and the rows below it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pipeline.study.faults import Fault, Severity
from pipeline.study.names.look import plain
from pipeline.study.sheets.tables.grid import (
    MOST_TITLE_ROWS,
    HiddenCells,
    RawSheet,
    SheetCell,
    SheetRow,
    TypedSheet,
    column_letter,
    header_name,
)
from pipeline.study.wording import enumerate_words, nearest, quoted

MOST_TITLE_CELLS = 2
"""Most filled cells of a title row; a row with more is data. Convention: a title, and a date or a version
beside it."""

MOST_HEADERS_LISTED = 10
"""Most rows that a message names. Convention: more would not be read."""

NOT_USED = "remark"
"""The column that is not used, so that it may be hidden."""

NEARLY_A_HEADER = 0.75
"""Likeness of two column names from which one is probably a misspelling of the other. Convention: with one
wrong letter in four a name is still recognised."""


def tabulate(raw: RawSheet, known_columns: Sequence[str]) -> tuple[TypedSheet, tuple[Fault, ...]]:
    """Return the known columns of a sheet and its rows, and the faults of both.

    Parameters
    ----------
    raw
        The cells. The first row that is not empty has the column names. If it has none of them, but a row
        below it has, the rows above that row are titles.
    known_columns
        The columns that the sheet may have. Another column gives a warning, or an error if its name is
        similar to a known one. A column whose name starts with `_` is ignored.
    """
    filled = [i for i, row in enumerate(raw.rows) if any(not cell.is_empty for cell in row)]
    if not filled:
        return TypedSheet(raw.name, {}, ()), ()
    first = _header_row(raw, filled[:MOST_TITLE_ROWS], known_columns)
    faults = [_above(raw.rows[i]) for i in filled if i < first]
    columns, wrong = _columns(raw.rows[first], known_columns)
    faults += wrong
    named = {index for index, cell in enumerate(raw.rows[first]) if not cell.is_empty}
    rows = []
    for number, row in enumerate(raw.rows[first + 1 :], start=first + 2):
        if all(cell.is_empty and not cell.faulty for cell in row):
            continue
        rows.append(SheetRow(number, _row_cells(raw.name, row, number, columns)))
        faults += _strays(row, named)
    faults += _hidden_cells(raw.name, raw.look, columns, {row.number for row in rows})
    where = {name: f"{raw.name}!{column_letter(index + 1)}" for name, index in columns.items()}
    return TypedSheet(raw.name, where, tuple(rows), first + 1), tuple(faults)


def _header_row(raw: RawSheet, filled: Sequence[int], known_columns: Sequence[str]) -> int:
    """Return the index of the row of column names: the first row, or the row below titles with most names."""

    def names(index: int) -> int:
        return len({header_name(cell.value) for cell in raw.rows[index]}.intersection(known_columns))

    if names(filled[0]):
        return filled[0]
    best = max(filled, key=names)
    return best if names(best) >= min(2, len(known_columns)) else filled[0]


def _above(row: Sequence[SheetCell]) -> Fault:
    """Return the fault of a row above the column names: a title, or data that would be lost."""
    cells = [cell for cell in row if not cell.is_empty]
    problem = f"{quoted(cells[0].value)} above the column names"
    if len(cells) <= MOST_TITLE_CELLS:
        return Fault(
            cells[0].where,
            f"{problem}, taken for a title",
            "the column names in row 1",
            severity=Severity.WARNING,
        )
    hint = "Was the table sorted with its header? Move the column names to row 1."
    whole = f"a row of {len(cells)} cells, {problem}"
    return Fault(cells[0].where, whole, "the column names in row 1", hint)


def _columns(header: Sequence[SheetCell], known_columns: Sequence[str]) -> tuple[dict[str, int], list[Fault]]:
    columns: dict[str, int] = {}
    faults = []
    for index, cell in enumerate(header):
        name = header_name(cell.value)
        if cell.is_empty or plain(str(cell.value)).strip().startswith("_"):
            continue
        if name not in known_columns:
            faults.append(_unknown_column(cell, name, known_columns, header))
        elif name in columns:
            first = header[columns[name]].where
            faults.append(
                Fault(
                    cell.where, f"the column {quoted(cell.value)} again (first {first})", "each column once"
                )
            )
        else:
            columns[name] = index
    return columns, faults


def _unknown_column(
    cell: SheetCell, name: str, known_columns: Sequence[str], header: Sequence[SheetCell]
) -> Fault:
    """Return a warning; an error if a missing column was probably meant, since its values would be lost."""
    present = {header_name(header_cell.value) for header_cell in header}
    free = [column for column in known_columns if column not in present]
    meant = nearest(name, free, NEARLY_A_HEADER) or next(
        (c for c in free if name and c.startswith(f"{name}_")), ""
    )
    expected = f"a column of this sheet: {enumerate_words(known_columns)}"
    problem = f"the column {quoted(cell.value)}"
    if meant:
        return Fault(cell.where, problem, expected, f"Did you mean {quoted(meant)}?")
    hint = "It is not read; a column of your own starts with _."
    return Fault(cell.where, problem, expected, hint, Severity.WARNING)


def _row_cells(
    sheet: str, row: Sequence[SheetCell], number: int, columns: dict[str, int]
) -> dict[str, SheetCell]:
    """Return the cell of each column; a short row has empty cells."""
    return {
        name: row[index] if index < len(row) else SheetCell(f"{sheet}!{column_letter(index + 1)}{number}")
        for name, index in columns.items()
    }


def _strays(row: Sequence[SheetCell], named: Collection[int]) -> list[Fault]:
    """Return faults for values under no column name: a lost header, or an unquoted delimiter in a CSV."""
    hint = "In a CSV, a cell that holds the delimiter stands in double quotes."
    return [
        Fault(cell.where, f"{quoted(cell.value)} under no column name", "an empty cell", hint)
        for index, cell in enumerate(row)
        if index not in named and not cell.is_empty
    ]


def _hidden_cells(
    sheet: str, look: HiddenCells, columns: dict[str, int], rows: Collection[int]
) -> Iterator[Fault]:
    """Report hidden or struck-through cells, which are read like others: perhaps they should not count."""
    if look.state and rows:
        how = (
            "a very hidden sheet, which Excel's menus do not show"
            if look.state == "veryHidden"
            else "a hidden sheet"
        )
        hint = "It is read like the others: show it, or delete it."
        yield Fault(sheet, how, "sheets that can be seen", hint, Severity.WARNING)
    for numbers, how, expected, hint in (
        (
            look.hidden_rows,
            "hidden, by a filter, a group or by hand",
            "rows that can be seen",
            "They are read like other rows: show the rows that count, and delete the others.",
        ),
        (
            look.struck_rows,
            "struck through",
            "rows that count",
            "They are read like other rows: remove the line from rows that count, and delete the others.",
        ),
    ):
        listed = [number for number in numbers if number in rows]
        if listed:
            where = f"{sheet}!{listed[0]}"
            yield Fault(where, f"{_numbered('row', listed)} {how}", expected, hint, Severity.WARNING)
    hidden = [
        name for name, index in columns.items() if index + 1 in look.hidden_columns and name != NOT_USED
    ]
    if hidden and rows:
        where = f"{sheet}!{column_letter(columns[hidden[0]] + 1)}1"
        named = f"the column{'s' * (len(hidden) > 1)} {enumerate_words(map(quoted, hidden), 'and')} hidden"
        hint = "They are read like other columns: show the columns that count, and empty the others."
        yield Fault(where, named, "columns that can be seen", hint, Severity.WARNING)


def _numbered(noun: str, numbers: Sequence[int]) -> str:
    """Return numbers with their noun; a long list is cut.

    >>> _numbered("row", [3, 7])
    'rows 3 and 7'
    """
    shown = [str(number) for number in numbers[:MOST_HEADERS_LISTED]]
    more = len(numbers) - len(shown)
    listed = f"{', '.join(shown)} and {more} more" if more else enumerate_words(shown, "and")
    return f"{noun}{'s' * (len(numbers) > 1)} {listed}"
