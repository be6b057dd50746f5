"""The order of the days of a patient's follow-up: before treatment, after death, or out of order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.checks.plausibility.days import days_that_cannot_be
from pipeline.checks.typed import days_of
from pipeline.study.faults import Fault
from pipeline.study.study import Patient, Study

_SWAPPED: Final = "Were two days exchanged, or is a year wrong?"
_AFTER_START: Final = ("progressed_on", "died_on", "next_therapy_on")
"""Events that are refused before the first day of treatment, since they would be dropped in silence."""
_BEFORE_CONTACT: Final = ("progressed_on", "dexamethasone_on", "last_assessed_on", "next_therapy_on")


@dataclass(frozen=True, slots=True)
class _PatientDays:
    """The days and cells of a patient; a day that another check refused counts as missing."""

    study: Study
    patient: Patient
    refused: frozenset[str]

    def cell(self, column: str) -> str:
        """Return the cell of a column."""
        return self.study.at("patients", self.patient.patient_id, column)

    def day(self, column: str) -> date | None:
        """Return the day in a column; None if there is none, or it was refused."""
        day: date | None = getattr(self.patient, column)
        return None if self.cell(column) in self.refused else day

    def both(self, first: str, second: str) -> tuple[date, date] | None:
        """Return the days in two columns; None if one of them is missing."""
        first_day, second_day = self.day(first), self.day(second)
        return (first_day, second_day) if first_day and second_day else None


def follow_up_order(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare the days of each patient's row with the first day of treatment and with each other."""
    del headers
    refused = frozenset(
        finding.fault.where for finding in days_that_cannot_be(study, date.today()) if finding.fault
    )
    started = days_of(study, study.settings.study_drug)
    for patient in study.patients:
        row = _PatientDays(study, patient, refused)
        yield from _against_start(row, next(iter(started.get(patient.patient_id, ())), None))
        yield from _against_each_other(row)
        yield from _against_contact(row)


def _against_start(row: _PatientDays, first_dose: date | None) -> Iterator[Finding]:
    start = row.day("treatment_start") or first_dose
    if start is None:
        return
    typed = row.day("treatment_start") is not None
    day_0 = f"{row.cell('treatment_start')} has {start}" if typed else f"{start}, the first of the study drug"
    expected = f"a day after the first day of treatment ({day_0})"
    for column in _AFTER_START:
        day = row.day(column)
        if day is None or day > start or (column == "died_on" and day == start):
            continue
        if column == "progressed_on" and day == start:
            hint = "Is it the progression that treatment was started for? Then leave the cell empty."
            yield warning(f"{day}", expected, where=row.cell(column), hint=hint)
        else:
            yield Finding(Fault(row.cell(column), f"{day}", expected, _why(column)))
    assessed = row.day("last_assessed_on")
    if assessed is not None and assessed < start:
        hint = "So the disease was never assessed under treatment: PFS is censored on its first day."
        yield warning(f"{assessed}", expected, where=row.cell("last_assessed_on"), hint=hint)
    for column in ("last_contact_on", "discontinued_on", "dexamethasone_on"):
        day = row.day(column)
        if day is not None and day < start:
            yield warning(f"{day}", expected, where=row.cell(column), hint=_SWAPPED)


def _why(column: str) -> str:
    if column == "progressed_on":
        return f"A progression under an earlier treatment has no cell here. {_SWAPPED}"
    if column == "next_therapy_on":
        return f"A treatment before the study drug has its rows in doses. {_SWAPPED}"
    return _SWAPPED


def _against_each_other(row: _PatientDays) -> Iterator[Finding]:
    days = row.both("progressed_on", "died_on")
    if days and days[0] > days[1]:
        expected = f"a day up to the death ({row.cell('died_on')} has {days[1]})"
        yield Finding(Fault(row.cell("progressed_on"), f"{days[0]}", expected, _SWAPPED))
    days = row.both("last_assessed_on", "progressed_on")
    if days and days[0] > days[1]:
        expected = f"a day up to the progression ({row.cell('progressed_on')} has {days[1]})"
        hint = "PFS ends with the progression. Is its day right?"
        yield warning(f"{days[0]}", expected, where=row.cell("last_assessed_on"), hint=hint)
    days = row.both("next_therapy_on", "discontinued_on")
    if days and days[0] < days[1]:
        expected = f"a day from the end of treatment on ({row.cell('discontinued_on')} has {days[1]})"
        yield warning(f"{days[0]}", expected, where=row.cell("next_therapy_on"), hint=_SWAPPED)


def _against_contact(row: _PatientDays) -> Iterator[Finding]:
    """Report a last contact that is earlier than another day on which the patient was alive."""
    for column in _BEFORE_CONTACT:
        days = row.both("last_contact_on", column)
        if days and days[1] > days[0]:
            problem = f"{days[0]}, before {column} {days[1]}"
            yield warning(
                problem, "the last day the patient was known to be alive", where=row.cell("last_contact_on")
            )
