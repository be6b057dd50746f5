"""Receptor density of a cell population: ABC of the stain minus ABC of its control, with an interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from calibration.beads.kits import BeadKit, abc_divisor, bead_kit
from calibration.curve.standard_curve import StandardCurve, Verdict
from calibration.density.background import subtraction_bias
from calibration.density.error_model import Cells, RelativeErrors
from calibration.density.limits import Limits, density_limits
from calibration.density.uncertainty import ErrorTerm, Uncertainty, uncertainty_of_density
from calibration.rounding import rounded_record

__all__ = ["NUMBERED", "QUANTIFIED", "ErrorTerm", "RdStatus", "ReceptorDensity", "quantify_receptor_density"]

Floats = npt.NDArray[np.float64]

FEWEST_CELLS = 20
FEWEST_CONTROL_CELLS = 5
METHODS_DIFFER = 0.10


class RdStatus(StrEnum):
    """What a receptor density is worth."""

    OK = "OK"
    BELOW_LLOQ = "BELOW_LLOQ"
    ABOVE_ULOQ_EXTRAPOLATED = "ABOVE_ULOQ_EXTRAPOLATED"
    ABOVE_ULOQ = "ABOVE_ULOQ"
    LOW_EVENTS = "LOW_EVENTS"
    NO_BACKGROUND = "NO_BACKGROUND"
    NO_CURVE = "NO_CURVE"
    FAILED = "FAILED"


NUMBERED: Final = (RdStatus.OK, RdStatus.ABOVE_ULOQ_EXTRAPOLATED)
"""Statuses with a receptor density that may be quoted as a number."""

QUANTIFIED: Final = (*NUMBERED, RdStatus.BELOW_LLOQ, RdStatus.ABOVE_ULOQ)
"""Statuses that say something about the receptor density, be it a limit."""


@dataclass(frozen=True, slots=True)
class ReceptorDensity:
    """Free sites per cell; None = not known.

    `rd` is the chosen estimator in ABC space (the bias of subtracting medians removed); `rd_plain` the
    plain difference of converted medians; `rd_mfi_space` the conversion of the MFI difference (RD′).
    `gcv_percent` is the geometric CV, None where the interval reaches zero. For `ABOVE_ULOQ` only the bound
    is known: `rd` and `rd_high` are None, `rd_low` is the ULOQ. `result` is what the kit's arithmetic gives
    (ABC, or SABC for QIFIKIT); `control_kind` what was subtracted; `lloq_from` which limit decides the
    LLOQ; `analytic_sd` the SD of RD by first derivatives, beside the draws.
    """

    status: RdStatus
    n_cells: int
    median_mfi: float | None = None
    background_mfi: float | None = None
    abc: float | None = None
    background_abc: float | None = None
    rd: float | None = None
    rd_low: float | None = None
    rd_high: float | None = None
    rd_plain: float | None = None
    rd_mfi_space: float | None = None
    gcv_percent: float | None = None
    lloq: float | None = None
    uloq: float | None = None
    budget: tuple[ErrorTerm, ...] = ()
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    n_control: int | None = None
    control_kind: str = ""
    result: str = "ABC"
    lob: float | None = None
    lod: float | None = None
    lloq_from: str = ""
    analytic_sd: float | None = None


@dataclass(frozen=True, slots=True)
class _Tube:
    """A quantifiable tube: both populations and the curve."""

    cells: Cells
    curve: StandardCurve

    def abc(self, mfi: float) -> float:
        return self.curve.to_abc(mfi) / self.cells.divisor


def quantify_receptor_density(
    stained_cells: npt.ArrayLike,
    control_cells: npt.ArrayLike | None,
    curve: StandardCurve | None,
    *,
    kit: BeadKit | str,
    f_p_ratio: float | None = None,
    f_p_cv: float = 0.05,
    lot_cv: float = 0.05,
    between_run_cv: float = 0.0,
    lab_lloq: float | None = None,
    uloq_extrapolation: float = 4.0,
    detector_top: float = np.inf,
    seed: int = 20240607,
    n_draws: int = 2000,
    control_kind: str = "FMO",
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
        Or its name.
    f_p_ratio, f_p_cv
        Of the conjugate, and the CV of it (a fraction); used only by kits that need F:P.
    lot_cv, between_run_cv
        CV of the lot's assigned values and of the assay between runs (fractions).
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
        Whatever can be known, with a status.

    Raises
    ------
    BeadKitError
        The kit gives no ABC, or needs an F:P that is missing.
    """
    kit = bead_kit(kit) if isinstance(kit, str) else kit
    divisor = abc_divisor(kit, f_p_ratio)
    stained, control = _finite(stained_cells), _finite(control_cells if control_cells is not None else ())
    known = _what_is_known(stained, control, curve, divisor, kit, control_kind)
    if stained.size < FEWEST_CELLS:
        note = f"{stained.size} cells: at least {FEWEST_CELLS} are needed for a receptor density."
        return replace(known, status=RdStatus.LOW_EVENTS, notes=(*known.notes, note))
    if curve is None or curve.verdict is Verdict.REJECT:
        return replace(known, status=RdStatus.NO_CURVE, notes=(*known.notes, _why_no_curve(curve)))
    if control.size < FEWEST_CONTROL_CELLS:
        note = _why_no_background(control_cells is None, control.size)
        return replace(known, status=RdStatus.NO_BACKGROUND, notes=(*known.notes, note))
    tube = _Tube(_cells(stained, control, curve, divisor), curve)
    errors = RelativeErrors(lot_cv, f_p_cv if kit.needs_f_p else 0.0, between_run_cv)
    result = _with_density(known, tube, errors, lab_lloq, seed, n_draws)
    return rounded_record(_with_status(result, stained, uloq_extrapolation, detector_top))


