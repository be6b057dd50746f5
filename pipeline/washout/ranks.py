"""M0: does receptor density rise or fall with washout at all? By ranks only, without assuming a shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.numbers import LEVEL, SEED, Floats
from pipeline.washout.censored.bootstrap import bca_interval, jackknife_weights, patient_weights
from pipeline.washout.censored.estimate import Estimate, NotEstimableError
from pipeline.washout.censored.likelihood import LEFT, RIGHT
from pipeline.washout.observations.pair_order import PairOrder, order_of, pair_order
from pipeline.washout.observations.rows import Observations, observe

PERMUTATIONS, RESAMPLES = 9_999, 1_999
"""Permutations for the p value (doi:10.2202/1544-6115.1585), resamples for the interval
(doi:10.2307/2289144). Arithmetic: p of 0.05 is then known to 0.002, and a limit of 2.5 % rests on 50
resamples."""
_FEWEST_ROWS, _FEWEST_PATIENTS = 4, 4
"""Fewest rows for an association, fewest patients for an interval. Arithmetic: with three rows even the best
order has p 0.33."""
_MOST_ROWS_FOR_KENDALL_INTERVAL: Final = 1_000
"""Most rows for an interval of Kendall's τ. Convention: for speed."""
_TIE: Final = 1e-12
"""Spread of ranks up to which all rows are tied. Arithmetic: rounding."""
_METHOD: Final = "censored values ordered pairwise (Gehan); permutation p; BCa bootstrap of patients"
_RANKS_AT_ONCE: Final = 2_000_000
"""Numbers that are held at once, to bound the memory. Convention: 16 MB of numbers."""


@dataclass(frozen=True, slots=True)
class RankAssociation:
    """Spearman's ρ with permutation p and BCa interval, and Kendall's τ_b.

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
            self._estimate("spearman_rho", "Spearman's ρ", self.spearman, self.spearman_interval, self.p),
            self._estimate("kendall_tau_b", "Kendall's τ-b", self.kendall, self.kendall_interval, None),
        )

    def _estimate(
        self, name: str, statistic: str, value: float, interval: tuple[float, float] | None, p: float | None
    ) -> Estimate:
        low, high = interval or (None, None)
        how = "" if interval is None else "BCa bootstrap of patients"
        words = f"{statistic} of density and weeks"
        return Estimate(name, value, low, high, self.n, self.method, how, self.level, p=p, words=words)


def rank_association(
    weeks: ArrayLike,
    rd: ArrayLike,
    status: Sequence[str],
    *,
    lloq: ArrayLike,
    uloq: ArrayLike = np.inf,
    patients: Sequence[object] | None = None,
    seed: int = SEED,
    permutations: int = PERMUTATIONS,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> RankAssociation:
    """Return the rank correlation of receptor density with washout; censored values are ordered if possible.

    Two rows are ordered if their limits allow it, and tied otherwise (`PairOrder`). So a row with a high LLOQ
    is tied with the rows below that LLOQ, and with no others. With one limit for all rows, left-censored
    values share the lowest rank and right-censored ones the highest.

    The permutation p is two-sided with the +1 rule (Phipson & Smyth 2010, doi:10.2202/1544-6115.1585). If
    patients gave several samples, a patient's values move together to a patient with as many samples, and are
    then shuffled among that patient's visits. This is exact if a patient's values are exchangeable without an
    association. The interval resamples patients.

    Parameters
    ----------
    weeks, rd, status, lloq, uloq, patients
        As in `observe`.
    seed
        Seed of the permutations and resamples.

    Raises
    ------
    NotEstimableError
        If there are fewer than 4 rows, all densities are tied, or all washouts are equal.
    """
    rows = observe(weeks, rd, status, lloq=lloq, uloq=uloq, patients=patients)
    return rank_observations(rows, seed=seed, permutations=permutations, resamples=resamples, level=level)


def rank_observations(
    rows: Observations,
    *,
    seed: int,
    permutations: int = PERMUTATIONS,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> RankAssociation:
    """Do the work of `rank_association` on rows that are sorted into measured and censored ones."""
    _refuse_small(rows)
    order = pair_order(rows)
    _refuse_tied(rows, order)
    rng, unit_weights = np.random.default_rng(seed), np.ones((1, rows.n))
    p = permutation_p(rows.weeks, order, rows.patients, permutations, rng)
    intervals, interval_notes = _intervals(rows, order, resamples, level, rng)
    return RankAssociation(
        spearman=float(weighted_spearman(rows.weeks, order, unit_weights)[0]),
        spearman_interval=intervals[0],
        p=p,
        kendall=float(weighted_kendall(rows.weeks, order, unit_weights)[0]),
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
    """Return ρ of rows that count `weights` times, shape (B, n) → (B,); NaN if all rows are tied.

    ρ is the correlation of the mid-ranks of x with the scores of the densities. Without censoring it is
    Spearman's ρ.
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

    Weights and signs are whole numbers, so no sum is rounded.
    """
    order_of_x, n = order_of(x), len(x)
    pairs, untied_x, untied_y = (np.zeros(len(weights)) for _ in range(3))
    size = max(1, _RANKS_AT_ONCE // n)
    for start in range(0, n, size):
        block = slice(start, min(start + size, n))
        of_x, of_y = order_of_x.signs(block), order.signs(block)
        pairs += _paired(weights, of_x * of_y, block)
        untied_x += _paired(weights, np.abs(of_x), block)
        untied_y += _paired(weights, np.abs(of_y), block)
    spread = untied_x * untied_y
    correlations: Floats = np.divide(
        pairs, np.sqrt(spread), out=np.full(len(pairs), np.nan), where=spread > 0
    )
    return correlations


def _paired(weights: Floats, matrix: Floats, block: slice) -> Floats:
    """Return the weighted sum over all pairs of a block's rows with all rows, whole numbers, (B,)."""
    return np.asarray(np.sum((weights @ matrix.T) * weights[:, block], axis=1))


