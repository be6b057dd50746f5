"""The summits of the posterior: where it is highest, and every other place where it is high."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.eigen import eigenpairs, solve_definite
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.recovery.prior import N_PARAMETERS, SIGMA
from pipeline.washout.recovery.surface import Surface

Floats: TypeAlias = NDArray[np.float64]

_STEPS, _WIDE_STEP = np.full(N_PARAMETERS, 1e-4), 0.02
"""Of finite differences: near the summit; in SDs of a parameter, the others held. Convention: the square root
of a double's digits, and a fiftieth of what the prior allows."""
_ITERATIONS, _TOLERANCE = 100, 1e-10
"""Newton steps, and the rise that ends them. Convention: far below any that counts."""
_MANY_ROWS, _ENOUGH_ROWS = 1_000, 500
"""Of more rows a part finds the start. Convention: for speed."""
_TRIED, _STARTS, _APART = 300, 3, 1.5
"""Places drawn from the prior, those of them that are climbed from, and how far apart these are at least, in
SDs of the prior. Convention (docs/method.md)."""
_SEED: Final = 20240607
"""Of these places. Convention: any; fixed, so that every run finds the same summits."""
_SAME, _LOWEST = 0.02, 10.0
"""SDs of the prior within which two climbs end on one summit; how much lower, in log posterior, a summit
still counts. Arithmetic: e^-10 of the weight is lost in an interval of 95 %."""


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """Where the surface is highest: `parameters` (p,); `curvature` (p, p): minus its second derivative."""

    parameters: Floats
    value: float
    curvature: Floats


def summits(surface: Surface) -> tuple[Peak, ...]:
    """Climb by damped Newton steps from several starts; return the summits, the highest first.

    The starts: the middle of the prior with the rows' own upper quartile for the plateau, and the best of
    many places drawn from the prior that lie well apart.

    Raises
    ------
    NotEstimableError
        No start comes to rest.
    """
    many = surface.data.n > _MANY_ROWS  # So many rows leave one summit, near that of a part of them.
    part = surface.data.n // _ENOUGH_ROWS
    starts = [summits(surface.every(part))[0].parameters] if many else _starts(surface)
    peaks = [peak for start in starts if (peak := _climb(surface, start)) is not None]
    if not peaks:
        raise NotEstimableError("the posterior of the recovery curve has no maximum")
    # starts that end on one summit differ by rounding: the first of them counts
    peaks.sort(key=lambda peak: -float(f"{peak.value:.10g}"))
    found: list[Peak] = []
    for peak in peaks:
        if peak.value > peaks[0].value - _LOWEST and all(_apart(surface, peak, old) > _SAME for old in found):
            found.append(peak)
    return tuple(_settled(surface, peak) for peak in found)


def _starts(surface: Surface) -> list[Floats]:
    prior = surface.prior
    top = float(np.quantile(surface.data.log_rd[surface.data.kind == OBSERVED], 0.75))
    starts = [np.array([top, *prior.mean[1:]])]
    deviates = np.random.default_rng(_SEED).standard_normal((_TRIED, N_PARAMETERS))
    deviates[:, SIGMA] = 0.0
    places = prior.mean + prior.sd * deviates
    order = np.argsort(-surface.value(places), kind="stable")
    for place in places[order]:
        if all(np.max(np.abs(place - old) / prior.sd) > _APART for old in starts[1:]):
            starts.append(place)
        if len(starts) > _STARTS:
            break
    return starts


def _apart(surface: Surface, one: Peak, other: Peak) -> float:
    return float(np.max(np.abs(one.parameters - other.parameters) / surface.prior.sd))


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
