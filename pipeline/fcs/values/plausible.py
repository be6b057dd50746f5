"""Checks whether the first events can have the type and byte order that TEXT says."""

from __future__ import annotations

import numpy as np

from pipeline.fcs.errors import NotFcsError
from pipeline.fcs.layout.claims import DataSegment

PEEKED_BYTES = 4096
"""Bytes of DATA that are examined for its byte order. Convention: a thousand values."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()

MOST_REPLACEMENTS = 64
"""More of these bytes mean that the file was saved as text. Arithmetic: by chance this sequence occurs once
in 16 million bytes."""

LEAST_LIGHT, MOST_LIGHT = 1e-12, 1e12
"""Smallest and largest size of plausible values; two thirds of random exponents lie outside. Convention:
scales end at 10^8 at most, and noise is a fraction of one count."""

FEW_FAR, MANY_FAR = 0.02, 0.3
"""Largest share of implausible values in the right byte order, and smallest in the wrong one. Convention:
between 0 and two thirds."""

MOST_WHOLE = 1 << 24
"""Largest integer of a detector. Convention: converters have 10 to 24 bits."""

LEAST_VALUES = 100
"""Fewest values for a share. Convention: a share of a hundred is known to a few percent."""


def check_bytes(head: bytes, data: DataSegment, size: int, file: str) -> None:
    """Examine the first bytes of DATA, and refuse a file whose values are impossible.

    Parameters
    ----------
    head
        Up to `PEEKED_BYTES` of DATA.
    place, size, file
        The position and layout of DATA; the size of the file, and its name for messages.

    Raises
    ------
    NotFcsError
        The file was saved or sent as text, its floats are plausible in the other byte order only, or its
        $DATATYPE is that of other values.
    """
    replaced = head.count(REPLACEMENT)
    if replaced > MOST_REPLACEMENTS and size - data.begin - data.n_bytes > 2 * replaced:
        raise NotFcsError(
            f"{file}: {replaced} of the first {len(head):,} bytes of DATA are the replacement character "
            "U+FFFD, expected binary values; the file was handled as text, get the original"
        )
    if not data.layout.is_text and data.n_events:
        _check_bits(head, data, file)
        _check_type(head, data, file)
        _check_floats(head, data, file)


def _check_bits(head: bytes, data: DataSegment, file: str) -> None:
    """Refuse floats of which no byte has its highest bit: half of the bytes of a mantissa have it."""
    kinds = {(field.kind, field.bits) for field in data.layout.fields}
    if kinds not in ({("F", 32)}, {("D", 64)}) or not head.isascii():
        return
    size = data.layout.fields[0].bits // 8
    if np.unique(np.frombuffer(head[: len(head) // size * size], f"f{size}")).size >= LEAST_VALUES:
        raise NotFcsError(
            f"{file}: no byte of DATA has its highest bit, expected half of them; the file was sent as "
            "text of 7 bits, get the original"
        )


def _check_type(head: bytes, data: DataSegment, file: str) -> None:
    """Refuse values of 32 bits that are plausible only as floats although $DATATYPE is I, or the reverse."""
    kinds = {(field.kind, field.bits) for field in data.layout.fields}
    order = list(data.layout.byte_order)
    if kinds not in ({("F", 32)}, {("I", 32)}) or order not in (sorted(order), sorted(order, reverse=True)):
        return
    mark = "<" if order == sorted(order) else ">"
    head = head[: len(head) // 4 * 4]
    whole = np.frombuffer(head, f"{mark}u4")
    is_whole = (
        whole.size >= LEAST_VALUES and int(whole.max()) <= MOST_WHOLE and np.unique(whole).size > LEAST_VALUES
    )
    far = far_share(head, f"{mark}f4")
    data_type = "F" if kinds == {("F", 32)} else "I"
    are_floats = np.count_nonzero(whole) >= LEAST_VALUES and far < FEW_FAR
    if (data_type == "I" and are_floats) or (data_type == "F" and is_whole and far > MANY_FAR):
        raise NotFcsError(
            f"{file}: $DATATYPE is {data_type}, but the values are plausible only as "
            f"{'floats (F)' if data_type == 'I' else 'integers (I)'}; export the file again"
        )


def _check_floats(head: bytes, data: DataSegment, file: str) -> None:
    """Refuse floats of one width that are plausible in the other byte order only."""
    kinds = {(field.kind, field.bits) for field in data.layout.fields}
    order = list(data.layout.byte_order)
    if kinds not in ({("F", 32)}, {("D", 64)}) or order not in (sorted(order), sorted(order, reverse=True)):
        return
    size = data.layout.fields[0].bits // 8
    marks = "<>" if order == sorted(order) else "><"
    head = head[: len(head) // size * size]
    far = far_share(head, f"{marks[0]}f{size}")
    if far > MANY_FAR and far_share(head, f"{marks[1]}f{size}") < FEW_FAR:
        order_text = ",".join(map(str, order))
        raise NotFcsError(
            f"{file}: $BYTEORD is {order_text}, but {far:.0%} of the first values are impossible for a "
            f"detector, expected at most {FEW_FAR:.0%}, as in the other order; export the file again"
        )


def far_share(head: bytes, dtype: str) -> float:
    """Return the share of values that are not numbers or larger than any light signal."""
    values = np.abs(np.frombuffer(head, dtype))
    n_values = int(np.count_nonzero(values))
    near = int(np.count_nonzero(values >= LEAST_LIGHT)) - int(np.count_nonzero(values > MOST_LIGHT))
    return 1 - near / n_values if n_values >= LEAST_VALUES else 0.0
