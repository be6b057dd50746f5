"""Rank correlation of two quantities, some of them beyond a limit: Kendall's tau-b with its p."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats
from pipeline.response.statistics.true_values import ABOVE, BELOW

KENDALL_METHOD: Final = (
    "Kendall's tau-b; a pair whose order a limit leaves open counts as tied; p by random permutation"
)
METHOD_OF_MANY: Final = (
    "Kendall's tau-b; a pair whose order a limit leaves open counts as tied; p from the mean and the SD that "
    "all permutations have"
)
FEWEST_PAIRED: Final = 5
"""Fewest patients for a rank correlation: with four, even perfect order has p 0.08. Arithmetic."""

_MOST_PERMUTED: Final = 200
"""Most patients for a p by permutation. Convention: with more, the sum over all pairs is nearly normal, so
4,999 permutations give no better p."""

_PAIRS_AT_ONCE: Final = 2_000_000
"""Pairs that are computed at once, to bound the memory. Convention: some tens of MB."""

_PERMUTATION_DRAWS: Final = 4999
"""Random permutations: p to some 0.003 at 0.05. Arithmetic: the standard error of a share of 5 % of 4,999."""


@dataclass(frozen=True, slots=True)
class RankLink:
    """Kendall's tau-b of two quantities, one pair per patient; None = not known (`note`)."""

    name: str
    n: int
    tau_b: float | None
    p: float | None
    method: str = KENDALL_METHOD
    note: str = ""


def rank_link(
    name: str, first: Sequence[tuple[float, int]], second: Sequence[tuple[float, int]], *, seed: int
) -> RankLink:
    """Return Kendall's tau-b of two columns of (value or limit, kind), and its p.

    Kendall 1945, doi:10.1093/biomet/33.3.239; order of pairs with limits as Akritas 1995
    (doi:10.1080/01621459.1995.10476499).

    Examples
    --------
    >>> found = rank_link("x", [(k, 0) for k in range(6)], [(k * k, 0) for k in range(6)], seed=1)
    >>> found.tau_b, found.p < 0.01
    (1.0, True)
    """
    n = len(first)
    if n < FEWEST_PAIRED:
        return RankLink(name, n, None, None, note=f"{n} patients have both: expected {FEWEST_PAIRED} or more")
    a, b = (_Ranges.of(column) for column in (first, second))
    sums = _sums(a, b, n)
    norm = sums.pairs[0] * sums.pairs[1]
    if norm == 0:
        return RankLink(name, n, None, None, note="no two patients differ for sure")
    tau_b = sums.both / norm**0.5
    if n > _MOST_PERMUTED:
        return RankLink(name, n, tau_b, _normal_p(sums, n), METHOD_OF_MANY)
    every = slice(None)
    return RankLink(name, n, tau_b, _permuted_p(a.signs(every), b.signs(every), sums.both, seed))


@dataclass(frozen=True, slots=True, eq=False)
class _Ranges:
    """The range in which each value may lie, and whether it is only known to lie above or below a limit."""

    low: Floats
    high: Floats
    above: NDArray[np.bool_]
    below: NDArray[np.bool_]

    @classmethod
    def of(cls, column: Sequence[tuple[float, int]]) -> _Ranges:
        value = np.array([part[0] for part in column], dtype=np.float64)
        kind = np.array([part[1] for part in column], dtype=np.int_)
        above, below = kind == ABOVE, kind == BELOW
        return cls(np.where(below, -np.inf, value), np.where(above, np.inf, value), above, below)

    def signs(self, rows: slice) -> NDArray[np.int8]:
        """Return the signs of all pairs of these rows: 1, −1 or 0 (not known, or equal), (n_rows, n)."""
        return np.asarray(self._higher(rows) - self._lower(rows))

    def _higher(self, rows: slice) -> NDArray[np.int8]:
        low, above = self.low[rows, np.newaxis], self.above[rows, np.newaxis]
        touch = (low == self.high) & (above | self.below) & np.isfinite(self.high)
        return np.asarray((low > self.high) | touch, dtype=np.int8)

    def _lower(self, rows: slice) -> NDArray[np.int8]:
        high, below = self.high[rows, np.newaxis], self.below[rows, np.newaxis]
        touch = (self.low == high) & (self.above | below) & np.isfinite(high)
        return np.asarray((self.low > high) | touch, dtype=np.int8)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums of whole numbers over all ordered pairs of patients.

    `both`: of the product of both signs. `pairs`: of the square of each. `patients`: over patients, of the
    square of the sum over a patient's pairs, of each.
    """

    both: int
    pairs: tuple[int, int]
    patients: tuple[int, int]


def _sums(a: _Ranges, b: _Ranges, n: int) -> _Sums:
    both, pairs, patients = 0, [0, 0], [0, 0]
    size = max(1, _PAIRS_AT_ONCE // n)
    for start in range(0, n, size):
        signs = [ranges.signs(slice(start, start + size)) for ranges in (a, b)]
        both += int(np.sum(signs[0] * signs[1], dtype=np.int64))
        for k, part in enumerate(signs):
            pairs[k] += int(np.count_nonzero(part))
            patients[k] += sum(value * value for value in part.sum(axis=1, dtype=np.int64).tolist())
    return _Sums(both, (pairs[0], pairs[1]), (patients[0], patients[1]))


def _permuted_p(a: NDArray[np.int8], b: NDArray[np.int8], observed: int, seed: int) -> float:
    """Return p by random permutations, from sums of whole numbers, which are the same in any order."""
    n = len(a)
    rng = np.random.default_rng(seed)
    orders = np.array([rng.permutation(n) for _ in range(_PERMUTATION_DRAWS)])
    size, beyond = max(1, _PAIRS_AT_ONCE // (n * n)), 0
    for start in range(0, _PERMUTATION_DRAWS, size):
        order = orders[start : start + size]
        moved = b[order[:, :, np.newaxis], order[:, np.newaxis, :]]
        both = np.sum(a * moved, axis=(1, 2), dtype=np.int64)
        beyond += int(np.count_nonzero(np.abs(both) >= abs(observed)))
    return (1 + beyond) / (1 + _PERMUTATION_DRAWS)


def _normal_p(sums: _Sums, n: int) -> float:
    """Return p from the variance of the sum over all permutations.

    Daniels 1944, doi:10.1093/biomet/33.2.129.
    """
    apart = [patients - pairs for patients, pairs in zip(sums.patients, sums.pairs, strict=True)]
    variance = 4 * apart[0] * apart[1] / (n * (n - 1) * (n - 2))
    variance += 2 * sums.pairs[0] * sums.pairs[1] / (n * (n - 1))
    return math.erfc(abs(sums.both) / math.sqrt(2 * variance))
