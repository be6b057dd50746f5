"""Repeated bead runs compared: the standard curves of each instrument, kit and lot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from calibration.curve.standard_curve import CurveVerdict
from pipeline.assay.statistics.moments import mean, sd
from pipeline.beads.result import CalibrationResult


@dataclass(frozen=True, slots=True)
class CurveRuns:
    """The bead runs of an instrument, kit and lot.

    Attributes
    ----------
    n_curves
        Number of runs with a curve, of `n_runs`.
    slope_mean, slope_sd
        Mean and SD of the slopes of the curves; the SD is None for a single curve.
    gain_cv_percent
        Geometric CV between runs of the MFI at the middle level of the lot. It shows how detector and laser
        change from day to day; the curve of each run corrects for it.
    worst_error_percent
        Largest back-calculated error of a bead population, in percent of its lot value.
    n_not_accepted
        Number of curves that fail the acceptance table.
    """

    instrument: str
    kit: str
    lot: str
    n_runs: int
    n_curves: int
    slope_mean: float | None = None
    slope_sd: float | None = None
    gain_cv_percent: float | None = None
    worst_error_percent: float | None = None
    n_not_accepted: int = 0


def curve_runs(calibrations: Sequence[CalibrationResult]) -> tuple[CurveRuns, ...]:
    """Return a summary of the bead runs per instrument, kit and lot, in the order of the beads sheet."""
    groups: dict[tuple[str, str, str], list[CalibrationResult]] = {}
    for run in calibrations:
        instrument = f"{run.acquired.instrument} {run.acquired.serial}".strip()
        groups.setdefault((instrument, run.kit, run.lot), []).append(run)
    return tuple(_runs(*key, group) for key, group in groups.items())


def _runs(instrument: str, kit: str, lot: str, group: Sequence[CalibrationResult]) -> CurveRuns:
    curves = [run.curve for run in group if run.curve is not None and run.curve.transfer is None]
    if not curves:
        return CurveRuns(instrument, kit, lot, len(group), 0)
    slopes = [curve.slope for curve in curves]
    levels = [level for level in curves[0].levels if level > 0]
    middle = math.exp(mean([math.log(level) for level in levels]))
    gains = [math.log(curve.to_mfi(middle)) for curve in curves]
    errors = [abs(error) for curve in curves for error in curve.back_calculated_error if error is not None]
    several = len(curves) > 1
    return CurveRuns(
        instrument,
        kit,
        lot,
        len(group),
        len(curves),
        mean(slopes),
        sd(slopes) if several else None,
        100 * math.sqrt(math.expm1(sd(gains) ** 2)) if several else None,
        100 * max(errors) if errors else None,
        sum(curve.verdict is not CurveVerdict.ACCEPT for curve in curves),
    )
