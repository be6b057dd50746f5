"""The standard curve: bead medians and assigned levels → molecules."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np

from calibration.beads.scale_end import AtScaleEnd
from calibration.curve.acceptance_limits import CurveLimits, CurveVerdict
from calibration.curve.curve_checks.curve_transfer import Transfer
from calibration.curve.curve_checks.every_check import checked
from calibration.curve.fit import PARAMETERS, CurveModel, LogLogFit, curve_model_of, fit_model, photon_step
from calibration.curve.residuals import Beads, Residuals, for_checks, notes_on, peak_sd, residuals_of
from calibration.curve.table_rows import CheckName, CurveCheck, worst
from calibration.errors import CalibrationError
from calibration.numbers import Floats
from calibration.rounding import rounded_record

__all__ = [
    "CurveCheck",
    "CurveLimits",
    "CurveVerdict",
    "StandardCurve",
    "StandardCurveError",
    "Transfer",
    "fit_standard_curve",
]


class StandardCurveError(CalibrationError):
    """No curve can be fitted; the text states what was given and what is needed."""


@dataclass(frozen=True, slots=True)
class StandardCurve:
    """log10 level = slope · log10 MFI + intercept.

    Attributes
    ----------
    slope, intercept, r2, residual_sd
        Of the fit; `residual_sd` in log10 units (dex) of level, corrected for its degrees of freedom.
    model
        `loglog`, `slope1` or `autofluorescence`.
    medians, levels
        Every bead, dim to bright, blank and dropped ones too.
    fitted
        Which of them the fit used.
    back_calculated_error
        (level from the curve − assigned) / assigned per bead; None where not fitted.
    checks, verdict
        The acceptance table and its worst row.
    autofluorescence
        Autofluorescence of the beads, in units of level, if the model has it; else 0. It is not subtracted
        from cells: they have their own control.
    degrees_of_freedom
        Fitted beads minus parameters; 0: the fit has no residual to judge it by.
    peak_sd
        Sampling SD of each bead median in dex (1.2533 · rCV / √n); 0 where rCV and n were not given.
    photon_step
        Linear units per photoelectron, from how bead CVs fall with brightness; 0 where rCV was not given.
    transfer
        The transfer from the day of its beads; None where the beads were run on this day.
    """

    slope: float
    intercept: float
    r2: float
    residual_sd: float
    model: CurveModel
    medians: tuple[float, ...]
    levels: tuple[float, ...]
    fitted: tuple[bool, ...]
    back_calculated_error: tuple[float | None, ...]
    checks: tuple[CurveCheck, ...]
    verdict: CurveVerdict
    notes: tuple[str, ...] = ()
    autofluorescence: float = 0.0
    degrees_of_freedom: int = 0
    peak_sd: tuple[float, ...] = ()
    photon_step: float = 0.0
    transfer: Transfer | None = None

    @overload
    def to_abc(self, mfi: float) -> float: ...
    @overload
    def to_abc(self, mfi: Floats) -> Floats: ...
    def to_abc(self, mfi: float | Floats) -> float | Floats:
        """Return the amount of an MFI in the kit's unit (ABC where the kit's levels are ABC), same shape.

        Odd in MFI: `sign(mfi) · 10^intercept · |mfi|^slope`, so that it is defined, continuous and increasing
        for zero and negative medians too.

        Examples
        --------
        >>> curve = fit_standard_curve([100, 1000, 10000], [500, 5000, 50000])
        >>> round(curve.to_abc(2000.0))
        10000
        >>> round(curve.to_abc(-2000.0))
        -10000
        """
        return _signed_power(mfi, self.slope, 10.0**self.intercept)

    @overload
    def to_mfi(self, abc: float) -> float: ...
    @overload
    def to_mfi(self, abc: Floats) -> Floats: ...
    def to_mfi(self, abc: float | Floats) -> float | Floats:
        """Return the MFI of an amount in the kit's unit, same shape; the inverse of `to_abc`."""
        return _signed_power(abc, 1 / self.slope, 10.0 ** (-self.intercept / self.slope))

    def with_checks(self, *rows: CurveCheck) -> StandardCurve:
        """Return the curve with further rows in its acceptance table; a row replaces one of the same name."""
        names = {row.name for row in rows}
        checks = (*(row for row in self.checks if row.name not in names), *rows)
        return replace(self, checks=checks, verdict=worst(checks))

    def without_checks(self, names: Collection[CheckName]) -> StandardCurve:
        """Return the curve without these rows of its acceptance table."""
        checks = tuple(row for row in self.checks if row.name not in names)
        return replace(self, checks=checks, verdict=worst(checks))

    @property
    def bottom_level(self) -> float:
        """Assigned value of the dimmest bead in the fit."""
        return min(level for level, used in zip(self.levels, self.fitted, strict=True) if used)

    @property
    def top_level(self) -> float:
        """Assigned value of the brightest bead in the fit."""
        return max(level for level, used in zip(self.levels, self.fitted, strict=True) if used)


