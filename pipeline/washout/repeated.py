"""Intervals where patients gave several samples: the patient, not the tube, is the evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, eq=False)
class PatientDraws:
    """Parameters (β …, log σ) from resampled patients (B, p) and with patients left out (m, p).

    Above 300 patients nothing is resampled: the draws are normal with the cluster-robust covariance, which by
    then agrees with the bootstrap. Rows of NaN could not be estimated.
    """

    estimate: Floats
    draws: Floats
    jackknife: Floats
    how: str

    def interval(self, of: Callable[[Floats], Floats], level: float) -> tuple[float, float]:
        """Return the interval of a function of the parameters, (B, p) → (B,)."""
        estimate = float(of(self.estimate[None])[0])
        return bca_interval(estimate, of(self.draws), of(self.jackknife), level)


def patient_draws(rows: CensoredRows, best: Maximum, patients: NDArray[np.intp], seed: int) -> PatientDraws:
    """Refit to resampled patients.

    Raises
    ------
    NotEstimableError
        Fewer than 5 patients.
    """
    n_patients = len(np.unique(patients))
    if n_patients < _FEWEST_PATIENTS:
        raise NotEstimableError(
            f"{len(patients)} samples of {n_patients} patients; an interval needs at least {_FEWEST_PATIENTS}"
        )
    rng = np.random.default_rng(seed)
    estimate = np.append(best.beta[0], best.log_sigma[0])
    if n_patients > _MOST_PATIENTS_TO_RESAMPLE:
        covariance = robust_covariance(rows, best, patients)
        draws = rng.multivariate_normal(estimate, covariance, size=RESAMPLES * 5, method="cholesky")
        return PatientDraws(estimate, draws, estimate[None], "cluster-robust covariance by patient")
    blocks = [_refit(rows, best, weights) for weights in patient_weights(patients, RESAMPLES, rng)]
    jackknife = _refit(rows, best, jackknife_weights(patients))
    how = f"BCa bootstrap of patients, {RESAMPLES} resamples"
    return PatientDraws(estimate, np.concatenate(blocks), jackknife, how)


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
        design=rows.design[0][:, None],
        y=rows.y[0][:, None],
        kind=rows.kind[0][:, None],
        sd=rows.sd[0][:, None],
        weight=np.ones((n, 1)),
    )
    return derivatives(alone, np.repeat(best.beta, n, axis=0), np.repeat(best.log_sigma, n))[0]


def _refit(rows: CensoredRows, best: Maximum, weights: Floats) -> Floats:
    batch = len(weights)
    start = np.repeat(best.beta, batch, axis=0), np.repeat(best.log_sigma, batch)
    found = maximise(resampled(rows, weights), start)
    good = found.converged & (np.abs(found.beta) < _LARGEST_SLOPE).all(axis=1)
    parameters = np.column_stack([found.beta, found.log_sigma])
    return np.where(good[:, None], parameters, np.nan)
