"""Claims: what a file says of its DATA, one way to understand that, and what was decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.fcs.layout.layout import Layout
from pipeline.fcs.text.header import Header, Segment
from pipeline.fcs.text.parameters import Parameter
from pipeline.fcs.text.text import Text, keyword_integer

Peek = Callable[[int, int], bytes]
"""Reads bytes of the file: (position, count)."""


@dataclass(frozen=True, slots=True)
class DataSegment:
    """DATA: its layout, first byte (from the start of the file), length in bytes, and number of events."""

    layout: Layout
    begin: int
    n_bytes: int
    n_events: int


@dataclass(frozen=True, slots=True)
class Claims:
    """What HEADER and TEXT say of a data set.

    Attributes
    ----------
    text, header
        TEXT as it was found, and HEADER with its place.
    start, end
        The byte from which its offsets count, and where the next data set begins or the file ends.
    file_size, file
        Size and name of the file.
    next_beside
        How many bytes after the place that $NEXTDATA says the next data set begins.
    """

    header: Header
    text: Text
    parameters: tuple[Parameter, ...]
    start: int
    end: int
    file_size: int
    file: str
    next_beside: int = 0

    @property
    def keywords(self) -> Mapping[str, str]:
        """Those of TEXT."""
        return self.text.keywords

    @property
    def room(self) -> int:
        """Bytes from the start of the data set to its end."""
        return self.end - self.start

    @property
    def room_ends(self) -> str:
        """What is at the end of the room, for messages; nothing to say where it is the end of the file."""
        return "" if self.end == self.file_size else ", before the next data set begins"

    def said_in_text(self, which: str) -> Segment:
        """Return the segment that TEXT names: DATA, ANALYSIS or STEXT."""
        begin, end = (keyword_integer(self.keywords.get(f"${side}{which}")) or 0 for side in ("BEGIN", "END"))
        return Segment(begin, end)

    @property
    def total(self) -> int | None:
        """$TOT; None where it is absent (FCS 2.0 allows that) or no number."""
        total = keyword_integer(self.keywords.get("$TOT"))
        return None if total is None or total < 0 else total


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand the claims.

    Attributes
    ----------
    source, segment, layout
        HEADER or TEXT, where it places DATA, and how events are stored.
    misfit
        How badly the bytes fit, the lowest is best: not of the length that $TOT and the widths need, beyond
        the room, over TEXT, by which kind of length it is wrong, and not followed by the end of the room.
    """

    source: str
    segment: Segment
    layout: Layout
    misfit: tuple[int, ...]

    @property
    def is_perfect(self) -> bool:
        """Whether DATA is in the room, clear of TEXT and of the right length."""
        return not any(self.misfit[:4])

    @property
    def is_outside(self) -> bool:
        """Whether the events need bytes beyond the room."""
        return bool(self.misfit[1])

    @property
    def is_over_text(self) -> bool:
        """Whether DATA and TEXT are said to share bytes."""
        return bool(self.misfit[2])

    @property
    def widths(self) -> tuple[int, ...]:
        """Bits of each channel."""
        return tuple(field.bits for field in self.layout.fields)

    def __str__(self) -> str:
        return f"{self.source} {self.segment.begin}-{self.segment.end}"


Weigh = Callable[[Sequence[Reading], Claims, Peek], tuple[Reading, str] | None]
"""Tells by the values which of several places is right, and how; None where they do not tell."""
