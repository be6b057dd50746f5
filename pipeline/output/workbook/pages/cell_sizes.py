"""How wide columns are and how high rows: nothing is clipped, nothing runs over its neighbours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Final

from pipeline.output.table import Cell
from pipeline.output.workbook.sheet import Sheet

NEVER_WRAPPED: Final = ("status", "verdict", "sample_id", "patient_id")
"""Columns that are never wrapped."""
LEAST: Final = 9.0
WIDEST: Final = 44.0
"""Characters of a column; longer text is wrapped."""
TYPED_WIDEST: Final = 24.0
"""Characters of a column that a person typed; paths of files are wrapped."""
PRINTED_WIDEST: Final = 234.0
"""Characters that a line of landscape A4 holds in letters of 7 points: 784 points between the margins, and
5.25 points a character in letters of 11."""
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
    if isinstance(value, datetime) and value.time() != time():
        return value.isoformat(" ", "seconds")
    return "" if value is None else value.isoformat()[:10] if isinstance(value, date) else str(value)


def text_width(text: str) -> float:
    """Return how wide text is, in digits; capitals are wider."""
    longest = max(text.split("\n"), key=len) if "\n" in text else text
    return len(longest) * (_CAPITALS if longest.isupper() else 1.05)


def column_widths(sheet: Sheet) -> list[float]:
    """Return the width of each column of a sheet, from the left."""
    return [_width(sheet, index, code) for index, code in enumerate(sheet.table.columns)]


def printed_columns(sheet: Sheet, widths: Sequence[float]) -> int:
    """Return how many columns are printed, from the left; 0: all.

    No more than letters of 7 points have room for, nor than the sheet asks for.
    """
    printed = sheet.printed or len(widths)
    while printed > 1 and sum(widths[:printed]) > PRINTED_WIDEST:
        printed -= 1
    return 0 if printed == len(widths) else printed


def _width(sheet: Sheet, index: int, code: str) -> float:
    words = sheet.words(code)
    shown = sheet.table.rows[: sheet.most_rows]
    longest = max((text_width(shown_text(row[index])) for row in shown), default=0.0) + 2
    cap = TYPED_WIDEST if code in sheet.typed else words.width or WIDEST
    if code in NEVER_WRAPPED:
        cap = max(cap, longest)
    word = max((text_width(part) for part in words.headline.split()), default=0.0)
    header = max(word, text_width(words.headline) / _HEADER_LINES + 3) + _FILTER
    return max(LEAST, min(longest, cap), min(header, cap))


def line_count(text: str, width: float) -> int:
    r"""Return how many lines text takes in a cell this wide.

    Examples
    --------
    >>> line_count("a" * 25, 10.0), line_count("a\nb", 10.0)
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
    texts = ((row[index], width) for index, width in widths.items())
    lines = max((line_count(text, width) for text, width in texts if isinstance(text, str)), default=1)
    return None if lines <= 1 else min(HIGHEST, LINE * lines)
