"""Results rounded to fewer digits than processors agree on, so that all processors give the same ones."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

KEPT_DIGITS, DECIMALS = 10, 12
"""Significant digits, and decimals, that are kept. Convention: processors differ from the 13th digit on, but
in every digit of a number that is zero except for rounding."""

FIT_DIGITS = 6
"""Significant digits kept of a library's least-squares fit, in which small differences grow. Convention:
half of the digits that a number has, as least squares square the condition of the data."""

Record = TypeVar("Record")


def rounded_fit(values: ArrayLike, digits: int = KEPT_DIGITS) -> NDArray[np.float64]:
    """Return the values rounded to `digits` significant digits, same shape.

    Examples
    --------
    >>> rounded_fit([3.477124171544016, 0.0]).tolist()
    [3.477124172, 0.0]
    """
    flat = np.asarray(values, np.float64)
    return np.array([float(f"{value:.{digits}g}") for value in flat.ravel()]).reshape(flat.shape)


def rounded_record(record: Record) -> Record:
    """Return the same frozen dataclass, numbers with `KEPT_DIGITS` digits and `DECIMALS` decimals."""
    changed = {field.name: _rounded(getattr(record, field.name)) for field in fields(record) if field.init}  # type: ignore[arg-type]
    return replace(record, **changed)  # type: ignore[type-var]


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return type(value)(round(float(f"{value:.{KEPT_DIGITS}g}"), DECIMALS) + 0.0)
    if type(value) is tuple:
        return tuple(_rounded(part) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return rounded_record(value)
    return value
