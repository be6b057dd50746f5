"""The facts of each patient that all response tables use: clock, course, disease control, density."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.patients.exposure import ResponseClock
from pipeline.patients.patient_rd import PatientRd
from pipeline.response.follow_up import FollowUp
from pipeline.response.patients import controlled_patients
from pipeline.response.rd_visit import RdVisit, rd_visits
from pipeline.study.study import Study


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """What is known of the patients of a study.

    Attributes
    ----------
    clocks
        Response clocks by patient_id.
    courses
        Follow-up of every patient of the patients sheet.
    controlled
        Disease control of every evaluable patient in whom it is known (`controlled_patients`).
    rd_visits
        The density that stands for each patient with a clock (`rd_visits`).
    """

    clocks: Mapping[str, ResponseClock]
    courses: Sequence[FollowUp]
    controlled: Mapping[str, bool]
    rd_visits: Mapping[str, RdVisit]


def patient_facts(
    study: Study,
    rows: Sequence[PatientRd],
    clocks: Mapping[str, ResponseClock],
    courses: Sequence[FollowUp],
) -> PatientFacts:
    """Return the facts of the patients; they are computed once, into the result of the study.

    Parameters
    ----------
    rows
        Receptor densities, one per patient and visit.
    """
    return PatientFacts(clocks, courses, controlled_patients(study), _chosen_visits(study, rows, clocks))


def supposed_rd_visits(
    study: Study, supposed_rows: Sequence[PatientRd], facts: PatientFacts
) -> Mapping[str, RdVisit]:
    """Return the density that would stand for each patient with these rows instead of the measured ones."""
    return _chosen_visits(study, supposed_rows, facts.clocks)


def _chosen_visits(
    study: Study, rows: Sequence[PatientRd], clocks: Mapping[str, ResponseClock]
) -> Mapping[str, RdVisit]:
    return rd_visits(clocks, rows, clocks, study)
