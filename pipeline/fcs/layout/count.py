"""The number of events, by $TOT and by the bytes, and what to do if the two disagree."""

from __future__ import annotations

from dataclasses import replace

from pipeline.fcs.errors import FcsError, NotFcsError, TruncatedError, shown_keyword
from pipeline.fcs.layout.claims import Claims, DataSegment, Peek, Reading
from pipeline.fcs.layout.shifted_text import CHECKSUM_BYTES
from pipeline.fcs.repairs import Repair, RepairCode
from pipeline.fcs.text.segments import BLANKS, BLANKS_AND_LINE_ENDS

MOST_PEEKED = 1 << 16
"""Bytes that are read to distinguish padding from events. Convention: a bound on what is read."""

LEAD = 4
"""Bytes before DATA: if they are blanks, they do not belong to DATA. Convention: one value of 32 bits."""

NUMBER_BYTES = b"0123456789.+-eE"


def count_events(
    reading: Reading, claims: Claims, peek: Peek, *, is_agreed: bool, allow_truncated: bool
) -> tuple[DataSegment, list[Repair]]:
    """Decide how many events there are.

    Parameters
    ----------
    reading, claims, peek
        Position and layout of DATA; the claims of the file; a function that reads bytes of the file.
    is_agreed
        Whether HEADER and TEXT agree on the start of DATA.
    allow_truncated
        Whether the complete events are read if $TOT promises more.

    Raises
    ------
    FcsError
        The number of bytes does not fit $TOT and the widths, or fits in two ways.
    """
    layout, begin, total = reading.layout, reading.segment.begin, claims.total
    available = max(0, min(reading.segment.size, claims.room - begin))
    if layout.record_bits == 0:
        return _free_text(reading, claims, available, peek), []
    if reading.segment.size > available + 1:
        return _beyond(reading, claims, available, allow_truncated=allow_truncated)
    n_whole = layout.n_events(available)
    if total is None:
        text = "TEXT has no readable $TOT; events were counted by the bytes"
        repair = Repair(RepairCode.TOT_ABSENT, text, shown_keyword(claims.keywords.get("$TOT")), str(n_whole))
        return DataSegment(layout, claims.start + begin, layout.n_bytes(n_whole), n_whole), [repair]
    data = DataSegment(layout, claims.start + begin, layout.n_bytes(total), total)
    excess = reading.segment.size - data.n_bytes
    if (excess == 0 and available == data.n_bytes) or (total == 0 and excess <= 1):
        return data, []
    if abs(excess) == 1 and begin + data.n_bytes <= claims.room:
        _check_begin(reading, claims, peek, excess, is_agreed=is_agreed)
        return data, [_off_by_one(reading, excess)]
    if data.n_bytes > available:
        if allow_truncated:
            _check_begin(reading, claims, peek, excess, is_agreed=is_agreed)
            _check_widths(data, available, claims)
        return _truncated(data, n_whole, available, claims, allow_truncated=allow_truncated)
    data, repair = _longer(data, available, reading, claims, peek)
    if repair.code == RepairCode.DATA_LONGER:
        _check_begin(reading, claims, peek, excess, is_agreed=is_agreed)
    return data, [repair]


def _beyond(
    reading: Reading, claims: Claims, available: int, *, allow_truncated: bool
) -> tuple[DataSegment, list[Repair]]:
    """Handle truncated DATA: it should go on where the file ends or the next data set begins."""
    layout, n_whole = reading.layout, reading.layout.n_events(available)
    claimed = layout.n_events(reading.segment.size) if claims.total is None else claims.total
    data = DataSegment(layout, claims.start + reading.segment.begin, layout.n_bytes(claimed), claimed)
    return _truncated(data, min(n_whole, claimed), available, claims, allow_truncated=allow_truncated)


def _truncated(
    data: DataSegment, n_whole: int, available: int, claims: Claims, *, allow_truncated: bool
) -> tuple[DataSegment, list[Repair]]:
    if not allow_truncated:
        raise TruncatedError(
            f"{claims.file}: expected {data.n_events:,} events ({data.n_bytes:,} bytes of DATA), but there "
            f"are {available:,} bytes, {n_whole:,} whole events{claims.room_ends}; copy or export the file "
            "again (or allow_truncated)"
        )
    text = f"DATA ends early{claims.room_ends}; the whole events before its end were read"
    repair = Repair(RepairCode.TRUNCATED, text, str(data.n_events), str(n_whole))
    return replace(data, n_bytes=data.layout.n_bytes(n_whole), n_events=n_whole), [repair]


