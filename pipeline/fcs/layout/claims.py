"""The claims of a file about its DATA, one reading of these claims, and the decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.fcs.layout.layout import Layout
from pipeline.fcs.text.header import Header, Segment
from pipeline.fcs.text.parameters import Parameter
from pipeline.fcs.text.text import FcsText, keyword_integer

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
    """The statements of HEADER and TEXT about a data set.

    Attributes
    ----------
    text, header
        TEXT, and HEADER with the position at which TEXT was found.
    start, end
        The byte from which its offsets count, and the byte at which the next data set begins or the file
        ends.
    file_size, file
        Size and name of the file.
    next_beside
        Number of bytes between the position in $NEXTDATA and the true start of the next data set.
    """

    header: Header
    text: FcsText
    parameters: tuple[Parameter, ...]
    start: int
    end: int
    file_size: int
    file: str
    next_beside: int = 0

    @property
    def keywords(self) -> Mapping[str, str]:
        """The keywords of TEXT."""
        return self.text.keywords

    @property
    def room(self) -> int:
        """Bytes from the start of the data set to its end."""
        return self.end - self.start

    @property
    def room_ends(self) -> str:
        """What follows the bytes of this data set, for messages; "" if the file ends there."""
        return "" if self.end == self.file_size else ", before the next data set begins"

    def segment_in_text(self, which: str) -> Segment:
        """Return the segment that TEXT names: DATA, ANALYSIS or STEXT."""
        begin, end = (keyword_integer(self.keywords.get(f"${side}{which}")) or 0 for side in ("BEGIN", "END"))
        return Segment(begin, end)

    @property
    def total(self) -> int | None:
        """$TOT; None if it is absent (FCS 2.0 allows that) or not a number."""
        total = keyword_integer(self.keywords.get("$TOT"))
        return None if total is None or total < 0 else total


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the claims.

    Attributes
    ----------
    source, segment, layout
        HEADER or TEXT, the position that it gives for DATA, and how events are stored.
    misfit
        How badly the bytes fit; the lowest is best. In this order: the length is not that of $TOT and the
        widths, DATA goes beyond the data set, DATA overlaps TEXT, the kind of wrong length, DATA does not end
        where the data set ends.
    """

    source: str
    segment: Segment
    layout: Layout
    misfit: tuple[int, ...]

    @property
    def is_perfect(self) -> bool:
        """Whether DATA lies within the data set, does not overlap TEXT, and has the right length."""
        return not any(self.misfit[:4])

    @property
    def is_outside(self) -> bool:
        """Whether the events need bytes beyond the data set."""
        return bool(self.misfit[1])

    @property
    def is_over_text(self) -> bool:
        """Whether the claims make DATA and TEXT overlap."""
        return bool(self.misfit[2])

    @property
    def widths(self) -> tuple[int, ...]:
        """Bits of each channel."""
        return tuple(field.bits for field in self.layout.fields)

    def __str__(self) -> str:
        return f"{self.source} {self.segment.begin}-{self.segment.end}"


Weigh = Callable[[Sequence[Reading], Claims, Peek], tuple[Reading, str] | None]
"""Decides by the values which of several positions is right, and gives the reasons; None if they do not show
it."""
