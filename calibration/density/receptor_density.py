"""Receptor density of a cell population: ABC of the stain minus ABC of its control, with an interval."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from calibration.beads.kits import BeadKit, KitResult, abc_divisor, bead_kit
from calibration.curve.standard_curve import CurveVerdict, StandardCurve
from calibration.density.background import SubtractionBias, subtraction_bias
from calibration.density.budget import ASSUMED_BETWEEN_RUN_CV, BetweenRunSource, ErrorTerm
from calibration.density.error_model import F_P_CV, LOT_CV, ConvertedCells, RelativeErrors
from calibration.density.limits import ULOQ_EXTRAPOLATION, LloqSource, density_limits, result_scatter
from calibration.density.result import NUMBERED, QUANTIFIED, ControlKind, RdStatus, ReceptorDensity
from calibration.density.uncertainty import N_DRAWS, uncertainty_of_density
from calibration.flags import CalibrationFlag
from calibration.numbers import AT_SCALE_END, SEED, Floats, finite_values
from calibration.rounding import rounded_record

__all__ = ["NUMBERED", "QUANTIFIED", "ErrorTerm", "RdStatus", "ReceptorDensity", "quantify_receptor_density"]


FEWEST_CELLS = 20
"""Least number of stained cells for a density; with fewer control cells than this it is flagged. Convention:
with 20, sampling alone makes the interval ×/÷ 1.4 (docs/method.md, section 5)."""

UNRELIABLE_CELLS = 50
"""Fewer stained cells than this are flagged as not reliably quantifiable. Convention: the median of 50 cells
with a CV of 50 % has a standard error of 9 %."""

FEW_CELLS = 100
"""Fewer stained cells than this are flagged. Convention: the median of 100 cells with a CV of 50 % has a
standard error of 6 %."""

FEWEST_CONTROL_CELLS = 5
"""Least number of control cells for a background. Convention: with fewer, the median is one cell's value."""

METHODS_DIFFER = 0.10
"""Largest difference between subtraction as molecules and as fluorescence, relative to RD, without a flag.
Convention: on a straight curve both agree; a tenth is more than the lot's CV."""

MOST_AT_SCALE_END = 0.5
"""Above this share of cells on the end of the scale, only a bound is known. Arithmetic: the median then lies
there too."""


@dataclass(frozen=True, slots=True)
class _QuantifiedTube:
    """A quantifiable tube: both populations and the curve."""

    cells: ConvertedCells
    curve: StandardCurve
    bias: SubtractionBias

    def abc(self, mfi: float) -> float:
        """Return the antibodies bound per cell of an MFI, by the curve."""
        return self.curve.to_abc(mfi) / self.cells.divisor


def quantify_receptor_density(
    stained_cells: npt.ArrayLike,
    control_cells: npt.ArrayLike | None,
    curve: StandardCurve | None,
    *,
    kit: BeadKit | str,
    f_p_ratio: float | None = None,
    f_p_cv: float = F_P_CV,
    lot_cv: float = LOT_CV,
    between_run_cv: float | None = 0.0,
    lab_lloq: float | None = None,
    uloq_extrapolation: float = ULOQ_EXTRAPOLATION,
    detector_top: float = np.inf,
    seed: int = SEED,
    n_draws: int = N_DRAWS,
    control_kind: str = ControlKind.FMO,
) -> ReceptorDensity:
    """Receptor density of one gated population.

    Population medians are converted, not events: RD = ABC(stain) − ABC(control), with the bias of subtracting
    medians removed (`calibration.density.background`).

    Parameters
    ----------
    stained_cells, control_cells
        Compensated linear intensities of the quantified channel, the same gate in both tubes, shapes (n,)
        and (m,); control None: there is none.
    curve
        MFI to the kit's unit; None or rejected: no curve.
    kit
        The bead kit, or its name.
    f_p_ratio, f_p_cv
        Of the conjugate, and the CV of it (a fraction); used only by kits that need F:P.
    lot_cv, between_run_cv
        CV of the lot's assigned values and of the assay between runs (fractions). The latter: 0: the
        interval is a within-run interval; None: 10 % is assumed, as in a study.
    lab_lloq
        The laboratory's own limit in ABC.
    uloq_extrapolation
        Up to this many times the top bead a number is given, flagged.
    detector_top
        End of the detector's scale; cells on it are right-censored.
    seed, n_draws
        Of the interval.
    control_kind
        What the control is: `FMO`, `isotype`, `unstained`.

    Returns
    -------
    ReceptorDensity
        The result, with a status; what is not known is None.

    Raises
    ------
    BeadKitError
        The kit gives no ABC, or needs an F:P that is missing.
    """
    kit = bead_kit(kit) if isinstance(kit, str) else kit
    divisor = abc_divisor(kit, f_p_ratio)
    stained, control = (
        finite_values(stained_cells),
        finite_values(control_cells if control_cells is not None else ()),
    )
    partial = _partial_density(stained, control, curve, divisor, kit, control_kind)
    if stained.size < FEWEST_CELLS:
        note = f"{stained.size} cells: at least {FEWEST_CELLS} are needed for a receptor density."
        return replace(partial, status=RdStatus.LOW_EVENTS, notes=(*partial.notes, note))
    if curve is None or curve.verdict is CurveVerdict.REJECT:
        return replace(partial, status=RdStatus.NO_CURVE, notes=(*partial.notes, _why_no_curve(curve)))
    if control.size < FEWEST_CONTROL_CELLS:
        note = _why_no_background(control_cells is None, control.size)
        return replace(partial, status=RdStatus.NO_BACKGROUND, notes=(*partial.notes, note))
    tube = _tube(stained, control, curve, divisor)
    between, source = between_run_term(between_run_cv)
    errors = RelativeErrors(lot_cv, f_p_cv if kit.needs_f_p else 0.0, between)
    partial = replace(partial, between_run_cv=between, between_run_from=source)
    result = _with_density(partial, tube, errors, lab_lloq, seed, n_draws)
    return rounded_record(_with_status(result, stained, uloq_extrapolation, detector_top))


