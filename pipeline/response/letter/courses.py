"""Anti-drug antibodies, adverse events, duration of treatment, and disease control by each definition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from pipeline.response.characteristics import Characteristic, share, summary
from pipeline.response.follow_up import TREATED_RULE, FollowUp
from pipeline.response.letter.part import LetterPart, part
from pipeline.response.patients import OBJECTIVE, is_evaluable
from pipeline.response.safety import SEVERE_FROM, safety_population
from pipeline.response.statistics.counts import Proportion
from pipeline.study.cells.choices import AdaCourse
from pipeline.study.cells.dates import DAYS_PER_WEEK
from pipeline.study.quantity_name import MONTHS
from pipeline.study.response import Response
from pipeline.study.study import AdverseEvent, Patient, Study

DURATION_MONTHS: Final = (3, 6)
"""Durations of treatment, in months, for which patients are counted. Convention, as the study of
docs/method.md reports them."""

SD_WEEKS: Final = (6, 8, 12, 16)
"""Weeks of SD that the usual definitions of disease control require. Convention: 6 and 8 are common in phase
1 and 2, 12 and 16 are two to four assessments."""

_Grades: TypeAlias = Sequence[tuple[str, Sequence[int | None]]]
_MOST_GRADES: Final = 5
"""Grades of an adverse event. Standard: CTCAE."""

ADA_RULE: Final = (
    "Antibodies against the study drug, of the patients who were tested at that time. Persistent and "
    "transient as typed. A patient typed as positive, without a course, is in neither number of these two "
    "rows."
)
EVENTS_RULE: Final = (
    "Highest grade (CTCAE) of each patient, of all treatment-emergent events and of those that were called "
    "related to the treatment; of the patients whose cell is filled, 0: there was none."
)
EVENTS_TITLE: Final = "Adverse events by grade and relation"
EACH_EVENT_RULE: Final = (
    "From the sheet adverse_events, a row per event. First the patients by their highest grade (CTCAE), of "
    "all treatment-emergent events and of those that were called related to the treatment; a treated "
    "patient without a row had none. Then the events themselves, of all events: a patient may have "
    "several, so no interval is given."
)
OF_EVENTS: Final = "events counted, no interval"
DURATION_RULE: Final = (
    f"{TREATED_RULE} Patients who are still treated count once the months are over. Before that the result "
    "is not known, so they are in neither number."
)
CONTROL_RULE: Final = (
    "The same evaluable patients by each definition. SD without its days (disease_control_days) is in no "
    "denominator of a definition that asks for days. The definition of all other tables is that of 8 weeks."
)


def anti_drug_antibodies(patients: Sequence[Patient]) -> tuple[LetterPart, ...]:
    """Return n/N with antibodies against the study drug, before and on treatment."""
    courses = [AdaCourse(patient.ada_on_treatment) for patient in patients if patient.ada_on_treatment]
    rows = (
        *share("before the study drug", [patient.ada_before for patient in patients]),
        *share("on treatment", [course is not AdaCourse.NONE for course in courses]),
        *share("on treatment, persistent", [_is(AdaCourse.PERSISTENT, course) for course in courses]),
        *share("on treatment, transient", [_is(AdaCourse.TRANSIENT, course) for course in courses]),
    )
    return part("Anti-drug antibodies", ADA_RULE, rows)


def _is(wanted: AdaCourse, course: AdaCourse) -> bool | None:
    """Return whether antibodies took this course; None where they were positive for an unknown time."""
    return None if course is AdaCourse.POSITIVE else course is wanted


def adverse_events(study: Study) -> tuple[LetterPart, ...]:
    """Return adverse events by grade, all and related: patients by highest grade, and numbers of events.

    Only patients who got the study drug count (`safety_population`). The source is the sheet of adverse
    events. Without rows there, it is the highest grades of the patients sheet, which give no number of
    events. Without either the tuple is empty.
    """
    counted = safety_population(study)
    patients = counted.treated
    if study.adverse_events:
        highest = highest_grades(patients, counted.events)
        kinds: _Grades = (
            ("adverse event", [highest[patient.patient_id][0] for patient in patients]),
            ("related adverse event", [highest[patient.patient_id][1] for patient in patients]),
        )
        rows = (*_by_grade(kinds), *_of_events(counted.events))
        return part(EVENTS_TITLE, f"{EACH_EVENT_RULE} {counted.rule}", rows)
    if all(patient.related_grade is None for patient in patients):
        return ()
    kinds = (
        ("adverse event", [patient.teae_grade for patient in patients]),
        ("related adverse event", [patient.related_grade for patient in patients]),
    )
    return part(EVENTS_TITLE, f"{EVENTS_RULE} {counted.rule}", _by_grade(kinds))


def highest_grades(patients: Sequence[Patient], events: Sequence[AdverseEvent]) -> dict[str, tuple[int, int]]:
    """Return each patient's highest grade, of all events and of the related ones; 0 without an event."""
    highest = {patient.patient_id: (0, 0) for patient in patients}
    for event in events:
        every, related = highest.get(event.patient_id, (0, 0))
        highest[event.patient_id] = (
            max(every, event.grade),
            max(related, event.grade) if event.related else related,
        )
    return highest


