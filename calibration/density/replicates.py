"""How much replicates of one patient and visit differ: the assay's CV between tubes and between runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class ReplicateScatter:
    """Geometric CV of replicates in percent, with its 95 % interval; `freedom` = replicates − groups."""

    cv_percent: float
    low: float
    high: float
    n_groups: int
    freedom: int


def replicate_scatter(groups: Sequence[Sequence[float]]) -> ReplicateScatter | None:
    """Pool the variance of ln RD within groups of replicates.

    s² = Σ (nᵢ − 1) sᵢ² / Σ (nᵢ − 1); CV = √(exp(s²) − 1); its interval from the chi-squared distribution of
    s² (CLSI EP05-A3).

    Parameters
    ----------
    groups
        Receptor densities of each group's replicates; what is not above zero has no logarithm and is left
        out.

    Returns
    -------
    ReplicateScatter or None
        None where no group has two.

    Examples
    --------
    >>> scatter = replicate_scatter([[100, 110], [2000, 1900, 2100]])
    >>> round(scatter.cv_percent, 1), scatter.n_groups, scatter.freedom
    (5.6, 2, 3)
    """
    logs = [np.log([value for value in group if value > 0]) for group in groups]
    usable = [values for values in logs if values.size > 1]
    freedom = sum(values.size - 1 for values in usable)
    if not freedom:
        return None
    squares = float(sum(np.sum((values - values.mean()) ** 2) for values in usable))
    low, high = _chi_squared_95(freedom)
    cv, cv_low, cv_high = (
        100 * float(np.sqrt(np.expm1(squares / divisor))) for divisor in (freedom, high, low)
    )
    return ReplicateScatter(cv, cv_low, cv_high, len(usable), freedom)


def _chi_squared_95(freedom: int) -> tuple[float, float]:
    from scipy.special import chdtri

    return float(chdtri(freedom, 0.975)), float(chdtri(freedom, 0.025))
