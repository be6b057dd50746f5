"""Checks what may be written into an FCS file; anything else is refused before a byte is written.

Section numbers are those of FCS 3.1 (Spidlen et al. 2010, doi:10.1002/cyto.a.20825).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.fcs.errors import FcsError, UnwritableError, shown
from pipeline.fcs.text.parameters import parse_parameters
from pipeline.fcs.text.text import parse_text

STRUCTURE = re.compile(
    r"\$(?:BYTEORD|DATATYPE|MODE|NEXTDATA|PAR|TOT|(?:BEGIN|END)(?:ANALYSIS|DATA|STEXT)|P\d+(?:B|N|DATATYPE))"
)
"""Section 3.2.18: the keywords that describe the layout; the writer alone sets them."""

MARKER = re.compile(r"\$P\d+S")

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")
"""Characters that no name in a file may hold, such as line ends."""


def writable_rows(values: ArrayLike, channels: Sequence[str]) -> NDArray[np.float32]:
    """Return the values as float32, shape (n_channels, n_events).

    Raises
    ------
    UnwritableError
        The values are not numbers, have another shape, or exceed float32.
    """
    rows = _numbers(values)
    if rows.ndim != 2 or rows.shape[0] != len(channels):
        raise UnwritableError(
            f"values have shape {rows.shape}, expected ({len(channels)}, n_events): one row per channel"
        )
    if rows.dtype == np.float32:
        return rows.astype(np.float32, copy=False)
    with np.errstate(over="ignore"):
        single = rows.astype(np.float32)
    for channel, row, original in zip(channels, single, rows, strict=True):
        beyond = np.isinf(row) & np.isfinite(original)
        if beyond.any():
            most = np.finfo(np.float32).max
            raise UnwritableError(
                f"{channel} has a value of {original[beyond][0]:g}, but float32 reaches {most:g}; scale it "
                "down"
            )
    return single


def _numbers(values: ArrayLike) -> NDArray[np.generic]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            rows = np.asarray(values)
    except (ValueError, TypeError, OverflowError, Warning) as fault:
        raise UnwritableError(
            f"values are no table of numbers ({fault}); expected a row per channel"
        ) from None
    if rows.dtype.kind not in "biuf":
        raise UnwritableError(f"values are of type {rows.dtype}, expected real numbers, a row per channel")
    return rows


def writable_names(names: Iterable[str], which: str) -> tuple[str, ...]:
    """Return channel names or markers that every reader returns unchanged.

    Raises
    ------
    UnwritableError
        One is not a string, begins or ends with a blank, or holds a control character; the text names the
        first.
    """
    if isinstance(names, str | bytes) or not isinstance(names, Iterable):
        raise UnwritableError(f"{which} are {shown(names)}, expected a sequence of names")
    checked = tuple(names)
    for name in checked:
        _check_word(name, f"one of the {which}")
        if name != name.strip() or CONTROL_CHARACTERS.search(name):
            raise UnwritableError(
                f"{name!a:.60}, one of the {which}, has a blank before or after it or a control character; "
                "readers leave these out, write it without"
            )
    return checked


def check_channels(channels: Sequence[str], markers: Sequence[str]) -> None:
    """Refuse channels that FCS does not allow (3.2.20).

    Raises
    ------
    UnwritableError
        There is no channel; a name is empty, has a comma or occurs twice; or the number of markers differs.
    """
    if not channels:
        raise UnwritableError("no channel was given; an FCS file has at least one")
    if markers and len(markers) != len(channels):
        raise UnwritableError(f"{len(markers)} markers were given for {len(channels)} channels")
    for channel in channels:
        if not channel or "," in channel:
            raise UnwritableError(f"{shown(channel)} is no channel name: $PnN is not empty and has no comma")
    if len(set(channels)) < len(channels):
        raise UnwritableError("two channels have one name; $PnN must be unique")


def writable_keywords(added: Mapping[str, str]) -> dict[str, str]:
    """Return the keywords that a caller adds, in upper case.

    Raises
    ------
    UnwritableError
        A word is not a keyword, occurs twice, describes the layout or the markers, or has no value.
    """
    if not isinstance(added, Mapping):
        raise UnwritableError(f"keywords are {shown(added)}, expected a mapping of keywords to values")
    keywords: dict[str, str] = {}
    for keyword, value in added.items():
        key = _keyword(keyword)
        _check_word(value, f"the value of {key}")
        if not value:
            raise UnwritableError(f"{key} has an empty value, which FCS 3.1 does not allow; leave it out")
        if key in keywords:
            raise UnwritableError(f"{key} is given twice; keywords are without case, leave one out")
        keywords[key] = value
    return keywords


def _keyword(keyword: object) -> str:
    _check_word(keyword, "a keyword")
    key = str(keyword).strip().upper()
    if not key or not key.isascii() or CONTROL_CHARACTERS.search(key):
        raise UnwritableError(f"{shown(keyword)} is no keyword: expected ASCII characters")
    if STRUCTURE.fullmatch(key):
        raise UnwritableError(f"{key} describes the layout, which the writer sets itself; leave it out")
    if MARKER.fullmatch(key):
        raise UnwritableError(f"{key} is a marker; give it among the markers")
    return key


def _check_word(word: object, subject: str) -> None:
    if not isinstance(word, str):
        raise UnwritableError(f"{subject} is {word!r:.60}, expected a string")
    try:
        word.encode("utf-8")
    except UnicodeEncodeError:
        raise UnwritableError(
            f"{subject}, {shown(ascii(word))}, holds half a character, expected Unicode"
        ) from None


def check_readable(text: bytes, fields: Mapping[str, str], file: str) -> None:
    """Refuse TEXT that a reader would change or would have to repair.

    Raises
    ------
    UnwritableError
        There is too much TEXT, or a keyword is at fault; the text names the first.
    """
    try:
        parsed = parse_text(text, file)
        repairs = (*parsed.repairs, *parse_parameters(fields, "3.1", file)[1])
    except FcsError as fault:
        raise UnwritableError(f"{file} could not be read again, so it is not written: {fault}") from None
    for repair in repairs:
        raise UnwritableError(
            f"{file} would need a repair, so it is not written: {repair.text} ({repair.found})"
        )
    if parsed.keywords != fields:
        lost = next(key for key in (*fields, *parsed.keywords) if fields.get(key) != parsed.keywords.get(key))
        raise UnwritableError(f"{lost} would not be read as it is given, so {file} is not written; change it")
