"""The tubes of a patient's visit: replicates of the same marrow with the same antibody and bead kit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple, TypeVar

from pipeline.quantification.result import SampleResult
from pipeline.study.cells.choices import Tissue
from pipeline.study.study import Study

_Typed = TypeVar("_Typed")


class VisitKey(NamedTuple):
    """The properties that tubes of a visit share. `visit`: as typed, else the day of collection.

    Tubes of another tissue, bead kit, clone or dye are a visit of their own. So are tubes whose clone
    competes with the drug if the other clone does not: free CD38 is not a replicate of all CD38. An empty
    cell of a panel is not a difference.
    """

    patient_id: str
    visit: str
    tissue: Tissue
    kit: str
    clone: str = ""
    fluorochrome: str = ""
    competes: bool | None = None


def visit_name(visit: str, collected_on: date | None) -> str:
    """Return the name that tells a patient's visits apart: as typed, else the day of collection.

    Examples
    --------
    >>> visit_name("week 12", date(2023, 5, 1)), visit_name("", date(2023, 5, 1))
    ('week 12', '2023-05-01')
    """
    return visit or str(collected_on)


def tubes_by_visit(study: Study, results: Iterable[SampleResult]) -> dict[VisitKey, list[SampleResult]]:
    """Return the tubes of each visit, in the order of the results; validation tubes have no visit."""
    samples = {sample.sample_id: sample for sample in study.samples}
    kits = {run.name: study.unit_run(run.name).kit for run in study.bead_runs}
    panels = {panel.name: panel.quantified for panel in study.panels}
    alike: dict[VisitKey, list[VisitKey]] = {}
    keyed = []
    of_assay = study.validation_tubes
    for result in results:
        if result.sample_id in of_assay:
            continue
        sample = samples[result.sample_id]
        name = visit_name(sample.visit, sample.collected_on)
        marrow = VisitKey(sample.patient_id, name, sample.tissue, kits.get(sample.bead_run, ""))
        dye, key = panels.get(sample.panel), marrow
        if dye is not None:
            key = marrow._replace(
                clone=dye.clone.casefold(),
                fluorochrome=dye.fluorochrome.casefold(),
                competes=dye.competes_with_drug,
            )
        alike.setdefault(marrow, []).append(key)
        keyed.append((marrow, key, result))
    visits: dict[VisitKey, list[SampleResult]] = {}
    for marrow, key, result in keyed:
        visits.setdefault(_filled(key, alike[marrow]), []).append(result)
    return visits


def _filled(key: VisitKey, tube_keys: Sequence[VisitKey]) -> VisitKey:
    """Fill the empty parts of a key from the other tubes of the marrow, if these agree."""
    return key._replace(
        clone=key.clone or _only({tube_key.clone for tube_key in tube_keys} - {""}, ""),
        fluorochrome=key.fluorochrome or _only({tube_key.fluorochrome for tube_key in tube_keys} - {""}, ""),
        competes=_only({tube_key.competes for tube_key in tube_keys} - {None}, None)
        if key.competes is None
        else key.competes,
    )


def _only(values: set[_Typed], unknown: _Typed) -> _Typed:
    """Return the only value of a set; `unknown` if it has none or several."""
    return next(iter(values)) if len(values) == 1 else unknown
