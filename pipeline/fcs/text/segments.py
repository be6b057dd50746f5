"""The position of TEXT in a file (FCS 3.1, sections 3.1 and 3.2).

The offsets of TEXT are wrong in some files. Then the known properties of TEXT decide. Before its first
delimiter there are only blanks and the offsets of further segments, which are digits. The primary TEXT holds
$PAR. Keywords and values come in pairs. TEXT consists of characters, up to blanks or to the next segment.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from pipeline.fcs.errors import NotFcsError, TruncatedError, shown
from pipeline.fcs.repairs import Repair, RepairCode
from pipeline.fcs.text.header import HEADER_BYTES, Segment
from pipeline.fcs.text.text import MOST_TEXT_BYTES, FcsText, parse_text, split_words

MOST_BESIDE = 1 << 16
"""Bytes that are searched before and after the given offsets. Convention: a bound on the search."""

BLANKS = b" \0"
"""Bytes with which instruments fill room between segments."""

BLANKS_AND_LINE_ENDS = BLANKS + b"\r\n"
BEFORE_TEXT = BLANKS + b"0123456789"
"""HEADER may hold the offsets of further segments before TEXT (3.1)."""


@dataclass(frozen=True, slots=True)
class Source:
    """An open file of `size` bytes, and the origin of the offsets of a data set."""

    file: BinaryIO
    name: str
    size: int
    start: int = 0

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes from `offset` on; fewer at the end of the file."""
        count = min(count, self.size - self.start - offset)
        if count <= 0:
            return b""
        self.file.seek(self.start + offset)
        return self.file.read(count)


def holds_text(source: Source, segment: Segment) -> bool:
    """Whether there is a primary TEXT at these offsets."""
    raw = source.read(segment.begin, min(segment.size, MOST_TEXT_BYTES))
    return _starts(raw, 0, len(raw), b"")


def read_text(
    source: Source,
    segment: Segment,
    other_segments: Sequence[Segment],
    which: str = "TEXT",
    delimiter: bytes = b"",
) -> tuple[FcsText, Segment, bytes]:
    """Read TEXT or supplemental TEXT.

    Parameters
    ----------
    source, segment
        The file, and the stated position of TEXT.
    other_segments
        The stated positions of other segments; TEXT does not overlap them.
    which, delimiter
        `TEXT`, or `supplemental TEXT` with the delimiter of the primary one.

    Returns
    -------
    tuple of Text, Segment and bytes
        The keywords, their position, and the delimiter.

    Raises
    ------
    FcsError
        There is no TEXT at this position.
    """
    _check(source, segment, which)
    free = max([HEADER_BYTES, segment.begin - MOST_BESIDE, *_ends_before(other_segments, segment.begin)])
    low = min(free, max(0, segment.begin - 1))
    high = min(
        (other_segment.begin for other_segment in other_segments if other_segment.begin > segment.end),
        default=source.size,
    )
    window = source.read(low, min(high, segment.end + 1 + MOST_BESIDE) - low)
    stated_begin, stated_end = segment.begin - low, min(segment.end + 1 - low, len(window))
    begin = _begin(window, free - low, stated_begin, stated_end, delimiter)
    mark = window[begin : begin + 1]
    foreign = _foreign_delimiter(window, begin)
    if foreign:
        raise NotFcsError(
            f"{source.name}: {which} has the delimiter {shown(foreign)}, which is no ASCII character, "
            "expected a delimiter of one byte (such as |); export the file with another delimiter"
        )
    if not mark.isascii() or mark.isalnum() or mark != (delimiter or mark):
        raise NotFcsError(
            f"{source.name}: {which} begins with {shown(mark.decode('latin-1'))} at byte {low + begin:,}, "
            "expected the delimiter, no letter or digit and one for all TEXT; its offset is wrong"
        )
    end = _end(window, begin, stated_end, low)
    actual = Segment(low + begin, low + end - 1)
    text = parse_text(window[begin:end], source.name, which)
    repairs = tuple(_repairs(which, segment, actual))
    after, beyond = end - 1 - window.rfind(mark, begin, end), max(0, actual.end - segment.end)
    return FcsText(text.keywords, (*repairs, *text.repairs), after, beyond), actual, mark


def _check(source: Source, segment: Segment, which: str) -> None:
    begin = source.start + segment.begin
    if begin >= source.size:
        raise TruncatedError(
            f"{source.name}: {which} should begin at byte {begin:,}, but the file ends after "
            f"{source.size:,}; it is cut off or no FCS file, copy it again"
        )
    if segment.size < 2 or segment.size > MOST_TEXT_BYTES:
        raise NotFcsError(
            f"{source.name}: {which} goes from byte {segment.begin:,} to {segment.end:,}, expected 2 to "
            f"{MOST_TEXT_BYTES:,} bytes; its offsets are damaged, export the file again"
        )


def _ends_before(other_segments: Sequence[Segment], begin: int) -> list[int]:
    return [segment.end + 1 for segment in other_segments if segment.size and segment.end < begin]


