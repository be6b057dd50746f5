"""M2: the plateau to which free CD38 comes back, and the weeks after which half of it is reached.

median free RD(w) = R0 · [1 − (1 − ρ) · 2^(−w/T)] · (1 − θ(w)),   θ = C/(C + Kd)

R0: the plateau, the median free CD38 long after the drug. ρ: the part of it that treatment left (shed,
eaten by macrophages, selected). T: weeks in which half of what is missing comes back. θ: the part that the
drug in serum still holds; C is the modelled concentration times e^(−κ w), κ how much faster these patients
clear it than the model says. Slow regrowth, deep loss, tight binding and slow clearance look alike in such
data, so ρ, T, Kd and κ are not told: only the plateau and T50 are, the weeks when half of the patients have
half of R0. Patients differ in the drug left in their serum too, and θ bends that scatter to one side: so the
median is that of all patients, not the curve of one whose C is the median (`recovery_share`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gating.arithmetic.eigen import inverse_definite
from pipeline.patients.pharmacokinetics.curves import WEEKS, SerumCurve
from pipeline.washout.censored.estimate import Estimate, NotEstimableError, aicc
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.observations.rows import Observations
from pipeline.washout.recovery.share import first_reached, median_logs
from pipeline.washout.recovery.surface import (
    N_PARAMETERS,
    R0,
    SIGMA,
    Peak,
    Penalty,
    Surface,
    draws,
    highest,
)

Floats: TypeAlias = NDArray[np.float64]

FEWEST_MEASURED, FEWEST_LATE, LATE_WEEKS = 8, 4, 26.0
"""Measured values, and those beyond so many weeks, that a curve needs. Convention (docs/method.md)."""

NOT_SEPARABLE: Final = "rho, T and Kd cannot be separated by such data and are not told"

_DRAWS, _FEWER_DRAWS = 3_000, 500
"""Draws of the interval, and those of them for what takes long. Convention."""

_FARTHEST: Final = float(WEEKS[-1])
_GRID: Final = np.arange(len(WEEKS))
_COARSE: Final = np.append(_GRID[:-1:4], _GRID[-1])
_METHOD: Final = (
    "penalised likelihood: R0 * [1 - (1 - rho) * 2^(-w/T)] * (1 - theta(w)), log10 RD normal around it; "
    + NOT_SEPARABLE
)
_HOW: Final = (
    "2.5 % to 97.5 % of the penalised likelihood, by importance sampling; of its normal above 1,000 rows"
)


@dataclass(frozen=True, slots=True, eq=False)
class RecoveryFit:
    """The curve.

    Attributes
    ----------
    plateau, plateau_interval
        R0, molecules per cell.
    half_weeks, half_interval
        T50; inf where half is not reached within 4 years.
    sigma
        Scatter between patients, dex.
    effective_parameters
        How many parameters the data, not the penalty, decide.
    """

    plateau: float
    plateau_interval: tuple[float, float]
    half_weeks: float
    half_interval: tuple[float, float]
    sigma: float
    log_likelihood: float
    effective_parameters: float
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

    def predict(self, weeks: ArrayLike) -> Floats:
        """Return the median free RD of all patients at these weeks."""
        array = np.asarray(weeks, dtype=np.float64)
        return np.asarray(
            10 ** np.interp(array, WEEKS, median_logs(self.peak.place[None], self.curve, _GRID)[0])
        )

    def predict_interval(self, weeks: ArrayLike) -> tuple[Floats, Floats]:
        """Return the pointwise 95 % interval of the median, from at most 500 of the draws."""
        array = np.asarray(weeks, dtype=np.float64)
        chosen = np.linspace(0, len(self.drawn) - 1, min(_FEWER_DRAWS, len(self.drawn))).astype(np.intp)
        logs, weights = median_logs(self.drawn[chosen], self.curve, _COARSE), self.weights[chosen]
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
        note = "" if high is not None else f"no upper limit within {_FARTHEST:g} weeks"
        finite = value if np.isfinite(value) else None
        return Estimate(name, finite, low, high, self.data.n, _METHOD, _HOW, self.level, unit, None, note)


def fit_recovery(
    data: Observations,
    curve: SerumCurve,
    *,
    ug_ml: Floats | None = None,
    log_sd: Floats | None = None,
    kd_ug_ml: float = 0.25,
    seed: int = 20240607,
) -> RecoveryFit:
    """Fit M2.

    Parameters
    ----------
    data
        The rows.
    curve
        The median patient's serum after the last dose: where T50 is read off, and each row's serum where it
        is not given.
    ug_ml, log_sd : (n,)
        Serum drug at each sample and the SD of its natural logarithm; NaN where not known.
    kd_ug_ml
        Middle of the penalty of Kd.

    Raises
    ------
    NotEstimableError
        Fewer than 8 measured rows, fewer than 4 of them beyond 26 weeks, or a likelihood that holds nothing.
    """
    refuse_recovery(data)
    of_curve = curve.at(data.weeks)
    known = np.isfinite(ug_ml) if ug_ml is not None else np.zeros(data.n, dtype=bool)
    level = np.where(known, of_curve[0] if ug_ml is None else ug_ml, of_curve[0])
    spread = np.where(known, of_curve[1] if log_sd is None else log_sd, of_curve[1])
    surface = Surface(data, level, spread, Penalty.around(kd_ug_ml), data.n_patients / data.n)
    peak = highest(surface)
    drawn, weights = draws(surface, peak, _DRAWS, np.random.default_rng(seed))
    return RecoveryFit(
        plateau=float(10 ** peak.place[R0]),
        plateau_interval=_powers(weighted_quantile(drawn[:, R0], weights)),
        half_weeks=float(weeks_to_half(peak.place[None], curve)[0]),
        half_interval=weighted_quantile(weeks_to_half(drawn, curve), weights),
        sigma=float(np.exp(peak.place[SIGMA])),
        log_likelihood=float(surface.log_likelihood(peak.place[None])[0]),
        effective_parameters=_effective(surface, peak),
        peak=peak,
        drawn=drawn,
        weights=weights,
        curve=curve,
        data=data,
        notes=_notes(data, known, curve),
    )


def weeks_until(fit: RecoveryFit, rd: float, share: float = 0.5) -> tuple[float, float, float]:
    """Return the weeks until this share of patients has this density, with the interval.

    inf = not within 4 years. Scatter between patients counts for a share other than a half.
    """

    def weeks(parameters: Floats) -> Floats:
        return first_reached(parameters, fit.curve, np.full(len(parameters), np.log10(rd)), share)

    low, high = weighted_quantile(weeks(fit.drawn), fit.weights)
    return float(weeks(fit.peak.place[None])[0]), low, high


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


def refuse_recovery(data: Observations) -> None:
    """Raise NotEstimableError where the rows are too few or too early for a recovery curve."""
    measured = data.kind == OBSERVED
    late = int(np.sum(measured & (data.weeks > LATE_WEEKS)))
    if measured.sum() < FEWEST_MEASURED or late < FEWEST_LATE:
        raise NotEstimableError(
            f"{int(measured.sum())} measured receptor densities, {late} of them beyond {LATE_WEEKS:g} weeks; "
            f"a recovery curve needs {FEWEST_MEASURED} and {FEWEST_LATE}"
        )


def _effective(surface: Surface, peak: Peak) -> float:
    inverse = inverse_definite(peak.curvature[None])[0][0]
    # the trace of C⁻¹(C − P): C the curvature, P the penalty's part of it, diagonal
    by_penalty = float(np.sum(np.diagonal(inverse) / surface.penalty.sd**2))
    return float(np.clip(N_PARAMETERS - by_penalty, 1.0, N_PARAMETERS))


def _powers(limits: tuple[float, float]) -> tuple[float, float]:
    return float(10.0 ** limits[0]), float(10.0 ** min(limits[1], 300.0))


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
