"""How much more runs differ than the budget of their densities says, and intervals that carry it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.density.budget import CELL_TERMS, LOT_TERMS, BudgetTerm
from calibration.density.result import ReceptorDensity
from calibration.density.widening import with_term
from calibration.numbers import Z_95

FEWEST_FREEDOM = 3
"""Degrees of freedom that an estimate between runs needs. Convention: fewer say little of a variance."""


@dataclass(frozen=True, slots=True)
class RunMean:
    """A visit's density by one bead run, and the variance of its logarithm that the budget gives it alone."""

    rd: float
    log_variance: float


@dataclass(frozen=True, slots=True)
class BetweenRuns:
    """What replicates on different bead runs show: CVs as fractions.

    Attributes
    ----------
    cv
        To be added to a single tube's budget; 0 where the budget explains the scatter.
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


def between_runs(groups: Sequence[Sequence[RunMean]]) -> BetweenRuns | None:
    """Estimate the error that the budget misses: the scatter of replicates less their own errors.

    The pooled variance s² of ln RD, n degrees of freedom, is shrunk toward what the budgets expect, as if
    these were worth one replicate more; then widened by Student's t with n + 1 degrees of freedom over the
    normal, since an interval that takes it for known would be too narrow; then the budgets' part is taken
    off.

    Parameters
    ----------
    groups
        Of each visit, a mean per bead run, densities above zero.

    Returns
    -------
    BetweenRuns or None
        None with fewer than three degrees of freedom.

    Examples
    --------
    >>> pairs = [(100, 125), (200, 170), (50, 60), (900, 1100)]
    >>> shown = between_runs([[RunMean(rd, 0.0025) for rd in pair] for pair in pairs])
    >>> round(shown.observed, 3), round(shown.expected, 3), round(shown.cv, 3)
    (0.137, 0.05, 0.156)
    """
    from scipy.special import stdtrit

    usable = [group for group in groups if len(group) > 1]
    freedom = sum(len(group) - 1 for group in usable)
    if freedom < FEWEST_FREEDOM:
        return None
    logs = [np.log([run.rd for run in group]) for group in usable]
    observed = float(sum(np.sum((log - log.mean()) ** 2) for log in logs)) / freedom
    weighted = (np.mean([run.log_variance for run in group]) * (len(group) - 1) for group in usable)
    expected = float(sum(weighted)) / freedom
    shrunk = (freedom * observed + expected) / (freedom + 1)
    wide = (float(stdtrit(freedom + 1, 0.975)) / Z_95) ** 2
    excess = max(shrunk * wide - expected, 0.0)
    return BetweenRuns(_cv(excess), _cv(observed), _cv(expected), len(usable), freedom)


def _cv(log_variance: float) -> float:
    return float(np.sqrt(np.expm1(log_variance)))


def run_mean(rd: float, tubes: Sequence[ReceptorDensity]) -> RunMean:
    """Return a visit's mean by one bead run: its tubes share the curve; only their cells average out."""
    elsewhere = CELL_TERMS | LOT_TERMS | {BudgetTerm.BETWEEN_RUNS}
    every = [(term.name, (term.sd_dex * np.log(10)) ** 2) for tube in tubes for term in tube.budget]
    cells = sum(variance for term, variance in every if term in CELL_TERMS)
    curve = sum(variance for term, variance in every if term not in elsewhere)
    return RunMean(rd, float((curve + cells / len(tubes)) / len(tubes)))


def widened(density: ReceptorDensity, cv: float) -> ReceptorDensity:
    """Add a between-run CV (a fraction) to a density's interval and budget; it replaces an earlier one.

    Half-widths add in quadrature: on the log scale, or on the linear one where the interval reaches zero.
    """
    if density.rd is None or density.rd_low is None or density.rd_high is None or cv <= 0:
        return density
    log_sd = float(np.sqrt(np.log1p(cv**2)))
    return with_term(density, BudgetTerm.BETWEEN_RUNS, log_sd, abs(density.rd) * log_sd)
