"""How numbers are shown in Excel: by what they are, so that one column has one kind of number."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

from pipeline.study.quantity_name import Unit, UnitKind

COUNT: Final = "#,##0"
BRIGHTNESS: Final = "[>=100]#,##0;[<=-100]-#,##0;0.0"
"""Molecules per cell, and light: whole numbers from 100 on."""
PERCENT_FORMAT: Final = "[>=1]0.0;[>0]0.000;0"
"""One decimal; three of a rare population."""
SHARE_FORMAT: Final = "0.00"
WEEKS_FORMAT: Final = "[>=1000]#,##0;0.0"
FOLD_FORMAT: Final = "[>=100]#,##0;[>=10]0.0;0.00"
"""Three digits: 7.65 beside 257."""
P_VALUE: Final = '[<0.001]"< 0.001";0.000'
COEFFICIENT: Final = "0.000"
FIT: Final = "0.0000"
ONE_DECIMAL: Final = "0.0"
TEXT: Final = "@"
GENERAL: Final = "General"

_OF_UNIT: Final = {
    UnitKind.FOLD: FOLD_FORMAT,
    UnitKind.DENSITY: BRIGHTNESS,
    UnitKind.WEEKS: WEEKS_FORMAT,
    UnitKind.MONTHS: WEEKS_FORMAT,
    UnitKind.PERCENT: PERCENT_FORMAT,
    UnitKind.BODY: ONE_DECIMAL,
    UnitKind.LEVEL: FOLD_FORMAT,
    UnitKind.COEFFICIENT: COEFFICIENT,
}


def format_of_unit(unit: Unit) -> str:
    """Return the number format of a unit that a row names.

    Examples
    --------
    >>> format_of_unit(Unit("fold against kit A", UnitKind.FOLD)) == FOLD_FORMAT
    True
    """
    return _OF_UNIT[unit.kind]


def format_of_day(value: date | time) -> str:
    """Return the format of a day, of a day with its time, or of a time of day."""
    if isinstance(value, time):
        return "hh:mm:ss" if value.second else "hh:mm"
    if isinstance(value, datetime) and value.time() != time():
        return "yyyy-mm-dd hh:mm:ss"
    return "yyyy-mm-dd"
