"""The influence of each patient on the slope of M1: the slope of the line without that patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats
from gating.arithmetic.eigen import solve_definite
from pipeline.washout.censored.influence import resampled
from pipeline.washout.censored.likelihood import (
    SMALLEST_LOG_SIGMA,
    CensoredRows,
    derivatives,
    maximise,
)
from pipeline.washout.line.line import Line, rounded_dex

_MOST_REFITTED: Final = 200
"""Most patients without whom the line is fitted again: of more, those who move it most. Convention: without
another, one Newton step is right to a hundredth of a move that is itself small."""


@dataclass(frozen=True, slots=True)
class WithoutPatient:
    """The most likely slope without one patient, dex per doubling, and how far it moves; None: no line."""

    patient_id: str
    n_rows: int
    slope: float | None
    moved: float | None


def without_each(line: Line, names: Sequence[str]) -> tuple[WithoutPatient, ...]:
    """Return the slope without each patient; the patient who moves it most comes first.

    Parameters
    ----------
    line
        The line of all rows.
    names
        The patient of each row of the line.
    """
    order = sorted(set(names))
    of = np.searchsorted(np.array(order), np.array(names))
    if len(order) <= _MOST_REFITTED or line.best.log_sigma[0] <= SMALLEST_LOG_SIGMA:
        slopes = _refitted(line, of, np.arange(len(order)))
    else:
        slopes = _stepped(line, of, len(order))
        far = np.argsort(-np.abs(slopes - line.best.beta[0, 1]), kind="stable")[:_MOST_REFITTED]
        slopes[far] = _refitted(line, of, far)
    scale = line.axes.scale_y / line.axes.scale_x
    counts = np.bincount(of)
    without = []
    for index, name in enumerate(order):
        slope = rounded_dex(float(slopes[index]) * scale) if np.isfinite(slopes[index]) else None
        moved = None if slope is None else rounded_dex(slope - line.most_likely.slope)
        without.append(WithoutPatient(name, int(counts[index]), slope, moved))
    return tuple(
        sorted(without, key=lambda row: (row.moved is not None, -abs(row.moved or 0.0), row.patient_id))
    )


def _refitted(line: Line, of: NDArray[np.intp], patients: NDArray[np.intp]) -> Floats:
    """Return the slope of highest likelihood without each of these patients; NaN where there is none."""
    weights = np.array([(of != patient).astype(np.float64) for patient in patients])
    start = np.repeat(line.best.beta, len(patients), axis=0), np.repeat(line.best.log_sigma, len(patients))
    refits = maximise(resampled(line.rows, weights), start)
    return np.where(refits.is_determined(line.data.n), refits.beta[:, 1], np.nan)


def _stepped(line: Line, of: NDArray[np.intp], n_patients: int) -> Floats:
    """Return the slope without each patient after one Newton step from the line of all; infinite without one.

    Each row's own part is taken out of the gradient and of the information; nothing is fitted again.
    """
    rows, n = line.rows, line.data.n
    of_row = CensoredRows(
        design=rows.design.reshape(n, 1, -1),
        y=rows.y.reshape(n, 1),
        kind=rows.kind.reshape(n, 1),
        sd=rows.sd.reshape(n, 1),
        weight=rows.weight.reshape(n, 1),
        lever=None if rows.lever is None else rows.lever.reshape(n, 1),
    )
    gradient, information = derivatives(
        of_row, np.repeat(line.best.beta, n, axis=0), np.repeat(line.best.log_sigma, n)
    )
    without = np.zeros((n_patients, gradient.shape[1]))
    curved = np.zeros((n_patients, *information.shape[1:]))
    np.subtract.at(without, of, gradient)
    np.subtract.at(curved, of, information)
    step, concave = solve_definite(curved + information.sum(axis=0), without + gradient.sum(axis=0))
    return np.where(concave, line.best.beta[0, 1] + step[:, 1], np.inf)