def _cells(stained: Floats, control: Floats, curve: StandardCurve, divisor: float) -> Cells:
    bias = subtraction_bias(stained, control, curve.photon_step)
    medians = float(np.median(stained)), float(np.median(control))
    return Cells(stained, control, *medians, bias.mfi, bias.sd, divisor)


def _finite(values: npt.ArrayLike) -> Floats:
    flat = np.asarray(values, dtype=np.float64).ravel()
    return flat[np.isfinite(flat)]


def _what_is_known(
    stained: Floats,
    control: Floats,
    curve: StandardCurve | None,
    divisor: float,
    kit: BeadKit,
    control_kind: str,
) -> ReceptorDensity:
    """Medians and ABCs that need no control, and the flags that need no result."""
    flags = [_few_cells(stained.size)] if stained.size < 100 else []
    usable = curve is not None and curve.verdict is not Verdict.REJECT
    if curve is not None and curve.verdict is Verdict.WARN:
        flags.append("CURVE_WARN")
    if 0 < control.size < FEWEST_CELLS:
        flags.append("FEW_CONTROL_EVENTS")
    if control.size and kit.result == "SABC" and control_kind.lower() != "isotype":
        flags.append("CONTROL_NOT_ISOTYPE")
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
        flags=tuple(f for f in flags if f),
        n_control=int(control.size),
        control_kind=control_kind if control.size else "",
        result=kit.result,
    )


def _few_cells(n: int) -> str:
    if n < FEWEST_CELLS:
        return ""
    return "FEW_EVENTS_20_49" if n < 50 else "FEW_EVENTS_50_99"


def _why_no_curve(curve: StandardCurve | None) -> str:
    if curve is None:
        return "There is no standard curve for this tube."
    rows = [check.text for check in curve.checks if check.verdict is Verdict.REJECT]
    return "The standard curve is rejected: " + " ".join(rows)


def _why_no_background(absent: bool, n: int) -> str:
    if absent:
        return "No control tube (FMO, isotype or unstained): ABC is given, the receptor density is not."
    return f"The control tube has {n} cells in the gate: at least {FEWEST_CONTROL_CELLS} are needed."


def _with_density(
    known: ReceptorDensity,
    tube: _Tube,
    errors: RelativeErrors,
    lab_lloq: float | None,
    seed: int,
    n_draws: int,
) -> ReceptorDensity:
    """Estimate, interval, limits and the second method beside it."""
    stain, background = tube.cells.stained_median, tube.cells.control_median
    rd = tube.abc(stain - tube.cells.bias) - tube.abc(background)
    plain = tube.abc(stain) - tube.abc(background)
    prime = tube.abc(stain - background)
    u = uncertainty_of_density(tube.cells, tube.curve, errors, seed=seed, n_draws=n_draws)
    limits = _limits(tube, u, rd, lab_lloq)
    differ = abs(plain - prime) > METHODS_DIFFER * max(abs(plain), limits.lloq)
    return replace(
        known,
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
        lloq=limits.lloq,
        lloq_from=limits.lloq_from,
        uloq=limits.uloq,
        flags=(*known.flags, *(("BG_METHOD_DIFFERS",) if differ else ())),
    )


def _limits(tube: _Tube, u: Uncertainty, rd: float, lab_lloq: float | None) -> Limits:
    """Split the budget into what scales with RD and what does not, for the level of 30 % CV."""
    absolute = {"stained cells", "control cells", "background model"}
    sd = {term.name: float(np.sqrt(term.share)) * u.sd for term in u.budget}
    dim = rd < 2 * abs(tube.abc(tube.cells.control_median))
    still = float(np.sqrt(sum(v**2 for k, v in sd.items() if k in absolute)))
    growing = float(np.sqrt(sum(v**2 for k, v in sd.items() if k not in absolute)))
    return density_limits(
        tube.cells.control,
        tube.curve,
        tube.cells.divisor,
        lab_lloq=lab_lloq,
        absolute_sd=still if dim else sd.get("control cells"),
        relative_cv=growing / abs(rd) if rd > still else 0.0,
    )


def _with_status(
    result: ReceptorDensity, stained: Floats, extrapolation: float, detector_top: float
) -> ReceptorDensity:
    rd, lloq, uloq = result.rd or 0.0, result.lloq or 0.0, result.uloq or np.inf
    at_end = float(np.mean(stained >= 0.999 * detector_top)) if np.isfinite(detector_top) else 0.0
    if at_end > 0.5 or rd > extrapolation * uloq:
        why = (
            f"{100 * at_end:.0f} % of the cells on the end of the scale"
            if at_end > 0.5
            else f"estimate {rd:.6g}"
        )
        note = f"Above the range ({why}): known only to exceed the top bead, {uloq:.6g}."
        notes = (*result.notes, note)
        return replace(result, status=RdStatus.ABOVE_ULOQ, rd=None, rd_low=uloq, rd_high=None, notes=notes)
    if rd > uloq:
        note = f"{rd / uloq:.2f} times the top bead: the curve is extrapolated."
        return replace(result, status=RdStatus.ABOVE_ULOQ_EXTRAPOLATED, notes=(*result.notes, note))
    return replace(result, status=RdStatus.BELOW_LLOQ if rd < lloq else RdStatus.OK)
