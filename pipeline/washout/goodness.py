"""Do the rows contradict a model? A trend of its residuals, compared with data drawn from the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import LEAST_POSITIVE, ROOT_2PI, Floats
from gating.arithmetic.eigen import pseudo_inverse
from gating.arithmetic.linear import product
from pipeline.washout.censored.likelihood import LEFT, OBSERVED, RIGHT
from pipeline.washout.observations.rows import Observations

Kinds: TypeAlias = NDArray[np.int8]

CONTRADICTED: Final = 0.01
"""p below which the rows contradict a model. Convention: one sound study in a hundred (docs/method.md)."""

_DEGREES: Final = 3
"""Trends of the residuals over log2 weeks up to this degree. Convention: a bend and an S (docs/method.md)."""

_DRAWN, _FEWER, _MANY_ROWS_TO_DRAW = 499, 99, 1_000
"""Data sets drawn; with more rows than the last number, the smaller count. Convention: p is known to a step
of 0.002, or of 0.01."""

_LEAST_SIZE: Final = 1e-6
"""Least size of a trend on standardised axes that is not one of the others. Convention: far above
rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class RowLaw:
    """The distribution of the rows by a fitted model: a mixture of K normal laws with the given weights.

    Attributes
    ----------
    mean : (K, n)
        log10 RD at each node of the unknown quantity of a row; K is 1 if nothing is unknown.
    weights : (K,)
        Weight of each node; their sum is 1.
    slopes : (K, n, p)
        Derivatives of `mean` by the parameters; ln σ is one parameter more.
    sigma
        Scatter between patients, dex.
    curvature : (p+1, p+1)
        Minus the second derivative of the log likelihood plus log prior at the maximum; ln σ is last.
    pull : (p+1,)
        First derivative of the log prior at the maximum; 0 without a prior.
    """

    data: Observations
    mean: Floats
    weights: Floats
    slopes: Floats
    sigma: float
    curvature: Floats
    pull: Floats

    def log_likelihoods(self) -> Floats:
        """Return the log likelihood of each row, (n,)."""
        scale, measured = self._scale, self.data.kind == OBSERVED
        densities, tails = self._likelihoods(self.data.log_rd[None], self.data.kind[None])
        logs = np.log(np.where(measured, densities / scale, tails)[0] + LEAST_POSITIVE)
        return np.asarray(logs)

    def drawn(self, n_sets: int, rng: np.random.Generator) -> tuple[Floats, Kinds]:
        """Return simulated data sets with the same washouts and limits: values and kinds, (B, n)."""
        edges = np.cumsum(self.weights)[:-1]
        nodes = np.searchsorted(edges, rng.random((n_sets, self.data.n)))
        middle = self.mean[nodes, np.arange(self.data.n)]
        y = middle + self._scale * rng.standard_normal(middle.shape)
        low, high = self.data.log_lloq, self.data.log_uloq
        kind = np.where(y < low, LEFT, np.where(y > high, RIGHT, OBSERVED)).astype(np.int8)
        return np.clip(y, low, high), kind

    def scores(self, y: Floats, kind: Kinds) -> tuple[Floats, Floats]:
        """Return each row's residual, (B, n), and the slope of the log likelihood, (B, p+1).

        The residual is the derivative of a row's log likelihood by its mean. It is (y − μ)/s² for a measured
        row, and the expected value of that for a censored row (Gourieroux et al. 1987,
        doi:10.1016/0304-4076(87)90065-0).
        """
        scale, censored = self._scale, kind != OBSERVED
        densities, tails = self._likelihoods(y, kind)
        total = np.where(censored, tails, densities) + LEAST_POSITIVE
        residuals, of_sigma = np.zeros(y.shape), np.zeros(len(y))
        by_parameter = np.zeros((len(y), self.slopes.shape[2]))
        ratio = (self.sigma / scale) ** 2
        for mean, weight, slopes in zip(self.mean, self.weights, self.slopes, strict=True):
            z = (y - mean) / scale
            part = weight * np.exp(-0.5 * z**2) / ROOT_2PI / total
            by_mean = np.where(censored, kind * part, part * z) / scale
            residuals += by_mean
            by_parameter += np.einsum("bn,np->bp", by_mean, slopes)
            of_sigma += np.sum(ratio * np.where(censored, kind * part * z, part * (z**2 - 1)), axis=1)
        return residuals, np.column_stack([by_parameter, of_sigma])

    @property
    def _scale(self) -> Floats:
        return np.asarray(np.sqrt(self.sigma**2 + self.data.measurement_sd**2))

    def _likelihoods(self, y: Floats, kind: Kinds) -> tuple[Floats, Floats]:
        """Return for each row the normal density, per SD, and the probability beyond its limit, (B, n)."""
        from scipy.special import ndtr

        densities, tails, side = np.zeros(y.shape), np.zeros(y.shape), np.where(kind == RIGHT, -1, 1)
        for mean, weight in zip(self.mean, self.weights, strict=True):
            z = (y - mean) / self._scale
            densities += weight * np.exp(-0.5 * z**2) / ROOT_2PI
            tails += weight * ndtr(side * z)
        return densities, tails


def trend_p(law: RowLaw, seed: int) -> float:
    """Return the p value of the test that the residuals have no trend over the weeks (parametric bootstrap).

    The statistic is the sum of the squared trends of degree 0 to 3 over log2 weeks, of measured and censored
    rows alike. It is compared with the statistic of data sets drawn from the fitted model, each refitted by
    one Newton step (Davidson & MacKinnon 1999, doi:10.1111/1468-2354.00026). All rows of a patient together
    count as one.

    Parameters
    ----------
    law
        The fitted model.
    seed
        Seed of the draws.
    """
    data, rng = law.data, np.random.default_rng(seed)
    trends = _trends(data.weeks)
    n_sets = _DRAWN if data.n <= _MANY_ROWS_TO_DRAW else _FEWER
    residuals, slopes = law.scores(*law.drawn(n_sets, rng))
    real, real_slopes = law.scores(data.log_rd[None], data.kind[None])
    moments, real_moments = (np.einsum("bn,nq->bq", part, trends) for part in (residuals, real))
    centred = slopes - slopes.mean(axis=0)
    shared = np.einsum("bq,bp->qp", moments - moments.mean(axis=0), centred) / n_sets
    # a refit moves the parameters by C⁻¹·slope, and each moment by `shared` times that move
    step = product(shared, pseudo_inverse(law.curvature[None])[0])
    residual = moments - np.einsum("bp,qp->bq", slopes + law.pull, step)
    real_left = real_moments - np.einsum("bp,qp->bq", real_slopes + law.pull, step)
    statistic = float(np.sum(real_left**2)) * data.n_patients / data.n
    return float((1 + np.sum(np.sum(residual**2, axis=1) >= statistic)) / (1 + n_sets))


def _trends(weeks: Floats) -> Floats:
    """Return orthogonal polynomials of log2 weeks with a mean square of 1, (n, q)."""
    doublings = np.log2(weeks)
    spread = float(doublings.std())
    standardised = (doublings - doublings.mean()) / (spread or 1.0)
    columns: list[Floats] = []
    for degree in range(_DEGREES + 1):
        column = standardised**degree
        for earlier in columns:
            column = column - earlier * float(np.mean(column * earlier))
        size = float(np.sqrt(np.mean(column**2)))
        if size > _LEAST_SIZE:
            columns.append(column / size)
    return np.column_stack(columns)
