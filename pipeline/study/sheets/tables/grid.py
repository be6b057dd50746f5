"""Cells, rows and sheets: as in the file, and as a table with known columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache
from typing import NamedTuple

from pipeline.study.names.look import plain

MOST_TITLE_ROWS = 10
"""Rows in which the column names are searched for. Convention: no title is longer."""

CellValue = str | int | float | bool | date | time | timedelta | None


class SheetCell(NamedTuple):
    """A typed value and its location (`samples!C7`); `faulty`: it is already reported as unreadable.

    It is a tuple, since a large study has millions of cells, and a dataclass takes three times as long.
    """

    where: str
    value: CellValue = None
    faulty: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the cell has no value, or only invisible characters."""
        value = self.value
        if value is None or not isinstance(value, str):
            return value is None
        if value and "!" <= value[0] <= "~":  # nearly every cell: a visible character of ASCII comes first
            return False
        return not plain(value).strip()


@dataclass(frozen=True, slots=True)
class HiddenCells:
    """Hidden and struck-through parts of a sheet, and its last row.

    Attributes
    ----------
    state
        `hidden` or `veryHidden` for a sheet without a visible tab; "" for other sheets.
    hidden_rows, hidden_columns
        Numbers, from 1, of hidden rows and columns with a value.
    struck_rows
        Numbers of rows with a struck-through value.
    last_row
        The last row with a value; None if it is not known.
    """

    state: str = ""
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[int, ...] = ()
    struck_rows: tuple[int, ...] = ()
    last_row: int | None = None


@dataclass(frozen=True, slots=True)
class RawSheet:
    """The grid of cells of a sheet as in the file; row 1 comes first. `delimiter`: of a CSV file."""

    name: str
    rows: tuple[tuple[SheetCell, ...], ...]
    look: HiddenCells = HiddenCells()
    delimiter: str = ","


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row below the header: its number and a cell for each known column that the sheet has."""

    number: int
    cells: Mapping[str, SheetCell]


@dataclass(frozen=True, slots=True)
class TypedSheet:
    """A table: the location of each known column (`samples!C`), and the rows that are not empty.

    `header`: number of the row of column names, from 1; 0: there is none.
    """

    name: str
    columns: Mapping[str, str]
    rows: tuple[SheetRow, ...]
    header: int = 0


@cache
def column_letter(index: int) -> str:
    """Return the letters by which Excel names a column; columns count from 1.

    >>> column_letter(28)
    'AB'
    """
    letters = ""
    while index > 0:
        index, letter = divmod(index - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def column_number(letters: str) -> int:
    """Return the number of a column, from 1, by its letters in Excel.

    >>> column_number("AB")
    28
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def header_name(value: CellValue) -> str:
    """Return the standard form of a typed column name; case, spaces and dashes do not matter.

    >>> header_name(" Sample ID ")
    'sample_id'
    """
    typed = plain(str(value if value is not None else "")).strip()
    return re.sub(r"[\s\-_]+", "_", typed.casefold()).rstrip("*:")
