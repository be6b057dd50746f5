"""The uncertainty of a receptor density by first derivatives: a check on the draws."""

from __future__ import annotations

import numpy as np

from calibration.curve.standard_curve import StandardCurve
from calibration.density.error_model import (
    GROW_TOGETHER,
    ConvertedCells,
    RelativeErrors,
    converted_amount,
    curve_center,
    curve_design,
    curve_variances,
    log_sd,
    transfer_errors,
)
from calibration.numbers import LEAST_MFI, UPPER_95, Z_95, Floats


def analytic_sd(cells: ConvertedCells, curve: StandardCurve, errors: RelativeErrors) -> float:
    """Return the SD of RD by first derivatives: the half-width of a 95 % interval over 1.96, without draws.

    The curve's degrees of freedom enter by Welch and Satterthwaite (Welch 1947,
    doi:10.1093/biomet/34.1-2.28).
    """
    from scipy.special import stdtrit

    own, of_the_curve = _analytic_variances(cells, curve, errors)
    total = own + of_the_curve
    if curve.degrees_of_freedom <= 0 or own <= 0:
        return float(np.sqrt(total))
    freedom = curve.degrees_of_freedom * (total / own) ** 2
    return float(np.sqrt(total) * stdtrit(freedom, UPPER_95) / Z_95)


def interval_of_medians(
    stained: float, control: float, curve: StandardCurve, divisor: float, errors: RelativeErrors
) -> tuple[float, float] | None:
    """Return the 95 % interval of the ABC of two medians, where no events are known.

    It includes the scatter of the beads about the curve, and the errors that scale every ABC alike. It does
    not include the sampling of the cells, which needs the events.

    Parameters
    ----------
    stained, control
        Medians of cells and of their control, MFI; a control of 0 takes nothing off.
    curve, divisor, errors
        As for `analytic_sd`.

    Returns
    -------
    tuple of float or None
        ABC, on the log scale about the difference, with the degrees of freedom of the curve (Welch 1947,
        doi:10.1093/biomet/34.1-2.28); None where the difference is not above zero.

    Examples
    --------
    >>> from calibration.curve.standard_curve import fit_standard_curve
    >>> curve = fit_standard_curve([100, 1000, 10000], [500, 5000, 50000])
    >>> [round(end) for end in interval_of_medians(1000.0, 0.0, curve, 1.0, RelativeErrors(lot=0.05))]
    [4534, 5514]
    """
    from scipy.special import stdtrit

    mfi, zero = np.array([stained, control]), np.zeros(2)
    amount = converted_amount(mfi, curve, zero, zero, 0.0) / divisor
    density = float(amount[0] - amount[1])
    if density <= 0:
        return None
    log_mfi = np.log10(np.maximum(np.abs(mfi), LEAST_MFI)) - curve_center(curve)
    tilt = float(amount[0] * log_mfi[0] - amount[1] * log_mfi[1]) / density
    count, squares = curve_design(curve)
    bead = sum(curve_variances(curve)) * np.log(10) ** 2
    own = bead * (1 / count + (tilt**2 / squares if squares > 0 else 0.0))
    total = own + sum(log_sd(cv) ** 2 for cv in (errors.lot, errors.f_p, errors.between_run))
    has_freedom = curve.degrees_of_freedom > 0 and own > 0
    reach = stdtrit(curve.degrees_of_freedom * (total / own) ** 2, UPPER_95) if has_freedom else Z_95
    half = float(reach * np.sqrt(total))
    return density * float(np.exp(-half)), density * float(np.exp(half))


def _analytic_variances(
    cells: ConvertedCells, curve: StandardCurve, errors: RelativeErrors
) -> tuple[float, float]:
    """Return the variance of RD from the curve, and from all other errors."""
    mfi = np.array([cells.stained_median - cells.bias, cells.control_median])
    zero = np.zeros(2)
    amount = converted_amount(mfi, curve, zero, zero, 0.0) / cells.divisor
    density, lever = float(amount[0] - amount[1]), curve_center(curve)
    log_mfi = np.log10(np.maximum(np.abs(mfi), LEAST_MFI)) - lever
    count, squares = curve_design(curve)
    tilt = float(amount[0] * log_mfi[0] - amount[1] * log_mfi[1])
    bead = sum(curve_variances(curve)) * np.log(10) ** 2
    own = bead * (density**2 / count + (tilt**2 / squares if squares > 0 else 0.0))
    steep = curve.slope * np.abs(amount) / np.maximum(np.abs(mfi), LEAST_MFI)
    share = cells.bias_share
    cell = (steep[0] * (1 - share) * _median_error(cells.stained)) ** 2
    cell += ((steep[1] - steep[0] * share) * _median_error(cells.control)) ** 2
    open_variance = GROW_TOGETHER * (1 / 3 - GROW_TOGETHER / 4)
    cell += steep[0] ** 2 * (cells.bias_sd**2 + open_variance * cells.bias_open**2)
    relative = sum(log_sd(cv) ** 2 for cv in (errors.lot, errors.f_p, errors.between_run))
    return float(own), float(cell + density**2 * relative + _transfer_variance(amount, log_mfi, curve))


def _transfer_variance(amount: Floats, log_mfi: Floats, curve: StandardCurve) -> float:
    """Variance of RD from carrying the curve over; `log_mfi` is about the curve's center."""
    if curve.transfer is None:
        return 0.0
    level, tilt, assumed = (sd * np.log(10) for sd in transfer_errors(curve))
    away = log_mfi + curve_center(curve) - curve.transfer.center
    turned = float(amount[0] * away[0] - amount[1] * away[1])
    return float((level**2 + assumed**2) * (amount[0] - amount[1]) ** 2 + (tilt * turned) ** 2)


def _median_error(values: Floats) -> float:
    """Give the standard error of a median: half the gap of the order statistics half a √n to either side."""
    away = 0.5 / np.sqrt(values.size)
    low, high = np.quantile(values, [0.5 - away, 0.5 + away])
    return float(high - low) / 2
