"""The data sets of a file, each with HEADER, TEXT and DATA (FCS 3.1, 3.2.18, $NEXTDATA)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from pipeline.fcs.errors import FcsError, NotFcsError, UnsupportedError, shown_keyword
from pipeline.fcs.layout.shifted_text import MOST_SHIFT
from pipeline.fcs.repairs import Repair, RepairCode
from pipeline.fcs.text.header import HEADER_BYTES, Header, Segment, parse_header, parse_other_segments
from pipeline.fcs.text.segments import BLANKS_AND_LINE_ENDS, Source, holds_text, read_text
from pipeline.fcs.text.text import PADDING, FcsText, keyword_integer, merge

MOST_OTHER = 160
"""Bytes after HEADER that may hold the offsets of ten further segments. Arithmetic: an offset has 8
characters, a segment two offsets."""

HEADER_FORM = re.compile(rb"FCS[23]\.\d {4}[ \d]{16}")

MOST_AT_ONCE = 1 << 20
"""Bytes after the last data set that are read at once. Convention: for speed."""

MOST_DATA_SETS = 1_000
"""Most data sets of a file; a longer chain comes from damaged offsets. Convention: far more than in any known
file."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """HEADER and TEXT of a data set.

    Attributes
    ----------
    start, end
        Its first byte in the file, and the byte at which the next data set begins or the file ends.
    origin
        The byte from which its offsets count: `start`, or 0 if they count from the start of the file.
    next_beside
        Number of bytes between the position in $NEXTDATA and the true start of the next data set.
    """

    start: int
    end: int
    origin: int
    header: Header
    text: FcsText
    next_beside: int = 0


def read_data_set(file: BinaryIO, size: int, name: str, number: int) -> tuple[DataSet, int]:
    """Return data set `number` (from 1), and how many can be read.

    Raises
    ------
    FcsError
        HEADER or TEXT of that data set cannot be read, or there is no data set with this number.
    """
    if number < 1:
        raise UnsupportedError(f"{name}: data set {number} was asked for; they count from 1")
    chosen, count = None, 0
    try:
        for count, data_set in enumerate(_chain(Source(file, name, size)), 1):
            if count == number:
                chosen = data_set
    except FcsError as fault:
        if chosen is None:
            raise
        text = f"data set {count + 1} of the file cannot be read; the one before was"
        chosen = _with(chosen, Repair(RepairCode.NEXTDATA_UNREAD, text, str(fault), f"{count} data sets"))
    if chosen is None:
        raise UnsupportedError(
            f"{name}: data set {number} was asked for, but the file holds {count}; choose 1 to {count}"
        )
    return chosen, count


def _with(data_set: DataSet, *repairs: Repair) -> DataSet:
    return replace(data_set, text=data_set.text.with_repairs(*repairs))


def _chain(file: Source) -> Iterator[DataSet]:
    """Yield the data sets; each starts after the one before, and TEXT is never read beyond the file."""
    start: int | None = 0
    text_bytes = 0
    for _ in range(MOST_DATA_SETS):
        if start is None:
            return
        data_set, start = _read(file, start)
        yield data_set
        text_bytes += data_set.header.text.size
        if text_bytes > file.size:
            raise NotFcsError(
                f"{file.name}: TEXT of the data sets overlap, expected each to have its own bytes"
            )
    if start is not None:
        raise NotFcsError(
            f"{file.name}: $NEXTDATA chains more than {MOST_DATA_SETS:,} data sets, expected fewer; "
            "it is damaged, export the file again"
        )


def _read(file: Source, start: int) -> tuple[DataSet, int | None]:
    """Return the data set that begins at `start`, and where the next begins."""
    header = parse_header(file.read(start, HEADER_BYTES), file.name)
    source, repairs = _counted_from(file, start, header)
    text, header = _text(source, header)
    following, beside, unread = _following(file, start, text.keywords.get("$NEXTDATA"))
    end = file.size if following is None else following
    return DataSet(start, end, source.start, header, text.with_repairs(*repairs, *unread), beside), following


def _counted_from(file: Source, start: int, header: Header) -> tuple[Source, list[Repair]]:
    """Return the origin of the offsets: the start of the data set (3.1), or of the file with some writers."""
    own = Source(file.file, file.name, file.size, start)
    if start == 0 or holds_text(own, header.text) or not holds_text(file, header.text):
        return own, []
    text = "the offsets of this data set count from the start of the file, not of the data set"
    return file, [
        Repair(RepairCode.OFFSETS_ABSOLUTE, text, f"TEXT at {header.text.begin}", f"byte {header.text.begin}")
    ]


def _text(source: Source, header: Header) -> tuple[FcsText, Header]:
    """Return the keywords of TEXT and supplemental TEXT, and HEADER with the position of TEXT."""
    other_segments = [header.data, header.analysis]
    if header.text.begin > HEADER_BYTES:
        other_segments += parse_other_segments(
            source.read(HEADER_BYTES, min(MOST_OTHER, header.text.begin - HEADER_BYTES))
        )
    text, segment, mark = read_text(source, header.text, other_segments)
    data_begin = keyword_integer(text.keywords.get("$BEGINDATA")) or 0
    if header.data.begin == data_begin and segment.begin < data_begin <= segment.end:
        text, segment = _before_data(source, segment, data_begin, text)
    header = Header(header.version, segment, header.data, header.analysis, tuple(other_segments[2:]))
    supplement = _offsets_of(text.keywords, "STEXT")
    if supplement == (0, 0) or (supplement[0] or 0) == header.text.begin:
        return text, header
    return _supplemented(
        source, supplement, [*other_segments, segment, _segment(text.keywords, "DATA")], text, mark
    ), header


def _before_data(source: Source, segment: Segment, data_begin: int, text: FcsText) -> tuple[FcsText, Segment]:
    """End TEXT just before DATA if HEADER and TEXT agree on the start of DATA and a delimiter precedes it."""
    shorter = Segment(segment.begin, data_begin - 1)
    raw = source.read(shorter.begin, shorter.size)
    if shorter.size < 2 or raw.rstrip(BLANKS_AND_LINE_ENDS)[-1:] != raw[:1]:
        return text, segment
    sentence = "TEXT is said to reach into DATA; it was read up to where HEADER and TEXT begin DATA"
    repair = Repair(RepairCode.TEXT_END_LONG, sentence, f"TEXT ends at {segment.end}", f"{shorter.end}")
    text, shorter, _ = read_text(source, shorter, [Segment(data_begin, data_begin)])
    return replace(text, repairs=(repair, *text.repairs)), shorter


def _offsets_of(keywords: Mapping[str, str], which: str) -> tuple[int | None, int | None]:
    """Return $BEGIN… and $END…; 0 if blank or absent, None if they are not numbers."""
    begin, end = (keywords.get(f"${side}{which}", "").strip(PADDING) for side in ("BEGIN", "END"))
    return (keyword_integer(begin) if begin else 0, keyword_integer(end) if end else 0)


def _segment(keywords: Mapping[str, str], which: str) -> Segment:
    begin, end = _offsets_of(keywords, which)
    return Segment(begin or 0, end or 0)


def _supplemented(
    source: Source,
    offsets: tuple[int | None, int | None],
    other_segments: list[Segment],
    text: FcsText,
    mark: bytes,
) -> FcsText:
    """Add supplemental TEXT; if it cannot be read, only the primary TEXT is used, with a note."""
    segment = Segment(offsets[0] or 0, offsets[1] or 0)
    try:
        return merge(text, read_text(source, segment, other_segments, "supplemental TEXT", mark)[0])
    except FcsError as fault:
        sentence = "supplemental TEXT cannot be read; only the primary TEXT was used"
        repair = Repair(RepairCode.SUPPLEMENT_UNREAD, sentence, str(fault), "primary TEXT")
        return text.with_repairs(repair)


def _following(file: Source, start: int, value: str | None) -> tuple[int | None, int, list[Repair]]:
    """Return the start of the next data set, and its distance from $NEXTDATA (3.2.18)."""
    offset = keyword_integer(value)
    if offset == 0 or not (value or "").strip(PADDING):
        return None, 0, []
    if offset is not None and offset > 0 and _is_header(file, start + offset):
        return start + offset, 0, []
    if offset is not None and offset > start and _is_header(file, offset):
        text = "$NEXTDATA counts from the start of the file, not of the data set"
        return offset, 0, [Repair(RepairCode.OFFSETS_ABSOLUTE, text, str(start + offset), str(offset))]
    near = None if offset is None or offset <= 0 else _nearest_header(file, start, start + offset)
    if near is not None and offset is not None:
        text = "the next data set does not begin where $NEXTDATA says; the nearest HEADER was taken"
        beside = near - start - offset
        return (
            near,
            beside,
            [Repair(RepairCode.NEXTDATA_BESIDE, text, shown_keyword(value), str(near - start))],
        )
    text = f"$NEXTDATA says that a data set begins at byte {shown_keyword(value)}, where there is none"
    return None, 0, [Repair(RepairCode.NEXTDATA_UNREAD, text, shown_keyword(value), "no further data set")]


def data_set_behind(file: BinaryIO, last: DataSet, end: int, size: int) -> list[Repair]:
    """Name a data set after the last one that $NEXTDATA does not mention: files were joined.

    Parameters
    ----------
    file, size
        The file, and its size.
    last, end
        The last data set, and the byte after its DATA; 0 if it has no DATA.
    """
    for offset in range(max(end, last.origin + last.header.text.end + 1), size, MOST_AT_ONCE):
        file.seek(offset)
        match = HEADER_FORM.search(file.read(MOST_AT_ONCE + HEADER_BYTES))
        if match:
            begin = offset + match.start()
            text = (
                f"a further data set begins at byte {begin:,}, though $NEXTDATA says that there is none; it "
                "was not read: files were joined, use those that they were made from"
            )
            return [
                Repair(RepairCode.DATA_SET_BEHIND, text, f"HEADER at byte {begin}", "the data set before it")
            ]
    return []


def _nearest_header(file: Source, start: int, offset: int) -> int | None:
    """Return the position of a HEADER close to a byte."""
    low = max(start + HEADER_BYTES, offset - MOST_SHIFT)
    window = file.read(low, offset + MOST_SHIFT - low)
    headers = (low + header.start() for header in HEADER_FORM.finditer(window))
    return min(headers, key=lambda near: abs(near - offset), default=None)


def _is_header(file: Source, offset: int) -> bool:
    return re.fullmatch(rb"FCS\d\.\d", file.read(offset, 6)) is not None
