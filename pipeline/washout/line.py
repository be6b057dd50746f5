"""The censored line on standardised axes: its maximum, and the intervals of all that is read off it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.washout.estimate import NotEstimableError
from pipeline.washout.likelihood import LEFT, OBSERVED, RIGHT, CensoredRows, Maximum, maximise, single
from pipeline.washout.profile import (
    coefficient_interval,
    coefficient_ratio,
    critical_value,
    level_interval,
    log_sigma_interval,
    ratio_p,
)
from pipeline.washout.repeated import PatientDraws, patient_draws
from pipeline.washout.rows import Observations

Floats: TypeAlias = NDArray[np.float64]
Limits: TypeAlias = tuple[float, float]

_FEWEST_OBSERVED: Final = 3
_LEAST_INFORMATION: Final = 1e-7
_COEFFICIENTS: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """Centre and scale of log2 weeks and log10 RD, so that the ascent does not depend on units."""

    centre_x: float
    scale_x: float
    centre_y: float
    scale_y: float

    def x(self, doublings: float) -> float:
        """Standardised place of log2 weeks."""
        return (doublings - self.centre_x) / self.scale_x

    def y(self, log_rd: float) -> float:
        """Standardised log10 RD."""
        return (log_rd - self.centre_y) / self.scale_y


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """The fitted line on standardised axes."""

    data: Observations
    rows: CensoredRows
    axes: Axes
    best: Maximum

    @property
    def slope(self) -> float:
        """Change of log10 RD per doubling."""
        return float(self.best.beta[0, 1]) * self.axes.scale_y / self.axes.scale_x

    @property
    def intercept(self) -> float:
        """The line at 1 week, log10 RD."""
        level = self.axes.centre_y + self.axes.scale_y * float(self.best.beta[0, 0])
        return level - self.slope * self.axes.centre_x

    @property
    def sigma(self) -> float:
        """Scatter around the line, dex."""
        return self.axes.scale_y * float(np.exp(self.best.log_sigma[0]))

    @property
    def log_likelihood(self) -> float:
        """Of log10 RD in dex."""
        return float(self.best.log_likelihood[0]) - self.data.count(OBSERVED) * float(
            np.log(self.axes.scale_y)
        )

    def covariance(self) -> Floats:
        """Return the covariance of intercept, slope and log sigma from the curvature of the likelihood."""
        axes = self.axes
        ratio = axes.scale_y / axes.scale_x
        jacobian = np.array([[axes.scale_y, -ratio * axes.centre_x, 0.0], [0.0, ratio, 0.0], [0.0, 0.0, 1.0]])
        return np.asarray(jacobian @ np.linalg.pinv(self.best.information[0]) @ jacobian.T)


@dataclass(frozen=True, slots=True)
class LineIntervals:
    """Intervals in own units, how they were found, and the p of slope = 0 (None where patients repeat)."""

    slope: Limits
    intercept: Limits
    sigma: Limits
    slope_p: float | None
    how: str


def fit_line(data: Observations) -> Line:
    """Return the line of highest likelihood.

    Raises
    ------
    NotEstimableError
        Fewer than 3 measured values, no spread in washout, or a likelihood without a maximum.
    """
    _refuse(data)
    doublings = np.log2(data.weeks)
    axes = Axes(
        float(doublings.mean()),
        float(doublings.std()),
        float(data.log_rd.mean()),
        float(data.log_rd.std()) or 1.0,
    )
    x, y = (doublings - axes.centre_x) / axes.scale_x, (data.log_rd - axes.centre_y) / axes.scale_y
    design = np.column_stack([np.ones_like(x), x])
    rows = single(design, y, data.kind, data.measurement_sd / axes.scale_y)
    best = maximise(rows)
    _refuse_without_maximum(best, data)
    return Line(data, rows, axes, best)


def line_intervals(line: Line, seed: int, level: float) -> LineIntervals:
    """Return intervals by profile likelihood, or by resampling patients where they repeat."""
    if line.data.n_patients < line.data.n:
        draws = patient_draws(line.rows, line.best, line.data.patients, seed)
        return _resampled_intervals(line, draws, level)
    critical = critical_value(line.data.kind, _COEFFICIENTS, level)
    axes = line.axes
    slope = coefficient_interval(line.rows, line.best, 1, critical)
    at_one_week = level_interval(line.rows, line.best, axes.x(0.0), critical)
    log_sigma = log_sigma_interval(line.rows, line.best, critical)
    ratio = coefficient_ratio(line.rows, line.best, 1, 0.0)
    return LineIntervals(
        slope=_scaled(slope, axes.scale_y / axes.scale_x),
        intercept=_scaled(at_one_week, axes.scale_y, axes.centre_y),
        sigma=_scaled((float(np.exp(log_sigma[0])), float(np.exp(log_sigma[1]))), axes.scale_y),
        slope_p=ratio_p(ratio, line.data.kind, _COEFFICIENTS),
        how=f"profile likelihood, drop of 2 log L {critical:.4f} (3.8415 at 95 %, corrected for few rows)",
    )


def _resampled_intervals(line: Line, draws: PatientDraws, level: float) -> LineIntervals:
    axes = line.axes
    one_week = axes.x(0.0)
    slope = draws.interval(lambda rows: rows[:, 1], level)
    at_one_week = draws.interval(lambda rows: rows[:, 0] + one_week * rows[:, 1], level)
    sigma = draws.interval(lambda rows: np.exp(rows[:, 2]), level)
    return LineIntervals(
        slope=_scaled(slope, axes.scale_y / axes.scale_x),
        intercept=_scaled(at_one_week, axes.scale_y, axes.centre_y),
        sigma=_scaled(sigma, axes.scale_y),
        slope_p=None,
        how=draws.how,
    )


def _scaled(limits: Limits, scale: float, centre: float = 0.0) -> Limits:
    return centre + scale * limits[0], centre + scale * limits[1]


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
        counts = (
            f"{data.count(OBSERVED)} measured, {data.count(LEFT)} below LLOQ, {data.count(RIGHT)} above ULOQ"
        )
        raise NotEstimableError(f"the likelihood has no maximum: too few washouts hold the line ({counts})")
