"""Transfer a standard curve to another day, instrument or detector by rainbow beads that were run on both.

The same beads on both sides give pairs of medians, log10 MFI there = slope · log10 MFI here + intercept; a
ratio of gains (slope 1) is enough between two linear detectors, and is used where the pairs agree with it.
Curve and transfer together convert the MFI of this day (Wang & Hoffman 2017, doi:10.1002/cpcy.14).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from calibration.beads.peaks import BeadPeaks
from calibration.curve.acceptance_limits import CurveLimits
from calibration.curve.curve_checks.curve_transfer import Transfer
from calibration.curve.curve_checks.every_check import checked
from calibration.curve.fit import least_squares_line
from calibration.curve.standard_curve import StandardCurve, StandardCurveError
from calibration.numbers import LARGEST_RCV, LEAST_MFI, MEDIAN_TO_MEAN_ERROR, UPPER_95, Floats

__all__ = ["Transfer", "fit_transfer", "transferred_curve"]


FEWEST_PEAKS = 3
"""Least number of populations for a transfer. Arithmetic: a line through two points leaves no residual to
check it."""

SLOPE_ROUNDING = 1e-12
"""Difference from a slope of 1 that is rounding. Convention: processors differ from the 13th digit on."""


def fit_transfer(
    this_day: BeadPeaks, other_day: BeadPeaks, levels: Sequence[float], *, assumed_cv: float = 0.0
) -> Transfer:
    """Fit the line between the rainbow populations of two runs.

    Populations are matched in their order. Left out: the blank, and what is on the end of a scale or not
    above zero in either run. The slope is 1 unless its 95 % interval excludes 1.

    Parameters
    ----------
    this_day, other_day
        The run whose events are to be converted, and the one beside the standard curve; the same lot.
    levels
        Of the lot, dim to bright; 0 is the blank.
    assumed_cv
        CV (fraction) of what the populations cannot show, such as another filter's view of another dye.

    Raises
    ------
    StandardCurveError
        Fewer than three populations in both runs.

    Examples
    --------
    >>> from calibration.beads.peaks import find_bead_peaks
    >>> rng = np.random.default_rng(1)
    >>> beads = np.concatenate([rng.normal(m, 0.03 * m, 1000) for m in (100, 1000, 5000, 20000)])
    >>> then, now = find_bead_peaks(beads, 4), find_bead_peaks(1.25 * beads, 4)
    >>> transfer = fit_transfer(now, then, (1, 10, 50, 200))
    >>> transfer.slope, round(10**transfer.intercept, 3)
    (1.0, 0.8)
    """
    log_x, log_y, sampling = _matched(this_day, other_day, levels)
    n, center = log_x.size, float(log_x.mean())
    lever = float(np.sum((log_x - center) ** 2))
    slope, intercept = least_squares_line(log_x, log_y)
    sd = float(np.sqrt(np.sum((log_y - slope * log_x - intercept) ** 2) / (n - 2)))
    is_ratio = _may_be_one(slope, max(sd, sampling), n, lever)
    if is_ratio:
        slope, intercept, lever = 1.0, float(np.mean(log_y - log_x)), 0.0
        sd = float(np.std(log_y - log_x, ddof=1))
    off = log_y - slope * log_x - intercept
    return Transfer(
        slope=slope,
        intercept=intercept,
        sd=max(sd, sampling),
        degrees_of_freedom=n - (1 if is_ratio else 2),
        n=n,
        center=center,
        lever=lever,
        largest_error=float(np.max(np.abs(10.0**off - 1))),
        low=float(10.0 ** log_x.min()),
        high=float(10.0 ** log_x.max()),
        assumed_cv=assumed_cv,
    )


def _may_be_one(slope: float, sd: float, n: int, lever: float) -> bool:
    """Whether the 95 % interval of the slope contains 1."""
    from scipy.special import stdtrit

    return bool(abs(slope - 1) <= stdtrit(n - 2, UPPER_95) * sd / np.sqrt(lever) + SLOPE_ROUNDING)


def _matched(
    this_day: BeadPeaks, other_day: BeadPeaks, levels: Sequence[float]
) -> tuple[Floats, Floats, float]:
    """Return log10 medians of the usable populations of both runs, and the SD that sampling gives a pair."""
    columns = (this_day.medians, other_day.medians, this_day.saturated, other_day.saturated, levels)
    if len({len(column) for column in columns}) > 1:
        raise StandardCurveError(
            f"{len(this_day.medians)} rainbow populations here and {len(other_day.medians)} in the run of "
            "the other day: the same lot with the same levels is needed."
        )
    usable = [
        k
        for k, (x, y, off_x, off_y, level) in enumerate(zip(*columns, strict=True))
        if x > 0 < y and level > 0 and not (off_x or off_y)
    ]
    if len(usable) < FEWEST_PEAKS:
        raise StandardCurveError(
            f"{len(usable)} rainbow populations lie on the scale in both runs: at least {FEWEST_PEAKS} are "
            "needed to carry a curve over."
        )
    variance = np.mean([_sampling(run, k) ** 2 for run in (this_day, other_day) for k in usable])
    log_x, log_y = (np.log10([run.medians[k] for k in usable]) for run in (this_day, other_day))
    return log_x, log_y, float(np.sqrt(2 * variance))


def _sampling(run: BeadPeaks, k: int) -> float:
    return float(MEDIAN_TO_MEAN_ERROR * min(run.rcv[k], LARGEST_RCV) / np.sqrt(max(run.n[k], 1)) / np.log(10))


def transferred_curve(
    curve: StandardCurve, transfer: Transfer, limits: CurveLimits | None = None
) -> StandardCurve:
    """Return the curve of this day: its beads have the medians that they would have had here.

    Parameters
    ----------
    curve
        Of the other day.
    transfer
        From here to there.
    limits
        Thresholds of the rows that are added to the acceptance table.
    """
    medians = tuple(_backward(median, transfer) for median in curve.medians)
    transferred = replace(
        curve,
        slope=curve.slope * transfer.slope,
        intercept=curve.intercept + curve.slope * transfer.intercept,
        medians=medians,
        peak_sd=tuple(sd / transfer.slope for sd in curve.peak_sd),
        photon_step=0.0 if not curve.photon_step else _backward(curve.photon_step, transfer),
        transfer=transfer,
    )
    return transferred.with_checks(*checked(transfer, limits or CurveLimits()))


def _backward(mfi: float, transfer: Transfer) -> float:
    """Return the MFI on this day of an MFI on the other day."""
    size = 10.0 ** ((np.log10(max(abs(mfi), LEAST_MFI)) - transfer.intercept) / transfer.slope)
    return float(np.sign(mfi) * size)
