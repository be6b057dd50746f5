"""A cell of cytogenetics, part by part: which abnormality each part names, and what it says about it.

English, and the usual words of German, French, Spanish, Italian and Dutch.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from pipeline.response.letter.cytogenetic_words import (
    ABSENT,
    BELOW_A_SHARE,
    CLAUSES,
    DELETION,
    EVERY,
    EXCEPTION,
    FOR_ALL,
    FUSIONS,
    JOINS,
    KARYOTYPE_HEAD,
    LOOSE,
    NAMES,
    NO_ABNORMALITY,
    NOT_DONE,
    NUMBERED_CHROMOSOMES,
    OF_AN_ABNORMALITY,
    OF_THE_NAME_BEFORE,
    PLAIN_WORDS,
    PRESENT,
    SHORT_TRANSLOCATION,
    THE_OTHERS,
    TRANSLOCATION,
    TYPED_HIGH_RISK,
    WRITTEN_COUNTS,
)


class CellResult(Enum):
    """What a part of a cell says about its abnormality."""

    PRESENT = auto()
    ABSENT = auto()
    NOT_DONE = auto()


@dataclass(slots=True)
class CellPart:
    """A part of a cell: the text between two commas, or between two words like `and`.

    `result` is None where the part holds a name alone. `after` is True where the word follows the name.
    `for_all`: the word belongs to the whole list. `is_clear` is False where a word is not understood.
    """

    text: str
    joined_by: str
    names: list[str]
    result: CellResult | None
    after: bool = False
    for_all: bool = False
    is_clear: bool = True

    @property
    def is_not_done(self) -> bool:
        """Whether the test was not done."""
        return self.result is CellResult.NOT_DONE

    @property
    def state(self) -> bool | None:
        """True where the abnormality is present, False where absent; None where not tested or not clear."""
        if self.is_not_done or not self.is_clear:
            return None
        return self.result is not CellResult.ABSENT


def cell_parts_of(typed: str) -> list[CellPart]:
    """Return the parts of a cell, each with its own result or with that of the whole list."""
    return [part for clause in clauses_of(typed) for part in clause]


def clauses_of(typed: str) -> list[list[CellPart]]:
    """Return the parts of each clause, as a ; or a new line splits them."""
    text = _in_one_spelling(typed)
    for pattern, word in WRITTEN_COUNTS:
        text = pattern.sub(word, text)
    return [_spread(_of_clause(clause)) for clause in CLAUSES.split(text)]


def _in_one_spelling(typed: str) -> str:
    """Return a cell without accents, translocations as t(4;14), no comma between a name and its word."""
    text = unicodedata.normalize("NFKD", typed.casefold().strip().replace("−", "-"))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = KARYOTYPE_HEAD.sub("normal,", NUMBERED_CHROMOSOMES.sub(_each_number, text))
    text = TRANSLOCATION.sub(_in_order, SHORT_TRANSLOCATION.sub(r"t(\1;\2)", text))
    for pattern, name in FUSIONS:
        text = pattern.sub(name, text)
    return OF_THE_NAME_BEFORE.sub(" ", DELETION.sub("del ", text))


def _each_number(match: re.Match[str]) -> str:
    """Return `trisomies 3, 7` as `trisomy 3, trisomy 7`."""
    return ", ".join(f"{match[1]}y {number}" for number in re.findall(r"\d+", match[2]))


def _in_order(match: re.Match[str]) -> str:
    """Return a translocation with the lower chromosome first, as it is named."""
    low, high = sorted((int(match[1]), int(match[2])))
    return f"t({low};{high})"


def _of_clause(clause: str) -> list[CellPart]:
    """Return the parts of a clause; what follows a word like `except` is the opposite of what precedes it."""
    first, *excepted = EXCEPTION.split(clause)
    parts = _of_list(first)
    for text in excepted:
        was_absent = bool(parts) and parts[-1].result is CellResult.ABSENT
        for part in _of_list(text):
            if part.result is None:
                part.result = CellResult.PRESENT if was_absent else CellResult.NOT_DONE
            parts.append(part)
    return parts


def _of_list(text: str) -> list[CellPart]:
    pieces = ["", *JOINS.split(text)]
    pairs = [(join.strip(), piece.strip()) for join, piece in zip(pieces[::2], pieces[1::2], strict=True)]
    return [_part(piece, join) for join, piece in pairs if piece]


def _part(text: str, join: str) -> CellPart:
    text = f"{join} {text}" if join == "nor" else text
    words = (
        (CellResult.NOT_DONE, NOT_DONE),
        (CellResult.ABSENT, ABSENT),
        (CellResult.NOT_DONE, BELOW_A_SHARE),
        (CellResult.PRESENT, PRESENT),
    )
    result, match = next(
        ((result, match) for result, pattern in words if (match := pattern.search(text))), (None, None)
    )
    names = _named(text)
    after = match is not None and bool(names) and bool(_named(text[: match.start()]))
    every = bool(EVERY.search(text)) and not THE_OTHERS.search(text)
    part = CellPart(text, join, names, result, after or every, bool(FOR_ALL.search(text)) or every)
    if match is not None and after and len(names) > 1 and result is not CellResult.PRESENT and not every:
        part.is_clear = len(_named(text[: match.start()])) < 2
    if result is None or (result is CellResult.PRESENT and not names):
        part.is_clear = _is_understood(part)
    return part


def _is_understood(part: CellPart) -> bool:
    """Return whether each word beside a name is known; without a name, whether the part is an abnormality."""
    if NO_ABNORMALITY.search(part.text) or TYPED_HIGH_RISK.match(part.text):
        return True
    if not part.names:
        return bool(OF_AN_ABNORMALITY.search(part.text))
    return all(PLAIN_WORDS.fullmatch(word) for word in re.findall(r"[a-z]{2,}", part.text))


def _spread(parts: list[CellPart]) -> list[CellPart]:
    """Give names without a result that of their list: `negative for a, b`, `no a or b`, `a and b absent`.

    After a comma, only a word for the whole list still applies: in `a, b neg` the name `a` means present, as
    everywhere.
    """
    for earlier, later in pairwise(parts):
        goes_on = earlier.for_all or later.joined_by not in LOOSE
        goes_on = goes_on and (earlier.for_all or not earlier.after)
        if later.result is None and earlier.result is not None and goes_on:
            later.result, later.for_all = earlier.result, earlier.for_all
    for later, earlier in pairwise(reversed(parts)):
        goes_on = later.for_all or later.joined_by not in LOOSE
        if earlier.result is None and later.result is not None and later.after and goes_on:
            earlier.result, earlier.after, earlier.for_all = later.result, True, later.for_all
    return parts


def _named(segment: str) -> list[str]:
    bare = segment.replace(" ", "")
    return [name for name, pattern in NAMES if pattern.search(bare)]
