"""M1 with a random intercept: patients differ in level, and each patient keeps that level at every visit.

log10 RD_ij = a + b·log2 w_ij + u_j + ε_ij,   u_j ~ N(0, τ), ε ~ N(0, σ)

b: change of log10 RD per doubling of the washout, between patients and between visits of a patient. τ: SD of
the patients' levels, dex. σ: scatter between visits of a patient, dex. τ²/(τ²+σ²): intraclass correlation,
how alike visits of a patient are. Censored rows count as Φ, so u_j is integrated out numerically (adaptive
Gauss-Hermite; Liu & Pierce 1994, doi:10.1093/biomet/81.3.624).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import HALF_LOG_2PI, LEVEL, Floats
from gating.arithmetic.eigen import inverse_definite, pseudo_inverse
from gating.arithmetic.linear import times
from pipeline.study.quantity_name import DEX, DEX_PER_DOUBLING, FRACTION
from pipeline.washout.censored.estimate import Estimate, NotEstimableError
from pipeline.washout.censored.likelihood import OBSERVED, CensoredRows, by_z
from pipeline.washout.censored.profile import effective_rows, interval
from pipeline.washout.censored.subject import EstimateKind
from pipeline.washout.line.ascent import highest
from pipeline.washout.line.line import fit_line, rounded_dex
from pipeline.washout.line.quadrature import hermite
from pipeline.washout.observations.rows import Observations

_FEWEST_REPEATING: Final = 5
"""Fewest patients with several samples for a random intercept. Convention (docs/method.md)."""
_NODES, _FEWER_NODES, _MOST_ROWS_TO_PROFILE = 41, 15, 2_000
"""Nodes of the quadrature up to the last number of rows, and above it. Convention: for speed."""
_POLISH, _NEWTON = 3, 12
"""Newton steps at the maximum, and for a patient's mode. Convention: each step doubles the digits."""
_MODE_STEP, _LARGEST_POLISH, _HALF_EACH = 1e-8, 0.1, 0.35
"""Newton step at which a patient's mode is known; largest step that still polishes a maximum; ln by which σ
and τ begin below the line's scatter. Convention: the next step squares the error; a longer one would leave
the summit; ln √2, half of the variance each."""
_FLOOR, _CEILING = -6.0, 6.0
"""Smallest and largest ln σ and ln τ on standardised axes. Arithmetic: e^-6 to e^6 of the spread of the rows,
which is next to nothing and far more than all."""
_CLEAR: Final = -2.0
"""Least ln σ and ln τ at the start: from the floor an ascent would not move. Arithmetic: e^-2 is a seventh of
the spread."""
_NO_RISE: Final = 1e-6
"""Rise of log L that the ascent may miss, far above rounding. Convention: a millionth moves no limit."""
_CURVATURE_STEP: Final = 1e-4
"""Size of a finite difference. Convention: rounding and curvature both matter little."""
_METHOD: Final = "Tobit with a random intercept, maximum likelihood, adaptive Gauss-Hermite"
_SLOPE_WORDS: Final = "Slope with a random intercept of the patient"
_BETWEEN_WORDS: Final = "Scatter between patients, of the random intercept"


