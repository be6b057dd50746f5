"""M2: the plateau to which free CD38 recovers, and the weeks until half of the plateau is reached.

median free RD(w) = R0 · [1 − (1 − ρ) · 2^(−w/T)] · (1 − θ(w)),   θ = C/(C + Kd)

R0: the plateau, the median free CD38 long after the drug. ρ: the part of R0 that is left after treatment (the
rest was shed, taken up by macrophages or lost by selection). T: weeks in which half of the missing CD38 comes
back. θ: the part of CD38 that the drug in serum still covers. C: the modelled concentration times e^(−κ w); κ
says how much faster these patients clear the drug than the model says, τ how much more they differ in it.

Slow regrowth, deep loss, tight binding and slow clearance look alike in such data. So ρ, T, Kd, κ and τ are
not reported. Only the plateau and T50 are; T50 is the week at which half of the patients have half of R0.
Patients also differ in the drug left in their serum, and θ makes that scatter skewed. So the median is that
of all patients, not the curve of a patient with the median concentration (`share`).

All seven parameters have a prior (`prior`), so the intervals are credible intervals. The curve is reported
only if the rows show a plateau and do not contradict the curve (`refusals`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.numbers import LEVEL, SEED, Floats
from gating.arithmetic.eigen import inverse_definite
from pipeline.patients.pharmacokinetics.decline import WEEKS_AFTER_DOSE, SerumCurve
from pipeline.study.quantity_name import MOLECULES, WEEKS, Unit
from pipeline.study.settings.defaults import KD_UG_ML
from pipeline.study.settings.usual_density import USUAL_PLASMA_CELL_CD38
from pipeline.washout.censored.estimate import Estimate, aicc
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.censored.subject import EstimateKind
from pipeline.washout.observations.rows import Observations
from pipeline.washout.recovery.draws import draws
from pipeline.washout.recovery.law import recovery_law
from pipeline.washout.recovery.prior import N_PARAMETERS, R0, SIGMA, Prior
from pipeline.washout.recovery.refusals import (
    refuse_contradicted,
    refuse_recovery,
    refuse_unseen,
    refuse_without_a_bend,
)
from pipeline.washout.recovery.serum import study_curve
from pipeline.washout.recovery.share import first_reached, log_quantiles
from pipeline.washout.recovery.summits import Peak, summits
from pipeline.washout.recovery.surface import Surface

NOT_SEPARABLE: Final = "rho, T and Kd cannot be separated by such data and are not given"
NOT_IN_DATA: Final = "not within the observed range"

_INTERVAL_DRAWS, _FEWER_DRAWS = 3_000, 500
"""Draws for the intervals, and the fewer draws for slow computations. Arithmetic: with 3,000 a limit of 2.5 %
rests on 75 draws."""

_GRID: Final = np.arange(len(WEEKS_AFTER_DOSE))
_COARSE: Final = np.append(_GRID[:-1:4], _GRID[-1])
_SHARES_OF_PATIENTS: Final = (0.975, 0.025)
"""Shares of patients above the lower and the upper limit of the range that holds 95 % of them. Arithmetic."""
_METHOD: Final = (
    "posterior mode (likelihood times prior; the priors are among the assumptions): "
    "R0 * [1 - (1 - rho) * 2^(-w/T)] * (1 - theta(w)), log10 RD normal around it; " + NOT_SEPARABLE
)
_HOW: Final = (
    "credible interval: 2.5 % to 97.5 % of the posterior, by importance sampling; "
    "of its normal above 1,000 rows"
)
_NAMES: Final = {
    EstimateKind.PLATEAU: ("plateau", "Plateau of the recovery"),
    EstimateKind.HALF_TIME: ("t50_weeks", "Weeks to half of the plateau"),
}
"""Name in `washout.json`, and the words for people."""


@dataclass(frozen=True, slots=True, eq=False)
class RecoveryFit:
    """The fitted recovery curve.

    Attributes
    ----------
    plateau, plateau_interval
        R0, molecules per cell.
    half_weeks, half_interval
        T50; ±inf: no limit within the weeks of the measured values.
    sigma
        Scatter between patients, dex.
    effective_parameters
        How many parameters the data determine, and not the prior.
    misfit_p
        p of the test for a trend of the residuals over the weeks (`pipeline.washout.goodness`).
    """

    plateau: float
    plateau_interval: tuple[float, float]
    half_weeks: float
    half_interval: tuple[float, float]
    sigma: float
    log_likelihood: float
    effective_parameters: float
    misfit_p: float
    peak: Peak = field(repr=False)
    drawn: Floats = field(repr=False)
    weights: Floats = field(repr=False)
    curve: SerumCurve = field(repr=False)
    data: Observations = field(repr=False)
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    @property
    def aicc(self) -> float:
        """Akaike's criterion, corrected for few rows (AICc), with the effective number of parameters."""
        return aicc(self.log_likelihood, self.effective_parameters, self.data.n)

    @property
    def measured_weeks(self) -> tuple[float, float]:
        """First and last week of the measured values."""
        weeks = self.data.weeks[self.data.kind == OBSERVED]
        return float(weeks.min()), float(weeks.max())

    def predict(self, weeks: ArrayLike) -> Floats:
        """Return the median free RD of all patients at these weeks."""
        return self._quantile(weeks, 0.5)

    def predict_patients(self, weeks: ArrayLike) -> tuple[Floats, Floats]:
        """Return the densities between which 95 % of the patients lie at these weeks."""
        low, high = (self._quantile(weeks, share) for share in _SHARES_OF_PATIENTS)
        return low, high

    def _quantile(self, weeks: ArrayLike, share: float) -> Floats:
        logs = log_quantiles(self.peak.parameters[None], self.curve, _GRID, share)[0]
        return np.asarray(10 ** np.interp(np.asarray(weeks, dtype=np.float64), WEEKS_AFTER_DOSE, logs))

    def predict_interval(self, weeks: ArrayLike) -> tuple[Floats, Floats]:
        """Return the pointwise 95 % credible interval of the median, from at most 500 of the draws."""
        array = np.asarray(weeks, dtype=np.float64)
        chosen = np.linspace(0, len(self.drawn) - 1, min(_FEWER_DRAWS, len(self.drawn))).astype(np.intp)
        logs, weights = log_quantiles(self.drawn[chosen], self.curve, _COARSE, 0.5), self.weights[chosen]
        medians = np.array([np.interp(array, WEEKS_AFTER_DOSE[_COARSE], row) for row in logs])
        ends = [weighted_quantile(medians[:, k], weights / weights.sum()) for k in range(medians.shape[1])]
        return np.asarray([10**low for low, _ in ends]), np.asarray([10**high for _, high in ends])

    def estimates(self) -> tuple[Estimate, ...]:
        """Return the plateau and T50 as `washout.json` prints them."""
        return (
            self._estimate(EstimateKind.PLATEAU, self.plateau, self.plateau_interval, MOLECULES),
            self._estimate(EstimateKind.HALF_TIME, self.half_weeks, self.half_interval, WEEKS),
        )

    def _estimate(
        self, kind: EstimateKind, value: float, limits: tuple[float, float], unit: Unit
    ) -> Estimate:
        low, high = (limit if np.isfinite(limit) else None for limit in limits)
        note = "" if low is not None and high is not None else f"the missing limit is {NOT_IN_DATA}"
        how, (name, words) = (self.data.n, _METHOD, _HOW, self.level, unit, None, note), _NAMES[kind]
        return Estimate(name, value, low, high, *how, words=words, kind=kind)


