"""The censored line on standardised axes: its maximum, the line less its bias, and all the intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.eigen import pseudo_inverse
from gating.arithmetic.linear import product, times
from pipeline.washout.censored.bias import Bounds, reduce_bias
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.influence import by_values
from pipeline.washout.censored.likelihood import (
    LEFT,
    OBSERVED,
    RIGHT,
    CensoredRows,
    Maximum,
    maximise,
    single,
)
from pipeline.washout.observations.rows import Observations

Floats: TypeAlias = NDArray[np.float64]
Limits: TypeAlias = tuple[float, float]
Parameter: TypeAlias = Callable[[Floats], Floats]

_FEWEST_OBSERVED: Final = 3
"""Measured values below which no slope is reported. Convention (docs/method.md)."""
FIRST_TERM, _PLACES = 2, (0, 1, -1)
"""Places of the first term, and of level, slope and ln σ among the parameters. Arithmetic: the order of the
parameters in this module."""


@dataclass(frozen=True, slots=True, eq=False)
class AxisUnits:
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


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A line in own units: `slope` dex per doubling, `intercept` log10 RD at 1 week, `sigma` dex."""

    slope: float
    intercept: float
    sigma: float


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """The fitted line on standardised axes.

    Attributes
    ----------
    best
        The maximum of the likelihood: what intervals and p are made from.
    place : (k+1,)
        β and log σ as they are reported: less their bias, or those of the maximum where that was not found.
    bias_is_off
        Whether `estimate` is less its bias.
    shared : (k+1, k+1)
        What errors that rows share add to the covariance of `best`.
    """

    data: Observations
    rows: CensoredRows
    axes: AxisUnits
    best: Maximum
    estimate: Floats
    bias_is_off: bool
    shared: Floats

    @property
    def reported(self) -> Coefficients:
        """The line less its bias."""
        return self._coefficients(self.estimate)

    @property
    def most_likely(self) -> Coefficients:
        """The line of highest likelihood."""
        return self._coefficients(self.maximum)

    def _coefficients(self, parameters: Floats) -> Coefficients:
        axes = self.axes
        slope = rounded_dex(float(parameters[1]) * axes.scale_y / axes.scale_x)
        level = axes.centre_y + axes.scale_y * float(parameters[0])
        return Coefficients(
            slope, level - slope * axes.centre_x, axes.scale_y * float(np.exp(parameters[-1]))
        )

    @property
    def maximum(self) -> Floats:
        """β and log σ of highest likelihood, (k+1,)."""
        return np.append(self.best.beta[0], self.best.log_sigma[0])

    @property
    def log_likelihood(self) -> float:
        """Of log10 RD in dex."""
        return float(self.best.log_likelihood[0]) - self.data.count(OBSERVED) * float(
            np.log(self.axes.scale_y)
        )

    @property
    def n_coefficients(self) -> int:
        """Intercept, slope, terms, and the change of the scatter with weeks where it has one."""
        return int(self.rows.design.shape[2])

    def log_sigma(self, parameters: Floats, place: Floats) -> Floats:
        """Return ln σ on standardised axes at places of the standardised washout, (m, k+1), (m,) → (m,).

        Beyond the washouts seen it stays what it is at their end.
        """
        lever = self.rows.lever
        if lever is None:
            return parameters[:, -1]
        within = np.clip(place, float(lever.min()), float(lever.max()))
        return np.asarray(parameters[:, -1] + parameters[:, -2] * within)

    def covariance(self) -> Floats:
        """Return the covariance of intercept, slope and log sigma: of the curvature, and of shared errors."""
        axes = self.axes
        ratio = axes.scale_y / axes.scale_x
        jacobian = np.array([[axes.scale_y, -ratio * axes.centre_x, 0.0], [0.0, ratio, 0.0], [0.0, 0.0, 1.0]])
        inverse = pseudo_inverse(self.best.information[:1])[0] + self.shared
        return product(product(jacobian, inverse[np.ix_(_PLACES, _PLACES)]), jacobian.T)


def fit_line(data: Observations) -> Line:
    """Return the line of highest likelihood, and the line less its bias.

    Raises
    ------
    NotEstimableError
        Fewer than 3 measured values, no spread in washout, or a likelihood without a maximum.
    """
    _refuse(data)
    doublings = np.log2(data.weeks)
    axes = AxisUnits(
        float(doublings.mean()),
        float(doublings.std()),
        float(data.log_rd.mean()),
        float(data.log_rd.std()) or 1.0,
    )
    x, y = (doublings - axes.centre_x) / axes.scale_x, (data.log_rd - axes.centre_y) / axes.scale_y
    others = [(term.values - term.centre) / term.scale for term in data.terms]
    of_scatter = [np.zeros_like(x)] * data.scatter_varies
    design = np.column_stack([np.ones_like(x), x, *others, *of_scatter])
    rows = single(design, y, data.kind, data.measurement_sd / axes.scale_y)
    if data.scatter_varies:
        rows = replace(rows, lever=x[None])
    best = maximise(rows)
    _refuse_without_maximum(best, data)
    parameters, bias_is_off = _less_bias(data, rows, axes, best)
    return Line(data, rows, axes, best, parameters, bias_is_off, _shared_covariance(data, rows, axes, best))


def _shared_covariance(data: Observations, rows: CensoredRows, axes: AxisUnits, best: Maximum) -> Floats:
    """Return what errors that rows share add to the covariance of β and log σ.

    A row's error moves its value and its limits; the parameters then move by J = I⁻¹·∂U/∂y. Of one source all
    rows move together, so its part is (J·sd)(J·sd)ᵀ, not a sum of squares: it does not fall with more rows. A
    factor common to all rows moves the level alone, and adds nothing to the slope.
    """
    size = rows.design.shape[2] + 1
    if data.shared is None:
        return np.zeros((size, size))
    of_gradient = data.shared.moved(by_values(rows, best)[0]) / axes.scale_y
    moved = times(pseudo_inverse(best.information[:1])[0][None], of_gradient.T)
    return np.asarray(np.sum(moved[:, :, None] * moved[:, None, :], axis=0))


def _less_bias(data: Observations, rows: CensoredRows, axes: AxisUnits, best: Maximum) -> tuple[Floats, bool]:
    """Return β and log σ less their bias; those of the maximum, and False, where there is no such place.

    Where patients repeat a row counts as a part of its patient: it is no independent evidence.
    """
    low, high = ((limit - axes.centre_y) / axes.scale_y for limit in (data.log_lloq, data.log_uloq))
    counted = replace(rows, weight=np.full(rows.y.shape, data.n_patients / data.n))
    reduced = reduce_bias(counted, Bounds(low[None], high[None]), best)
    if not reduced.converged[0]:
        return np.append(best.beta[0], best.log_sigma[0]), False
    return np.append(reduced.beta[0], reduced.log_sigma[0]), True


def rounded_dex(value: float) -> float:
    """Return a log10 value or slope in steps of 10⁻¹²: what is zero but for rounding becomes zero."""
    return round(value, 12) + 0.0


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
    if not best.is_determined(data.n)[0]:
        counts = (
            f"{data.count(OBSERVED)} measured, {data.count(LEFT)} below LLOQ, {data.count(RIGHT)} above ULOQ"
        )
        raise NotEstimableError(f"the likelihood has no maximum: too few washouts hold the line ({counts})")
