"""How long each patient was treated, free of progression and seen alive: days from the start of treatment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from pipeline.patients.exposure import ResponseClock
from pipeline.study.study import Patient, Study

RULE: Final = (
    "Days from treatment_start, or from the first dose of the study drug where it is empty. PFS ends with "
    "progression or death, OS with death; others are censored on the last day that their row "
    "knows them alive. Nothing is adjudicated."
)

_SEEN_ALIVE: Final = ("last_contact_on", "progressed_on", "discontinued_on", "dexamethasone_on")


class Endpoint(StrEnum):
    """The two times to an event that are told."""

    PFS = "PFS"
    OS = "OS"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A patient's course, in days from the start of treatment. None = not known, or it did not happen.

    Attributes
    ----------
    started_on
        Day 0; None where neither the patients nor the doses sheet tells it: no day is known then.
    pfs_day, os_day
        Event or censoring; `pfs_event`, `os_event` tell which.
    treated_days
        To `discontinued_on`, else as long as the patient was seen: then `stopped` is False.
    dexamethasone_day, progression_day, death_day
        When it happened.
    """

    patient_id: str
    best_response: str
    started_on: date | None = None
    pfs_day: int | None = None
    pfs_event: bool = False
    os_day: int | None = None
    os_event: bool = False
    treated_days: int | None = None
    stopped: bool = False
    reason: str = ""
    dexamethasone_day: int | None = None
    progression_day: int | None = None
    death_day: int | None = None


def follow_ups(study: Study, clocks: Mapping[str, ResponseClock]) -> tuple[FollowUp, ...]:
    """Return the course of every patient of the patients sheet, in its order; clocks by patient_id."""
    return tuple(
        follow_up(patient, patient.treatment_start or clocks[patient.patient_id].first_study_drug_on)
        for patient in study.patients
    )


def follow_up(patient: Patient, started_on: date | None) -> FollowUp:
    """Return a patient's course from a first day.

    A date before the first day gives no time: it is a fault of the sheet, not an event on day 0.

    Examples
    --------
    >>> patient = Patient("P1", died_on=date(2024, 3, 1), progressed_on=date(2024, 2, 1))
    >>> course = follow_up(patient, date(2024, 1, 1))
    >>> course.pfs_day, course.os_day, course.pfs_event
    (31, 60, True)
    """
    if started_on is None:
        return FollowUp(patient.patient_id, patient.best_response, reason=patient.discontinuation_reason)
    progression, death = _day(patient.progressed_on, started_on), _day(patient.died_on, started_on)
    known = [_day(getattr(patient, name), started_on) for name in _SEEN_ALIVE]
    last_seen = max((day for day in known if day is not None), default=None)
    ends = [day for day in (progression, death) if day is not None]
    stopped = _day(patient.discontinued_on, started_on)
    last = death if death is not None else last_seen
    return FollowUp(
        patient_id=patient.patient_id,
        best_response=patient.best_response,
        started_on=started_on,
        pfs_day=min(ends) if ends else last_seen,
        pfs_event=bool(ends),
        os_day=last,
        os_event=death is not None,
        treated_days=stopped if stopped is not None else last,
        stopped=stopped is not None or death is not None,
        reason=patient.discontinuation_reason,
        dexamethasone_day=_day(patient.dexamethasone_on, started_on),
        progression_day=progression,
        death_day=death,
    )


def times_of(courses: Sequence[FollowUp], endpoint: Endpoint) -> tuple[list[int], list[bool]]:
    """Return days and events of the patients in whom `PFS` or `OS` is known."""
    known = [
        (course.pfs_day, course.pfs_event) if endpoint is Endpoint.PFS else (course.os_day, course.os_event)
        for course in courses
    ]
    dated = [(day, event) for day, event in known if day is not None]
    return [day for day, _ in dated], [event for _, event in dated]


def _day(on: date | None, started_on: date) -> int | None:
    return None if on is None or on < started_on else (on - started_on).days