def _signed_power(value: float | Floats, power: float, factor: float) -> float | Floats:
    result = np.sign(value) * factor * np.abs(value) ** power
    return float(result) if np.ndim(value) == 0 else np.asarray(result, dtype=np.float64)


def fit_standard_curve(
    medians: Sequence[float],
    levels: Sequence[float],
    *,
    model: str = CurveModel.LOGLOG,
    rcv: Sequence[float] | None = None,
    n: Sequence[int] | None = None,
    saturated: Sequence[bool] | None = None,
    history: Sequence[float] | None = None,
    limits: CurveLimits | None = None,
) -> StandardCurve:
    """Fit bead medians to their assigned levels and judge the fit.

    The blank bead (level 0), medians at or below zero and saturated beads are not in the fit; the notes name
    them.

    Parameters
    ----------
    medians
        Of the populations in linear units, dim to bright.
    levels
        Assigned values in the same order; 0 is the blank.
    model
        `loglog`: least squares of log10 level on log10 median. `slope1`: the same with slope 1.
        `autofluorescence`: `log(level + auto) = slope · log(median) + intercept` with the beads' own
        autofluorescence, blank included (Castillo-Hair et al. 2016, doi:10.1021/acssynbio.5b00284); ≥ 3
        beads above the blank.
    rcv, n
        Robust CV (fraction) and events per population, for their rows of the table and for the interval.
    saturated
        Populations at the end of the scale.
    history
        Earlier medians of the top bead, this lot, instrument and channel.
    limits
        Thresholds of the table; None: those of `CurveLimits`.

    Returns
    -------
    StandardCurve
        With its acceptance table; a rejected curve is returned, with verdict `reject`.

    Raises
    ------
    StandardCurveError
        Fewer than two usable levels, or values that are not numbers.
    ValueError
        Lengths that differ, or an unknown model.
    """
    x, y = np.asarray(medians, dtype=np.float64), np.asarray(levels, dtype=np.float64)
    formula = curve_model_of(model)
    _must_be_usable(x, y)
    off = np.array([isinstance(m, AtScaleEnd) for m in medians])
    if saturated is not None:
        off |= _per_bead(saturated, x.size).astype(np.bool_)
    beads = Beads(
        x,
        y,
        (y > 0) & (x > 0) & ~off,
        off,
        None if rcv is None else _per_bead(rcv, x.size),
        None if n is None else _per_bead(n, x.size),
    )
    _must_suffice(beads, formula)
    fit = fit_model(x, y, beads.used, off, formula)
    residuals = residuals_of(fit, beads, formula)
    checks = checked(for_checks(fit, beads, residuals, formula, history or ()), limits or CurveLimits())
    return _curve(fit, beads, residuals, formula, checks)


def _must_be_usable(x: Floats, y: Floats) -> None:
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"{x.size} bead medians and {y.size} levels: one level for each is needed.")
    if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y)) and np.all(y >= 0)):
        raise StandardCurveError(
            f"Levels must be numbers ≥ 0 and medians numbers: {_listed(y)} for {_listed(x)}."
        )


def _listed(values: Floats) -> str:
    return "; ".join(f"{v:.6g}" for v in values) or "none"


def _must_suffice(beads: Beads, model: CurveModel) -> None:
    needed = max(2, PARAMETERS[model])
    x, y = beads.x[beads.used], beads.y[beads.used]
    if min(np.unique(x).size, np.unique(y).size) < needed:
        raise StandardCurveError(
            f"A {model} curve needs at least {needed} different bead levels above zero and on the scale; "
            f"{x.size} of {beads.x.size} are: levels {_listed(beads.y)}, medians {_listed(beads.x)}."
        )


def _per_bead(values: Sequence[float], size: int) -> Floats:
    if len(values) != size:
        raise ValueError(
            f"{len(values)} CVs, counts or saturation marks for {size} beads: one for each is needed."
        )
    return np.asarray(values, dtype=np.float64)


def _curve(
    fit: LogLogFit, beads: Beads, residuals: Residuals, model: CurveModel, checks: tuple[CurveCheck, ...]
) -> StandardCurve:
    errors: list[float | None] = [None] * beads.x.size
    for k, error in zip(np.flatnonzero(beads.used), residuals.back, strict=True):
        errors[k] = float(error)
    curve = StandardCurve(
        slope=fit.slope,
        intercept=fit.intercept,
        r2=residuals.r2,
        residual_sd=residuals.sd,
        model=model,
        medians=tuple(float(v) for v in beads.x),
        levels=tuple(float(v) for v in beads.y),
        fitted=tuple(bool(u) for u in beads.used),
        back_calculated_error=tuple(errors),
        checks=checks,
        verdict=worst(checks),
        notes=notes_on(beads),
        autofluorescence=fit.autofluorescence,
        degrees_of_freedom=residuals.freedom,
        peak_sd=peak_sd(beads),
        photon_step=photon_step(beads.x[beads.used], None if beads.rcv is None else beads.rcv[beads.used]),
    )
    return rounded_record(curve)
