"""Detects TEXT that was edited after the file was written, so that DATA moved but its offsets did not.

A text editor that changes a marker or a name moves all bytes after it. Then every value is wrong, although
the file looks sound. The sign of such a file: all its segments end some bytes before the end of the file (or
beyond it), and TEXT is longer (or shorter) than stated by the same number of bytes.
"""

from __future__ import annotations

from pipeline.fcs.errors import NotFcsError
from pipeline.fcs.layout.claims import Claims, Peek, Reading
from pipeline.fcs.repairs import RepairCode
from pipeline.fcs.text.segments import BLANKS, BLANKS_AND_LINE_ENDS

MOST_SHIFT = 4096
"""Most bytes by which TEXT may have changed. Convention: a bound on the search."""

CHECKSUM_BYTES = 8
"""Number of digits of the checksum at the end of a data set. Standard: FCS 3.1, section 3.5."""

AFTER_DATA = (0, CHECKSUM_BYTES)
"""Number of bytes after the segments of a data set: none, or a checksum. Standard: FCS 3.1, section 3.5."""

LEAST_WORD_BYTES = 3
"""Fewest printable bytes that are unlikely to be values by chance. Convention: three printable bytes in a row
have a chance of about one in twenty."""

BLANK = ord(" ")


def check_shift(best: Reading, claims: Claims, peek: Peek, *, allow_truncated: bool) -> None:
    """Refuse a file whose TEXT was changed after it was written.

    Parameters
    ----------
    best, claims, peek
        The stated position of DATA; the claims of the file; a function that reads bytes of the file.
    allow_truncated
        Whether a truncated file would be read.

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
        text_end = claims.header.text.end - claims.text.n_beyond
        raise _shifted(
            claims,
            f"TEXT does not end at byte {text_end:,}, where HEADER says, and {tail:,} bytes follow the last "
            "segment, expected 0 or 8",
        )


def _shifted(claims: Claims, why: str) -> NotFcsError:
    return NotFcsError(f"{claims.file}: {why}: TEXT was changed after it was written; get the original")


def _last_byte(best: Reading, claims: Claims) -> int:
    """Return the stated end of the last segment; claims far beyond the file are ignored."""
    data = best.segment
    excess = 0 if claims.total is None else data.size - best.layout.n_bytes(claims.total)
    last = data.end - excess if abs(excess) == 1 and best.layout.record_bits else data.end
    named = [claims.header.analysis, *claims.header.others]
    named += [claims.segment_in_text(which) for which in ("ANALYSIS", "STEXT")]
    ends = [segment.end for segment in named if segment.size and segment.end < claims.room + MOST_SHIFT]
    return max(last, *ends) if ends else last


def _has_shrunk(tail: int, best: Reading, claims: Claims, peek: Peek, *, allow_truncated: bool) -> bool:
    """Whether TEXT ends with bytes of the next segment, as many as are missing at the end of the file."""
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
    """Whether TEXT reaches beyond the stated start of DATA, by as many bytes as the file has too many."""
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
    """Whether TEXT has no end, and DATA begins with characters that end with the delimiter."""
    mark = peek(claims.start + claims.header.text.begin, 1)
    head = peek(claims.start + best.segment.begin, MOST_SHIFT)
    first = head.find(mark, LEAST_WORD_BYTES - 1) + 1
    return claims.header.text.end + 1 == best.segment.begin and first > 0 and _is_words(head[:first], mark)


def _goes_on(n: int, best: Reading, claims: Claims, peek: Peek, *, is_cut: bool) -> bool:
    text_end, begin = claims.header.text.end, best.segment.begin
    before, *_ = peek(claims.start + begin - 1, 1)
    head, more = peek(claims.start + begin, n), peek(claims.start + text_end + 1, n)
    is_padding = not peek(claims.start + claims.room - n, n).strip(BLANKS_AND_LINE_ENDS)
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
    return any(repair.code == RepairCode.STRAY_WORD for repair in claims.text.repairs)


def _is_supplement_beside(claims: Claims) -> bool:
    """Whether TEXT is not at its stated position."""
    moved = {RepairCode.SUPPLEMENT_UNREAD, RepairCode.TEXT_BEGIN_WRONG}
    return any(repair.code in moved for repair in claims.text.repairs)


def _is_words(raw: bytes, mark: bytes) -> bool:
    """Whether these are characters and delimiters."""
    try:
        return raw.replace(mark, b"").decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False
