"""Cells of numbers: decimal point or comma, and no thousands separator."""

from __future__ import annotations

import math
import re
from datetime import date
from functools import lru_cache
from typing import Any

from pydantic import BeforeValidator

from pipeline.study.cells.words import MANY_WORDS, as_text, refuse
from pipeline.study.wording import enumerate_words

UNBOUNDED = 1e4
"""Upper limit of a setting from which messages do not mention it. Convention: `to 10000` tells a person no
more than `or more`."""

NUMBER_PATTERN = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?", re.ASCII)
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:([.,' \u00a0\u202f])\d{3})+(?:[.,]\d+)?", re.ASCII)
MOST_WRITTEN_WHOLE = 1e15
"""Largest number that is written as a whole one. Arithmetic: all whole numbers up to it are exact in a
double (IEEE 754), and have at most 15 digits."""


def as_number(
    value: object, low: float = -math.inf, high: float = math.inf, *, kind: str = "a number"
) -> float:
    """Return a number; decimal point or comma, no thousands separator.

    `1,234` may mean 1.234 or 1234: it is refused unless only 1.234 lies in [low, high].
    """
    expected = f"{kind}{_range_words(low, high)}"
    if isinstance(value, bool | date):
        refuse(expected)
    if isinstance(value, int | float):
        number = float(value)
    else:
        number = _number_of_text(as_text(value), expected, low, high)
    if not math.isfinite(number) or not low <= number <= high:
        refuse(expected)
    return number


def _number_of_text(text: str, expected: str, low: float, high: float) -> float:
    grouped = GROUPED.fullmatch(text)
    if grouped and (grouped[1] != "." or text.count(".") > 1):
        plain = re.sub(r"[^\d.+-]" if grouped[1] != "." else r"[^\d,+-]", "", text).replace(",", ".")
        readings = dict.fromkeys(
            reading for reading in (text.replace(",", "."), plain) if NUMBER_PATTERN.fullmatch(reading)
        )
        possible = [reading for reading in readings if low <= float(reading) <= high]
        if len(possible) != 1 or possible[0] == plain:
            refuse(f"{expected} without a thousands separator", f"Did you mean {enumerate_words(possible)}?")
        return float(possible[0])
    if not NUMBER_PATTERN.fullmatch(text):
        refuse(expected)
    return float(text.replace(",", "."))


@lru_cache(MANY_WORDS)
def _range_words(low: float, high: float) -> str:
    high = high if high < UNBOUNDED else math.inf
    if math.isfinite(low) and math.isfinite(high):
        return f" from {low:g} to {high:g}"
    if math.isfinite(low):
        return f" of at least {low:g}"
    return f" of at most {high:g}" if math.isfinite(high) else ""


def number(low: float = -math.inf, high: float = math.inf) -> Any:
    """Return a reader for a cell with a number from `low` to `high`."""
    return BeforeValidator(lambda value: as_number(value, low, high))


def whole_number(low: int, high: int) -> Any:
    """Return a reader for a cell with a whole number from `low` to `high`."""

    def as_whole_number(value: object) -> int:
        parsed = as_number(value, low, high, kind="a whole number")
        if not parsed.is_integer():
            refuse(f"a whole number{_range_words(low, high)}")
        return int(parsed)

    return BeforeValidator(as_whole_number)
