"""Cells of words: text, names, file names, choices; and how a cell is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, NoReturn

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from pipeline.study.wording import enumerate_words, nearest, quoted

LONGEST_ID = 100
"""Characters: an id names files. Convention: well below the 255 of file systems."""

MANY_WORDS = 4_096
"""Words of a study whose reading is kept: days and choices stand in many rows. Convention: for speed."""

RESERVED_NAMES = {"con", "prn", "aux", "nul"} | {f"{n}{i}" for n in ("com", "lpt") for i in range(1, 10)}
_YES = {"yes", "y", "true", "1"}
_NO = {"no", "n", "false", "0"}


def refuse(expected: str, hint: str = "") -> NoReturn:
    """Say what the cell should hold; becomes a `Fault` with the cell's place."""
    raise PydanticCustomError("cell", "expected {expected}", {"expected": expected, "hint": hint})


def as_text(value: object) -> str:
    """Return a cell as text: 1 and 1.0 are "1", dates are ISO."""
    if type(value) is str:
        return value.strip()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value).strip()


def as_identifier(value: object) -> str:
    """Return a name that other sheets refer to; a cell that Excel turned into a date is refused."""
    if isinstance(value, date):
        refuse(
            "a name",
            f"Excel made it the date {value:%Y-%m-%d}: format the cell as text and type it again.",
        )
    return " ".join(as_text(value).split())


def as_file_safe_id(value: object) -> str:
    """Return an id that can name a file on every system (`gates/<sample_id>.xml`)."""
    name = as_identifier(value)
    bad = sorted({c for c in name if c in '<>:"/\\|?*;' or not c.isprintable()})
    if bad:
        refuse(
            'an id that can name a file, without < > : " / \\ | ? * ;',
            f"Leave out {enumerate_words(bad, 'and')}.",
        )
    if len(name) > LONGEST_ID:
        refuse(f"an id of at most {LONGEST_ID} characters", f"This one has {len(name)}.")
    if name[:1] == "." or name[-1:] == ".":
        refuse("an id that can name a file", "It may not begin or end with a point.")
    if name.split(".")[0].strip().casefold() in RESERVED_NAMES:
        refuse("an id that can name a file", "Windows has no file of this name: add a letter.")
    return name


def as_yes_no(value: object) -> bool:
    """Return True for yes, y, true, 1 and an Excel TRUE; False for their contraries."""
    word = as_text(value).casefold()
    if word not in _YES | _NO:
        refuse("yes or no")
    return word in _YES


def as_aliases(value: object) -> tuple[str, ...]:
    """Return the names of a channel ($PnN), split at `;`."""
    names = tuple(dict.fromkeys(name.strip() for name in as_identifier(value).split(";") if name.strip()))
    if not names:
        refuse("the channel's $PnN, or several names split by ;")
    return names


def as_file_name(value: object) -> str:
    """Return a relative path with forward slashes; where it leads is checked with the folder at hand."""
    return as_text(value).strip('"').replace("\\", "/")


def one_of(*choices: str, also: tuple[tuple[str, str], ...] = ()) -> Callable[[object], str]:
    """Return a reader of a word from a list; case, spaces and dashes do not matter.

    `also` gives other spellings and the choice each stands for.
    """

    @lru_cache(MANY_WORDS)
    def key(word: str) -> str:
        return re.sub(r"[\s\-_]+", "_", word.strip().casefold())

    known = {key(choice): choice for choice in choices} | {key(word): choice for word, choice in also}
    meanings = dict(also)

    def as_choice(value: object) -> str:
        word = as_text(value)
        if key(word) not in known:
            near = nearest(word, [*choices, *meanings])
            hint = f"Did you mean {quoted(meanings.get(near, near))}?" if near else ""
            refuse(enumerate_words(choices), hint)
        return known[key(word)]

    return as_choice


Text = Annotated[str, BeforeValidator(as_text)]
Identifier = Annotated[str, BeforeValidator(as_identifier)]
FileSafeId = Annotated[str, BeforeValidator(as_file_safe_id)]
YesNo = Annotated[bool, BeforeValidator(as_yes_no)]
Aliases = Annotated[tuple[str, ...], BeforeValidator(as_aliases)]
FileName = Annotated[str, BeforeValidator(as_file_name)]
