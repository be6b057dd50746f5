"""Days that cannot be: yet to come, before birth, after death, before the method existed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.checks.plausibility.limits import (
    DAYS_OF_SLACK,
    FIRST_FCS_FILE,
    FIRST_MYELOMA_DRUG,
    YEARS_OF_SLACK,
)
from pipeline.study.drugs.amounts import AMOUNTS
from pipeline.study.drugs.counting import agents_of, listed_names
from pipeline.study.faults import Fault
from pipeline.study.study import Patient, Study

PATIENT_DAYS = (
    "treatment_start", "progressed_on", "died_on", "last_contact_on", "discontinued_on", "dexamethasone_on",
)  # fmt: skip
STUDY_DRUG_DAYS = ("treatment_start", "discontinued_on")


@dataclass(frozen=True, slots=True)
class TypedDay:
    """A day of a study: its cell, sheet, column and patient ("" where it is nobody's)."""

    day: date
    where: str
    sheet: str
    column: str
    patient_id: str = ""


def typed_days(study: Study) -> Iterator[TypedDay]:
    """Yield every day that was typed, in the order of the sheets."""
    for sample in study.samples:
        where = study.at("samples", sample.sample_id, "collected_on")
        yield TypedDay(sample.collected_on, where, "samples", "collected_on", sample.patient_id)
    for run in study.beads:
        if run.acquired_on:
            yield TypedDay(
                run.acquired_on, study.at("beads", run.beads, "acquired_on"), "beads", "acquired_on"
            )
    for number, dose in enumerate(study.doses):
        where = study.at("doses", str(number), "given_on")
        yield TypedDay(dose.given_on, where, "doses", "given_on", dose.patient_id)
    for patient in study.patients:
        for column in PATIENT_DAYS:
            day = getattr(patient, column)
            if day:
                where = study.at("patients", patient.patient_id, column)
                yield TypedDay(day, where, "patients", column, patient.patient_id)


def days_to_come(study: Study, headers: Headers) -> Iterator[Finding]:
    """Refuse days that have not been yet."""
    del headers
    yield from days_after(study, date.today())


def days_after(study: Study, today: date) -> Iterator[Finding]:
    """Refuse days after this one, with a day of slack for time zones."""
    for typed in typed_days(study):
        if typed.day > today + timedelta(DAYS_OF_SLACK):
            hint = "Is the year right? What is only planned has no row or cell yet."
            expected = f"a day that has been: today is {today}"
            yield Finding(Fault(typed.where, str(typed.day), expected, hint))


def days_too_early(study: Study, headers: Headers) -> Iterator[Finding]:
    """Refuse days on which there was no such file, no such drug, or no treatment of myeloma."""
    del headers
    agents = {agent for name in listed_names(study.settings.study_drug) for agent in agents_of(name)}
    known = [AMOUNTS[agent].first_given for agent in agents if agent in AMOUNTS]
    of_study_drug = min(known, default=FIRST_MYELOMA_DRUG)
    for typed in typed_days(study):
        year, why = FIRST_MYELOMA_DRUG, f"there was no drug of myeloma before {FIRST_MYELOMA_DRUG}"
        if typed.sheet in ("samples", "beads"):
            year, why = FIRST_FCS_FILE, f"there were no FCS files before {FIRST_FCS_FILE}"
        elif typed.sheet == "doses":
            continue
        elif typed.column in STUDY_DRUG_DAYS:
            year, why = (
                of_study_drug,
                f"{study.settings.study_drug} was first given to a person in {of_study_drug}",
            )
        if typed.day.year < year:
            expected = f"a day of {year} or later, since {why}"
            yield Finding(Fault(typed.where, str(typed.day), expected, "Is the year right?"))


def days_before_birth(study: Study, headers: Headers) -> Iterator[Finding]:
    """Refuse days of a patient who was not born yet, as the age at the start or the first tube tells."""
    del headers
    first_tubes: dict[str, date] = {}
    for sample in study.samples:
        earlier = first_tubes.get(sample.patient_id, sample.collected_on)
        first_tubes[sample.patient_id] = min(earlier, sample.collected_on)
    patients = {patient.patient_id: patient for patient in study.patients}
    for typed in typed_days(study):
        patient = patients.get(typed.patient_id)
        start = patient.treatment_start or first_tubes.get(typed.patient_id) if patient else None
        if patient is None or patient.age is None or start is None:
            continue
        born = start.year - patient.age
        if typed.day.year < born - YEARS_OF_SLACK:
            age = study.at("patients", patient.patient_id, "age")
            expected = f"a day after birth, about {born:.0f}: {age} has the age {patient.age:g}"
            yield Finding(Fault(typed.where, str(typed.day), expected, "Is the year, or the age, right?"))


def days_after_death(study: Study, headers: Headers) -> Iterator[Finding]:
    """Refuse contact and treatment after death; report what else came later."""
    del headers
    died = {patient.patient_id: patient.died_on for patient in study.patients}
    for typed in typed_days(study):
        death = died.get(typed.patient_id)
        if (
            death is None
            or typed.day <= death
            or typed.column in ("died_on", "treatment_start", "progressed_on")
        ):
            continue  # the last two are held against the other days of the row elsewhere
        problem, expected = f"{typed.day}, after the death on {death}", "a day of the patient's life"
        hint = f"{study.at('patients', typed.patient_id, 'died_on')} has the day of death."
        if typed.column in ("discontinued_on", "collected_on"):
            yield warning(problem, expected, where=typed.where, hint=hint)
        else:
            yield Finding(Fault(typed.where, problem, expected, hint))


def contact_before_progression(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report a last contact before a day on which the patient was seen."""
    del headers
    for patient in study.patients:
        yield from _seen_later(study, patient)


def _seen_later(study: Study, patient: Patient) -> Iterator[Finding]:
    contact = patient.last_contact_on
    for column in ("progressed_on", "dexamethasone_on"):
        day = getattr(patient, column)
        if contact and day and day > contact:
            where = study.at("patients", patient.patient_id, "last_contact_on")
            problem = f"{contact}, before {column} {day}"
            yield warning(problem, "the last day the patient was known to be alive", where=where)
