"""Replicates of one patient and visit: how much they differ, and whether they contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from calibration.density.budget import ASSUMED_BETWEEN_RUN_CV, BudgetTerm
from calibration.density.result import RdStatus, ReceptorDensity, known_to_exceed
from calibration.numbers import LOWER_95, UPPER_95, Z_95

MOST_SDS_APART = 7.0
"""Largest difference of two replicates, in SDs of the difference. Convention: a pair from an assay with a CV
of 30 % between runs, for which 10 % is assumed, hardly ever differs by so much; bright densities do if they
differ 3.5-fold."""

WITH_ESTIMATE = (RdStatus.OK, RdStatus.ABOVE_ULOQ_EXTRAPOLATED, RdStatus.BELOW_LLOQ)
"""Statuses of replicates that have a number, even below the LLOQ."""

NEAREST_TO_A_NUMBER = (
    RdStatus.NOT_QUANTIFIABLE,
    RdStatus.NO_BACKGROUND,
    RdStatus.LOW_EVENTS,
    RdStatus.NO_CURVE,
    RdStatus.FAILED,
)
"""Statuses without a number; the first is nearest to a number. The first status in this order that any tube
has is the visit's status. Convention."""


@dataclass(frozen=True, slots=True)
class ReplicateScatter:
    """Geometric CV of replicates in percent, with its 95 % interval; `freedom` = replicates − groups."""

    cv_percent: float
    low: float
    high: float
    n_groups: int
    freedom: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Two replicates: densities per cell (`high` a lower bound where `is_bound`), and how many SDs apart."""

    low: float
    high: float
    is_bound: bool
    sds: float

    @property
    def is_contradiction(self) -> bool:
        """Whether no plausible error explains the difference."""
        return self.sds > MOST_SDS_APART


@dataclass(frozen=True, slots=True)
class _Reading:
    """A replicate: value or lower bound, its SD near zero (molecules), its SD at its size (a fraction).

    `is_below`: the value lies below its LLOQ.
    """

    value: float
    is_bound: bool
    absolute: float
    relative: float
    is_below: bool = False


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

    return float(chdtri(freedom, UPPER_95)), float(chdtri(freedom, LOWER_95))


def widest_gap(members: Iterable[ReceptorDensity], between_run_cv: float = 0.0) -> Gap | None:
    """Return the two replicates that lie farthest apart in SDs of their difference.

    A reading is x = μ·exp(η) + ε, with η relative and ε absolute; asinh(b·x/a) has an SD of b at every size,
    so that readings below zero and bright ones are compared alike (Durbin et al. 2002,
    doi:10.1093/bioinformatics/18.suppl_1.S105). a is the SD of the dimmer one, b that of both at their size,
    from the replicates' own intervals with a CV between runs of at least 10 %. A replicate above the range
    counts as its bound, and is compared only with a number below that bound. Two replicates below their LLOQ
    are not compared: both are only known to lie below it.

    Parameters
    ----------
    members
        Replicates, any status.
    between_run_cv
        Of the study (a fraction), where the intervals do not hold it.

    Returns
    -------
    Gap or None
        None with fewer than two that can be compared.

    Examples
    --------
    >>> low = ReceptorDensity(RdStatus.OK, 500, rd=2e4, rd_low=1.6e4, rd_high=2.5e4)
    >>> high = ReceptorDensity(RdStatus.OK, 500, rd=2e5, rd_low=1.6e5, rd_high=2.5e5)
    >>> gap = widest_gap([low, high])
    >>> round(gap.sds, 1), gap.is_contradiction
    (10.2, True)
    """
    least = max(between_run_cv, ASSUMED_BETWEEN_RUN_CV)
    readings = [reading for member in members if (reading := _reading(member, least)) is not None]
    ordered = sorted(readings, key=lambda reading: (reading.value, reading.is_bound))
    pairs = [
        (low, high)
        for low, high in combinations(ordered, 2)
        if not low.is_bound and not (low.is_below and high.is_below)
    ]
    gaps = [Gap(low.value, high.value, high.is_bound, _sds(low, high)) for low, high in pairs]
    return max(gaps, key=lambda gap: (gap.sds, gap.high, -gap.low), default=None)


def status_without_number(members: Sequence[ReceptorDensity]) -> RdStatus:
    """Return the status of a visit while no tube of it has a number, in whatever order they come."""
    kinds = {member.status for member in members}
    return next((kind for kind in NEAREST_TO_A_NUMBER if kind in kinds), members[0].status)


def has_estimate(member: ReceptorDensity) -> bool:
    """Return whether a replicate has a number, even below the LLOQ."""
    return member.status in WITH_ESTIMATE and member.rd is not None


def _reading(member: ReceptorDensity, between_run_cv: float) -> _Reading | None:
    least = float(np.log1p(between_run_cv**2))
    if member.status is RdStatus.ABOVE_ULOQ:
        bound = known_to_exceed(member)
        return None if bound is None else _Reading(bound, True, 0.0, float(np.sqrt(least)))
    if member.rd is None or not has_estimate(member):
        return None
    low = member.rd_low if member.rd_low is not None else member.rd
    high = member.rd_high if member.rd_high is not None else member.rd
    below = member.status is RdStatus.BELOW_LLOQ
    if low > 0:
        own = float((np.log(high) - np.log(low)) / (2 * Z_95)) ** 2
        between_runs_part = own * sum(
            term.share for term in member.budget if term.name is BudgetTerm.BETWEEN_RUNS
        )
        relative = float(np.sqrt(own - between_runs_part + max(between_runs_part, least)))
        return _Reading(
            member.rd, False, float(np.sqrt(own - between_runs_part)) * member.rd, relative, below
        )
    return _Reading(member.rd, False, (high - low) / (2 * Z_95), float(np.sqrt(least)), below)


def _sds(low: _Reading, high: _Reading) -> float:
    b = float(np.sqrt((low.relative**2 + high.relative**2) / 2))
    a = max(low.absolute, 1.0)
    apart = np.arcsinh(b * high.value / a) - np.arcsinh(b * low.value / a)
    return float(apart / (b * np.sqrt(2)))