def between_run_term(typed: float | None) -> tuple[float, BetweenRunSource]:
    """Return the CV between runs of a single tube (a fraction) and where it comes from.

    Examples
    --------
    >>> between_run_term(None)[0], between_run_term(0.2)[1].name
    (0.1, 'TYPED')
    """
    if typed is None:
        return ASSUMED_BETWEEN_RUN_CV, BetweenRunSource.ASSUMED
    return (typed, BetweenRunSource.TYPED) if typed > 0 else (0.0, BetweenRunSource.NONE)


def _tube(stained: Floats, control: Floats, curve: StandardCurve, divisor: float) -> _QuantifiedTube:
    bias = subtraction_bias(stained, control, curve.photon_step)
    medians = float(np.median(stained)), float(np.median(control))
    return _QuantifiedTube(
        ConvertedCells(stained, control, *medians, bias.mfi, bias.sd, divisor, bias.open), curve, bias
    )


def _partial_density(
    stained: Floats,
    control: Floats,
    curve: StandardCurve | None,
    divisor: float,
    kit: BeadKit,
    control_kind: str,
) -> ReceptorDensity:
    """Return the medians and ABCs that need no control, and the flags that need no result."""
    flags = _few_cells(stained.size)
    usable = curve is not None and curve.verdict is not CurveVerdict.REJECT
    if curve is not None and curve.verdict is CurveVerdict.WARN:
        flags.append(CalibrationFlag.CURVE_WARN)
    if 0 < control.size < FEWEST_CELLS:
        flags.append(CalibrationFlag.FEW_CONTROL_EVENTS)
    if control.size and kit.result == KitResult.SABC and control_kind.lower() != ControlKind.ISOTYPE.lower():
        flags.append(CalibrationFlag.CONTROL_NOT_ISOTYPE)
    median = float(np.median(stained)) if stained.size else None
    background = float(np.median(control)) if control.size else None
    enough = stained.size >= FEWEST_CELLS
    return ReceptorDensity(
        RdStatus.FAILED,
        int(stained.size),
        median_mfi=median,
        background_mfi=background,
        abc=curve.to_abc(median) / divisor if curve and usable and enough and median is not None else None,
        background_abc=curve.to_abc(background) / divisor
        if curve and usable and background is not None
        else None,
        uloq=curve.top_level / divisor if curve and usable else None,
        flags=tuple(flags),
        n_control=int(control.size),
        control_kind=control_kind if control.size else "",
        result=kit.result,
    )


def _few_cells(n: int) -> list[CalibrationFlag]:
    if not FEWEST_CELLS <= n < FEW_CELLS:
        return []
    unreliable = n < UNRELIABLE_CELLS
    return [CalibrationFlag.FEW_EVENTS_20_49 if unreliable else CalibrationFlag.FEW_EVENTS_50_99]


