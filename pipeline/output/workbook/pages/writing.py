"""Writing rd.xlsx; the same study gives the same bytes."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.files.whole import NotWrittenError, write_whole
from pipeline.output.table import Cell
from pipeline.output.workbook.formats import format_of_unit
from pipeline.output.workbook.pages import cell_sizes
from pipeline.output.workbook.pages.archive import settled
from pipeline.output.workbook.pages.cell_styles import (
    HEADER_STYLE,
    RAW_INK,
    TYPED_HEADER,
    CellStyle,
    Styles,
    painted,
    status_look,
)
from pipeline.output.workbook.pages.cells import safe_text, write_cell, write_text
from pipeline.output.workbook.pages.printing import set_up_page
from pipeline.output.workbook.sheet import Sheet
from pipeline.output.workbook.tables.legend import code_name
from pipeline.study.quantity_name import Unit

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_LONGEST_NAME: Final = 31
"""Characters of the name of a sheet of Excel."""
_NO_ROOM: Final = "SerialisationError"
"""Of lxml, by name: openpyxl uses it where it is installed."""
_BLANK: Final = "no sheets"
_BY_UNIT: Final = ("value", "low", "high", "median")
"""Columns whose numbers are in the unit of their row, where the table has units."""
_PAINTED: Final = ("status", "verdict", "tube_verdict", "entry")
_OF_STATUS: Final = ("flags", "tube_verdict")
"""Columns that decide the colour of a status beside it."""


def write_workbook(path: Path, sheets: Iterable[Sheet]) -> None:
    """Write the sheets in this order.

    What a person typed is written as text, whatever it starts with: no cell of this workbook is a formula.
    """
    from openpyxl import Workbook

    workbook = Workbook()
    styles = Styles(workbook.active)
    workbook.properties.creator = "cd38rd"
    blank = workbook.active
    blank.title = _BLANK
    for sheet in sheets:
        taken = [name for name in workbook.sheetnames if name != _BLANK]
        _Page(workbook.create_sheet(sheet_name(sheet.name, taken)), sheet, styles).fill()
    if len(workbook.sheetnames) > 1:
        workbook.remove(blank)
    write_whole(path, settled(_saved(workbook, path)))
    log.debug("written: %s, sheets: %d", path.name, len(workbook.sheetnames))


def _saved(workbook: Workbook, path: Path) -> bytes:
    """Return the workbook as a file's bytes.

    openpyxl writes each sheet into a temporary file first. Where there is no room for that, the library that
    writes its XML raises an error of its own and no OSError.
    """
    text = io.BytesIO()
    try:
        workbook.save(text)
    except Exception as error:
        if type(error).__name__ != _NO_ROOM and not isinstance(error, OSError):
            raise
        raise NotWrittenError(path, "no room for temporary files") from error
    return text.getvalue()


def sheet_name(name: str, taken: Iterable[str]) -> str:
    """Return a name that a sheet may have, and none of these has yet.

    Examples
    --------
    >>> sheet_name("a" * 40, []), sheet_name("P1/2", ["P1_2"])
    ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'P1_2 (2)')
    """
    plain = _NOT_IN_NAMES.sub("_", safe_text(name)).strip("'")[:_LONGEST_NAME] or "Sheet"
    used = {name.casefold() for name in taken}
    free_name, number = plain, 1
    while free_name.casefold() in used:
        number += 1
        end = f" ({number})"
        free_name = plain[: _LONGEST_NAME - len(end)] + end
    return free_name


def _format_beside(unit: Cell) -> str:
    """Return the number format of a row by its unit."""
    if not isinstance(unit, Unit):
        raise TypeError(f"the unit {unit!r} of a row does not say what kind of number has it")
    return format_of_unit(unit)


class _Page:
    """A sheet while it is written."""

    def __init__(self, page: Worksheet, sheet: Sheet, styles: Styles) -> None:
        self.page, self.sheet, self.styles = page, sheet, styles
        self.widths = cell_sizes.column_widths(sheet)
        self.printed = cell_sizes.printed_columns(sheet, self.widths)

    def fill(self) -> None:
        """Write header and rows, and set widths and printing."""
        self._fill_header()
        self._fill_rows()
        self._set_widths()
        set_up_page(self.page, self.sheet, self.printed)

    def _fill_header(self) -> None:
        from openpyxl.comments import Comment

        lines = 1
        for index, code in enumerate(self.sheet.table.columns):
            words, head = self.sheet.words(code), self.page.cell(1, index + 1)
            typed = code in self.sheet.typed
            write_text(head, self.styles, words.headline, TYPED_HEADER if typed else HEADER_STYLE)
            lines = max(lines, cell_sizes.line_count(words.headline, self.widths[index] - 2))
            if words.meaning and not typed:
                name = code_name(self.sheet, code)
                of_file = f"\n{name} in {self.sheet.file}" if name else ""
                head.comment = Comment(safe_text(words.meaning + of_file), "cd38rd", height=110, width=300)
        self.page.row_dimensions[1].height = min(cell_sizes.HIGHEST, cell_sizes.LINE * lines + 4)

    def _fill_rows(self) -> None:
        table, most = self.sheet.table, self.sheet.most_rows
        shown, more = table.rows[:most], len(table.rows) - most
        looks = [self._look(index, code) for index, code in enumerate(table.columns)]
        wrapped = {index: self.widths[index] for index, look in enumerate(looks) if look.wrap}
        unit = table.columns.index("unit") if "unit" in table.columns else None
        beside = [table.columns.index(code) if code in table.columns else None for code in _OF_STATUS]
        for number, values in enumerate(shown, start=2):
            for index, (code, value) in enumerate(zip(table.columns, values, strict=True)):
                if value is None:
                    continue
                look = looks[index]
                if unit is not None and code in _BY_UNIT:
                    look = replace(look, number_format=_format_beside(values[unit]))
                if code == "status" and any(column is not None for column in beside):
                    flags, verdict = (
                        "" if column is None else str(values[column] or "") for column in beside
                    )
                    look = status_look(str(value), flags, verdict, wrap=look.wrap)
                elif code in _PAINTED:
                    look = painted(str(value), wrap=look.wrap)
                cell = self.page.cell(number, index + 1)
                write_cell(cell, self.styles, value, look, as_typed=code in self.sheet.typed)
            height = cell_sizes.row_height(values, wrapped)
            if height:
                self.page.row_dimensions[number].height = height
        note = f"{more} more rows: {self.sheet.all_rows}" if more > 0 else "" if shown else self.sheet.empty
        if note:
            write_text(self.page.cell(len(shown) + 2, 1), self.styles, note, CellStyle())

    def _look(self, index: int, code: str) -> CellStyle:
        """Return the look of a column's cells; text that does not fit is wrapped."""
        width = self.widths[index]
        rows = self.sheet.table.rows[: self.sheet.most_rows]
        texts = (row[index] for row in rows)
        wrap = any(isinstance(text, str) and len(text) > width - 1 for text in texts)
        raw = code.startswith("rd_raw")
        side = "right" if code.endswith("reported") else ""
        shown = self._format(index)
        return CellStyle(shown, ink=RAW_INK if raw else "", italic=raw, wrap=wrap, side=side)

    def _format(self, index: int) -> str:
        """Return the number format of a column; the ends of an interval have that of their number."""
        columns = self.sheet.table.columns
        while index > 0 and columns[index] in ("low", "high"):
            index -= 1
        return self.sheet.words(columns[index]).number_format

    def _set_widths(self) -> None:
        from openpyxl.utils import get_column_letter

        for index, width in enumerate(self.widths):
            column = self.page.column_dimensions[get_column_letter(index + 1)]
            column.width = width
            if self.printed and index >= self.printed:
                column.outlineLevel = 1
