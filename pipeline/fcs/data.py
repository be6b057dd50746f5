"""DATA: events decoded block by block into one contiguous row per channel (FCS 3.1, section 3.3)."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.fcs.errors import NotFcsError, TruncatedError, UnreadableError
from pipeline.fcs.layout import Field, byte_positions
from pipeline.fcs.parameters import Parameter
from pipeline.fcs.place import Place

BLOCK_BYTES = 1 << 18
"""What stays in a core's second cache while its channels are taken apart."""

THREADED_BYTES = 16 << 20
"""Below it, starting threads costs more than it saves."""

SPARE_BYTES = 8
"""Bytes beyond a block, so that a value may be fetched as a 64-bit word that reaches past the last."""

TABLE_BITS = 16
"""Integers up to this width are brought to the linear scale by a table."""

Values = NDArray[Any]
Bytes = bytes | bytearray
Rule = Callable[[Values, Values], None]
"""Writes stored values (first) into a row of the result (second)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One channel to decode: its field, and the rule that takes stored values into the result."""

    field: Field
    rule: Rule


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
    columns = [_linear_column(place.layout.fields[row], parameters[row]) for row in rows]
    _decode(path, place, columns, list(out))
    return out


def decode_raw(path: Path, place: Place, row: int) -> Values:
    """Return one channel as stored: unsigned integers masked by $PnR, or floats of their own width."""
    field = place.layout.fields[row]
    out: Values = np.empty(place.n_events, _stored_dtype(field))
    _decode(path, place, [Column(field, _copy)], [out])
    return out


def _stored_dtype(field: Field) -> np.dtype[np.generic]:
    if field.kind == "A":
        return np.dtype(np.float64)
    size = next(size for size in (1, 2, 4, 8) if size * 8 >= field.bits)
    return np.dtype(f"{'u' if field.kind == 'I' else 'f'}{size}")


def _copy(stored: Values, out: Values) -> None:
    out[...] = stored.astype(out.dtype, copy=False)


def _linear_column(field: Field, parameter: Parameter) -> Column:
    if parameter.is_plain:
        return Column(field, _copy)
    if parameter.is_linear:
        factor, divisor = parameter.multiplier, parameter.divisor
        return Column(field, lambda stored, out: _scale(stored, out, factor, divisor))
    if field.kind == "I" and (field.mask or (1 << field.bits) - 1) < 1 << TABLE_BITS:
        table = _logarithmic(np.arange((field.mask or (1 << field.bits) - 1) + 1), parameter)
        return Column(field, lambda stored, out: _copy(table[stored], out))
    return Column(field, lambda stored, out: _copy(_logarithmic(stored, parameter), out))


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
    with np.errstate(over="ignore"):
        return np.asarray(10.0**exponent * parameter.log_zero, np.float64)


