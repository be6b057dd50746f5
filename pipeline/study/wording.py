"""Parts of messages: quoted values, lists of words, and names that were probably meant."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from pipeline.study.names.look import look_alike, odd_letters, plain, twin_key, unseen

LONGEST_QUOTE = 80
"""Most characters of a typed value in a message. Convention: a line of a terminal."""

LONGEST_MESSAGE = 1_500
"""Most characters of a message; a longer one is cut. Convention: it fills a screen."""

LONGEST_LINE = 300
"""Most characters of a printed line; a longer line is broken. Convention: as much as is read at one look."""

_GOES_ON = " " * 8
"""Indent of the next part of a broken line. Convention: as under a fault."""

HOURS_READ_AS_DAYS = 24 * 14
"""Hours from which an age is given in days. Convention: limits are in hours, and are at most two weeks."""
ALIKE = 0.6
"""Least similarity of a name that was probably meant (Python's `difflib`). Convention: the default of that
library."""
MINUTE_DIGITS = 6
"""Decimals of minutes that are kept before they are rounded up. Convention: far above rounding, far below a
second."""


def quoted(value: object) -> str:
    r"""Return a typed value in double quotes, on one line and not too long; invisible characters are named.

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
    """Return a text that is cut if it is too long for a message.

    >>> len(shortened("mouse " * 5000))
    80
    """
    return text[: LONGEST_QUOTE - 1] + "…" if len(text) > LONGEST_QUOTE else text


def in_lines(text: str) -> str:
    r"""Return a text with lines of at most `LONGEST_LINE` characters.

    A longer line continues, indented, in the next line. A line longer than `LONGEST_MESSAGE` is cut.

    >>> [len(line) for line in in_lines("mouse " * 100).split("\n")]
    [299, 295, 20]
    >>> in_lines("short lines\nstay")
    'short lines\nstay'
    """
    return "\n".join(part for line in text.split("\n") for part in _parts(line))


def _parts(line: str) -> Iterator[str]:
    """Yield the parts of a line, split at blanks if there are any; these blanks are removed."""
    remainder = line if len(line) <= LONGEST_MESSAGE else f"{line[: LONGEST_MESSAGE - 1]}…"
    while len(remainder) > LONGEST_LINE:
        blank = remainder.rfind(" ", len(_GOES_ON) + 1, LONGEST_LINE + 1)
        end = blank if blank > 0 else LONGEST_LINE
        yield remainder[:end].rstrip()
        remainder = _GOES_ON + remainder[end:].lstrip()
    yield remainder


def enumerate_words(words: Iterable[str], last: str = "or") -> str:
    """Join words as in a sentence, with commas and a last word such as `or`.

    >>> enumerate_words(["a", "b", "c"])
    'a, b or c'
    """
    items = list(words)
    return f" {last} ".join(part for part in (", ".join(items[:-1]), items[-1]) if part) if items else ""


def first_words(words: Sequence[str], most: int) -> str:
    """Return the first words, and the number of the others.

    Examples
    --------
    >>> first_words(["a", "b", "c", "d"], 2), first_words(["a", "b"], 2)
    ('a, b and 2 more', 'a, b')
    """
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def same_word(word: str) -> str:
    """Return a key that is equal for two spellings of a word: no case, spaces, dashes or leading zeros.

    >>> same_word("P-007") == same_word("p 7")
    True
    """
    folded = unicodedata.normalize("NFKC", word).casefold()
    bare = re.sub(r"[\W_]+", "", folded)
    return re.sub(r"(?<!\d)0+(?=\d)", "", bare)


def nearest(word: str, candidates: Iterable[str], cutoff: float = ALIKE) -> str:
    """Return the candidate that was probably meant; "" if none is similar.

    >>> nearest("smaple_id", ["sample_id", "panel"])
    'sample_id'
    >>> nearest("7", ["007", "012"])
    '007'
    """
    words = list(dict.fromkeys(candidates))
    for key in (same_word, look_alike, twin_key):
        alike = [candidate for candidate in words if key(candidate) == key(word)]
        if alike:
            return alike[0]
    folded = {candidate.casefold(): candidate for candidate in reversed(words)}
    near = get_close_matches(word.casefold(), list(folded), n=1, cutoff=cutoff)
    return folded[near[0]] if near else ""


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return `Did you mean "…"?`; "" if no candidate is similar."""
    meant = nearest(word, candidates)
    return meaning(word, meant) if meant else ""


def meaning(word: str, meant: str) -> str:
    r"""Return `Did you mean "…"?`; if both words look the same, also the letters in which they differ.

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


def capitalized(text: str) -> str:
    """Return a text with a capital first; its other letters stay.

    >>> capitalized("median MFI"), capitalized("")
    ('Median MFI', '')
    """
    return text[:1].upper() + text[1:]


def age_words(hours: float) -> str:
    """Return an age in words with its minutes, so that an age above a limit never looks equal to it.

    Examples
    --------
    >>> age_words(24.1), age_words(49.0), age_words(24 * 20.0)
    ('24 hours 6 minutes', '49 hours', '20 days')
    """
    if hours >= HOURS_READ_AS_DAYS:
        return f"{hours / 24:.0f} days"
    whole, minutes = divmod(math.ceil(round(60 * hours, MINUTE_DIGITS)), 60)
    return f"{whole} hours" + (f" {minutes} minutes" if minutes else "")
