"""Do the rows contradict a model? The trend of what it leaves over, against data drawn from the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.eigen import pseudo_inverse
from gating.arithmetic.linear import product
from pipeline.washout.censored.likelihood import LEFT, OBSERVED, RIGHT
from pipeline.washout.observations.rows import Observations

Floats: TypeAlias = NDArray[np.float64]
Kinds: TypeAlias = NDArray[np.int8]

CONTRADICTED: Final = 0.01
"""p below which the rows contradict a model. Convention: one sound study in a hundred (docs/method.md)."""

_DEGREES: Final = 3
"""Trends of the residuals over log2 weeks up to this degree. Convention: a bend and an S (docs/method.md)."""

_DRAWN, _FEWER, _MANY_ROWS = 499, 99, 1_000
"""Data sets drawn; of more rows fewer are. Convention: p is known to a step of 0.002, or of 0.01."""

_LEAST_SHARE: Final = 1e-300
"""In place of a likelihood of zero. Convention: near the smallest number that a double holds."""

_ROOT_2PI: Final = 2.5066282746310002
"""Arithmetic: √(2π)."""


@dataclass(frozen=True, slots=True, eq=False)
class RowLaw:
    """How a fitted model says that the rows are spread: normal around K means, mixed by their weights.

    Attributes
    ----------
    mean : (K, n)
        log10 RD at each node of what is not known of a row; K is 1 where all is.
    weights : (K,)
    slopes : (K, n, p)
        Derivatives of `mean` by the parameters; ln σ is a further one.
    sigma
        Scatter between patients, dex.
    curvature : (p+1, p+1)
        Minus the second derivative of what was maximised, ln σ last.
    pull : (p+1,)
        First derivative of the log prior there; 0 where there is none.
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
        logs = np.log(np.where(measured, densities / scale, tails)[0] + _LEAST_SHARE)
        return np.asarray(logs)

    def drawn(self, n_sets: int, rng: np.random.Generator) -> tuple[Floats, Kinds]:
        """Return data sets of the same washouts and limits: values and how they are censored, (B, n)."""
        edges = np.cumsum(self.weights)[:-1]
        nodes = np.searchsorted(edges, rng.random((n_sets, self.data.n)))
        middle = self.mean[nodes, np.arange(self.data.n)]
        y = middle + self._scale * rng.standard_normal(middle.shape)
        low, high = self.data.log_lloq, self.data.log_uloq
        kind = np.where(y < low, LEFT, np.where(y > high, RIGHT, OBSERVED)).astype(np.int8)
        return np.clip(y, low, high), kind

    def scores(self, y: Floats, kind: Kinds) -> tuple[Floats, Floats]:
        """Return each row's residual, (B, n), and the slope of the log likelihood, (B, p+1).

        The residual is the derivative of a row's log likelihood by its mean: (y − μ)/s² of a measured row,
        what is expected of it where it is censored (Gourieroux et al. 1987,
        doi:10.1016/0304-4076(87)90065-0).
        """
        scale, censored = self._scale, kind != OBSERVED
        densities, tails = self._likelihoods(y, kind)
        total = np.where(censored, tails, densities) + _LEAST_SHARE
        residuals, of_sigma = np.zeros(y.shape), np.zeros(len(y))
        by_parameter = np.zeros((len(y), self.slopes.shape[2]))
        ratio = (self.sigma / scale) ** 2
        for mean, weight, slopes in zip(self.mean, self.weights, self.slopes, strict=True):
            z = (y - mean) / scale
            part = weight * np.exp(-0.5 * z**2) / _ROOT_2PI / total
            by_mean = np.where(censored, kind * part, part * z) / scale
            residuals += by_mean
            by_parameter += np.einsum("bn,np->bp", by_mean, slopes)
            of_sigma += np.sum(ratio * np.where(censored, kind * part * z, part * (z**2 - 1)), axis=1)
        return residuals, np.column_stack([by_parameter, of_sigma])

    @property
    def _scale(self) -> Floats:
        return np.asarray(np.sqrt(self.sigma**2 + self.data.measurement_sd**2))

    def _likelihoods(self, y: Floats, kind: Kinds) -> tuple[Floats, Floats]:
        """Return the density in SDs and the share beyond the limit of each row, (B, n)."""
        from scipy.special import ndtr

        densities, tails, side = np.zeros(y.shape), np.zeros(y.shape), np.where(kind == RIGHT, -1, 1)
        for mean, weight in zip(self.mean, self.weights, strict=True):
            z = (y - mean) / self._scale
            densities += weight * np.exp(-0.5 * z**2) / _ROOT_2PI
            tails += weight * ndtr(side * z)
        return densities, tails


def trend_p(law: RowLaw, seed: int) -> float:
    """Return p of the rows' residuals having no trend over the weeks, by a parametric bootstrap.

    The statistic is the sum of the squared trends of degree 0 to 3 over log2 weeks, of measured and censored
    rows alike. It is compared with that of data sets drawn from the fitted model, each refitted by one step
    of Newton (Davidson & MacKinnon 1999, doi:10.1111/1468-2354.00026). Rows of one patient count together as
    one patient.

    Parameters
    ----------
    law
        The fitted model.
    seed
        Of the draws.
    """
    data, rng = law.data, np.random.default_rng(seed)
    trends = _trends(data.weeks)
    n_sets = _DRAWN if data.n <= _MANY_ROWS else _FEWER
    residuals, slopes = law.scores(*law.drawn(n_sets, rng))
    seen, seen_slopes = law.scores(data.log_rd[None], data.kind[None])
    moments, seen_moments = (np.einsum("bn,nq->bq", part, trends) for part in (residuals, seen))
    centred = slopes - slopes.mean(axis=0)
    shared = np.einsum("bq,bp->qp", moments - moments.mean(axis=0), centred) / n_sets
    # a refit moves the parameters by C⁻¹·slope, and each moment by `shared` times that
    step = product(shared, pseudo_inverse(law.curvature[None])[0])
    left = moments - np.einsum("bp,qp->bq", slopes + law.pull, step)
    seen_left = seen_moments - np.einsum("bp,qp->bq", seen_slopes + law.pull, step)
    statistic = float(np.sum(seen_left**2)) * data.n_patients / data.n
    return float((1 + np.sum(np.sum(left**2, axis=1) >= statistic)) / (1 + n_sets))


def _trends(weeks: Floats) -> Floats:
    """Return polynomials of log2 weeks, each at right angles to those before and of mean square 1, (n, q)."""
    doublings = np.log2(weeks)
    spread = float(doublings.std())
    place = (doublings - doublings.mean()) / (spread or 1.0)
    columns: list[Floats] = []
    for degree in range(_DEGREES + 1):
        column = place**degree
        for other in columns:
            column = column - other * float(np.mean(column * other))
        size = float(np.sqrt(np.mean(column**2)))
        if size > 1e-6:
            columns.append(column / size)
    return np.column_stack(columns)