def _decode(path: Path, place: Place, columns: Sequence[Column], outs: Sequence[Values]) -> None:
    if not place.n_events or not columns:
        return
    if place.layout.is_text:
        _decode_text(path, place, columns, outs)
        return
    step = _events_of_block(place)
    threads = min(2, os.cpu_count() or 1) if place.n_bytes >= THREADED_BYTES else 1
    share = -(-place.n_events // (threads * step)) * step
    spans = [(first, min(first + share, place.n_events)) for first in range(0, place.n_events, share)]
    if len(spans) == 1:
        _decode_span(path, place, columns, outs, spans[0], step)
        return
    with ThreadPoolExecutor(len(spans)) as pool:
        for done in [pool.submit(_decode_span, path, place, columns, outs, span, step) for span in spans]:
            done.result()


def _events_of_block(place: Place) -> int:
    """Return a multiple of eight events, so that a block starts at a whole byte however wide an event is."""
    return max(8, BLOCK_BYTES * 8 // place.layout.record_bits // 8 * 8)


def _decode_span(
    path: Path,
    place: Place,
    columns: Sequence[Column],
    outs: Sequence[Values],
    span: tuple[int, int],
    step: int,
) -> None:
    buffer = bytearray(place.layout.n_bytes(min(step, span[1] - span[0])) + SPARE_BYTES)
    bits = place.layout.record_bits
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(place.begin + span[0] * bits // 8)
            for first in range(span[0], span[1], step):
                n_events = min(step, span[1] - first)
                _fill(file, memoryview(buffer)[: place.layout.n_bytes(n_events)], path)
                for column, out in zip(columns, outs, strict=True):
                    _decode_block(buffer, column, out[first : first + n_events], place)
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


def _decode_block(buffer: Bytes, column: Column, out: Values, place: Place) -> None:
    """Take one channel out of a block; events that end within a byte are taken eight at a time."""
    bits, field = place.layout.record_bits, column.field
    cycle = 1 if bits % 8 == 0 else 8
    for phase in range(min(cycle, out.size)):
        part = out[phase::cycle]
        stored = _fetch(
            buffer, phase * bits + field.start, bits * cycle // 8, part.size, field, place.layout.byte_order
        )
        column.rule(stored, part)


def _fetch(buffer: Bytes, at: int, stride: int, count: int, field: Field, order: tuple[int, ...]) -> Values:
    """Return `count` values of a field, the first at bit `at`, `stride` bytes apart."""
    if field.kind != "I":
        return _words(buffer, at // 8, stride, count, field.bits // 8, order, "f")
    if at % 8 or field.bits % 8:
        values = _packed(buffer, at, stride, count, field.bits)
    else:
        values = _integers(buffer, at // 8, stride, count, field.bits // 8, order)
    return values if field.mask is None else values & values.dtype.type(field.mask)


def _strided(buffer: Bytes, at: int, stride: int, count: int, dtype: str) -> Values:
    return np.ndarray((count,), np.dtype(dtype), buffer, at, (stride,))


def _words(
    buffer: Bytes, at: int, stride: int, count: int, size: int, order: tuple[int, ...], kind: str
) -> Values:
    """Return values of 1, 2, 4 or 8 bytes in the byte order of the file."""
    ascending = byte_positions(size, order)
    if ascending == tuple(range(size)):
        return _strided(buffer, at, stride, count, f"<{kind}{size}")
    if ascending == tuple(range(size))[::-1]:
        return _strided(buffer, at, stride, count, f">{kind}{size}")
    bytes_of = np.stack([_strided(buffer, at + place, stride, count, "u1") for place in ascending], axis=1)
    return bytes_of.view(f"<{kind}{size}")[:, 0]


def _integers(buffer: Bytes, at: int, stride: int, count: int, size: int, order: tuple[int, ...]) -> Values:
    """Return integers of 1 to 8 bytes: those of odd size are fetched in the next larger word."""
    if size in (1, 2, 4, 8):
        return _words(buffer, at, stride, count, size, order, "u")
    word = 4 if size == 3 else 8
    kept = (1 << 8 * size) - 1
    values: Values
    if byte_positions(size, order)[0] == 0:
        values = _strided(buffer, at, stride, count, f"<u{word}")
        values = np.bitwise_and(values, values.dtype.type(kept))
    else:
        values = _strided(buffer, at, stride, count, f">u{word}")
        values = np.right_shift(values, values.dtype.type(8 * (word - size)))
    return values


def _packed(buffer: Bytes, at: int, stride: int, count: int, bits: int) -> Values:
    """Return integers that start or end within a byte: least significant bit first, as FACScan writes."""
    if bits > 56:
        low = _packed(buffer, at, stride, count, 32)
        high = _packed(buffer, at + 32, stride, count, bits - 32)
        return np.bitwise_or(low, np.left_shift(high, np.uint64(32)))
    words = _strided(buffer, at // 8, stride, count, "<u8")
    return np.bitwise_and(np.right_shift(words, np.uint64(at % 8)), np.uint64((1 << bits) - 1))


def _decode_text(path: Path, place: Place, columns: Sequence[Column], outs: Sequence[Values]) -> None:
    """ASCII (FCS 3.0, section 3.2.18): values of fixed width, or free ones between delimiters."""
    try:
        with path.open("rb") as file:
            file.seek(place.begin)
            raw = file.read(place.n_bytes)
    except OSError as fault:
        raise UnreadableError(
            f"{path.name}: reading DATA failed: {fault.strerror or fault}; copy the file again"
        ) from fault
    n_fields = len(place.layout.fields)
    if place.layout.record_bits == 0:
        table = _free_numbers(raw, place.n_events * n_fields, path).reshape(place.n_events, n_fields)
        fields = {id(field): table[:, number] for number, field in enumerate(place.layout.fields)}
    else:
        stride = place.layout.record_bits // 8
        fields = {
            id(field): _fixed_numbers(
                _strided(raw, field.start // 8, stride, place.n_events, f"S{field.bits // 8}"), path
            )
            for field in place.layout.fields
        }
    for column, out in zip(columns, outs, strict=True):
        column.rule(fields[id(column.field)], out)


def _fixed_numbers(words: Values, path: Path) -> NDArray[np.float64]:
    try:
        return words.astype(np.float64)
    except ValueError as fault:
        raise NotFcsError(
            f"{path.name}: DATA is ASCII, but holds what is no number ({fault}); export it again"
        ) from None


def _free_numbers(raw: bytes, count: int, path: Path) -> NDArray[np.float64]:
    spaced = raw.translate(bytes.maketrans(b",\t\r\n\0", b"     "))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        numbers = np.fromstring(spaced.decode("latin-1"), np.float64, sep=" ")
    if numbers.size < count:
        raise TruncatedError(
            f"{path.name}: DATA holds {numbers.size:,} ASCII numbers, expected {count:,} "
            "($TOT × $PAR); export it again"
        )
    return numbers[:count]
