"""The censored line on standardised axes: the line of highest likelihood, and the line corrected for bias."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from calibration.numbers import Floats
from calibration.rounding import DECIMALS
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
from pipeline.washout.observations.rows import SAME_WASHOUT, Observations

IntervalEnds: TypeAlias = tuple[float, float]
LineParameter: TypeAlias = Callable[[Floats], Floats]

_FEWEST_OBSERVED: Final = 3
"""Fewest measured values for a slope. Convention (docs/method.md)."""
FIRST_TERM, _LINE_PARAMETERS = 2, (0, 1, -1)
"""Index of the first term, and of level, slope and ln σ, among the parameters. Arithmetic: the order of the
parameters in this module."""


@dataclass(frozen=True, slots=True, eq=False)
class AxisUnits:
    """Centre and scale of log2 weeks and log10 RD, so that the ascent does not depend on units."""

    centre_x: float
    scale_x: float
    centre_y: float
    scale_y: float

    def x(self, doublings: float) -> float:
        """Return log2 weeks on the standardised axis."""
        return (doublings - self.centre_x) / self.scale_x

    def y(self, log_rd: float) -> float:
        """Return log10 RD on the standardised axis."""
        return (log_rd - self.centre_y) / self.scale_y


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A line in units of the data: `slope` dex per doubling, `intercept` log10 RD at 1 week, `sigma` dex."""

    slope: float
    intercept: float
    sigma: float


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """The fitted line on standardised axes.

    Attributes
    ----------
    best
        The maximum of the likelihood: intervals and p are made from it.
    estimate : (k+1,)
        β and log σ as they are reported: corrected for bias, or those of `best` if that is not possible.
    bias_is_off
        Whether `estimate` is corrected for bias.
    shared : (k+1, k+1)
        The part of the covariance that comes from errors which rows share.
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
        """The line that is reported, corrected for bias."""
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
        """The log likelihood of log10 RD in dex."""
        return float(self.best.log_likelihood[0]) - self.data.count(OBSERVED) * float(
            np.log(self.axes.scale_y)
        )

    @property
    def n_coefficients(self) -> int:
        """Number of coefficients: intercept, slope, terms, and the change of the scatter if it has one."""
        return int(self.rows.design.shape[2])

    def log_sigma(self, parameters: Floats, x: Floats) -> Floats:
        """Return ln σ on standardised axes at the standardised washouts x, (m, k+1), (m,) → (m,).

        Outside the washouts of the data, it has the value of the nearest washout.
        """
        lever = self.rows.lever
        if lever is None:
            return parameters[:, -1]
        within = np.clip(x, float(lever.min()), float(lever.max()))
        return np.asarray(parameters[:, -1] + parameters[:, -2] * within)

    def covariance(self) -> Floats:
        """Return the covariance of intercept, slope and log σ, (3, 3), from curvature and shared errors."""
        axes = self.axes
        ratio = axes.scale_y / axes.scale_x
        jacobian = np.array([[axes.scale_y, -ratio * axes.centre_x, 0.0], [0.0, ratio, 0.0], [0.0, 0.0, 1.0]])
        inverse = pseudo_inverse(self.best.information[:1])[0] + self.shared
        return product(product(jacobian, inverse[np.ix_(_LINE_PARAMETERS, _LINE_PARAMETERS)]), jacobian.T)


def fit_line(data: Observations) -> Line:
    """Fit the line of highest likelihood, and the line corrected for bias.

    Raises
    ------
    NotEstimableError
        If there are fewer than 3 measured values, all washouts are equal, or the likelihood has no maximum.
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
    of_terms = [(term.values - term.centre) / term.scale for term in data.terms]
    of_scatter = [np.zeros_like(x)] * data.scatter_varies
    design = np.column_stack([np.ones_like(x), x, *of_terms, *of_scatter])
    rows = single(design, y, data.kind, data.measurement_sd / axes.scale_y)
    if data.scatter_varies:
        rows = replace(rows, lever=x[None])
    best = maximise(rows)
    _refuse_without_maximum(best, data)
    parameters, bias_is_off = _less_bias(data, rows, axes, best)
    return Line(data, rows, axes, best, parameters, bias_is_off, _shared_covariance(data, rows, axes, best))


def _shared_covariance(data: Observations, rows: CensoredRows, axes: AxisUnits, best: Maximum) -> Floats:
    """Return the covariance of β and log σ that comes from errors which rows share.

    A row's error moves its value and its limits. The parameters then move by J = I⁻¹·∂U/∂y. A source moves
    all its rows together, so its part is (J·sd)(J·sd)ᵀ, not a sum of squares: more rows do not make it
    smaller. A factor common to all rows moves the level alone, and adds nothing to the slope.
    """
    size = rows.design.shape[2] + 1
    if data.shared is None:
        return np.zeros((size, size))
    of_gradient = data.shared.moved(by_values(rows, best)[0]) / axes.scale_y
    moved = times(pseudo_inverse(best.information[:1])[0][None], of_gradient.T)
    return np.asarray(np.sum(moved[:, :, None] * moved[:, None, :], axis=0))


def _less_bias(data: Observations, rows: CensoredRows, axes: AxisUnits, best: Maximum) -> tuple[Floats, bool]:
    """Return β and log σ corrected for bias, and True; without a solution those of the maximum, and False.

    If patients gave several samples, a row counts for less than one, since it is not independent.
    """
    low, high = ((limit - axes.centre_y) / axes.scale_y for limit in (data.log_lloq, data.log_uloq))
    counted = replace(rows, weight=np.full(rows.y.shape, data.n_patients / data.n))
    reduced = reduce_bias(counted, Bounds(low[None], high[None]), best)
    if not reduced.converged[0]:
        return np.append(best.beta[0], best.log_sigma[0]), False
    return np.append(reduced.beta[0], reduced.log_sigma[0]), True


def rounded_dex(value: float) -> float:
    """Return a log10 value or slope rounded to 10⁻¹², so that a zero with a rounding error becomes zero."""
    return round(value, DECIMALS) + 0.0


def _refuse(data: Observations) -> None:
    observed = data.count(OBSERVED)
    if observed < _FEWEST_OBSERVED:
        raise NotEstimableError(
            f"{observed} of {data.n} receptor densities lie within the limits of quantification; "
            f"a slope needs at least {_FEWEST_OBSERVED}"
        )
    if np.ptp(np.log2(data.weeks)) < SAME_WASHOUT:
        raise NotEstimableError(
            f"all {data.n} rows have the same washout, {data.weeks[0]:.4g} weeks: there is no slope to see"
        )


def _refuse_without_maximum(best: Maximum, data: Observations) -> None:
    if not best.is_determined(data.n)[0]:
        counts = (
            f"{data.count(OBSERVED)} measured, {data.count(LEFT)} below LLOQ, {data.count(RIGHT)} above ULOQ"
        )
        raise NotEstimableError(
            f"the likelihood has no maximum: too few washouts determine the line ({counts})"
        )
