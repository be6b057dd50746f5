"""Lists of numbers in one text, split as people split them; in a sheet and on the command line alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_HEAD = re.compile(r"[+-]?[1-9]\d{0,2}")
_GROUP = re.compile(r"\d{3}")


def split_list(text: str) -> tuple[list[str], str]:
    """Return the items of a list, and the sign that splits them if it may also group thousands.

    Semicolons, bars and line ends split first, then commas before a blank, then blanks, then commas.

    Examples
    --------
    >>> split_list("533, 6062"), split_list("533,6062"), split_list("533; 6062,5")
    ((['533', '6062'], ''), (['533', '6062'], ','), (['533', '6062,5'], ''))
    """
    if re.search(r"[;|\n\t]", text):
        return _items(re.split(r"[;|\n\t]", text)), ""
    if re.search(r",\s", text):
        return _items(re.split(r",\s+", text)), ""
    if re.search(r"\s", text):
        return _items(text.split()), " "
    return _items(text.split(",")), "," if "," in text else ""


def thousands_apart(items: Sequence[str]) -> tuple[str, str] | None:
    """Return the first two items that may be parts of one number, as 1 and 834 of `1,834`; None without."""
    pairs = pairwise(items)
    return next((pair for pair in pairs if _HEAD.fullmatch(pair[0]) and _GROUP.fullmatch(pair[1])), None)


def _items(parts: Sequence[str]) -> list[str]:
    return [part.strip() for part in parts if part.strip()]
