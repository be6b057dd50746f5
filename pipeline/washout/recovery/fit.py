"""M2: the plateau to which free CD38 comes back, and the weeks after which half of it is reached.

median free RD(w) = R0 · [1 − (1 − ρ) · 2^(−w/T)] · (1 − θ(w)),   θ = C/(C + Kd)

R0: the plateau, the median free CD38 long after the drug. ρ: the part of it that treatment left (shed,
eaten by macrophages, selected). T: weeks in which half of what is missing comes back. θ: the part that the
drug in serum still holds; C is the modelled concentration times e^(−κ w), κ how much faster these patients
clear it than the model says; τ, how much more they differ in it. Slow regrowth, deep loss, tight binding and
slow clearance look alike in such data, so ρ, T, Kd, κ and τ are not told: only the plateau and T50 are, the
weeks when half of the patients have half of R0. Patients differ in the drug left in their serum too, and θ
bends that scatter to one side: so the median is that of all patients, not the curve of one whose C is the
median (`share`).

All seven parameters have a prior (`prior`), so the intervals are credible intervals. The curve is told only
where the rows show a plateau and do not contradict it (`refusals`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gating.arithmetic.eigen import inverse_definite
from pipeline.patients.pharmacokinetics.decline import WEEKS, SerumCurve
from pipeline.washout.censored.estimate import Estimate, aicc
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.observations.rows import Observations
from pipeline.washout.recovery.draws import draws
from pipeline.washout.recovery.law import recovery_law
from pipeline.washout.recovery.prior import N_PARAMETERS, R0, SIGMA, USUAL_PLATEAU, Prior
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

Floats: TypeAlias = NDArray[np.float64]

NOT_SEPARABLE: Final = "rho, T and Kd cannot be separated by such data and are not told"
NOT_IN_DATA: Final = "not within what was seen"

_DRAWS, _FEWER_DRAWS = 3_000, 500
"""Draws of the interval, and those of them for what takes long. Arithmetic: of 3,000 a limit of 2.5 % rests
on 75 draws."""

_GRID: Final = np.arange(len(WEEKS))
_COARSE: Final = np.append(_GRID[:-1:4], _GRID[-1])
_PATIENTS: Final = (0.975, 0.025)
"""Shares of patients above the lower and the upper end of their middle 95 %. Arithmetic."""
_METHOD: Final = (
    "posterior mode (likelihood times prior; the priors are among the assumptions): "
    "R0 * [1 - (1 - rho) * 2^(-w/T)] * (1 - theta(w)), log10 RD normal around it; " + NOT_SEPARABLE
)
_HOW: Final = (
    "credible interval: 2.5 % to 97.5 % of the posterior, by importance sampling; "
    "of its normal above 1,000 rows"
)


@dataclass(frozen=True, slots=True, eq=False)
class RecoveryFit:
    """The curve.

    Attributes
    ----------
    plateau, plateau_interval
        R0, molecules per cell.
    half_weeks, half_interval
        T50; ±inf: no limit within the weeks that were seen.
    sigma
        Scatter between patients, dex.
    effective_parameters
        How many parameters the data, not the prior, decide.
    misfit_p
        p of the rows having no trend over the weeks that the curve leaves over (`pipeline.washout.goodness`).
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
    level: float = 0.95
    notes: tuple[str, ...] = ()

    @property
    def aicc(self) -> float:
        """Akaike's criterion for few rows, with the effective number of parameters."""
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
        low, high = (self._quantile(weeks, share) for share in _PATIENTS)
        return low, high

    def _quantile(self, weeks: ArrayLike, share: float) -> Floats:
        logs = log_quantiles(self.peak.parameters[None], self.curve, _GRID, share)[0]
        return np.asarray(10 ** np.interp(np.asarray(weeks, dtype=np.float64), WEEKS, logs))

    def predict_interval(self, weeks: ArrayLike) -> tuple[Floats, Floats]:
        """Return the pointwise 95 % credible interval of the median, from at most 500 of the draws."""
        array = np.asarray(weeks, dtype=np.float64)
        chosen = np.linspace(0, len(self.drawn) - 1, min(_FEWER_DRAWS, len(self.drawn))).astype(np.intp)
        logs, weights = log_quantiles(self.drawn[chosen], self.curve, _COARSE, 0.5), self.weights[chosen]
        at = np.array([np.interp(array, WEEKS[_COARSE], row) for row in logs])
        ends = [weighted_quantile(at[:, k], weights / weights.sum()) for k in range(at.shape[1])]
        return np.asarray([10**low for low, _ in ends]), np.asarray([10**high for _, high in ends])

    def estimates(self) -> tuple[Estimate, ...]:
        """Return the plateau and T50 as `washout.json` prints them."""
        return (
            self._estimate("plateau", self.plateau, self.plateau_interval, "molecules per cell"),
            self._estimate("t50_weeks", self.half_weeks, self.half_interval, "weeks"),
        )

    def _estimate(self, name: str, value: float, limits: tuple[float, float], unit: str) -> Estimate:
        low, high = (limit if np.isfinite(limit) else None for limit in limits)
        note = "" if low is not None and high is not None else f"the missing limit is {NOT_IN_DATA}"
        return Estimate(name, value, low, high, self.data.n, _METHOD, _HOW, self.level, unit, None, note)


