"""Impossible days: in the future, before birth, after death, before the method existed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.checks.plausibility.plausible_ranges import (
    DAYS_OF_SLACK,
    FIRST_FCS_FILE,
    FIRST_MYELOMA_DRUG,
    YEARS_OF_SLACK,
)
from pipeline.study.drugs.amounts import LABELLED_AMOUNTS
from pipeline.study.drugs.counting import agents_of, listed_names
from pipeline.study.faults import Fault
from pipeline.study.study import Study
from pipeline.study.wording import quoted

PATIENT_DAYS = (
    "treatment_start", "progressed_on", "died_on", "last_assessed_on", "next_therapy_on", "last_contact_on",
    "discontinued_on", "dexamethasone_on",
)  # fmt: skip
STUDY_DRUG_DAYS = ("treatment_start", "discontinued_on")
AFTER_DEATH = ("discontinued_on", "collected_on")
"""Columns whose day may be after death: the end of treatment is often noted late, and there are autopsies."""
COMPARED_ELSEWHERE = ("died_on", "treatment_start", "progressed_on")
"""Columns whose day `follow_up` compares with the other days of the row."""
_RIGHT = "Is the year right?"


@dataclass(frozen=True, slots=True)
class TypedDay:
    """A typed day with its cell and column, and with patient and drug ("" if it has none)."""

    day: date
    where: str
    column: str
    patient_id: str = ""
    drug: str = ""


def typed_days(study: Study) -> Iterator[TypedDay]:
    """Yield every day that was typed, in the order of the sheets."""
    for sample in study.samples:
        where = study.at("samples", sample.sample_id, "collected_on")
        yield TypedDay(sample.collected_on, where, "collected_on", sample.patient_id)
    for run in study.bead_runs:
        if run.acquired_on:
            yield TypedDay(run.acquired_on, study.at("beads", run.name, "acquired_on"), "acquired_on")
    for number, dose in enumerate(study.doses):
        where = study.at("doses", str(number), "given_on")
        yield TypedDay(dose.given_on, where, "given_on", dose.patient_id, dose.drug)
    for patient in study.patients:
        for column in PATIENT_DAYS:
            day = getattr(patient, column)
            if day:
                where = study.at("patients", patient.patient_id, column)
                drug = study.settings.study_drug if column in STUDY_DRUG_DAYS else ""
                yield TypedDay(day, where, column, patient.patient_id, drug)


def impossible_days(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report each impossible day with its first reason: too early, before birth, in future, after death."""
    del headers
    yield from days_that_cannot_be(study, date.today())


def days_that_cannot_be(study: Study, today: date) -> Iterator[Finding]:
    """Report the findings of `impossible_days` for a given day of today."""
    lives = _lives(study)
    for typed in typed_days(study):
        life = lives.get(typed.patient_id, _Life())
        fault = _too_early(typed) or _before_birth(typed, life) or _in_the_future(typed, today)
        if fault is not None:
            yield Finding(fault)
        elif life.died_on and typed.day > life.died_on and typed.column not in COMPARED_ELSEWHERE:
            yield _after_death(typed, life)


@dataclass(frozen=True, slots=True)
class _Life:
    """Year of birth from the age, day of death, and the cells of both."""

    born: float | None = None
    died_on: date | None = None
    age: str = ""
    death: str = ""


def _lives(study: Study) -> dict[str, _Life]:
    """Return birth and death of every patient; the age is that at the start of treatment, or first tube."""
    first_tubes: dict[str, date] = {}
    for sample in study.samples:
        earlier = first_tubes.get(sample.patient_id, sample.collected_on)
        first_tubes[sample.patient_id] = min(earlier, sample.collected_on)
    lives = {}
    for patient in study.patients:
        name, start = patient.patient_id, patient.treatment_start or first_tubes.get(patient.patient_id)
        born = None if start is None or patient.age is None else start.year - patient.age
        age, death = study.at("patients", name, "age"), study.at("patients", name, "died_on")
        lives[name] = _Life(born, patient.died_on, f"{age} has the age {patient.age or 0:g}", death)
    return lives


def _too_early(typed: TypedDay) -> Fault | None:
    """Return a fault for a day before FCS files, before the drug, or before any drug of myeloma existed."""
    year, why = FIRST_MYELOMA_DRUG, f"there was no drug of myeloma before {FIRST_MYELOMA_DRUG}"
    if typed.column in ("collected_on", "acquired_on"):
        year, why = FIRST_FCS_FILE, f"there were no FCS files before {FIRST_FCS_FILE}"
    agents = {agent for name in listed_names(typed.drug) for agent in agents_of(name)} & set(LABELLED_AMOUNTS)
    if agents:
        agent = min(agents, key=lambda name: LABELLED_AMOUNTS[name].first_given)
        year = LABELLED_AMOUNTS[agent].first_given
        why = f"{agent} was first given to a person in {year}"
    if typed.day.year >= year:
        return None
    of = f" for {quoted(typed.drug)}" if typed.drug else ""
    return Fault(typed.where, f"{typed.day}{of}", f"a day of {year} or later, since {why}", _RIGHT)


def _before_birth(typed: TypedDay, life: _Life) -> Fault | None:
    if life.born is None or typed.day.year >= life.born - YEARS_OF_SLACK:
        return None
    expected = f"a day after birth, about {life.born:.0f}: {life.age}"
    return Fault(typed.where, str(typed.day), expected, "Is the year, or the age, right?")


def _in_the_future(typed: TypedDay, today: date) -> Fault | None:
    if typed.day <= today + timedelta(DAYS_OF_SLACK):
        return None
    hint = f"{_RIGHT} Leave out days that are only planned."
    return Fault(typed.where, str(typed.day), f"a day that is not in the future: today is {today}", hint)


def _after_death(typed: TypedDay, life: _Life) -> Finding:
    problem, expected = f"{typed.day}, after the death on {life.died_on}", "a day of the patient's life"
    hint = f"{life.death} has the day of death."
    if typed.column in AFTER_DEATH:
        return warning(problem, expected, where=typed.where, hint=hint)
    return Finding(Fault(typed.where, problem, expected, hint))
