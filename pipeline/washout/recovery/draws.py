"""Draws from the posterior of the recovery curve, by importance sampling around all its summits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from calibration.numbers import LEAST_POSITIVE, Floats
from gating.arithmetic.eigen import inverse_definite
from gating.arithmetic.linear import cholesky, lower_inverse, product
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.recovery.prior import N_PARAMETERS
from pipeline.washout.recovery.summits import Peak
from pipeline.washout.recovery.surface import Surface

_DRAW_GRID: Final = 2.0**-16
"""Centres and spreads of the draws are rounded to it, so that processors agree. Convention
(docs/method.md)."""
_FREEDOM, _WIDER_TAILS = 5.0, 1.2
"""Degrees of freedom of the t distributions, and how much wider than the summits they are, so that no tail is
missed. Convention: tails of five degrees of freedom are heavier than those of any summit here."""
_FEWEST_EFFECTIVE_DRAWS, _TRIAL_DRAWS, _TRIALS = 300.0, 600, 2
"""Fewest effective draws; trial draws that adapt the mixture; how many times. Arithmetic: with 300 a limit of
2.5 % rests on 7 draws."""
_MORE_DRAWS: Final = 4
"""Factor on the number of draws for a second try, if too few are effective. Convention: halves the error of a
limit."""
_NORMAL_FROM_ROWS: Final = 1_000
"""Rows above which the posterior is taken as normal around its summit. Convention: for speed."""
_FROM_PRIOR, _LEAST_PART = 0.1, 0.02
"""Part of the draws that come from the prior, so that no region is left out; part of the weight below which a
summit is dropped. Convention: a tenth is enough to reach what the summits miss; a fiftieth does not matter
for an interval of 95 %."""
_RIDGE_OF_CLOUD: Final = 1e-9
"""Added to each variance of a component, so that it is never flat. Convention: far below any spread of the
posterior."""


@dataclass(frozen=True, slots=True, eq=False)
class _Cloud:
    """A multivariate t distribution, one component of the mixture, and its part of the draws."""

    centre: Floats
    root: Floats
    part: float

    def drawn(self, n: int, rng: np.random.Generator) -> Floats:
        """Return n draws, (n, p)."""
        normal = rng.standard_normal((n, N_PARAMETERS))
        stretch = np.sqrt(_FREEDOM / rng.chisquare(_FREEDOM, n))
        return np.asarray(self.centre + stretch[:, None] * product(normal, self.root.T))

    def log_density(self, points: Floats) -> Floats:
        """Return the log density up to a constant that all clouds share, (B, p) → (B,)."""
        squared = np.sum(product(points - self.centre, lower_inverse(self.root).T) ** 2, axis=1)
        size = float(np.sum(np.log(np.diagonal(self.root))))
        return np.asarray(-0.5 * (_FREEDOM + N_PARAMETERS) * np.log1p(squared / _FREEDOM) - size)


def draws(
    surface: Surface, summits: Sequence[Peak], n: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return draws from the posterior: parameters (n, p) and their weights (n,).

    This is importance sampling from a mixture. A multivariate t distribution around every summit is adapted
    twice to its trial draws (Cappé et al. 2008, doi:10.1007/s11222-008-9059-x). A tenth of the draws come
    from the prior, so that no region is left out (Hesterberg 1995, doi:10.1080/00401706.1995.10484303).
    Centres and roots are rounded far above the error of the curvature, so every processor draws the same.
    Above 1,000 rows the draws come from the normal law with the posterior's maximum and curvature (Laplace).

    Raises
    ------
    NotEstimableError
        If the posterior differs so much from the mixture that too few draws are effective.
    """
    if surface.data.n > _NORMAL_FROM_ROWS:
        covariance = inverse_definite(summits[0].curvature[None])[0][0]
        normal = rng.standard_normal((n, N_PARAMETERS))
        centre = _rounded(summits[0].parameters)
        return centre + product(normal, _rounded(cholesky(covariance)).T), np.full(n, 1 / n)
    prior = _Cloud(surface.prior.mean, np.diag(surface.prior.sd), _FROM_PRIOR)
    clouds = [_around(peak, (1 - _FROM_PRIOR) / len(summits)) for peak in summits]
    for _ in range(_TRIALS):
        clouds = _moved(clouds, *_weighted(surface, [*clouds, prior], _TRIAL_DRAWS, rng))
    for n_draws in (n, _MORE_DRAWS * n):
        drawn, weights, _ = _weighted(surface, [*clouds, prior], n_draws, rng)
        effective = 1 / float(np.sum(weights**2))
        if effective >= _FEWEST_EFFECTIVE_DRAWS:
            return drawn, weights
    raise NotEstimableError(f"no interval: the posterior is too uneven ({effective:.0f} effective draws)")


def _around(peak: Peak, part: float) -> _Cloud:
    covariance = inverse_definite(peak.curvature[None])[0][0]
    return _Cloud(_rounded(peak.parameters), _rounded(cholesky(covariance) * _WIDER_TAILS), part)


def _weighted(
    surface: Surface, clouds: Sequence[_Cloud], n: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Return draws, their weights, and the share of each cloud in each draw's density, (n, clouds)."""
    counts = [round(cloud.part * n) for cloud in clouds[1:]]
    counts = [n - sum(counts), *counts]
    drawn = np.concatenate([cloud.drawn(m, rng) for cloud, m in zip(clouds, counts, strict=True)])
    parts = np.stack(
        [np.log(m / n) + c.log_density(drawn) for c, m in zip(clouds, counts, strict=True)], axis=1
    )
    top = parts.max(axis=1)
    log_density = top + np.log(np.exp(parts - top[:, None]).sum(axis=1))
    log_weight = surface.value(drawn) - log_density
    weights = np.exp(log_weight - log_weight.max())
    return drawn, np.asarray(weights / weights.sum()), np.exp(parts - log_density[:, None])


def _moved(clouds: Sequence[_Cloud], drawn: Floats, weights: Floats, shares: Floats) -> list[_Cloud]:
    """Return the clouds fitted to the weighted draws; a draw of the prior counts for the nearest cloud."""
    own = shares[:, : len(clouds)] / np.maximum(shares[:, : len(clouds)].sum(axis=1), LEAST_POSITIVE)[:, None]
    moved = []
    for share in own.T:
        part = float(np.sum(weights * share))
        if part < _LEAST_PART:
            continue
        cloud_weights = weights * share / part
        centre = np.asarray(np.einsum("i,ij->j", cloud_weights, drawn))
        from_centre = drawn - centre
        covariance = np.einsum("ij,ik->jk", cloud_weights[:, None] * from_centre, from_centre)
        covariance = covariance + _RIDGE_OF_CLOUD * np.eye(N_PARAMETERS)
        root = _rounded(cholesky(covariance) * _WIDER_TAILS)
        moved.append(_Cloud(_rounded(centre), root, (1 - _FROM_PRIOR) * part))
    return moved or list(clouds)


def _rounded(values: Floats) -> Floats:
    """Round to multiples of `_DRAW_GRID`, about a thousandth of the smallest SD of a parameter."""
    return np.asarray(np.round(values / _DRAW_GRID) * _DRAW_GRID)
