"""How much more bead runs differ than their error budgets say, and intervals that include this error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration.density.budget import (
    ASSUMED_BETWEEN_RUN_CV,
    CELL_TERMS,
    VISIT_TERMS,
    BetweenRunSource,
    BudgetTerm,
)
from calibration.density.error_model import log_sd
from calibration.density.result import ReceptorDensity
from calibration.density.widening import with_size
from calibration.numbers import UPPER_95, Z_95

PRIOR_FREEDOM = 0.7
"""Degrees of freedom of the assumed CV when it is combined with replicates. Convention: so few that the
interval of one pair covers 94 % where the true CV is twice the assumed one, and 90 % where it is three times
(docs/validation.md)."""

TYPED_CV_FREEDOM = 20
"""Degrees of freedom of a between-run CV that was entered or estimated. Convention: the days of a precision
study (CLSI EP05-A3)."""


@dataclass(frozen=True, slots=True)
class RunMean:
    """A visit's density by one bead run, and the variance of its logarithm by its own budget alone."""

    rd: float
    log_variance: float


@dataclass(frozen=True, slots=True)
class BetweenRuns:
    """The between-run error that replicates on different bead runs show; CVs as fractions.

    Attributes
    ----------
    cv
        Between-run CV for a single tube's budget; 0 where the budget explains the scatter.
    observed, expected
        Scatter of the replicates, and what their budgets give.
    n_groups, freedom
        Visits, and replicates less visits.
    """

    cv: float
    observed: float
    expected: float
    n_groups: int
    freedom: int


def between_runs(
    groups: Sequence[Sequence[RunMean]], assumed_cv: float = ASSUMED_BETWEEN_RUN_CV
) -> BetweenRuns | None:
    """Estimate the between-run CV from the scatter of replicates and the assumed CV, less their own errors.

    Parameters
    ----------
    groups
        Of each visit, a mean per bead run, densities above zero.
    assumed_cv
        CV between runs that is assumed without replicates (a fraction).

    Returns
    -------
    BetweenRuns or None
        None where no visit has two runs.

    Examples
    --------
    >>> pairs = [(100, 125), (200, 170), (50, 60), (900, 1100)]
    >>> shown = between_runs([[RunMean(rd, 0.0025) for rd in pair] for pair in pairs])
    >>> round(shown.observed, 3), round(shown.expected, 3), round(shown.cv, 3)
    (0.137, 0.05, 0.166)
    """
    usable = [group for group in groups if len(group) > 1]
    freedom = sum(len(group) - 1 for group in usable)
    if not freedom:
        return None
    logs = [np.log([run.rd for run in group]) for group in usable]
    observed = float(sum(np.sum((log - log.mean()) ** 2) for log in logs)) / freedom
    weighted = (np.mean([run.log_variance for run in group]) * (len(group) - 1) for group in usable)
    expected = float(sum(weighted)) / freedom
    joined = joined_variance(observed, freedom, expected + log_sd(assumed_cv) ** 2)
    return BetweenRuns(_cv(max(joined - expected, 0.0)), _cv(observed), _cv(expected), len(usable), freedom)


def joined_variance(
    observed: float, freedom: int, expected: float, prior_freedom: float = PRIOR_FREEDOM
) -> float:
    """Join the variance that replicates show with the variance that is expected.

    (ν·s² + ν₀·v)/(ν + ν₀) · k with k = 1 + ν/(ν + ν₀)·((t/1.96)² − 1), t being Student's with ν + ν₀ degrees
    of freedom. The expected variance counts as ν₀ degrees of freedom, and the result is widened where the
    degrees of freedom are few. The part of v is never more than v, so replicates that agree never widen the
    result. Without replicates the result is v; it increases with s², and changes in small steps with ν.

    Parameters
    ----------
    observed, freedom
        Variance s² of the replicates and its degrees of freedom ν (0: none).
    expected, prior_freedom
        Variance v and the degrees of freedom ν₀ that it counts for.

    Examples
    --------
    >>> [round(joined_variance(0.04, freedom, 0.01), 3) for freedom in (0, 1, 2, 8)]
    [0.01, 0.114, 0.08, 0.05]
    """
    from scipy.special import stdtrit

    if not freedom:
        return expected
    whole = freedom + prior_freedom
    wide = 1 + freedom / whole * ((float(stdtrit(whole, UPPER_95)) / Z_95) ** 2 - 1)
    return freedom / whole * wide * observed + min(prior_freedom / whole * wide, 1.0) * expected


