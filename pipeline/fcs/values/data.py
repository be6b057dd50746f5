"""DATA on the linear scale, one contiguous row per channel (FCS 3.1, section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.fcs.layout.claims import DataSegment
from pipeline.fcs.layout.layout import Field
from pipeline.fcs.text.parameters import Parameter
from pipeline.fcs.values.blocks import (
    DecodedChannel,
    FileOrBytes,
    ValueRule,
    Values,
    decode_columns,
    decode_table,
    is_table,
)
from pipeline.fcs.values.digits import decode_digits

FLOAT32_BITS = 24
"""Integers up to this width are exact in float32: its significand has this many bits. IEEE 754."""

TABLE_BITS = 16
"""Integers up to this width are converted to the linear scale with a table. Convention: for speed."""


def decode_linear(
    file: FileOrBytes,
    data: DataSegment,
    parameters: Sequence[Parameter],
    rows: Sequence[int],
    dtype: type[np.floating],
) -> NDArray[np.floating]:
    """Return channels on the linear scale.

    Parameters
    ----------
    rows
        Indices into `parameters`, in the order of the result.
    dtype
        numpy.float32 or numpy.float64; the computation uses float64 in both cases.

    Returns
    -------
    array of `dtype`, shape (len(rows), n_events)
        C-contiguous: the values of a channel are contiguous in memory.
    """
    out = np.empty((len(rows), data.n_events), dtype)
    chosen = [parameters[row] for row in rows]
    if is_table(data.layout, rows) and all(parameter.is_plain for parameter in chosen):
        decode_table(file, data, out)
        return out
    fields = [data.layout.fields[row] for row in rows]
    columns = [
        DecodedChannel(row, field, _rule(field, parameter), line)
        for row, field, parameter, line in zip(rows, fields, chosen, out, strict=True)
    ]
    _decode(file, data, columns)
    return out


def is_float32(parameter: Parameter, field: Field) -> bool:
    """Whether float32 holds every linear value of the channel exactly."""
    if not parameter.is_plain or field.kind not in "IF":
        return False
    bits = field.mask.bit_length() if field.mask else field.bits
    return bits <= (FLOAT32_BITS if field.kind == "I" else 32)


def decode_raw(file: FileOrBytes, data: DataSegment, row: int) -> Values:
    """Return one channel as stored: unsigned integers masked by $PnR, or floats of their own width."""
    field = data.layout.fields[row]
    out: Values = np.empty(data.n_events, _stored_dtype(field))
    _decode(file, data, [DecodedChannel(row, field, _copy, out)])
    return out


def _decode(file: FileOrBytes, data: DataSegment, columns: Sequence[DecodedChannel]) -> None:
    if data.n_events and columns:
        decode = decode_digits if data.layout.is_text else decode_columns
        decode(file, data, columns)


def _stored_dtype(field: Field) -> np.dtype[np.generic]:
    if field.kind == "A":
        return np.dtype(np.float64)
    size = next(size for size in (1, 2, 4, 8) if size * 8 >= field.bits)
    return np.dtype(f"{'u' if field.kind == 'I' else 'f'}{size}")


def _copy(stored: Values, out: Values) -> None:
    np.copyto(out, stored, casting="unsafe")


def _rule(field: Field, parameter: Parameter) -> ValueRule:
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
    with np.errstate(all="ignore"):
        exponent = parameter.decades * stored.astype(np.float64) / parameter.value_range
        return np.asarray(10.0**exponent * parameter.log_zero, np.float64)
