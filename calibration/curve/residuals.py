"""The beads of a standard curve against its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.curve.curve_checks.fitted_beads import FittedBeads
from calibration.curve.fit import CurveModel, LogLogFit, least_squares_line
from calibration.numbers import LARGEST_RCV, MEDIAN_TO_MEAN_ERROR, Floats, Mask
from calibration.rounding import DECIMALS


@dataclass(frozen=True, slots=True)
class Beads:
    """All beads, dim to bright: medians x, levels y, which are in the fit, which are off the scale."""

    x: Floats
    y: Floats
    used: Mask
    off: Mask
    rcv: Floats | None
    n: Floats | None


@dataclass(frozen=True, slots=True)
class Residuals:
    """Of the fitted beads: error of the back-calculated level, and the sums that judge the line."""

    back: Floats
    r2: float
    sd: float
    freedom: int


def residuals_of(fit: LogLogFit, beads: Beads, model: CurveModel) -> Residuals:
    """Compare the fitted beads with the line."""
    log_x, y = np.log10(beads.x[beads.used]), beads.y[beads.used]
    predicted, target = fit.slope * log_x + fit.intercept, np.log10(y + fit.autofluorescence)
    misfit = float(np.sum((target - predicted) ** 2))
    total = float(np.sum((target - target.mean()) ** 2))
    blank = model is CurveModel.AUTOFLUORESCENCE and bool(np.any((beads.y == 0) & (beads.x > 0)))
    freedom = max(y.size + int(blank) - fit.n_parameters, 0)
    sd = float(np.sqrt(misfit / freedom)) if freedom else 0.0
    back = (10.0**predicted - fit.autofluorescence) / y - 1
    # two beads determine a line: what is left is rounding, which must not decide which bead is worst
    return Residuals(np.round(back, DECIMALS) + 0.0, 1 - misfit / total, round(sd, DECIMALS), freedom)


def for_checks(
    fit: LogLogFit, beads: Beads, residuals: Residuals, model: CurveModel, history: Sequence[float]
) -> FittedBeads:
    """Collect the data of the acceptance table's checks."""
    x, y = beads.x[beads.used], beads.y[beads.used]
    blank = beads.x[beads.y == 0]
    return FittedBeads(
        medians=x,
        levels=y,
        back=residuals.back,
        slope=fit.slope,
        r2=residuals.r2,
        rcv=None if beads.rcv is None else beads.rcv[beads.used],
        n=None if beads.n is None else beads.n[beads.used],
        blank=float(blank[0]) if blank.size else None,
        free_slope=least_squares_line(np.log10(x), np.log10(y))[0] if model is CurveModel.SLOPE1 else None,
        freedom=residuals.freedom,
        autofluorescence=fit.autofluorescence,
        history=history,
    )


def peak_sd(beads: Beads) -> tuple[float, ...]:
    """Give the sampling SD of each median in dex."""
    if beads.rcv is None or beads.n is None:
        return (0.0,) * beads.x.size
    sd = (
        MEDIAN_TO_MEAN_ERROR
        * np.minimum(np.abs(beads.rcv), LARGEST_RCV)
        / np.sqrt(np.maximum(beads.n, 1))
        / np.log(10)
    )
    return tuple(float(v) for v in sd)


def notes_on(beads: Beads) -> tuple[str, ...]:
    """Name the beads that are not in the fit, but for the blank."""
    notes = []
    for median, level, off in zip(beads.x, beads.y, beads.off, strict=True):
        if off:
            notes.append(
                f"The bead of {level:,.0f} is at the end of the scale (median {median:.6g}): not in the fit."
            )
        elif median <= 0 < level:
            notes.append(
                f"The bead of {level:,.0f} has a median of {median:.4g}, not above zero: not in the fit."
            )
    return tuple(notes)
