"""Interval of the slope where patients gave several samples: the patient, not the tube, is the evidence."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.washout.bootstrap import bca_interval, jackknife_weights, patient_weights
from pipeline.washout.estimate import NotEstimableError
from pipeline.washout.likelihood import CensoredRows, Maximum, derivatives, maximise, resampled

Floats = NDArray[np.float64]

RESAMPLES: Final = 1_999
_MOST_PATIENTS_TO_RESAMPLE: Final = 300
_FEWEST_PATIENTS: Final = 5
_LARGEST_SLOPE: Final = 1e3


def slope_interval_of_patients(
    rows: CensoredRows, best: Maximum, patients: NDArray[np.intp], seed: int, level: float
) -> tuple[tuple[float, float], str]:
    """Return the interval of coefficient 1 and how it was found.

    Up to 300 patients: BCa bootstrap of patients. More: the cluster-robust variance, which agrees by then.

    Raises
    ------
    NotEstimableError
        Fewer than 5 patients, or too many resamples without a fit.
    """
    n_patients = len(np.unique(patients))
    if n_patients < _FEWEST_PATIENTS:
        raise NotEstimableError(
            f"{len(patients)} samples of {n_patients} patients; an interval needs at least {_FEWEST_PATIENTS}"
        )
    if n_patients > _MOST_PATIENTS_TO_RESAMPLE:
        return _robust(rows, best, patients, level), "cluster-robust variance by patient, t"
    rng = np.random.default_rng(seed)
    blocks = [_slopes(rows, best, weights) for weights in patient_weights(patients, RESAMPLES, rng)]
    jackknife = _slopes(rows, best, jackknife_weights(patients))
    interval = bca_interval(float(best.beta[0, 1]), np.concatenate(blocks), jackknife, level)
    return interval, f"BCa bootstrap of patients, {RESAMPLES} resamples"


def robust_covariance(rows: CensoredRows, best: Maximum, patients: NDArray[np.intp]) -> Floats:
    """Return the cluster-robust covariance of all parameters with the m/(m − 1) correction."""
    inverse = np.linalg.inv(best.information[0])
    _, member = np.unique(patients, return_inverse=True)
    by_row = _row_gradients(rows, best)
    by_patient = np.zeros((int(member.max()) + 1, by_row.shape[1]))
    np.add.at(by_patient, member, by_row)
    m = len(by_patient)
    return np.asarray(m / (m - 1) * inverse @ (by_patient.T @ by_patient) @ inverse)


def _row_gradients(rows: CensoredRows, best: Maximum) -> Floats:
    """Gradient of each row alone, (n, k+1): a batch of n data sets of one row."""
    n = rows.y.shape[1]
    alone = CensoredRows(
        rows.design[0][:, None],
        rows.y[0][:, None],
        rows.kind[0][:, None],
        rows.sd[0][:, None],
        np.ones((n, 1)),
    )
    return derivatives(alone, np.repeat(best.beta, n, axis=0), np.repeat(best.log_sigma, n))[0]


def _slopes(rows: CensoredRows, best: Maximum, weights: Floats) -> Floats:
    batch = len(weights)
    start = np.repeat(best.beta, batch, axis=0), np.repeat(best.log_sigma, batch)
    found = maximise(resampled(rows, weights), start)
    good = found.converged & (np.abs(found.beta[:, 1]) < _LARGEST_SLOPE)
    return np.where(good, found.beta[:, 1], np.nan)


def _robust(
    rows: CensoredRows, best: Maximum, patients: NDArray[np.intp], level: float
) -> tuple[float, float]:
    from scipy.special import stdtrit

    spread = float(np.sqrt(robust_covariance(rows, best, patients)[1, 1]))
    half = spread * float(stdtrit(len(np.unique(patients)) - 1, (1 + level) / 2))
    return float(best.beta[0, 1]) - half, float(best.beta[0, 1]) + half
