"""Hidden parts and sizes of the sheets of a workbook, read from its package before any cell is read."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NoReturn

from pipeline.study.sheets.tables.grid import HiddenCells, column_number, header_name
from pipeline.study.sheets.tables.library_calls import by_library
from pipeline.study.sheets.tables.parts import (
    HINT_SIZE,
    Reader,
    main_part,
    must_be_small,
    must_have_few,
    refuse_package,
    scan,
    sheets_of,
    sibling_part,
)

LAST_ROW = 1_048_576
"""Last row of a sheet in Excel. Vendor: the limits of Excel."""

MOST_ROWS_OF_A_SHEET = 200_000
"""Most rows of a sheet, including empty ones. Convention: no study has so many."""

MOST_CELLS_OF_A_SHEET = 2_000_000
"""Most cells of a sheet, including empty ones. Convention: no study has so many."""

MOST_COLUMNS = 16_384
"""Most columns of a sheet in Excel. Vendor: the limits of Excel."""

LONGEST_CELL = 32_767
"""Most characters of a cell in Excel. Vendor: the limits of Excel."""
LONGEST_WHOLE = 10
"""Digits from which on a number of rows or columns is none. Convention: Excel has 1,048,576 rows."""


def looks_of(path: Path, known_sheets: Collection[str]) -> dict[str, HiddenCells]:
    """Return the hidden parts of each sheet of a workbook, by the title of the sheet.

    Parameters
    ----------
    path
        A zip archive.
    known_sheets
        Names of the sheets that will be read whole.

    Raises
    ------
    PackageError
        If the file is not a workbook, is Strict Open XML, or is larger than a study can be. Only small pieces
        of it are unpacked at a time.
    """
    with by_library(path.name, zipfile.ZipFile, path) as archive:
        sizes = {part.filename: part.file_size for part in archive.infolist()}
        must_be_small(path.name, sizes)
        main = main_part(path.name, archive, sizes)
        sheets = sheets_of(path.name, archive, main)
        texts = sibling_part(main, "sharedStrings.xml")
        must_have_few(path.name, archive, texts, {"si": MOST_CELLS_OF_A_SHEET}, "a workbook")
        shared = _SharedTexts(path.name)
        scan(path.name, archive, texts, shared)
        looks = {}
        for title, (state, part) in sheets.items():
            cells = _Cells(path.name, header_name(title), shared.struck)
            is_known = header_name(title) in known_sheets
            if is_known:
                most = {"row": MOST_ROWS_OF_A_SHEET, "c": MOST_CELLS_OF_A_SHEET, "col": MOST_COLUMNS}
                must_have_few(path.name, archive, part, most, f"the sheet {header_name(title)}")
                scan(path.name, archive, part, cells)
            cells.end_cell()
            hidden = tuple(cells.hidden_rows), tuple(sorted(cells.hidden_with_value))
            last_row = max(cells.last_row, 1) if is_known else None
            looks[title] = HiddenCells(state, *hidden, tuple(cells.struck_rows), last_row=last_row)
        return looks


class _Texts(Reader):
    """Reader of the texts of the cells; it refuses a text that is longer than a cell of Excel can be."""

    unit = "si"

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.characters = 0

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        """Start to count the characters of a text."""
        if tag == self.unit:
            self.characters = 0

    def text(self, piece: str) -> None:
        """Count the characters of a piece of text; refuse the workbook if there are too many."""
        self.characters += len(piece)
        if self.characters > LONGEST_CELL:
            problem = f"a cell of more than {LONGEST_CELL:,} characters"
            refuse_package(self.file, problem, "cells that Excel can hold", HINT_SIZE)


class _SharedTexts(_Texts):
    """Reader of the texts that cells share; `struck`: numbers of those with a part that is struck through."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.number = -1
        self.struck: set[int] = set()

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        """Take the start of a text, or of the format of a part of it."""
        super().begin(tag, facts)
        if tag == self.unit:
            self.number += 1
        elif _strikes(tag, facts):
            self.struck.add(self.number)


