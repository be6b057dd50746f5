"""R9: search what the user typed for impossible numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pipeline.response.follow_up import FollowUp, PfsEnd
from pipeline.response.letter.courses import highest_grades
from pipeline.response.safety import safety_population
from pipeline.response.statements import Inconsistency, check_statement
from pipeline.study.cells.dates import DAYS_PER_WEEK
from pipeline.study.quantity_name import study_drug_of
from pipeline.study.study import Patient, Study

_CLOSE: Final = 0.02
"""Relative difference within which a typed time agrees with the dates. Convention: people round by hand."""

_MORE_WEEKS: Final = 5
"""Weeks by which a typed exposure may exceed the days on treatment. Convention: an exposure may count to
the end of the last cycle, 4 weeks, and is rounded."""
_CENSORED: Final = {
    PfsEnd.ASSESSMENT: "the last disease assessment",
    PfsEnd.NEXT_THERAPY: "the start of a new therapy",
}


def inconsistencies(study: Study, courses: Iterable[FollowUp]) -> tuple[Inconsistency, ...]:
    """Return every inconsistency of a study's free text and of its patients' rows, in the sheets' order.

    Free text is the sheet `statements`, the column `remark` of samples and `discontinuation_reason` of
    patients. Percentages are checked with n = `n_patients` of the statement, else with the number of
    patients.
    """
    n = len(study.patients) or len({sample.patient_id for sample in study.samples})
    faults = [
        hit
        for where, text, n_patients in _texts(study, n)
        for hit in check_statement(text, n_patients, study.settings.month_days, where=where)
    ]
    by_id = {course.patient_id: course for course in courses}
    highest = highest_grades(study.patients, study.adverse_events) if study.adverse_events else {}
    untreated = safety_population(study).untreated
    for patient in study.patients:
        if patient in untreated:
            faults += _untreated_events(patient, highest.get(patient.patient_id), study_drug_of(study))
        faults += _grade_faults(patient, highest.get(patient.patient_id))
        faults += _row_faults(patient, by_id.get(patient.patient_id), study.settings.month_days)
        faults += _no_event(patient, highest.get(patient.patient_id))
    return tuple(faults)


def _texts(study: Study, n: int) -> Iterator[tuple[str, str, int]]:
    for number, typed in enumerate(study.statements, start=1):
        yield typed.cell or f"statement {number}", typed.statement, typed.n_patients or n
    for sample in study.samples:
        yield f"remark of sample {sample.sample_id}", sample.remark, n
    for patient in study.patients:
        where = f"discontinuation_reason of patient {patient.patient_id}"
        yield where, patient.discontinuation_reason, n


def _untreated_events(
    patient: Patient, highest: tuple[int, int] | None, drug: str
) -> Iterator[Inconsistency]:
    """Name a patient who had adverse events, but got no dose of the study drug."""
    typed = {
        f"teae_grade {patient.teae_grade}": patient.teae_grade,
        f"related_grade {patient.related_grade}": patient.related_grade,
        "infusion_reaction yes": patient.infusion_reaction,
        "a row in the sheet adverse_events": highest is not None and highest[0] > 0,
    }
    text = f"no dose of {drug} and no treatment_start is typed; not counted among the adverse events"
    for quote, present in typed.items():
        if present:
            yield Inconsistency(f"patient {patient.patient_id}", quote, text)


def _grade_faults(patient: Patient, highest: tuple[int, int] | None) -> Iterator[Inconsistency]:
    """Compare the highest grades of the patients sheet with the sheet of adverse events."""
    if highest is None:
        return
    for column, of_events in zip(("teae_grade", "related_grade"), highest, strict=True):
        typed = getattr(patient, column)
        if typed is not None and typed != of_events:
            text = f"the highest grade in the sheet adverse_events is {of_events} (0: there is no row)"
            yield Inconsistency(f"patient {patient.patient_id}", f"{column} {typed}", text)


def _row_faults(patient: Patient, course: FollowUp | None, month_days: float) -> Iterator[Inconsistency]:
    where = f"patient {patient.patient_id}"
    if course is not None:
        yield from _control_days(where, patient, course, month_days)
        yield from _exposure(where, patient, course, month_days)
    if patient.infusions is not None and (patient.infusions_interrupted or 0) > patient.infusions:
        quote = f"infusions_interrupted {patient.infusions_interrupted}"
        yield Inconsistency(where, quote, f"more than the {patient.infusions} infusions; not counted")


def _no_event(patient: Patient, highest: tuple[int, int] | None) -> Iterator[Inconsistency]:
    """Name a patient with an infusion reaction or interruption, but without an adverse event."""
    if not (patient.infusion_reaction or patient.infusions_interrupted):
        return
    where, but = f"patient {patient.patient_id}", "an infusion reaction or interruption, but"
    if patient.teae_grade == 0:
        yield Inconsistency(where, "teae_grade 0", f"{but} teae_grade 0: no adverse event")
    if highest is not None and highest[0] == 0:
        quote = "infusion_reaction yes" if patient.infusion_reaction else "infusions_interrupted"
        yield Inconsistency(where, quote, f"{but} no row in the sheet adverse_events")


def _control_days(
    where: str, patient: Patient, course: FollowUp, month_days: float
) -> Iterator[Inconsistency]:
    """Compare disease_control_days with PFS: a longer time is a fault, a fraction may be a wrong unit."""
    typed, pfs_day = patient.disease_control_days, course.pfs_day
    if typed is None or pfs_day is None:
        return
    quote = f"disease_control_days {typed:g}"
    if typed > pfs_day + 1:
        end = (
            "progression or death" if course.pfs_event else _CENSORED.get(course.pfs_end, "the last day seen")
        )
        yield Inconsistency(where, quote, f"{end} was {pfs_day} days after the start")
    elif unit := _unit_slip(typed, pfs_day, month_days, course.pfs_event):
        text = f"progression or death was {pfs_day} days after the start: were {typed:g} {unit} meant?"
        yield Inconsistency(where, quote, text)


def _unit_slip(typed: float, pfs_day: int, month_days: float, ended: bool) -> str:
    """Return the unit in which the typed number equals the known number of days; "" where no unit fits."""
    for unit, days in (("weeks", float(DAYS_PER_WEEK)), ("months", month_days)):
        if ended and typed > 1 and abs(typed * days - pfs_day) <= max(_CLOSE * pfs_day, days / 2):
            return unit
    return ""


def _exposure(where: str, patient: Patient, course: FollowUp, month_days: float) -> Iterator[Inconsistency]:
    """Compare exposure_weeks with the days on treatment, where the sheet gives the last day."""
    typed = patient.exposure_weeks
    if typed is None or course.treated_days is None or patient.discontinued_on is None:
        return
    weeks = course.treated_days / DAYS_PER_WEEK
    if typed > weeks + _MORE_WEEKS:
        as_days = abs(typed - course.treated_days) <= DAYS_PER_WEEK
        text = f"treatment ended {weeks:.1f} weeks after its start" + ("; are these days?" if as_days else "")
        yield Inconsistency(where, f"exposure_weeks {typed:g}", text)
    elif typed > 1 and abs(typed * month_days / DAYS_PER_WEEK - weeks) <= 0.5 < weeks - typed - 2:
        text = f"treatment ended {weeks:.1f} weeks after its start: were {typed:g} months meant?"
        yield Inconsistency(where, f"exposure_weeks {typed:g}", text)
