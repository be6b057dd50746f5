"""Cells of dates: an ISO or an Excel date; any other order of day and month is refused."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator

from pipeline.study.cells.words import MANY_WORDS, as_text, refuse
from pipeline.study.wording import enumerate_words

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Other years are slips. Convention."""

A_DATE = "a date such as 2024-05-31"
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
_OTHER_DATE = re.compile(r"(\d{1,2})[./\- ](\d{1,2})[./\- ](\d{4})")


def as_date(value: object) -> date:
    """Return an ISO or Excel date; any other order of day and month is refused, since it is ambiguous."""
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date):
        value = _date_of_text(as_text(value))
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        refuse(A_DATE, f"The year {value.year} cannot be meant.")
    return value


@lru_cache(MANY_WORDS)
def _date_of_text(text: str) -> date:
    match = _DATE.fullmatch(text)
    if match is None:
        refuse(A_DATE, _date_hint(text))
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        refuse(A_DATE, f"There is no such day ({error}).")


def _date_hint(text: str) -> str:
    """Return what other writings may mean."""
    if match := _OTHER_DATE.fullmatch(text):
        first, second, year = (int(part) for part in match.groups())
        readings = dict.fromkeys(
            f"{year}-{month:02}-{day:02}" for day, month in ((first, second), (second, first))
        )
        days = [reading for reading in readings if _is_day(reading)]
        if len(days) > 1:
            return f"It can be read in two ways: {enumerate_words(days)}."
        return f"Did you mean {days[0]}?" if days else ""
    if re.fullmatch(r"\d{8}", text) and _is_day(day := f"{text[:4]}-{text[4:6]}-{text[6:]}"):
        return f"Did you mean {day}?"
    if re.fullmatch(r"[2-6]\d{4}", text):
        day = date.fromordinal(date(1899, 12, 30).toordinal() + int(text)).isoformat()
        return f"As an Excel date this is {day}: format the cell as a date."
    return ""


def _is_day(text: str) -> bool:
    try:
        return FIRST_YEAR <= date.fromisoformat(text).year <= LAST_YEAR
    except ValueError:
        return False


Day = Annotated[date, BeforeValidator(as_date)]