def permutation_p(
    x: Floats, order: PairOrder, patients: NDArray[np.intp], permutations: int, rng: np.random.Generator
) -> float:
    """Return the two-sided permutation p of ρ; `rank_association` says how rows are shuffled.

    Centred ranks and half scores are halves of whole numbers. Below 200,000 rows no sum of their products
    reaches 2⁵³ quarters. So nothing is rounded, ties stay ties, and BLAS may add in any order.
    """
    unit_weights = np.ones((1, len(x)))
    first, second = _weighted_ranks(x, unit_weights)[0], order.scores(unit_weights)[0] / 2
    first = first - first.mean()
    observed = abs(float(first @ second))
    strata = _strata(patients)
    size = max(1, _RANKS_AT_ONCE // len(x))
    extreme = 0
    for start in range(0, permutations, size):
        block = min(size, permutations - start)
        product = sum(_shuffled_product(first, second, rows, block, rng) for rows in strata)
        extreme += int(np.sum(np.abs(product) >= observed))
    return (extreme + 1) / (permutations + 1)


def _shuffled_product(
    first: Floats, second: Floats, rows: NDArray[np.intp], block: int, rng: np.random.Generator
) -> Floats:
    """Return Σ first·second after shuffling patients and then their visits; `rows` is (patients, visits)."""
    m, visits = rows.shape
    if visits == 1:
        shuffled = rng.permuted(np.broadcast_to(second[rows[:, 0]], (block, m)), axis=1)
        product: Floats = shuffled @ first[rows[:, 0]]
        return product
    donors = rng.permuted(np.broadcast_to(np.arange(m), (block, m)), axis=1)
    moved = rng.permuted(second[rows][donors], axis=2)
    return np.asarray(np.einsum("bmv,mv->b", moved, first[rows]))


def _strata(patients: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return an array of rows, (patients, visits), for each number of samples that patients gave."""
    _, member, counts = np.unique(patients, return_inverse=True, return_counts=True)
    order = np.argsort(member, kind="stable")
    visits = counts[member][order]
    return [order[visits == size].reshape(-1, size) for size in np.unique(counts)]


def _weighted_ranks(values: Floats, weights: Floats) -> Floats:
    """Return the mid-rank of each row, where each row counts `weights` times."""
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
    unit_weights, jackknife = np.ones((1, rows.n)), jackknife_weights(rows.patients)
    intervals: list[tuple[float, float] | None] = []
    for index, statistic in enumerate(statistics):
        estimate = float(statistic(rows.weeks, order, unit_weights)[0])
        draws = np.concatenate([block[index] for block in blocks])
        try:
            intervals.append(bca_interval(estimate, draws, statistic(rows.weeks, order, jackknife), level))
        except NotEstimableError as reason:
            intervals.append(None)
            notes.append(str(reason))
    return [*intervals, None][:2], tuple(notes)
