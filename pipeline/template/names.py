"""What the names of FCS files suggest: whose they are, and which belong together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from pipeline.files.safe_name import safe_name
from pipeline.study.wording import same_word

_CONTROL_WORDS = re.compile(
    r"(?<![a-z])(fmo|minus|iso(type)?|igg\d?[ab]?|ctrl|control|cd38)(?![a-z])", re.IGNORECASE
)
_TUBE_WORDS = re.compile(
    r"(?<![a-z])(full(ly)?|complete|stain(ed)?|all|mix|tube|test|sample)(?![a-z])", re.IGNORECASE
)
_GENERIC_FOLDER = re.compile(r"^(\.|fcs|data|raw|files|export|[\d\-_.]{4,})$", re.IGNORECASE)


def bare_name(stem: str) -> str:
    """Return a control's name without the words that make it a control.

    >>> bare_name("P01_BM1_FMO") == same_word("P01_BM1")
    True
    """
    return same_word(_CONTROL_WORDS.sub("", stem))


def bare_tube(stem: str) -> str:
    """Return a tube's name without the words that say that it is the stained one.

    >>> bare_tube("S001_full") == bare_name("S001_fmo")
    True
    """
    return same_word(_TUBE_WORDS.sub("", stem)) or same_word(stem)


def numbers_in(stem: str) -> tuple[int, ...]:
    """Return the numbers of a name in order: names with other numbers are of other tubes, however alike.

    >>> numbers_in("S001_fmo") == numbers_in("S002_full")
    False
    """
    return tuple(int(digits) for digits in re.findall(r"\d+", stem))


def unique_names(stems: Mapping[str, str]) -> dict[str, str]:
    """Return a name for each file: its stem, with its folder before it where two files have the same stem."""
    folded = [stem.casefold() for stem in stems.values()]
    return {
        name: stem if folded.count(stem.casefold()) == 1 else f"{PurePosixPath(name).parent.name}_{stem}"
        for name, stem in stems.items()
    }


def patient_of(name: str) -> str:
    """Return the patient that a file's name suggests: its first word, else its folder, else its stem.

    >>> patient_of("fcs/2024-02-05/P01_BM1.fcs"), patient_of("fcs/P07/marrow.fcs"), patient_of("fcs/P08.fcs")
    ('P01', 'P07', 'P08')
    """
    path = PurePosixPath(name)
    words = re.split(r"[_\s]+", path.stem.strip())
    if len(words) > 1 and words[0]:
        return safe_id(words[0])
    folder = path.parent.name
    return safe_id(path.stem if _GENERIC_FOLDER.match(folder or ".") else folder)


def safe_id(text: str) -> str:
    """Return an id that can name a file, made of a name.

    >>> safe_id("P01: marrow?.")
    'P01- marrow-'
    """
    return safe_name(text) or "sample"
