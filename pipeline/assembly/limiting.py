"""The largest errors of a study's receptor densities, and the remedies: cells, beads, lot, replicates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from calibration.density.budget import ASSUMED_BETWEEN_RUN_CV, CELL_TERMS, BetweenRunSource, BudgetTerm
from calibration.density.limits import MOST_CV
from calibration.density.receptor_density import ReceptorDensity
from calibration.density.replicates import ReplicateScatter, replicate_scatter, widest_gap
from calibration.density.result import raw_estimate
from calibration.numbers import Z_95
from pipeline.patients.between_runs import (
    BetweenRunTerm,
    TubesByRun,
    between_run_term_of,
    geometric_mean,
    replicates,
)
from pipeline.quantification.result import SampleResult
from pipeline.study.study import Study
from pipeline.study.wording import counted

_REMEDIES: Final[Mapping[str, tuple[BudgetTerm, ...]]] = {
    "more cells": tuple(term for term in BudgetTerm if term in CELL_TERMS),
    "more or better beads": (BudgetTerm.STANDARD_CURVE, BudgetTerm.BEAD_MEDIANS),
    "a better known lot value": (BudgetTerm.LOT_ASSIGNMENT,),
    "a better known F:P": (BudgetTerm.F_P_RATIO,),
    "a bead run of the same day": (BudgetTerm.TRANSFER,),
    "replicates on other days": (BudgetTerm.BETWEEN_RUNS,),
    "a clearer split of the clone": (BudgetTerm.CLONE_SPLIT,),
}

_MOST_PERCENT: Final = 1_000.0
"""Percent: a higher upper limit of a CV is not reported; for one pair of replicates it is astronomical.
Convention: a scatter of more than ten-fold has no practical meaning."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """The possible gain of one remedy.

    Attributes
    ----------
    name, terms
        The remedy, and the terms of the error budget that it acts on.
    share_percent
        Share of a tube's variance (dex²), as the mean over the tubes; so dim tubes, whose relative errors are
        large, count no more than others.
    n_largest
        Number of tubes in which these terms are the largest part.
    fold
        95 % interval at the median variance of the tubes, as a factor: ×/÷.
    fold_without
        The same without these terms.
    """

    name: str
    terms: str
    share_percent: float
    n_largest: int
    fold: float
    fold_without: float


@dataclass(frozen=True, slots=True)
class Limiting:
    """The remedies, largest share first, over `n` tubes, and the scatter of replicates.

    `between_runs`: replicates of a visit on different bead runs; `within_run`: on the same one. `fed_in`: the
    between-run CV that the intervals include, in words; `between_run_cv` (a fraction), `between_run_from`:
    the same as a number, and its source.
    """

    n: int
    remedies: tuple[Remedy, ...] = ()
    between_runs: ReplicateScatter | None = None
    within_run: ReplicateScatter | None = None
    fed_in: str = ""
    between_run_cv: float = 0.0
    between_run_from: BetweenRunSource = BetweenRunSource.NONE

    def sentences(self) -> tuple[str, ...]:
        """Return sentences on the best remedy and on the scatter of replicates."""
        return tuple(text for text in (self._first(), *self._replicates()) if text)

    def _first(self) -> str:
        if not self.remedies:
            return "No tube has a receptor density with an interval, so it is not known what limits it."
        best = self.remedies[0]
        return (
            f"The largest part of the error would disappear with {best.name}: {best.share_percent:.0f} % of "
            f"the variance of a density (mean of {counted(self.n, 'tube')}). The middle 95 % interval is "
            f"×/÷ {best.fold:.2f} now, and ×/÷ {best.fold_without:.2f} at best without that part."
        )

    def _replicates(self) -> Iterable[str]:
        for words, scatter in (
            ("on different bead runs (between runs)", self.between_runs),
            ("on the same bead run (between tubes)", self.within_run),
        ):
            if scatter is not None:
                interval = (
                    f"{scatter.low:.1f} to {scatter.high:.1f} %"
                    if scatter.high <= _MOST_PERCENT
                    else f"from {scatter.low:.1f} %, without a useful upper limit"
                )
                yield (
                    f"Replicates {words} differ by a CV of {scatter.cv_percent:.1f} % (95 % interval "
                    f"{interval}, {counted(scatter.n_groups, 'visit')}, {_freedom(scatter.freedom)})."
                )
        yield self.fed_in


def limiting(study: Study, results: Sequence[SampleResult]) -> Limiting:
    """Return the limiting errors of all tubes with a density, whatever their status."""
    densities = [result.receptor for result in results if _has_budget(result.receptor)]
    same, different = _replicates(study, results)
    remedies = sorted(_remedies(densities, study), key=lambda remedy: (-remedy.share_percent, remedy.name))
    scatter = replicate_scatter(different), replicate_scatter(same)
    term = between_run_term_of(study, results)
    fed_in = " ".join(_between_run_sentences(term)) if densities else ""
    return Limiting(len(densities), tuple(remedies), *scatter, fed_in, term.cv, term.source)


def _between_run_sentences(term: BetweenRunTerm) -> Iterable[str]:
    """Yield sentences on the between-run CV in the intervals and its source, or that there is none."""
    cv = f"{100 * term.cv:.3g} %"
    if term.source is BetweenRunSource.NONE:
        yield (
            "Every interval is a within-run interval: the setting between_run_cv is 0. What differs from one "
            "run to the next is not in it: it is too narrow to compare runs."
        )
    elif term.source is BetweenRunSource.TYPED:
        yield f"Every interval includes the between-run CV of the setting between_run_cv, {cv}."
    elif term.source is BetweenRunSource.ASSUMED:
        yield (
            f"Every interval includes an assumed between-run CV of {cv}: the setting between_run_cv is "
            "empty, and no visit has replicates on different bead runs. If the true CV is larger, the "
            "intervals are too narrow; such replicates would show it."
        )
    else:
        yield f"Every interval includes a between-run CV of {cv}, estimated from replicates."
    if term.shown is not None:
        yield (
            f"Replicates on different bead runs differ by {100 * term.shown.observed:.1f} %; their own "
            f"errors explain {100 * term.shown.expected:.1f} % ({_freedom(term.shown.freedom)})."
        )
    if term.source is BetweenRunSource.ESTIMATED:
        yield f"The LLOQs include the {100 * ASSUMED_BETWEEN_RUN_CV:g} % that are assumed without replicates."
        if term.cv >= MOST_CV:
            yield f"With {cv} no density reaches the {100 * MOST_CV:g} % that defines the LLOQ."


def _freedom(n: int) -> str:
    return f"{n} degree of freedom" if n == 1 else f"{n} degrees of freedom"


def _has_budget(receptor: ReceptorDensity) -> bool:
    return raw_estimate(receptor) is not None and bool(receptor.budget)


def _remedies(densities: Sequence[ReceptorDensity], study: Study) -> Iterable[Remedy]:
    if not densities:
        return
    source = max(densities, key=lambda density: density.between_run_cv).between_run_from
    budget_names = {term.name for density in densities for term in density.budget}
    remedies = {name: terms for name, terms in _REMEDIES.items() if budget_names.intersection(terms)}
    parts = [{name: _variance(density, terms) for name, terms in remedies.items()} for density in densities]
    totals = [sum(part.values()) for part in parts]
    largest = [max(part, key=part.__getitem__) for part in parts]
    for name, terms in remedies.items():
        own = [part[name] for part in parts]
        without_own = [total - mine for total, mine in zip(totals, own, strict=True)]
        share = 100 * math.fsum(map(_ratio, own, totals)) / len(totals)
        yield Remedy(
            name,
            ", ".join(_with_assumption(term, study, source) for term in terms),
            share,
            largest.count(name),
            _fold(_middle(totals)),
            _fold(_middle(without_own)),
        )


def _with_assumption(term: BudgetTerm, study: Study, source: BetweenRunSource) -> str:
    """Return a term's name; add that its size is assumed if some bead run or panel lacks a typed value."""
    settings = study.settings
    if term is BudgetTerm.LOT_ASSIGNMENT and any(run.assigned_cv is None for run in study.bead_runs):
        return f"{term} (assumed: lot_assignment_cv {100 * settings.lot_assignment_cv:g} %)"
    if term is BudgetTerm.F_P_RATIO and any(panel.quantified.f_p_ratio_sd is None for panel in study.panels):
        return f"{term} (assumed: f_p_cv {100 * settings.f_p_cv:g} %)"
    if term is BudgetTerm.BETWEEN_RUNS and source is BetweenRunSource.ASSUMED:
        return f"{term} (assumed: between_run_cv {100 * ASSUMED_BETWEEN_RUN_CV:g} %)"
    return term


def _variance(receptor: ReceptorDensity, terms: Sequence[BudgetTerm]) -> float:
    return math.fsum(term.sd_dex**2 for term in receptor.budget if term.name in terms)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _middle(values: Sequence[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else 0.5 * (ordered[half - 1] + ordered[half])


def _fold(variance: float) -> float:
    return float(10.0 ** (Z_95 * math.sqrt(max(variance, 0.0))))


def _contradicts(visit: TubesByRun) -> bool:
    gap = widest_gap(tube.receptor for tubes in visit for tube in tubes)
    return gap is not None and gap.is_contradiction


def _replicates(study: Study, results: Sequence[SampleResult]) -> tuple[list[list[float]], list[list[float]]]:
    """Return the densities of replicates on one bead run, and the run means of visits with several runs.

    Visits with contradicting replicates are left out: an exchanged tube is no random scatter.
    """
    visits = [visit for visit in replicates(study, results) if not _contradicts(visit)]
    same = [[float(tube.receptor.rd or 0.0) for tube in tubes] for runs in visits for tubes in runs]
    different = [[geometric_mean(tubes) for tubes in runs] for runs in visits]
    return [group for group in same if len(group) > 1], [group for group in different if len(group) > 1]
