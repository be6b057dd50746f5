"""The influence of each patient on the slope of M1: the slope of the line without that patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.washout.censored.influence import resampled
from pipeline.washout.censored.likelihood import maximise
from pipeline.washout.line.line import Line, rounded_dex


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
    of = np.array(names)
    weights = np.array([(of != name).astype(np.float64) for name in order])
    start = np.repeat(line.best.beta, len(order), axis=0), np.repeat(line.best.log_sigma, len(order))
    refits = maximise(resampled(line.rows, weights), start)
    is_determined = refits.is_determined(line.data.n)
    scale = line.axes.scale_y / line.axes.scale_x
    slopes = []
    for index, name in enumerate(order):
        slope = rounded_dex(float(refits.beta[index, 1]) * scale) if is_determined[index] else None
        moved = None if slope is None else rounded_dex(slope - line.most_likely.slope)
        slopes.append(WithoutPatient(name, int(np.sum(of == name)), slope, moved))
    return tuple(
        sorted(slopes, key=lambda row: (row.moved is not None, -abs(row.moved or 0.0), row.patient_id))
    )