def fit_recovery(
    data: Observations,
    curve: SerumCurve,
    *,
    ug_ml: Floats | None = None,
    log_sd: Floats | None = None,
    kd_ug_ml: float = 0.25,
    plateau: float = USUAL_PLATEAU,
    seed: int = 20240607,
) -> RecoveryFit:
    """Fit M2.

    Parameters
    ----------
    data
        The rows.
    curve
        The median patient's serum after the labelled doses: each row's serum where it is not given.
    ug_ml, log_sd : (n,)
        Serum drug at each sample and the SD of its natural logarithm; NaN where not known.
    kd_ug_ml, plateau
        Middle of the priors of Kd and of R0.

    Raises
    ------
    NotEstimableError
        Rows too few, a plateau or T50 outside of what was seen, fewer than 5 patients measured on either side
        of T50, a line without a plateau that does as well, or rows that contradict the curve.
    """
    refuse_recovery(data)
    of_curve = curve.at(data.weeks)
    known = np.isfinite(ug_ml) if ug_ml is not None else np.zeros(data.n, dtype=bool)
    level = np.where(known, of_curve[0] if ug_ml is None else ug_ml, of_curve[0])
    spread = np.where(known, of_curve[1] if log_sd is None else log_sd, of_curve[1])
    prior = Prior.around(kd_ug_ml, plateau)
    surface = Surface(data, level, spread, prior, data.n_patients / data.n)
    serum = study_curve(curve, data.weeks, level, spread) if known.any() else curve
    found = summits(surface)
    place, law = found[0].parameters, recovery_law(surface, found[0])
    half = float(weeks_to_half(place[None], serum)[0])
    refuse_unseen(data, float(place[R0]), half)
    log_likelihood, effective = float(law.log_likelihoods().sum()), _effective(surface, found[0])
    refuse_without_a_bend(data, law, aicc(log_likelihood, effective, data.n))
    misfit_p = refuse_contradicted(law, seed)
    drawn, weights = draws(surface, found, _DRAWS, np.random.default_rng(seed))
    return RecoveryFit(
        plateau=float(10 ** place[R0]),
        plateau_interval=_powers(weighted_quantile(drawn[:, R0], weights)),
        half_weeks=half,
        half_interval=_within_data(data, weighted_quantile(weeks_to_half(drawn, serum), weights)),
        sigma=float(np.exp(place[SIGMA])),
        log_likelihood=log_likelihood,
        effective_parameters=effective,
        misfit_p=misfit_p,
        peak=found[0],
        drawn=drawn,
        weights=weights,
        curve=serum,
        data=data,
        notes=_notes(data, known, curve),
    )


def weeks_until(fit: RecoveryFit, rd: float, share: float = 0.5) -> tuple[float, float, float]:
    """Return the weeks until this share of patients has this density, with the interval.

    ±inf = not within the weeks that were seen. Scatter between patients counts for a share other than a half.
    """

    def weeks(parameters: Floats) -> Floats:
        return first_reached(parameters, fit.curve, np.full(len(parameters), np.log10(rd)), share)

    limits = weighted_quantile(weeks(fit.drawn), fit.weights)
    value = float(weeks(fit.peak.parameters[None])[0])
    return (value if value <= fit.measured_weeks[1] else float("inf"), *_within_data(fit.data, limits))


def weeks_to_half(parameters: Floats, curve: SerumCurve) -> Floats:
    """Return the weeks at which half of the patients have half of the plateau, (B, p) → (B,)."""
    return first_reached(parameters, curve, parameters[:, R0] - np.log10(2), 0.5)


def weighted_quantile(values: Floats, weights: Floats, level: float = 0.95) -> tuple[float, float]:
    """Return the ends of the middle `level` of weighted draws; inf sorts last."""
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(weights[order]) - weights[order] / 2
    places = np.searchsorted(upto, ((1 - level) / 2, (1 + level) / 2))
    low, high = values[order][np.minimum(places, len(values) - 1)]
    return float(low), float(high)


def _effective(surface: Surface, peak: Peak) -> float:
    inverse = inverse_definite(peak.curvature[None])[0][0]
    # the trace of C⁻¹(C − P): C the curvature, P the prior's part of it, diagonal
    by_prior = float(np.sum(np.diagonal(inverse) / surface.prior.sd**2))
    return float(np.clip(N_PARAMETERS - by_prior, 1.0, N_PARAMETERS))


def _powers(limits: tuple[float, float]) -> tuple[float, float]:
    return float(10.0 ** limits[0]), float(10.0 ** limits[1])


def _within_data(data: Observations, limits: tuple[float, float]) -> tuple[float, float]:
    """Return limits in weeks; one outside of the measured values' weeks is open."""
    weeks = data.weeks[data.kind == OBSERVED]
    low, high = limits
    return (low if low >= weeks.min() else -np.inf, high if high <= weeks.max() else np.inf)


def _notes(data: Observations, known: NDArray[np.bool_], curve: SerumCurve) -> tuple[str, ...]:
    notes = [f"M2: {NOT_SEPARABLE}"]
    missing = int(data.n - known.sum())
    if missing:
        notes.append(
            f"M2: {missing} of {data.n} rows have no drug level of their own; taken from {curve.source}"
        )
    if data.n_patients < data.n:
        notes.append("M2: rows of one patient count together as one patient")
    return tuple(notes)
