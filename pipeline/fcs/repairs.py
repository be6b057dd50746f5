"""Repairs: what a file said, what was used instead, and why, so that nothing is mended in silence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

USUAL = frozenset(
    {"LOG_ZERO", "LATIN_1", "DATA_END_OFF_BY_ONE", "SPILL_IDENTITY", "DATE_UNREAD", "HIGH_BITS"}
)
"""Departures that whole families of instruments write and leave no doubt: listed, but no flag in the row."""


class ScaleRepair(StrEnum):
    """Where the values of a channel show another end of its scale than the file tells."""

    BEYOND = "RANGE_TOO_SMALL"
    PILE = "RANGE_TOO_LARGE"
    BOTTOM = "VALUES_CUT_OFF"


@dataclass(frozen=True, slots=True)
class Repair:
    """One departure from what the file says.

    Attributes
    ----------
    code
        Stable name, such as `DATA_END_OFF_BY_ONE`.
    text
        One sentence for people.
    found, used
        What the file says and what the reader took instead.
    """

    code: str
    text: str
    found: str
    used: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"
