"""The standard curve: bead medians and assigned levels → molecules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from calibration.curve_checks import CurveCheck, CurveLimits, FittedBeads, Verdict, acceptance, worst
from calibration.curve_fit import PARAMETERS, Fit, fit_line, fit_model, photon_step
from calibration.scale_end import AtScaleEnd

__all__ = [
    "CurveCheck",
    "CurveLimits",
    "StandardCurve",
    "StandardCurveError",
    "Verdict",
    "fit_standard_curve",
]

Floats = npt.NDArray[np.float64]


class StandardCurveError(ValueError):
    """No curve can be fitted; the text says what came and what is needed."""


@dataclass(frozen=True, slots=True)
class StandardCurve:
    """log10 level = slope · log10 MFI + intercept.

    Attributes
    ----------
    slope, intercept, r2, residual_sd
        Of the fit; `residual_sd` in log10 units (dex) of level, with its degrees of freedom taken off.
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
        Of the beads, in units of level, where the model has it; else 0. It belongs to the beads and is not
        taken from cells, whose own background has its own control.
    degrees_of_freedom
        Fitted beads less parameters; 0: the fit leaves no residual to judge it by.
    peak_sd
        Sampling SD of each bead median in dex (1.2533 · rCV / √n); 0 where rCV and n were not given.
    photon_step
        Linear units per photoelectron, from how bead CVs fall with brightness; 0 where rCV was not given.
    """

    slope: float
    intercept: float
    r2: float
    residual_sd: float
    model: str
    medians: tuple[float, ...]
    levels: tuple[float, ...]
    fitted: tuple[bool, ...]
    back_calculated_error: tuple[float | None, ...]
    checks: tuple[CurveCheck, ...]
    verdict: Verdict
    notes: tuple[str, ...] = ()
    autofluorescence: float = 0.0
    degrees_of_freedom: int = 0
    peak_sd: tuple[float, ...] = ()
    photon_step: float = 0.0

    @overload
    def to_abc(self, mfi: float) -> float: ...
    @overload
    def to_abc(self, mfi: Floats) -> Floats: ...
    def to_abc(self, mfi: float | Floats) -> float | Floats:
        """Amount in the kit's unit (ABC where the kit's levels are ABC) of an MFI.

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
        """MFI of an amount in the kit's unit; the inverse of `to_abc`."""
        return _signed_power(abc, 1 / self.slope, 10.0 ** (-self.intercept / self.slope))

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
    model: str = "loglog",
    rcv: Sequence[float] | None = None,
    n: Sequence[int] | None = None,
    saturated: Sequence[bool] | None = None,
    history: Sequence[float] | None = None,
    limits: CurveLimits | None = None,
) -> StandardCurve:
    """Fit bead medians to their assigned levels and judge the fit.

    The blank bead (level 0), medians at or below zero and saturated beads are not in the fit, and are named.

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
        Fewer than two usable levels, lengths that differ, an unknown model, or values that are not numbers.
    """
    x, y = np.asarray(medians, dtype=np.float64), np.asarray(levels, dtype=np.float64)
    _must_be_usable(x, y, model)
    off_scale = np.array([isinstance(m, AtScaleEnd) for m in medians])
    if saturated is not None:
        off_scale = off_scale | np.asarray(saturated, dtype=np.bool_)
    used = (y > 0) & (x > 0) & ~off_scale
    needed = max(2, PARAMETERS[model])
    if np.count_nonzero(used) < needed or np.unique(x[used]).size < needed:
        raise StandardCurveError(
            f"A {model} curve needs at least {needed} different bead levels above zero and on the scale; "
            f"{np.count_nonzero(used)} of {x.size} are: levels {_listed(y)}, medians {_listed(x)}."
        )
    fit = fit_model(x, y, used, off_scale, model)
    return _judged(fit, x, y, used, off_scale, model, rcv, n, history, limits or CurveLimits())


