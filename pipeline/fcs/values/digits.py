"""DATA as ASCII digits, in fixed width or between delimiters (FCS 3.0, section 3.2.18)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.fcs.errors import NotFcsError, TruncatedError, UnreadableError
from pipeline.fcs.layout.claims import DataSegment
from pipeline.fcs.values.blocks import DecodedChannel, FileOrBytes

WRITTEN = b"0123456789+-.eE ,\t\r\n\0"
"""Characters of numbers and delimiters; `nan`, `inf` and `1_0` are refused, although numpy reads them."""

DELIMITERS_TO_BLANKS = bytes.maketrans(b",\t\r\n\0", b"     ")


def decode_digits(file: FileOrBytes, data: DataSegment, columns: Sequence[DecodedChannel]) -> None:
    """Decode the columns of a file with ASCII digits."""
    try:
        with file.open("rb") as opened:
            opened.seek(data.begin)
            raw = opened.read(data.n_bytes)
    except OSError as fault:
        raise UnreadableError(
            f"{file.name}: reading DATA failed: {fault.strerror or fault}; copy the file again"
        ) from fault
    if raw.translate(None, WRITTEN):
        raise NotFcsError(
            f"{file.name}: DATA is ASCII, but holds what is no number, expected digits; export it again"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        if data.layout.record_bits:
            for column in columns:
                column.rule(_fixed_numbers(raw, data, column.row, file), column.out)
        else:
            table = _free_numbers(raw, data, file)
            for column in columns:
                column.rule(table[:, column.row], column.out)


def _fixed_numbers(raw: bytes, data: DataSegment, row: int, file: FileOrBytes) -> NDArray[np.float64]:
    field = data.layout.fields[row]
    stride = data.layout.record_bits // 8
    words = np.ndarray((data.n_events,), f"S{field.bits // 8}", raw, field.start // 8, (stride,))
    try:
        return words.astype(np.float64)
    except ValueError as fault:
        raise NotFcsError(
            f"{file.name}: DATA is ASCII, but holds what is no number ({fault}), expected digits; "
            "export it again"
        ) from None


def _free_numbers(raw: bytes, data: DataSegment, file: FileOrBytes) -> NDArray[np.float64]:
    shape = (data.n_events, len(data.layout.fields))
    count = shape[0] * shape[1]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)
            numbers = np.fromstring(
                raw.translate(DELIMITERS_TO_BLANKS).decode("latin-1"), np.float64, sep=" "
            )
    except (ValueError, DeprecationWarning):
        raise NotFcsError(
            f"{file.name}: DATA is ASCII, but holds what is no number, expected {count:,} numbers; "
            "export it again"
        ) from None
    if numbers.size < count:
        raise TruncatedError(
            f"{file.name}: DATA holds {numbers.size:,} ASCII numbers, expected {count:,} ($TOT × $PAR); "
            "export it again"
        )
    if numbers.size > count:
        raise NotFcsError(
            f"{file.name}: DATA holds {numbers.size:,} ASCII numbers, expected {count:,} ($TOT × $PAR); "
            "decimal commas, or another $TOT? It is not clear which numbers belong together; export it again"
        )
    return numbers.reshape(shape)
