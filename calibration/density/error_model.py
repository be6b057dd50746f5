"""The error terms of a receptor density, shared by the draws and the derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.curve.fit import CurveModel
from calibration.curve.standard_curve import StandardCurve
from calibration.numbers import LEAST_MFI, MAD_TO_SD, MEDIAN_TO_MEAN_ERROR, UPPER_95, Z_95, Floats

ASSUMED_RESIDUAL = 0.02
"""Scatter of the beads about a curve that has as many parameters as beads, dex. Assumption: assigned values
scatter by about as much (docs/method.md, section 4)."""

USUAL_BLANK_CV = 0.5
"""Usual SD of a background from cell to cell, relative to its median. Assumption: leukocytes without the dye
have this spread (docs/method.md, section 5)."""

USUAL_BLANK_CELLS = 10
"""Weight of the usual spread, as a number of control cells. Assumption: a spread from ten cells is known to a
third (docs/method.md, section 5)."""

GROW_TOGETHER = 0.5
"""Probability that receptors and background increase together to some degree (0 to 1, all equally likely),
which one channel cannot show. Assumption: larger cells have more of both. Only the upper limit depends on it
(docs/method.md, section 5)."""

ENOUGH_CONTROL_CELLS = 50
"""Control cells from which on the error of their median is taken from their own scatter alone. Convention:
the usual spread would then count for a sixth."""
LOT_CV, F_P_CV, TRANSFER_CV = 0.05, 0.05, 0.05
"""CVs that are assumed where none is typed: of the values of a lot, of an F:P, and of a transfer to another
instrument or detector. Convention: makers' lots differ by about as much, and so do assigned values
(docs/method.md, sections 4 and 5)."""


@dataclass(frozen=True, slots=True)
class RelativeErrors:
    """CVs (fractions) that scale every ABC alike."""

    lot: float = LOT_CV
    f_p: float = 0.0
    between_run: float = 0.0


@dataclass(frozen=True, slots=True)
class ConvertedCells:
    """The cells to convert: both populations (linear intensities), their medians, the bias to subtract (MFI).

    `divisor`: an amount in the kit's unit, divided by it, is the ABC. `bias_open`: the part of the bias
    (MFI) that vanishes if receptors and background increase together.
    """

    stained: Floats
    control: Floats
    stained_median: float
    control_median: float
    bias: float
    bias_sd: float
    divisor: float
    bias_open: float = 0.0

    @property
    def bias_share(self) -> float:
        """Bias over the difference of medians."""
        gap = self.stained_median - self.control_median
        return self.bias / gap if gap > 0 else 0.0


def converted_amount(
    mfi: Floats, curve: StandardCurve, level: Floats, slope: Floats, center: float
) -> Floats:
    """Return amounts by the curve, shifted by `level` and tilted by `slope` about `center` (dex)."""
    log_mfi = np.log10(np.maximum(np.abs(mfi), LEAST_MFI))
    log_amount = curve.intercept + curve.slope * log_mfi + level + slope * (log_mfi - center)
    return np.asarray(np.sign(mfi) * 10.0**log_amount, dtype=np.float64)


def _fitted_log_mfi(curve: StandardCurve) -> Floats:
    fitted = [m for m, used in zip(curve.medians, curve.fitted, strict=True) if used]
    return np.asarray(np.log10(fitted), dtype=np.float64)


def curve_center(curve: StandardCurve) -> float:
    """Mean log10 MFI of the fitted beads: level and slope of the curve are independent there."""
    return float(_fitted_log_mfi(curve).mean())


def curve_design(curve: StandardCurve) -> tuple[int, float]:
    """Beads in the fit, and the sum of squares that determines the slope (0: the slope is fixed)."""
    log_mfi = _fitted_log_mfi(curve)
    lever = 0.0 if curve.model is CurveModel.SLOPE1 else float(np.sum((log_mfi - log_mfi.mean()) ** 2))
    return log_mfi.size, lever


def curve_variances(curve: StandardCurve) -> tuple[float, float]:
    """Variance per bead in dex² in two parts: scatter of the beads, and sampling of their medians.

    The residuals contain both. The sampling part is therefore subtracted from them and not counted twice.
    The residuals of four beads may by chance be smaller than the sampling alone; the sampling part is then
    kept.
    """
    fitted = [s for s, used in zip(curve.peak_sd or (), curve.fitted, strict=False) if used]
    sampling = float(np.mean(np.square(fitted))) if fitted else 0.0
    residual = curve.residual_sd**2 if curve.degrees_of_freedom > 0 else ASSUMED_RESIDUAL**2
    return max(residual - sampling, 0.0), sampling


def transfer_errors(curve: StandardCurve) -> tuple[float, float, float]:
    """Return the SDs in dex that a transfer adds: level at its center, tilt, and the assumed error (a level).

    In units of the curve's amounts; zero where the curve is of this day.
    """
    transfer = curve.transfer
    if transfer is None:
        return 0.0, 0.0, 0.0
    steep = curve.slope / transfer.slope
    tilt = transfer.sd / np.sqrt(transfer.lever) if transfer.lever > 0 else 0.0
    level = transfer.sd / np.sqrt(transfer.n)
    return float(steep * level), float(steep * tilt), float(log_sd(transfer.assumed_cv) / np.log(10))


def log_sd(cv: float) -> float:
    """SD of the natural logarithm of a log-normal variable with this CV (a fraction)."""
    return float(np.sqrt(np.log1p(cv**2)))


def blank_spread(control: Floats) -> float:
    """Return the SD of a blank's cells in MFI: 1.4826 · MAD, for few cells no less than the usual SD.

    Few cells may lie close together by chance. The variance is therefore shrunk toward the usual one, which
    counts as `USUAL_BLANK_CELLS` cells and never lowers it.
    """
    middle = float(np.median(control))
    own = MAD_TO_SD * float(np.median(np.abs(control - middle)))
    usual = max(own, USUAL_BLANK_CV * abs(middle))
    n = control.size
    return float(np.sqrt((n * own**2 + USUAL_BLANK_CELLS * usual**2) / (n + USUAL_BLANK_CELLS)))


def control_error(control: Floats) -> float:
    """Return the SD of the control's median in MFI, as the half-width of its 95 % interval (t) over 1.96."""
    from scipy.special import stdtrit

    n = control.size
    widened = float(stdtrit(max(n - 1, 1), UPPER_95)) / Z_95
    return MEDIAN_TO_MEAN_ERROR * blank_spread(control) * widened / float(np.sqrt(n))
