"""What a workbook hides, and how large its sheets are: seen in its package before any cell is read."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

from pipeline.study.sheets.tables.grid import HiddenCells, column_number, header_name
from pipeline.study.sheets.tables.parts import (
    HINT_SIZE,
    Reader,
    main_part,
    must_be_small,
    refuse_package,
    scan,
    sheets_of,
    sibling_part,
)

LAST_ROW = 1_048_576
"""Of a sheet in Excel. Vendor: the limits of Excel."""

MOST_ROWS = 200_000
"""Rows of a sheet, empty ones too. Convention: no study has so many."""

MOST_CELLS = 2_000_000
"""Cells of a sheet, empty ones too. Convention: no study has so many."""

LONGEST_TEXT = 32_767
"""Characters that Excel lets a cell hold. Vendor: the limits of Excel."""


def looks_of(path: Path, known: Collection[str]) -> dict[str, HiddenCells]:
    """Return by title what is hidden in each sheet of a workbook.

    Parameters
    ----------
    path
        A zip archive.
    known
        Names of the sheets that will be read whole.

    Raises
    ------
    PackageError
        It is no workbook, is Strict Open XML, or is larger than a study can be: nothing of it was unpacked
        but in small pieces.
    """
    with zipfile.ZipFile(path) as archive:
        sizes = {part.filename: part.file_size for part in archive.infolist()}
        must_be_small(path.name, sizes)
        main = main_part(path.name, archive, sizes)
        sheets = sheets_of(path.name, archive, main)
        scan(path.name, archive, sibling_part(main, "sharedStrings.xml"), _Texts(path.name))
        looks = {}
        for title, (state, part) in sheets.items():
            cells = _Cells(path.name, header_name(title))
            is_known = header_name(title) in known
            if is_known:
                scan(path.name, archive, part, cells)
            hidden = tuple(cells.hidden_rows), tuple(sorted(cells.hidden_with_value))
            looks[title] = HiddenCells(state, *hidden, last_row=max(cells.last_row, 1) if is_known else None)
        return looks


class _Texts(Reader):
    """The texts of the cells: none longer than Excel lets a cell be."""

    unit = "si"

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.characters = 0

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        if tag == self.unit:
            self.characters = 0

    def text(self, piece: str) -> None:
        self.characters += len(piece)
        if self.characters > LONGEST_TEXT:
            found = f"a cell of more than {LONGEST_TEXT:,} characters"
            refuse_package(self.file, found, "cells that Excel can hold", HINT_SIZE)


class _Cells(_Texts):
    """Hidden rows and columns of a sheet that hold values; no more rows and cells than a study has."""

    unit = "c"

    def __init__(self, file: str, sheet: str) -> None:
        super().__init__(file)
        self.sheet = sheet
        self.rows = self.cells = self.row = self.column = self.last_row = 0
        self.row_is_hidden = False
        self.hidden_columns: list[tuple[int, int]] = []
        self.hidden_rows: dict[int, None] = {}
        self.hidden_with_value: set[int] = set()

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        super().begin(tag, facts)
        if tag == "c":
            self._begin_cell(facts)
        elif tag in ("v", "is", "f"):
            self._value()
        elif tag == "row":
            self._begin_row(facts)
        elif tag == "col" and _is_true(facts.get("hidden", "")):
            self.hidden_columns.append((_whole(facts.get("min")), _whole(facts.get("max"))))

    def _begin_row(self, facts: Mapping[str, str]) -> None:
        self.rows, self.column, self.characters = self.rows + 1, 0, 0
        self.row = _whole(facts.get("r")) or self.row + 1
        self.row_is_hidden = _is_true(facts.get("hidden", ""))
        if self.rows > MOST_ROWS or self.row > LAST_ROW:
            found = f"the sheet {self.sheet} with more than {MOST_ROWS:,} rows"
            hint = f"Delete the rows below the table, empty ones too. {HINT_SIZE}"
            refuse_package(self.file, found, f"at most {MOST_ROWS:,} rows", hint)

    def _begin_cell(self, facts: Mapping[str, str]) -> None:
        self.cells += 1
        if self.hidden_columns:
            letters = re.match(r"[A-Z]{1,3}", facts.get("r", ""))
            self.column = column_number(letters[0]) if letters else self.column + 1
        if self.cells > MOST_CELLS:
            found = f"the sheet {self.sheet} with more than {MOST_CELLS:,} cells"
            refuse_package(self.file, found, f"at most {MOST_CELLS:,} cells", HINT_SIZE)

    def _value(self) -> None:
        self.last_row = max(self.last_row, self.row)
        if self.row_is_hidden:
            self.hidden_rows[self.row] = None
        if any(low <= self.column <= high for low, high in self.hidden_columns):
            self.hidden_with_value.add(self.column)


def _is_true(text: str) -> bool:
    return text in ("1", "true")


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0
