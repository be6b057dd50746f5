"""Layout: how an event is stored, and which bytes of the file are DATA.

What HEADER, TEXT, $TOT and $PnB claim must agree with the number of bytes there are. Where they do not, every
reading that the claims allow is tried and the one that the bytes bear out is used and reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from pipeline.fcs.errors import NotFcsError, TruncatedError, UnsupportedError
from pipeline.fcs.header import Header, Segment
from pipeline.fcs.parameters import Parameter
from pipeline.fcs.repairs import Repair
from pipeline.fcs.text import whole_number

MOST_PEEKED = 1 << 16
"""Bytes looked at to tell padding from events."""

Peek = Callable[[int, int], bytes]

FLOAT_BITS = {"F": 32, "D": 64}
"""Section 3.2.18: IEEE 754 single and double."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value of an event: its kind, where it starts in the event, how many bits it has and which count."""

    kind: str
    start: int
    bits: int
    mask: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How one event is stored.

    Attributes
    ----------
    fields
        One per channel.
    record_bits
        Length of an event; 0 for ASCII of free width.
    byte_order
        Significance of each byte of a value, least is 1, as $BYTEORD says it.
    note
        What was assumed beyond the keywords; "" for nothing.
    """

    fields: tuple[Field, ...]
    record_bits: int
    byte_order: tuple[int, ...]
    note: str = ""

    @property
    def is_text(self) -> bool:
        """Whether values are written as ASCII digits."""
        return self.fields[0].kind == "A"

    def n_bytes(self, n_events: int) -> int:
        """Return how many bytes so many events take."""
        return -(-self.record_bits * n_events // 8)

    def n_events(self, n_bytes: int) -> int:
        """Return how many whole events so many bytes hold."""
        return n_bytes * 8 // self.record_bits if self.record_bits else 0


@dataclass(frozen=True, slots=True)
class Place:
    """DATA: its layout, first byte (from the start of the file), length in bytes, and number of events."""

    layout: Layout
    begin: int
    n_bytes: int
    n_events: int


@dataclass(frozen=True, slots=True)
class Claims:
    """What HEADER and TEXT say, where the data set starts (offsets count from it), the file's size and name."""

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
        Take the whole events that are there where $TOT promises more.

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
    layouts = list(_layouts(claims.parameters, _byte_order(claims)))
    if not segments:
        return _nothing(layouts[0], claims), []
    readings = [
        _Reading(source, segment, layout, _misfit(segment, layout, claims))
        for (source, segment), layout in product(segments.items(), layouts)
    ]
    best = min(readings, key=lambda reading: reading.misfit)
    place, counted = _count(best, claims, peek, allow_truncated=allow_truncated)
    return place, [
        *_repairs_of_place(best, segments, claims.header),
        *_repairs_of_layout(best.layout),
        *counted,
    ]


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


def _byte_order(claims: Claims) -> tuple[int, ...]:
    """$BYTEORD (3.2.18): any order of 1 to n, n the bytes of a word."""
    value = claims.keywords.get("$BYTEORD", "").strip(" \0")[:40]
    parts = value.replace(" ", "").split(",")
    order = tuple(int(part) for part in parts) if all(part in tuple("12345678") for part in parts) else ()
    if sorted(order) == list(range(1, len(order) + 1)) and order:
        return order
    if all(parameter.kind == "A" or parameter.bits <= 8 for parameter in claims.parameters):
        return (1,)
    raise UnsupportedError(
        f"{claims.file}: $BYTEORD is {value[:20]!r}, expected 1,2,3,4 or 4,3,2,1 or another order; "
        "export it again"
    )