def _cv(log_variance: float) -> float:
    return float(np.sqrt(np.expm1(log_variance)))


def run_mean(rd: float, tubes: Sequence[ReceptorDensity]) -> RunMean:
    """Return a visit's mean by one bead run: its tubes share the curve; only cell errors average out."""
    elsewhere = CELL_TERMS | VISIT_TERMS | {BudgetTerm.BETWEEN_RUNS}
    every = [(term.name, (term.sd_dex * np.log(10)) ** 2) for tube in tubes for term in tube.budget]
    cells = sum(variance for term, variance in every if term in CELL_TERMS)
    curve = sum(variance for term, variance in every if term not in elsewhere)
    return RunMean(rd, float((curve + cells / len(tubes)) / len(tubes)))


def with_between_run_cv(
    density: ReceptorDensity, cv: float, source: BetweenRunSource = BetweenRunSource.ESTIMATED
) -> ReceptorDensity:
    """Put a between-run CV (a fraction) into a density's interval and budget, in place of an earlier one.

    Squares of half-widths are added and subtracted on the log scale, or on the linear scale where the
    interval reaches zero. The interval never becomes narrower than the other terms of the budget.
    """
    if density.rd is None or density.rd_low is None or density.rd_high is None:
        return density
    new, old = log_sd(cv), log_sd(density.between_run_cv)
    low, high = _wider(density, Z_95**2 * (new**2 - old**2))
    size = abs(density.rd) * new
    scale = max(abs(density.rd), (high - low) / (2 * Z_95)) * np.log(10)
    return replace(
        density,
        rd_low=low,
        rd_high=high,
        gcv_percent=100 * _cv(((np.log(high) - np.log(low)) / (2 * Z_95)) ** 2) if low > 0 else None,
        analytic_sd=None if density.analytic_sd is None else _analytic(density, density.analytic_sd, size),
        budget=with_size(density.budget, BudgetTerm.BETWEEN_RUNS, float(size / scale) if scale else 0.0),
        between_run_cv=cv,
        between_run_from=source,
    )


def _wider(density: ReceptorDensity, more: float) -> tuple[float, float]:
    """Return the interval with `more` added to the squares of its half-widths (of ln RD)."""
    rd, low, high = density.rd or 0.0, density.rd_low or 0.0, density.rd_high or 0.0
    other_variance = sum(
        term.sd_dex**2 for term in density.budget if term.name is not BudgetTerm.BETWEEN_RUNS
    )
    least = Z_95**2 * other_variance * np.log(10) ** 2 if more < 0 else 0.0
    if low > 0:
        down, up = (np.sqrt(max(float(half) ** 2 + more, least)) for half in np.log([rd / low, high / rd]))
        return float(rd * np.exp(-down)), float(rd * np.exp(up))
    size = max(abs(rd), (high - low) / (2 * Z_95)) if least else 0.0
    down, up = (np.sqrt(max(half**2 + more * rd**2, least * size**2)) for half in (rd - low, high - rd))
    return float(rd - down), float(rd + up)


def _analytic(density: ReceptorDensity, sd: float, size: float) -> float:
    old = abs(density.rd or 0.0) * log_sd(density.between_run_cv)
    return float(np.sqrt(max(sd**2 - old**2, 0.0) + size**2))
