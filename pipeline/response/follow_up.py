"""Follow-up of each patient: days on treatment, to progression and to death, from the start of treatment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from pipeline.patients.exposure import ResponseClock
from pipeline.study.cells.dates import DAYS_PER_WEEK
from pipeline.study.study import Patient, Study

FOLLOW_UP_RULE: Final = (
    "Days from treatment_start, or from the first dose of the study drug where it is empty. OS ends with "
    "death; others are censored on the last day on which their row shows them alive. PFS ends with "
    "progression or death, whichever comes first. Without either, or where a new antimyeloma therapy began "
    "before it, PFS is censored: at the last disease assessment (last_assessed_on) or on the day of the new "
    "therapy (next_therapy_on), whichever comes first. Patients who were not assessed after day 0 are "
    "censored on day 0. A death counts, no matter how long ago the last assessment was. Where "
    "last_assessed_on is empty, PFS is censored on the last day known alive: that is longer than the disease "
    "was assessed. Nothing is adjudicated."
)
"""FDA, Clinical Trial Endpoints for the Approval of Cancer Drugs and Biologics (2018): PFS is censored at the
last adequate assessment or at a new therapy. EMA, appendix 1 to EMA/CHMP/205/95 (2012): a death counts even
after missed assessments."""

TREATED_RULE: Final = (
    "From the start of treatment to discontinued_on, or to death without progression. Where discontinued_on "
    "is empty, a patient counts as treated up to progression or the last contact. But where a reason for "
    "stopping or a new therapy is typed, or discontinued_on is before the start, the treatment ended on an "
    "unknown day: then exposure_weeks counts, and without it the duration is not known."
)

MISSED_DAYS: Final = 84
"""A gap of more days between the last assessment and progression or death is reported: the patient missed two
assessments in a row, with one per cycle of 28 days (FDA, Clinical Trial Endpoints, 2018, censors after two).
Arithmetic: three cycles."""

_ALIVE_DAYS: Final = (
    "last_contact_on", "progressed_on", "discontinued_on", "dexamethasone_on", "last_assessed_on",
    "next_therapy_on",
)  # fmt: skip


class Endpoint(StrEnum):
    """The two reported times to an event."""

    PFS = "PFS"
    OS = "OS"


class PfsEnd(StrEnum):
    """What ended the progression-free time: an event, or a reason for censoring."""

    PROGRESSION = "Progression"
    DEATH = "Death"
    ASSESSMENT = "Last disease assessment"
    NEXT_THERAPY = "New antimyeloma therapy"
    NOT_ASSESSED = "No assessment after day 0"
    ALIVE = "Last seen alive"
    """The sheet holds no assessment."""
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Follow-up of a patient, in days from the start of treatment. None = not known, or it did not happen.

    Attributes
    ----------
    started_on
        The date of day 0; None where neither the patients nor the doses sheet holds it. Then no other day is
        known.
    pfs_day, os_day
        Day of the event or of censoring. `pfs_event` and `os_event` are True for an event; `pfs_end` names
        what ended PFS.
    assessed_day
        The last assessment; 0 where it was before day 0.
    next_therapy_day
        First day of a new antimyeloma therapy after day 0.
    treated_days
        Days on treatment by `TREATED_RULE`; `stopped`: whether they end there.
    dexamethasone_day, progression_day, death_day
        Day of each event.
    """

    patient_id: str
    best_response: str
    started_on: date | None = None
    pfs_day: int | None = None
    pfs_event: bool = False
    pfs_end: PfsEnd = PfsEnd.UNKNOWN
    os_day: int | None = None
    os_event: bool = False
    treated_days: int | None = None
    stopped: bool = False
    reason: str = ""
    dexamethasone_day: int | None = None
    progression_day: int | None = None
    death_day: int | None = None
    assessed_day: int | None = None
    next_therapy_day: int | None = None

    @property
    def unassessed_days(self) -> int | None:
        """Days from the last assessment (or day 0) to progression or death; None without event or entry."""
        if not self.pfs_event or self.pfs_day is None or self.assessed_day is None:
            return None
        return max(self.pfs_day - self.assessed_day, 0)


