"""Data sets: a file may hold several, each with HEADER, TEXT and DATA (FCS 3.1, 3.2.18, $NEXTDATA)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pipeline.fcs.errors import FcsError, NotFcsError, TruncatedError, UnsupportedError
from pipeline.fcs.header import HEADER_BYTES, Header, Segment, parse_header
from pipeline.fcs.repairs import Repair
from pipeline.fcs.text import MOST_TEXT_BYTES, Text, merge, parse_text, whole_number

MOST_DATA_SETS = 1_000
"""A chain that is longer runs through damaged offsets."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """HEADER and TEXT of a data set, and where in the file it begins."""

    start: int
    header: Header
    text: Text


def read_data_set(file: BinaryIO, size: int, name: str, number: int) -> tuple[DataSet, int]:
    """Return data set `number` (from 1), and how many the file holds.

    Raises
    ------
    FcsError
        HEADER or TEXT of that data set cannot be read, or there is none of this number.
    """
    if number < 1:
        raise UnsupportedError(f"{name}: data set {number} was asked for; they count from 1")
    chosen, count = None, 0
    try:
        for count, data_set in enumerate(_chain(file, size, name), 1):
            if count == number:
                chosen = data_set
    except FcsError:
        if chosen is None:
            raise
    if chosen is None:
        raise UnsupportedError(
            f"{name}: data set {number} was asked for, but the file holds {count}; choose 1 to {count}"
        )
    return chosen, count


def _chain(file: BinaryIO, size: int, name: str) -> Iterator[DataSet]:
    """Yield the data sets; each begins behind the one before, and no more TEXT is read than the file has."""
    start: int | None = 0
    text_bytes = 0
    for _ in range(MOST_DATA_SETS):
        if start is None or text_bytes > size:
            return
        header = parse_header(_read_at(file, start, HEADER_BYTES), name)
        following, text = _text(file, start, size, header, name)
        text_bytes += header.text.size
        yield DataSet(start, header, text)
        start = following


def _text(file: BinaryIO, start: int, size: int, header: Header, name: str) -> tuple[int | None, Text]:
    text = _segment(file, start, size, header.text, name, "TEXT")
    supplement = Segment(*(whole_number(text.keywords.get(key)) or 0 for key in ("$BEGINSTEXT", "$ENDSTEXT")))
    if supplement.size > 1 and supplement.begin != header.text.begin:
        text = _supplemented(file, start, size, supplement, text, name)
    following = whole_number(text.keywords.get("$NEXTDATA")) or 0
    if following <= 0:
        return None, text
    places = (start + following, following)
    found = next((at for at in places if at > start and _read_at(file, at, 3) == b"FCS"), None)
    if found is None:
        sentence = f"$NEXTDATA says that a data set begins at byte {following}, where there is none"
        repair = Repair("NEXTDATA_UNREAD", sentence, str(following), "no further data set")
        text = Text(text.keywords, (*text.repairs, repair))
    return found, text


def _segment(file: BinaryIO, start: int, size: int, segment: Segment, name: str, which: str) -> Text:
    if start + segment.begin >= size:
        raise TruncatedError(
            f"{name}: {which} should begin at byte {start + segment.begin:,}, but the file ends after "
            f"{size:,}; it is cut off or no FCS file, copy it again"
        )
    if segment.size < 2 or segment.size > MOST_TEXT_BYTES:
        raise NotFcsError(
            f"{name}: {which} goes from byte {segment.begin:,} to {segment.end:,}, expected 2 to "
            f"{MOST_TEXT_BYTES:,} bytes; its offsets are damaged, export the file again"
        )
    return parse_text(_read_at(file, start + segment.begin, segment.size), name, which)


def _supplemented(file: BinaryIO, start: int, size: int, segment: Segment, text: Text, name: str) -> Text:
    """Add supplemental TEXT; where it cannot be read the primary TEXT stands alone, and says so."""
    try:
        return merge(text, _segment(file, start, size, segment, name, "supplemental TEXT"))
    except FcsError as fault:
        sentence = "supplemental TEXT cannot be read; only the primary TEXT was used"
        repair = Repair("SUPPLEMENT_UNREAD", sentence, str(fault), "primary TEXT")
        return Text(text.keywords, (*text.repairs, repair))


def _read_at(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)
