"""Shift: whether TEXT was changed after the file was written, so that DATA moved and its offsets did not.

Whoever edits a marker or a name with a tool that knows nothing of FCS moves all that follows, and then every
value is wrong though the file looks sound. What such a file shows: all segments that it names end as many
bytes before its own end (or over it) as TEXT goes on beyond its end, or holds of what follows.
"""

from __future__ import annotations

from pipeline.fcs.errors import NotFcsError
from pipeline.fcs.layout.claims import Claims, Peek, Reading
from pipeline.fcs.repairs import RepairCode

MOST_SHIFT = 4096
"""Bytes that TEXT may have been changed by. Convention: a bound on the search."""

CHECKSUM_BYTES = 8
"""Digits of the checksum at the end of a data set. Standard: FCS 3.1, section 3.5."""

AFTER_DATA = (0, CHECKSUM_BYTES)
"""Bytes after the segments of a data set: none, or a checksum. Standard: FCS 3.1, section 3.5."""

LEAST_WORD_BYTES = 3
"""Bytes from which on characters are hardly values by chance. Convention: three printable bytes in a row are
one chance in some twenty."""

BLANK = ord(" ")
BLANKS = b" \0"
PADDING = BLANKS + b"\r\n"


def check_shift(best: Reading, claims: Claims, peek: Peek, *, allow_truncated: bool) -> None:
    """Refuse a file whose TEXT was changed after it was written.

    Parameters
    ----------
    best, claims, peek
        Where DATA is said to be; what the file says; reads bytes of the file.
    allow_truncated
        Whether a file that ends early would be read.

    Raises
    ------
    NotFcsError
        DATA has moved, and its offsets have not.
    """
    if best.segment.begin <= claims.header.text.begin:
        return
    tail = claims.room - 1 - _last_byte(best, claims)
    beside = claims.next_beside
    if beside and (tail - beside in AFTER_DATA or tail not in AFTER_DATA):
        raise _shifted(claims, f"the next data set begins {beside:+,} bytes from where $NEXTDATA says")
    if tail == 0 and not claims.text.n_after and not claims.text.repairs:
        return
    if _has_shrunk(tail, best, claims, peek, allow_truncated=allow_truncated) or _has_grown(
        tail, best, claims, peek
    ):
        said = claims.header.text.end - claims.text.n_beyond
        raise _shifted(
            claims,
            f"TEXT does not end at byte {said:,}, where HEADER says, "
            f"and {tail:,} bytes follow the last segment, expected 0 or 8",
        )


def _shifted(claims: Claims, why: str) -> NotFcsError:
    return NotFcsError(f"{claims.file}: {why}: TEXT was changed after it was written; get the original")


def _last_byte(best: Reading, claims: Claims) -> int:
    """Return where the last segment is said to end; claims far beyond the file are none."""
    data = best.segment
    excess = 0 if claims.total is None else data.size - best.layout.n_bytes(claims.total)
    last = data.end - excess if abs(excess) == 1 and best.layout.record_bits else data.end
    named = [claims.header.analysis, *claims.header.others]
    named += [claims.said_in_text(which) for which in ("ANALYSIS", "STEXT")]
    ends = [segment.end for segment in named if segment.size and segment.end < claims.room + MOST_SHIFT]
    return max(last, *ends) if ends else last


def _has_shrunk(tail: int, best: Reading, claims: Claims, peek: Peek, *, allow_truncated: bool) -> bool:
    """Whether TEXT ends with as many bytes of what follows it as are missing at the end of the file."""
    if tail < 0 and not allow_truncated and best.segment.end >= claims.room:
        return False
    lost = -tail if tail < 0 else CHECKSUM_BYTES - tail
    if not 0 < lost <= MOST_SHIFT or (tail >= 0 and not _has_checksum(claims, peek)):
        return False
    if 0 < tail < CHECKSUM_BYTES - 1:
        return True
    text = claims.header.text
    mark = peek(claims.start + text.begin, 1)
    last = peek(claims.start + max(text.begin, text.end + 1 - lost), min(lost, text.size))
    return (
        lost <= claims.text.n_after
        or _is_odd(claims)
        or not _is_words(last, mark)
        or _is_supplement_beside(claims)
    )


def _has_checksum(claims: Claims, peek: Peek) -> bool:
    return peek(claims.end - CHECKSUM_BYTES, CHECKSUM_BYTES).isdigit()


def _has_grown(tail: int, best: Reading, claims: Claims, peek: Peek) -> bool:
    """Whether TEXT goes on where DATA is said to begin, by as many bytes as there are too many at the end."""
    if tail <= 0:
        return False
    is_cut = bool(claims.text.n_after) or _is_odd(claims)
    if is_cut and not best.layout.is_text and _begins_with_words(best, claims, peek):
        return True
    counts = [tail]
    if tail >= CHECKSUM_BYTES and _has_checksum(claims, peek):
        counts = [tail - CHECKSUM_BYTES, tail] if tail > CHECKSUM_BYTES else []
    return any(_goes_on(n, best, claims, peek, is_cut=is_cut) for n in counts if n <= MOST_SHIFT)


def _begins_with_words(best: Reading, claims: Claims, peek: Peek) -> bool:
    """Whether DATA begins with characters that end with the delimiter, where TEXT has no end."""
    mark = peek(claims.start + claims.header.text.begin, 1)
    head = peek(claims.start + best.segment.begin, MOST_SHIFT)
    first = head.find(mark, LEAST_WORD_BYTES - 1) + 1
    return claims.header.text.end + 1 == best.segment.begin and first > 0 and _is_words(head[:first], mark)


def _goes_on(n: int, best: Reading, claims: Claims, peek: Peek, *, is_cut: bool) -> bool:
    text_end, begin = claims.header.text.end, best.segment.begin
    before, *_ = peek(claims.start + begin - 1, 1)
    head, more = peek(claims.start + begin, n), peek(claims.start + text_end + 1, n)
    is_padding = not peek(claims.start + claims.room - n, n).strip(PADDING)
    if before == BLANK and head == bytes([BLANK]) * n:
        return True
    mark = peek(claims.start + claims.header.text.begin, 1)
    is_whole = more.rstrip(BLANKS).endswith(mark) and _is_words(more.rstrip(BLANKS), mark)
    if is_whole and (is_cut or text_end + 1 == begin or (n >= LEAST_WORD_BYTES and not is_padding)):
        return True
    if (
        (is_cut or (text_end + 1 == begin and n >= LEAST_WORD_BYTES))
        and _is_words(more, mark)
        and not is_padding
    ):
        return True
    return claims.text.n_beyond == n or (_is_supplement_beside(claims) and not is_padding)


def _is_odd(claims: Claims) -> bool:
    """Whether a keyword has no value."""
    return any(said.code == RepairCode.STRAY_WORD for said in claims.text.repairs)


def _is_supplement_beside(claims: Claims) -> bool:
    """Whether a TEXT is not at its place."""
    moved = {RepairCode.SUPPLEMENT_UNREAD, RepairCode.TEXT_BEGIN_WRONG}
    return any(said.code in moved for said in claims.text.repairs)


def _is_words(raw: bytes, mark: bytes) -> bool:
    """Whether these are characters and delimiters."""
    try:
        return raw.replace(mark, b"").decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False
