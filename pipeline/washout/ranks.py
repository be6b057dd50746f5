"""M0: does receptor density go with washout at all? Ranks only, no shape assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.washout.censored.bootstrap import bca_interval, jackknife_weights, patient_weights
from pipeline.washout.censored.estimate import Estimate, NotEstimableError
from pipeline.washout.censored.likelihood import LEFT, RIGHT
from pipeline.washout.observations.pair_order import PairOrder, order_of, pair_order
from pipeline.washout.observations.rows import Observations, observe

Floats = NDArray[np.float64]

PERMUTATIONS, RESAMPLES = 9_999, 1_999
"""Of the p value (doi:10.2202/1544-6115.1585), and of the interval (doi:10.2307/2289144). Arithmetic: p of
0.05 is then known to 0.002, and a limit of 2.5 % rests on 50 resamples."""
_FEWEST_ROWS, _FEWEST_PATIENTS = 4, 4
"""From fewer no association and no interval is reported. Arithmetic: of three rows even the best order has p
0.33."""
_MOST_ROWS_FOR_KENDALL_INTERVAL: Final = 1_000
"""Of more rows Kendall's τ has no interval. Convention: for speed."""
_TIE: Final = 1e-12
"""A spread this small is that of ties alone. Arithmetic: rounding."""
_METHOD: Final = "censored values ordered pairwise (Gehan); permutation p; BCa bootstrap of patients"
_BLOCK: Final = 2_000_000
"""Numbers worked on at once: bounds the memory. Convention: 16 MB of numbers."""


@dataclass(frozen=True, slots=True)
class RankAssociation:
    """Spearman's ρ with permutation p and BCa interval; Kendall's τ_b beside it.

    ρ = 1: the longer the washout, the higher the receptor density, without exception.
    """

    spearman: float
    spearman_interval: tuple[float, float] | None
    p: float
    kendall: float
    kendall_interval: tuple[float, float] | None
    n: int
    n_patients: int
    n_left_censored: int
    n_right_censored: int
    permutations: int
    resamples: int
    level: float
    method: str
    notes: tuple[str, ...] = ()

    def estimates(self) -> tuple[Estimate, ...]:
        """Return ρ and τ_b as `washout.json` prints them."""
        return (
            self._estimate("spearman_rho", self.spearman, self.spearman_interval, self.p),
            self._estimate("kendall_tau_b", self.kendall, self.kendall_interval, None),
        )

    def _estimate(
        self, name: str, value: float, interval: tuple[float, float] | None, p: float | None
    ) -> Estimate:
        low, high = interval or (None, None)
        how = "" if interval is None else "BCa bootstrap of patients"
        return Estimate(name, value, low, high, self.n, self.method, how, self.level, p=p)


