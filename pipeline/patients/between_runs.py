"""Replicates on different bead runs: what they add to the interval of every single tube."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from calibration.density.between_runs import BetweenRuns, between_runs, run_mean, widened
from calibration.density.receptor_density import QUANTIFIED
from pipeline.patients.same_visit import tubes_by_visit
from pipeline.quantification.result import SampleResult
from pipeline.study.study import Study

Visit = tuple[tuple[SampleResult, ...], ...]
"""The tubes of a visit, by bead run."""


def with_between_runs(study: Study, results: Sequence[SampleResult]) -> tuple[SampleResult, ...]:
    """Return the tubes with the study-wide between-run CV in their intervals, where replicates tell one.

    The setting `between_run_cv` goes first: with it every tube has its term already.
    """
    scatter = between_runs_of(study, results)
    if study.settings.between_run_cv > 0 or scatter is None:
        return tuple(results)
    return tuple(replace(tube, receptor=widened(tube.receptor, scatter.cv)) for tube in results)


def between_runs_of(study: Study, results: Sequence[SampleResult]) -> BetweenRuns | None:
    """Return what a study's replicates say of the scatter between runs; None where they are too few."""
    return between_runs(
        [
            [run_mean(geometric_mean(tubes), [tube.receptor for tube in tubes]) for tubes in runs]
            for runs in replicates(study, results)
        ]
    )


def replicates(study: Study, results: Sequence[SampleResult]) -> tuple[Visit, ...]:
    """Return the measured tubes of each visit, by bead run."""
    beads = {sample.sample_id: sample.beads for sample in study.samples}
    visits = []
    for tubes in tubes_by_visit(study, filter(_is_measured, results)).values():
        runs: dict[str, list[SampleResult]] = {}
        for tube in tubes:
            runs.setdefault(beads[tube.sample_id], []).append(tube)
        visits.append(tuple(tuple(same) for same in runs.values()))
    return tuple(visits)


def geometric_mean(tubes: Sequence[SampleResult]) -> float:
    """Return the geometric mean of densities above zero."""
    return math.exp(math.fsum(math.log(tube.receptor.rd or 1.0) for tube in tubes) / len(tubes))


def _is_measured(result: SampleResult) -> bool:
    receptor = result.receptor
    rd = receptor.rd or 0.0
    above = receptor.lloq is None or rd >= receptor.lloq
    return receptor.status in QUANTIFIED and rd > 0 and above
