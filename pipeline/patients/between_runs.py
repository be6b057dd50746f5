"""Replicates on different bead runs give the error between runs, which every single tube has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from calibration.density.between_runs import BetweenRuns, RunMean, between_runs, run_mean, with_between_run_cv
from calibration.density.budget import ASSUMED_BETWEEN_RUN_CV, BetweenRunSource
from calibration.density.receptor_density import between_run_term
from calibration.density.replicates import MOST_SDS_APART, widest_gap
from calibration.density.result import ReceptorDensity, quotable_density
from calibration.distribution.widening import widened_distribution
from pipeline.patients.same_visit import tubes_by_visit
from pipeline.quantification.result import SampleResult
from pipeline.study.study import Study

TubesByRun = tuple[tuple[SampleResult, ...], ...]
"""The tubes of a visit, grouped by bead run."""


@dataclass(frozen=True, slots=True)
class BetweenRunTerm:
    """The between-run CV (a fraction) in every interval of a study, and its source.

    `shown`: the CV that replicates on different bead runs show, even if a CV was typed; None: no replicates.
    """

    cv: float
    source: BetweenRunSource
    shown: BetweenRuns | None = None


def with_between_runs(study: Study, results: Sequence[SampleResult]) -> tuple[SampleResult, ...]:
    """Return the tubes with the study's between-run CV in their intervals.

    A typed or assumed CV is in the intervals already. A CV that is estimated from replicates replaces the
    assumed one.
    """
    term = between_run_term_of(study, results)
    if term.source is not BetweenRunSource.ESTIMATED:
        return tuple(results)
    return tuple(_widened(tube, term.cv) for tube in results)


def _widened(tube: SampleResult, cv: float) -> SampleResult:
    cells = tube.distribution
    widened = None if cells is None else widened_distribution(cells, cv)
    return replace(tube, receptor=with_between_run_cv(tube.receptor, cv), distribution=widened)


def between_run_term_of(study: Study, results: Sequence[SampleResult]) -> BetweenRunTerm:
    """Return the between-run CV of a study: typed, else from its replicates, else assumed."""
    shown = between_runs_of(study, results)
    cv, source = between_run_term(study.settings.between_run_cv)
    if source is BetweenRunSource.ASSUMED and shown is not None:
        return BetweenRunTerm(shown.cv, BetweenRunSource.ESTIMATED, shown)
    return BetweenRunTerm(cv, source, shown)


def between_runs_of(study: Study, results: Sequence[SampleResult]) -> BetweenRuns | None:
    """Return the scatter between runs from a study's replicates; None if there are no replicates.

    Visits whose replicates contradict each other are left out, since an exchanged tube is not scatter. Visits
    are added one by one, the best agreeing first. The first visit that the CV of those before it cannot
    explain is left out, and so are all visits that agree less.
    """
    visits = [[tube.receptor for tubes in runs for tube in tubes] for runs in replicates(study, results)]
    means = [
        [run_mean(geometric_mean(tubes), [tube.receptor for tube in tubes]) for tubes in runs]
        for runs in replicates(study, results)
    ]
    several = [(tubes, runs) for tubes, runs in zip(visits, means, strict=True) if len(runs) > 1]
    agreeing: list[list[RunMean]] = []
    scatter: BetweenRuns | None = None
    for tubes, runs in sorted(several, key=lambda visit: _sds_apart(visit[0], 0.0)):
        if _sds_apart(tubes, scatter.cv if scatter else 0.0) > MOST_SDS_APART:
            break
        agreeing.append(runs)
        scatter = between_runs(agreeing)
    return scatter


def replicates(study: Study, results: Sequence[SampleResult]) -> tuple[TubesByRun, ...]:
    """Return the measured tubes of each visit, grouped by bead run."""
    run_of = {sample.sample_id: sample.bead_run for sample in study.samples}
    visits = []
    for tubes in tubes_by_visit(study, filter(_is_measured, results)).values():
        runs: dict[str, list[SampleResult]] = {}
        for tube in tubes:
            runs.setdefault(run_of[tube.sample_id], []).append(tube)
        visits.append(tuple(tuple(same) for same in runs.values()))
    return tuple(visits)


def geometric_mean(tubes: Sequence[SampleResult]) -> float:
    """Return the geometric mean of densities above zero."""
    return math.exp(math.fsum(math.log(tube.receptor.rd or 1.0) for tube in tubes) / len(tubes))


def _sds_apart(tubes: Sequence[ReceptorDensity], cv: float) -> float:
    """Return the widest gap between the tubes of a visit, in SDs, with at least this CV between runs."""
    gap = widest_gap([with_between_run_cv(tube, max(cv, ASSUMED_BETWEEN_RUN_CV)) for tube in tubes])
    return gap.sds if gap else 0.0


def _is_measured(result: SampleResult) -> bool:
    rd = quotable_density(result.receptor)
    return rd is not None and rd > 0
