"""TEXT: keyword–value pairs between delimiters (FCS 3.1, section 3.2; ANALYSIS has the same form, 3.4).

A delimiter inside a value is written twice, so no value may be empty (3.2.4). Many instruments write empty
values nevertheless; then two delimiters follow each other without meaning one. The position decides: keywords
contain no delimiter and are never empty, so two delimiters after a *keyword* are an empty value, and two
inside a *value* are one delimiter within it. For longer runs: an odd number ends the word, an even number
does not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf, isfinite

from pipeline.fcs.errors import NotFcsError, UnsupportedError
from pipeline.fcs.repairs import Repair, RepairCode

MOST_TEXT_BYTES = 16 << 20
"""Largest TEXT in bytes; a larger one is not read into memory. Convention: ten times the largest known
TEXT."""

MOST_KEYWORDS = 200_000
"""Most keywords of a file; more mean damage. Convention: a file with 2,000 channels has 20,000."""

MOST_DIGITS_OF_A_KEYWORD = 20
"""Most digits of a whole number of 64 bits; longer ones are not read as numbers. Arithmetic."""

LONGEST_NUMBER = 80
"""Most characters of a number; longer text is not read as a number. Convention: a double has at most 24
characters, plus padding."""

PADDING = " \0\t\r\n"
"""Characters with which instruments pad fields of fixed width."""

WHOLE_WITH_ZERO_DECIMALS = re.compile(r"([+-]?\d+)(?:[.,]0*)?", re.ASCII)
REAL = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)

STANDARD_KEYWORD = re.compile(
    r"\$(?:P\d+[A-Z]+|PAR|TOT|DATATYPE|MODE|BYTEORD|NEXTDATA|(?:BEGIN|END)(?:DATA|ANALYSIS|STEXT)|CYT|CYTSN|FIL|SYS|"
    r"DATE|BTIM|ETIM|OP|SRC|SMNO|CELLS|COM|EXP|INST|PROJ|LOST|ABRT|TR|TIMESTEP|SPILLOVER|COMP|VOL|UNICODE|GATE|"
    r"LAST_MODIFI(?:ED|ER)|ORIGINALITY|PLATEID|PLATENAME|WELLID)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FcsText:
    """Keywords in upper case with their values, and the repairs.

    Attributes
    ----------
    n_after
        Bytes after its last delimiter.
    n_beyond
        Bytes of TEXT beyond its stated end.
    """

    keywords: Mapping[str, str]
    repairs: tuple[Repair, ...] = ()
    n_after: int = 0
    n_beyond: int = 0

    def with_repairs(self, *more: Repair) -> FcsText:
        """Return the same TEXT with more repairs."""
        return replace(self, repairs=(*self.repairs, *more)) if more else self


def parse_text(raw: bytes, file: str, segment: str = "TEXT") -> FcsText:
    r"""Read a TEXT (or supplemental TEXT, or ANALYSIS) segment.

    Parameters
    ----------
    raw
        The bytes of the segment, the delimiter first.
    file, segment
        For messages.

    Raises
    ------
    NotFcsError
        The segment is empty or has no delimiter.
    UnsupportedError
        More bytes or keywords than any instrument writes.

    Examples
    --------
    >>> dict(parse_text(b"|$TOT|7|$P1S||$CYT|a||b|", "x.fcs").keywords)
    {'$TOT': '7', '$P1S': '', '$CYT': 'a|b'}
    """
    if len(raw) < 2:
        raise NotFcsError(
            f"{file}: {segment} has {len(raw)} bytes, expected keywords; the file is cut off or damaged"
        )
    if len(raw) > MOST_TEXT_BYTES or raw.count(raw[:1]) > 2 * MOST_KEYWORDS:
        raise UnsupportedError(
            f"{file}: {segment} has {len(raw):,} bytes and {raw.count(raw[:1]):,} delimiters, expected at "
            f"most {MOST_TEXT_BYTES:,} and {2 * MOST_KEYWORDS:,}; its offsets in HEADER are probably damaged"
        )
    content, repairs = _decode(raw, segment)
    delimiter = content[0]
    words = split_words(
        content[1:].rstrip("\0 \r\n") if delimiter not in " \r\n\0" else content[1:], delimiter
    )
    if _out_of_step(words):
        words = _words_by_standard_keywords(content[1:], delimiter)
        repairs.append(_unescaped(segment, delimiter))
    return _pairs(words, segment, repairs)


def merge(primary: FcsText, supplement: FcsText) -> FcsText:
    """Return the keywords of both segments; the primary TEXT overrides the supplemental one (3.2.2)."""
    text = "{} differs between TEXT and supplemental TEXT; TEXT was used"
    repairs = [
        Repair(RepairCode.KEYWORD_TWICE, text.format(_spoken(key)), "2 different values", "TEXT")
        for key, value in supplement.keywords.items()
        if primary.keywords.get(key, value) != value
    ]
    merged = {**supplement.keywords, **primary.keywords}
    return replace(primary, keywords=merged).with_repairs(*supplement.repairs, *repairs)


def keyword_integer(value: str | None) -> int | None:
    """Return the integer value of a keyword, or None; `12.0` and ` 12 ` are 12.

    Examples
    --------
    >>> keyword_integer(" 12 "), keyword_integer("12.0"), keyword_integer("many"), keyword_integer(None)
    (12, 12, None, None)
    """
    return _whole(value) if value and len(value) <= LONGEST_NUMBER else None


@lru_cache(maxsize=4096)
def _whole(value: str) -> int | None:
    digits = WHOLE_WITH_ZERO_DECIMALS.fullmatch(value.strip(PADDING))
    return int(digits[1]) if digits and len(digits[1]) <= MOST_DIGITS_OF_A_KEYWORD else None


def real_number(value: str | None) -> float | None:
    """Return the numeric value of a keyword, with decimal point or comma, or None.

    Examples
    --------
    >>> real_number("0,01"), real_number("450 V"), real_number("nan")
    (0.01, None, None)
    """
    return _real(value) if value and len(value) <= LONGEST_NUMBER else None


@lru_cache(maxsize=4096)
def _real(value: str) -> float | None:
    word = value.strip(PADDING)
    number = float(word.replace(",", ".")) if REAL.fullmatch(word) else inf
    return number if isfinite(number) else None


def _decode(raw: bytes, segment: str) -> tuple[str, list[Repair]]:
    """Decode UTF-8 (FCS 3.1) or ASCII (2.0, 3.0; 3.2.5); anything else as Latin-1."""
    try:
        return raw.decode("utf-8"), []
    except UnicodeDecodeError as fault:
        byte = raw[fault.start : fault.start + 1].hex()
        return raw.decode("latin-1"), [
            Repair(
                RepairCode.LATIN_1,
                f"{segment} is not UTF-8; it was read as Latin-1",
                f"byte 0x{byte}",
                "Latin-1",
            )
        ]


def split_words(content: str, delimiter: str) -> list[str]:
    """Split the text after the first delimiter into alternating keywords and values."""
    content = content.removesuffix(delimiter)
    if 2 * delimiter not in content:
        return content.split(delimiter)
    words: list[str] = []
    word = ""
    *pieces, last = re.split(f"({re.escape(delimiter)}+)", content)
    for piece, run in zip(pieces[::2], pieces[1::2], strict=True):
        word += piece
        written = delimiter * ((len(run) - 1) // 2)
        if len(words) % 2 == 0:
            words += [word] if len(run) % 2 else [word, written]
            word = written if len(run) % 2 else ""
        elif len(run) % 2:
            words.append(word + written)
            word = ""
        else:
            word += written + delimiter
    return [*words, word + last] if word or last or len(words) % 2 else words


def _out_of_step(words: list[str]) -> bool:
    """Whether standard keywords are in the position of values: a delimiter was not written twice."""
    values = words[1::2]
    if "\0$" not in "\0" + "\0".join(values):
        return False
    marked = [word for word in values if word[:1] == "$"]
    return sum(1 for word in marked if STANDARD_KEYWORD.fullmatch(word)) > 1


def _words_by_standard_keywords(content: str, delimiter: str) -> list[str]:
    """Start a pair at each standard keyword, and join the unpaired parts before it into one value."""
    words: list[str] = []
    between: list[str] = []
    for word in content.removesuffix(delimiter).split(delimiter):
        if STANDARD_KEYWORD.fullmatch(word):
            words += _value_and_pairs(between, delimiter) if words else between[len(between) % 2 :]
            between = []
            words.append(word)
        else:
            between.append(word)
    return words + _value_and_pairs(between, delimiter)


def _value_and_pairs(between: list[str], delimiter: str) -> list[str]:
    if len(between) % 2:
        return between
    return [delimiter.join(between[:2]).removesuffix(delimiter), *between[2:]]


def _unescaped(segment: str, delimiter: str) -> Repair:
    return Repair(
        RepairCode.DELIMITER_IN_VALUE,
        f"{segment} has values that hold the delimiter {delimiter!r} unescaped; keywords were found by name",
        f"single {delimiter!r} within values",
        "standard keywords start pairs",
    )


def _pairs(words: list[str], segment: str, repairs: list[Repair]) -> FcsText:
    if len(words) % 2:
        stray = words.pop()
        if stray.strip(" \0\r\n\t"):
            repairs.append(_stray(segment, stray))
    keys = [key.strip(PADDING).upper() for key in words[::2]]
    values = words[1::2]
    keywords = dict(zip(keys, values, strict=True))
    if len(keywords) < len(keys):
        repairs.extend(_repeated(keys, values))
    keywords.pop("", None)
    return FcsText(keywords, tuple(repairs))


def _stray(segment: str, stray: str) -> Repair:
    text = f"{segment} ends with a keyword that has no value; it was left out"
    return Repair(RepairCode.STRAY_WORD, text, f"{len(stray)} characters", "nothing")


def _spoken(key: str) -> str:
    """Return a keyword for a sentence; only the standard's own names: any other may be a name of a person."""
    return key if STANDARD_KEYWORD.fullmatch(key) else "a keyword that is not the standard's"


def _repeated(keys: list[str], values: list[str]) -> Iterator[Repair]:
    """Name the keywords with more than one value, without the values, which may identify the patient."""
    twice = {key for key, n in Counter(keys).items() if n > 1}
    for key in sorted(twice):
        n_values = len({value for other_key, value in zip(keys, values, strict=True) if other_key == key})
        if n_values > 1:
            text = f"{_spoken(key)} is given more than once; the last was used"
            yield Repair(RepairCode.KEYWORD_TWICE, text, f"{n_values} different values", "the last")
