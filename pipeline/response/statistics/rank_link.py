"""Rank correlation of two quantities, some of them beyond a limit: Kendall's tau-b with its p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.response.statistics.true_values import ABOVE, BELOW

METHOD: Final = (
    "Kendall's tau-b; a pair whose order a limit leaves open counts as tied; p by random permutation"
)
FEWEST: Final = 5
"""Fewest patients for a rank correlation: with four, even perfect order has p 0.08. Arithmetic."""

_DRAWS: Final = 4999
"""Random permutations: p to some 0.003 at 0.05. Arithmetic: the standard error of a share of 5 % of 4,999."""


@dataclass(frozen=True, slots=True)
class RankLink:
    """Kendall's tau-b of two quantities, one pair per patient; None = not known (`note`)."""

    name: str
    n: int
    tau_b: float | None
    p: float | None
    method: str = METHOD
    note: str = ""


def rank_link(
    name: str, first: Sequence[tuple[float, int]], other: Sequence[tuple[float, int]], *, seed: int
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
    if n < FEWEST:
        return RankLink(name, n, None, None, note=f"{n} patients have both: expected {FEWEST} or more")
    a, b = _signs(first), _signs(other)
    norm = float(np.sum(a * a)) * float(np.sum(b * b))
    if norm == 0:
        return RankLink(name, n, None, None, note="no two patients differ for sure")
    observed = float(np.sum(a * b))
    rng = np.random.default_rng(seed)
    beyond = 0
    for _ in range(_DRAWS):
        order = rng.permutation(n)
        beyond += abs(float(np.sum(a * b[np.ix_(order, order)]))) >= abs(observed)
    return RankLink(name, n, observed / norm**0.5, (1 + beyond) / (1 + _DRAWS))


def _signs(column: Sequence[tuple[float, int]]) -> NDArray[np.float64]:
    """Return the sign of each pair, 1, −1 or 0 (not known, or equal): shape (n, n)."""
    value = np.array([part[0] for part in column], dtype=np.float64)
    kind = np.array([part[1] for part in column], dtype=np.int_)
    low, high = np.where(kind == BELOW, -np.inf, value), np.where(kind == ABOVE, np.inf, value)
    limit = (kind == ABOVE)[:, np.newaxis] | (kind == BELOW)[np.newaxis, :]
    above = (low[:, np.newaxis] > high) | (limit & (low[:, np.newaxis] == high) & np.isfinite(high))
    return np.asarray(above.astype(np.float64) - above.T)