def _free_text(reading: Reading, claims: Claims, available: int, peek: Peek) -> DataSegment:
    """ASCII of free width: each number needs at least a character and a delimiter, and none is truncated."""
    total, n_channels, begin = claims.total, len(reading.layout.fields), claims.start + reading.segment.begin
    if total is None:
        raise NotFcsError(
            f"{claims.file}: TEXT has {shown_keyword(claims.keywords.get('$TOT'))} as $TOT, expected the "
            "number of events, which ASCII of free width does not give; export the file again"
        )
    if 2 * total * n_channels > available + 1 or reading.segment.size > available + 1:
        raise TruncatedError(
            f"{claims.file}: $TOT says {total:,} events of {n_channels} ASCII numbers, but DATA has "
            f"{available:,} bytes; copy or export the file again"
        )
    if total == 0 and peek(begin, min(available, MOST_PEEKED)).strip(BLANKS_AND_LINE_ENDS):
        raise NotFcsError(
            f"{claims.file}: $TOT says 0 events, but DATA has {available:,} bytes of ASCII; export the file "
            "again"
        )
    first, last = peek(begin - 1, 2), peek(begin + available - 1, 2)
    if any(len(pair) == 2 and not pair.strip(NUMBER_BYTES) for pair in (first, last)):
        raise _misplaced(reading, claims, "a number goes on beyond its first or last byte")
    return DataSegment(reading.layout, begin, available, total)


def _longer(
    data: DataSegment, available: int, reading: Reading, claims: Claims, peek: Peek
) -> tuple[DataSegment, Repair]:
    """If DATA is longer than $TOT, drop padding or read the further complete events; refuse anything else."""
    excess, record, layout = available - data.n_bytes, data.layout.record_bits, data.layout
    tail = peek(data.begin + data.n_bytes, min(excess, MOST_PEEKED))
    is_checksum = excess == CHECKSUM_BYTES and tail.isdigit() and data.begin + available == claims.end
    if not tail.strip(BLANKS) or 8 * excess < record or is_checksum:
        text = f"DATA is {excess:,} bytes longer than $TOT events need; these were left out"
        return data, Repair(RepairCode.DATA_LONGER, text, f"{available} bytes", f"{data.n_bytes} bytes")
    head = peek(data.begin, min(excess, MOST_PEEKED))
    padded = reading.is_over_text or not head.strip(BLANKS)
    if available * 8 % record <= 8 and not padded and not _other_widths(available, data):
        n_whole = layout.n_events(available)
        repair = Repair(
            RepairCode.TOT_DIFFERS,
            "DATA holds whole events beyond $TOT; all were read",
            str(data.n_events),
            str(n_whole),
        )
        return replace(data, n_bytes=layout.n_bytes(n_whole), n_events=n_whole), repair
    raise _unexplained(data, available, claims)


def _check_widths(data: DataSegment, available: int, claims: Claims) -> None:
    """Refuse the file if the bytes hold exactly $TOT events of another width: then $PnB may be wrong."""
    if available and _other_widths(available, data):
        raise _unexplained(data, available, claims)


def _unexplained(data: DataSegment, available: int, claims: Claims) -> FcsError:
    return NotFcsError(
        f"{claims.file}: DATA has {available:,} bytes, expected {data.n_bytes:,} for {data.n_events:,} "
        f"events ($TOT) of {data.layout.record_bits} bits ($PnB), and more than one of these may be wrong; "
        "export the file again"
    )


def _other_widths(available: int, data: DataSegment) -> bool:
    """Whether the bytes hold exactly $TOT events of another width, so that $PnB may be wrong."""
    if not data.n_events:
        return False
    if data.layout.is_packed:
        bits = 8 * available // data.n_events
        return -(-bits * data.n_events // 8) == available
    return available % data.n_events == 0


def _check_begin(reading: Reading, claims: Claims, peek: Peek, excess: int, *, is_agreed: bool) -> None:
    """Refuse the file if the start of DATA may be wrong, not its end.

    The start is certain if HEADER and TEXT agree on it, if another segment or a run of blanks ends just
    before it, or if the stated end is impossible.
    """
    begin, header = reading.segment.begin, claims.header
    follows = begin in (header.text.end + 1, header.analysis.end + 1)
    if is_agreed or follows or reading.segment.end >= claims.room:
        return
    *gap, first = peek(claims.start + begin - LEAD, LEAD + 1)
    is_blank = all(byte == gap[-1] for byte in gap)
    if is_blank and (
        gap[-1] == ord(" ") if excess < 0 else gap[-1] in BLANKS_AND_LINE_ENDS and gap[-1] != first
    ):
        return
    raise _misplaced(
        reading, claims, f"it is {abs(excess):,} bytes {'longer' if excess > 0 else 'shorter'} than $TOT"
    )


def _misplaced(reading: Reading, claims: Claims, why: str) -> FcsError:
    return NotFcsError(
        f"{claims.file}: DATA is at {reading}, but {why}, and it is not clear whether its beginning or its "
        "end is wrong; export the file again"
    )


def _off_by_one(reading: Reading, excess: int) -> Repair:
    side = "after" if excess > 0 else "before"
    text = f"the end of DATA in {reading.source} is one byte {side} the last; $TOT and the widths were used"
    return Repair(
        RepairCode.DATA_END_OFF_BY_ONE, text, str(reading.segment.end), str(reading.segment.end - excess)
    )
