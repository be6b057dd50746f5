"""The drug in the serum of this study's patients, week by week, from their own levels."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from calibration.numbers import Floats
from pipeline.patients.pharmacokinetics.decline import WEEKS_AFTER_DOSE, SerumCurve
from pipeline.washout.observations.rows import SHORTEST_WASHOUT_WEEKS

_WIDTH: Final = 0.5
"""Doublings of washout over which levels are smoothed (SD of a normal). Convention (docs/method.md)."""


def study_curve(curve: SerumCurve, weeks: Floats, ug_ml: Floats, log_sd: Floats) -> SerumCurve:
    """Return the median and the scatter of ln C over this study's patients at each of `WEEKS_AFTER_DOSE`.

    The deviations of the rows from the curve are smoothed over log2 weeks (Nadaraya 1964,
    doi:10.1137/1109020). The scatter is that between rows plus that of each row's own level.

    Parameters
    ----------
    curve
        Serum level after the labelled doses.
    weeks, ug_ml, log_sd : (n,)
        The rows: washout, concentration, and the SD of its natural logarithm.
    """
    deviation = np.log(ug_ml) - np.log(curve.at(weeks)[0])
    grid = np.log2(np.maximum(WEEKS_AFTER_DOSE, SHORTEST_WASHOUT_WEEKS))
    logs = -0.5 * ((grid[:, None] - np.log2(weeks)) / _WIDTH) ** 2
    kernel = np.exp(logs - logs.max(axis=1, keepdims=True))
    kernel = kernel / kernel.sum(axis=1, keepdims=True)
    shift = np.sum(kernel * deviation, axis=1)
    variance = np.sum(kernel * ((deviation - shift[:, None]) ** 2 + log_sd**2), axis=1)
    source = "the rows' own drug levels"
    return replace(curve, ug_ml=curve.ug_ml * np.exp(shift), log_sd=np.sqrt(variance), source=source)
