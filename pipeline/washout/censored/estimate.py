"""An estimate with its interval, a refusal with its reason, and their plain form for JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import TypeAlias

import numpy as np

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


class NotEstimableError(ValueError):
    """The data cannot tell what was asked; the message says why, in one sentence."""


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval. None = not known; an infinite limit is None with a `note`."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str
    interval_method: str = ""
    level: float = 0.95
    unit: str = ""
    p: float | None = None
    note: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Wait:
    """How long until this share of the patients has this density.

    Attributes
    ----------
    model
        `M1`: the line; `M2`: the recovery curve.
    density
        Molecules per cell.
    share
        0.5: the median patient; 0.9: nine of ten.
    weeks, low, high
        With its interval; None: cannot be told, or no such limit. `note` says why.
    """

    model: str
    density: float
    share: float
    weeks: float | None
    low: float | None
    high: float | None
    n: int
    method: str = ""
    interval_method: str = ""
    level: float = 0.95
    note: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """What was not estimated, and why."""

    name: str
    reason: str


def aicc(log_likelihood: float, parameters: float, n: int) -> float:
    """Return −2ℓ + 2p + 2p(p+1)/(n − p − 1) (Hurvich & Tsai 1989, doi:10.1093/biomet/76.2.297).

    Examples
    --------
    >>> aicc(-10.0, 3, 20)
    27.5
    """
    rest = n - parameters - 1
    return float("inf") if rest <= 0 else -2 * log_likelihood + 2 * parameters * (1 + (parameters + 1) / rest)


def to_json(value: object) -> Json:
    """Return frozen rows, arrays, dates and numbers as what `json.dump(allow_nan=False)` can write.

    Numbers that are not finite become None; numbers are rounded to 12 significant digits, so that the last
    bits of another machine's arithmetic do not change the file.

    Examples
    --------
    >>> to_json(Refusal("M2", "3 uncensored values"))
    {'name': 'M2', 'reason': '3 uncensored values'}
    >>> to_json((1.0, float("inf"), None))
    [1.0, None, None]
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {part.name: to_json(getattr(value, part.name)) for part in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return to_json(value.tolist())
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return _plain(value)


def _plain(value: object) -> Json:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.12g}") if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None else str(value)
