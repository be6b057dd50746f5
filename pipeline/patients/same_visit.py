"""Which tubes are one visit of a patient: replicates of one marrow, calibrated with one kit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pipeline.quantification.result import SampleResult
from pipeline.study.study import Study


class VisitKey(NamedTuple):
    """What the tubes of a visit share. `visit`: as typed, else the day of collection.

    Tubes of another tissue, or calibrated with another kit, are a visit of their own.
    """

    patient_id: str
    visit: str
    tissue: str
    kit: str


def tubes_by_visit(study: Study, results: Iterable[SampleResult]) -> dict[VisitKey, list[SampleResult]]:
    """Return the tubes of each visit, in the order of the results."""
    samples = {sample.sample_id: sample for sample in study.samples}
    kits = {run.beads: study.unit_run(run.beads).kit for run in study.beads}
    visits: dict[VisitKey, list[SampleResult]] = {}
    for result in results:
        sample = samples[result.sample_id]
        name = sample.visit or sample.collected_on.isoformat()
        key = VisitKey(sample.patient_id, name, sample.tissue, kits.get(sample.beads, ""))
        visits.setdefault(key, []).append(result)
    return visits
