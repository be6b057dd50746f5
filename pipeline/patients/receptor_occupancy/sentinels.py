"""θ of a tube from its sentinels: 1 − θ = their free CD38 / their free CD38 without the drug (the norm).

The drug covers CD38 on all cells, but only tumour cells can lose CD38. So NK cells and B precursors show how
much the drug covers. Errors that norm and tube share cancel in the ratio: those of lot and conjugate, if the
norm comes from tubes of this study with the same lot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from calibration.numbers import LEAST_VARIANCE, UPPER_95, Z_95
from pipeline.patients.receptor_occupancy.norm import SENTINEL_NAMES, Norm, SentinelValue
from pipeline.patients.receptor_occupancy.theta import Theta, ThetaFrom

_DISAGREE: Final = 2.5758
"""SDs between two sentinels from which they disagree about θ. Arithmetic: 1 % of the normal distribution."""

SENTINELS_BELOW: Final = (
    "sentinels are below their LLOQ: the drug occupies at least the lower limit, and may occupy all"
)
BRIGHT: Final = "sentinels are brighter than their norm: it may not be this patient's"
DISAGREE: Final = "the sentinels disagree: theta lies within the intervals of both"
NO_NORM: Final = "no norm of the sentinels without the drug is known"
NONE_READ: Final = "no sentinel can be read"
_MOST_FREEDOM: Final = 1e6
"""Most degrees of freedom. Convention: Student's t is then the normal distribution to six digits."""


def sentinel_theta(
    readings: Sequence[SentinelValue], norm: Norm | None, *, lot: tuple[str, str], run: str
) -> Theta:
    """Return θ of a tube.

    Measured sentinels are averaged, weighted by how precisely each gives θ. A sentinel below its LLOQ is left
    out if the more sensitive sentinel is measured. If that one is below its LLOQ, θ has only a lower limit.

    Parameters
    ----------
    readings
        The values of the tube's sentinels.
    norm
        None: there is no norm, and so no θ.
    lot, run
        Kit and lot of the tube's beads, and its bead run.
    """
    if norm is None:
        return Theta(reason=NO_NORM)
    usable = [reading for reading in readings if reading.name in norm.log_usual]
    if not usable:
        return Theta(reason=NONE_READ)
    tube = _TubeNorm(norm, lot, run)
    first = max(usable, key=lambda reading: _room(reading, norm))
    if first.log_rd is None:
        return tube.bounded(first)
    return tube.measured([reading for reading in usable if reading.log_rd is not None])


def _room(reading: SentinelValue, norm: Norm) -> float:
    """Return the sensitivity of a sentinel for θ: how far below its usual value it can be measured, ln."""
    measured = reading.bound if reading.log_rd is None else reading.log_rd
    limit = reading.limit if reading.limit is not None else measured
    return norm.log_usual[reading.name] - (limit or 0.0)


