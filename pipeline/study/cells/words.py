"""Cells of words: text, names, file names, choices; and the refusal of a cell."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, NoReturn

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from pipeline.files.safe_name import name_problem
from pipeline.study.names.look import plain, visible_text
from pipeline.study.wording import enumerate_words, nearest, quoted

MANY_WORDS = 4_096
"""Most words whose reading is kept in memory, since the same days and choices are in many rows. Convention:
for speed."""

_YES = {"yes", "y", "true", "1"}
_NO = {"no", "n", "false", "0"}


def refuse(expected: str, hint: str = "") -> NoReturn:
    """Refuse a cell and say what is expected in it; the error becomes a `Fault` that names the cell."""
    raise PydanticCustomError("cell", "expected {expected}", {"expected": expected, "hint": hint})


def as_text(value: object) -> str:
    """Return a cell as text without invisible characters: 1 and 1.0 give "1", dates the ISO form."""
    if type(value) is str:
        return plain(value).strip()
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
    return visible_text(as_text(value))


def as_file_safe_id(value: object) -> str:
    """Return an id that is a valid file name on every system (`gates/<sample_id>.xml`)."""
    name = as_identifier(value)
    expected, problem = name_problem(name)
    if problem:
        refuse(expected, problem)
    return name


def as_yes_no(value: object) -> bool:
    """Return True for yes, y, true, 1 and an Excel TRUE; False for no, n, false, 0 and an Excel FALSE."""
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
    """Return a path with forward slashes; later steps check where it leads in the folder of the study.

    Invisible characters are kept, since the name of the file may contain them
    (`pipeline.study.locations.on_disk`).
    """
    typed = value.strip() if isinstance(value, str) else as_text(value)
    return typed.strip('"').replace("\\", "/")


def one_of(*choices: str, also: tuple[tuple[str, str], ...] = ()) -> Callable[[object], str]:
    """Return a reader for a cell with a word of a list; case, spaces and dashes do not matter.

    `also` gives other spellings and the word of the list that each means.
    """

    @lru_cache(MANY_WORDS)
    def key(word: str) -> str:
        return re.sub(r"[\s\-_]+", "_", word.strip().casefold())

    choice_of = {key(choice): choice for choice in choices} | {key(word): choice for word, choice in also}
    meanings = dict(also)

    def as_choice(value: object) -> str:
        word = as_text(value)
        if key(word) not in choice_of:
            near = nearest(word, [*choices, *meanings])
            hint = f"Did you mean {quoted(meanings.get(near, near))}?" if near else ""
            refuse(enumerate_words(choices), hint)
        return choice_of[key(word)]

    return as_choice


def list_of(*choices: str) -> Callable[[object], str]:
    """Return a reader for a cell with words of a list, split by `;`; it returns each once, in list order."""
    as_choice = one_of(*choices)

    def as_choices(value: object) -> str:
        words = [part for part in as_text(value).split(";") if part.strip()]
        named = {as_choice(word) for word in words}
        return ";".join(choice for choice in choices if choice in named)

    return as_choices


Text = Annotated[str, BeforeValidator(as_text)]
Identifier = Annotated[str, BeforeValidator(as_identifier)]
FileSafeId = Annotated[str, BeforeValidator(as_file_safe_id)]
YesNo = Annotated[bool, BeforeValidator(as_yes_no)]
Aliases = Annotated[tuple[str, ...], BeforeValidator(as_aliases)]
FileName = Annotated[str, BeforeValidator(as_file_name)]
