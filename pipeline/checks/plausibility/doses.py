"""Doses that are impossible or unlikely: amounts, routes, pauses."""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date
from itertools import pairwise

from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.checks.plausibility.days import days_that_cannot_be
from pipeline.checks.plausibility.plausible_ranges import MOST_PAUSE_DAYS
from pipeline.study.drugs import is_drug, read_drug
from pipeline.study.drugs.amounts import LABELLED_AMOUNTS, AmountDoubt, amount_doubt, unit_that_fits
from pipeline.study.faults import Fault
from pipeline.study.study import Dose, Study
from pipeline.study.wording import quoted

DAYS_PER_YEAR = 365.25
"""Days of a year, for printing. Convention: the Julian year."""


def dose_amounts(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare each amount with unit, route and weight; refuse a dose of 0."""
    del headers
    weights = {patient.patient_id: patient.weight_kg for patient in study.patients}
    doubts: dict[tuple[str, str, str, bool], list[int]] = {}
    for number, dose in enumerate(study.doses):
        doubt = implausible_amount(dose, weights.get(dose.patient_id))
        if doubt:
            doubts.setdefault(doubt, []).append(number)
    for (problem, expected, hint, impossible), numbers in doubts.items():
        where = study.at("doses", str(numbers[0]), "dose")
        more = f", and so in {len(numbers) - 1} more rows" if len(numbers) > 1 else ""
        if impossible:
            yield Finding(Fault(where, problem + more, expected, hint))
        else:
            yield warning(problem + more, expected, where=where, hint=hint)


def implausible_amount(dose: Dose, weight_kg: float | None) -> tuple[str, str, str, bool] | None:
    """Return the doubt about a dose: found, expected, hint, and whether it is impossible; None for none."""
    if dose.dose is None:
        return None
    if dose.dose == 0:
        hint = "If it was not given, delete the row; if the amount is not known, leave the cell empty."
        return f"a dose of 0 of {quoted(dose.drug)}", "a dose that was given", hint, True
    reading = read_drug(dose.drug)
    route = dose.route or reading.route
    doubt = amount_doubt(reading.antibody, dose.dose, dose.unit, route, weight_kg)
    if doubt is None and reading.antibody in LABELLED_AMOUNTS and not dose.unit:
        unit = unit_that_fits(reading.antibody, dose.dose, route, weight_kg)
        hint = f"Only {unit} is possible: type it. No total is computed without it."
        doubt = AmountDoubt(False, "a unit beside the amount", hint)
    if doubt is None:
        return None
    typed = " ".join(part for part in (f"{dose.dose:g}", dose.unit or "without a unit", dose.route) if part)
    return typed, doubt.expected, doubt.hint, doubt.impossible


def day_totals(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report days on which a patient got more of an antibody than a dose: rows may have been pasted twice."""
    del headers
    by_day: dict[tuple[str, date, str, str, str], list[int]] = {}
    for number, dose in enumerate(study.doses):
        antibody = read_drug(dose.drug).antibody
        if antibody and dose.dose:
            key = (dose.patient_id, dose.given_on, antibody, dose.unit, dose.route)
            by_day.setdefault(key, []).append(number)
    too_high: dict[tuple[str, str], list[tuple[str, date]]] = {}
    for (_, day, antibody, unit, route), numbers in by_day.items():
        single = [amount_doubt(antibody, study.doses[n].dose or 0, unit, route) for n in numbers]
        total = sum(study.doses[n].dose or 0 for n in numbers)
        doubt = amount_doubt(antibody, total, unit, route)
        if len(numbers) > 1 and doubt and not any(single):
            problem = f"{total:g} {unit} of {antibody} in {len(numbers)} rows of one day"
            where = study.at("doses", str(numbers[-1]), "given_on")
            too_high.setdefault((problem, doubt.expected), []).append((where, day))
    for (problem, expected), days in too_high.items():
        more = f", and so on {len(days) - 1} more days" if len(days) > 1 else ""
        where, first = days[0]
        hint = "Was a row pasted twice, or is a day wrong?"
        yield warning(f"{problem} ({first}){more}", expected, where=where, hint=hint)


def routes(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report a route that contradicts the name of the drug, such as IV for `Darzalex Faspro`."""
    del headers
    for number, dose in enumerate(study.doses):
        by_name = read_drug(dose.drug).route
        if by_name and dose.route and dose.route != by_name:
            where = study.at("doses", str(number), "route")
            yield warning(
                f"{dose.route} beside {quoted(dose.drug)}", f"{by_name}, as the drug says", where=where
            )


def long_pauses(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report years between two doses, or between the last dose and a tube: often a year is mistyped."""
    del headers
    drug = study.settings.washed_out_drug
    refused = {finding.fault.where for finding in days_that_cannot_be(study, date.today()) if finding.fault}
    dose_days = _dose_days(study, refused)
    expected = f"at most {MOST_PAUSE_DAYS / DAYS_PER_YEAR:.0f} years"
    for days in dose_days.values():
        for (before, _), (after, where) in pairwise(days):
            if (after - before).days > MOST_PAUSE_DAYS:
                problem = f"{_years(before, after)} after the dose of {drug} before it ({before} to {after})"
                yield warning(problem, expected, where=where, hint="Is one of the years wrong?")
    for sample in study.samples:
        where, on = study.at("samples", sample.sample_id, "collected_on"), sample.collected_on
        earlier = [day for day, _ in dose_days.get(sample.patient_id, ()) if day <= on]
        if earlier and where not in refused and (on - earlier[-1]).days > MOST_PAUSE_DAYS:
            problem = f"{_years(earlier[-1], on)} after the last {drug} ({earlier[-1]})"
            hint = "Are both dates right, and is a later dose missing?"
            yield warning(problem, expected, where=where, sample_id=sample.sample_id, hint=hint)


def _dose_days(study: Study, refused: Container[str]) -> dict[str, list[tuple[date, str]]]:
    """Return the possible days of the washed-out drug by patient, sorted, each with its cell."""
    days: dict[str, list[tuple[date, str]]] = {}
    for number, dose in enumerate(study.doses):
        where = study.at("doses", str(number), "given_on")
        if where not in refused and is_drug(dose.drug, study.settings.washed_out_drug):
            days.setdefault(dose.patient_id, []).append((dose.given_on, where))
    return {name: sorted(listed) for name, listed in days.items()}


def _years(first: date, last: date) -> str:
    return f"{(last - first).days / DAYS_PER_YEAR:.1f} years"
