"""Words of a message: quotes, lists, and the name that was probably meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

LONGEST_QUOTE = 80
"""Characters of a typed value that a message shows. Convention."""


def quoted(value: object) -> str:
    """Return a typed value in double quotes, on one line and not too long.

    >>> quoted("two  lines")
    '"two lines"'
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    if len(line) > LONGEST_QUOTE:
        line = line[: LONGEST_QUOTE - 1] + "…"
    return f'"{line}"'


def enumerate_words(words: Iterable[str], last: str = "or") -> str:
    """Join words as a sentence does.

    >>> enumerate_words(["a", "b", "c"])
    'a, b or c'
    """
    items = list(words)
    return f" {last} ".join(part for part in (", ".join(items[:-1]), items[-1]) if part) if items else ""


def same_word(word: str) -> str:
    """Return what two spellings of one word have in common: no case, no spaces, no dashes, no leading zeros.

    >>> same_word("P-007") == same_word("p 7")
    True
    """
    folded = unicodedata.normalize("NFKC", word).casefold()
    bare = re.sub(r"[\W_]+", "", folded)
    return re.sub(r"(?<!\d)0+(?=\d)", "", bare)


def nearest(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate that was probably meant, or "" where none is near.

    >>> nearest("smaple_id", ["sample_id", "panel"])
    'sample_id'
    >>> nearest("7", ["007", "012"])
    '007'
    """
    known = list(dict.fromkeys(candidates))
    alike = [candidate for candidate in known if same_word(candidate) == same_word(word)]
    if alike:
        return alike[0]
    folded = {candidate.casefold(): candidate for candidate in reversed(known)}
    near = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[near[0]] if near else ""


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return `Did you mean "…"?`, or "" where no candidate is near."""
    meant = nearest(word, candidates)
    return f"Did you mean {quoted(meant)}?" if meant else ""
