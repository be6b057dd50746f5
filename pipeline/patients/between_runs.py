"""Replicates on different bead runs: what they add to the interval of every single tube."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from calibration.density.between_runs import BetweenRuns, between_runs, run_mean, widened
from calibration.density.receptor_density import QUANTIFIED
from pipeline.quantification.result import SampleResult
from pipeline.study.study import Study

Visit = tuple[tuple[SampleResult, ...], ...]
"""The tubes of a visit, by bead run."""


def with_between_runs(study: Study, results: Sequence[SampleResult]) -> tuple[SampleResult, ...]:
    """Return the tubes with the study-wide between-run CV in their intervals, where replicates tell one.

    The setting `between_run_cv` goes first: with it every tube has its term already.
    """
    found = between_runs_of(study, results)
    if study.settings.between_run_cv > 0 or found is None:
        return tuple(results)
    return tuple(replace(one, receptor=widened(one.receptor, found.cv)) for one in results)


def between_runs_of(study: Study, results: Sequence[SampleResult]) -> BetweenRuns | None:
    """Return what a study's replicates say of the scatter between runs; None where they are too few."""
    return between_runs(
        [
            [run_mean(geometric_mean(tubes), [tube.receptor for tube in tubes]) for tubes in runs]
            for runs in replicates(study, results)
        ]
    )


def replicates(study: Study, results: Sequence[SampleResult]) -> tuple[Visit, ...]:
    """Return the measured tubes of each visit, by bead run; a visit is one patient, tissue and kit."""
    typed = {sample.sample_id: sample for sample in study.samples}
    kits = {run.beads: study.unit_run(run.beads).kit for run in study.beads}
    visits: dict[tuple[str, str, str, str], dict[str, list[SampleResult]]] = {}
    for result in filter(_is_measured, results):
        sample = typed[result.sample_id]
        when = sample.visit or sample.collected_on.isoformat()
        key = (sample.patient_id, when, sample.tissue, kits.get(sample.beads, ""))
        visits.setdefault(key, {}).setdefault(sample.beads, []).append(result)
    return tuple(tuple(tuple(tubes) for tubes in runs.values()) for runs in visits.values())


def geometric_mean(tubes: Sequence[SampleResult]) -> float:
    """Return the geometric mean of densities above zero."""
    return math.exp(math.fsum(math.log(tube.receptor.rd or 1.0) for tube in tubes) / len(tubes))


def _is_measured(result: SampleResult) -> bool:
    found = result.receptor
    above = found.lloq is None or (found.rd or 0.0) >= found.lloq
    return found.status in QUANTIFIED and (found.rd or 0.0) > 0 and above
