"""The look of a name: invisible differences are removed, and letters that look alike are named."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

MOST_NAMES_KEPT = 4_096
"""Most names whose folded form is kept in memory, since patients and panels are in many rows. Convention: for
speed."""

MOST_CHARACTERS_NAMED = 3
"""Most odd characters that a message names. Convention: more would not be read."""

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""Full-width letters, digits and signs of East Asian keyboards, and the same characters in ASCII."""

_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Invisible characters that Unicode counts as letters or marks."""

_BRAILLE_BLANK = "\u2800"

_LOOK_ALIKE = str.maketrans(
    {
        **dict(zip("авекмнорстухіјѕԁԛԝӏзьүһ", "abekmhopctyxijsdqwl3byh", strict=True)),
        **dict(zip("αβεζηικμνορτυχϲϳγω", "abezhikmnoptyxcjyw", strict=True)),
        **dict.fromkeys("‐‑‒–—―−﹣", "-"),
        **dict.fromkeys("’‘ʼ`´", "'"),
        "ı": "i",
    }
)
"""Cyrillic and Greek small letters, and signs, that look like ASCII ones, or whose capitals do."""

_TWINS = {frozenset(pair) for pair in ("O0", "I1", "l1", "Il")}
"""Letters and digits that look alike in many fonts."""


@lru_cache(MOST_NAMES_KEPT)
def plain(text: str) -> str:
    r"""Return a text with composed letters and ordinary blanks, and without invisible characters.

    Two texts with the same result mean the same. They may differ in NFC and NFD, full-width letters,
    non-breaking and other blanks, zero-width characters, soft hyphens and marks of writing direction.

    >>> plain("P\u200b01\u00a0b")
    'P01 b'
    """
    if text.isascii():
        return text
    composed = unicodedata.normalize("NFC", text.translate(_FULL_WIDTH))
    visible = (c for c in _UNSEEN.sub("", composed) if unicodedata.category(c) != "Cf")
    return "".join(" " if unicodedata.category(c) == "Zs" or c == _BRAILLE_BLANK else c for c in visible)


def visible_text(text: str) -> str:
    """Return a name without invisible differences and with single blanks.

    >>> visible_text(" P  01 ")
    'P 01'
    """
    return " ".join(plain(text).split())


@lru_cache(MOST_NAMES_KEPT)
def caseless(name: str) -> str:
    """Return a name in small letters, to compare names without case; it works in Turkish and German, too.

    >>> caseless("BİTİŞ") == caseless("bitiş"), caseless("Weiß") == caseless("WEISS")
    (True, True)
    """
    folded = unicodedata.normalize("NFKC", visible_text(name)).casefold()
    return unicodedata.normalize("NFC", re.sub("i\u0307", "i", folded).replace("ı", "i"))


@lru_cache(MOST_NAMES_KEPT)
def look_alike(name: str) -> str:
    r"""Return a key that is equal for names that look alike, without case and in any script.

    >>> look_alike("\u042001") == look_alike("p01")
    True
    """
    ascii_digits = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in caseless(name))
    return ascii_digits.translate(_LOOK_ALIKE)


def twin_key(name: str) -> str:
    """Return a key that is equal for names that differ only in O and 0, or in I, l and 1.

    >>> twin_key("PO1") == twin_key("P0I")
    True
    """
    return look_alike(name).translate(str.maketrans("oil", "011"))


@lru_cache(MOST_NAMES_KEPT)
def folded_name(text: str) -> str:
    """Return a name without case, blanks and punctuation.

    >>> folded_name("V500-C-A"), folded_name("FACS Canto_II")
    ('v500ca', 'facscantoii')
    """
    return re.sub(r"[\W_]+", "", text).casefold()


def character_name(character: str) -> str:
    r"""Return a character's code and name.

    >>> character_name("\u200b")
    'U+200B ZERO WIDTH SPACE'
    """
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def unseen(text: str) -> tuple[str, ...]:
    """Return the names of the characters of a text that are invisible, or look like ordinary blanks.

    Line ends, tabs, and marks that belong to a letter do not count.
    """
    if text.isascii() and text.isprintable():
        return ()
    odd = dict.fromkeys(c for c in text if _is_unseen(c))
    return tuple(character_name(c) for c in list(odd)[:MOST_CHARACTERS_NAMED])


def _is_unseen(character: str) -> bool:
    if character in " \t\n\r":
        return False
    category = unicodedata.category(character)
    return (
        category in ("Cf", "Cc", "Zs", "Zl", "Zp")
        or bool(_UNSEEN.match(character))
        or character == _BRAILLE_BLANK
    )


def odd_letters(name: str, other_name: str) -> str:
    r"""Return in words how a name differs from another that looks the same; "" if it does not look the same.

    >>> odd_letters("\u042001", "P01")
    'U+0420 CYRILLIC CAPITAL LETTER ER for P'
    >>> odd_letters("PO1", "P01")
    'the letter O for the digit 0'
    """
    if look_alike(name) != look_alike(other_name) and not _are_twins(name, other_name):
        return ""
    differing = list(dict.fromkeys(_differing(name, other_name)))[:MOST_CHARACTERS_NAMED]
    return ", ".join(differing)


def _are_twins(name: str, other_name: str) -> bool:
    """Return whether two names differ only in letters and digits that look alike, such as O and 0."""
    pairs = [frozenset(pair) for pair in zip(name, other_name, strict=False) if pair[0] != pair[1]]
    return len(name) == len(other_name) and bool(pairs) and all(pair in _TWINS for pair in pairs)


def _differing(name: str, other_name: str) -> Iterator[str]:
    own, other_letters = unicodedata.normalize("NFC", name), unicodedata.normalize("NFC", other_name)
    if len(own) != len(other_letters):
        yield from (character_name(c) for c in own if not c.isascii() and c not in other_letters)
        return
    for a, b in zip(own, other_letters, strict=True):
        if a == b or (a.isascii() and b.isascii() and frozenset((a, b)) not in _TWINS):
            continue
        meant = _shown(b) if a.isascii() or not b.isascii() else b
        yield f"{_shown(a)} for {meant}"


def _shown(character: str) -> str:
    if not character.isascii():
        return character_name(character)
    return f"the digit {character}" if character.isdigit() else f"the letter {character}"
