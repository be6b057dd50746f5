"""Doses that cannot be, or that somebody should look at: amounts, routes, pauses."""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date
from itertools import pairwise

from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.checks.plausibility.days import days_that_cannot_be
from pipeline.checks.plausibility.plausible_ranges import MOST_PAUSE_DAYS
from pipeline.study.drugs import is_drug, read_drug
from pipeline.study.drugs.amounts import amount_doubt
from pipeline.study.faults import Fault
from pipeline.study.study import Dose, Study
from pipeline.study.wording import quoted

DAYS_PER_YEAR = 365.25
"""Days of a year, for printing. Convention: the Julian year."""


def dose_amounts(study: Study, headers: Headers) -> Iterator[Finding]:
    """Hold each amount against unit, route and weight; a dose of 0 was not given, or is not known."""
    del headers
    weights = {patient.patient_id: patient.weight_kg for patient in study.patients}
    found: dict[tuple[str, str, str, bool], list[int]] = {}
    for number, dose in enumerate(study.doses):
        doubt = implausible_amount(dose, weights.get(dose.patient_id))
        if doubt:
            found.setdefault(doubt, []).append(number)
    for (problem, expected, hint, impossible), numbers in found.items():
        where = study.at("doses", str(numbers[0]), "dose")
        more = f", and so in {len(numbers) - 1} more rows" if len(numbers) > 1 else ""
        if impossible:
            yield Finding(Fault(where, problem + more, expected, hint))
        else:
            yield warning(problem + more, expected, where=where, hint=hint)


def implausible_amount(dose: Dose, weight_kg: float | None) -> tuple[str, str, str, bool] | None:
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


def day_totals(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report days on which a patient got more of an antibody than a dose: rows that were pasted twice."""
    del headers
    by_day: dict[tuple[str, date, str, str, str], list[int]] = {}
    for number, dose in enumerate(study.doses):
        antibody = read_drug(dose.drug).antibody
        if antibody and dose.dose:
            key = (dose.patient_id, dose.given_on, antibody, dose.unit, dose.route)
            by_day.setdefault(key, []).append(number)
    found: dict[tuple[str, str], list[str]] = {}
    for (_, day, antibody, unit, route), numbers in by_day.items():
        single = [amount_doubt(antibody, study.doses[n].dose or 0, unit, route) for n in numbers]
        total = sum(study.doses[n].dose or 0 for n in numbers)
        doubt = amount_doubt(antibody, total, unit, route)
        if len(numbers) > 1 and doubt and not any(single):
            problem = f"{total:g} {unit} of {antibody} in {len(numbers)} rows of one day"
            where = study.at("doses", str(numbers[-1]), "given_on")
            found.setdefault((problem, doubt.expected), []).append(f"{where} ({day})")
    for (problem, expected), places in found.items():
        more = f", and so on {len(places) - 1} more days" if len(places) > 1 else ""
        where, when = places[0].split(" ")
        hint = "Was a row pasted twice, or is a day wrong?"
        yield warning(f"{problem} {when}{more}", expected, where=where, hint=hint)


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
    refused = {finding.fault.where for finding in days_that_cannot_be(study, date.today()) if finding.fault}
    given = _given(study, refused)
    expected = f"at most {MOST_PAUSE_DAYS / DAYS_PER_YEAR:.0f} years"
    for days in given.values():
        for (before, _), (after, where) in pairwise(days):
            if (after - before).days > MOST_PAUSE_DAYS:
                problem = f"{_years(before, after)} after the dose of {drug} before it ({before} to {after})"
                yield warning(problem, expected, where=where, hint="Is one of the years wrong?")
    for sample in study.samples:
        where, on = study.at("samples", sample.sample_id, "collected_on"), sample.collected_on
        earlier = [day for day, _ in given.get(sample.patient_id, ()) if day <= on]
        if earlier and where not in refused and (on - earlier[-1]).days > MOST_PAUSE_DAYS:
            problem = f"{_years(earlier[-1], on)} after the last {drug} ({earlier[-1]})"
            hint = "Are both dates right, and is a later dose missing?"
            yield warning(problem, expected, where=where, sample_id=sample.sample_id, hint=hint)


def _given(study: Study, refused: Container[str]) -> dict[str, list[tuple[date, str]]]:
    """Return by patient the days of the washed-out drug that can be, in order, each with its cell."""
    days: dict[str, list[tuple[date, str]]] = {}
    for number, dose in enumerate(study.doses):
        where = study.at("doses", str(number), "given_on")
        if where not in refused and is_drug(dose.drug, study.settings.washed_out_drug):
            days.setdefault(dose.patient_id, []).append((dose.given_on, where))
    return {name: sorted(listed) for name, listed in days.items()}


def _years(first: date, last: date) -> str:
    return f"{(last - first).days / DAYS_PER_YEAR:.1f} years"