def fit_recovery(
    data: Observations,
    curve: SerumCurve,
    *,
    ug_ml: Floats | None = None,
    log_sd: Floats | None = None,
    kd_ug_ml: float = KD_UG_ML,
    plateau: float = USUAL_PLASMA_CELL_CD38,
    seed: int = SEED,
) -> RecoveryFit:
    """Fit M2.

    Parameters
    ----------
    data
        The rows.
    curve
        The median patient's serum level after the labelled doses. It is used for rows without a level.
    ug_ml, log_sd : (n,)
        Serum level of the drug at each sample, and the SD of its natural logarithm; NaN if not known.
    kd_ug_ml, plateau
        Centres of the priors of Kd and of R0.

    Raises
    ------
    NotEstimableError
        If the rows are too few, the plateau or T50 lies outside the data, fewer than 5 patients have a
        measured value before or after T50, a line without a plateau fits as well, or the rows contradict
        the curve.
    """
    refuse_recovery(data)
    of_curve = curve.at(data.weeks)
    has_level = np.isfinite(ug_ml) if ug_ml is not None else np.zeros(data.n, dtype=bool)
    level = np.where(has_level, of_curve[0] if ug_ml is None else ug_ml, of_curve[0])
    spread = np.where(has_level, of_curve[1] if log_sd is None else log_sd, of_curve[1])
    prior = Prior.around(kd_ug_ml, plateau)
    surface = Surface(data, level, spread, prior, data.n_patients / data.n)
    serum = study_curve(curve, data.weeks, level, spread) if has_level.any() else curve
    peaks = summits(surface)
    mode, law = peaks[0].parameters, recovery_law(surface, peaks[0])
    half = float(weeks_to_half(mode[None], serum)[0])
    refuse_unseen(data, float(mode[R0]), half)
    log_likelihood, effective = float(law.log_likelihoods().sum()), _effective(surface, peaks[0])
    refuse_without_a_bend(data, law, aicc(log_likelihood, effective, data.n))
    misfit_p = refuse_contradicted(law, seed)
    drawn, weights = draws(surface, peaks, _INTERVAL_DRAWS, np.random.default_rng(seed))
    return RecoveryFit(
        plateau=float(10 ** mode[R0]),
        plateau_interval=_powers(weighted_quantile(drawn[:, R0], weights)),
        half_weeks=half,
        half_interval=_within_data(data, weighted_quantile(weeks_to_half(drawn, serum), weights)),
        sigma=float(np.exp(mode[SIGMA])),
        log_likelihood=log_likelihood,
        effective_parameters=effective,
        misfit_p=misfit_p,
        peak=peaks[0],
        drawn=drawn,
        weights=weights,
        curve=serum,
        data=data,
        notes=_notes(data, has_level, curve),
    )


