"""What each patient does to the slope of M1: the line without that patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.washout.censored.influence import resampled
from pipeline.washout.censored.likelihood import maximise
from pipeline.washout.line.line import Line, rounded_dex


@dataclass(frozen=True, slots=True)
class WithoutPatient:
    """The slope of highest likelihood without one patient, dex per doubling; None: there is none without."""

    patient_id: str
    n_rows: int
    slope: float | None
    moved: float | None


def without_each(line: Line, names: Sequence[str]) -> tuple[WithoutPatient, ...]:
    """Return the slope without each patient, the one that moves it most first.

    Parameters
    ----------
    line
        The line of all rows.
    names
        The patient of each row of it.
    """
    order = sorted(set(names))
    of = np.array(names)
    weights = np.array([(of != name).astype(np.float64) for name in order])
    start = np.repeat(line.best.beta, len(order), axis=0), np.repeat(line.best.log_sigma, len(order))
    refits = maximise(resampled(line.rows, weights), start)
    held = refits.is_determined(line.data.n)
    scale = line.axes.scale_y / line.axes.scale_x
    told = []
    for place, name in enumerate(order):
        slope = rounded_dex(float(refits.beta[place, 1]) * scale) if held[place] else None
        moved = None if slope is None else rounded_dex(slope - line.most_likely.slope)
        told.append(WithoutPatient(name, int(np.sum(of == name)), slope, moved))
    return tuple(
        sorted(told, key=lambda one: (one.moved is not None, -abs(one.moved or 0.0), one.patient_id))
    )
