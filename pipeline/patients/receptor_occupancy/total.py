"""Total CD38 per cell, free or covered by the drug: total = free / (1 − θ), with the errors of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from calibration.density.receptor_density import RdStatus
from calibration.density.result import quotable_density
from pipeline.patients.pharmacokinetics.occupancy import MOST_FOR_TOTAL
from pipeline.patients.receptor_occupancy.theta import Theta, ThetaFrom

LEAST_FREE: Final = 0.01
"""Least free part of CD38 for an upper limit of the total. Convention: a hundredth of CD38 is lost in the
background."""

_WIDER: Final = 2.2414 / 1.95996
"""Arithmetic: the normal distribution's limits of 97.5 % over those of 95 %."""

ONLY_BELOW: Final = "the drug may occupy nearly all: only a lower limit of the total is given"
NO_TOTAL: Final = f"occupancy is {MOST_FOR_TOTAL:g} or more: no total is given, only a lower limit"
"""The notes on a total without a value. Convention."""


@dataclass(frozen=True, slots=True)
class FreeDensity:
    """Free CD38 for the total: molecules per cell, with interval and LLOQ."""

    status: RdStatus
    rd: float | None
    low: float | None
    high: float | None
    lloq: float | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """Total CD38, molecules per cell, with its 95 % interval; None: not known, and `reason` says why."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""


def is_too_high_by_model(theta: Theta) -> bool:
    """Return whether θ comes from a drug level and is so high that a small error would decide the total."""
    modelled = theta.source in (ThetaFrom.MODEL, ThetaFrom.LEVEL)
    return modelled and theta.value is not None and theta.value >= MOST_FOR_TOTAL


def tells_a_total(theta: Theta) -> bool:
    """Return whether θ is known well enough to give a total for a measured density."""
    if theta.value is None or theta.high_beside is None or is_too_high_by_model(theta):
        return False
    return 1 - theta.high_beside >= LEAST_FREE


def total_of(free: FreeDensity, theta: Theta) -> Total:
    """Return total CD38 from a free density and θ.

    The interval adds both errors on the log scale. A density below its LLOQ gives only an upper limit of the
    total. A density above its ULOQ, or a θ near 1, gives only a lower limit.

    Examples
    --------
    >>> theta = Theta(0.5, 0.25, 0.75, 0.25, 0.75, ThetaFrom.SENTINELS)
    >>> total = total_of(FreeDensity(RdStatus.OK, 30_000.0, 27_000.0, 33_000.0), theta)
    >>> round(total.value), round(total.low), round(total.high)
    (60000, 39465, 120785)
    """
    low, high = theta.low_beside, theta.high_beside
    if low is None or high is None:
        return Total(reason=theta.reason)
    if free.status == RdStatus.BELOW_LLOQ:
        return _below(free, theta, high)
    if free.status == RdStatus.ABOVE_ULOQ and free.low:
        reason = _with_reason(theta, "above its ULOQ: the total lies above")
        return Total(None, free.low / (1 - low), None, reason)
    rd = quotable_density(free)
    if rd is None or rd <= 0:
        return Total(reason=_with_reason(theta, "no receptor density"))
    down, up = _reach(rd, free.low), _reach(free.high, rd)
    if theta.value is None or not tells_a_total(theta):
        return _within(free, theta, down, up)
    value = rd / (1 - theta.value)
    if theta.source is ThetaFrom.NO_COMPETITION:
        return Total(value, free.low, free.high, theta.reason)
    lower = value * np.exp(-np.hypot(down, np.log((1 - low) / (1 - theta.value)))) if theta.value else 0.0
    higher = value * np.exp(np.hypot(up, np.log((1 - theta.value) / (1 - high))))
    # A cell has at least as much CD38 as is free on it. Since two limits are compared, and either may miss,
    # this one is a little wider than 95 %.
    least = free.rd * np.exp(-_WIDER * down)
    return Total(value, _plain(max(lower, least)), _plain(max(higher, free.high or 0.0)), theta.reason)


def _within(free: FreeDensity, theta: Theta, down: float, up: float) -> Total:
    """Return the limits of a total without a value; no upper limit if the drug may cover all CD38."""
    low, high, rd = theta.low_beside or 0.0, theta.high_beside or 0.0, free.rd or 0.0
    lower = max(rd / (1 - low) * np.exp(-down), free.low or 0.0) if low < 1 else None
    if is_too_high_by_model(theta):
        return Total(None, _plain(lower), None, _with_reason(theta, NO_TOTAL))
    if 1 - high < LEAST_FREE:
        return Total(None, _plain(lower), None, _with_reason(theta, ONLY_BELOW))
    return Total(None, _plain(lower), _plain(rd / (1 - high) * np.exp(up)), theta.reason)


def _below(free: FreeDensity, theta: Theta, high: float) -> Total:
    if not free.lloq or not np.isfinite(free.lloq) or 1 - high < LEAST_FREE:
        return Total(reason=_with_reason(theta, "below its LLOQ: no total is given"))
    limit = max(free.lloq, free.high or 0.0) / (1 - high)
    return Total(None, None, _plain(limit), _with_reason(theta, "below its LLOQ: the total lies below"))


def _reach(more: float | None, less: float | None) -> float:
    """Return the log of the ratio, at least 0; infinite if a limit is missing or not above 0."""
    if more is None or less is None or less <= 0 or more <= 0:
        return float("inf")
    return float(np.log(max(more / less, 1.0)))


def _plain(value: float | None) -> float | None:
    return float(value) if value is not None and 0 < value < np.inf else None


def _with_reason(theta: Theta, words: str) -> str:
    return "; ".join(filter(None, (words, theta.reason)))
