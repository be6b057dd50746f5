"""The summits of the posterior: its maximum, and every other local maximum that is nearly as high."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.numbers import LEAST_POSITIVE, QUARTILES, SEED, Floats
from gating.arithmetic.eigen import eigenpairs, solve_definite
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.recovery.prior import N_PARAMETERS, SIGMA
from pipeline.washout.recovery.surface import Surface

_STEPS, _WIDE_STEP = np.full(N_PARAMETERS, 1e-4), 0.02
"""Sizes of finite differences: on the way to a summit; at the summit, in SDs of a parameter with the others
fixed. Convention: the square root of a double's digits, and a fiftieth of an SD."""
_ITERATIONS, _SUMMIT_TOLERANCE = 100, 1e-10
"""Most Newton steps, and the predicted rise that ends them. Convention: far below any rise that matters."""
_MANY_ROWS, _ENOUGH_ROWS = 1_000, 500
"""Rows above which a part of them gives the start, and the size of that part. Convention: for speed."""
_TRIED, _N_STARTS, _APART = 300, 3, 1.5
"""Points drawn from the prior, how many of them are starts, and the least distance between starts, in SDs of
the prior. Convention (docs/method.md)."""
_SAME_SUMMIT, _LOWEST = 0.02, 10.0
"""SDs of the prior within which two ascents end on the same summit; by how much a summit may be lower, in log
posterior, and still count. Arithmetic: e^-10 of the weight does not matter for an interval of 95 %."""
_HALVINGS, _LEAST_CURVATURE = 12, 1e-6
"""Lengths of a step that are tried, each half of the one before; least curvature by which a step is
divided. Convention: a step 2,000 times shorter rises if any does; a flat direction then has a long step,
which is cut."""


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """A summit of the posterior: `parameters` (p,); `curvature` (p, p), minus the second derivative there."""

    parameters: Floats
    value: float
    curvature: Floats


def summits(surface: Surface) -> tuple[Peak, ...]:
    """Climb by damped Newton steps from several starts; return the summits, the highest first.

    The first start is the centre of the prior, with the upper quartile of the measured rows as plateau. The
    others are the best of many points drawn from the prior that lie far enough apart.

    Raises
    ------
    NotEstimableError
        If no ascent ends on a summit.
    """
    # So many rows leave a single summit, close to the summit of a part of them.
    many = surface.data.n > _MANY_ROWS
    part = surface.data.n // _ENOUGH_ROWS
    starts = [summits(surface.every(part))[0].parameters] if many else _starts(surface)
    peaks = [peak for start in starts if (peak := _climb(surface, start)) is not None]
    if not peaks:
        raise NotEstimableError("the posterior of the recovery curve has no maximum")
    # ascents that end on the same summit differ by rounding: only the first of them is kept
    peaks.sort(key=lambda peak: -float(f"{peak.value:.10g}"))
    distinct: list[Peak] = []
    for peak in peaks:
        if peak.value > peaks[0].value - _LOWEST and all(
            _distance(surface, peak, old) > _SAME_SUMMIT for old in distinct
        ):
            distinct.append(peak)
    return tuple(_settled(surface, peak) for peak in distinct)


def _starts(surface: Surface) -> list[Floats]:
    prior = surface.prior
    top = float(np.quantile(surface.data.log_rd[surface.data.kind == OBSERVED], QUARTILES[2]))
    starts = [np.array([top, *prior.mean[1:]])]
    deviates = np.random.default_rng(SEED).standard_normal((_TRIED, N_PARAMETERS))
    deviates[:, SIGMA] = 0.0
    points = prior.mean + prior.sd * deviates
    order = np.argsort(-surface.value(points), kind="stable")
    for point in points[order]:
        if all(np.max(np.abs(point - old) / prior.sd) > _APART for old in starts[1:]):
            starts.append(point)
        if len(starts) > _N_STARTS:
            break
    return starts


def _distance(surface: Surface, peak: Peak, second: Peak) -> float:
    """Return the largest distance of two summits in any parameter, in SDs of the prior."""
    return float(np.max(np.abs(peak.parameters - second.parameters) / surface.prior.sd))


def _climb(surface: Surface, start: Floats) -> Peak | None:
    parameters, value = start, float(surface.value(start[None])[0])
    for _ in range(_ITERATIONS):
        gradient, curvature = _derivatives(surface, parameters)
        step, is_summit = _newton_step(gradient, curvature)
        if float(np.sum(step * gradient)) < _SUMMIT_TOLERANCE:
            return Peak(parameters, value, curvature) if is_summit else None
        lengths = 0.5 ** np.arange(_HALVINGS)
        tried = surface.value(parameters + lengths[:, None] * step)
        best = int(np.nanargmax(tried))
        if not tried[best] > value:
            return Peak(parameters, value, curvature) if is_summit else None
        parameters, value = parameters + lengths[best] * step, float(tried[best])
    return None


def _newton_step(gradient: Floats, curvature: Floats) -> tuple[Floats, bool]:
    """Return the step, at most 1 in any parameter, and whether the surface curves down in every direction."""
    steps, concave = solve_definite(curvature[None], gradient[None])
    step = steps[0]
    if not concave[0]:
        values, vectors = (part[0] for part in eigenpairs(curvature[None]))
        along = np.einsum("ji,j->i", vectors, gradient) / np.maximum(np.abs(values), _LEAST_CURVATURE)
        step = np.einsum("ij,j->i", vectors, along)
    return step * min(1.0, 1.0 / float(np.abs(step).max() + LEAST_POSITIVE)), bool(concave[0])


def _settled(surface: Surface, peak: Peak) -> Peak:
    """Take a last step without a check, and compute the curvature precisely: its error is 1e-10, not 1e-6."""
    gradient, curvature = _derivatives(surface, peak.parameters)
    parameters = peak.parameters + _newton_step(gradient, curvature)[0]
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
