"""Results rounded to fewer digits than processors agree on, so that all processors give the same ones."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

DIGITS = 10
"""Significant digits that are kept. Convention: processors differ from the 13th on."""

Record = TypeVar("Record")


def rounded_fit(values: ArrayLike) -> NDArray[np.float64]:
    """Return the values to `DIGITS` significant digits, same shape.

    Examples
    --------
    >>> rounded_fit([3.477124171544016, 0.0]).tolist()
    [3.477124172, 0.0]
    """
    flat = np.asarray(values, np.float64)
    return np.array([_rounded(float(value)) for value in flat.ravel()]).reshape(flat.shape)


def rounded_record(record: Record) -> Record:
    """Return the same frozen dataclass with every number in it to `DIGITS` significant digits."""
    changed = {field.name: _rounded(getattr(record, field.name)) for field in fields(record) if field.init}  # type: ignore[arg-type]
    return replace(record, **changed)  # type: ignore[type-var]


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return type(value)(f"{value:.{DIGITS}g}")
    if type(value) is tuple:
        return tuple(_rounded(part) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return rounded_record(value)
    return value
