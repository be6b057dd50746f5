"""A sheet of a workbook as a picture: SVG, the same bytes for the same cells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string, get_column_letter

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

HEIGHT, NUMBERS, PER_CHARACTER, MOST_ROWS = 22, 34, 7.4, 16
"""Pixels of a row, of the column with row numbers, of a character's width; rows that are drawn at most."""


def sheet_drawing(workbook: Path, sheet: str, columns: str) -> str:
    """Return some columns of a sheet, such as `A:H`, as a spreadsheet shows them."""
    page = load_workbook(workbook)[sheet]
    first, last = (column_index_from_string(letter) for letter in columns.split(":"))
    shown = range(first, last + 1)
    widths = [_width(page, column) for column in shown]
    n_rows = min(page.max_row, MOST_ROWS)
    width, height = NUMBERS + sum(widths), HEIGHT * (n_rows + 2)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="Arial, Helvetica, sans-serif" font-size="13">',
        f"<title>{escape(f'Sheet {sheet} of {workbook.name}')}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    left = NUMBERS
    parts += _box(0, 0, NUMBERS, "", "#e6e6e6")
    for column, wide in zip(shown, widths, strict=True):
        parts += _box(left, 0, wide, get_column_letter(column), "#e6e6e6", middle=True)
        left += wide
    for row in range(1, n_rows + 1):
        left = NUMBERS
        parts += _box(0, HEIGHT * row, NUMBERS, str(row), "#e6e6e6", middle=True)
        for column, wide in zip(shown, widths, strict=True):
            cell = page.cell(row, column)
            parts += _box(left, HEIGHT * row, wide, _text(cell), _fill(cell), bold=bool(cell.font.bold))
            left += wide
    tab = HEIGHT * (n_rows + 1)
    parts.append(
        f'<text x="{NUMBERS + 6}" y="{tab + 15}" font-weight="bold" fill="#1d6f42">{escape(sheet)}</text>'
    )
    return "\n".join([*parts, "</svg>", ""])


def _width(page: Worksheet, column: int) -> int:
    """Return the width that shows the longest text of a column, within limits."""
    longest = max(len(_text(page.cell(row, column))) for row in range(1, min(page.max_row, MOST_ROWS) + 1))
    return round(max(60, min(300, longest * PER_CHARACTER + 14)))


def _text(cell: Cell) -> str:
    if isinstance(cell.value, datetime):
        return cell.value.date().isoformat()
    return "" if cell.value is None else str(cell.value)


def _fill(cell: Cell) -> str:
    return f"#{cell.fill.fgColor.rgb[-6:]}" if cell.fill.fill_type == "solid" else "#fff"


def _box(
    left: float, top: float, width: float, text: str, fill: str, *, bold: bool = False, middle: bool = False
) -> Iterator[str]:
    yield (
        f'<svg x="{left}" y="{top}" width="{width}" height="{HEIGHT}">'
        f'<rect width="{width}" height="{HEIGHT}" fill="{fill}" stroke="#c8c8c8"/>'
    )
    weight = ' font-weight="bold"' if bold else ""
    place = f'x="{width / 2}" text-anchor="middle"' if middle else 'x="6"'
    yield f'<text {place} y="15"{weight}>{escape(text)}</text></svg>'
