"""Cells of bead values: assigned levels and ranges, dim to bright."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Annotated

from pydantic import BeforeValidator

from pipeline.study.cells.number_lists import split_list, thousands_apart
from pipeline.study.cells.numbers import GROUPED, NUMBER_PATTERN
from pipeline.study.cells.words import as_text, refuse
from pipeline.study.wording import quoted

LEVELS_EXPECTED = "levels from dim to bright such as 638; 6930; 31008; 67601 (a blank bead is 0)"
RANGES = "a range low-high per population, dim to bright, such as 450-820; 5200-8900; 24000-39000"
_RANGE = re.compile(rf"({NUMBER_PATTERN.pattern})\s*(?:-|–|—|to)\s*({NUMBER_PATTERN.pattern})", re.ASCII)


def as_levels(value: object) -> tuple[float, ...]:
    """Return assigned levels; they must rise, and only the first may be 0 (the blank bead).

    Semicolons split them, or commas or blanks where no number can be meant with a thousands separator.
    """
    if isinstance(value, date | bool):
        refuse(LEVELS_EXPECTED, "Format the cell as text and type the levels again.")
    text = as_text(value)
    _refuse_grouped([text])
    items, by_single = split_list(text)
    if by_single:
        _refuse_two_readings(items, by_single)
    _refuse_grouped(items)
    levels = tuple(_level(item) for item in items)
    if not levels:
        refuse(LEVELS_EXPECTED)
    _refuse_points_of_thousands(items, levels)
    for number, (dim, bright) in enumerate(pairwise(levels), start=1):
        if bright <= dim:
            refuse(
                LEVELS_EXPECTED,
                f"Level {number + 1} ({bright:g}) is not above level {number} ({dim:g}): "
                "are the lot values transposed?",
            )
    if any(level <= 0 for level in levels[1:]) or levels[0] < 0:
        refuse(LEVELS_EXPECTED, "Levels are positive; only the first may be 0.")
    return levels


def _refuse_two_readings(items: list[str], sign: str) -> None:
    """Refuse `638,9306`, which may be one level, and `1 834 5359`, which may be two levels or three."""
    pair = (items[0], items[1]) if sign == "," and len(items) == 2 else thousands_apart(items)
    if pair:
        typed = sign.join(pair)
        single = typed.replace(",", ".") if len(items) == 2 else "".join(pair)
        refuse(LEVELS_EXPECTED, f"Did you mean {'; '.join(pair)} or {single} by {quoted(typed)}?")


def _level(item: str) -> float:
    if not NUMBER_PATTERN.fullmatch(item):
        refuse(LEVELS_EXPECTED, f"{quoted(item)} is no number. Split levels with ;")
    return float(item.replace(",", "."))


def _refuse_grouped(items: list[str]) -> None:
    """Refuse `67,601`: read as a decimal it would be a thousand times too small, and nobody would notice."""
    matches = [match for item in items if (match := GROUPED.fullmatch(item))]
    grouped = [match[0] for match in matches if match[1] != "." or match[0].count(".") > 1]
    points = [match[0] for match in matches if match[1] == "."]
    if grouped or (points and len(points) >= sum(item != "0" for item in items)):
        item = (grouped or points)[0]
        plain = re.sub(r"\D", "", item)
        refuse(
            f"{LEVELS_EXPECTED}, without a thousands separator", f"Did you mean {plain} by {quoted(item)}?"
        )


def _refuse_points_of_thousands(items: list[str], levels: tuple[float, ...]) -> None:
    """Refuse `592; 6.410; 28.950`: if the points are decimal, the levels fall, or most have three decimals.

    A number with another count of decimals, such as `6930.5`, shows that points are decimal in this cell.
    """
    grouped = [match[0] for item in items if (match := GROUPED.fullmatch(item)) and match[1] == "."]
    decimal = any("." in item and item not in grouped for item in items)
    if not grouped or decimal:
        return
    whole = [
        float(re.sub(r"\D", "", item)) if item in grouped else value
        for item, value in zip(items, levels, strict=True)
    ]
    falls = any(bright <= dim for dim, bright in pairwise(levels))
    rises = all(bright > dim for dim, bright in pairwise(whole))
    most = len(grouped) > 1 and 2 * len(grouped) >= sum(item != "0" for item in items)
    if rises and (falls or most):
        plain = "; ".join(f"{value:.15g}" for value in whole)
        refuse(
            f"{LEVELS_EXPECTED}, without a thousands separator",
            f"The point of {quoted(grouped[0])} is read as a decimal point. Did you mean {plain}?",
        )


def as_ranges(value: object) -> tuple[tuple[float, float], ...]:
    """Return (low, high) of each bead population; they must rise and may not overlap.

    Examples
    --------
    >>> as_ranges("-50-120; 300 - 900,5")
    ((-50.0, 120.0), (300.0, 900.5))
    """
    if isinstance(value, date | bool):
        refuse(RANGES, "Format the cell as text and type the ranges again.")
    items = [item.strip() for item in re.split(r"[;\n|]", as_text(value)) if item.strip()]
    ranges = tuple(_range(item) for item in items)
    for number, ((_, high), (low, _)) in enumerate(pairwise(ranges), start=1):
        if low < high:
            refuse(
                RANGES, f"Range {number + 1} begins at {low:g}, below the end of range {number} ({high:g})."
            )
    return ranges


def _range(item: str) -> tuple[float, float]:
    match = _RANGE.fullmatch(item)
    if not match:
        refuse(RANGES, f"{quoted(item)} is no range low-high. Split ranges with ;")
    _refuse_grouped([text for text in match.groups() if "." not in text])
    low, high = (float(text.replace(",", ".")) for text in match.groups())
    if low >= high:
        refuse(RANGES, f"{quoted(item)} is empty: its end is not above its beginning.")
    return low, high


Levels = Annotated[tuple[float, ...], BeforeValidator(as_levels)]
Ranges = Annotated[tuple[tuple[float, float], ...], BeforeValidator(as_ranges)]
