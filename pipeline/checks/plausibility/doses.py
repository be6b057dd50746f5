"""Doses that cannot be, or that somebody should look at: amounts, routes, pauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise

from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.checks.plausibility.limits import MOST_PAUSE_DAYS
from pipeline.checks.typed import days_of
from pipeline.study.drugs import read_drug
from pipeline.study.drugs.amounts import amount_doubt
from pipeline.study.faults import Fault
from pipeline.study.study import Dose, Study
from pipeline.study.wording import quoted

DAYS_PER_YEAR = 365.25


def dose_amounts(study: Study, headers: Headers) -> Iterator[Finding]:
    """Hold each amount against unit, route and weight; a dose of 0 was not given, or is not known."""
    del headers
    weights = {patient.patient_id: patient.weight_kg for patient in study.patients}
    found: dict[tuple[str, str, str, bool], list[int]] = {}
    for number, dose in enumerate(study.doses):
        doubt = amount_of(dose, weights.get(dose.patient_id))
        if doubt:
            found.setdefault(doubt, []).append(number)
    for (problem, expected, hint, impossible), numbers in found.items():
        where = study.at("doses", str(numbers[0]), "dose")
        more = f", and so in {len(numbers) - 1} more rows" if len(numbers) > 1 else ""
        if impossible:
            yield Finding(Fault(where, problem + more, expected, hint))
        else:
            yield warning(problem + more, expected, where=where, hint=hint)


def amount_of(dose: Dose, weight_kg: float | None) -> tuple[str, str, str, bool] | None:
    """Return what is wrong with a dose: found, expected, what to do, and whether it cannot be."""
    if dose.dose is None:
        return None
    if dose.dose == 0:
        hint = "If it was not given, delete the row; if the amount is not known, leave the cell empty."
        return f"a dose of 0 of {quoted(dose.drug)}", "a dose that was given", hint, True
    reading = read_drug(dose.drug)
    doubt = amount_doubt(reading.antibody, dose.dose, dose.unit, dose.route or reading.route, weight_kg)
    if doubt is None:
        return None
    typed = " ".join(part for part in (f"{dose.dose:g}", dose.unit, dose.route) if part)
    return typed, doubt.expected, doubt.hint, doubt.impossible


def routes(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report a route beside a name that tells the other one: `Darzalex Faspro` into a vein."""
    del headers
    for number, dose in enumerate(study.doses):
        told = read_drug(dose.drug).route
        if told and dose.route and dose.route != told:
            where = study.at("doses", str(number), "route")
            yield warning(
                f"{dose.route} beside {quoted(dose.drug)}", f"{told}, as the drug says", where=where
            )


def long_pauses(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report years between two doses, and between the last dose and a tube: often a slip in a year."""
    del headers
    drug = study.settings.washed_out_drug
    given = days_of(study, drug)
    expected = f"at most {MOST_PAUSE_DAYS / DAYS_PER_YEAR:.0f} years"
    for patient_id, days in given.items():
        for before, after in _pauses(days):
            where = _dose_cell(study, patient_id, after)
            problem = f"{_years(before, after)} after the dose of {drug} before it ({before} to {after})"
            yield warning(problem, expected, where=where, hint="Is one of the years wrong?")
    for sample in study.samples:
        earlier = [day for day in given.get(sample.patient_id, ()) if day <= sample.collected_on]
        if earlier and (sample.collected_on - earlier[-1]).days > MOST_PAUSE_DAYS:
            where = study.at("samples", sample.sample_id, "collected_on")
            problem = f"{_years(earlier[-1], sample.collected_on)} after the last {drug} ({earlier[-1]})"
            hint = "Are both dates right, and is a later dose missing?"
            yield warning(problem, expected, where=where, sample_id=sample.sample_id, hint=hint)


def _pauses(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    return ((one, next_) for one, next_ in pairwise(days) if (next_ - one).days > MOST_PAUSE_DAYS)


def _years(first: date, last: date) -> str:
    return f"{(last - first).days / DAYS_PER_YEAR:.1f} years"


def _dose_cell(study: Study, patient_id: str, day: date) -> str:
    rows = enumerate(study.doses)
    number = next(n for n, dose in rows if dose.patient_id == patient_id and dose.given_on == day)
    return study.at("doses", str(number), "given_on")
