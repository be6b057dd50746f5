"""Cells of dates: an ISO date or an Excel date; any other way to write a date is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator

from pipeline.study.cells.months import months_named
from pipeline.study.cells.words import MANY_WORDS, as_text, refuse
from pipeline.study.wording import enumerate_words

DAYS_PER_WEEK = 7
"""Arithmetic: the week."""
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""First and last year that a date may have; others are typing errors. Convention: no patient was born before
1900, and no study is after 2199."""

A_DATE = "a date such as 2024-05-31"
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?")
_OTHER_DATE = re.compile(r"(\d{1,2})[./\- ]+(\d{1,2})[./\- ]+(\d{4}|\d{2})\.?")
_WITH_MONTH = re.compile(
    r"(\d{1,2})(?:\.|st|nd|rd|th|er|º|°|\.º)?[\s./\-]*(?:de |of )?([^\W\d_]{3,}\.?)"
    r"[\s./,\-]*(?:de |of )?(\d{4}|\d{2})(?:\s?г)?\.?"
)
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,})\.?[\s./\-]*(\d{1,2})(?:st|nd|rd|th)?[\s./,\-]+(\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})(?:[./ ]|[年년]\s*)(\d{1,2})(?:[./ ]|[月월]\s*)(\d{1,2})[.日일]?")
_WITH_ZONE = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})"
)
_ERA = re.compile(
    r"(令和|平成|昭和|[RHS])\s*(\d{1,2}|元)(?:年|[./-])\s*(\d{1,2})(?:月|[./-])\s*(\d{1,2})日?", re.IGNORECASE
)
BEFORE_ERA = {"令和": 2018, "r": 2018, "平成": 1988, "h": 1988, "昭和": 1925, "s": 1925}
"""Year before the first year of each Japanese era. Standard: JIS X 0301."""
BUDDHIST_YEARS = 543
"""Years by which the Thai calendar is ahead. Standard: the Buddhist era of Thailand."""


def as_date(value: object) -> date:
    """Return an ISO or Excel date; refuse any other, since the order of day and month may be ambiguous."""
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date):
        value = _date_of_text(as_text(value))
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        western_year = value.year - BUDDHIST_YEARS
        thai = (
            f" In the Thai calendar it is {western_year}." if FIRST_YEAR <= western_year <= LAST_YEAR else ""
        )
        refuse(A_DATE, f"The year {value.year} cannot be right.{thai}")
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
    """Return a hint with the dates that a date in another format may mean; "" if it may mean none."""
    if match := _OTHER_DATE.fullmatch(text):
        return _meant([(match[3], match[2], match[1]), (match[3], match[1], match[2])])
    if match := _YEAR_FIRST.fullmatch(text):
        return _meant([(match[1], match[2], match[3])])
    if match := _WITH_MONTH.fullmatch(text):
        return _meant([(match[3], month, match[1]) for month in months_named(match[2])])
    if match := _MONTH_FIRST.fullmatch(text):
        return _meant([(match[3], month, match[2]) for month in months_named(match[1])])
    if match := _ERA.fullmatch(text):
        year = BEFORE_ERA[match[1].casefold()] + (1 if match[2] == "元" else int(match[2]))
        return _meant([(str(year), match[3], match[4])])
    if (match := _WITH_ZONE.fullmatch(text)) and _is_day(match[1]):
        return f"Did you mean {match[1]}? Type the day where the patient was."
    if re.fullmatch(r"\d{8}", text) and _is_day(day := f"{text[:4]}-{text[4:6]}-{text[6:]}"):
        return f"Did you mean {day}?"
    if re.fullmatch(r"[2-6]\d{4}", text):
        day = date.fromordinal(date(1899, 12, 30).toordinal() + int(text)).isoformat()
        return f"As an Excel date this is {day}: format the cell as a date."
    return ""


def _meant(readings: Sequence[tuple[str, str, str]]) -> str:
    """Return a hint with the possible dates among (year, month, day); a year of two digits means 20xx."""
    dates = (
        f"{year if len(year) == 4 else f'20{year}'}-{int(month):02}-{int(day):02}"
        for year, month, day in readings
    )
    days = [reading for reading in dict.fromkeys(dates) if _is_day(reading)]
    if len(days) > 1:
        return f"It can be read in two ways: {enumerate_words(days)}."
    return f"Did you mean {days[0]}?" if days else ""


def _is_day(text: str) -> bool:
    try:
        return FIRST_YEAR <= date.fromisoformat(text).year <= LAST_YEAR
    except ValueError:
        return False


Day = Annotated[date, BeforeValidator(as_date)]