def rank_association(
    weeks: ArrayLike,
    rd: ArrayLike,
    status: Sequence[str],
    *,
    lloq: ArrayLike,
    uloq: ArrayLike = np.inf,
    patients: Sequence[object] | None = None,
    seed: int = 20240607,
    permutations: int = PERMUTATIONS,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> RankAssociation:
    """Rank correlation of receptor density with washout, censored values ordered as far as they can be.

    Two rows are ordered where their limits let it be known, and tied where not (`PairOrder`): a row with a
    high LLOQ is tied with what lies below it, and ties nothing else. With one limit for all, left-censored
    values share the lowest rank and right-censored ones the highest.

    The permutation p is two-sided with the +1 rule (Phipson & Smyth 2010, doi:10.2202/1544-6115.1585). Where
    patients repeat, a patient's values move together, to a patient with as many samples, and are shuffled
    among that patient's visits: exact where a patient's values are exchangeable under no association. The
    interval resamples patients.

    Parameters
    ----------
    weeks, rd, status, lloq, uloq, patients
        As in `observe`.
    seed
        Of the permutations and resamples.

    Raises
    ------
    NotEstimableError
        Fewer than 4 rows, all densities tied, or all washouts equal.
    """
    rows = observe(weeks, rd, status, lloq=lloq, uloq=uloq, patients=patients)
    return rank_observations(rows, seed=seed, permutations=permutations, resamples=resamples, level=level)


def rank_observations(
    rows: Observations,
    *,
    seed: int,
    permutations: int = PERMUTATIONS,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> RankAssociation:
    """As `rank_association`, on rows that are already sorted into observed and censored."""
    _refuse_small(rows)
    order = pair_order(rows)
    _refuse_tied(rows, order)
    rng, ones = np.random.default_rng(seed), np.ones((1, rows.n))
    p = permutation_p(rows.weeks, order, rows.patients, permutations, rng)
    intervals, interval_notes = _intervals(rows, order, resamples, level, rng)
    return RankAssociation(
        spearman=float(weighted_spearman(rows.weeks, order, ones)[0]),
        spearman_interval=intervals[0],
        p=p,
        kendall=float(weighted_kendall(rows.weeks, order, ones)[0]),
        kendall_interval=intervals[1],
        n=rows.n,
        n_patients=rows.n_patients,
        n_left_censored=rows.count(LEFT),
        n_right_censored=rows.count(RIGHT),
        permutations=permutations,
        resamples=resamples,
        level=level,
        method=_METHOD,
        notes=(*rows.notes, *interval_notes),
    )


def weighted_spearman(x: Floats, order: PairOrder, weights: Floats) -> Floats:
    """Return ρ of rows that count `weights` times, shape (B, n) → (B,); NaN where all are tied.

    The correlation of the mid-ranks of x with the scores of the densities: Spearman's where all is known.
    """
    first, second = _weighted_ranks(x, weights), order.scores(weights) / 2
    total = weights.sum(axis=1, keepdims=True)
    first -= np.sum(weights * first, axis=1, keepdims=True) / total
    second -= np.sum(weights * second, axis=1, keepdims=True) / total
    spread = np.sum(weights * first**2, axis=1) * np.sum(weights * second**2, axis=1)
    product = np.sum(weights * first * second, axis=1)
    correlations: Floats = np.divide(
        product, np.sqrt(spread), out=np.full(len(product), np.nan), where=spread > _TIE
    )
    return correlations


def weighted_kendall(x: Floats, order: PairOrder, weights: Floats) -> Floats:
    """Return Kendall's τ_b of rows that count `weights` times, shape (B, n) → (B,).

    Weights and signs are whole numbers: no sum is rounded.
    """
    place, n = order_of(x), len(x)
    pairs, untied_x, untied_y = (np.zeros(len(weights)) for _ in range(3))
    size = max(1, _BLOCK // n)
    for start in range(0, n, size):
        block = slice(start, min(start + size, n))
        of_x, of_y = place.signs(block), order.signs(block)
        pairs += _paired(weights, of_x * of_y, block)
        untied_x += _paired(weights, np.abs(of_x), block)
        untied_y += _paired(weights, np.abs(of_y), block)
    spread = untied_x * untied_y
    correlations: Floats = np.divide(
        pairs, np.sqrt(spread), out=np.full(len(pairs), np.nan), where=spread > 0
    )
    return correlations


def _paired(weights: Floats, matrix: Floats, block: slice) -> Floats:
    """Sum the pairs of a block of rows with all, whole numbers: (B,)."""
    return np.asarray(np.sum((weights @ matrix.T) * weights[:, block], axis=1))


def permutation_p(
    x: Floats, order: PairOrder, patients: NDArray[np.intp], permutations: int, rng: np.random.Generator
) -> float:
    """Return the two-sided permutation p of ρ, shuffling as `rank_association` says.

    Ranks and half scores less their mean are halves of whole numbers, and no sum of their products reaches
    2⁵³ quarters below 200,000 rows: nothing is rounded, ties are ties, and BLAS may add up in any order.
    """
    ones = np.ones((1, len(x)))
    first, second = _weighted_ranks(x, ones)[0], order.scores(ones)[0] / 2
    first = first - first.mean()
    observed = abs(float(first @ second))
    strata = _strata(patients)
    size = max(1, _BLOCK // len(x))
    extreme = 0
    for start in range(0, permutations, size):
        block = min(size, permutations - start)
        product = sum(_shuffled_product(first, second, rows, block, rng) for rows in strata)
        extreme += int(np.sum(np.abs(product) >= observed))
    return (extreme + 1) / (permutations + 1)


def _shuffled_product(
    first: Floats, second: Floats, rows: NDArray[np.intp], block: int, rng: np.random.Generator
) -> Floats:
    """Return Σ first·second with patients, then their visits, shuffled; `rows` is (patients, visits)."""
    m, visits = rows.shape
    if visits == 1:
        shuffled = rng.permuted(np.broadcast_to(second[rows[:, 0]], (block, m)), axis=1)
        product: Floats = shuffled @ first[rows[:, 0]]
        return product
    donors = rng.permuted(np.broadcast_to(np.arange(m), (block, m)), axis=1)
    moved = rng.permuted(second[rows][donors], axis=2)
    return np.asarray(np.einsum("bmv,mv->b", moved, first[rows]))


def _strata(patients: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return the rows of patients with equally many samples, one (patients, visits) per number of visits."""
    _, member, counts = np.unique(patients, return_inverse=True, return_counts=True)
    order = np.argsort(member, kind="stable")
    visits = counts[member][order]
    return [order[visits == size].reshape(-1, size) for size in np.unique(counts)]


def _weighted_ranks(values: Floats, weights: Floats) -> Floats:
    """Mid-ranks of each row if it stood there `weights` times."""
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    per_group = np.add.reduceat(weights[:, order], starts, axis=1)
    upto = np.cumsum(per_group, axis=1)
    ranks: Floats = (upto - per_group / 2 + 0.5)[:, group]
    return ranks


def _refuse_small(rows: Observations) -> None:
    if rows.n < _FEWEST_ROWS:
        raise NotEstimableError(
            f"{rows.n} {'row' if rows.n == 1 else 'rows'} with washout and receptor density; "
            f"at least {_FEWEST_ROWS} are needed"
        )
    if len(np.unique(rows.weeks)) == 1:
        raise NotEstimableError(f"all {rows.n} rows have the same washout, {rows.weeks[0]:.4g} weeks")


def _refuse_tied(rows: Observations, order: PairOrder) -> None:
    if order.is_tied:
        raise NotEstimableError(f"all {rows.n} receptor densities are tied (all censored, or all equal)")


def _intervals(
    rows: Observations, order: PairOrder, resamples: int, level: float, rng: np.random.Generator
) -> tuple[list[tuple[float, float] | None], tuple[str, ...]]:
    if rows.n_patients < _FEWEST_PATIENTS:
        sampled = "1 patient" if rows.n_patients == 1 else f"{rows.n_patients} patients"
        return [None, None], (f"no interval for the rank correlations: {rows.n} samples of {sampled}",)
    statistics = [weighted_spearman]
    notes: list[str] = []
    if rows.n <= _MOST_ROWS_FOR_KENDALL_INTERVAL:
        statistics.append(weighted_kendall)
    else:
        notes.append(f"no interval for Kendall tau-b above {_MOST_ROWS_FOR_KENDALL_INTERVAL} rows")
    blocks = [
        [statistic(rows.weeks, order, weights) for statistic in statistics]
        for weights in patient_weights(rows.patients, resamples, rng)
    ]
    ones, jackknife = np.ones((1, rows.n)), jackknife_weights(rows.patients)
    intervals: list[tuple[float, float] | None] = []
    for index, statistic in enumerate(statistics):
        estimate = float(statistic(rows.weeks, order, ones)[0])
        draws = np.concatenate([block[index] for block in blocks])
        try:
            intervals.append(bca_interval(estimate, draws, statistic(rows.weeks, order, jackknife), level))
        except NotEstimableError as reason:
            intervals.append(None)
            notes.append(str(reason))
    return [*intervals, None][:2], tuple(notes)