def _must_be_usable(x: Floats, y: Floats, model: str) -> None:
    if model not in PARAMETERS:
        raise StandardCurveError(f"{model!r} is not a curve model; expected one of {', '.join(PARAMETERS)}.")
    if x.ndim != 1 or x.shape != y.shape:
        raise StandardCurveError(f"{x.size} bead medians and {y.size} levels: one level for each is needed.")
    if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y)) and np.all(y >= 0)):
        raise StandardCurveError(
            f"Levels must be numbers ≥ 0 and medians numbers: {_listed(y)} for {_listed(x)}."
        )


def _listed(values: Floats) -> str:
    return "; ".join(f"{v:.6g}" for v in values) or "none"


def _judged(
    fit: Fit,
    x: Floats,
    y: Floats,
    used: npt.NDArray[np.bool_],
    off: npt.NDArray[np.bool_],
    model: str,
    rcv: Sequence[float] | None,
    n: Sequence[int] | None,
    history: Sequence[float] | None,
    limits: CurveLimits,
) -> StandardCurve:
    """Build the curve with its residuals and its table."""
    predicted = fit.slope * np.log10(x[used]) + fit.intercept
    target = np.log10(y[used] + fit.autofluorescence)
    residual = target - predicted
    back = (10.0**predicted - fit.autofluorescence) / y[used] - 1
    n_fitted = int(np.count_nonzero(used))
    freedom = (
        n_fitted - fit.n_parameters + int(model == "autofluorescence" and bool(np.any((y == 0) & (x > 0))))
    )
    sd = float(np.sqrt(np.sum(residual**2) / freedom)) if freedom > 0 else 0.0
    total = float(np.sum((target - target.mean()) ** 2))
    r2 = 1 - float(np.sum(residual**2)) / total if total > 0 else float("nan")
    blank = x[(y == 0)]
    beads = FittedBeads(
        x[used],
        y[used],
        back,
        fit.slope,
        r2,
        _of(rcv, used),
        _of(n, used),
        float(blank[0]) if blank.size else None,
        freedom=freedom,
        autofluorescence=fit.autofluorescence,
        free_slope=fit_line(np.log10(x[used]), np.log10(y[used]))[0] if model == "slope1" else None,
    )
    checks = acceptance(beads, limits, history)
    errors: list[float | None] = [None] * x.size
    for k, error in zip(np.flatnonzero(used), back, strict=True):
        errors[k] = float(error)
    return StandardCurve(
        fit.slope,
        fit.intercept,
        r2,
        sd,
        model,
        tuple(float(v) for v in x),
        tuple(float(v) for v in y),
        tuple(bool(u) for u in used),
        tuple(errors),
        checks,
        worst(checks),
        _notes(x, y, off),
        fit.autofluorescence,
        max(freedom, 0),
        _peak_sd(rcv, n, x.size),
        photon_step(x[used], _of(rcv, used)),
    )


def _of(values: Sequence[float] | None, used: npt.NDArray[np.bool_]) -> Floats | None:
    if values is None:
        return None
    if len(values) != used.size:
        raise StandardCurveError(
            f"{len(values)} rCVs or counts for {used.size} beads: one for each is needed."
        )
    return np.asarray(values, dtype=np.float64)[used]


def _peak_sd(rcv: Sequence[float] | None, n: Sequence[int] | None, size: int) -> tuple[float, ...]:
    """Give the sampling SD of each median in dex."""
    if rcv is None or n is None:
        return (0.0,) * size
    return tuple(
        float(1.2533 * min(abs(r), 10.0) / np.sqrt(max(k, 1)) / np.log(10))
        for r, k in zip(rcv, n, strict=True)
    )


def _notes(x: Floats, y: Floats, off: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    notes = [
        f"The bead of {level:,.0f} is at the end of the scale (median {median:.6g}): not in the fit."
        for median, level in zip(x[off], y[off], strict=True)
    ]
    notes += [
        f"The bead of {level:,.0f} has a median of {median:.4g}, not above zero: not in the fit."
        for median, level in zip(x, y, strict=True)
        if median <= 0 < level
    ]
    return tuple(notes)
