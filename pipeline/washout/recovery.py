"""M2: the plateau to which free CD38 comes back, and the weeks after which half of it is reached.

median free RD(w) = R0 · [1 − (1 − ρ) · 2^(−w/T)] · (1 − θ(w)),   θ = C/(C + Kd)

R0: the plateau, free CD38 long after the drug. ρ: the part of it that treatment left (shed, eaten by
macrophages, selected). T: weeks in which half of what is missing comes back. θ: the part that the drug in
serum still holds; C is the modelled concentration times e^(−κ w), κ how much faster these patients clear
it than the model says. Slow regrowth, deep loss, tight binding and slow clearance look alike in such data, so
ρ, T, Kd and κ are not told: only the plateau and T50 are, the weeks when the median patient has half of R0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.pharmacokinetics.curves import WEEKS, SerumCurve
from pipeline.washout.estimate import Estimate, NotEstimableError, aicc
from pipeline.washout.likelihood import OBSERVED
from pipeline.washout.recovery_surface import (
    N_PARAMETERS,
    R0,
    SIGMA,
    Peak,
    Penalty,
    Surface,
    draws,
    highest,
    log_over_kd,
    log_regained,
)
from pipeline.washout.rows import Observations

Floats: TypeAlias = NDArray[np.float64]

FEWEST_MEASURED: Final = 8
FEWEST_LATE: Final = 4
LATE_WEEKS: Final = 26.0
NOT_SEPARABLE: Final = "rho, T and Kd cannot be separated by such data and are not told"

_DRAWS: Final = 3_000
_FEWER_DRAWS: Final = 500
_MANY_ROWS: Final = 1_000
_FARTHEST: Final = float(WEEKS[-1])
_METHOD: Final = (
    "penalised likelihood: R0 * [1 - (1 - rho) * 2^(-w/T)] * (1 - theta(w)), log10 RD normal around it; "
    + NOT_SEPARABLE
)
_HOW: Final = "2.5 % to 97.5 % of the penalised likelihood, by importance sampling"


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
    peak: Peak
    drawn: Floats
    weights: Floats
    curve: SerumCurve
    data: Observations
    level: float = 0.95
    notes: tuple[str, ...] = ()

    @property
    def aicc(self) -> float:
        """Akaike's criterion for few rows, with the effective number of parameters."""
        return aicc(self.log_likelihood, self.effective_parameters, self.data.n)

    def predict(self, weeks: ArrayLike) -> Floats:
        """Return the median free RD of the study's median patient at these weeks."""
        array = np.asarray(weeks, dtype=np.float64)
        logs = self.peak.place[R0] + log_free_part(self.peak.place[None], self.curve)[0]
        return np.asarray(10 ** np.interp(array, WEEKS, logs))

    def predict_interval(self, weeks: ArrayLike) -> tuple[Floats, Floats]:
        """Return the pointwise 95 % interval of the median."""
        array = np.asarray(weeks, dtype=np.float64)
        logs = self.drawn[:, R0, None] + log_free_part(self.drawn, self.curve)
        at = np.array([np.interp(array, WEEKS, row) for row in logs])
        ends = np.array([weighted_quantile(at[:, k], self.weights) for k in range(at.shape[1])])
        return np.asarray(10 ** ends[:, 0]), np.asarray(10 ** ends[:, 1])

    def estimates(self) -> tuple[Estimate, ...]:
        """Return the plateau and T50 as `washout.json` prints them."""
        return (
            self._estimate("plateau", self.plateau, self.plateau_interval, "molecules per cell"),
            self._estimate("t50_weeks", self.half_weeks, self.half_interval, "weeks"),
        )

    def _estimate(self, name: str, value: float, limits: tuple[float, float], unit: str) -> Estimate:
        low, high = (limit if np.isfinite(limit) else None for limit in limits)
        note = "" if high is not None else f"no upper limit within {_FARTHEST:g} weeks"
        told = value if np.isfinite(value) else None
        return Estimate(name, told, low, high, self.data.n, _METHOD, _HOW, self.level, unit, None, note)


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
    n_draws = _DRAWS if data.n <= _MANY_ROWS else _FEWER_DRAWS
    drawn, weights = draws(surface, peak, n_draws, np.random.default_rng(seed))
    return RecoveryFit(
        plateau=float(10 ** peak.place[R0]),
        plateau_interval=_powers(weighted_quantile(drawn[:, R0], weights)),
        half_weeks=float(weeks_to_part(peak.place[None], curve)[0]),
        half_interval=weighted_quantile(weeks_to_part(drawn, curve), weights),
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
    from scipy.special import ndtri

    above = float(ndtri(share))

    def weeks(parameters: Floats) -> Floats:
        target = np.log10(rd) + above * np.exp(parameters[:, SIGMA]) - parameters[:, R0]
        return _first_reached(log_free_part(parameters, fit.curve), target)

    low, high = weighted_quantile(weeks(fit.drawn), fit.weights)
    return float(weeks(fit.peak.place[None])[0]), low, high


def log_free_part(parameters: Floats, curve: SerumCurve) -> Floats:
    """Return log10 of the free part of the plateau on the grid of weeks, (B, p) → (B, G)."""
    held = np.logaddexp(0, log_over_kd(parameters, WEEKS, np.log(curve.ug_ml))) / np.log(10)
    return np.asarray(log_regained(parameters, WEEKS) - held)


def weeks_to_part(parameters: Floats, curve: SerumCurve, part: float = 0.5) -> Floats:
    """Return the weeks at which this part of the plateau is free, (B, p) → (B,)."""
    return _first_reached(log_free_part(parameters, curve), np.full(len(parameters), np.log10(part)))


def weighted_quantile(values: Floats, weights: Floats, level: float = 0.95) -> tuple[float, float]:
    """Return the ends of the middle `level` of weighted draws; inf sorts last."""
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(weights[order]) - weights[order] / 2
    places = np.searchsorted(upto, ((1 - level) / 2, (1 + level) / 2))
    low, high = values[order][np.minimum(places, len(values) - 1)]
    return float(low), float(high)


def _first_reached(logs: Floats, target: Floats) -> Floats:
    reached = logs >= target[:, None]
    place = reached.argmax(axis=1)
    rows, before = np.arange(len(logs)), np.maximum(place - 1, 0)
    low, high = logs[rows, before], logs[rows, place]
    part = np.where(high > low, (target - low) / np.where(high > low, high - low, 1.0), 0.0)
    weeks = WEEKS[before] + np.clip(part, 0, 1) * (WEEKS[place] - WEEKS[before])
    return np.where(reached.any(axis=1), weeks, np.inf)


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
    penalty = np.diag(1 / surface.penalty.sd**2)
    by_data = np.linalg.solve(peak.curvature, peak.curvature - penalty)
    return float(np.clip(np.trace(by_data), 1.0, N_PARAMETERS))


def _powers(limits: tuple[float, float]) -> tuple[float, float]:
    return float(10.0 ** limits[0]), float(10.0 ** min(limits[1], 300.0))


def _notes(data: Observations, known: NDArray[np.bool_], curve: SerumCurve) -> tuple[str, ...]:
    found = [f"M2: {NOT_SEPARABLE}"]
    missing = int(data.n - known.sum())
    if missing:
        found.append(
            f"M2: {missing} of {data.n} rows have no drug level of their own; taken from {curve.source}"
        )
    if data.n_patients < data.n:
        found.append("M2: rows of one patient count together as one patient")
    return tuple(found)
