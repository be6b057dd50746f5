"""The receptor density of any population of a tube, with the study's settings."""

from __future__ import annotations

import numpy as np

from calibration.bead_kits import bead_kit
from calibration.receptor_density import RdStatus, ReceptorDensity, quantify_receptor_density
from gating.events import FloatArray, Mask
from pipeline.tube import Tube
from pipeline.tube_task import TubeTask


def receptor_of(
    task: TubeTask, tube: Tube, cells: Mask, blank: FloatArray | None, kind: str
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
    dye, settings = task.panel.quantified, task.settings
    if task.calibration.curve is None or not bead_kit(task.calibration.kit).quantifies:
        return _without_curve(task, tube.quantified[cells])
    spread = dye.f_p_ratio_sd / dye.f_p_ratio if dye.f_p_ratio_sd and dye.f_p_ratio else settings.f_p_cv
    return quantify_receptor_density(
        _censored(tube)[cells],
        blank,
        task.calibration.curve,
        kit=task.calibration.kit,
        f_p_ratio=dye.f_p_ratio,
        f_p_cv=spread,
        lot_cv=settings.lot_assignment_cv if task.assigned_cv is None else task.assigned_cv,
        between_run_cv=settings.between_run_cv,
        lab_lloq=settings.lab_lloq,
        uloq_extrapolation=settings.uloq_extrapolation,
        detector_top=tube.quantified_top,
        seed=settings.seed,
        control_kind=kind,
    )


def _without_curve(task: TubeTask, cells: FloatArray) -> ReceptorDensity:
    kit = bead_kit(task.calibration.kit)
    relative = "" if kit.quantifies else f"{kit.title} beads are relative and give no molecules per cell"
    reason = relative or f"bead run {task.calibration.beads} has no curve: {task.calibration.note}"
    median = float(np.median(cells)) if cells.size else None
    return ReceptorDensity(RdStatus.NO_CURVE, int(cells.size), median_mfi=median, notes=(reason,))


def _censored(tube: Tube) -> FloatArray:
    """Put events of the scale's end back there: compensation moved them, but they are at least that."""
    return np.where(
        tube.on_scale_end, np.maximum(tube.quantified, np.float32(tube.quantified_top)), tube.quantified
    )
