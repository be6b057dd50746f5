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


R2 = Limit(0.99, 0.98)
"""r² of the line in log-log, at least. Convention: beads span two decades or more, so that a lower r² means a
bead off the line by tens of percent."""
SLOPE = Limit(0.10, 0.15)
"""Distance of the slope in log-log from 1, at most. Convention: a linear detector has a slope of 1, and 0.1
more is 26 % over a decade."""
LOCAL_SLOPE = Limit(0.2)
"""Distance from 1 of the slope between neighbouring beads, at most; it can only warn. Convention: twice the
slope's own, since two beads determine it."""
ERROR = BeadLimit(0.10, 0.20, dimmest_reject=0.25)
"""Back-calculated error of a bead, a fraction, at most; the dimmest bead is rejected later.
Convention: bioanalytical guidelines allow ligand-binding assays 20 %, and 25 % at the lower limit of
quantification (ICH M10, 2022); acceptance is stricter."""
RATIO = Limit(1.7, 2.5)
"""Change of assigned value per MFI from bead to bead, a factor, at most. Convention:
beads of a kit are about threefold apart or more, so that values typed for the wrong beads change it more."""
RCV = BeadLimit(0.15, 0.30, dimmest_accept=0.25)
"""Robust CV of a bead population, a fraction, at most; the dimmest bead may be wider. Convention: beads are
made with a few percent, and photon counting widens the dimmest."""
EVENTS = Limit(500, 150)
"""Events of a bead population, at least. Convention: a robust CV of 30 % leaves 1.7 % of error in the median
of 500 events, and 3 % in that of 150."""
DETECTION = Limit(2.0)
"""Dimmest bead over the blank, at least; it can only warn. Convention: below twice the blank, over half of
the light is not the bead's."""
HISTORY = Limit(0.05, 0.10)
"""Distance of the top bead from the median of the instrument's earlier runs, a fraction, at most. Convention:
daily checks of cytometers commonly allow a few percent; it settles at `SETTLED_HISTORY` runs."""
STEADY = Limit(0.05, 0.20)
"""Change of the beads' brightness within a run, a fraction, at most, without the part that sampling may
explain. Convention: a run may change by as much as one day may differ from the next, and by no more than a
bead may lie off the curve."""


@dataclass(frozen=True, slots=True)
class CurveLimits:
    """The limits of every figure of a standard curve; fractions, not percent.

    They are conventions. A study can change them in its settings (docs/study.md): `curve_r2_accept` and
    `curve_r2_reject` are the bounds of `r2`.

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
    steady
        Change of the beads' brightness within the run, at most.
    """

    r2: Limit = R2
    slope: Limit = SLOPE
    local_slope: Limit = LOCAL_SLOPE
    error: BeadLimit = ERROR
    ratio: Limit = RATIO
    rcv: BeadLimit = RCV
    events: Limit = EVENTS
    detection: Limit = DETECTION
    history: Limit = HISTORY
    steady: Limit = STEADY
