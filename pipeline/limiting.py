"""What limits the receptor densities of a study, and so what would help: cells, beads, lot, replicates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from calibration.receptor_density import ReceptorDensity
from calibration.replicates import ReplicateScatter, replicate_scatter
from pipeline.outcome import Outcome
from pipeline.sample_result import SampleResult
from pipeline.visits import QUANTIFIED

_NORMAL_95: Final = 1.959964
_REMEDIES: Final[Mapping[str, tuple[str, ...]]] = {
    "more cells": ("stained cells", "control cells", "background model"),
    "more or better beads": ("standard curve", "bead peak medians"),
    "a better known lot value": ("lot assignment",),
    "a better known F:P": ("F:P ratio",),
    "a bead run of the same day": ("transfer between runs of beads",),
    "replicates on other days": ("between runs",),
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
    """

    n: int
    remedies: tuple[Remedy, ...] = ()
    between_runs: ReplicateScatter | None = None
    within_run: ReplicateScatter | None = None

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
        for words, found in (
            ("on different bead runs (between runs)", self.between_runs),
            ("on the same bead run (between tubes)", self.within_run),
        ):
            if found is not None:
                yield (
                    f"Replicates {words} differ by a CV of {found.cv_percent:.1f} % (95 % interval "
                    f"{found.low:.1f} to {found.high:.1f} %, {found.n_groups} visits, "
                    f"{found.freedom} degrees of freedom)."
                )
        if self.between_runs is not None:
            yield (
                f"Set between_run_cv to {self.between_runs.cv_percent / 100:.3g} where single tubes should "
                "carry it; it holds their cells' and curves' errors too."
            )


def limiting(outcome: Outcome) -> Limiting:
    """Return what limits the densities of the tubes that have one, whatever their status."""
    found = [result.receptor for result in outcome.results if _has_budget(result.receptor)]
    same, different = _replicates(outcome)
    remedies = sorted(_remedies(found), key=lambda remedy: (-remedy.share_percent, remedy.name))
    return Limiting(len(found), tuple(remedies), replicate_scatter(different), replicate_scatter(same))


def _has_budget(found: ReceptorDensity) -> bool:
    return found.rd is not None and bool(found.budget)


def _remedies(found: Sequence[ReceptorDensity]) -> Iterable[Remedy]:
    if not found:
        return
    parts = [{name: _variance(one, terms) for name, terms in _REMEDIES.items()} for one in found]
    totals = [sum(part.values()) for part in parts]
    largest = [max(part, key=part.__getitem__) for part in parts]
    for name, terms in _REMEDIES.items():
        own = [part[name] for part in parts]
        rest = [total - mine for total, mine in zip(totals, own, strict=True)]
        share = 100 * math.fsum(map(_ratio, own, totals)) / len(totals)
        yield Remedy(
            name, ", ".join(terms), share, largest.count(name), _fold(_middle(totals)), _fold(_middle(rest))
        )


def _variance(found: ReceptorDensity, terms: Sequence[str]) -> float:
    return math.fsum(term.sd_dex**2 for term in found.budget if term.name in terms)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _middle(values: Sequence[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else 0.5 * (ordered[half - 1] + ordered[half])


def _fold(variance: float) -> float:
    return float(10.0 ** (_NORMAL_95 * math.sqrt(max(variance, 0.0))))


def _replicates(outcome: Outcome) -> tuple[list[list[float]], list[list[float]]]:
    """Return the densities of replicates on one bead run, and of visits on several (their runs' means)."""
    typed = {sample.sample_id: sample for sample in outcome.study.samples}
    kits = {run.beads: outcome.study.unit_run(run.beads).kit for run in outcome.study.beads}
    visits: dict[tuple[str, str, str, str], dict[str, list[float]]] = {}
    for result in filter(_is_measured, outcome.results):
        sample = typed[result.sample_id]
        when = sample.visit or sample.collected_on.isoformat()
        key = (sample.patient_id, when, sample.tissue, kits.get(sample.beads, ""))
        visits.setdefault(key, {}).setdefault(sample.beads, []).append(float(result.receptor.rd or 0.0))
    same = [group for runs in visits.values() for group in runs.values() if len(group) > 1]
    different = [[_geometric(group) for group in runs.values()] for runs in visits.values() if len(runs) > 1]
    return same, different


def _is_measured(result: SampleResult) -> bool:
    found = result.receptor
    above = found.lloq is None or (found.rd or 0.0) >= found.lloq
    return found.status in QUANTIFIED and (found.rd or 0.0) > 0 and above


def _geometric(values: Sequence[float]) -> float:
    return math.exp(math.fsum(math.log(value) for value in values) / len(values))
