"""Guesses from the names of FCS files: which patient a file is from, and which files belong together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache
from pathlib import PurePosixPath

from pipeline.files.safe_name import safe_name
from pipeline.study.names.ids import is_day
from pipeline.study.wording import same_word

MANY_FILE_NAMES = 20_000
"""Most names whose parts are cached, since each file is compared with each. Convention: more than a study
has."""

_CONTROL_WORDS = re.compile(
    r"(?<![a-z])(fmo|minus|iso(type)?|igg\d?[ab]?|ctrl|control|cd38)(?![a-z])", re.IGNORECASE
)
_TUBE_WORDS = re.compile(
    r"(?<![a-z])(full(ly)?|complete|stain(ed)?|all|mix|tube|test|sample|panel)(?![a-z])", re.IGNORECASE
)
_A_NUMBER = re.compile(r"[#(]?\d+\)?")
_A_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?!\d)")
_GENERIC_FOLDER = re.compile(r"^(\.|fcs|data|raw|files|export|[\d\-_.]{4,})$", re.IGNORECASE)


@lru_cache(MANY_FILE_NAMES)
def bare_name(stem: str) -> str:
    """Return a control's name without the words that mark it as a control.

    >>> bare_name("P01_BM1_FMO") == same_word("P01_BM1")
    True
    """
    return same_word(_CONTROL_WORDS.sub("", stem))


@lru_cache(MANY_FILE_NAMES)
def bare_tube(stem: str) -> str:
    """Return a tube's name without the words that mark it as the stained tube.

    >>> bare_tube("S001_full") == bare_name("S001_fmo")
    True
    """
    return same_word(_TUBE_WORDS.sub("", stem)) or same_word(stem)


@lru_cache(MANY_FILE_NAMES)
def words_in(stem: str) -> tuple[str, ...]:
    """Return the words and numbers of a name, in small letters.

    >>> words_in("Wei-J_2024 Voll")
    ('wei', 'j', '2024', 'voll')
    """
    return tuple(re.findall(r"[^\W_]+", stem.casefold()))


def control_words(stem: str) -> tuple[str, ...]:
    """Return the words of a control's name without those that mark it as a control.

    >>> control_words("Wei J FMO CD38")
    ('wei', 'j')
    """
    return words_in(_CONTROL_WORDS.sub(" ", stem))


@lru_cache(MANY_FILE_NAMES)
def numbers_in(stem: str) -> tuple[int, ...]:
    """Return the numbers of a name in order: names with different numbers are of different tubes.

    >>> numbers_in("S001_fmo") == numbers_in("S002_full")
    False
    """
    return tuple(int(digits) for digits in re.findall(r"\d+", stem))


def control_numbers(stem: str) -> tuple[int, ...]:
    """Return the numbers of a control's name, without that of an antibody such as CD38 or IgG1.

    >>> control_numbers("Wei 7 FMO CD38") == numbers_in("Wei 7 voll")
    True
    """
    return numbers_in(_CONTROL_WORDS.sub(" ", stem))


def unique_names(stems: Mapping[str, str]) -> dict[str, str]:
    """Return a name for each file: its stem, with its folder before it if two files have the same stem."""
    folded = [stem.casefold() for stem in stems.values()]
    return {
        name: stem if folded.count(stem.casefold()) == 1 else f"{PurePosixPath(name).parent.name}_{stem}"
        for name, stem in stems.items()
    }


@lru_cache(MANY_FILE_NAMES)
def patient_of(name: str) -> str:
    """Return the patient that a file's name suggests: its first useful word, else its folder, else its stem.

    Dates and words for the kind of tube are skipped. A word without a digit is read together with the number
    after it: `MM 01` and `MM 02` are two patients, not replicates of `MM`.

    >>> patient_of("fcs/2024-02-05/P01_BM1.fcs"), patient_of("fcs/P07/marrow.fcs"), patient_of("fcs/P08.fcs")
    ('P01', 'P07', 'P08')
    >>> patient_of("05.02.24 pt 17 full panel.fcs"), patient_of("Specimen_001_Tube_002.fcs")
    ('pt 17', 'Specimen_001')
    """
    path = PurePosixPath(name)
    stem = path.stem.strip()
    words = list(re.finditer(r"[^_\s]+", stem))
    for word, after in zip(words, [*words[1:], None], strict=True):
        numbered = after is not None and bool(_A_NUMBER.fullmatch(after[0]))
        if len(words) == 1 or is_day(word[0]) or (_names_a_tube(word[0]) and not numbered):
            continue
        with_number = after is not None and numbered and not _has_digit(word[0]) and not is_day(after[0])
        return safe_id(stem[word.start() : after.end() if after is not None and with_number else word.end()])
    folder = path.parent.name
    return safe_id(path.stem if _GENERIC_FOLDER.match(folder or ".") else folder)


def patients_of(names: Sequence[str]) -> list[str]:
    """Return the patient of each file, by all file names together.

    Files in several folders may share a word such as `marrow`. If each of these folders has a name like a
    patient and holds one such file, the folder names are the patients.

    >>> patients_of(["fcs/P07/marrow_full.fcs", "fcs/P08/marrow_full.fcs"])
    ['P07', 'P08']
    """
    guessed = [patient_of(name) for name in names]
    folders: dict[str, list[str]] = {}
    for name, patient in zip(names, guessed, strict=True):
        folders.setdefault(patient, []).append(PurePosixPath(name).parent.name)
    of_folder = {
        patient
        for patient, inside in folders.items()
        if tells_little(patient)
        and len(inside) == len(set(inside)) > 1
        and all(_has_digit(folder) and not _GENERIC_FOLDER.match(folder) for folder in inside)
    }
    return [
        safe_id(PurePosixPath(name).parent.name) if patient in of_folder else patient
        for name, patient in zip(names, guessed, strict=True)
    ]


def _names_a_tube(word: str) -> bool:
    return not same_word(_TUBE_WORDS.sub("", _CONTROL_WORDS.sub("", word)))


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


@lru_cache(MANY_FILE_NAMES)
def day_in_name(name: str) -> date | None:
    """Return the date (year first) in a file's name, else in its folder's name; None if there is none.

    Other orders of day and month are not guessed.

    >>> [day_in_name(name) for name in ("fcs/2024-02-05/P01.fcs", "P01_20240205.fcs", "P01_05.02.24.fcs")]
    [datetime.date(2024, 2, 5), datetime.date(2024, 2, 5), None]
    """
    for part in reversed(PurePosixPath(name).with_suffix("").parts):
        for match in _A_DAY.finditer(part):
            with suppress(ValueError):
                return date(int(match[1]), int(match[3]), int(match[4]))
    return None


def tells_little(patient: str) -> bool:
    """Whether a guessed patient's name has no digit, such as `marrow`, so that it may fit any patient.

    >>> tells_little("marrow"), tells_little("P07")
    (True, False)
    """
    return not _has_digit(patient)


def safe_id(text: str) -> str:
    """Return an id from a name, so that the id can name a file.

    >>> safe_id("P01: marrow?.")
    'P01- marrow-'
    """
    return safe_name(text) or "sample"
