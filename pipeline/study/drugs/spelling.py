"""Spellings of a name: to compare names, trade marks, dashes, accents and other scripts are removed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

MANY_NAMES = 16_384
"""Most names whose reading is kept in memory. Convention: more than the doses sheet of any study has."""
_MARKS = re.compile(r"[®™©℠]|\((?:r|tm|c)\)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_FIRST_WITHOUT_BLANKS = "\u1100"
"""First letter of the scripts without blanks between words. Standard: Unicode, Hangul Jamo; Japanese and
Chinese letters follow."""
_LONG_WORD = 8
"""Fewest letters of a word from which the ending of another language is removed: `daratumumabum`,
`lenalidomida`. Convention: shorter words may have such an ending in any language."""
_ENDING = re.compile(r"(?:um|us|as|is|[aeiosuy])$")

_LOOK_ALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХҮԚԜавеѕіјкмнорстухԁԛԝһӏьүΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβεηικμνορτυχγσωϲıłøđɑɡɩօսոհԻ",
    "ABESIJKMHOPCTYXYQWabesijkmhopctyxdqwhlbyABEZHIKMNOPTYXabenikmvoptuxyswcilodagiounhh",
)
"""Cyrillic, Greek and other letters, and the Latin letters that they look like."""

_SOUNDED = (
    "а.a б.b в.v г.g д.d е.e ё.e ж.zh з.z и.i й.y к.k л.l м.m н.n о.o п.p р.r с.s т.t у.u ф.f х.h ц.ts ч.ch "
    "ш.sh щ.sch ъ. ы.y ь. э.e ю.yu я.ya і.i ї.i ґ.g α.a β.v γ.g δ.d ε.e ζ.z η.i θ.th ι.i κ.k λ.l μ.m ν.n ξ.x "
    "ο.o π.p ρ.r σ.s ς.s τ.t υ.u φ.f χ.ch ψ.ps ω.o"
)
_SOUNDS = {pair[0]: pair[2:] for pair in _SOUNDED.split(" ")}
"""Cyrillic and Greek letters, and their sounds in Latin letters: `даратумумаб` is daratumumab."""


@lru_cache(MANY_NAMES)
def spellings(name: str) -> tuple[str, ...]:
    """Return the Latin spellings of a name without marks, case and accents: by look, and by sound.

    Examples
    --------
    >>> spellings("Dаrzalex®"), spellings("даратумумаб")[1]
    (('darzalex',), 'daratumumab')
    """
    bare = "".join(c for c in unicodedata.normalize("NFKC", _MARKS.sub(" ", name)) if not _is_invisible(c))
    by_look = _plain(bare.translate(_LOOK_ALIKES))
    by_sound = _plain("".join(_SOUNDS.get(c, c) for c in bare.casefold()))
    is_foreign = any(c in _SOUNDS for c in bare.casefold())
    return tuple(dict.fromkeys((by_look, by_sound) if is_foreign else (by_look,)))


def words(spelling: str) -> tuple[str, ...]:
    """Return the words of a spelling; anything but letters and digits splits words.

    >>> words("d–rd (s.c.)")
    ('d', 'rd', 's', 'c')
    """
    return tuple(_WORD.findall(spelling))


def has_no_blanks(word: str) -> bool:
    """Return whether a word is in Korean, Japanese or Chinese letters only, where no blank parts words.

    >>> has_no_blanks("达雷妥尤单抗"), has_no_blanks("дара")
    (True, False)
    """
    return bool(word) and all(letter >= _FIRST_WITHOUT_BLANKS for letter in word)


def split_off(word: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return a word split at the first of these names that it contains, in scripts without blanks.

    >>> split_off("达雷妥尤单抗注射液", ["达雷妥尤单抗"])
    ('达雷妥尤单抗', '注射液')
    """
    name = "" if word.isascii() else next((name for name in names if name in word), "")
    before, _, behind = word.partition(name) if name else (word, "", "")
    return tuple(part for part in (before, name, behind) if part)


@lru_cache(MANY_NAMES)
def spelt(forms: frozenset[str]) -> frozenset[str]:
    """Return words in the spelling of `spellings`, which takes Korean letters apart."""
    return frozenset("".join(words(spelling)) for form in forms for spelling in spellings(form))


def stem(word: str) -> str:
    """Return a long word without its ending, which differs between languages.

    >>> stem("daratumumabum"), stem("lenalidomide"), stem("isa")
    ('daratumumab', 'lenalidomid', 'isa')
    """
    return _ENDING.sub("", word) if len(word) >= _LONG_WORD and word.isalpha() else word


def edits(first: str, second: str) -> int:
    """Return the number of edits between two words: insertions, deletions, substitutions, transpositions.

    >>> edits("darzlex", "darzalex"), edits("dartaumumab", "daratumumab")
    (1, 1)
    """
    rows = [list(range(len(second) + 1))]
    for i, a in enumerate(first, start=1):
        row = [i]
        for j, b in enumerate(second, start=1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def without_repeats(word: str) -> str:
    """Return a word with single letters in place of double ones: `sarclisa` for `sarclissa`."""
    return word[:1] + "".join(b for a, b in pairwise(word) if a != b)


def _plain(text: str) -> str:
    """Return text without case and accents, on one line."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in folded if unicodedata.category(c) != "Mn").split())


def _is_invisible(character: str) -> bool:
    """Return whether a character is invisible: zero width, soft hyphen, direction marks, tags."""
    return unicodedata.category(character) in ("Cf", "Cc") and character not in "\t\n"
