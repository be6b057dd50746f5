"""Pairs of a patient's values that hardly go together: weight and dose, infusions and weeks, grades."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from statistics import median
from typing import Final

from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.checks.plausibility.plausible_ranges import USUAL_WEIGHT_KG
from pipeline.study.cells.dates import DAYS_PER_WEEK
from pipeline.study.drugs import read_drug
from pipeline.study.drugs.amounts import LABELLED_AMOUNTS
from pipeline.study.drugs.routes import Route
from pipeline.study.faults import Fault
from pipeline.study.study import Dose, Patient, Study

KG_PER_POUND: Final = 0.45359237
"""Kilograms of a pound. Arithmetic."""
NEAR_BY_POUNDS: Final = 0.05
"""Relative difference up to which a dose counts as a labelled one. Arithmetic: half a dose differs from one
with the weight in pounds by 10 %."""
HEAVY_KG: Final = 165.0
"""Weight above which pounds are likelier than kilograms. Convention: a body mass index of 54 at 1.75 m."""
HEAVY_ON_AVERAGE_KG, FEWEST_WEIGHTS = 115.0, 4
"""Median weight of the patients above which all are likelier in pounds; the least number of patients for it.
Convention: a body mass index of 38 at 1.75 m, as no group of patients has."""
MOST_A_WEEK = 7.0
"""Infusions a week above which there is a warning. Convention: no drug of myeloma is infused twice a day."""
WEEKS_WITHOUT: Final = 4.0
"""Weeks on treatment from which there is a warning if no infusion was given. Vendor: the labels give four in
the first four weeks."""
WEEKS_APART, TIMES_APART = 6.0, 4.0
"""Weeks, and factor, by which typed weeks on treatment may differ from those between its days. Arithmetic: a
month has more than 4 weeks, a week 7 days; below it interruptions may not have been counted."""
MOST_ADDED_DAYS: Final = 36_525.0
"""Most days that are added to a day. Convention: a century, so that no sum is beyond the calendar."""
DEAD, BEDRIDDEN = 5, 4
"""Grade, or ECOG status, that is death; ECOG status of a patient who is in bed all day. Grades of CTCAE;
status by Oken et al. 1982, doi:10.1097/00000421-198212000-00014."""

IN_POUNDS: Final = "Is it in pounds? 180 lb are 82 kg."


def pounds(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report weights that are likelier in pounds: by themselves, by the doses, or by all patients."""
    del headers
    weights = {p.patient_id: p.weight_kg for p in study.patients if p.weight_kg is not None}
    doses = _doses_by_patient(study)
    reported = set()
    for name, weight in weights.items():
        if weight * KG_PER_POUND < USUAL_WEIGHT_KG[0]:
            continue
        where = study.at("patients", name, "weight_kg")
        as_pounds = _doses_by_pounds(doses.get(name, ()), weight)
        if as_pounds:
            expected = f"a weight that fits the doses: with {weight:g} lb they are {as_pounds:.3g} mg/kg"
            yield warning(f"{weight:g} kg", expected, where=where, hint=IN_POUNDS)
        elif weight > HEAVY_KG:
            yield warning(f"{weight:g} kg", f"at most {HEAVY_KG:g} kg", where=where, hint=IN_POUNDS)
        else:
            continue
        reported.add(name)
    if len(weights) >= FEWEST_WEIGHTS and median(weights.values()) > HEAVY_ON_AVERAGE_KG and not reported:
        where = study.at("patients", next(iter(weights)), "weight_kg")
        typed_words = f"{median(weights.values()):g} kg, the median of {len(weights)} patients"
        yield warning(typed_words, f"at most {HEAVY_ON_AVERAGE_KG:g} kg", where=where, hint=IN_POUNDS)


def _doses_by_patient(study: Study) -> dict[str, list[Dose]]:
    doses: dict[str, list[Dose]] = {}
    for dose in study.doses:
        doses.setdefault(dose.patient_id, []).append(dose)
    return doses


def _doses_by_pounds(doses: Iterable[Dose], weight: float) -> float | None:
    """Return mg/kg of a patient's doses if they are labelled ones only with the weight in pounds."""
    ratios: list[float | None] = []
    for dose in doses:
        reading = read_drug(dose.drug)
        amounts = LABELLED_AMOUNTS.get(reading.antibody)
        if not dose.dose or amounts is None or dose.unit != "mg":
            continue
        if (dose.route or reading.route) != Route.IV:
            continue
        per_kg = dose.dose / weight
        if any(_near(per_kg, label) for label in amounts.label_mg_per_kg):
            return None
        by_pounds = per_kg / KG_PER_POUND
        ratios.append(
            by_pounds if any(_near(by_pounds, label) for label in amounts.label_mg_per_kg) else None
        )
    fits = [ratio for ratio in ratios if ratio is not None]
    return median(fits) if len(fits) > len(ratios) / 2 else None