class _Cells(_Texts):
    """Reader of hidden or struck cells with values; it refuses more rows or cells than a study can have."""

    unit = "c"

    def __init__(self, file: str, sheet: str, struck_texts: Collection[int]) -> None:
        super().__init__(file)
        self.sheet, self.struck_texts = sheet, struck_texts
        self.text_number: str | None = None
        self.is_shared = False
        self.struck_rows: dict[int, None] = {}
        self.rows = self.cells = self.row = self.in_row = self.column = self.last_row = 0
        self.row_is_hidden = False
        self.hidden_columns: list[tuple[int, int]] = []
        self.hidden_rows: dict[int, None] = {}
        self.hidden_with_value: set[int] = set()

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        """Take the start of a row, a cell, a value or a column of the sheet."""
        super().begin(tag, facts)
        if tag == "c":
            self.end_cell()
            self._begin_cell(facts)
        elif tag in ("v", "is", "f"):
            self.text_number = "" if tag == "v" and self.is_shared else None
            self._value()
        elif tag == "row":
            self.end_cell()
            self._begin_row(facts)
        elif _strikes(tag, facts):
            self.struck_rows[self.row] = None
        elif tag == "col" and (_is_true(facts.get("hidden", "")) or _is_nothing(facts.get("width"))):
            if len(self.hidden_columns) >= MOST_COLUMNS:
                self._refuse_columns()
            self.hidden_columns.append((_whole(facts.get("min")), _whole(facts.get("max"))))

    def text(self, piece: str) -> None:
        """Count a piece of text; collect the number of a shared text."""
        super().text(piece)
        if self.text_number is not None:
            self.text_number += piece

    def end_cell(self) -> None:
        """Note the row of a cell whose shared text is struck through, once its number is read whole."""
        if self.text_number and _whole(self.text_number.strip()) in self.struck_texts:
            self.struck_rows[self.row] = None
        self.text_number = None

    def _begin_row(self, facts: Mapping[str, str]) -> None:
        self.rows, self.in_row, self.column, self.characters = self.rows + 1, 0, 0, 0
        self.row = _whole(facts.get("r")) or self.row + 1
        self.row_is_hidden = _is_true(facts.get("hidden", "")) or _is_nothing(facts.get("ht"))
        if self.rows > MOST_ROWS_OF_A_SHEET or self.row > LAST_ROW:
            problem = f"the sheet {self.sheet} with more than {MOST_ROWS_OF_A_SHEET:,} rows"
            hint = f"Delete the rows below the table, empty ones too. {HINT_SIZE}"
            refuse_package(self.file, problem, f"at most {MOST_ROWS_OF_A_SHEET:,} rows", hint)

    def _begin_cell(self, facts: Mapping[str, str]) -> None:
        self.cells += 1
        self.is_shared = facts.get("t") == "s"
        if self.hidden_columns:
            letters = re.match(r"[A-Z]{1,3}", facts.get("r", ""))
            self.column = column_number(letters[0]) if letters else self.column + 1
        self.in_row += 1
        if self.in_row > MOST_COLUMNS:
            self._refuse_columns()
        if self.cells > MOST_CELLS_OF_A_SHEET:
            problem = f"the sheet {self.sheet} with more than {MOST_CELLS_OF_A_SHEET:,} cells"
            refuse_package(self.file, problem, f"at most {MOST_CELLS_OF_A_SHEET:,} cells", HINT_SIZE)

    def _refuse_columns(self) -> NoReturn:
        problem = f"the sheet {self.sheet} with more than {MOST_COLUMNS:,} columns"
        refuse_package(self.file, problem, f"at most {MOST_COLUMNS:,} columns", HINT_SIZE)

    def _value(self) -> None:
        self.last_row = max(self.last_row, self.row)
        if self.row_is_hidden:
            self.hidden_rows[self.row] = None
        if any(low <= self.column <= high for low, high in self.hidden_columns):
            self.hidden_with_value.add(self.column)


def _is_true(text: str) -> bool:
    return text in ("1", "true")


def _strikes(tag: str, facts: Mapping[str, str]) -> bool:
    """Return whether an element of the format of a text strikes it through."""
    return tag == "strike" and facts.get("val", "1") in ("1", "true")


def _is_nothing(size: str | None) -> bool:
    """Return whether a height or a width is 0: nobody sees such a row or column."""
    return size is not None and re.fullmatch(r"0*\.?0*", size) is not None and bool(size)


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < LONGEST_WHOLE else 0
