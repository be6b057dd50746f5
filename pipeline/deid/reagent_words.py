"""Words of the panels and beads sheets that name a reagent; any other typed word may name a person."""

from __future__ import annotations

import re
from typing import Final

from pipeline.deid.key import Key, PseudonymKind

MOST_LETTERS_ALONE: Final = 3
"""Most letters of a short word, such as `PE` or `NIR`. Convention: hardly any name is so short."""

MOST_LETTERS_OF_A_CODE: Final = 4
"""Most letters in a row in a word with a digit, such as `UCHT1`. Convention: as clones are named."""

_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|(?:19|20)\d{6}")
_WORD, _LETTERS = re.compile(r"[^\W_]+"), re.compile(r"[^\W\d_]+")

_KNOWN: Final = frozenset((
    "percp", "fitc", "alexa", "fluor", "efluor", "pacific", "krome", "dazzle", "texas", "fire", "spark",
    "nova", "star", "bright", "horizon", "brilliant", "super", "violet", "blue", "green", "yellow",
    "orange", "aqua", "near", "real", "vioblue", "viogreen", "viobright", "kiravia", "zombie", "ghost",
    "fixable", "viability", "viable", "live", "dead", "dapi", "draq", "sytox", "propidium", "iodide",
    "time", "scatter", "forward", "side", "area", "height", "width", "dump", "lineage", "kappa",
    "lambda", "light", "chain", "syndecan", "ncam", "icam", "slam", "slamf", "cracc", "ckit", "free",
    "total", "anti", "multi", "epitope", "multiepitope", "humax", "mouse", "rat", "rabbit", "human",
    "goat", "hamster", "donkey", "sheep",
))  # fmt: skip
"""Words of dyes, markers, host species and scatter. Convention: a word that lacks here gets a pseudonym."""


def is_reagent_alone(typed: str) -> bool:
    """Return whether a cell holds only codes and known words of reagents.

    Examples
    --------
    >>> is_reagent_alone("PerCP-Cy5.5"), is_reagent_alone("HIT2 (Dr Maier)")
    (True, False)
    >>> is_reagent_alone("96597"), is_reagent_alone("12.03.1960")
    (True, False)
    """
    return not _DATE.search(typed) and all(map(_is_of_a_reagent, _WORD.findall(typed.casefold())))


def _is_of_a_reagent(word: str) -> bool:
    most = MOST_LETTERS_OF_A_CODE if any(map(str.isdigit, word)) else MOST_LETTERS_ALONE
    return all(len(run) <= most or run in _KNOWN for run in _LETTERS.findall(word))


def reagent(typed: str, key: Key) -> str:
    """Return a typed reagent or lot; a pseudonym if it holds any other word."""
    return typed if is_reagent_alone(typed) else key.name(PseudonymKind.REAGENT, typed)
