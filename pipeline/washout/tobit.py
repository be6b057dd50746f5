"""M1: how fast does free CD38 come back? A straight line of log10 RD on log2 weeks, censored values kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.washout.estimate import NotEstimableError
from pipeline.washout.likelihood import LEFT, OBSERVED, RIGHT, CensoredRows, Maximum, maximise, single
from pipeline.washout.profile import critical_value, likelihood_ratio, profile_interval
from pipeline.washout.repeated import slope_interval_of_patients
from pipeline.washout.rows import Observations, observe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

_FEWEST_OBSERVED: Final = 3
_LEAST_INFORMATION: Final = 1e-7
_SMALLEST_SIGMA: Final = 1e-5
_NO_SCATTER: Final = "no scatter is left between rows (sigma 0): the interval is no guide to other patients"
_METHOD: Final = "Tobit, maximum likelihood: log10 RD = intercept + slope * log2 weeks + N(0, sigma)"


@dataclass(frozen=True, slots=True, eq=False)
class WashoutFit:
    """The line and how sure it is. One doubling of washout multiplies the median RD by 10^slope.

    Attributes
    ----------
    slope
        Change of log10 RD per doubling of the washout.
    intercept
        log10 of the median RD at 1 week.
    sigma
        SD of log10 RD between patients around the line, dex, without the measurement SD where that was given.
    slope_interval
        By profile likelihood, or by resampling patients where they repeat; ±inf where the data set no limit.
    slope_p
        Likelihood-ratio p of slope = 0 on the interval's own scale; None where patients repeat.
    covariance : (3, 3)
        Of intercept, slope and log sigma, from the curvature of the likelihood.
    """

    slope: float
    intercept: float
    sigma: float
    slope_interval: tuple[float, float]
    slope_p: float | None
    log_likelihood: float
    covariance: Floats
    level: float
    data: Observations
    method: str
    interval_method: str
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Rows in the fit."""
        return self.data.n

    @property
    def fold_per_doubling(self) -> float:
        """10^slope: by how much the median RD is multiplied when the washout doubles."""
        return float(10.0**self.slope)

    @property
    def fold_interval(self) -> tuple[float, float]:
        """Interval of `fold_per_doubling`."""
        return _power(self.slope_interval[0]), _power(self.slope_interval[1])

    def predict(self, weeks: ArrayLike) -> Floats:
        """Return the median RD, molecules per cell, at these washouts in weeks (> 0)."""
        line = self.intercept + self.slope * _doublings(weeks)
        return np.asarray(10.0**line)

    def predict_interval(self, weeks: ArrayLike) -> tuple[Floats, Floats]:
        """Return the pointwise interval of the median RD (delta method; rows taken as independent)."""
        from scipy.special import stdtrit

        doublings = _doublings(weeks)
        variance = (
            self.covariance[0, 0]
            + 2 * doublings * self.covariance[0, 1]
            + doublings**2 * self.covariance[1, 1]
        )
        freedom = max(float(np.mean([self.n, self.data.count(OBSERVED)])) - 2, 1.0)
        half = stdtrit(freedom, (1 + self.level) / 2) * np.sqrt(variance)
        line = self.intercept + self.slope * doublings
        return np.asarray(10.0 ** (line - half)), np.asarray(10.0 ** (line + half))

    def summary(self) -> str:
        """Return the fit in a few lines of text."""
        from pipeline.washout.words import fit_summary

        return fit_summary(self)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw rows, line and band on these axes (new ones where None) and return them."""
        from pipeline.washout.plot import plot_fit

        return plot_fit(self, axes)


def fit_tobit(
    weeks: ArrayLike,
    rd: ArrayLike,
    status: Sequence[str],
    *,
    lloq: ArrayLike,
    uloq: ArrayLike = np.inf,
    measurement_sd: ArrayLike | None = None,
    patients: Sequence[object] | None = None,
    seed: int = 20240607,
    level: float = 0.95,
) -> WashoutFit:
    """Fit log10 RD = a + b·log2 weeks + ε by maximum likelihood with censored values (Tobin 1958).

    A row below its LLOQ gives Φ((log10 LLOQ − μ)/s), one above its ULOQ 1 − Φ(…), a measured one φ; s² = σ² +
    measurement_sd². The interval of b is by profile likelihood with a correction for few rows
    (`profile.critical_value`); where patients repeat, by resampling patients.

    Parameters
    ----------
    weeks, rd, status, lloq, uloq, measurement_sd, patients
        As in `pipeline.washout.rows.observe`: one row per patient and visit.
    seed
        Of the bootstrap, which is used only where patients repeat.
    level
        Of the intervals.

    Raises
    ------
    NotEstimableError
        Fewer than 3 measured values, no spread in washout, or a likelihood without a maximum.
    ValueError
        Columns of different lengths, or a status that is not known.

    Examples
    --------
    >>> weeks, rd = [2, 4, 8, 16, 32], [900, 5200, 9000, 21000, 39000]
    >>> fit = fit_tobit(weeks, rd, ["BELOW_LLOQ", "OK", "OK", "OK", "OK"], lloq=5000)
    >>> round(fit.fold_per_doubling, 2), round(float(fit.predict(16)), -3)
    (2.0, 20000.0)
    """
    rows = observe(weeks, rd, status, lloq=lloq, uloq=uloq, measurement_sd=measurement_sd, patients=patients)
    return fit_observations(rows, seed=seed, level=level)


def fit_observations(data: Observations, *, seed: int, level: float = 0.95) -> WashoutFit:
    """As `fit_tobit`, on rows that are already sorted into observed and censored."""
    _refuse(data)
    rows, units = _standardised(data)
    best = maximise(rows)
    _refuse_without_maximum(best, data)
    interval, p, how, notes = _slope_interval(rows, best, data, seed, level)
    intercept, slope, sigma = _own_units(best, units)
    low, high = (limit * units[3] / units[1] for limit in interval)
    if sigma < _SMALLEST_SIGMA:
        notes = (*notes, _NO_SCATTER)
    return WashoutFit(
        slope=slope,
        intercept=intercept,
        sigma=sigma,
        slope_interval=(low, high),
        slope_p=p,
        log_likelihood=float(best.log_likelihood[0]) - data.count(OBSERVED) * float(np.log(units[3])),
        covariance=_covariance(best, units),
        level=level,
        data=data,
        method=_METHOD,
        interval_method=how,
        notes=(*data.notes, *notes, *_unlimited(low, high)),
    )


def _refuse(data: Observations) -> None:
    observed = data.count(OBSERVED)
    if observed < _FEWEST_OBSERVED:
        raise NotEstimableError(
            f"{observed} of {data.n} receptor densities lie within the limits of quantification; "
            f"a slope needs at least {_FEWEST_OBSERVED}"
        )
    if np.ptp(np.log2(data.weeks)) < 1e-9:
        raise NotEstimableError(
            f"all {data.n} rows have the same washout, {data.weeks[0]:.4g} weeks: there is no slope to see"
        )


def _refuse_without_maximum(best: Maximum, data: Observations) -> None:
    smallest = float(np.linalg.eigvalsh(best.information[0, :-1, :-1]).min())
    if not best.converged[0] or smallest < _LEAST_INFORMATION * data.n:
        raise NotEstimableError(
            "the likelihood has no maximum: the measured values lie at too few washouts to hold the line "
            f"({data.count(OBSERVED)} measured, {data.count(LEFT)} below, {data.count(RIGHT)} above the limits)"
        )


def _standardised(data: Observations) -> tuple[CensoredRows, tuple[float, float, float, float]]:
    """Centre and scale both axes, so that the ascent does not depend on units."""
    doublings = np.log2(data.weeks)
    units = (
        float(doublings.mean()),
        float(doublings.std()),
        float(data.log_rd.mean()),
        float(data.log_rd.std()) or 1.0,
    )
    x, y = (doublings - units[0]) / units[1], (data.log_rd - units[2]) / units[3]
    design = np.column_stack([np.ones_like(x), x])
    return single(design, y, data.kind, data.measurement_sd / units[3]), units


def _own_units(best: Maximum, units: tuple[float, float, float, float]) -> tuple[float, float, float]:
    centre_x, scale_x, centre_y, scale_y = units
    slope = float(best.beta[0, 1]) * scale_y / scale_x
    intercept = centre_y + scale_y * float(best.beta[0, 0]) - slope * centre_x
    return intercept, slope, scale_y * float(np.exp(best.log_sigma[0]))


def _covariance(best: Maximum, units: tuple[float, float, float, float]) -> Floats:
    centre_x, scale_x, _, scale_y = units
    ratio = scale_y / scale_x
    jacobian = np.array([[scale_y, -ratio * centre_x, 0.0], [0.0, ratio, 0.0], [0.0, 0.0, 1.0]])
    return np.asarray(jacobian @ np.linalg.pinv(best.information[0]) @ jacobian.T)


def _slope_interval(
    rows: CensoredRows, best: Maximum, data: Observations, seed: int, level: float
) -> tuple[tuple[float, float], float | None, str, tuple[str, ...]]:
    if data.n_patients < data.n:
        interval, how = slope_interval_of_patients(rows, best, data.patients, seed, level)
        note = f"{data.n} samples of {data.n_patients} patients: their slope is mostly one between patients"
        return interval, None, how, (note,)
    critical = critical_value(data.kind, rows.design.shape[2], level)
    interval = profile_interval(rows, best, 1, critical)
    ratio = likelihood_ratio(rows, best, 1, 0.0)
    how = f"profile likelihood, drop {critical:.4f} in place of chi-squared (few rows)"
    return interval, _ratio_p(ratio, data), how, ()


def _ratio_p(ratio: float, data: Observations) -> float:
    """Return the p that agrees with the interval: t from n_e·log(1 + t²/ν) = 2Δℓ."""
    from scipy.special import stdtr

    effective = float(np.mean([data.n, data.count(OBSERVED)]))
    freedom = max(effective - 2, 1.0)
    t = np.sqrt(freedom * np.expm1(ratio / (freedom + 2)))
    return float(2 * stdtr(freedom, -t))


def _unlimited(low: float, high: float) -> tuple[str, ...]:
    names = [name for name, limit in (("lower", low), ("upper", high)) if not np.isfinite(limit)]
    return tuple(f"the data set no {name} limit of the slope" for name in names)


def _doublings(weeks: ArrayLike) -> Floats:
    array = np.asarray(weeks, dtype=np.float64)
    if not np.all(array > 0):
        raise ValueError("weeks must be above 0: the model has log2 of the washout")
    return np.asarray(np.log2(array))


def _power(exponent: float) -> float:
    return float(10.0**exponent) if exponent < 300 else float("inf")
