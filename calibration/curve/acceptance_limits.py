"""The limits of a standard curve: for each figure, what is accepted and what is rejected."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from calibration.rounding import DECIMALS


class CurveVerdict(StrEnum):
    """The verdict of a check on a curve."""

    ACCEPT = "accept"
    WARN = "warn"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Limit:
    """Two bounds of one figure. Between them the curve is used with a warning.

    Attributes
    ----------
    accept
        The last value that is accepted.
    reject
        The last value that is not rejected; None: the figure can only warn.
    """

    accept: float
    reject: float | None = None

    def at_most(self, value: float) -> CurveVerdict:
        """Grade a figure that should be small. A figure that is no number is rejected.

        Examples
        --------
        >>> [Limit(0.1, 0.2).at_most(error).value for error in (0.1, 0.15, 0.25)]
        ['accept', 'warn', 'reject']
        """
        return self._graded(value <= self.accept, self.reject is None or value <= self.reject)

    def at_least(self, value: float) -> CurveVerdict:
        """Grade a figure that should be large."""
        return self._graded(value >= self.accept, self.reject is None or value >= self.reject)

    def near_one(self, value: float) -> CurveVerdict:
        """Grade a figure that should be 1; the bounds are distances from 1."""
        low, high = around_one(self.accept)
        lowest, highest = (0.0, 0.0) if self.reject is None else around_one(self.reject)
        return self._graded(low <= value <= high, self.reject is None or lowest <= value <= highest)

    @staticmethod
    def _graded(accepted: bool, tolerated: bool) -> CurveVerdict:
        if accepted:
            return CurveVerdict.ACCEPT
        return CurveVerdict.WARN if tolerated else CurveVerdict.REJECT


def around_one(distance: float) -> tuple[float, float]:
    """Return 1 ± distance without the rounding of binary fractions: 1.15, not 1.1500000000000001."""
    return round(1 - distance, DECIMALS), round(1 + distance, DECIMALS)


@dataclass(frozen=True, slots=True)
class BeadLimit:
    """The limit of a figure that every bead has; the dimmest bead may have bounds of its own.

    Attributes
    ----------
    accept, reject
        Of every bead.
    dimmest_accept, dimmest_reject
        Of the dimmest bead; None: those of the others.
    """

    accept: float
    reject: float
    dimmest_accept: float | None = None
    dimmest_reject: float | None = None

    def limit(self, *, dimmest: bool) -> Limit:
        """Return the limit of one bead."""
        if not dimmest:
            return Limit(self.accept, self.reject)
        return Limit(
            self.accept if self.dimmest_accept is None else self.dimmest_accept,
            self.reject if self.dimmest_reject is None else self.dimmest_reject,
        )


@dataclass(frozen=True, slots=True)
class CurveLimits:
    """The limits of every figure of a standard curve; fractions, not percent.

    They are conventions, not laws: a study sets its own in its settings (docs/study.md).

    Attributes
    ----------
    r2
        At least.
    slope, local_slope
        Of the line in log-log, and between neighbouring beads: distance from 1.
    error
        Back-calculated error of a bead, at most.
    ratio
        Change of assigned value per MFI from bead to bead, at most (a factor).
    rcv
        Robust CV of a bead, at most.
    events
        Events in a bead population, at least.
    detection
        Dimmest bead over the blank, at least.
    history
        Distance of the top bead from the instrument's earlier runs, at most.
    """

    r2: Limit = Limit(0.99, 0.98)
    slope: Limit = Limit(0.10, 0.15)
    local_slope: Limit = Limit(0.2)
    error: BeadLimit = BeadLimit(0.10, 0.20, dimmest_reject=0.25)
    ratio: Limit = Limit(1.7, 2.5)
    rcv: BeadLimit = BeadLimit(0.15, 0.30, dimmest_accept=0.25)
    events: Limit = Limit(500, 150)
    detection: Limit = Limit(2.0)
    history: Limit = Limit(0.05, 0.10)