def _of_events(events: Sequence[AdverseEvent]) -> Iterator[Proportion]:
    """Count events, not patients. Events of one patient are not independent, so there is no interval."""
    for name, group in (
        ("events", events),
        ("related events", [event for event in events if event.related]),
    ):
        yield _events(f"{name}, of all events", len(group), len(events))
        for grade in range(1, _MOST_GRADES + 1):
            yield _events(f"{name}, grade {grade}", sum(event.grade == grade for event in group), len(events))
        severe = sum(event.grade >= SEVERE_FROM for event in group)
        yield _events(f"{name}, grade >= {SEVERE_FROM}", severe, len(events))


def _events(name: str, k: int, n: int) -> Proportion:
    return Proportion(name, k, n, 100 * k / n if n else None, None, None, method=OF_EVENTS)


def _by_grade(kinds: _Grades) -> Iterator[Proportion]:
    for name, grades in kinds:
        typed = [grade for grade in grades if grade is not None]
        yield from share(f"any {name}", [grade >= 1 for grade in typed])
        for grade in range(1, _MOST_GRADES + 1):
            yield from share(f"{name}, highest grade {grade}", [highest == grade for highest in typed])
        yield from share(f"{name} of grade >= {SEVERE_FROM}", [highest >= SEVERE_FROM for highest in typed])


def duration_of_treatment(courses: Sequence[FollowUp], month_days: float) -> tuple[LetterPart, ...]:
    """Return how many patients were treated for 3 and for 6 months, by best response."""
    groups: tuple[tuple[str, Sequence[str]], ...] = (
        ("all", ()),
        ("PR or better", OBJECTIVE),
        ("MR", (Response.MR,)),
        ("SD", (Response.SD,)),
        ("PD", (Response.PD,)),
    )
    rows: list[Characteristic] = []
    for name, responses in groups:
        members = [course for course in courses if not responses or course.best_response in responses]
        ended = [
            course.treated_days for course in members if course.stopped and course.treated_days is not None
        ]
        rows.append(
            summary(f"{name}: treated, of those who stopped", [d / month_days for d in ended], MONTHS)
        )
        for months in DURATION_MONTHS:
            rows += share(
                f"{name}: treated >= {months} months",
                [_reached(course, months * month_days) for course in members],
            )
    return part("Duration of treatment by best response", DURATION_RULE, rows)


def _reached(course: FollowUp, days: float) -> bool | None:
    """Return whether a patient was treated for so many days; None where still treated, or not known."""
    if course.treated_days is None:
        return None
    return True if course.treated_days >= days else False if course.stopped else None


def control_by_definition(study: Study) -> tuple[LetterPart, ...]:
    """Return response and disease control of the evaluable patients by each usual definition."""
    patients = [patient for patient in study.patients if is_evaluable(patient)]
    rows = [
        *share("PR or better (ORR)", [patient.best_response in OBJECTIVE for patient in patients]),
        *share("MR or better (clinical benefit)", [_at_least_mr(patient) for patient in patients]),
    ]
    for weeks in SD_WEEKS:
        answers = [_controlled(patient, weeks * DAYS_PER_WEEK) for patient in patients]
        rows += share(f"MR or better, or SD for at least {weeks} weeks", answers)
    any_sd = [_at_least_mr(patient) or patient.best_response == Response.SD for patient in patients]
    rows += share("MR or better, or SD of any duration", any_sd)
    return part("Disease control by each definition", CONTROL_RULE, rows)


def _at_least_mr(patient: Patient) -> bool:
    return patient.best_response in (*OBJECTIVE, Response.MR)


def _controlled(patient: Patient, days: int) -> bool | None:
    if patient.best_response != Response.SD:
        return _at_least_mr(patient)
    return None if patient.disease_control_days is None else patient.disease_control_days >= days
