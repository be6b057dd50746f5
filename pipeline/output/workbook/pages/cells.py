"""A cell of a workbook: text stays text, numbers are shown by what they are, typed cells stand as typed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from pipeline.output.table import Cell, significant
from pipeline.output.workbook.formats import GENERAL, TEXT, format_of_day
from pipeline.output.workbook.pages.cell_styles import CellStyle, Styles

if TYPE_CHECKING:
    from openpyxl.cell import Cell as SheetCell

LONGEST: Final = 32_767
"""Characters of a cell of Excel."""
_CUT: Final = "… (cut: no cell holds more)"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE: Final = re.compile(r"(?<!_x005F)_(?=x(?!005F)[0-9A-Fa-f]{4}_)")


def safe_text(text: str) -> str:
    r"""Return text as a cell holds it: no characters that a workbook cannot hold, and not too long.

    `_x0041_` is a code of such files: it is written so that programs show it as it was typed; text that comes
    from a workbook has been written so already.

    Examples
    --------
    >>> safe_text("bell\x07"), safe_text("_x0041_")
    ('bell�', '_x005F_x0041_')
    """
    plain = _ESCAPE.sub("_x005F_", _NOT_XML.sub("\ufffd", text))
    return plain if len(plain) <= LONGEST else plain[: LONGEST - len(_CUT)] + _CUT


def write_cell(
    cell: SheetCell,
    styles: Styles,
    value: Cell | time | timedelta,
    look: CellStyle,
    *,
    as_typed: bool = False,
) -> None:
    """Write a value.

    Parameters
    ----------
    look
        With the number format of its column.
    as_typed
        Whether it stands as a person typed it: not rounded, `True` not as `yes`.
    """
    if value is None or (value == "" and not as_typed):
        return
    if isinstance(value, bool):
        if as_typed:
            _put(cell, styles, value, look)
        else:
            write_text(cell, styles, "yes" if value else "no", look)
    elif isinstance(value, date | time):
        _put(cell, styles, value, _changed(look, format_of_day(value), "left"))
    elif isinstance(value, timedelta):
        _put(cell, styles, value, _changed(look, "[h]:mm:ss", look.side))
    elif isinstance(value, int | float):
        number = value if as_typed or isinstance(value, int) else significant(value)
        if number is not None:
            _put(cell, styles, number, look if as_typed else _changed(look, look.number_format, "right"))
    else:
        write_text(cell, styles, value, _changed(look, TEXT, look.side) if as_typed else look)


def write_text(cell: SheetCell, styles: Styles, text: str, look: CellStyle) -> None:
    """Write text as text: `=`, `+`, `-`, `@` at its start never make a formula, now or when it is edited."""
    cell.value = safe_text(text)
    cell.data_type = "s"
    shown = TEXT if look.number_format == TEXT else GENERAL
    cell._style = styles.of(_changed(look, shown, look.side, quoted=text[:1] in _FORMULA))


@cache
def _changed(look: CellStyle, number_format: str, side: str, *, quoted: bool = False) -> CellStyle:
    """Return a look for one kind of value; kept, since a column has thousands of them."""
    return replace(look, number_format=number_format, side=side, quoted=quoted)


def _put(cell: SheetCell, styles: Styles, value: object, look: CellStyle) -> None:
    cell.value = value
    cell._style = styles.of(look)
