"""The penalised likelihood of the recovery curve: its value, its maximum, and draws in proportion to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.eigen import eigenpairs, inverse_definite, solve_definite
from gating.arithmetic.linear import cholesky, product
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.observations.rows import Observations

Floats: TypeAlias = NDArray[np.float64]

R0, RHO, T, KD, FASTER, SIGMA = range(6)
"""Places of log10 R0, logit ρ, ln T, ln Kd, κ (per week) and ln σ among the parameters. Convention."""

N_PARAMETERS: Final = 6
"""Arithmetic: how many places there are."""
_LOG_10, _HALF_LOG_2PI = float(np.log(10)), 0.9189385332046727
"""Arithmetic: ln 10 and ln(2π)/2."""
_STEPS, _WIDE_STEP = np.full(N_PARAMETERS, 1e-4), 0.02
"""Of finite differences: near the summit; in SDs of a parameter, the others held. Convention."""
_GRID: Final = 2.0**-16
"""A spread of draws is rounded to it, so that processors agree. Convention (docs/method.md)."""
_ITERATIONS, _TOLERANCE = 100, 1e-10
"""Newton steps, and the rise that ends them. Convention: far below any that counts."""
_FREEDOM, _WIDER = 5.0, 1.2
"""Draws come from a t distribution, wider than the summit, so that no tail is missed. Convention."""
_FEWEST_EFFECTIVE, _TRIAL_DRAWS = 100.0, 600
"""Draws that must count, and those that shape the next ones. Convention."""
_BLOCK, _MANY_ROWS, _ENOUGH_ROWS = 200_000, 1_000, 500
"""Numbers worked on at once; of many rows a part finds the start. Convention: for speed."""
_FAR_NODE, _LEAST_SHARE = 3.0, 1e-300
"""SDs of patients that an average spans; in place of a share of zero. Convention."""


@dataclass(frozen=True, slots=True, eq=False)
class Penalty:
    """What is believed before the data, normal on the scales of the parameters; SD inf = nothing.

    ρ, the part of R0 left at the last dose: median 0.25, mostly 0.05 to 0.7. T, weeks in which half of the
    rest comes back: median 15, mostly 4 to 58. Kd: the setting, mostly a factor of 5 to either side. κ, by
    how much faster than in the model the drug leaves these patients: 0 per week, mostly −0.2 to 0.2 (a
    half-life of 6 weeks becomes 2 or never ends). σ: 0.35 dex, mostly 0.05 to 2.5. R0: nothing. All are
    assumptions.
    """

    mean: Floats
    sd: Floats

    @staticmethod
    def around(kd_ug_ml: float) -> Penalty:
        """Return the penalty with this Kd in its middle."""
        mean = np.array([0.0, np.log(0.25 / 0.75), np.log(15.0), np.log(kd_ug_ml), 0.0, np.log(0.35)])
        return Penalty(mean, np.array([np.inf, 1.0, 0.7, 0.8, 0.1, 1.0]))

    def log(self, parameters: Floats) -> Floats:
        """Return the log penalty, (B, p) → (B,)."""
        return np.asarray(-0.5 * np.sum(((parameters - self.mean) / self.sd) ** 2, axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Rows, the drug at each, and the penalty.

    Attributes
    ----------
    ug_ml, log_sd : (n,)
        Concentration at the sample and the SD of its natural logarithm.
    power
        Weight of the likelihood: patients per row where patients repeat, so that rows of one patient are not
        taken as independent (Pauli, Racugno & Ventura 2011, Statistica Sinica 21:149); else 1.
    """

    data: Observations
    ug_ml: Floats
    log_sd: Floats
    penalty: Penalty
    power: float = 1.0

    def every(self, step: int) -> Surface:
        """Return the surface of every `step`-th row."""
        part = slice(None, None, step)
        columns = {
            name: getattr(self.data, name)[part]
            for name in ("weeks", "log_rd", "kind", "measurement_sd", "patients", "log_lloq", "log_uloq")
        }
        data = replace(self.data, **columns, terms=())
        return replace(self, data=data, ug_ml=self.ug_ml[part], log_sd=self.log_sd[part])

    def log_likelihood(self, parameters: Floats) -> Floats:
        """Return the log likelihood without the penalty, (B, p) → (B,)."""
        size = max(1, _BLOCK // (8 * max(self.data.n, 1)))
        blocks = [self._block(parameters[i : i + size]) for i in range(0, len(parameters), size)]
        return np.concatenate(blocks)

    def value(self, parameters: Floats) -> Floats:
        """Return the penalised log likelihood, (B, p) → (B,)."""
        return self.power * self.log_likelihood(parameters) + self.penalty.log(parameters)

    def _block(self, parameters: Floats) -> Floats:
        """Integrate each row's likelihood over what is not known of its serum, ln C normal."""
        measured = self.data.kind == OBSERVED
        return self._measured(parameters, measured) + self._censored(parameters, ~measured)

    def _measured(self, parameters: Floats, rows: NDArray[np.bool_]) -> Floats:
        z, log_scale, log_weights = self._places(parameters, rows)
        terms = log_weights[:, None, None] - 0.5 * z**2
        highest_term = terms.max(axis=0)
        total = np.log(np.exp(terms - highest_term).sum(axis=0)) + highest_term - log_scale - _HALF_LOG_2PI
        return np.asarray(total.sum(axis=1))

    def _censored(self, parameters: Floats, rows: NDArray[np.bool_]) -> Floats:
        from scipy.special import ndtr

        z, _, log_weights = self._places(parameters, rows)
        shares = np.einsum("k,kbn->bn", np.exp(log_weights), ndtr(-self.data.kind[rows] * z))
        return np.asarray(np.log(shares + _LEAST_SHARE).sum(axis=1))

    def _places(self, parameters: Floats, rows: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
        """Return z of these rows at every node (K, B, m), ln s (B, m), and the nodes' log weights (K,)."""
        weeks, log_sd = self.data.weeks[rows], self.log_sd[rows]
        nodes, log_weights = nodes_of(float(log_sd.max(initial=0.0)))
        log_ratio = log_over_kd(parameters, weeks, np.log(self.ug_ml[rows]))
        regained = parameters[:, R0, None] + log_regained(parameters, weeks)
        variance = np.exp(2 * parameters[:, SIGMA, None]) + self.data.measurement_sd[rows] ** 2
        scattered = log_ratio + nodes[:, None, None] * log_sd
        # log(1 + C/Kd) without overflow, and faster than logaddexp.
        held = np.maximum(scattered, 0) + np.log1p(np.exp(-np.abs(scattered)))
        z = (self.data.log_rd[rows] - regained + held / _LOG_10) / np.sqrt(variance)
        return z, 0.5 * np.log(variance), log_weights


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """Where the surface is highest: `place` (p,); `curvature` (p, p): minus its second derivative."""

    place: Floats
    value: float
    curvature: Floats


def log_over_kd(parameters: Floats, weeks: Floats, log_ug_ml: Floats) -> Floats:
    """Return ln (C·e^(−κ w) / Kd), (B, p) and (n,) → (B, n)."""
    return np.asarray(log_ug_ml - parameters[:, FASTER, None] * weeks - parameters[:, KD, None])


def log_regained(parameters: Floats, weeks: Floats) -> Floats:
    """Return log10 of 1 − (1 − ρ)·2^(−w/T), (B, p) and (n,) → (B, n)."""
    lost = 1 / (1 + np.exp(parameters[:, RHO, None]))
    return np.asarray(np.log10(1 - lost * 2.0 ** (-weeks / np.exp(parameters[:, T, None]))))


def highest(surface: Surface) -> Peak:
    """Climb from several starts by damped Newton steps with numerical derivatives.

    Raises
    ------
    NotEstimableError
        No start comes to rest.
    """
    top = float(np.quantile(surface.data.log_rd[surface.data.kind == OBSERVED], 0.75))
    starts = [np.array([top, *surface.penalty.mean[1:]]) for _ in range(3)]
    for start, shift in zip(starts, (-0.7, 0.0, 0.7), strict=True):
        start[T] += shift
    if surface.data.n > _MANY_ROWS:  # So many rows leave one summit, near that of a part of them.
        starts = [highest(surface.every(surface.data.n // _ENOUGH_ROWS)).place]
    peaks = [peak for start in starts if (peak := _climb(surface, start)) is not None]
    if not peaks:
        raise NotEstimableError("the penalised likelihood of the recovery curve has no maximum")
    # starts that end on one summit differ by rounding: the first of them counts
    return _settled(surface, max(peaks, key=lambda peak: float(f"{peak.value:.10g}")))


def draws(surface: Surface, peak: Peak, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return parameters (n, p) and weights (n,) in proportion to the penalised likelihood.

    Importance sampling from a multivariate t, around the maximum first, then around what was found. Its
    centre and root are rounded far above the error of the curvature: every processor draws the same. Above
    1,000 rows the surface is the normal of its maximum and curvature (Laplace), which is drawn from.

    Raises
    ------
    NotEstimableError
        The surface is too unlike the t for the weights to be of use.
    """
    centre: Floats = peak.place
    centre, covariance = peak.place, inverse_definite(peak.curvature[None])[0][0]
    if surface.data.n > _MANY_ROWS:
        normal = rng.standard_normal((n, N_PARAMETERS))
        return _rounded(centre) + product(normal, _rounded(cholesky(covariance)).T), np.full(n, 1 / n)
    trial = min(_TRIAL_DRAWS, n // 2)
    for n_draws in (trial, trial, n):
        drawn, weights = _weighted_draws(surface, centre, covariance, n_draws, rng)
        centre = np.asarray(np.einsum("i,ij->j", weights, drawn))
        apart = drawn - centre
        covariance = np.einsum("ij,ik->jk", weights[:, None] * apart, apart) + 1e-9 * np.eye(N_PARAMETERS)
    effective = 1 / float(np.sum(weights**2))
    if effective < _FEWEST_EFFECTIVE:
        raise NotEstimableError(
            f"no interval: the penalised likelihood is too uneven ({effective:.0f} effective draws)"
        )
    return drawn, weights


def _weighted_draws(
    surface: Surface, centre: Floats, covariance: Floats, n: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    centre, root = _rounded(centre), _rounded(cholesky(covariance) * _WIDER)
    normal = rng.standard_normal((n, N_PARAMETERS))
    stretch = np.sqrt(_FREEDOM / rng.chisquare(_FREEDOM, n))
    drawn = centre + stretch[:, None] * product(normal, root.T)
    squared = np.sum((normal * stretch[:, None]) ** 2, axis=1)
    log_density = -0.5 * (_FREEDOM + N_PARAMETERS) * np.log1p(squared / _FREEDOM)
    log_weight = surface.value(drawn) - log_density
    weights = np.exp(log_weight - log_weight.max())
    return drawn, np.asarray(weights / weights.sum())


def _rounded(values: Floats) -> Floats:
    """Return multiples of `_GRID`, a thousandth or so of the narrowest parameter's SD."""
    return np.asarray(np.round(values / _GRID) * _GRID)


def nodes_of(log_sd: float) -> tuple[Floats, Floats]:
    """Return places and log weights of a standard normal, about 1.2 apart in ln C, at least 7."""
    nodes = np.linspace(-_FAR_NODE, _FAR_NODE, max(7, int(np.ceil(2 * _FAR_NODE * log_sd / 1.2)) | 1))
    weights = np.exp(-0.5 * nodes**2)
    return nodes, np.log(weights / weights.sum())


def _climb(surface: Surface, start: Floats) -> Peak | None:
    parameters, value = start, float(surface.value(start[None])[0])
    for _ in range(_ITERATIONS):
        gradient, curvature = _derivatives(surface, parameters)
        step, is_summit = _newton_step(gradient, curvature)
        if float(np.sum(step * gradient)) < _TOLERANCE:
            return Peak(parameters, value, curvature) if is_summit else None
        lengths = 0.5 ** np.arange(12)
        tried = surface.value(parameters + lengths[:, None] * step)
        best = int(np.nanargmax(tried))
        if not tried[best] > value:
            return Peak(parameters, value, curvature) if is_summit else None
        parameters, value = parameters + lengths[best] * step, float(tried[best])
    return None


def _newton_step(gradient: Floats, curvature: Floats) -> tuple[Floats, bool]:
    """Return the step, at most 1 in any parameter, and whether the surface curves down all around."""
    steps, concave = solve_definite(curvature[None], gradient[None])
    step = steps[0]
    if not concave[0]:
        values, vectors = (part[0] for part in eigenpairs(curvature[None]))
        along = np.einsum("ji,j->i", vectors, gradient) / np.maximum(np.abs(values), 1e-6)
        step = np.einsum("ij,j->i", vectors, along)
    return step * min(1.0, 1.0 / float(np.abs(step).max() + 1e-300)), bool(concave[0])


def _settled(surface: Surface, peak: Peak) -> Peak:
    """Take the last step, unseen, and tell the curvature well: rounding leaves 1e-10 of it, not 1e-6."""
    gradient, curvature = _derivatives(surface, peak.place)
    parameters = peak.place + _newton_step(gradient, curvature)[0]
    steps = _WIDE_STEP / np.sqrt(np.diagonal(curvature))
    wide, wider = (_derivatives(surface, parameters, times * steps)[1] for times in (1, 2))
    return Peak(parameters, float(surface.value(parameters[None])[0]), (4 * wide - wider) / 3)


def _derivatives(surface: Surface, parameters: Floats, steps: Floats = _STEPS) -> tuple[Floats, Floats]:
    """Return the gradient and minus the second derivative by central differences, all points at once."""
    units = np.diag(steps)
    pairs = [(i, j) for i in range(N_PARAMETERS) for j in range(i)]
    single = np.concatenate([np.zeros((1, N_PARAMETERS)), units, -units])
    corners = [a * units[i] + b * units[j] for i, j in pairs for a in (1, -1) for b in (1, -1)]
    values = surface.value(parameters + np.concatenate([single, corners]))
    middle, up, down = values[0], values[1 : 1 + N_PARAMETERS], values[1 + N_PARAMETERS : len(single)]
    second = np.diag((up - 2 * middle + down) / steps**2)
    for (i, j), four in zip(pairs, values[len(single) :].reshape(-1, 4), strict=True):
        mixed = (four[0] - four[1] - four[2] + four[3]) / (4 * steps[i] * steps[j])
        second[i, j] = second[j, i] = mixed
    return (up - down) / (2 * steps), -second