class _TubeNorm:
    """The norm for one tube: it says which errors the tube and the norm share."""

    def __init__(self, norm: Norm, lot: tuple[str, str], run: str) -> None:
        self.norm = norm
        self.same_lot = norm.is_measured and norm.lots == {lot}
        self.other_run = norm.is_measured and len(norm.runs) == 1 and run not in norm.runs

    def extra(self, reading: SentinelValue) -> float:
        """Return the part of a sentinel's variance that the norm does not contain, without calibration."""
        extra = max(reading.own - self.norm.own.get(reading.name, 0.0), 0.0)
        # If the norm has a single bead run, the error of its curve is not in the scatter of its tubes. So the
        # error of that curve and the error of this tube's curve are both added.
        return extra + (2 * reading.run if self.other_run else 0.0)

    def calibration(self, reading: SentinelValue) -> float:
        """Return the variance that the plasma cells share with the sentinel but not with the norm."""
        between = 0.0 if self.norm.is_measured else reading.between
        return between + (0.0 if self.same_lot else reading.lot)

    def measured(self, readings: Sequence[SentinelValue]) -> Theta:
        """Return θ from measured sentinels."""
        indices = [SENTINEL_NAMES.index(reading.name) for reading in readings]
        of_norm = self.norm.variance[np.ix_(indices, indices)]
        matrix = of_norm + np.diag([self.extra(reading) for reading in readings])
        logs = np.array([(reading.log_rd or 0.0) - self.norm.log_usual[reading.name] for reading in readings])
        # The scatter for the weights is the mean of both sentinels: with an estimate for each, the sentinel
        # whose scatter is small by chance would get too much weight.
        weights = 1 / (np.mean(np.diag(of_norm)) + np.diag(matrix - of_norm))
        weights = weights / weights.sum()
        middle = float(np.sum(weights * logs))
        norm_part = float(np.sum(weights[:, None] * weights * of_norm))
        variance = float(np.sum(weights[:, None] * weights * matrix))
        beside = self._reach(norm_part, variance)
        shared = float(np.sum(weights * [self.calibration(reading) for reading in readings]))
        reach = float(np.hypot(beside, Z_95 * np.sqrt(shared)))
        if len(readings) > 1 and _differ(logs, matrix):
            alone = [self.measured([reading]) for reading in readings]
            return _within(alone, middle)
        return _theta(middle, reach, beside)

    def bounded(self, reading: SentinelValue) -> Theta:
        """Return a lower limit of θ from a sentinel that is below its LLOQ."""
        index = SENTINEL_NAMES.index(reading.name)
        variance = float(self.norm.variance[index, index])
        beside = self._reach(variance, variance)
        reach = float(np.hypot(beside, Z_95 * np.sqrt(self.calibration(reading))))
        log_ratio = (reading.bound or 0.0) - self.norm.log_usual[reading.name]
        low, low_beside = (max(0.0, -float(np.expm1(log_ratio + r))) for r in (reach, beside))
        return Theta(None, low, 1.0, low_beside, 1.0, ThetaFrom.SENTINELS, SENTINELS_BELOW)

    def _reach(self, norm_part: float, variance: float) -> float:
        """Return half of the 95 % interval of ln(1 − θ), by Student's t if the scatter is estimated."""
        from scipy.special import stdtrit

        if not np.isfinite(self.norm.freedom):
            return Z_95 * float(np.sqrt(variance))
        freedom = self.norm.freedom * (variance / norm_part) ** 2 if norm_part > 0 else _MOST_FREEDOM
        return float(stdtrit(min(freedom, _MOST_FREEDOM), UPPER_95) * np.sqrt(variance))


def _differ(logs: np.ndarray, matrix: np.ndarray) -> bool:
    spread = float(np.sqrt(max(matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1], LEAST_VARIANCE)))
    return bool(abs(float(logs[0] - logs[1])) > _DISAGREE * spread)


def _theta(middle: float, reach: float, beside: float) -> Theta:
    """Return θ from ln(1 − θ), at least 0; the upper limit stays above 0 if the whole interval lies below."""
    value = max(0.0, -float(np.expm1(middle)))
    low, low_beside = (max(0.0, -float(np.expm1(middle + r))) for r in (reach, beside))
    high, high_beside = (-float(np.expm1(min(middle - r, -r / Z_95))) for r in (reach, beside))
    bright = middle - reach > 0
    return Theta(value, low, high, low_beside, high_beside, ThetaFrom.SENTINELS, BRIGHT if bright else "")


def _within(alone: Sequence[Theta], middle: float) -> Theta:
    """Return θ with an interval that contains the intervals of all sentinels, which disagree."""
    return Theta(
        max(0.0, -float(np.expm1(middle))),
        min(theta.low or 0.0 for theta in alone),
        max(theta.high or 0.0 for theta in alone),
        min(theta.low_beside or 0.0 for theta in alone),
        max(theta.high_beside or 0.0 for theta in alone),
        ThetaFrom.SENTINELS,
        DISAGREE,
        disagree=True,
    )
