"""Ids inside of names: which patients and tubes of a study the name of a file speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pipeline.study.names.look import look_alike

MOST_WORDS = 6
"""Words of a file's name that one id may take, such as P-01-BM-1. Convention: ids have fewer."""

SHORTEST = 2
"""Characters of an id that is looked for; a shorter one stands in any name. Convention: a single character
says nothing of a person."""


def bare_id(name: str) -> str:
    """Return an id without case, blanks and dashes.

    >>> bare_id("P-007"), bare_id("S_01")
    ('p007', 's01')
    """
    return "".join(_words(name))


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", look_alike(text)) if word]


def is_telling(name: str) -> bool:
    """Whether an id is letters and digits: `P01` stands in no name by chance, `12` or `AB` may.

    >>> is_telling("P01"), is_telling("012"), is_telling("AB")
    (True, False, False)
    """
    bare = bare_id(name)
    has_letter, has_digit = any(c.isalpha() for c in bare), any(c.isdigit() for c in bare)
    return len(bare) >= SHORTEST and has_letter and has_digit


_DAY = re.compile(r"(?:19|20)?\d\d(?:0[1-9]|1[0-2])[0-3]\d|[0-3]\d(?:0[1-9]|1[0-2])(?:19|20)?\d\d")


def is_day(name: str) -> bool:
    """Whether an id reads as a day: folders and files are named after days too.

    >>> is_day("2024-02-05"), is_day("05.02.24"), is_day("P-2024")
    (True, True, False)
    """
    return bool(_DAY.fullmatch(bare_id(name)))


def known_ids(ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return ids by their bare form, for `ids_in`; two that differ by dashes alone share one."""
    known: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys(ids):
        bare = bare_id(name)
        if len(bare) >= SHORTEST:
            known[bare] = (*known.get(bare, ()), name)
    return known


def ids_in(text: str, known: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the ids that a text has as whole words; one inside of a longer one does not count.

    >>> sorted(ids_in("fcs/P01_BM2.fcs", known_ids(["P01", "P01_BM2", "BM", "P02"])))
    ['P01_BM2']
    """
    words = _words(text)
    spans = [
        (start, stop)
        for start in range(len(words))
        for stop in range(start + 1, min(start + MOST_WORDS, len(words)) + 1)
        if "".join(words[start:stop]) in known
    ]
    longest = [
        span
        for span in spans
        if not any(other != span and other[0] <= span[0] and span[1] <= other[1] for other in spans)
    ]
    return frozenset(name for start, stop in longest for name in known["".join(words[start:stop])])