def _layouts(parameters: tuple[Parameter, ...], byte_order: tuple[int, ...]) -> Iterator[Layout]:
    """Yield the layout that the keywords say, then those that instruments write instead."""
    if any(parameter.kind == "A" for parameter in parameters):
        yield _ascii(parameters, byte_order)
        return
    said = [FLOAT_BITS.get(parameter.kind, parameter.bits) for parameter in parameters]
    yield _layout(parameters, said, byte_order)
    if any(
        parameter.kind != "I" and parameter.bits != bits
        for parameter, bits in zip(parameters, said, strict=True)
    ):
        if all(parameter.kind == "I" or parameter.bits in (32, 64) for parameter in parameters):
            kinds = tuple(
                replace(p, kind="D" if p.bits == 64 else "F") if p.kind != "I" else p for p in parameters
            )
            yield _layout(
                kinds,
                [p.bits for p in parameters],
                byte_order,
                "floating-point values have the width of $PnB",
            )
    for note, widths in (
        ("bytes", (8, 16, 24, 32, 40, 48, 56, 64)),
        ("words of 8, 16, 32 or 64 bits", (8, 16, 32, 64)),
    ):
        wider = [next(width for width in widths if width >= bits) for bits in said]
        if wider != said:
            yield _layout(
                parameters, wider, byte_order, f"values narrower than a word are stored in whole {note}"
            )


def _layout(
    parameters: tuple[Parameter, ...], bits: list[int], order: tuple[int, ...], note: str = ""
) -> Layout:
    fields, start = [], 0
    for parameter, width in zip(parameters, bits, strict=True):
        mask = parameter.mask
        if mask is None and parameter.kind == "I" and width > parameter.bits:
            mask = (1 << parameter.bits) - 1
        fields.append(Field(parameter.kind, start, width, mask))
        start += width
    return Layout(tuple(fields), start, order, note)


def _ascii(parameters: tuple[Parameter, ...], order: tuple[int, ...]) -> Layout:
    """$DATATYPE A: $PnB characters a value, or `*` for values between delimiters (FCS 3.0, 3.2.18)."""
    if any(parameter.bits == 0 for parameter in parameters):
        return Layout(tuple(Field("A", 0, 0) for _ in parameters), 0, order)
    return _layout(parameters, [8 * parameter.bits for parameter in parameters], order)


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
    """0 the right length, 1 off by a byte, 2 whole events but not $TOT, 3 longer, 4 shorter."""
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
    if not header.data.size and best.segment.size and best.segment.end <= 99_999_999:
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
        found = Repair(
            "TOT_ABSENT", "TEXT has no readable $TOT; events were counted by the bytes", "", str(held)
        )
        return Place(layout, claims.start + begin, layout.n_bytes(held), held), [found]
    place = Place(layout, claims.start + begin, layout.n_bytes(total), total)
    excess = reading.segment.size - place.n_bytes
    if excess == 0 and there == place.n_bytes:
        return place, []
    if abs(excess) == 1 and begin + place.n_bytes <= claims.room:
        return place, [_off_by_one(reading, excess)]
    if place.n_bytes > there:
        return _truncated(place, held, there, claims.file, allow_truncated=allow_truncated)
    return _longer(place, held, there, claims, peek)


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
    """DATA is longer than $TOT: padding is left out, whole events are read, anything else is refused."""
    excess = there - place.n_bytes
    tail = peek(place.begin + place.n_bytes, min(excess, MOST_PEEKED))
    record = place.layout.record_bits
    if not tail.strip(b"\0 ") or 8 * excess < record:
        text = f"DATA is {excess:,} bytes longer than $TOT events need; these were left out"
        return place, [Repair("DATA_LONGER", text, f"{there} bytes", f"{place.n_bytes} bytes")]
    if there * 8 % record <= 8:
        found = Repair(
            "TOT_DIFFERS",
            "DATA holds whole events beyond $TOT; all were read",
            str(place.n_events),
            str(held),
        )
        return replace(place, n_bytes=place.layout.n_bytes(held), n_events=held), [found]
    raise NotFcsError(
        f"{claims.file}: DATA has {there:,} bytes, expected {place.n_bytes:,} for $TOT {place.n_events:,} events of "
        f"{record} bits ($PnB); these disagree, export the file again"
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
            f"{file}: $TOT says {place.n_events:,} events ({place.n_bytes:,} bytes of DATA), but there are {there:,} "
            f"bytes, {held:,} whole events; copy or export the file again (or read what is there: allow_truncated)"
        )
    repair = Repair(
        "TRUNCATED",
        "DATA ends early; the whole events before its end were read",
        str(place.n_events),
        str(held),
    )
    return replace(place, n_bytes=place.layout.n_bytes(held), n_events=held), [repair]