def _begin(window: bytes, free: int, stated_begin: int, end: int, delimiter: bytes) -> int:
    """Return the start of TEXT: after blanks, at its stated position, or one byte beside it."""
    first = stated_begin - len(window[free:stated_begin].lstrip(BEFORE_TEXT))
    if (
        first < stated_begin
        and _starts(window, first, end, delimiter)
        and _is_written(window[first:stated_begin], window[first : first + 1])
    ):
        return first
    return next(
        (
            begin
            for begin in (stated_begin, stated_begin - 1, stated_begin + 1)
            if _starts(window, begin, end, delimiter)
        ),
        stated_begin,
    )


def _starts(window: bytes, begin: int, end: int, delimiter: bytes) -> bool:
    """Whether this byte is the delimiter: that of the primary TEXT, or the one before $PAR."""
    mark = window[begin : begin + 1] if begin >= 0 else b""
    if delimiter:
        return mark == delimiter
    if not mark or mark.isalnum():
        return False
    return window.find(mark + b"$PAR", begin, end) >= 0 or mark + b"$PAR" in window[begin:end].upper()


def _foreign_delimiter(window: bytes, begin: int) -> str:
    """Return a delimiter that is not an ASCII character, of one byte or, in UTF-8, of up to four; else ""."""
    if window[begin : begin + 1].isascii():
        return ""
    keywords = window.upper()
    for first in range(begin, max(-1, begin - 4), -1):
        for length in (1, 2, 3, 4):
            mark = window[first : first + length]
            if first + length > begin and mark + b"$PAR" + mark in keywords:
                return mark.decode("utf-8" if length > 1 else "latin-1", "replace")
    return ""


def _is_written(raw: bytes, mark: bytes) -> bool:
    return len(_written(raw, mark)) == len(raw)


def _written(raw: bytes, mark: bytes) -> bytes:
    """Return the printable characters at the start of `raw`."""
    match = re.match(rb"[\t\n\r\f\x20-\x7e\x80-\xff" + re.escape(mark) + rb"]*", raw)
    return match[0] if match else b""


def _end(window: bytes, begin: int, stated_end: int, low: int) -> int:
    """Return the byte after TEXT: as stated, or later if pairs or the rest of a word follow."""
    mark = window[begin : begin + 1]
    beyond = _written(window[stated_end:], mark)
    if not beyond.strip(BLANKS):
        return stated_end
    beyond = beyond[: _next_named(window[begin:stated_end], mark, low + stated_end) - low - stated_end]
    is_closed = window[begin:stated_end].rstrip(BLANKS if beyond[:1] == b" " else b"").endswith(mark)
    if is_closed and beyond[:1] == b" ":
        return stated_end
    more = beyond[: beyond.rfind(mark) + 1]
    if more and _n_words(window[begin : stated_end + len(more)]) % 2 == 0:
        lacks = not is_closed or _n_words(window[begin:stated_end]) % 2 or more.count(mark) > 1
        return stated_end + len(more) if lacks else stated_end
    if is_closed:
        return stated_end
    if more:
        return stated_end + more.index(mark) + 1
    written = beyond.rstrip(BLANKS_AND_LINE_ENDS)
    return (
        stated_end
        if window[stated_end + len(written) :].strip(BLANKS_AND_LINE_ENDS)
        else stated_end + len(written)
    )


def _next_named(text: bytes, mark: bytes, end: int) -> int:
    """Return the start of the next segment after TEXT, of those that TEXT itself names."""
    form = rb"\$BEGIN(?:STEXT|DATA|ANALYSIS)" + re.escape(mark) + rb"\s*(\d{1,18})"
    named = [int(match[1]) for match in re.finditer(form, text, re.IGNORECASE)]
    return min((begin for begin in named if begin >= end), default=sys.maxsize)


def _n_words(raw: bytes) -> int:
    content = raw.decode("latin-1")
    return len(split_words(content[1:], content[0]))


def _repairs(which: str, stated: Segment, actual: Segment) -> list[Repair]:
    span = f"{which} {{0.begin}}-{{0.end}}"
    repairs = []
    if actual.begin != stated.begin:
        side = "after" if actual.begin < stated.begin else "before"
        text = f"{which} is said to begin {abs(stated.begin - actual.begin):,} bytes {side} its delimiter"
        repairs.append(Repair(RepairCode.TEXT_BEGIN_WRONG, text, span.format(stated), span.format(actual)))
    if actual.end < stated.end:
        text = f"{which} is cut off: {stated.end - actual.end:,} bytes are missing where the file ends"
        repairs.append(Repair(RepairCode.TEXT_CUT, text, span.format(stated), span.format(actual)))
    if actual.end > stated.end:
        text = f"{which} goes on for {actual.end - stated.end:,} bytes beyond the end that is said"
        repairs.append(Repair(RepairCode.TEXT_END_SHORT, text, span.format(stated), span.format(actual)))
    return repairs
