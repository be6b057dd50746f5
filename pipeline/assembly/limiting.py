"""What limits the receptor densities of a study, and so what would help: cells, beads, lot, replicates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from calibration.density.between_runs import FEWEST_FREEDOM
from calibration.density.budget import CELL_TERMS, BudgetTerm
from calibration.density.receptor_density import ReceptorDensity
from calibration.density.replicates import ReplicateScatter, replicate_scatter
from calibration.numbers import Z_95
from pipeline.patients.between_runs import between_runs_of, geometric_mean, replicates
from pipeline.quantification.result import SampleResult
from pipeline.study.study import Study

_REMEDIES: Final[Mapping[str, tuple[BudgetTerm, ...]]] = {
    "more cells": tuple(term for term in BudgetTerm if term in CELL_TERMS),
    "more or better beads": (BudgetTerm.STANDARD_CURVE, BudgetTerm.BEAD_MEDIANS),
    "a better known lot value": (BudgetTerm.LOT_ASSIGNMENT,),
    "a better known F:P": (BudgetTerm.F_P_RATIO,),
    "a bead run of the same day": (BudgetTerm.TRANSFER,),
    "replicates on other days": (BudgetTerm.BETWEEN_RUNS,),
    "a clearer split of the clone": (BudgetTerm.CLONE_SPLIT,),
}


@dataclass(frozen=True, slots=True)
class Remedy:
    """What one remedy could win.

    Attributes
    ----------
    name, terms
        The remedy, and the terms of the error budget that it acts on.
    share_percent
        Of a tube's variance (dex²), the mean over the tubes: dim ones, whose relative errors are large, count
        no more than others.
    n_largest
        Tubes in which these terms are the largest part.
    fold
        95 % interval of the middle tube as a factor: ×/÷.
    fold_without
        The same if these terms were gone.
    """

    name: str
    terms: str
    share_percent: float
    n_largest: int
    fold: float
    fold_without: float


@dataclass(frozen=True, slots=True)
class Limiting:
    """The remedies, largest share first, over `n` tubes; and what replicates say.

    `between_runs`: replicates of a visit on different bead runs; `within_run`: on the same one.
    `fed_in`: what of it single tubes carry, in words.
    """

    n: int
    remedies: tuple[Remedy, ...] = ()
    between_runs: ReplicateScatter | None = None
    within_run: ReplicateScatter | None = None
    fed_in: str = ""

    def sentences(self) -> tuple[str, ...]:
        """Return what to do first, and what replicates show."""
        return tuple(text for text in (self._first(), *self._replicates()) if text)

    def _first(self) -> str:
        if not self.remedies:
            return "No tube has a receptor density with an interval: nothing can be said of what limits it."
        best = self.remedies[0]
        return (
            f"{best.share_percent:.0f} % of the variance of a density (mean of {self.n}) would go with "
            f"{best.name}: the middle 95 % interval is ×/÷ {best.fold:.2f} and would be "
            f"×/÷ {best.fold_without:.2f} at best."
        )

    def _replicates(self) -> Iterable[str]:
        for words, scatter in (
            ("on different bead runs (between runs)", self.between_runs),
            ("on the same bead run (between tubes)", self.within_run),
        ):
            if scatter is not None:
                yield (
                    f"Replicates {words} differ by a CV of {scatter.cv_percent:.1f} % (95 % interval "
                    f"{scatter.low:.1f} to {scatter.high:.1f} %, {scatter.n_groups} visits, "
                    f"{scatter.freedom} degrees of freedom)."
                )
        yield self.fed_in


def limiting(study: Study, results: Sequence[SampleResult]) -> Limiting:
    """Return what limits the densities of the tubes that have one, whatever their status."""
    densities = [result.receptor for result in results if _has_budget(result.receptor)]
    same, different = _replicates(study, results)
    remedies = sorted(_remedies(densities, study), key=lambda remedy: (-remedy.share_percent, remedy.name))
    scatter = replicate_scatter(different), replicate_scatter(same)
    return Limiting(len(densities), tuple(remedies), *scatter, _fed_in(study, results) if densities else "")


def _fed_in(study: Study, results: Sequence[SampleResult]) -> str:
    """Say which between-run CV the intervals of single tubes hold, or that they hold none."""
    typed = study.settings.between_run_cv
    if typed > 0:
        return f"Every interval holds the between-run CV of the setting between_run_cv, {100 * typed:.3g} %."
    scatter = between_runs_of(study, results)
    if scatter is None:
        return (
            "No interval holds a term between runs: no setting between_run_cv, and fewer than "
            f"{FEWEST_FREEDOM} degrees of freedom of replicates on different bead runs."
        )
    observed = (
        f"replicates on different bead runs differ by {100 * scatter.observed:.1f} %, their own errors "
        f"account for {100 * scatter.expected:.1f} %"
    )
    return f"Every interval holds a between-run CV of {100 * scatter.cv:.1f} %: {observed}."


def _has_budget(receptor: ReceptorDensity) -> bool:
    return receptor.rd is not None and bool(receptor.budget)


def _remedies(densities: Sequence[ReceptorDensity], study: Study) -> Iterable[Remedy]:
    if not densities:
        return
    known = {term.name for density in densities for term in density.budget}
    wanted = {name: terms for name, terms in _REMEDIES.items() if known.intersection(terms)}
    parts = [{name: _variance(density, terms) for name, terms in wanted.items()} for density in densities]
    totals = [sum(part.values()) for part in parts]
    largest = [max(part, key=part.__getitem__) for part in parts]
    for name, terms in wanted.items():
        own = [part[name] for part in parts]
        rest = [total - mine for total, mine in zip(totals, own, strict=True)]
        share = 100 * math.fsum(map(_ratio, own, totals)) / len(totals)
        yield Remedy(
            name,
            ", ".join(_with_assumption(term, study) for term in terms),
            share,
            largest.count(name),
            _fold(_middle(totals)),
            _fold(_middle(rest)),
        )


def _with_assumption(term: BudgetTerm, study: Study) -> str:
    """Say beside a term that its size is assumed, where nobody typed it for some bead run or panel."""
    settings = study.settings
    if term is BudgetTerm.LOT_ASSIGNMENT and any(run.assigned_cv is None for run in study.beads):
        return f"{term} (assumed: lot_assignment_cv {100 * settings.lot_assignment_cv:g} %)"
    if term is BudgetTerm.F_P_RATIO and any(panel.quantified.f_p_ratio_sd is None for panel in study.panels):
        return f"{term} (assumed: f_p_cv {100 * settings.f_p_cv:g} %)"
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


def _replicates(study: Study, results: Sequence[SampleResult]) -> tuple[list[list[float]], list[list[float]]]:
    """Return the densities of replicates on one bead run, and of visits on several (their runs' means)."""
    visits = replicates(study, results)
    same = [[float(tube.receptor.rd or 0.0) for tube in tubes] for runs in visits for tubes in runs]
    different = [[geometric_mean(tubes) for tubes in runs] for runs in visits]
    return [group for group in same if len(group) > 1], [group for group in different if len(group) > 1]
