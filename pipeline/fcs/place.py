"""Place: which bytes of the file are DATA.

What HEADER, TEXT, $TOT and $PnB claim must agree with the number of bytes there are. Where they do not, all
readings that the claims allow are tried; the one that the bytes bear out is used and reported. Where none is,
the file is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from pipeline.fcs.errors import NotFcsError, TruncatedError
from pipeline.fcs.header import LARGEST_HEADER_OFFSET, Header, Segment
from pipeline.fcs.layout import Layout, check_byte_order, other_layouts, parse_byte_order, said_layout
from pipeline.fcs.parameters import Parameter
from pipeline.fcs.repairs import Repair
from pipeline.fcs.text import whole_number

MOST_PEEKED = 1 << 16
"""Bytes looked at to tell padding from events."""

PERFECT = (False, False, 0)
"""Inside the file, clear of TEXT, of the right length."""

Peek = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Place:
    """DATA: its layout, first byte (from the start of the file), length in bytes, and number of events."""

    layout: Layout
    begin: int
    n_bytes: int
    n_events: int


@dataclass(frozen=True, slots=True)
class Claims:
    """What HEADER and TEXT say; the start of the data set (offsets count from it); the file's size, name."""

    header: Header
    keywords: Mapping[str, str]
    parameters: tuple[Parameter, ...]
    start: int
    file_size: int
    file: str

    @property
    def room(self) -> int:
        """Bytes from the start of the data set to the end of the file."""
        return self.file_size - self.start

    @property
    def total(self) -> int | None:
        """$TOT; None where it is absent (FCS 2.0 allows that) or no number."""
        total = whole_number(self.keywords.get("$TOT"))
        return None if total is None or total < 0 else total


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to understand the claims, and how badly the bytes fit it (lowest is best)."""

    source: str
    segment: Segment
    layout: Layout
    misfit: tuple[int, ...]


def find_data(claims: Claims, peek: Peek, *, allow_truncated: bool) -> tuple[Place, list[Repair]]:
    """Decide where DATA lies and how its events are stored.

    Parameters
    ----------
    claims
        What the file says.
    peek
        Reads bytes of the file: (position, count); called only where the claims disagree.
    allow_truncated
        Take the whole events that are there where $TOT promises more; not where HEADER and TEXT place DATA
        differently, since then no byte says which is right.

    Raises
    ------
    NotFcsError
        No DATA segment, or more bytes than events and widths explain.
    TruncatedError
        Fewer events than $TOT.
    UnsupportedError
        A byte order that is not read.
    """
    segments = _segments(claims)
    order = parse_byte_order(claims.keywords.get("$BYTEORD", ""), claims.parameters, claims.file)
    said = said_layout(claims.parameters, order)
    if not segments:
        return _nothing(said, claims), []
    best = _best(segments, [said], claims)
    if best.misfit[:3] != PERFECT:
        best = _best(segments, [said, *other_layouts(claims.parameters, order)], claims)
    check_byte_order(best.layout, claims.file)
    allowed = allow_truncated and len({segment.begin for segment in segments.values()}) == 1
    place, counted = _count(best, claims, peek, allow_truncated=allowed)
    return place, [
        *_repairs_of_place(best, segments, claims.header),
        *_repairs_of_layout(best.layout),
        *counted,
    ]


def _best(segments: Mapping[str, Segment], layouts: Sequence[Layout], claims: Claims) -> _Reading:
    readings = [
        _Reading(source, segment, layout, _misfit(segment, layout, claims))
        for (source, segment), layout in product(segments.items(), layouts)
    ]
    return min(readings, key=lambda reading: reading.misfit)


def _segments(claims: Claims) -> dict[str, Segment]:
    """Return the distinct DATA segments that HEADER and TEXT claim (3.1, 3.2.2)."""
    begin, end = (whole_number(claims.keywords.get(key)) or 0 for key in ("$BEGINDATA", "$ENDDATA"))
    said = {"HEADER": claims.header.data, "TEXT": Segment(begin, end)}
    found = {source: segment for source, segment in said.items() if segment.size}
    if len(set(found.values())) < len(found):
        del found["TEXT"]
    return found


def _nothing(layout: Layout, claims: Claims) -> Place:
    if claims.total:
        raise NotFcsError(
            f"{claims.file}: neither HEADER nor TEXT says where DATA lies, though $TOT says {claims.total:,} "
            "events; export it again"
        )
    return Place(layout, claims.start, 0, 0)


def _misfit(segment: Segment, layout: Layout, claims: Claims) -> tuple[int, ...]:
    """Rank a reading: inside the file, clear of TEXT, of the right length, ending near the end of it."""
    total, text = claims.total, claims.header.text
    n_bytes = segment.size if total is None else layout.n_bytes(total)
    outside = segment.begin + n_bytes > claims.room
    over_text = segment.begin < text.end and text.begin < segment.begin + n_bytes - 1
    return (
        outside,
        over_text,
        _length_misfit(segment.size, layout, total),
        abs(claims.room - 1 - segment.end),
    )


def _length_misfit(size: int, layout: Layout, total: int | None) -> int:
    """Return 0 for the right length, 1 off by a byte, 2 whole events but not $TOT, 3 longer, 4 shorter."""
    rest = size * 8 % layout.record_bits // 8 if layout.record_bits else 0
    if total is None:
        return {0: 0, 1: 1}.get(rest, 3)
    excess = size - layout.n_bytes(total)
    if abs(excess) <= 1:
        return abs(excess)
    return 2 if rest == 0 else 3 if excess > 0 else 4


def _repairs_of_place(best: _Reading, segments: Mapping[str, Segment], header: Header) -> Iterator[Repair]:
    for source, segment in segments.items():
        if source != best.source:
            text = f"HEADER and TEXT give different places of DATA; those of {best.source} fit the bytes"
            yield Repair("DATA_OFFSETS_DIFFER", text, f"{source} {segment.begin}-{segment.end}", _span(best))
    if best.misfit[1]:
        text = "DATA begins within TEXT; one of the two offsets is wrong"
        yield Repair("DATA_WITHIN_TEXT", text, f"TEXT {header.text.begin}-{header.text.end}", _span(best))
    if not header.data.size and best.segment.size and best.segment.end <= LARGEST_HEADER_OFFSET:
        text = "HEADER does not say where DATA lies, though its eight digits could; TEXT was used"
        yield Repair("HEADER_OFFSETS_BLANK", text, "HEADER blank or 0", _span(best))


def _repairs_of_layout(layout: Layout) -> Iterator[Repair]:
    if layout.note:
        widths = ", ".join(str(bits) for bits in sorted({field.bits for field in layout.fields}))
        yield Repair("WIDTHS_DIFFER", f"{layout.note}: so the bytes fit $TOT", "$PnB", f"{widths} bits")


def _span(reading: _Reading) -> str:
    return f"{reading.source} {reading.segment.begin}-{reading.segment.end}"


def _count(
    reading: _Reading, claims: Claims, peek: Peek, *, allow_truncated: bool
) -> tuple[Place, list[Repair]]:
    """Decide how many events there are, from $TOT and the bytes."""
    layout, begin, total = reading.layout, reading.segment.begin, claims.total
    there = max(0, min(reading.segment.size, claims.room - begin))
    if layout.record_bits == 0:
        return _free_text(layout, claims, begin, there), []
    held = layout.n_events(there)
    if total is None:
        return _uncounted(reading, claims, held, there, allow_truncated=allow_truncated)
    place = Place(layout, claims.start + begin, layout.n_bytes(total), total)
    excess = reading.segment.size - place.n_bytes
    if (excess == 0 and there == place.n_bytes) or (total == 0 and excess <= 1):
        return place, []
    if abs(excess) == 1 and begin + place.n_bytes <= claims.room:
        return place, [_off_by_one(reading, excess)]
    if place.n_bytes > there:
        return _truncated(place, held, there, claims.file, allow_truncated=allow_truncated)
    return _longer(place, held, there, claims, peek)


def _uncounted(
    reading: _Reading, claims: Claims, held: int, there: int, *, allow_truncated: bool
) -> tuple[Place, list[Repair]]:
    """Count events by the bytes: $TOT is optional in FCS 2.0."""
    layout, begin = reading.layout, claims.start + reading.segment.begin
    if reading.segment.size > there + 1:
        claimed = layout.n_events(reading.segment.size)
        place = Place(layout, begin, layout.n_bytes(claimed), claimed)
        return _truncated(place, held, there, claims.file, allow_truncated=allow_truncated)
    text = "TEXT has no readable $TOT; events were counted by the bytes"
    repair = Repair("TOT_ABSENT", text, claims.keywords.get("$TOT", "nothing")[:40], str(held))
    return Place(layout, begin, layout.n_bytes(held), held), [repair]


def _free_text(layout: Layout, claims: Claims, begin: int, there: int) -> Place:
    """Each number of free width takes a character and a delimiter at least."""
    total = claims.total
    if total is None or 2 * total * len(layout.fields) > there + 1:
        raise TruncatedError(
            f"{claims.file}: $TOT says {total} events of {len(layout.fields)} ASCII numbers, but DATA has "
            f"{there:,} bytes; copy or export the file again"
        )
    return Place(layout, claims.start + begin, there, total)


def _longer(place: Place, held: int, there: int, claims: Claims, peek: Peek) -> tuple[Place, list[Repair]]:
    """Leave padding out and read whole events where DATA is longer than $TOT; refuse anything else."""
    excess = there - place.n_bytes
    tail = peek(place.begin + place.n_bytes, min(excess, MOST_PEEKED))
    record = place.layout.record_bits
    if not tail.strip(b"\0 ") or 8 * excess < record:
        text = f"DATA is {excess:,} bytes longer than $TOT events need; these were left out"
        return place, [Repair("DATA_LONGER", text, f"{there} bytes", f"{place.n_bytes} bytes")]
    if there * 8 % record <= 8:
        text = "DATA holds whole events beyond $TOT; all were read"
        repair = Repair("TOT_DIFFERS", text, str(place.n_events), str(held))
        return replace(place, n_bytes=place.layout.n_bytes(held), n_events=held), [repair]
    raise NotFcsError(
        f"{claims.file}: DATA has {there:,} bytes, expected {place.n_bytes:,} for {place.n_events:,} events "
        f"($TOT), {record} bits each ($PnB); export the file again"
    )


def _off_by_one(reading: _Reading, excess: int) -> Repair:
    side = "after" if excess > 0 else "before"
    text = f"the end of DATA in {reading.source} is one byte {side} the last; $TOT and the widths were used"
    return Repair("DATA_END_OFF_BY_ONE", text, str(reading.segment.end), str(reading.segment.end - excess))


def _truncated(
    place: Place, held: int, there: int, file: str, *, allow_truncated: bool
) -> tuple[Place, list[Repair]]:
    if not allow_truncated:
        raise TruncatedError(
            f"{file}: expected {place.n_events:,} events ({place.n_bytes:,} bytes of DATA), but there are "
            f"{there:,} bytes, {held:,} whole events; copy or export the file again (or allow_truncated)"
        )
    text = "DATA ends early; the whole events before its end were read"
    repair = Repair("TRUNCATED", text, str(place.n_events), str(held))
    return replace(place, n_bytes=place.layout.n_bytes(held), n_events=held), [repair]
