"""The standard curve of typed bead medians, and the conversion of typed medians of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from calibration.beads.kits import BeadKit, KitResult, abc_divisor
from calibration.curve.acceptance_limits import CurveLimits, CurveVerdict
from calibration.curve.fit import CurveModel
from calibration.curve.standard_curve import StandardCurve, fit_standard_curve
from calibration.density.analytic_error import interval_of_medians
from calibration.density.error_model import RelativeErrors
from calibration.density.limits import Limits, density_limits
from calibration.density.result import RdStatus
from calibration.rounding import rounded_record
from pipeline.beads.lot_values import is_ordinal, judged_by_kit
from pipeline.study.settings import Settings


@dataclass(frozen=True, slots=True)
class CellMedian:
    """Name and median MFI of a cell population, and the median MFI of its control (0: none)."""

    name: str
    median: float
    control: float = 0.0


@dataclass(frozen=True, slots=True)
class TypedMedians:
    """The typed values.

    Attributes
    ----------
    medians, levels
        Medians (MFI) and levels (kit's unit) of the beads, dim to bright; a blank bead has the level 0.
    kit
        Kit of the beads.
    f_p_ratio, f_p_cv
        Fluorophores per antibody and its CV; None: not known; a kit that needs it then gives amounts in its
        own unit.
    lot_cv
        CV of the lot's assigned values.
    cells
        Medians of cells that are converted.
    """

    medians: tuple[float, ...]
    levels: tuple[float, ...]
    kit: BeadKit
    f_p_ratio: float | None = None
    f_p_cv: float = Settings().f_p_cv
    lot_cv: float = Settings().lot_assignment_cv
    model: CurveModel = Settings().curve_model
    cells: tuple[CellMedian, ...] = ()

    @property
    def divisor(self) -> float:
        """Divisor of an amount in the kit's unit; 1 where F:P is needed but not known."""
        return 1.0 if self.in_kit_units else abc_divisor(self.kit, self.f_p_ratio)

    @property
    def in_kit_units(self) -> bool:
        """Whether the amounts are not ABC: the kit is relative, or it needs an F:P that was not typed."""
        return not self.kit.quantifies or (self.kit.needs_f_p and self.f_p_ratio is None)

    @property
    def unit(self) -> str:
        """Unit of the amounts of cells; SABC, for kits that give it, only if a control is subtracted."""
        if self.in_kit_units:
            return self.kit.unit
        is_difference = any(cell.control for cell in self.cells)
        return (self.kit.result if is_difference else KitResult.ABC).value


@dataclass(frozen=True, slots=True)
class CellAmount:
    """The converted median of cells.

    Attributes
    ----------
    amount, low, high
        The amount and its 95 % interval; the ends are None if the amount is not above zero.
    status
        Position relative to the range of the beads.
    """

    name: str
    median: float
    control: float
    amount: float
    low: float | None
    high: float | None
    status: RdStatus


@dataclass(frozen=True, slots=True)
class TypedCurve:
    """The curve with its acceptance table, its range (in the unit of the cells), and the cells.

    `cells` is empty where the curve is rejected, or where the levels only put the beads in order.
    """

    typed: TypedMedians
    curve: StandardCurve
    limits: Limits
    cells: tuple[CellAmount, ...]


def typed_curve(typed: TypedMedians, limits: CurveLimits | None = None) -> TypedCurve:
    """Fit and judge the curve as that of a bead run, and convert the cells.

    Raises
    ------
    StandardCurveError
        If no line can be fitted to the beads.
    """
    fitted = fit_standard_curve(typed.medians, typed.levels, model=typed.model, limits=limits)
    curve = judged_by_kit(fitted, typed.kit, typed.levels, limits or CurveLimits())
    within = density_limits(None, curve, typed.divisor)
    is_used = curve.verdict is not CurveVerdict.REJECT and not is_ordinal(typed.kit, typed.levels)
    cells = tuple(_amount(cell, curve, typed, within) for cell in typed.cells) if is_used else ()
    return TypedCurve(typed, curve, within, cells)


def _amount(cell: CellMedian, curve: StandardCurve, typed: TypedMedians, limits: Limits) -> CellAmount:
    amount = (curve.to_abc(cell.median) - curve.to_abc(cell.control)) / typed.divisor
    f_p = 0.0 if typed.in_kit_units or not typed.kit.needs_f_p else typed.f_p_cv
    errors = RelativeErrors(lot=typed.lot_cv, f_p=f_p)
    ends = interval_of_medians(cell.median, cell.control, curve, typed.divisor, errors)
    low, high = ends or (None, None)
    status = range_status(amount, limits)
    return rounded_record(CellAmount(cell.name, cell.median, cell.control, amount, low, high, status))


def range_status(amount: float, limits: Limits) -> RdStatus:
    """Return the position of an amount among the beads: below, within, above, or far above."""
    if amount < limits.lloq:
        return RdStatus.BELOW_LLOQ
    if amount > limits.uloq * Settings().uloq_extrapolation:
        return RdStatus.ABOVE_ULOQ
    return RdStatus.ABOVE_ULOQ_EXTRAPOLATED if amount > limits.uloq else RdStatus.OK


def recoveries(curve: StandardCurve) -> tuple[float | None, ...]:
    """Return what the curve gives back of each level, in percent; None for beads that are not in the fit."""
    return tuple(None if error is None else 100 * (1 + error) for error in curve.back_calculated_error)


def blank_first(
    medians: Sequence[float], levels: Sequence[float], blank: float | None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return medians and levels with the blank bead, where its median was typed apart."""
    if blank is None:
        return tuple(medians), tuple(levels)
    return (blank, *medians), (0.0, *levels)
