"""Ids inside names: the patients and tubes of a study whose ids are in the name of a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pipeline.study.names.look import look_alike

MOST_WORDS = 6
"""Most words of a file name that form a single id, such as P-01-BM-1. Convention: ids have fewer."""

SHORTEST = 2
"""Fewest characters of an id that is searched for, since a shorter one is in any name. Convention: a single
character does not identify a person."""


def bare_id(name: str) -> str:
    """Return an id without case, blanks and dashes.

    >>> bare_id("P-007"), bare_id("S_01")
    ('p007', 's01')
    """
    return "".join(_words(name))


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", look_alike(text)) if word]


def is_telling(name: str) -> bool:
    """Return whether an id has letters and digits: `P01` is in no name by chance, `12` or `AB` may be.

    >>> is_telling("P01"), is_telling("012"), is_telling("AB")
    (True, False, False)
    """
    bare = bare_id(name)
    has_letter, has_digit = any(c.isalpha() for c in bare), any(c.isdigit() for c in bare)
    return len(bare) >= SHORTEST and has_letter and has_digit


_DAY = re.compile(r"(?:19|20)?\d\d(?:0[1-9]|1[0-2])[0-3]\d|[0-3]\d(?:0[1-9]|1[0-2])(?:19|20)?\d\d")


def is_day(name: str) -> bool:
    """Return whether an id looks like a date, since folders and files are often named by a date.

    >>> is_day("2024-02-05"), is_day("05.02.24"), is_day("P-2024")
    (True, True, False)
    """
    return bool(_DAY.fullmatch(bare_id(name)))


def known_ids(ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the ids of each bare form, for `ids_in`; ids that differ only in dashes share a bare form."""
    names_of: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys(ids):
        bare = bare_id(name)
        if len(bare) >= SHORTEST:
            names_of[bare] = (*names_of.get(bare, ()), name)
    return names_of


def ids_in(text: str, names_of: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the ids that are whole words of a text; an id inside a longer id does not count.

    >>> sorted(ids_in("fcs/P01_BM2.fcs", known_ids(["P01", "P01_BM2", "BM", "P02"])))
    ['P01_BM2']
    """
    words = _words(text)
    spans = [
        (start, stop)
        for start in range(len(words))
        for stop in range(start + 1, min(start + MOST_WORDS, len(words)) + 1)
        if "".join(words[start:stop]) in names_of
    ]
    longest = [
        span
        for span in spans
        if not any(
            other_span != span and other_span[0] <= span[0] and span[1] <= other_span[1]
            for other_span in spans
        )
    ]
    return frozenset(name for start, stop in longest for name in names_of["".join(words[start:stop])])