@dataclass(frozen=True, slots=True, eq=False)
class MixedFit:
    """Slope with interval; scatter between (τ) and within (σ) patients, dex; `alike` is τ²/(τ²+σ²)."""

    slope: float
    slope_interval: tuple[float, float]
    intercept: float
    between: float
    within: float
    log_likelihood: float
    n: int
    n_patients: int
    interval_method: str
    level: float
    notes: tuple[str, ...] = ()

    @property
    def alike(self) -> float:
        """Intraclass correlation."""
        return self.between**2 / (self.between**2 + self.within**2)

    def estimates(self) -> tuple[Estimate, ...]:
        """Return slope, both scatters and the intraclass correlation as `washout.json` prints them."""
        low, high = (limit if np.isfinite(limit) else None for limit in self.slope_interval)
        slope = (self.slope, low, high, self.n, _METHOD, self.interval_method, self.level, DEX_PER_DOUBLING)
        common, kind = (None, None, self.n, _METHOD, "", self.level), EstimateKind.SLOPE_WITH_RANDOM_INTERCEPT
        return (
            Estimate("slope_random_intercept", *slope, words=_SLOPE_WORDS, kind=kind),
            Estimate("sd_between_patients", self.between, *common, DEX, words=_BETWEEN_WORDS),
            Estimate("sd_within_patients", self.within, *common, DEX, words="Scatter within patients"),
            Estimate(
                *("alike_within_patients", self.alike, *common, FRACTION),
                words="Part of the scatter that is between patients",
                kind=EstimateKind.ALIKE,
            ),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """Rows sorted by patient; `first` (m,) is the index of each patient's first row."""

    design: Floats
    y: Floats
    kind: NDArray[np.int8]
    sd: Floats
    first: NDArray[np.intp]
    member: NDArray[np.intp]

    def log_likelihood(self, parameters: Floats) -> float:
        """Return log L at (β …, ln σ, ln τ)."""
        return self.value_and_gradient(parameters)[0]

    def value_and_gradient(self, parameters: Floats) -> tuple[float, Floats]:
        """Return log L and its gradient: that of the rows, averaged over each patient's level (Fisher)."""
        beta, tau = parameters[:-2], _sd(parameters[-1])
        variance = _sd(parameters[-2]) ** 2
        scale = np.sqrt(variance + self.sd**2)
        residual = self.y - times(self.design, beta)
        mode, spread = self._mode(residual, scale, tau)
        nodes, log_weights = _hermite(len(self.y))
        level = mode[:, None] + np.sqrt(2) * spread[:, None] * nodes
        z = (residual[:, None] - level[self.member]) / scale[:, None]
        observed = self.kind == OBSERVED
        terms = _log_terms(z, self.kind[:, None])
        terms -= np.where(observed, np.log(scale) + HALF_LOG_2PI, 0.0)[:, None]
        joint = np.add.reduceat(terms, self.first, axis=0) - 0.5 * (level / tau) ** 2 + log_weights
        top = joint.max(axis=1, keepdims=True)
        share = np.exp(joint - top)
        total = share.sum(axis=1, keepdims=True)
        share /= total
        value = np.sum(np.log(total) + top) + np.sum(np.log(spread / tau) - 0.5 * np.log(np.pi))
        slope = by_z(z, self.kind[:, None])[0]
        row_share = share[self.member]
        by_level = -np.sum(row_share * slope, axis=1) / scale
        by_sigma = -np.sum(row_share * (observed[:, None] + slope * z), axis=1) * variance / scale**2
        by_tau = np.sum(share * ((level / tau) ** 2 - 1))
        by_beta = np.sum(by_level[:, None] * self.design, axis=0)
        by_scatters = np.where(_is_followed(parameters[-2:]), [by_sigma.sum(), by_tau], 0.0)
        return float(value), np.array([*by_beta, *by_scatters])

    def _mode(self, residual: Floats, scale: Floats, tau: float) -> tuple[Floats, Floats]:
        """Return each patient's most likely level and the SD around it; the likelihood is concave in it."""
        level = np.zeros(len(self.first))
        curvature = np.ones(len(self.first))
        for _ in range(_NEWTON):
            first, second = by_z((residual - level[self.member]) / scale, self.kind)
            gradient = np.add.reduceat(-first / scale, self.first) - level / tau**2
            curvature = np.add.reduceat(-second / scale**2, self.first) + 1 / tau**2
            level = level + gradient / curvature
            if float(np.abs(gradient / curvature).max()) < _MODE_STEP:
                break
        return level, 1 / np.sqrt(curvature)


def fit_random_intercept(data: Observations, level: float = LEVEL) -> MixedFit:
    """Fit the line with a random intercept.

    Raises
    ------
    NotEstimableError
        If fewer than 5 patients gave two samples, or the line without random intercept has no maximum.
    """
    repeating = int(np.sum(np.unique(data.patients, return_counts=True)[1] > 1))
    if repeating < _FEWEST_REPEATING:
        raise NotEstimableError(
            f"{repeating} {'patient' if repeating == 1 else 'patients'} gave more than one sample; "
            f"a random intercept needs {_FEWEST_REPEATING}"
        )
    line = fit_line(data)
    rows = grouped_by_patient(line.rows, data.patients)
    start = np.array(
        [*line.best.beta[0], line.best.log_sigma[0] - _HALF_EACH, line.best.log_sigma[0] - _HALF_EACH]
    )
    best, value = _polished(rows, _highest(rows, start)[0])
    drop = _critical(data, len(best) - 2, level)
    (low, high), how = _interval(rows, best, value, drop)
    axes = line.axes
    scale = axes.scale_y / axes.scale_x
    slope = rounded_dex(float(best[1]) * scale)
    return MixedFit(
        slope=slope,
        slope_interval=(rounded_dex(low * scale), rounded_dex(high * scale)),
        intercept=axes.centre_y + axes.scale_y * float(best[0]) - slope * axes.centre_x,
        between=axes.scale_y * _sd(best[-1]),
        within=axes.scale_y * _sd(best[-2]),
        log_likelihood=value - data.count(OBSERVED) * float(np.log(axes.scale_y)),
        n=data.n,
        n_patients=data.n_patients,
        interval_method=f"{how}, drop of 2 log L {drop:.4f} (3.8415 at 95 %, t of patients)",
        level=level,
    )


def _sd(logarithm: float) -> float:
    return float(np.exp(min(max(logarithm, _FLOOR), _CEILING)))


def _is_followed(logarithms: Floats) -> NDArray[np.bool_]:
    """Return where `_sd` changes with its argument; elsewhere the likelihood is flat."""
    return (logarithms > _FLOOR) & (logarithms < _CEILING)


def grouped_by_patient(rows: CensoredRows, patients: NDArray[np.intp]) -> Grouped:
    """Return one data set's rows sorted by patient."""
    order = np.argsort(patients, kind="stable")
    _, first, member = np.unique(patients[order], return_index=True, return_inverse=True)
    parts = (rows.design[0][order], rows.y[0][order], rows.kind[0][order], rows.sd[0][order])
    return Grouped(*parts, first, member)


def _critical(data: Observations, n_coefficients: int, level: float) -> float:
    from scipy.special import stdtrit

    per_row = effective_rows(data.kind) / data.n
    freedom = max(data.n_patients * per_row - n_coefficients, 1.0)
    return float(stdtrit(freedom, (1 + level) / 2)) ** 2


def _interval(rows: Grouped, best: Floats, value: float, drop: float) -> tuple[tuple[float, float], str]:
    """Return the interval of the slope on standardised axes, and the method in words."""
    curvature = _curvature(rows, best)
    spread = float(np.sqrt(pseudo_inverse(curvature[None])[0, 1, 1]))
    if len(rows.y) > _MOST_ROWS_TO_PROFILE:
        half = float(np.sqrt(drop)) * spread
        return (float(best[1]) - half, float(best[1]) + half), "curvature of the likelihood"
    nearest = {float(best[1]): best}
    all_but_slope = np.arange(len(best)) != 1
    inverse, definite = inverse_definite(curvature[all_but_slope][None, :, all_but_slope])
    guess = inverse[0] if definite[0] else None

    def ratio(slope: float) -> float:
        start = nearest[min(nearest, key=lambda fitted_slope: abs(fitted_slope - slope))].copy()
        start[1] = slope
        nearest[slope], at_slope = _highest(rows, start, guess, hold_slope=True)
        return max(0.0, 2 * (value - at_slope))

    return interval(ratio, float(best[1]), spread, drop), "profile likelihood"


def _highest(
    rows: Grouped, start: Floats, inverse: Floats | None = None, *, hold_slope: bool = False
) -> tuple[Floats, float]:
    """Maximise by a quasi-Newton ascent; with `hold_slope` the slope stays at its start.

    Scatters start above their floor: at the floor the likelihood is flat, and an ascent would not move.
    """
    start = np.append(start[:-2], np.maximum(start[-2:], _CLEAR))
    free = np.arange(len(start)) != 1 if hold_slope else np.ones(len(start), dtype=bool)

    def of(parameters: Floats) -> tuple[float, Floats]:
        whole = start.copy()
        whole[free] = parameters
        value, gradient = rows.value_and_gradient(whole)
        return value, gradient[free]

    point, value = highest(of, start[free], inverse)
    best = start.copy()
    best[free] = point
    return best, value


def _polished(rows: Grouped, parameters: Floats) -> tuple[Floats, float]:
    """Bring the gradient to zero by Newton steps, since a line search stops where rounding hides the rise.

    A scatter that does not raise the likelihood is set to its floor, not left where the ascent ended.
    """
    free = np.ones(len(parameters), dtype=bool)
    for scatter in (-1, -2):
        without = parameters.copy()
        without[scatter] = _FLOOR
        if rows.log_likelihood(without) > rows.log_likelihood(parameters) - _NO_RISE:
            parameters, free[scatter] = without, False
    for _ in range(_POLISH):
        inverse = pseudo_inverse(_curvature(rows, parameters)[free][None, :, free])[0]
        step = times(inverse, rows.value_and_gradient(parameters)[1][free])
        if not np.all(np.abs(step) < _LARGEST_POLISH):
            break
        parameters = parameters.copy()
        parameters[free] += step
    return parameters, rows.log_likelihood(parameters)


def _hermite(n_rows: int) -> tuple[Floats, Floats]:
    """Return nodes and log weights; fewer nodes for many rows, to save time."""
    nodes, log_weights = hermite(_NODES if n_rows <= _MOST_ROWS_TO_PROFILE else _FEWER_NODES)
    return nodes, log_weights + nodes**2


def _curvature(rows: Grouped, parameters: Floats) -> Floats:
    """Return minus the second derivative by central differences of the gradient."""
    units = _CURVATURE_STEP * np.eye(len(parameters))
    second = [
        (rows.value_and_gradient(parameters + unit)[1] - rows.value_and_gradient(parameters - unit)[1])
        / (2 * _CURVATURE_STEP)
        for unit in units
    ]
    return np.asarray(-(np.array(second) + np.array(second).T) / 2)


def _log_terms(z: Floats, kind: NDArray[np.int8]) -> Floats:
    from scipy.special import log_ndtr

    return np.asarray(np.where(kind == OBSERVED, -0.5 * z**2, log_ndtr(-kind * z)))