def weeks_until(fit: RecoveryFit, rd: float, share: float = 0.5) -> tuple[float, float, float]:
    """Return the weeks until this share of patients has this density, and the limits of their interval.

    ±inf: not within the weeks of the measured values. The scatter between patients matters if the share is
    not a half.
    """

    def weeks(parameters: Floats) -> Floats:
        return first_reached(parameters, fit.curve, np.full(len(parameters), np.log10(rd)), share)

    limits = weighted_quantile(weeks(fit.drawn), fit.weights)
    value = float(weeks(fit.peak.parameters[None])[0])
    return (value if value <= fit.measured_weeks[1] else float("inf"), *_within_data(fit.data, limits))


def weeks_to_half(parameters: Floats, curve: SerumCurve) -> Floats:
    """Return the weeks at which half of the patients have half of the plateau, (B, p) → (B,)."""
    return first_reached(parameters, curve, parameters[:, R0] - np.log10(2), 0.5)


def weighted_quantile(values: Floats, weights: Floats, level: float = LEVEL) -> tuple[float, float]:
    """Return the limits between which the share `level` of weighted draws lies; inf sorts last."""
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(weights[order]) - weights[order] / 2
    ranks = np.searchsorted(upto, ((1 - level) / 2, (1 + level) / 2))
    low, high = values[order][np.minimum(ranks, len(values) - 1)]
    return float(low), float(high)


def _effective(surface: Surface, peak: Peak) -> float:
    inverse = inverse_definite(peak.curvature[None])[0][0]
    # the trace of C⁻¹(C − P): C is the curvature, P the prior's part of it, a diagonal matrix
    by_prior = float(np.sum(np.diagonal(inverse) / surface.prior.sd**2))
    return float(np.clip(N_PARAMETERS - by_prior, 1.0, N_PARAMETERS))


def _powers(limits: tuple[float, float]) -> tuple[float, float]:
    return float(10.0 ** limits[0]), float(10.0 ** limits[1])


def _within_data(data: Observations, limits: tuple[float, float]) -> tuple[float, float]:
    """Return the limits in weeks; a limit outside the weeks of the measured values becomes infinite."""
    weeks = data.weeks[data.kind == OBSERVED]
    low, high = limits
    return (low if low >= weeks.min() else -np.inf, high if high <= weeks.max() else np.inf)


def _notes(data: Observations, has_level: NDArray[np.bool_], curve: SerumCurve) -> tuple[str, ...]:
    notes = [f"M2: {NOT_SEPARABLE}"]
    missing = int(data.n - has_level.sum())
    if missing:
        notes.append(
            f"M2: {missing} of {data.n} rows have no drug level of their own; taken from {curve.source}"
        )
    if data.n_patients < data.n:
        notes.append("M2: rows of one patient count together as one patient")
    return tuple(notes)
