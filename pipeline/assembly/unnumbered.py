"""Patients whose tubes gave no density: who they are, and their possible effect on the conclusions.

They are not missing at random: the best responders have few cells left. So results from the other patients
need not hold for them. Their densities are unknown; but the conclusions can be computed with the densities
that favour each conclusion most and least, within the range of this study (bounds without assumptions: Manski
1990, Am. Econ. Rev. 80:319-323).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from calibration.density.receptor_density import QUANTIFIED, RdStatus
from pipeline.assembly.side_bound import side_bounds
from pipeline.assembly.slope_bound import SlopeBound, slope_bound
from pipeline.patients.exposure import Exposure
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.visits import Visit
from pipeline.quantification.result import SampleResult, failure_reason
from pipeline.response.patient_facts import PatientFacts
from pipeline.response.statistics.counts import Contrast, contrast, proportion
from pipeline.response.tables import ResponseTables
from pipeline.study.study import Study

NO_LINE = "the line of the other visits is not given"


@dataclass(frozen=True, slots=True)
class UnnumberedTube:
    """A tube with neither a density nor a limit.

    `only`: no other tube of this visit has one either, so the visit is in no analysis.
    """

    sample_id: str
    patient_id: str
    visit: str
    status: RdStatus
    reason: str
    washout_weeks: float | None
    best_response: str
    only: bool


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """Visits with, or without, a density: numbers of visits and patients, washout (weeks; median, range)."""

    name: str
    n_visits: int
    n_patients: int
    n_washout: int
    median_weeks: float | None
    least_weeks: float | None
    most_weeks: float | None


@dataclass(frozen=True, slots=True)
class Unnumbered:
    """Tubes without a density, and their possible effect.

    Attributes
    ----------
    tubes
        Each, in the order of the samples sheet.
    visits
        Visits with a density or a limit, and visits without.
    response
        Disease control of patients without any density against the others; None if a group has no responses.
    slope
        None if M1 is not reported or no missing visit has a washout; `slope_note` gives the reason.
    by_rd
        Disease control at or above the RD cut against below: first with the patients without a density placed
        in favour of a high density, then placed against it (`side_bounds`); empty if there are no such
        patients.
    """

    tubes: tuple[UnnumberedTube, ...]
    visits: tuple[GroupFacts, ...]
    response: Contrast | None
    slope: SlopeBound | None
    slope_note: str
    by_rd: tuple[Contrast, ...]


def unnumbered(
    study: Study,
    results: Sequence[SampleResult],
    visits: Sequence[Visit],
    exposures: Mapping[str, Exposure],
    rows: Sequence[PatientRd],
    response: ResponseTables | None,
    *,
    facts: PatientFacts,
    has_line: bool,
) -> Unnumbered | None:
    """Return the tubes without a density and their possible effect; None if each has a density or limit.

    Parameters
    ----------
    results, exposures
        Results and exposures of the tubes; exposures by sample_id.
    visits, rows
        One per patient and visit, in the same order.
    response
        The response tables; None if there are none.
    facts
        What is known of each patient, as disease control and the density that stands for the patient.
    has_line
        Whether the line of M1 is reported; without it there are no bounds on its slope.
    """
    with_density = {name for visit in visits if _has(visit) for name in visit.sample_ids}
    typed = {sample.sample_id: sample for sample in study.samples}
    responses = {patient.patient_id: patient.best_response for patient in study.patients}
    tubes = tuple(
        UnnumberedTube(
            tube.sample_id,
            typed[tube.sample_id].patient_id,
            typed[tube.sample_id].visit,
            tube.receptor.status,
            failure_reason(tube),
            exposures[tube.sample_id].washout_weeks if tube.sample_id in exposures else None,
            responses.get(typed[tube.sample_id].patient_id, ""),
            tube.sample_id not in with_density,
        )
        for tube in results
        if tube.receptor.status not in QUANTIFIED
    )
    if not tubes:
        return None
    with_one = [visit for visit in visits if _has(visit)]
    without = [visit for visit in visits if not _has(visit)]
    slope, note = slope_bound(rows, study) if has_line else (None, NO_LINE)
    return Unnumbered(
        tubes,
        (_facts("with a density or a limit", with_one), _facts("without", without)),
        _response(facts.controlled, with_one, without),
        slope,
        note,
        side_bounds(study, rows, facts, response),
    )


def _has(visit: Visit) -> bool:
    return visit.receptor.status in QUANTIFIED


def _facts(name: str, visits: Sequence[Visit]) -> GroupFacts:
    weeks = [visit.washout_weeks for visit in visits if visit.washout_weeks is not None]
    patients = len({visit.patient_id for visit in visits})
    if not weeks:
        return GroupFacts(name, len(visits), patients, 0, None, None, None)
    return GroupFacts(name, len(visits), patients, len(weeks), median(weeks), min(weeks), max(weeks))


def _response(
    controlled: Mapping[str, bool], with_one: Sequence[Visit], without: Sequence[Visit]
) -> Contrast | None:
    """Compare disease control of patients without any density with that of the others."""
    with_density = {visit.patient_id for visit in with_one}
    silent = {visit.patient_id for visit in without} - with_density
    groups = [[controlled[name] for name in controlled if name in some] for some in (silent, with_density)]
    if not all(groups):
        return None
    names = "patients without any density", "patients with a density or a limit"
    first, second = (
        proportion(name, sum(group), len(group)) for name, group in zip(names, groups, strict=True)
    )
    return contrast("disease control without a density v with one", first, second)
