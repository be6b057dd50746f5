"""Reads DATA block by block and extracts the values of each channel (FCS 3.1, section 3.3)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.fcs.errors import TruncatedError, UnreadableError
from pipeline.fcs.layout.claims import DataSegment
from pipeline.fcs.layout.layout import FLOAT_BITS, Field, Layout, byte_positions
from pipeline.files.content import AnyContent, Content
from pipeline.files.streamed import StreamedContent

BLOCK_BYTES = 1 << 19
"""Bytes of a block: it stays in the second cache of a core while its channels are extracted. Convention: for
speed."""

TILE_BYTES = 1 << 15
"""Bytes of a part of a table: it stays in the first cache while it is transposed. Convention: for speed."""

THREADED_BYTES = 16 << 20
"""Bytes below which a second thread costs more than it saves. Convention: for speed."""

SPARE_BYTES = 12
"""Further bytes after a block, so that a value may be read as words that reach beyond it. Arithmetic."""

FileOrBytes: TypeAlias = Path | AnyContent
"""The source of DATA: a file, or its bytes."""

Values = NDArray[Any]
Bytes = bytes | bytearray
Rework = Callable[[Values], Values]
ValueRule = Callable[[Values, Values], None]
"""Writes stored values (first) into a row of the result (second)."""

Span = tuple[int, int]
"""First event, and the one after the last."""
IN_ONE_WORD = 57
"""Most bits of a value that a word of 64 bits holds wherever in its first byte the value begins.
Arithmetic: 64 less 7."""


@dataclass(frozen=True, slots=True)
class DecodedChannel:
    """One channel to decode: its number, its field, the rule for linear values, and the result array."""

    row: int
    field: Field
    rule: ValueRule
    out: Values


@dataclass(frozen=True, slots=True)
class Part:
    """The position of a column's values in a block, and how they become numbers.

    A column has one part. But events that end within a byte start at different bits, which repeat after eight
    events: then a column has eight parts, each with every eighth event.
    """

    view: Values
    finish: Rework


def decode_columns(file: FileOrBytes, data: DataSegment, columns: Sequence[DecodedChannel]) -> None:
    """Decode the columns, whatever their widths, block by block."""
    step = _events_of_block(data.layout)

    def decode(span: Span) -> None:
        buffer = bytearray(data.layout.n_bytes(step) + SPARE_BYTES)
        sources = [_parts(buffer, column.field, data.layout, step) for column in columns]
        with np.errstate(over="ignore", invalid="ignore"):
            for first, last in _blocks(file, data, span, step, buffer):
                for parts, column in zip(sources, columns, strict=True):
                    _decode_block(parts, column.rule, column.out[first:last])

    _in_threads(decode, file, data, step)


def first_values(head: bytes, layout: Layout, field: Field) -> Values:
    """Return the values of a field in the first bytes of DATA, with all bits; missing events are zeros."""
    step = -(-layout.n_events(len(head)) // 8) * 8
    buffer = bytearray(head[: layout.n_bytes(step)]).ljust(layout.n_bytes(step) + SPARE_BYTES, b"\0")
    parts = _parts(buffer, replace(field, mask=None), layout, step)
    return np.stack([part.finish(part.view) for part in parts], axis=1).ravel()


def is_table(layout: Layout, rows: Sequence[int]) -> bool:
    """Whether these are all channels in order, as floats of one width in a usual byte order."""
    kinds = {(field.kind, field.bits) for field in layout.fields}
    plain = list(layout.byte_order) in (sorted(layout.byte_order), sorted(layout.byte_order)[::-1])
    return kinds in ({("F", 32)}, {("D", 64)}) and plain and list(rows) == list(range(len(layout.fields)))


def decode_table(file: FileOrBytes, data: DataSegment, out: Values) -> None:
    """Transpose a table of floats from a row per event to a row per channel."""
    size = data.layout.fields[0].bits // 8
    order = "<" if byte_positions(size, data.layout.byte_order)[0] == 0 else ">"
    step = _events_of_block(data.layout)
    tile = max(1, TILE_BYTES * 8 // data.layout.record_bits)

    def decode(span: Span) -> None:
        buffer = bytearray(data.layout.n_bytes(step))
        table = np.frombuffer(buffer, f"{order}f{size}").reshape(step, -1)
        with np.errstate(over="ignore", invalid="ignore"):
            for first, last in _blocks(file, data, span, step, buffer):
                for begin in range(first, last, tile):
                    end = min(begin + tile, last)
                    np.copyto(out[:, begin:end], table[begin - first : end - first].T, casting="unsafe")

    _in_threads(decode, file, data, step)


def read_table(file: FileOrBytes, data: DataSegment) -> Values:
    """Return a table of floats as stored, shape (n_events, n_channels), without conversion."""
    fields = data.layout.fields
    size = fields[0].bits // 8
    count = data.n_events * len(fields)
    try:
        table = _floats(file, size, count, data.begin)
    except OSError as fault:
        raise UnreadableError(_unread(file, fault)) from fault
    if table.size < count:
        raise TruncatedError(_shrunk(file, (count - table.size) * size))
    first = byte_positions(size, data.layout.byte_order)[0]
    if (first == 0) != (sys.byteorder == "little"):
        table.byteswap(inplace=True)
    return table.reshape(data.n_events, len(fields))


def _floats(file: FileOrBytes, size: int, count: int, begin: int) -> Values:
    if isinstance(file, Content):
        n_values = max(0, min(count, (len(file.data) - begin) // size))
        return (
            np.frombuffer(file.data, f"f{size}", n_values, begin).copy()
            if n_values
            else np.empty(0, f"f{size}")
        )
    if isinstance(file, StreamedContent):
        values = np.empty(count, f"f{size}")
        with in_order(file) as opened:
            opened.seek(begin)
            return values[: (opened.readinto(values.data.cast("B")) or 0) // size]
    return np.fromfile(file, f"f{size}", count, offset=begin)


def _in_threads(decode: Callable[[Span], None], file: FileOrBytes, data: DataSegment, step: int) -> None:
    """Decode in two threads where that is faster; a file that is hashed while it is read needs one."""
    in_order = data.n_bytes < THREADED_BYTES or isinstance(file, StreamedContent)
    threads = 1 if in_order else min(2, os.cpu_count() or 1)
    share = max(step, -(-data.n_events // (threads * step)) * step)
    spans = [(first, min(first + share, data.n_events)) for first in range(0, data.n_events, share)]
    if len(spans) == 1:
        decode(spans[0])
    elif spans:
        with ThreadPoolExecutor(len(spans)) as pool:
            list(pool.map(decode, spans))


def _events_of_block(layout: Layout) -> int:
    """Return a multiple of eight events, so that every block starts at a whole byte."""
    return max(8, BLOCK_BYTES * 8 // layout.record_bits // 8 * 8)


def _blocks(file: FileOrBytes, data: DataSegment, span: Span, step: int, buffer: bytearray) -> Iterator[Span]:
    """Read the events of `span` into the buffer, `step` at a time, and yield their indices."""
    layout = data.layout
    try:
        with in_order(file) as opened:
            opened.seek(data.begin + span[0] * layout.record_bits // 8)
            for first in range(span[0], span[1], step):
                last = min(first + step, span[1])
                _fill(opened, memoryview(buffer)[: layout.n_bytes(last - first)], file)
                yield first, last
    except OSError as fault:
        raise UnreadableError(_unread(file, fault)) from fault


def in_order(file: FileOrBytes) -> RawIOBase | BytesIO:
    """Open a file whose values are read once, in order."""
    return file.reading() if isinstance(file, StreamedContent) else file.open("rb", buffering=0)


def _unread(file: FileOrBytes, fault: OSError) -> str:
    return f"{file.name}: reading DATA failed: {fault.strerror or fault}; copy the file again"


def _shrunk(file: FileOrBytes, n_bytes: int) -> str:
    return f"{file.name}: DATA ends {n_bytes:,} bytes early; it changed meanwhile, read it again"


def _fill(opened: RawIOBase | BytesIO, buffer: memoryview, file: FileOrBytes) -> None:
    while buffer:
        read = opened.readinto(buffer)
        if not read:
            raise TruncatedError(_shrunk(file, len(buffer)))
        buffer = buffer[read:]


def _decode_block(parts: tuple[Part, ...], rule: ValueRule, out: Values) -> None:
    for phase, part in enumerate(parts[: out.size]):
        row = out[phase :: len(parts)]
        rule(part.finish(part.view[: row.size]), row)


def _parts(buffer: Bytes, field: Field, layout: Layout, step: int) -> tuple[Part, ...]:
    """Return the positions of a field's values in a block of `step` events."""
    bits = layout.record_bits
    cycle = 1 if bits % 8 == 0 else 8
    starts = [phase * bits + field.start for phase in range(cycle)]
    shape = (step // cycle, bits * cycle // 8)
    if layout.is_packed:
        return tuple(_as_floats(_packed(buffer, start, shape, field), field) for start in starts)
    return tuple(_words(buffer, start // 8, shape, field, layout.byte_order) for start in starts)


def _words(buffer: Bytes, offset: int, shape: tuple[int, int], field: Field, order: tuple[int, ...]) -> Part:
    """Return values of whole bytes: as stored, in the next larger word, or with bytes reordered."""
    (count, stride), size = shape, field.bits // 8
    word = next(width for width in (1, 2, 4, 8) if width >= size)
    kind = "f" if field.kind in FLOAT_BITS else "u"
    positions = byte_positions(size, order)
    if positions == tuple(range(size)):
        view = np.ndarray((count,), f"<{kind}{word}", buffer, offset, (stride,))
        return Part(view, _masked(view, field.mask or ((1 << field.bits) - 1 if word > size else None)))
    if positions == tuple(range(size))[::-1]:
        view = np.ndarray((count,), f">{kind}{word}", buffer, offset, (stride,))
        return Part(view, _masked(view, field.mask, 8 * (word - size)))
    cells = np.ndarray((count, size), np.uint8, buffer, offset, (stride, 1))
    masked = _masked(np.empty(0, f"<{kind}{size}"), field.mask)
    return Part(cells, lambda cells: masked(cells[:, positions].copy().view(f"<{kind}{size}")[:, 0]))


def _masked(like: Values, mask: int | None, shift: int = 0) -> Rework:
    """Return a function that shifts integers to the right and masks them."""
    kind = like.dtype.type
    if shift and mask is not None:
        return lambda values: np.bitwise_and(np.right_shift(values, kind(shift)), kind(mask))
    if shift:
        return lambda values: np.right_shift(values, kind(shift))
    if mask is not None:
        return lambda values: np.bitwise_and(values, kind(mask))
    return lambda values: values


def _as_floats(part: Part, field: Field) -> Part:
    """Return floats that are stored among packed integers."""
    if field.kind not in FLOAT_BITS:
        return part
    size = field.bits // 8
    return Part(part.view, lambda words: part.finish(words).astype(f"u{size}").view(f"f{size}"))


def _packed(buffer: Bytes, start: int, shape: tuple[int, int], field: Field) -> Part:
    """Return integers that may end within a byte: least significant bit first, as FACScan writes.

    A word of 64 bits covers any value of up to 57 bits; a wider value is read in two parts: 32 bits and the
    rest.
    """
    (count, stride), shift = shape, np.uint64(start % 8)
    mask = (1 << field.bits) - 1 if field.mask is None else field.mask
    if field.bits <= IN_ONE_WORD:
        words = np.ndarray((count,), "<u8", buffer, start // 8, (stride,))
        return Part(words, lambda words: np.bitwise_and(np.right_shift(words, shift), np.uint64(mask)))
    pairs = np.ndarray((count, 2), "<u8", buffer, start // 8, (stride, 4))
    low, high, up = np.uint64((1 << 32) - 1), np.uint64(mask >> 32), np.uint64(32)

    def finish(pairs: Values) -> Values:
        halves = np.right_shift(pairs, shift)
        second: Values = np.left_shift(halves[:, 1] & high, up)
        first: Values = np.bitwise_and(halves[:, 0], low & np.uint64(mask))
        return np.bitwise_or(first, second)

    return Part(pairs, finish)