def _why_no_curve(curve: StandardCurve | None) -> str:
    if curve is None:
        return "There is no standard curve for this tube."
    rows = [check.text for check in curve.checks if check.verdict is CurveVerdict.REJECT]
    return "The standard curve is rejected: " + " ".join(rows)


def _why_no_background(absent: bool, n: int) -> str:
    if absent:
        return "No control tube (FMO, isotype or unstained): ABC is given, the receptor density is not."
    return f"The control tube has {n} cells in the gate: at least {FEWEST_CONTROL_CELLS} are needed."


def _with_density(
    partial: ReceptorDensity,
    tube: _QuantifiedTube,
    errors: RelativeErrors,
    lab_lloq: float | None,
    seed: int,
    n_draws: int,
) -> ReceptorDensity:
    """Return the estimate, its interval, the limits, and the result of the second method."""
    stain, background = tube.cells.stained_median, tube.cells.control_median
    rd = tube.abc(stain - tube.cells.bias) - tube.abc(background)
    plain = tube.abc(stain) - tube.abc(background)
    prime = tube.abc(stain - background)
    u = uncertainty_of_density(tube.cells, tube.curve, errors, seed=seed, n_draws=n_draws)
    scatter = result_scatter(tube.cells, tube.curve, errors, spread=tube.bias.spread)
    limits = density_limits(scatter, tube.curve, tube.cells.divisor, lab_lloq=lab_lloq)
    differ = abs(plain - prime) > METHODS_DIFFER * max(abs(plain), limits.lloq)
    return replace(
        partial,
        status=RdStatus.OK,
        rd=rd,
        rd_low=u.low,
        rd_high=u.high,
        rd_plain=plain,
        rd_mfi_space=prime,
        gcv_percent=u.gcv_percent,
        budget=u.budget,
        analytic_sd=u.analytic_sd,
        lob=limits.lob,
        lod=limits.lod,
        lloq=limits.lloq if np.isfinite(limits.lloq) else None,
        lloq_from=limits.lloq_from,
        uloq=limits.uloq,
        flags=(
            *partial.flags,
            *((CalibrationFlag.BG_METHOD_DIFFERS,) if differ else ()),
            *((CalibrationFlag.MIXED_BRIGHTNESS,) if tube.bias.mixed else ()),
        ),
    )


def _with_status(
    result: ReceptorDensity, stained: Floats, extrapolation: float, detector_top: float
) -> ReceptorDensity:
    rd, lloq, uloq = result.rd or 0.0, result.lloq or 0.0, result.uloq or np.inf
    at_end = float(np.mean(stained >= AT_SCALE_END * detector_top)) if np.isfinite(detector_top) else 0.0
    if result.lloq_from is LloqSource.NO_LEVEL:
        note = (
            "No density can be measured with a CV of 30 % or less: the errors that grow with the density are "
            "too large."
        )
        return replace(result, status=RdStatus.NOT_QUANTIFIABLE, notes=(*result.notes, note))
    if at_end > MOST_AT_SCALE_END:
        bound = min(uloq, rd)  # the scale may end below the top bead
        bound_name = "the top bead" if bound == uloq else "the amount at the end of the scale"
        why = f"{100 * at_end:.0f} % of the cells on the end of the scale"
        return _beyond(
            result, bound, f"Above the range ({why}): known only to exceed {bound_name}, {bound:.6g}."
        )
    if rd > extrapolation * uloq:
        bound = extrapolation * uloq
        bound_name = f"{extrapolation:g} times the top bead, {bound:.6g}"
        return _beyond(
            result, bound, f"Above the range (estimate {rd:.6g}): known only to exceed {bound_name}."
        )
    if rd > uloq:
        note = f"{rd / uloq:.2f} times the top bead: the curve is extrapolated."
        return replace(result, status=RdStatus.ABOVE_ULOQ_EXTRAPOLATED, notes=(*result.notes, note))
    return replace(result, status=RdStatus.BELOW_LLOQ if rd < lloq else RdStatus.OK)


def _beyond(result: ReceptorDensity, bound: float, note: str) -> ReceptorDensity:
    """Return a right-censored result: only the bound is known (`known_to_exceed`)."""
    notes = (*result.notes, note)
    return replace(result, status=RdStatus.ABOVE_ULOQ, rd=None, rd_low=bound, rd_high=None, notes=notes)
