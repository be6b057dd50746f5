"""DATA: events decoded block by block into one contiguous row per channel (FCS 3.1, section 3.3)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.fcs.errors import NotFcsError, TruncatedError, UnreadableError
from pipeline.fcs.layout import FLOAT_BITS, Field, Layout, byte_positions
from pipeline.fcs.parameters import Parameter
from pipeline.fcs.place import Place

BLOCK_BYTES = 1 << 18
"""What stays in a core's second cache while its channels are taken apart."""

THREADED_BYTES = 16 << 20
"""Below it, starting a second thread costs more than it saves."""

SPARE_BYTES = 12
"""Bytes beyond a block, so that a value may be fetched as words that reach past the last."""

TABLE_BITS = 16
"""Integers up to this width are brought to the linear scale by a table."""

Values = NDArray[Any]
Bytes = bytes | bytearray
Rework = Callable[[Values], Values]
Rule = Callable[[Values, Values], None]
"""Writes stored values (first) into a row of the result (second)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One channel to decode: its field, the rule that takes stored values into the result, and the result."""

    field: Field
    rule: Rule
    out: Values


@dataclass(frozen=True, slots=True)
class Part:
    """Where a block holds values of a column, and how these become numbers.

    A column has one part; but events that end within a byte start at another bit each, until after eight they
    are at a whole byte again: then it has eight parts, each of every eighth event.
    """

    view: Values
    finish: Rework


def decode_linear(
    path: Path, place: Place, parameters: Sequence[Parameter], rows: Sequence[int], dtype: type[np.floating]
) -> NDArray[np.floating]:
    """Return channels on the linear scale.

    Parameters
    ----------
    rows
        Indices into `parameters`, in the order of the result.
    dtype
        numpy.float32 or numpy.float64; computed in float64 either way.

    Returns
    -------
    array of `dtype`, shape (len(rows), n_events)
        C-contiguous: a channel is one run of memory.
    """
    out = np.empty((len(rows), place.n_events), dtype)
    fields = place.layout.fields
    columns = [
        Column(fields[row], _rule(fields[row], parameters[row]), out[at]) for at, row in enumerate(rows)
    ]
    _decode(path, place, columns)
    return out


def decode_raw(path: Path, place: Place, row: int) -> Values:
    """Return one channel as stored: unsigned integers masked by $PnR, or floats of their own width."""
    field = place.layout.fields[row]
    out: Values = np.empty(place.n_events, _stored_dtype(field))
    _decode(path, place, [Column(field, _copy, out)])
    return out


def _stored_dtype(field: Field) -> np.dtype[np.generic]:
    if field.kind == "A":
        return np.dtype(np.float64)
    size = next(size for size in (1, 2, 4, 8) if size * 8 >= field.bits)
    return np.dtype(f"{'u' if field.kind == 'I' else 'f'}{size}")


def _copy(stored: Values, out: Values) -> None:
    np.copyto(out, stored, casting="unsafe")


def _rule(field: Field, parameter: Parameter) -> Rule:
    """Return the rule from stored to linear values."""
    if parameter.is_plain:
        return _copy
    if parameter.is_linear:
        factor, divisor = parameter.multiplier, parameter.divisor
        return lambda stored, out: _scale(stored, out, factor, divisor)
    top = field.mask or (1 << field.bits) - 1
    if field.kind == "I" and top < 1 << TABLE_BITS:
        table = _logarithmic(np.arange(top + 1), parameter)
        return lambda stored, out: _copy(table[stored], out)
    return lambda stored, out: _copy(_logarithmic(stored, parameter), out)


def _scale(stored: Values, out: Values, factor: float, divisor: float) -> None:
    values = stored.astype(np.float64)
    if factor != 1:
        values *= factor
    if divisor != 1:
        values /= divisor
    out[...] = values


def _logarithmic(stored: Values, parameter: Parameter) -> NDArray[np.float64]:
    """10^(f1·x/R)·f2 (section 3.2.20)."""
    exponent = parameter.decades * stored.astype(np.float64) / parameter.value_range
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(10.0**exponent * parameter.log_zero, np.float64)


