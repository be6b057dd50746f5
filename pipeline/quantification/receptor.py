"""The receptor density of any population of a tube, with the study's settings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.beads.kits import abc_divisor, bead_kit
from calibration.curve.standard_curve import StandardCurve
from calibration.density.budget import BudgetTerm
from calibration.density.receptor_density import RdStatus, ReceptorDensity, quantify_receptor_density
from calibration.density.widening import with_term
from calibration.distribution.cells import cell_distribution
from calibration.distribution.result import CellDistribution
from calibration.rounding import rounded_record
from gating.events import FloatArray, Mask
from gating.gates.steps import GatedPopulation, GateFlag, Step
from pipeline.quantification.result import SampleFlag
from pipeline.quantification.task import TubeTask
from pipeline.tube.reading import Tube

LEAST_DOUBT, FLAGGED_DOUBT = 0.01, 0.05
"""Relative change of RD (below the LLOQ: relative to the LLOQ) from which the doubt of the clone's split
widens the interval, and from which it is flagged. Convention: 1 % hardly widens any interval."""
DRAWS_OF_AN_INTERVAL = 2000
"""Monte Carlo draws of an interval. Convention: docs/method.md, section 5."""
BRIGHT_CONTROL = 0.25
"""The control is refused if it is brighter than the stained tube by this part of its own ABC. Convention: far
more than the errors of two medians, so the tubes must have been exchanged."""


def receptor_of(
    task: TubeTask,
    tube: Tube,
    cells: Mask,
    blank: FloatArray | None,
    kind: str,
    *,
    n_draws: int = DRAWS_OF_AN_INTERVAL,
) -> ReceptorDensity:
    """Return the receptor density of cells of a tube.

    Parameters
    ----------
    cells
        bool, shape (n_events,).
    blank
        The control's cells in the same gates on the quantified channel; None: no control.
    kind
        Which control it is.
    """
    dye = task.panel.quantified
    if task.calibration.curve is None or not bead_kit(task.calibration.curve_kit).quantifies:
        return _without_curve(task, tube.quantified[cells])
    density = quantify_receptor_density(
        _censored(tube, cells),
        blank,
        task.calibration.curve,
        kit=task.calibration.curve_kit,
        f_p_ratio=dye.f_p_ratio,
        f_p_cv=_f_p_cv(task),
        lot_cv=_lot_cv(task),
        between_run_cv=task.settings.between_run_cv,
        lab_lloq=task.settings.lab_lloq,
        uloq_extrapolation=task.settings.uloq_extrapolation,
        detector_top=tube.quantified_top,
        seed=task.settings.seed,
        n_draws=n_draws,
        control_kind=kind,
    )
    return _without_bright_control(density, task.calibration.curve)


def rd_of(task: TubeTask, tube: Tube, cells: Mask, blank: FloatArray | None, kind: str) -> float | None:
    """Return the density of `receptor_of`; the interval is drawn only where the status depends on it."""
    density = receptor_of(task, tube, cells, blank, kind, n_draws=1)
    if density.rd is None and SampleFlag.CONTROL_BRIGHT not in density.flags:
        return None
    if density.rd is not None and not _is_far_below_zero(density.rd, task.calibration.curve):
        return density.rd
    return receptor_of(task, tube, cells, blank, kind).rd


def distribution_of(
    task: TubeTask, tube: Tube, cells: Mask, blank: FloatArray | None, density: ReceptorDensity
) -> CellDistribution | None:
    """Return percentiles, shares and modes of the cells behind this density; None where there is no density.

    Parameters
    ----------
    cells, blank
        As in `receptor_of`.
    """
    if density.lloq is None or blank is None:
        return None
    return cell_distribution(
        density,
        _censored(tube, cells),
        blank,
        task.calibration.curve,
        kit=task.calibration.curve_kit,
        f_p_ratio=task.panel.quantified.f_p_ratio,
        f_p_cv=_f_p_cv(task),
        lot_cv=_lot_cv(task),
        between_run_cv=task.settings.between_run_cv,
        low_cut=task.settings.low_cell_cut,
        uloq_extrapolation=task.settings.uloq_extrapolation,
        detector_top=tube.quantified_top,
        seed=task.settings.seed,
    )


def _f_p_cv(task: TubeTask) -> float:
    dye = task.panel.quantified
    typed_cv = dye.f_p_ratio_sd / dye.f_p_ratio if dye.f_p_ratio_sd and dye.f_p_ratio else None
    return task.settings.f_p_cv if typed_cv is None else typed_cv


def _lot_cv(task: TubeTask) -> float:
    return task.settings.lot_assignment_cv if task.assigned_cv is None else task.assigned_cv


def _without_bright_control(density: ReceptorDensity, curve: StandardCurve) -> ReceptorDensity:
    """Withdraw the density where the control is brighter than the stained tube: it is no background control.

    Differences within noise are kept, with their sign. A control that is brighter by a quarter of its own ABC
    and by more than the dimmest bead was exchanged with the stained tube, or has another staining.
    """
    if density.rd is None or density.rd_high is None or density.background_abc is None:
        return density
    bright = density.rd_high <= -BRIGHT_CONTROL * density.background_abc
    if not bright or not _is_far_below_zero(density.rd, curve):
        return density
    note = "the control is brighter than the stained tube: were the two exchanged? No density is given"
    flagged = replace(density, flags=(*density.flags, SampleFlag.CONTROL_BRIGHT))
    return _withheld(flagged, RdStatus.NO_BACKGROUND, note)


def _is_far_below_zero(rd: float, curve: StandardCurve | None) -> bool:
    return curve is not None and rd <= -curve.bottom_level


def with_split_doubt(
    density: ReceptorDensity, task: TubeTask, tube: Tube, gated: GatedPopulation
) -> ReceptorDensity:
    """Return the density with the doubt of the clone's split in its interval and its notes.

    The SD of the doubt is the largest change of the clone's ABC when a part of the cells is left out and the
    split is made again. Nothing changes where nothing was split, or where the split hardly depends on single
    cells. Where clone and normal cells lie so far apart that the few uncertain cells cannot matter, the split
    is not repeated.
    """
    curve = task.calibration.curve
    if gated.aberrant is None or gated.jackknife is None or curve is None or density.rd is None:
        return density
    divisor = abc_divisor(bead_kit(task.calibration.curve_kit), task.panel.quantified.f_p_ratio)
    size = max(abs(density.rd), density.lloq or 0.0)
    clone, n = _censored(tube, gated.aberrant), gated.jackknife.may_move()
    clone_abc = curve.to_abc(_middle(clone))
    ends = () if n is None else _middles_beside(clone, n)
    if ends and max(abs(curve.to_abc(end) - clone_abc) / divisor for end in ends) < LEAST_DOUBT * size:
        return density
    resplits = gated.jackknife()
    resplit_abc = [curve.to_abc(_middle(_censored(tube, cells))) for cells in resplits if cells.any()]
    sd = max((abs(abc - clone_abc) / divisor for abc in resplit_abc), default=0.0)
    if not sd >= LEAST_DOUBT * size:
        return density
    log_sd = float(np.sqrt(np.log1p((sd / density.rd) ** 2))) if density.rd else 0.0
    wider = rounded_record(with_term(density, BudgetTerm.CLONE_SPLIT, log_sd, sd))
    if sd < FLAGGED_DOUBT * size:
        return wider
    counts = [int(np.count_nonzero(cells)) for cells in resplits]
    note = (
        "it is not sure which plasma cells belong to the clone: if the split is repeated without a fifth of "
        f"the plasma cells, it gives {min(counts)} to {max(counts)} cells, and the density changes by up to "
        f"{sd:.3g} molecules; the interval includes that"
    )
    return replace(wider, flags=(*wider.flags, SampleFlag.CLONE_UNCERTAIN), notes=(*wider.notes, note))


def without_guessed_cells(density: ReceptorDensity, gated: GatedPopulation) -> ReceptorDensity:
    """Withdraw the density where no population was found and no person set the cut.

    A tube without plasma cells must not get a density: the events beyond strict cuts are then other cells.
    """
    step = next((step for step in gated.steps if step.name is Step.PLASMA_CELLS), None)
    if GateFlag.NO_CLEAR_POPULATION not in gated.flags or step is None or step.is_set_by_person:
        return density
    note = (
        f"no population stands out where the wanted cells should be: the {density.n_cells} cells beyond the "
        "cuts get no density. To get one, set a threshold in the gates sheet or review.csv, or use gates of "
        "your own"
    )
    return _withheld(density, RdStatus.LOW_EVENTS, note)


def _withheld(density: ReceptorDensity, status: RdStatus, note: str) -> ReceptorDensity:
    """Return the measured medians without a density."""
    return ReceptorDensity(
        status,
        density.n_cells,
        median_mfi=density.median_mfi,
        background_mfi=density.background_mfi,
        abc=density.abc,
        background_abc=density.background_abc,
        uloq=density.uloq,
        flags=density.flags,
        notes=density.notes if density.status is status else (*density.notes, note),
    )


def _without_curve(task: TubeTask, cells: FloatArray) -> ReceptorDensity:
    kit = bead_kit(task.calibration.curve_kit)
    relative = "" if kit.quantifies else f"{kit.title} beads are relative and give no molecules per cell"
    reason = relative or f"bead run {task.calibration.bead_run} has no curve: {task.calibration.note}"
    median = float(np.median(cells)) if cells.size else None
    return ReceptorDensity(RdStatus.NO_CURVE, int(cells.size), median_mfi=median, notes=(reason,))


def _middle(values: FloatArray) -> float:
    return float(np.median(values.astype(np.float64)))


def _middles_beside(values: FloatArray, n: int) -> tuple[float, ...]:
    """Return the lowest and highest median if this many cells are added or removed; () for too few cells."""
    first, last = (values.size - 1 - n) // 2, -((1 - n - values.size) // 2)
    if first < 0 or last >= values.size:
        return ()
    split = np.partition(values, (first, last))
    return float(split[first]), float(split[last])


def _censored(tube: Tube, cells: Mask) -> FloatArray:
    """Return the values with saturated events back at the end of scale; compensation had moved them."""
    rows = np.flatnonzero(cells)
    values = tube.quantified.take(rows)
    at_least_top = np.maximum(values, np.float32(tube.quantified_top))
    return np.where(tube.on_scale_end.take(rows), at_least_top, values)
