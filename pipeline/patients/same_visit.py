"""Which tubes are one visit of a patient: replicates of one marrow, with one antibody and one kit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from pipeline.quantification.result import SampleResult
from pipeline.study.study import Study

_Typed = TypeVar("_Typed")


class VisitKey(NamedTuple):
    """What the tubes of a visit share. `visit`: as typed, else the day of collection.

    Tubes of another tissue, or calibrated with another kit, are a visit of their own. So are those with
    another clone or dye, or whose clone competes with the drug where the other does not: free CD38 is no
    replicate of all CD38. What a panel leaves empty is no difference.
    """

    patient_id: str
    visit: str
    tissue: str
    kit: str
    clone: str = ""
    fluorochrome: str = ""
    competes: bool | None = None


def tubes_by_visit(study: Study, results: Iterable[SampleResult]) -> dict[VisitKey, list[SampleResult]]:
    """Return the tubes of each visit, in the order of the results; validation tubes have none."""
    samples = {sample.sample_id: sample for sample in study.samples}
    kits = {run.beads: study.unit_run(run.beads).kit for run in study.beads}
    panels = {panel.name: panel.quantified for panel in study.panels}
    alike: dict[VisitKey, list[VisitKey]] = {}
    found = []
    of_assay = study.validation_tubes
    for result in results:
        if result.sample_id in of_assay:
            continue
        sample = samples[result.sample_id]
        name = sample.visit or sample.collected_on.isoformat()
        marrow = VisitKey(sample.patient_id, name, sample.tissue, kits.get(sample.beads, ""))
        dye, key = panels.get(sample.panel), marrow
        if dye is not None:
            key = marrow._replace(
                clone=dye.clone.casefold(),
                fluorochrome=dye.fluorochrome.casefold(),
                competes=dye.competes_with_drug,
            )
        alike.setdefault(marrow, []).append(key)
        found.append((marrow, key, result))
    visits: dict[VisitKey, list[SampleResult]] = {}
    for marrow, key, result in found:
        visits.setdefault(_filled(key, alike[marrow]), []).append(result)
    return visits


def _filled(key: VisitKey, others: Sequence[VisitKey]) -> VisitKey:
    """Return the key with what its panel leaves empty as the other tubes of the marrow tell it."""
    return key._replace(
        clone=key.clone or _only({other.clone for other in others} - {""}, ""),
        fluorochrome=key.fluorochrome or _only({other.fluorochrome for other in others} - {""}, ""),
        competes=_only({other.competes for other in others} - {None}, None)
        if key.competes is None
        else key.competes,
    )


def _only(told: set[_Typed], unknown: _Typed) -> _Typed:
    return next(iter(told)) if len(told) == 1 else unknown