def _decode(path: Path, place: Place, columns: Sequence[Column]) -> None:
    if not place.n_events or not columns:
        return
    if place.layout.is_text:
        _decode_text(path, place, columns)
        return
    step = _events_of_block(place)
    threads = min(2, os.cpu_count() or 1) if place.n_bytes >= THREADED_BYTES else 1
    share = -(-place.n_events // (threads * step)) * step
    spans = [(first, min(first + share, place.n_events)) for first in range(0, place.n_events, share)]
    if len(spans) == 1:
        _decode_span(path, place, columns, spans[0], step)
        return
    with ThreadPoolExecutor(len(spans)) as pool:
        for done in [pool.submit(_decode_span, path, place, columns, span, step) for span in spans]:
            done.result()


def _events_of_block(place: Place) -> int:
    """Return a multiple of eight events, so that a block starts at a whole byte however wide an event is."""
    return max(8, BLOCK_BYTES * 8 // place.layout.record_bits // 8 * 8)


def _decode_span(
    path: Path, place: Place, columns: Sequence[Column], span: tuple[int, int], step: int
) -> None:
    """Decode events `span[0]` to `span[1]`, `step` at a time."""
    layout = place.layout
    buffer = bytearray(layout.n_bytes(step) + SPARE_BYTES)
    sources = [_parts(buffer, column.field, layout, step) for column in columns]
    try:
        with path.open("rb", buffering=0) as file, np.errstate(over="ignore", invalid="ignore"):
            file.seek(place.begin + span[0] * layout.record_bits // 8)
            for first in range(span[0], span[1], step):
                n_events = min(step, span[1] - first)
                _fill(file, memoryview(buffer)[: layout.n_bytes(n_events)], path)
                for parts, column in zip(sources, columns, strict=True):
                    _decode_block(parts, column.rule, column.out[first : first + n_events])
    except OSError as fault:
        raise UnreadableError(
            f"{path.name}: reading DATA failed: {fault.strerror or fault}; copy the file again"
        ) from fault


def _fill(file: RawIOBase, buffer: memoryview, path: Path) -> None:
    while buffer:
        read = file.readinto(buffer)
        if not read:
            raise TruncatedError(
                f"{path.name}: DATA ends {len(buffer):,} bytes early; it changed meanwhile, read it again"
            )
        buffer = buffer[read:]


def _decode_block(parts: tuple[Part, ...], rule: Rule, out: Values) -> None:
    for phase, part in enumerate(parts[: out.size]):
        row = out[phase :: len(parts)]
        rule(part.finish(part.view[: row.size]), row)


def _parts(buffer: Bytes, field: Field, layout: Layout, step: int) -> tuple[Part, ...]:
    """Return where the values of a field are in a block of `step` events."""
    bits = layout.record_bits
    cycle = 1 if bits % 8 == 0 else 8
    starts = [phase * bits + field.start for phase in range(cycle)]
    shape = (step // cycle, bits * cycle // 8)
    if field.kind == "I" and (field.bits % 8 or any(start % 8 for start in starts)):
        return tuple(_packed(buffer, start, shape, field) for start in starts)
    return tuple(_words(buffer, start // 8, shape, field, layout.byte_order) for start in starts)


def _words(buffer: Bytes, at: int, shape: tuple[int, int], field: Field, order: tuple[int, ...]) -> Part:
    """Return values of whole bytes: as they are, of odd size in the next larger word, or put in order."""
    (count, stride), size = shape, field.bits // 8
    word = next(width for width in (1, 2, 4, 8) if width >= size)
    kind = "f" if field.kind in FLOAT_BITS else "u"
    positions = byte_positions(size, order)
    if positions == tuple(range(size)):
        view = np.ndarray((count,), f"<{kind}{word}", buffer, at, (stride,))
        return Part(view, _masked(view, field.mask or ((1 << field.bits) - 1 if word > size else None)))
    if positions == tuple(range(size))[::-1]:
        view = np.ndarray((count,), f">{kind}{word}", buffer, at, (stride,))
        return Part(view, _masked(view, field.mask, 8 * (word - size)))
    cells = np.ndarray((count, size), np.uint8, buffer, at, (stride, 1))
    masked = _masked(np.empty(0, f"<{kind}{size}"), field.mask)
    return Part(cells, lambda cells: masked(cells[:, positions].copy().view(f"<{kind}{size}")[:, 0]))


def _masked(like: Values, mask: int | None, shift: int = 0) -> Rework:
    """Return what shifts integers right and masks them."""
    kind = like.dtype.type
    if shift and mask is not None:
        return lambda values: np.bitwise_and(np.right_shift(values, kind(shift)), kind(mask))
    if shift:
        return lambda values: np.right_shift(values, kind(shift))
    if mask is not None:
        return lambda values: np.bitwise_and(values, kind(mask))
    return lambda values: values


def _packed(buffer: Bytes, start: int, shape: tuple[int, int], field: Field) -> Part:
    """Return integers that start or end within a byte: least significant bit first, as FACScan writes.

    A word of 64 bits holds a value of up to 57; a wider one is fetched as 32 bits and the rest.
    """
    (count, stride), shift = shape, np.uint64(start % 8)
    kept = (1 << field.bits) - 1 if field.mask is None else field.mask
    if field.bits <= 57:
        words = np.ndarray((count,), "<u8", buffer, start // 8, (stride,))
        return Part(words, lambda words: np.bitwise_and(np.right_shift(words, shift), np.uint64(kept)))
    pairs = np.ndarray((count, 2), "<u8", buffer, start // 8, (stride, 4))
    low, high, up = np.uint64((1 << 32) - 1), np.uint64(kept >> 32), np.uint64(32)

    def finish(pairs: Values) -> Values:
        halves = np.right_shift(pairs, shift)
        rest: Values = np.left_shift(halves[:, 1] & high, up)
        first: Values = np.bitwise_and(halves[:, 0], low & np.uint64(kept))
        return np.bitwise_or(first, rest)

    return Part(pairs, finish)


def _decode_text(path: Path, place: Place, columns: Sequence[Column]) -> None:
    """ASCII (FCS 3.0, section 3.2.18): values of fixed width, or free ones between delimiters."""
    try:
        with path.open("rb") as file:
            file.seek(place.begin)
            raw = file.read(place.n_bytes)
    except OSError as fault:
        raise UnreadableError(
            f"{path.name}: reading DATA failed: {fault.strerror or fault}; copy the file again"
        ) from fault
    fields_of = place.layout.fields
    if place.layout.record_bits == 0:
        table = _free_numbers(raw, place.n_events * len(fields_of), path).reshape(place.n_events, -1)
        fields = {id(field): table[:, number] for number, field in enumerate(fields_of)}
    else:
        stride = place.layout.record_bits // 8
        fields = {id(field): _fixed_numbers(raw, field, stride, place.n_events, path) for field in fields_of}
    with np.errstate(over="ignore", invalid="ignore"):
        for column in columns:
            column.rule(fields[id(column.field)], column.out)


def _fixed_numbers(raw: bytes, field: Field, stride: int, count: int, path: Path) -> NDArray[np.float64]:
    words = np.ndarray((count,), f"S{field.bits // 8}", raw, field.start // 8, (stride,))
    try:
        return words.astype(np.float64)
    except ValueError as fault:
        raise NotFcsError(
            f"{path.name}: DATA is ASCII, but holds what is no number ({fault}), expected digits; "
            "export it again"
        ) from None


def _free_numbers(raw: bytes, count: int, path: Path) -> NDArray[np.float64]:
    spaced = raw.translate(bytes.maketrans(b",\t\r\n\0", b"     "))
    try:
        numbers = np.fromstring(spaced.decode("latin-1"), np.float64, sep=" ")
    except ValueError:
        raise NotFcsError(
            f"{path.name}: DATA is ASCII, but holds what is no number, expected {count:,} numbers; "
            "export it again"
        ) from None
    if numbers.size < count:
        raise TruncatedError(
            f"{path.name}: DATA holds {numbers.size:,} ASCII numbers, expected {count:,} "
            "($TOT × $PAR); export it again"
        )
    return numbers[:count]