def _near(value: float, label: float) -> bool:
    return math.isclose(value, label, rel_tol=NEAR_BY_POUNDS)


def times_on_treatment(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare weeks, infusions and days of control with each other and with the days of treatment."""
    del headers
    today = date.today()
    for patient in study.patients:
        yield from _infusions(study, patient)
        yield from _weeks(study, patient)
        yield from _after_today(study, patient, today)


def _infusions(study: Study, patient: Patient) -> Iterator[Finding]:
    n, weeks = patient.infusions, patient.exposure_weeks
    if n is None or weeks is None:
        return
    where = study.at("patients", patient.patient_id, "infusions")
    most = MOST_A_WEEK * weeks + 1
    if n > most:
        expected = f"at most {most:.0f} infusions in {weeks:g} weeks"
        yield warning(f"{n} infusions", expected, where=where, hint="Are the weeks months, or days?")
    elif n == 0 and weeks >= WEEKS_WITHOUT:
        yield warning("0 infusions", f"infusions in {weeks:g} weeks on treatment", where=where)


def _weeks(study: Study, patient: Patient) -> Iterator[Finding]:
    weeks, start, end = patient.exposure_weeks, patient.treatment_start, patient.discontinued_on
    if weeks is None or start is None or end is None or end < start:
        return
    between = (end - start).days / DAYS_PER_WEEK
    low, high = sorted((weeks, between))
    if high - low > WEEKS_APART and high > TIMES_APART * low:
        expected = f"about {between:.0f} weeks, from treatment_start to discontinued_on"
        where = study.at("patients", patient.patient_id, "exposure_weeks")
        yield warning(f"{weeks:g} weeks", expected, where=where, hint="Is it in days or months?")


def _after_today(study: Study, patient: Patient, today: date) -> Iterator[Finding]:
    start, last = patient.treatment_start, patient.died_on or today
    columns = (
        ("disease_control_days", patient.disease_control_days, 1),
        ("exposure_weeks", patient.exposure_weeks, DAYS_PER_WEEK),
    )
    for column, typed, unit_days in columns:
        if start is None or typed is None or start > last:
            continue
        end = start + timedelta(days=min(typed * unit_days, MOST_ADDED_DAYS))
        if (end - last).days > WEEKS_APART * DAYS_PER_WEEK:
            at = "the patient's death" if patient.died_on else "today"
            expected = f"an end before {at} ({last}); from treatment_start it is {end}"
            where = study.at("patients", patient.patient_id, column)
            yield warning(f"{typed:g} {'days' if unit_days == 1 else 'weeks'}", expected, where=where)


def deaths(study: Study, headers: Headers) -> Iterator[Finding]:
    """Warn of each grade that is death, of a patient without a day of death."""
    del headers
    alive = {patient.patient_id for patient in study.patients if patient.died_on is None}
    typed = [
        ("patients", patient.patient_id, column, patient.patient_id)
        for patient in study.patients
        for column in ("teae_grade", "related_grade")
        if getattr(patient, column) == DEAD
    ]
    typed += [
        ("adverse_events", str(number), "grade", event.patient_id)
        for number, event in enumerate(study.adverse_events)
        if event.grade == DEAD
    ]
    for sheet, row, column, patient_id in typed:
        if patient_id in alive:
            where = study.at(sheet, row, column)
            yield warning(f"grade {DEAD}, which is death", "the day of death in died_on", where=where)


def grades(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare the grades of adverse events with each other, and the ECOG status with life."""
    del headers
    for patient in study.patients:
        name, worst = patient.patient_id, patient.teae_grade
        if worst is not None and patient.related_grade is not None and patient.related_grade > worst:
            typed_words = f"grade {patient.related_grade} beside teae_grade {worst}"
            where = study.at("patients", name, "related_grade")
            yield warning(typed_words, "at most the highest grade of all events", where=where)
        if patient.ecog == DEAD:
            where = study.at("patients", name, "ecog")
            yield Finding(Fault(where, f"ECOG {DEAD}, which is death", "0 to 4, a living patient"))
        elif patient.ecog == BEDRIDDEN:
            where = study.at("patients", name, "ecog")
            yield warning(f"ECOG {BEDRIDDEN}, in bed all day", "0 to 3 in a study", where=where)
