"""Lists of numbers as people type them; an ambiguous list is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.study.cells.number_lists import split_list, thousands_apart
from pipeline.study.cells.numbers import GROUPED, NUMBER_PATTERN
from pipeline.study.errors import UsageError
from pipeline.study.wording import counted, quoted

_HOW = "type it without a thousands separator, and split numbers with ;"


def typed_numbers(text: str, name: str, n: int | None = None) -> tuple[float, ...]:
    """Return the numbers of a list, split by semicolons, blanks or commas.

    Parameters
    ----------
    text
        The typed text: `474; 5359`, `474, 5359`, `474,5359` or `474 5359`. Decimal point; or decimal comma,
        if semicolons or blanks split the list.
    name
        What the numbers are, for messages.
    n
        The required number of items; it distinguishes `35,512` (two items) from `35512`. None: any number of
        items.

    Raises
    ------
    UsageError
        If an item is no number, or may be two numbers.

    Examples
    --------
    >>> typed_numbers("474; 5359,5", "levels"), typed_numbers("474,5359", "levels")
    ((474.0, 5359.5), (474.0, 5359.0))
    """
    items, by_single = split_list(text.strip())
    if not items:
        raise UsageError(f"{name}: found nothing, expected numbers such as 474; 5359; 23843; 62336")
    if by_single and n != len(items):
        _refuse_groups(items, name, by_single)
    _refuse_grouped(items, name)
    numbers = tuple(_number(item, name) for item in items)
    if n is not None and len(numbers) != n:
        raise UsageError(f"{name}: found {counted(len(numbers), 'number')}, expected {n}: one for each level")
    return numbers


def typed_number(text: str, name: str) -> float:
    """Return one number, by the rules of `typed_numbers`.

    >>> typed_number("0,98", "F:P")
    0.98
    """
    _refuse_grouped([text.strip()], name)
    return _number(text.strip(), name)


def _refuse_groups(items: Sequence[str], name: str, sign: str) -> None:
    """Refuse `1,834` in a list that commas split, and `1 834` in a list that blanks split."""
    if pair := thousands_apart(items):
        head, group = pair
        typed = f"{head}{sign}{group}"
        raise UsageError(
            f"{name}: {quoted(typed)} may be {head}{group}, or the two numbers {head} and {group}; {_HOW}"
        )


def _refuse_grouped(items: Sequence[str], name: str) -> None:
    """Refuse `1,834` and `1.834`, unless another number of the list shows that the sign is decimal."""
    decimal = {sign for item in items for sign in ".," if sign in item and not GROUPED.fullmatch(item)}
    for item in items:
        match = GROUPED.fullmatch(item)
        if match and not (match[1] in decimal and item.count(match[1]) == 1):
            plain = re.sub(r"[^\d+-]", "", item)
            point = item.replace(",", ".")
            readings = f"{plain} or {point}" if NUMBER_PATTERN.fullmatch(point) else plain
            raise UsageError(f"{name}: {quoted(item)} may be {readings}; {_HOW}")


def _number(item: str, name: str) -> float:
    if not NUMBER_PATTERN.fullmatch(item):
        raise UsageError(f"{name}: found {quoted(item)}, expected a number; split numbers with ;")
    return float(item.replace(",", "."))
