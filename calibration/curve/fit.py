"""The fits behind a standard curve: lines in log-log, with or without the beads' own autofluorescence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from calibration.numbers import Floats, Mask
from calibration.rounding import FIT_DIGITS, rounded_fit

LOG_AUTO_DIGITS = 6
"""Decimals that are kept of the log10 of the autofluorescence. Convention: far finer than the precision of
bead data."""


class CurveModel(StrEnum):
    """The formula of a standard curve; the value is the word that a person types."""

    LOGLOG = "loglog"
    SLOPE1 = "slope1"
    AUTOFLUORESCENCE = "autofluorescence"


PARAMETERS = {CurveModel.LOGLOG: 2, CurveModel.SLOPE1: 1, CurveModel.AUTOFLUORESCENCE: 3}
"""Curve model → its free parameters. Arithmetic: counted in its formula (docs/method.md, section 4).

A new model is a member of `CurveModel`, one entry here and its fit in `fit_model`.
"""
DECADES_BELOW, TRIED, ROOT_STEP = 3, 61, 1e-13
"""Autofluorescence is tried from so many decades below the dimmest level up to the brightest, at so many
values; step at which its root is known, log10. Convention: less than a thousandth of the dimmest level
changes no curve; about ten values per decade; far below the digits that are kept."""
FEWEST_FOR_PHOTONS = 3
"""Least number of populations for the step of a photoelectron. Arithmetic: its law has three terms."""


def curve_model_of(word: str) -> CurveModel:
    """Return the model that a word names. Raises ValueError for any other word."""
    if word not in PARAMETERS:
        raise ValueError(f"{word!r} is not a curve model; expected one of {', '.join(PARAMETERS)}.")
    return CurveModel(word)


@dataclass(frozen=True, slots=True)
class LogLogFit:
    """log10(level + autofluorescence) = slope · log10 MFI + intercept."""

    slope: float
    intercept: float
    autofluorescence: float
    n_parameters: int


def fit_model(x: Floats, y: Floats, used: Mask, off: Mask, model: CurveModel) -> LogLogFit:
    """Fit one model to the `used` beads; `autofluorescence` also uses the blank unless it is `off` scale."""
    log_x, log_y = np.log10(x[used]), np.log10(y[used])
    if model is CurveModel.SLOPE1:
        return LogLogFit(1.0, float(np.mean(log_y - log_x)), 0.0, 1)
    if model is CurveModel.AUTOFLUORESCENCE:
        return _fit_autofluorescence(x, y, (x > 0) & ~off)
    slope, intercept = least_squares_line(log_x, log_y)
    return LogLogFit(slope, intercept, 0.0, 2)


def least_squares_line(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and intercept by least squares."""
    dx = x - x.mean()
    slope = float((dx * (y - y.mean())).sum() / (dx * dx).sum())
    return slope, float(y.mean() - slope * x.mean())


def _fit_autofluorescence(x: Floats, y: Floats, used: Mask) -> LogLogFit:
    """Least squares in log space over the autofluorescence alone: slope and intercept follow from it.

    Notes
    -----
    The minimum is where the misfit's derivative is zero. The misfit itself is flat there, so the last digits
    of its values would decide its minimum. The root is rounded to digits on which all processors agree.
    """
    log_x, level = np.log10(x[used]), y[used]

    def residuals(log_auto: float) -> Floats:
        target = np.log10(level + 10.0**log_auto)
        slope, intercept = least_squares_line(log_x, target)
        return np.asarray(target - slope * log_x - intercept, np.float64)

    def steepness(log_auto: float) -> float:
        auto = 10.0**log_auto
        return float((residuals(log_auto) * (auto / (level + auto))).sum())

    positive = level[level > 0]
    grid = np.linspace(np.log10(positive.min()) - DECADES_BELOW, np.log10(positive.max()), TRIED)
    misfits = rounded_fit([float((residuals(g) ** 2).sum()) for g in grid])
    start = int(np.argmin(misfits))
    around = float(grid[max(start - 1, 0)]), float(grid[min(start + 1, grid.size - 1)])
    auto = float(10.0 ** round(_minimum(steepness, *around), LOG_AUTO_DIGITS))
    slope, intercept = least_squares_line(log_x, np.log10(level + auto))
    return LogLogFit(slope, intercept, auto, PARAMETERS[CurveModel.AUTOFLUORESCENCE])


def _minimum(steepness: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function with this derivative is least, between two ends."""
    from scipy.optimize import brentq

    if steepness(low) >= 0:
        return low
    if steepness(high) <= 0:
        return high
    return float(brentq(steepness, low, high, xtol=ROOT_STEP))


def photon_step(medians: Floats, rcv: Floats | None) -> float:
    """Fit rCV² = cv² + step / median + noise² / median², each term at least zero (Steen 1992)."""
    if rcv is None or medians.size < FEWEST_FOR_PHOTONS or np.any(rcv <= 0):
        return 0.0
    from scipy.optimize import nnls

    terms = np.column_stack([np.ones_like(medians), 1 / medians, 1 / medians**2]) / rcv[:, None] ** 2
    scale = terms.max(axis=0)
    return float(rounded_fit(nnls(terms / scale, np.ones(medians.size))[0] / scale, FIT_DIGITS)[1])
