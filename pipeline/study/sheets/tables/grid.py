"""Sheets as typed: a workbook or CSV files → tables of cells, each of which knows its place."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.study.faults import Fault, Severity
from pipeline.study.wording import did_you_mean, enumerate_words, quoted, same_word

if TYPE_CHECKING:
    from openpyxl import Workbook

WORKBOOK = "study.xlsx"
DELIMITERS = ",;\t"
CellValue = str | int | float | bool | date | time | timedelta | None
_UNREADABLE_WORKBOOK = "a workbook as Excel or LibreOffice saves it (.xlsx)"


class Cell(NamedTuple):
    """A typed value and its place (`samples!C7`); `faulty` where it is already reported as unreadable.

    A tuple, since a large study has millions: it is made in a third of a dataclass's time.
    """

    where: str
    value: CellValue = None
    faulty: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed, or only spaces."""
        return self.value is None or (isinstance(self.value, str) and not self.value.strip())


@dataclass(frozen=True, slots=True)
class RawSheet:
    """A grid of cells as it stands in the file; row 1 comes first."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row below the header: its number and a cell for each known column that the sheet has."""

    number: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: where each known column stands (`samples!C`), and the rows that are not empty."""

    name: str
    columns: Mapping[str, str]
    rows: tuple[SheetRow, ...]


@cache
def column_letter(index: int) -> str:
    """Return the name Excel gives to a column, counted from 1.

    >>> column_letter(28)
    'AB'
    """
    letters = ""
    while index > 0:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def header_name(value: CellValue) -> str:
    """Return a column's name as the contract writes it: case, spaces and dashes do not matter.

    >>> header_name(" Sample ID ")
    'sample_id'
    """
    return re.sub(r"[\s\-_]+", "_", str(value if value is not None else "").strip().casefold()).rstrip("*:")


def tabulate(raw: RawSheet, known: Sequence[str]) -> tuple[Sheet, tuple[Fault, ...]]:
    """Find the known columns of a sheet and its rows.

    Parameters
    ----------
    raw
        The cells; the first row that is not empty holds the column names.
    known
        Columns the sheet may have; others are faults unless their name starts with `_`.
    """
    first = next((i for i, row in enumerate(raw.rows) if any(not cell.is_empty for cell in row)), None)
    if first is None:
        return Sheet(raw.name, {}, ()), ()
    columns, faults = _columns(raw.rows[first], known)
    named = {index for index, cell in enumerate(raw.rows[first]) if not cell.is_empty}
    rows = []
    for number, row in enumerate(raw.rows[first + 1 :], start=first + 2):
        if all(cell.is_empty and not cell.faulty for cell in row):
            continue
        rows.append(SheetRow(number, _row_cells(raw.name, row, number, columns)))
        faults += _strays(row, named)
    where = {name: f"{raw.name}!{column_letter(index + 1)}" for name, index in columns.items()}
    return Sheet(raw.name, where, tuple(rows)), tuple(faults)


def _columns(header: Sequence[Cell], known: Sequence[str]) -> tuple[dict[str, int], list[Fault]]:
    columns: dict[str, int] = {}
    faults = []
    for index, cell in enumerate(header):
        name = header_name(cell.value)
        if cell.is_empty or str(cell.value).strip().startswith("_"):
            continue
        if name not in known:
            hint = did_you_mean(name, [column for column in known if column not in columns])
            hint = hint or "A column of your own starts with _."
            expected = f"a column of this sheet: {enumerate_words(known)}"
            faults.append(Fault(cell.where, f"the column {quoted(cell.value)}", expected, hint))
        elif name in columns:
            first = header[columns[name]].where
            faults.append(
                Fault(cell.where, f"the column {quoted(cell.value)} again (first {first})", "it once")
            )
        else:
            columns[name] = index
    return columns, faults


def _row_cells(sheet: str, row: Sequence[Cell], number: int, columns: Mapping[str, int]) -> dict[str, Cell]:
    """Return the cell of each column; a short row has empty cells."""
    return {
        name: row[index] if index < len(row) else Cell(f"{sheet}!{column_letter(index + 1)}{number}")
        for name, index in columns.items()
    }


def _strays(row: Sequence[Cell], named: Collection[int]) -> list[Fault]:
    """Values under no column name: a lost header, or an unquoted delimiter in a CSV."""
    hint = "In a CSV, a cell that holds the delimiter stands in double quotes."
    return [
        Fault(cell.where, f"{quoted(cell.value)} under no column name", "an empty cell", hint)
        for index, cell in enumerate(row)
        if index not in named and not cell.is_empty
    ]


def read_workbook(path: Path) -> tuple[tuple[RawSheet, ...], tuple[Fault, ...]]:
    """Read every sheet of a workbook: typed values, and what formulas gave when it was saved."""
    problem = _workbook_problem(path)
    if problem:
        return (), (problem,)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _workbook_sheets(path)
    except Exception as error:  # openpyxl raises whatever its XML, zip and style readers raise
        defect = f"a workbook that cannot be read ({type(error).__name__}: {quoted(error)})"
        hint = "Open it in Excel or LibreOffice, save it again as .xlsx, or start from `cd38rd init`."
        return (), (Fault(path.name, defect, _UNREADABLE_WORKBOOK, hint),)


def _workbook_problem(path: Path) -> Fault | None:
    hint = "Take a backup, or write a new one with `cd38rd init`."
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
    except OSError as error:
        defect = f"a file that cannot be opened ({error.strerror})"
        return Fault(path.name, defect, "a readable workbook", "Is it open in another program?")
    if not start:
        return Fault(path.name, "an empty file (0 bytes)", _UNREADABLE_WORKBOOK, hint)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        defect = "an old .xls or a workbook with a password"
        return Fault(path.name, defect, _UNREADABLE_WORKBOOK, "Save it as .xlsx without a password.")
    if not zipfile.is_zipfile(path):
        defect = "a file that is no workbook, or is cut short"
        return Fault(path.name, defect, _UNREADABLE_WORKBOOK, hint)
    return None


def _workbook_sheets(path: Path) -> tuple[tuple[RawSheet, ...], tuple[Fault, ...]]:
    from openpyxl import load_workbook

    sheets: list[RawSheet] = []
    faults: list[Fault] = []
    with path.open("rb") as with_values, path.open("rb") as with_formulas:
        values: Workbook = load_workbook(with_values, read_only=True, data_only=True)
        formulas: Workbook = load_workbook(with_formulas, read_only=True, data_only=False)
        for sheet, twin in zip(values.worksheets, formulas.worksheets, strict=True):
            sheet.reset_dimensions()
            twin.reset_dimensions()
            name = header_name(sheet.title)
            rows = list(_workbook_rows(name, sheet.iter_rows(), twin.iter_rows(), faults))
            sheets.append(RawSheet(name if name else sheet.title, tuple(rows)))
    return tuple(sheets), tuple(faults)


def _workbook_rows(
    sheet: str, rows: Iterator[Any], twins: Iterator[Any], faults: list[Fault]
) -> Iterator[tuple[Cell, ...]]:
    for number, (row, twin) in enumerate(zip(rows, twins, strict=True), start=1):
        places = (f"{sheet}!{column_letter(index)}{number}" for index in range(1, len(row) + 1))
        cells = []
        for where, cell, formula in zip(places, row, twin, strict=False):
            fault = _cell_fault(where, cell, formula)
            faults += [fault] if fault else []
            cells.append(Cell(where, None if fault else _shown(cell), faulty=fault is not None))
        yield tuple(cells)


def _cell_fault(where: str, cell: Any, formula: Any) -> Fault | None:
    if cell.value is None:
        # An empty text that a formula gave has the type "str"; a formula nobody computed has none.
        if formula.data_type != "f" or cell.data_type == "str":
            return None
        hint = "Open the workbook in Excel or LibreOffice and save it, or type the value."
        return Fault(where, "a formula without a stored value", "a value", hint)
    if cell.data_type == "e":
        return Fault(where, f"the Excel error {quoted(cell.value)}", "a value")
    return None


def _shown(cell: Any) -> CellValue:
    """Return a value as the workbook shows it where that matters: `007` stays `007` under the format 000."""
    value: CellValue = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer():
        zeros = re.fullmatch(r"0{2,}", cell.number_format or "")
        return str(int(value)).zfill(len(zeros[0])) if zeros else value
    return value


def read_csv_sheet(path: Path, name: str, known: Sequence[str]) -> tuple[RawSheet, tuple[Fault, ...]]:
    """Read one CSV: utf-8 (else cp1252, with a warning), delimiter comma, semicolon or tab."""
    try:
        data = path.read_bytes()
    except OSError as error:
        defect = f"a file that cannot be opened ({error.strerror})"
        return RawSheet(name, ()), (Fault(path.name, defect, "a readable CSV file"),)
    text, faults = _decoded(data, path.name)
    if "\0" in text:
        defect = "bytes that are no text"
        return RawSheet(name, ()), (Fault(path.name, defect, "a CSV file (text, comma or semicolon)"),)
    lines = re.sub(r"^sep=.\r?\n", "", text)
    delimiter = text[4] if lines != text else sniff_delimiter(lines, known)
    try:
        records = list(csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter))
    except csv.Error as error:
        return RawSheet(name, ()), (Fault(path.name, f"text that is no CSV ({error})", "a CSV file"),)
    return RawSheet(name, tuple(_csv_row(name, i, record) for i, record in enumerate(records, 1))), faults


def _csv_row(sheet: str, number: int, record: Sequence[str]) -> tuple[Cell, ...]:
    return tuple(
        Cell(f"{sheet}!{column_letter(i)}{number}", text or None) for i, text in enumerate(record, 1)
    )


def _decoded(data: bytes, file_name: str) -> tuple[str, tuple[Fault, ...]]:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding), ()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        defect = f"text that is not utf-8 (line {line}), read as Windows-1252"
        hint = "Check names with accents, or save it as CSV UTF-8."
        return data.decode("cp1252", errors="replace"), (
            Fault(file_name, defect, "utf-8", hint, Severity.WARNING),
        )


def sniff_delimiter(text: str, known: Sequence[str]) -> str:
    """Return the delimiter under which the header has most known columns, else most columns.

    >>> sniff_delimiter("name;value", ["name", "value"])
    ';'
    """
    header = next((line for line in text.splitlines() if line.strip(f"{DELIMITERS} ")), "")

    def columns(delimiter: str) -> tuple[int, int]:
        names = next(csv.reader([header], delimiter=delimiter), [])
        alike = {same_word(column) for column in known}
        return sum(same_word(name) in alike for name in names), len(names)

    return max(DELIMITERS, key=columns)
