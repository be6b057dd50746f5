"""How wide columns are and how high rows: nothing is clipped, nothing runs over its neighbours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from pipeline.output.table import Cell, Table
from pipeline.output.workbook.sheet import Sheet

LEAST: Final = 9.0
WIDEST: Final = 44.0
"""Characters of a column; longer text is wrapped."""
WIDEST_OF_SEVERAL: Final = 26.0
"""The same in a sheet of several tables, where tables share columns; their first column may be wider."""
SENTENCE: Final = 110.0
"""Characters of a sentence that stands across columns."""
LINE: Final = 15.0
"""Points of a line of text."""
HIGHEST: Final = 409.0
"""Points of a row of Excel."""
_CAPITALS: Final = 1.25
"""Widths of a capital letter, in those of a digit."""
_FILTER: Final = 3.0
"""Characters that the filter's button takes."""
_HEADER_LINES: Final = 3


def shown_text(value: Cell) -> str:
    """Return about what a cell shows."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else value.isoformat()[:10] if isinstance(value, date) else str(value)


def text_width(text: str) -> float:
    """Return how wide text is, in digits; capitals are wider."""
    longest = max(text.split("\n"), key=len) if "\n" in text else text
    return len(longest) * (_CAPITALS if longest.isupper() else 1.05)


def column_widths(sheet: Sheet) -> list[float]:
    """Return the width of each column of a sheet, from the left."""
    widths: list[float] = []
    for title, table in sheet.tables:
        if is_sentences(title, table) and not sheet.is_one_table:
            continue
        for place, code in enumerate(table.columns):
            if place == len(widths):
                widths.append(LEAST)
            if not is_spread(sheet, table, place):
                widths[place] = max(widths[place], _width(sheet, table, place, code))
    return widths or [SENTENCE]


def _width(sheet: Sheet, table: Table, place: int, code: str) -> float:
    words = sheet.words(code)
    longest = max((text_width(shown_text(row[place])) for row in table.rows[: sheet.most_rows]), default=0.0)
    cap = words.width or WIDEST
    if not sheet.is_one_table and place:
        cap = min(cap, WIDEST_OF_SEVERAL)
    if code in ("status", "verdict"):
        cap = max(cap, longest + 2)
    head = words.headline
    word = max((text_width(part) for part in head.split()), default=0.0)
    header = max(word, text_width(head) / _HEADER_LINES + 3) + (_FILTER if sheet.is_one_table else 1)
    return max(LEAST, min(longest + 2, cap), min(header, cap))


def is_sentences(title: str, table: Table) -> bool:
    """Tell whether a table is sentences below each other, which stand across the columns."""
    return table.columns == ("text",)


def is_spread(sheet: Sheet, table: Table, place: int) -> bool:
    """Tell whether a table's last column takes the columns to its right too: text, and they are free."""
    last = place == len(table.columns) - 1
    return last and place > 0 and not sheet.is_one_table and bool(sheet.words(table.columns[place]).width)


def spread_to(widths: Sequence[float], first: int) -> int:
    """Return the last column, from 0, that a sentence takes from its first one on."""
    taken = 0.0
    for place in range(first, len(widths)):
        taken += widths[place]
        if taken >= SENTENCE:
            return place
    return max(first, len(widths) - 1)


def lines_of(text: str, width: float) -> int:
    r"""Return how many lines text takes in a cell this wide.

    Examples
    --------
    >>> lines_of("a" * 25, 10.0), lines_of("a\nb", 10.0)
    (3, 2)
    """
    return sum(max(1, math.ceil(len(line) * 1.08 / max(width - 1, 1))) for line in text.split("\n"))


def row_height(row: Sequence[Cell], widths: Mapping[int, float]) -> float | None:
    """Return the height of a row in points; None where one line is enough.

    Parameters
    ----------
    widths
        Of the columns whose text is wrapped, by their place.
    """
    texts = ((row[place], width) for place, width in widths.items())
    lines = max((lines_of(text, width) for text, width in texts if isinstance(text, str)), default=1)
    return None if lines <= 1 else min(HIGHEST, LINE * lines)
