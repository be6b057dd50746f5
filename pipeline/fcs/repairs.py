"""Repairs of a file: what it says, what was used instead, and why. No repair is made in silence."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum

log = logging.getLogger(__name__)


class RepairCode(StrEnum):
    """The kinds of repairs; the value is the code in the tables."""

    AMPLIFICATION_UNREAD = "AMPLIFICATION_UNREAD"
    DATA_END_OFF_BY_ONE = "DATA_END_OFF_BY_ONE"
    DATA_LONGER = "DATA_LONGER"
    DATA_OFFSETS_DIFFER = "DATA_OFFSETS_DIFFER"
    DATA_SET_BEHIND = "DATA_SET_BEHIND"
    DATA_WITHIN_TEXT = "DATA_WITHIN_TEXT"
    DATE_UNREAD = "DATE_UNREAD"
    DELIMITER_IN_VALUE = "DELIMITER_IN_VALUE"
    GAIN_UNREAD = "GAIN_UNREAD"
    GAIN_WITH_LOG = "GAIN_WITH_LOG"
    HEADER_OFFSETS_BLANK = "HEADER_OFFSETS_BLANK"
    HIGH_BITS = "HIGH_BITS"
    HIGH_BITS_LIGHT = "HIGH_BITS_LIGHT"
    HIGH_BITS_UNCLEAR = "HIGH_BITS_UNCLEAR"
    KEYWORD_TWICE = "KEYWORD_TWICE"
    LATIN_1 = "LATIN_1"
    LOG_FLOAT = "LOG_FLOAT"
    LOG_ZERO = "LOG_ZERO"
    MODE_ABSENT = "MODE_ABSENT"
    NAME_ABSENT = "NAME_ABSENT"
    NAME_TWICE = "NAME_TWICE"
    NEXTDATA_BESIDE = "NEXTDATA_BESIDE"
    NEXTDATA_UNREAD = "NEXTDATA_UNREAD"
    OFFSETS_ABSOLUTE = "OFFSETS_ABSOLUTE"
    PACKED_ORDER = "PACKED_ORDER"
    PAR_DIFFERS = "PAR_DIFFERS"
    RANGE_BEYOND_BITS = "RANGE_BEYOND_BITS"
    RANGE_HUGE = "RANGE_HUGE"
    RANGE_TOO_LARGE = "RANGE_TOO_LARGE"
    RANGE_TOO_SMALL = "RANGE_TOO_SMALL"
    RANGE_UNREAD = "RANGE_UNREAD"
    SPILL_LONGER = "SPILL_LONGER"
    SPILL_DECIMAL_COMMA = "SPILL_DECIMAL_COMMA"
    SPILL_DIAGONAL = "SPILL_DIAGONAL"
    SPILL_DIFFERS = "SPILL_DIFFERS"
    SPILL_IDENTITY = "SPILL_IDENTITY"
    SPILL_NAMES = "SPILL_NAMES"
    SPILL_NEGATIVE = "SPILL_NEGATIVE"
    SPILL_PERCENT = "SPILL_PERCENT"
    SPILL_UNUSABLE = "SPILL_UNUSABLE"
    STRAY_WORD = "STRAY_WORD"
    SUPPLEMENT_UNREAD = "SUPPLEMENT_UNREAD"
    TEXT_BEGIN_WRONG = "TEXT_BEGIN_WRONG"
    TEXT_CUT = "TEXT_CUT"
    TEXT_END_LONG = "TEXT_END_LONG"
    TEXT_END_SHORT = "TEXT_END_SHORT"
    TIMESTEP_UNREAD = "TIMESTEP_UNREAD"
    TOT_ABSENT = "TOT_ABSENT"
    TOT_DIFFERS = "TOT_DIFFERS"
    TRUNCATED = "TRUNCATED"
    VALUES_CUT_OFF = "VALUES_CUT_OFF"
    WIDTHS_DIFFER = "WIDTHS_DIFFER"


USUAL_REPAIRS = frozenset(
    {
        RepairCode.LOG_ZERO,
        RepairCode.LATIN_1,
        RepairCode.DATA_END_OFF_BY_ONE,
        RepairCode.SPILL_IDENTITY,
        RepairCode.DATE_UNREAD,
        RepairCode.HIGH_BITS,
    }
)
"""Repairs of faults that whole families of instruments write and that leave no doubt: listed, but not
flagged."""

OF_THE_MATRIX = frozenset(
    {
        RepairCode.SPILL_LONGER,
        RepairCode.SPILL_DECIMAL_COMMA,
        RepairCode.SPILL_DIAGONAL,
        RepairCode.SPILL_DIFFERS,
        RepairCode.SPILL_IDENTITY,
        RepairCode.SPILL_NAMES,
        RepairCode.SPILL_NEGATIVE,
        RepairCode.SPILL_PERCENT,
        RepairCode.SPILL_UNUSABLE,
    }
)
"""Repairs of the spillover matrix: they do not matter where the matrix is not applied."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One repair of a file.

    Attributes
    ----------
    code
        Stable name, such as `DATA_END_OFF_BY_ONE`.
    text
        One sentence for people.
    found, used
        The statement of the file, and the value used in its place.
    """

    code: RepairCode
    text: str
    found: str
    used: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


def in_log(*repairs: Repair) -> tuple[Repair, ...]:
    """Log the code of each repair, and return the repairs.

    No word of the file is logged, since it may name a patient.
    """
    for repair in repairs:
        log.debug("a file was repaired: %s", repair.code)
    return repairs
