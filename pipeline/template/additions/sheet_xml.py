"""New rows in the XML of a sheet: every byte of the existing rows stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from pipeline.study.sheets.tables import column_letter, column_number

_DATA = re.compile(r"<((?:\w+:)?)sheetData\b[^>]*?(?:/>|>(.*?)</(?:\w+:)?sheetData>)", re.DOTALL)
_ROW = re.compile(r"<(?:\w+:)?row\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?row>)", re.DOTALL)
_CELL = re.compile(r"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_COLUMN = re.compile(r"<(?:\w+:)?col\b([^>]*?)/?>")
_DIMENSION = re.compile(r'(<(?:\w+:)?dimension\b[^>]*?ref=")([A-Z]+\d+)(?::([A-Z]+)(\d+))?"')
_VALUE = re.compile(r"<(?:\w+:)?(?:v|is|f)\b")
_MOST_COLUMNS = 200
"""Most columns whose style is read. Convention: no sheet of a study has as many; Excel may style all
16,384."""


class SheetXmlError(Exception):
    """The XML of a sheet does not have the form that Excel and LibreOffice write."""


@dataclass(frozen=True, slots=True)
class NewCell:
    """A cell to write: a text, a number or nothing, and its colour ("": no colour).

    `is_day`: the number is a date, and is shown as a date.
    """

    value: str | float | None
    colour: str = ""
    is_day: bool = False


NewRow = Mapping[int, NewCell]
"""Cells by the number of their column, from 1."""

StyleOf = Callable[[int, NewCell], int]
"""Number of a cell's style, from the style of its column and the cell."""


@dataclass(frozen=True, slots=True)
class _SheetRow:
    """A row: its number, attributes and XML, its cells by column, and which columns hold a value."""

    number: int
    attributes: str
    text: str
    cells: Mapping[int, str]
    filled: frozenset[int]


def with_rows(
    xml: str, new: Sequence[NewRow], style: StyleOf, *, columns: Collection[int], header: int = 0
) -> str:
    """Return a sheet's XML with new rows below the last row that holds a value.

    Existing cells of other columns in these rows, such as formulas that were filled down, are kept.

    Parameters
    ----------
    style
        Returns the style number of a cell.
    columns
        The columns of the table; only these count.
    header
        Number of the header row: new rows do not copy its look.

    Raises
    ------
    SheetXmlError
        If the sheet has no table of cells, or has rows without a number.
    """
    data = _DATA.search(xml)
    if data is None:
        raise SheetXmlError("no sheetData")
    prefix, body = data[1], data[2] or ""
    rows = [_row(match) for match in _ROW.finditer(body)]
    filled = [row for row in rows if not row.filled.isdisjoint(columns)]
    last = max((row.number for row in filled), default=0)
    bases = _base_styles(xml, [row for row in filled if row.number > header])
    first, end = last + 1, last + len(new)
    blank = {row.number: row for row in rows if first <= row.number <= end}
    written = "".join(
        _written(prefix, number, cells, blank.get(number), style, bases)
        for number, cells in enumerate(new, start=first)
    )
    kept_before = "".join(row.text for row in rows if row.number < first)
    kept_after = "".join(row.text for row in rows if row.number > end)
    table = f"<{prefix}sheetData>{kept_before}{written}{kept_after}</{prefix}sheetData>"
    whole = f"{xml[: data.start()]}{table}{xml[data.end() :]}"
    return _DIMENSION.sub(lambda dimension: _dimension(dimension, end, new), whole, count=1)


def last_row(xml: str) -> int:
    """Return the number of the last row that holds a value; 0 if no row does."""
    data = _DATA.search(xml)
    rows = [] if data is None else [_row(match) for match in _ROW.finditer(data[2] or "")]
    return max((row.number for row in rows if row.filled), default=0)


def fact(attributes: str, name: str) -> str:
    """Return an attribute's value; "" if there is no such attribute."""
    match = re.search(rf'(?<![\w:]){name}\s*=\s*"([^"]*)"', attributes)
    return match[1] if match else ""


def _row(match: re.Match[str]) -> _SheetRow:
    number = fact(match[1], "r")
    if not number.isdecimal():
        raise SheetXmlError("rows without a number")
    cells = {_column_number(cell): cell[0] for cell in _CELL.finditer(match[2] or "")}
    filled = frozenset(column for column, cell in cells.items() if _VALUE.search(cell))
    return _SheetRow(int(number), match[1].rstrip(), match[0], cells, filled)


def _base_styles(xml: str, filled: Sequence[_SheetRow]) -> dict[int, int]:
    """Return the style of each column: the style of the last filled row, else the column's own."""
    style_of_column: dict[int, int] = {}
    head = xml[: xml.find("sheetData")]
    for match in _COLUMN.finditer(head):
        low, high, style = (fact(match[1], name) for name in ("min", "max", "style"))
        if style:
            style_of_column.update(
                dict.fromkeys(range(int(low), min(int(high), _MOST_COLUMNS) + 1), int(style))
            )
    for row in filled[-1:]:
        for column, cell in row.cells.items():
            if style := fact(cell.split(">", 1)[0], "s"):
                style_of_column[column] = int(style)
    return style_of_column


def _column_number(cell: re.Match[str]) -> int:
    letters = re.match(r"[A-Z]+", fact(cell[1], "r"))
    if letters is None:
        raise SheetXmlError("cells without a place")
    return column_number(letters[0])


def _written(
    prefix: str,
    number: int,
    cells: NewRow,
    blank: _SheetRow | None,
    style: StyleOf,
    bases: Mapping[int, int],
) -> str:
    """Return a row; an existing row keeps its attributes and its cells in other columns."""
    xml_cells = dict(blank.cells) if blank else {}
    for column, cell in cells.items():
        xml_cells[column] = _cell(
            prefix, f"{column_letter(column)}{number}", cell, style(bases.get(column, 0), cell)
        )
    inside = "".join(xml_cells[column] for column in sorted(xml_cells))
    attributes = blank.attributes if blank else f' r="{number}"'
    return f"<{prefix}row{attributes}>{inside}</{prefix}row>"


def _cell(prefix: str, reference: str, cell: NewCell, style: int) -> str:
    start = f'<{prefix}c r="{reference}" s="{style}"'
    if cell.value is None:
        return f"{start}/>"
    if isinstance(cell.value, str):
        text = f'<{prefix}t xml:space="preserve">{escape(cell.value)}</{prefix}t>'
        return f'{start} t="inlineStr"><{prefix}is>{text}</{prefix}is></{prefix}c>'
    return f"{start}><{prefix}v>{cell.value:.15g}</{prefix}v></{prefix}c>"


def _dimension(match: re.Match[str], end: int, new: Sequence[NewRow]) -> str:
    widest = max((max(cells, default=1) for cells in new), default=1)
    letters, row = match[3] or "A", int(match[4] or 1)
    widest = max(widest, column_number(letters))
    return f'{match[1]}{match[2]}:{column_letter(widest)}{max(end, row)}"'
