"""The position of DATA in the file.

HEADER, TEXT, $TOT and $PnB must agree with the number of bytes. If they do not, all readings that they allow
are tried. The one reading that fits the bytes is used and reported. If none fits, or more than one, the file
is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from pipeline.fcs.errors import NotFcsError, shown_keyword
from pipeline.fcs.layout.claims import Claims, DataSegment, Peek, Reading, Weigh
from pipeline.fcs.layout.count import count_events
from pipeline.fcs.layout.layout import (
    Layout,
    check_byte_order,
    layout_by_keywords,
    other_layouts,
    parse_byte_order,
)
from pipeline.fcs.layout.shifted_text import AFTER_DATA, check_shift
from pipeline.fcs.repairs import Repair, RepairCode
from pipeline.fcs.text.header import LARGEST_HEADER_OFFSET, Header, Segment


def find_data(
    claims: Claims, peek: Peek, weigh: Weigh, *, allow_truncated: bool
) -> tuple[DataSegment, list[Repair]]:
    """Decide where DATA lies and how its events are stored.

    Parameters
    ----------
    claims
        The claims of the file.
    peek
        Reads bytes of the file; called only if the claims disagree.
    weigh
        Decides by the values which of two positions is right, if HEADER and TEXT give two and both fit.
    allow_truncated
        Whether the complete events are read if $TOT promises more. It has no effect if HEADER and TEXT give
        different positions of DATA, since then nothing shows which is right.

    Raises
    ------
    NotFcsError
        There is no DATA segment, or no reading or more than one fits the bytes.
    TruncatedError
        Fewer events than $TOT.
    UnsupportedError
        A byte order that is not read.
    """
    segments = _segments(claims)
    order = parse_byte_order(claims.keywords.get("$BYTEORD", ""), claims.parameters, claims.file)
    layout = layout_by_keywords(claims.parameters, order)
    if not segments:
        return _nothing(layout, claims), []
    best, how = _weighed(segments, layout, claims, peek, weigh) or (_best(segments, [layout], claims), "")
    if not best.is_perfect or (claims.total is None and layout.is_packed):
        best = _best(segments, [layout, *other_layouts(claims.parameters, order)], claims)
    check_shift(best, claims, peek, allow_truncated=allow_truncated)
    ordered = check_byte_order(best.layout, claims.file)
    n_places = len({segment.begin for segment in segments.values()})
    data, counted = count_events(
        best,
        claims,
        peek,
        is_agreed=n_places == 1 < len(segments),
        allow_truncated=allow_truncated and n_places == 1,
    )
    return data, [
        *_repairs_of_offsets(best, segments, claims.header, how),
        *_widths(best.layout),
        *ordered,
        *counted,
    ]


def _segments(claims: Claims) -> dict[str, Segment]:
    """Return the DATA segments that HEADER and TEXT give (3.1, 3.2.2)."""
    segments = {"HEADER": claims.header.data, "TEXT": claims.segment_in_text("DATA")}
    return {source: segment for source, segment in segments.items() if segment.size}


def _nothing(layout: Layout, claims: Claims) -> DataSegment:
    if claims.total != 0:
        raise NotFcsError(
            f"{claims.file}: neither HEADER nor TEXT says where DATA lies, though $TOT says "
            f"{shown_keyword(claims.keywords.get('$TOT'))} and not 0; export it again"
        )
    return DataSegment(layout, claims.start, 0, 0)


def _best(segments: Mapping[str, Segment], layouts: Sequence[Layout], claims: Claims) -> Reading:
    """Return the best reading; refuse the file if another position or other widths fit equally well."""
    readings = [
        Reading(source, segment, layout, _misfit(segment, layout, claims))
        for (source, segment), layout in product(segments.items(), layouts)
    ]
    best = min(readings, key=lambda reading: (reading.misfit, abs(_excess(reading, claims.total))))
    equal = [reading for reading in readings if reading.misfit == best.misfit]
    if len({reading.segment.begin for reading in equal}) > 1 and not best.is_outside:
        places = " and ".join(map(str, equal[:2]))
        raise NotFcsError(
            f"{claims.file}: HEADER and TEXT place DATA differently, at {places}, and the bytes fit both; "
            "neither a count of events nor a time shows which; export it again"
        )
    if len({reading.widths for reading in equal}) > 1 and (claims.total is None or not best.is_perfect):
        events = " or of ".join(f"{reading.layout.record_bits} bits" for reading in equal[:2])
        raise NotFcsError(
            f"{claims.file}: $TOT is {shown_keyword(claims.keywords.get('$TOT'))}, and DATA holds whole "
            f"events of {events}, expected $TOT to show which; export it again"
        )
    return best


def _weighed(
    segments: Mapping[str, Segment], layout: Layout, claims: Claims, peek: Peek, weigh: Weigh
) -> tuple[Reading, str] | None:
    """Return the position that the values support, if both fit the bytes, and the reasons."""
    readings = [
        Reading(source, segment, layout, _misfit(segment, layout, claims))
        for source, segment in segments.items()
    ]
    if len({reading.segment.begin for reading in readings}) < 2 or not all(r.is_perfect for r in readings):
        return None
    return weigh(readings, claims, peek)


def _excess(reading: Reading, total: int | None) -> int:
    return 0 if total is None else reading.segment.size - reading.layout.n_bytes(total)


def _misfit(segment: Segment, layout: Layout, claims: Claims) -> tuple[int, ...]:
    """Rank a reading; the length comes first, so that a truncated file is not read in another way."""
    total, text = claims.total, claims.header.text
    n_bytes = segment.size if total is None else layout.n_bytes(total)
    length = _length_misfit(segment.size, layout, total)
    outside = segment.begin + n_bytes > claims.room
    over_text = segment.begin < text.end and text.begin < segment.begin + n_bytes - 1
    return length > 1, outside, over_text, length, claims.room - 1 - segment.end not in AFTER_DATA


def _length_misfit(size: int, layout: Layout, total: int | None) -> int:
    """Return 0 for the right length, 1 off by a byte, 2 whole events but not $TOT, 3 longer, 4 shorter."""
    remainder = size * 8 % layout.record_bits // 8 if layout.record_bits else 0
    if total is None:
        return {0: 0, 1: 1}.get(remainder, 3)
    excess = size - layout.n_bytes(total)
    if abs(excess) <= 1:
        return abs(excess)
    return 2 if remainder == 0 else 3 if excess > 0 else 4


def _repairs_of_offsets(
    best: Reading, segments: Mapping[str, Segment], header: Header, how: str
) -> Iterator[Repair]:
    why = f"both fit the bytes, but at that of {best.source} {how}" if how else ""
    for source, segment in segments.items():
        if segment != best.segment:
            why = why or f"those of {best.source} fit the bytes"
            text = f"HEADER and TEXT give different places of DATA; {why}"
            span = f"{source} {segment.begin}-{segment.end}"
            yield Repair(RepairCode.DATA_OFFSETS_DIFFER, text, span, str(best))
    if best.is_over_text:
        text = "DATA begins within TEXT; one of the two offsets is wrong"
        yield Repair(
            RepairCode.DATA_WITHIN_TEXT, text, f"TEXT {header.text.begin}-{header.text.end}", str(best)
        )
    if not header.data.size and best.segment.size and best.segment.end <= LARGEST_HEADER_OFFSET:
        text = "HEADER does not say where DATA lies, though its eight digits could; TEXT was used"
        yield Repair(RepairCode.HEADER_OFFSETS_BLANK, text, "HEADER blank or 0", str(best))


def _widths(layout: Layout) -> Iterator[Repair]:
    if layout.note:
        widths = ", ".join(str(bits) for bits in sorted({field.bits for field in layout.fields}))
        yield Repair(
            RepairCode.WIDTHS_DIFFER, f"{layout.note}: so the bytes fit $TOT", "$PnB", f"{widths} bits"
        )
