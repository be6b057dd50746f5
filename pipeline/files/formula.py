"""Text that Excel does not take for a formula when it opens a CSV file, and the way back."""

from __future__ import annotations

import re
from typing import Final

_SUSPECT: Final = re.compile(r"[=+\-@＝＋－＠\t\r\n]")
_FORMULA: Final = re.compile(r"['\s]*[=+\-@＝＋－＠]")
_NUMBER: Final = re.compile(r"\s*[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?\s*%?\s*")
_SPLIT: Final = re.compile(r"([;\t\r\n])")
_BLANK_FIRST: Final = re.compile(r"'*[\t\r\n]")
"""Characters that may precede a formula: Excel drops tabs and line ends at the start of a cell."""


def no_formula(text: str) -> str:
    """Return a text that Excel does not take for a formula: an apostrophe before any start of a formula.

    The part after a semicolon is checked, too, since Excel splits there in many countries. A number stays as
    it is. `as_before` removes the apostrophes.

    Examples
    --------
    >>> [no_formula(text) for text in ("=1+1", "-5", "+49 30 1", "'=1", "a;@b", "P01")]
    ["'=1+1", '-5', "'+49 30 1", "''=1", "a;'@b", 'P01']
    """
    if not _SUSPECT.search(text):
        return text
    parts = _SPLIT.split(text)
    cleaned = "".join(
        f"'{part}" if _FORMULA.match(part) and not _NUMBER.fullmatch(part) else part for part in parts
    )
    return f"'{cleaned}" if _BLANK_FIRST.match(text) else cleaned


def as_before(text: str) -> str:
    """Return a text as it was before `no_formula`.

    Examples
    --------
    >>> as_before("'=1+1"), as_before("''=1"), as_before("a;'@b"), as_before("'quoted'")
    ('=1+1', "'=1", 'a;@b', "'quoted'")
    """
    whole = text[1:] if text[:1] == "'" and _BLANK_FIRST.match(text[1:]) else text
    return "".join(
        part[1:] if part[:1] == "'" and _FORMULA.match(part) else part for part in _SPLIT.split(whole)
    )
