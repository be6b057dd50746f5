"""Cells of times of day: 14:30, or the value that Excel stores for it."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Annotated

from pydantic import BeforeValidator

from pipeline.study.cells.words import as_text, refuse

A_TIME = "a time of day such as 14:30"
_TIME = re.compile(r"(\d{1,2})[:.h](\d{2})(?::(\d{2})(?:\.\d+)?)?")
_MINUTES = 24 * 60
"""Arithmetic: the minutes of a day."""


def as_time(value: object) -> time:
    """Return the time of day in a cell; Excel stores it as a fraction of a day.

    Examples
    --------
    >>> as_time("9:05"), as_time(0.5)
    (datetime.time(9, 5), datetime.time(12, 0))
    """
    if isinstance(value, datetime):
        return value.time().replace(microsecond=0)
    if isinstance(value, time):
        return value
    if isinstance(value, float) and 0 <= value < 1:
        hour, minute = divmod(round(value * _MINUTES) % _MINUTES, 60)
        return time(hour, minute)
    match = _TIME.fullmatch(as_text(value))
    if match is None:
        refuse(A_TIME)
    try:
        return time(int(match[1]), int(match[2]), int(match[3] or 0))
    except ValueError as error:
        refuse(A_TIME, f"There is no such time ({error}).")


TimeOfDay = Annotated[time, BeforeValidator(as_time)]