def follow_ups(study: Study, clocks: Mapping[str, ResponseClock]) -> tuple[FollowUp, ...]:
    """Return the follow-up of every patient, in the order of the patients sheet; clocks by patient_id."""
    return tuple(
        follow_up(patient, patient.treatment_start or clocks[patient.patient_id].first_study_drug_on)
        for patient in study.patients
    )


def follow_up(patient: Patient, started_on: date | None) -> FollowUp:
    """Return a patient's follow-up from day 0.

    A date before day 0 gives no time: it is a fault of the sheet, not an event on day 0.

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
    alive_days = [_day(getattr(patient, name), started_on) for name in _ALIVE_DAYS]
    last_seen = max((day for day in alive_days if day is not None), default=None)
    assessed = None if patient.last_assessed_on is None else (patient.last_assessed_on - started_on).days
    assessed = None if assessed is None else max(assessed, 0)
    therapy = _day(patient.next_therapy_on, started_on)
    pfs_day, pfs_end = pfs(progression, death, assessed, therapy, last_seen)
    treated_days, stopped = _treatment(patient, started_on, last_seen)
    last = death if death is not None else last_seen
    return FollowUp(
        patient_id=patient.patient_id,
        best_response=patient.best_response,
        started_on=started_on,
        pfs_day=pfs_day,
        pfs_event=pfs_end in PFS_EVENTS,
        pfs_end=pfs_end,
        os_day=last,
        os_event=death is not None,
        treated_days=treated_days,
        stopped=stopped,
        reason=patient.discontinuation_reason,
        dexamethasone_day=_day(patient.dexamethasone_on, started_on),
        progression_day=progression,
        death_day=death,
        assessed_day=assessed,
        next_therapy_day=therapy,
    )


def _treatment(patient: Patient, started_on: date, last_seen: int | None) -> tuple[int | None, bool]:
    """Return the days on treatment, and whether they end there (`TREATED_RULE`)."""
    ended = _day(patient.discontinued_on, started_on)
    if ended is not None:
        return ended, True
    if patient.discontinued_on or patient.next_therapy_on or patient.discontinuation_reason.strip():
        weeks = patient.exposure_weeks
        return (None, False) if weeks is None else (round(weeks * DAYS_PER_WEEK), True)
    progression, death = _day(patient.progressed_on, started_on), _day(patient.died_on, started_on)
    if progression is not None:
        return progression, False
    return (last_seen, False) if death is None else (death, True)


PFS_EVENTS: Final = (PfsEnd.PROGRESSION, PfsEnd.DEATH)


def pfs(
    progression: int | None,
    death: int | None,
    assessed: int | None,
    therapy: int | None,
    last_seen: int | None,
) -> tuple[int | None, PfsEnd]:
    """Return the day on which PFS ends and what ends it (`FOLLOW_UP_RULE`).

    All arguments are days after day 0, or None.

    Examples
    --------
    >>> pfs(None, None, 84, 120, 500)
    (84, <PfsEnd.ASSESSMENT: 'Last disease assessment'>)
    >>> pfs(200, None, 84, 120, 500)[0], pfs(120, None, 120, 120, 500)[1].value
    (84, 'Progression')
    """
    ends = [(progression, PfsEnd.PROGRESSION), (death, PfsEnd.DEATH)]
    events = [(day, end) for day, end in ends if day is not None]
    event = min(events, key=lambda pair: pair[0], default=None)
    if event is not None and (therapy is None or event[0] <= therapy):
        return event
    if therapy is not None and (assessed is None or therapy < assessed):
        return therapy, PfsEnd.NEXT_THERAPY
    if assessed is not None:
        return assessed, PfsEnd.ASSESSMENT if assessed > 0 else PfsEnd.NOT_ASSESSED
    return last_seen, PfsEnd.UNKNOWN if last_seen is None else PfsEnd.ALIVE


def times_of(courses: Sequence[FollowUp], endpoint: Endpoint) -> tuple[list[int], list[bool]]:
    """Return days and events of the patients in whom `PFS` or `OS` is known."""
    ends = [
        (course.pfs_day, course.pfs_event) if endpoint is Endpoint.PFS else (course.os_day, course.os_event)
        for course in courses
    ]
    dated = [(day, event) for day, event in ends if day is not None]
    return [day for day, _ in dated], [event for _, event in dated]


def _day(on: date | None, started_on: date) -> int | None:
    return None if on is None or on < started_on else (on - started_on).days
