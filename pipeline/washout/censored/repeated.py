"""Intervals where patients gave several samples: patients are independent, their tubes are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats
from gating.arithmetic.eigen import pseudo_inverse
from pipeline.washout.censored.bootstrap import jackknife_weights
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.influence import resampled
from pipeline.washout.censored.likelihood import (
    SMALLEST_LOG_SIGMA,
    CensoredRows,
    Maximum,
    maximise,
)
from pipeline.washout.censored.profile import effective_rows

_FEWEST_FOR_JACKKNIFE: Final = 5
"""Fewest patients for an interval, where a patient gave several samples. Convention: the spread between four
patients is known to a factor of two at best."""

_LARGEST_WITHOUT_A_PATIENT: Final = 1e3
"""Coefficient on standardised axes above which a refit has no maximum. Convention: a thousand SDs; a refit
starts at the summit of all rows and stays near it."""

_JACKKNIFE_STEP: Final = 1e-5
"""Size of a finite difference on standardised axes. Convention: rounding and curvature both matter little."""

LEAST_INFLATION: Final = 1e-9
"""Ratio of variances below which leaving patients out changes nothing. Convention: far above what rounding
leaves of zero, far below the ratio of any real patients."""


@dataclass(frozen=True, slots=True, eq=False)
class PatientJackknife:
    """The line's parameters (β …, log σ) with one patient left out at a time.

    Attributes
    ----------
    estimate : (p,)
        The parameters with all patients.
    left_out : (m, p)
        The parameters without one patient; with more than 200 patients, without one of 200 groups of them.
    freedom
        Degrees of freedom of the interval: patients, a censored row counting half, less the coefficients.
    """

    estimate: Floats
    left_out: Floats
    covariance: Floats
    freedom: float

    def variance(self, of: Callable[[Floats], Floats]) -> float:
        """Return the jackknife variance of a function of the parameters, (m, p) → (m,)."""
        deviation = of(self.left_out) - float(of(self.estimate[None])[0])
        return float((len(deviation) - 1) / len(deviation) * np.sum(deviation**2))

    def inflation(self, of: Callable[[Floats], Floats]) -> float:
        """Return the ratio of the jackknife variance to that of the likelihood of independent rows.

        Raises
        ------
        NotEstimableError
            If leaving out a patient changes nothing: then patients do not show how sure the line is.
        """
        own = delta_variance(of, self.estimate, self.covariance)
        ratio = self.variance(of) / own if own > 0 else 0.0
        if not ratio > LEAST_INFLATION:
            raise NotEstimableError(
                "the line is the same whichever patient is left out, so its uncertainty cannot be estimated "
                "from them"
            )
        return ratio

    def critical_value(self, of: Callable[[Floats], Floats], level: float) -> float:
        """Return the drop of 2 log L that bounds the interval of a function of the parameters.

        The likelihood ratio is scaled to the jackknife variance ("vertical adjustment", Chandler & Bate 2007,
        doi:10.1093/biomet/asm015) and compared with t². So the interval keeps the asymmetry of the
        likelihood. A percentile or BCa bootstrap of 20 patients is too narrow. Measured coverage:
        docs/validation.md.
        """
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, (1 + level) / 2)) ** 2 * self.inflation(of)

    def p(self, ratio: float, of: Callable[[Floats], Floats]) -> float:
        """Return the two-sided p of a likelihood ratio that agrees with `critical_value`."""
        from scipy.special import stdtr

        return float(2 * stdtr(self.freedom, -np.sqrt(ratio / self.inflation(of))))


def delta_variance(of: Callable[[Floats], Floats], estimate: Floats, covariance: Floats) -> float:
    """Return the variance of a function of the parameters from their covariance (delta method)."""
    steps = _JACKKNIFE_STEP * np.eye(len(estimate))
    gradient = (of(estimate + steps) - of(estimate - steps)) / (2 * _JACKKNIFE_STEP)
    return float(np.sum(gradient[:, None] * covariance * gradient))


def patient_jackknife(rows: CensoredRows, best: Maximum, patients: NDArray[np.intp]) -> PatientJackknife:
    """Refit the line without each patient.

    Raises
    ------
    NotEstimableError
        If there are fewer than 5 patients, or if there is no line without one of them.
    """
    n_patients, n = len(np.unique(patients)), len(patients)
    if n_patients < _FEWEST_FOR_JACKKNIFE:
        raise NotEstimableError(
            f"{n} samples of {n_patients} patient{'' if n_patients == 1 else 's'}; "
            f"an interval needs at least {_FEWEST_FOR_JACKKNIFE} patients"
        )
    weights = jackknife_weights(patients)
    start = np.repeat(best.beta, len(weights), axis=0), np.repeat(best.log_sigma, len(weights))
    refits = maximise(resampled(rows, weights), start)
    scattered = (refits.log_sigma > SMALLEST_LOG_SIGMA) | (rows.sd[0].min() > 0)
    good = (
        refits.is_determined(n) & scattered & (np.abs(refits.beta) < _LARGEST_WITHOUT_A_PATIENT).all(axis=1)
    )
    if not good.all():
        raise NotEstimableError(
            f"the line depends on single patients: {int(np.sum(~good))} of {len(good)} cannot be left out"
        )
    return PatientJackknife(
        estimate=np.append(best.beta[0], best.log_sigma[0]),
        left_out=np.column_stack([refits.beta, refits.log_sigma]),
        covariance=pseudo_inverse(best.information[:1])[0],
        freedom=max(n_patients * effective_rows(rows.kind[0]) / n - rows.design.shape[2], 1.0),
    )
