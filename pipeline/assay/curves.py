"""Bead runs side by side: what repeated beads say of the curve, an instrument and kit at a time."""

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
        Runs that gave a curve, of `n_runs`.
    slope_mean, slope_sd
        Of the curves; the SD is None of a single one.
    gain_cv_percent
        Geometric CV between runs of the MFI at the middle level of the lot: detector and laser from day to
        day, which each run's own curve takes off.
    worst_error_percent
        Largest distance of a bead to its curve, in percent of its level.
    n_not_accepted
        Curves that the acceptance table does not accept.
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
    """Return the bead runs by instrument, kit and lot, in the order of the beads sheet."""
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
