"""CSV files: any delimiter and encoding that Excel writes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from pipeline.study.faults import Fault, Severity
from pipeline.study.sheets.tables.grid import MOST_TITLE_ROWS, RawSheet, SheetCell, column_letter
from pipeline.study.wording import same_word

COLUMN_DELIMITERS = ",;\t"
MOST_BYTES_OF_CSV = 256 << 20
"""Most bytes of a CSV file, to bound the memory. Convention: ten times the file of a study of 100,000
tubes."""


def read_csv_sheet(path: Path, name: str, known_columns: Sequence[str]) -> tuple[RawSheet, tuple[Fault, ...]]:
    """Read a CSV file: UTF-8 (else Windows-1252, with a warning); delimiter comma, semicolon or tab."""
    try:
        if path.stat().st_size > MOST_BYTES_OF_CSV:
            defect = f"a file of {path.stat().st_size >> 20:,} MB"
            return RawSheet(name, ()), (Fault(path.name, defect, f"at most {MOST_BYTES_OF_CSV >> 20} MB"),)
        data = path.read_bytes()
    except OSError as error:
        defect = f"a file that cannot be opened ({error.strerror})"
        return RawSheet(name, ()), (Fault(path.name, defect, "a readable CSV file"),)
    text, faults = _decoded(data, path.name)
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        defect, expected = f"a NUL character in {path.name}", "a CSV file (text, comma or semicolon)"
        return RawSheet(name, ()), (Fault(f"{name}!{row}", defect, expected, "Save the sheet as CSV again."),)
    lines = re.sub(r"^sep=.\r?\n", "", text)
    delimiter = text[4] if lines != text else sniff_delimiter(lines, known_columns)
    try:
        records = list(csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter))
    except csv.Error as error:
        return RawSheet(name, ()), (Fault(path.name, f"text that is no CSV ({error})", "a CSV file"),)
    open_row = _row_left_open(lines, delimiter, records)
    if open_row:
        defect, expected = (
            "a double quote that is not closed, which takes in the lines below",
            "closed quotes",
        )
        hint = f"Close it in row {open_row} of {path.name}, or take it out; save the sheet as CSV again."
        faults = (*faults, Fault(f"{name}!{open_row}", defect, expected, hint))
    rows = tuple(_csv_row(name, i, record) for i, record in enumerate(records, 1))
    return RawSheet(name, rows, delimiter=delimiter), faults


def _row_left_open(text: str, delimiter: str, records: Sequence[Sequence[str]]) -> int:
    """Return the row in which a quote was opened and never closed as it should be; 0 where none was.

    A cell of several lines is no fault, nor is a quote in the middle of a cell: both together are.
    """
    strict = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    good = 0
    try:
        for _ in strict:
            good += 1
    except csv.Error:
        for row, record in enumerate(records[good:], good + 1):
            if any("\n" in cell or "\r" in cell for cell in record):
                return row
    return 0


def _csv_row(sheet: str, number: int, record: Sequence[str]) -> tuple[SheetCell, ...]:
    return tuple(
        SheetCell(f"{sheet}!{column_letter(i)}{number}", text or None) for i, text in enumerate(record, 1)
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


def sniff_delimiter(text: str, known_columns: Sequence[str]) -> str:
    """Return the delimiter that gives the header most known columns, else most columns.

    The header is the first line that is not empty. If that line has no known column, it may be a title above
    the header, and the next lines are tried, too.

    >>> sniff_delimiter("name;value", ["name", "value"])
    ';'
    """
    filled = (line for line in text.splitlines() if line.strip(f"{COLUMN_DELIMITERS} "))
    headers = list(islice(filled, MOST_TITLE_ROWS)) or [""]
    alike = {same_word(column) for column in known_columns}

    def columns(delimiter: str, header: str) -> tuple[int, int]:
        try:
            names = next(csv.reader([header], delimiter=delimiter), [])
        except csv.Error:  # the header cannot be read; the reading of the rows reports it
            return 0, 0
        return sum(same_word(name) in alike for name in names), len(names)

    if not any(columns(delimiter, headers[0])[0] for delimiter in COLUMN_DELIMITERS):
        return max(
            COLUMN_DELIMITERS, key=lambda delimiter: max(columns(delimiter, header) for header in headers)
        )
    return max(COLUMN_DELIMITERS, key=lambda delimiter: columns(delimiter, headers[0]))
