"""Words of a message: quotes, lists, and the name that was probably meant."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from pipeline.study.names.look import look_alike, odd_letters, plain, twin_key, unseen

LONGEST_QUOTE = 80
"""Characters of a typed value that a message shows. Convention: a line of a terminal."""

HOURS_READ_AS_DAYS = 24 * 14
"""From so many hours on an age is told in days. Convention: in the first two weeks hours are what limits are
given in."""


def quoted(value: object) -> str:
    r"""Return a typed value in double quotes, on one line and not too long; what cannot be seen is named.

    >>> quoted("two  lines")
    '"two lines"'
    >>> quoted("P01\u200b")
    '"P01" (with U+200B ZERO WIDTH SPACE)'
    """
    typed = str(value)
    line = " ".join("".join(c if c.isprintable() else " " for c in plain(typed)).split())
    odd = unseen(typed)
    return f'"{shortened(line)}" (with {enumerate_words(odd, "and")})' if odd else f'"{shortened(line)}"'


def shortened(text: str) -> str:
    """Return a text that is not too long for a message.

    >>> len(shortened("mouse " * 5000))
    80
    """
    return text[: LONGEST_QUOTE - 1] + "…" if len(text) > LONGEST_QUOTE else text


def enumerate_words(words: Iterable[str], last: str = "or") -> str:
    """Join words as a sentence does.

    >>> enumerate_words(["a", "b", "c"])
    'a, b or c'
    """
    items = list(words)
    return f" {last} ".join(part for part in (", ".join(items[:-1]), items[-1]) if part) if items else ""


def first_words(words: Sequence[str], most: int) -> str:
    """Return the first words, and how many more there are.

    Examples
    --------
    >>> first_words(["a", "b", "c", "d"], 2), first_words(["a", "b"], 2)
    ('a, b and 2 more', 'a, b')
    """
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def same_word(word: str) -> str:
    """Return what two spellings of one word have in common: no case, no spaces, no dashes, no leading zeros.

    >>> same_word("P-007") == same_word("p 7")
    True
    """
    folded = unicodedata.normalize("NFKC", word).casefold()
    bare = re.sub(r"[\W_]+", "", folded)
    return re.sub(r"(?<!\d)0+(?=\d)", "", bare)


def nearest(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the candidate that was probably meant, or "" where none is near.

    >>> nearest("smaple_id", ["sample_id", "panel"])
    'sample_id'
    >>> nearest("7", ["007", "012"])
    '007'
    """
    known = list(dict.fromkeys(candidates))
    for key in (same_word, look_alike, twin_key):
        alike = [candidate for candidate in known if key(candidate) == key(word)]
        if alike:
            return alike[0]
    folded = {candidate.casefold(): candidate for candidate in reversed(known)}
    near = get_close_matches(word.casefold(), list(folded), n=1, cutoff=cutoff)
    return folded[near[0]] if near else ""


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return `Did you mean "…"?`, or "" where no candidate is near."""
    meant = nearest(word, candidates)
    return meaning(word, meant) if meant else ""


def meaning(word: str, meant: str) -> str:
    r"""Return `Did you mean "…"?`, and by which letters the typed word differs where both look the same.

    >>> meaning("\u042001", "P01")
    'Did you mean "P01"? What was typed has U+0420 CYRILLIC CAPITAL LETTER ER for P.'
    """
    odd = odd_letters(word, meant)
    return f"Did you mean {quoted(meant)}?" + (f" What was typed has {odd}." if odd else "")


def counted(n: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "tube"), counted(2, "tube")
    ('1 tube', '2 tubes')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def age_words(hours: float) -> str:
    """Return an age in words; minutes are named, so that an age beyond a limit never reads as the limit.

    Examples
    --------
    >>> age_words(24.1), age_words(49.0), age_words(24 * 20.0)
    ('24 hours 6 minutes', '49 hours', '20 days')
    """
    if hours >= HOURS_READ_AS_DAYS:
        return f"{hours / 24:.0f} days"
    whole, minutes = divmod(math.ceil(round(60 * hours, 6)), 60)
    return f"{whole} hours" + (f" {minutes} minutes" if minutes else "")
