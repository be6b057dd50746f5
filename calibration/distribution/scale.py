"""From light to molecules and back, in every draw of a tube's errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.curve.standard_curve import StandardCurve
from calibration.density.error_model import converted_amount, curve_center
from calibration.density.uncertainty import Draws
from calibration.numbers import LEAST_MFI, Floats


@dataclass(frozen=True, slots=True)
class ConversionDraws:
    """How MFI becomes molecules in every draw: the curve shifted by `level` and `slope`, times `factor`."""

    curve: StandardCurve
    divisor: float
    level: Floats
    slope: Floats
    factor: Floats
    background: Floats

    def density(self, mfi: Floats) -> Floats:
        """Return the density in molecules per cell, shape (n_draws,), of one brightness (MFI) per draw."""
        difference = self.amount(mfi) - self.amount(self.background)
        return np.asarray(difference * self.factor / self.divisor, dtype=np.float64)

    def amount(self, mfi: Floats) -> Floats:
        """Return the amount in the kit's unit, shape (n_draws,), of one brightness (MFI) per draw."""
        return converted_amount(mfi, self.curve, self.level, self.slope, curve_center(self.curve))

    def light(self, density: float) -> Floats:
        """Return the MFI at which a cell has this density, shape (n_draws,); the inverse of `density`."""
        amount = self.amount(self.background) + density * self.divisor / self.factor
        log_amount = np.log10(np.maximum(np.abs(amount), LEAST_MFI))
        center, tilted = curve_center(self.curve), self.curve.slope + self.slope
        log_mfi = (log_amount - self.curve.intercept - self.level + self.slope * center) / tilted
        return np.asarray(np.sign(amount) * 10.0**log_mfi, dtype=np.float64)


def drawn_scale(drawn: Draws, curve: StandardCurve, divisor: float) -> ConversionDraws:
    """Return the scale of every draw of a tube's errors."""
    return ConversionDraws(
        curve,
        divisor,
        drawn.level + drawn.peak_level + drawn.transfer_level,
        drawn.slope + drawn.peak_slope + drawn.transfer_slope,
        np.exp(drawn.lot + drawn.f_p + drawn.between_run),
        drawn.control,
    )


def still_scale(curve: StandardCurve, divisor: float, middle: float) -> ConversionDraws:
    """Return the scale without any error, as one draw; `middle` is the control's median (MFI)."""
    return ConversionDraws(curve, divisor, np.zeros(1), np.zeros(1), np.ones(1), np.array([middle]))
