"""The rows of the acceptance table: their names, their verdicts, and the form of a check that makes a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from calibration.curve.acceptance_limits import BeadLimit, CurveLimits, CurveVerdict, Limit

Checked = TypeVar("Checked")
CheckedValue = tuple[float, CurveVerdict, str]
"""Figure, verdict and sentence of one check."""


class CheckName(StrEnum):
    """The rows that the acceptance table may have."""

    ORDER = "order"
    R2 = "r2"
    SLOPE = "slope"
    BACK_CALCULATED_ERROR = "back_calculated_error"
    VALUE_PER_MFI = "value_per_mfi"
    LOCAL_SLOPE = "local_slope"
    BEAD_RCV = "bead_rcv"
    BEAD_EVENTS = "bead_events"
    DETECTION = "detection"
    LESS_BLANK = "less_blank"
    DEGREES_OF_FREEDOM = "degrees_of_freedom"
    HISTORY = "history"
    STEADY = "steady"
    BRIGHTER_ELSEWHERE = "brighter_elsewhere"
    TRANSFER_POPULATIONS = "transfer_populations"
    TRANSFER_SLOPE = "transfer_slope"
    TRANSFER_ERROR = "transfer_error"
    LOT_SIZE = "lot_size"
    LOT_VALUES = "lot_values"


@dataclass(frozen=True, slots=True)
class CurveCheck:
    """One row of the acceptance table: the figure, its verdict, and what it means in words."""

    name: CheckName
    value: float
    verdict: CurveVerdict
    text: str


@dataclass(frozen=True, slots=True)
class TableRow(Generic[Checked]):
    """A check: one row of the acceptance table.

    Attributes
    ----------
    name
        The name of the row; each check has its own name.
    of
        The class of what is checked.
    check
        A function of what is checked and of the check's limit. It returns the row, or None if the data do not
        allow the check.
    limit
        The limit of the check among those of the study; a check that has none gets None.
    """

    name: CheckName
    of: type[Checked]
    check: Callable[[Checked, Any], CheckedValue | None]
    limit: Callable[[CurveLimits], Limit | BeadLimit | None] = lambda limits: None


def worst(checks: Sequence[CurveCheck]) -> CurveVerdict:
    """Return the worst verdict of a table; accept where it is empty."""
    return worst_verdict([check.verdict for check in checks])


def worst_verdict(verdicts: Sequence[CurveVerdict]) -> CurveVerdict:
    """Return the worst of some verdicts; accept where there are none."""
    return max(verdicts, key=list(CurveVerdict).index, default=CurveVerdict.ACCEPT)
