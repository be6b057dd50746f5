"""Numbers of a patient that are impossible, or in another unit: age, weight, albumin, serum, counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.checks.plausibility.plausible_ranges import (
    ADULT_YEARS,
    LEAST_ALBUMIN_G_L,
    LEAST_TROUGH_UG_ML,
    LEAST_WEIGHT_KG,
    MOST_CONTROL_DAYS,
    MOST_INFUSIONS,
    MOST_PRIOR_LINES,
    MOST_SERUM_UG_ML,
    NEXT_DOSE_DAYS,
    OLDEST_PATIENT,
    SERUM_ANY_TIME_UG_ML,
    SERUM_HALF_LIFE_DAYS,
    USUAL_ALBUMIN_G_L,
    USUAL_CONTROL_DAYS,
    USUAL_SERUM_UG_ML,
    USUAL_WEIGHT_KG,
)
from pipeline.checks.typed import days_of
from pipeline.study.cells.dates import DAYS_PER_WEEK
from pipeline.study.faults import Fault
from pipeline.study.study import Dose, Patient, Study

_MG = "Is it in mg/mL? 0.3 mg/mL are 300 µg/mL."
_NG = "Is it in ng/mL? 1000 ng/mL are 1 µg/mL."


def bodies(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare age, weight and albumin with the usual ranges."""
    del headers
    for patient in study.patients:
        yield from _age(patient, study)
        yield from _weight(patient, study)
        yield from _albumin(patient, study)


def _age(patient: Patient, study: Study) -> Iterator[Finding]:
    age, where = patient.age, study.at("patients", patient.patient_id, "age")
    if age is not None and age < 1:
        yield Finding(Fault(where, f"{age:g}", "an age in years", "Leave it empty if it is not known."))
    elif age is not None and not ADULT_YEARS <= age <= OLDEST_PATIENT:
        yield warning(f"{age:g}", f"an age from {ADULT_YEARS} to {OLDEST_PATIENT} years", where=where)


def _weight(patient: Patient, study: Study) -> Iterator[Finding]:
    weight, where = patient.weight_kg, study.at("patients", patient.patient_id, "weight_kg")
    low, high = USUAL_WEIGHT_KG
    expected = f"a weight from {low:g} to {high:g} kg"
    is_child = patient.age is not None and patient.age < ADULT_YEARS
    if weight is not None and weight < LEAST_WEIGHT_KG and not is_child:
        hint = "A comma is read as a decimal comma: 1,234 is 1.234. Leave it empty if it is not known."
        yield Finding(Fault(where, f"{weight:g} kg", expected, hint))
    elif weight is not None and not low <= weight <= high:
        yield warning(
            f"{weight:g} kg", expected, where=where, hint="Is it in pounds?" if weight > high else ""
        )


def _albumin(patient: Patient, study: Study) -> Iterator[Finding]:
    albumin, where = patient.albumin_g_l, study.at("patients", patient.patient_id, "albumin_g_l")
    low, high = USUAL_ALBUMIN_G_L
    expected = f"serum albumin from {low:g} to {high:g} g/L"
    if albumin is not None and albumin < LEAST_ALBUMIN_G_L:
        hint = f"Is it in g/dL? {albumin:g} g/dL are {10 * albumin:g} g/L."
        yield Finding(Fault(where, f"{albumin:g} g/L", expected, hint))
    elif albumin is not None and not low <= albumin <= high:
        yield warning(f"{albumin:g} g/L", expected, where=where)


def serum_levels(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare the drug in serum with its peak, and with the level that is possible after the last dose."""
    del headers
    dose_days, started = (
        days_of(study, study.settings.washed_out_drug),
        days_of(study, study.settings.study_drug),
    )
    for number, dose in enumerate(study.doses):
        level, where = dose.serum_trough_ug_ml, study.at("doses", str(number), "serum_trough_ug_ml")
        if level is not None:
            yield from _level(level, where, USUAL_SERUM_UG_ML, " as a trough")
        if level and level < LEAST_TROUGH_UG_ML and _follows_soon(dose, dose_days.get(dose.patient_id, [])):
            expected = f"at least {LEAST_TROUGH_UG_ML:g} µg/mL this soon after the dose before"
            yield warning(f"{level:g} µg/mL", expected, where=where, hint=_MG)
    for patient in study.patients:
        level, where = patient.serum_ug_ml, study.at("patients", patient.patient_id, "serum_ug_ml")
        days = _days_since(patient, dose_days, started)
        remaining = USUAL_SERUM_UG_ML * 2 ** (-(days or 0) / SERUM_HALF_LIFE_DAYS)
        most = max(remaining, SERUM_ANY_TIME_UG_ML)
        when = f"{days} days after the last dose" if days is not None else "serum"
        if level is not None:
            yield from _level(level, where, most, f", {when}")


def levels_at_visits(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare the drugs in serum at a visit with the highest usual level."""
    del headers
    for sample in study.samples:
        for column in ("serum_washed_out_ug_ml", "serum_study_drug_ug_ml"):
            level = getattr(sample, column)
            if level is not None:
                where = study.at("samples", sample.sample_id, column)
                yield from _level(level.value, where, USUAL_SERUM_UG_ML, " in serum")


def _level(level: float, where: str, most: float, when: str) -> Iterator[Finding]:
    expected = f"at most {most:.3g} µg/mL{when}"
    if level > MOST_SERUM_UG_ML:
        yield Finding(Fault(where, f"{level:g} µg/mL", expected, _NG))
    elif level > most:
        yield warning(f"{level:g} µg/mL", expected, where=where, hint=_NG)


def _follows_soon(dose: Dose, dose_days: Sequence[date]) -> bool:
    """Return whether a dose of the washed-out drug follows another one within weeks."""
    return dose.given_on in dose_days and any(
        0 < (dose.given_on - day).days <= NEXT_DOSE_DAYS for day in dose_days
    )


def _days_since(
    patient: Patient, dose_days: dict[str, list[date]], started: dict[str, list[date]]
) -> int | None:
    """Return the days from the last dose of the washed-out drug to the study drug; None: not known."""
    starts = started.get(patient.patient_id, [])
    start = starts[0] if starts else patient.treatment_start
    before = [day for day in dose_days.get(patient.patient_id, []) if start and day <= start]
    return (start - before[-1]).days if start and before else None


def counts(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare counts and durations with each other, and with what is possible."""
    del headers
    for patient in study.patients:
        name = patient.patient_id
        n, stopped = patient.infusions, patient.infusions_interrupted
        if n is not None and stopped is not None and stopped > n:
            where = study.at("patients", name, "infusions_interrupted")
            yield Finding(Fault(where, f"{stopped} of {n} infusions", f"at most the {n} infusions"))
        if n is not None and n > MOST_INFUSIONS:
            expected = f"at most {MOST_INFUSIONS} infusions"
            yield warning(f"{n}", expected, where=study.at("patients", name, "infusions"))
        lines = patient.prior_lines
        if lines is not None and lines > MOST_PRIOR_LINES:
            expected = f"at most {MOST_PRIOR_LINES} prior lines"
            yield warning(f"{lines}", expected, where=study.at("patients", name, "prior_lines"))
        yield from _length(study, name, "disease_control_days", patient.disease_control_days, 1)
        yield from _length(study, name, "exposure_weeks", patient.exposure_weeks, DAYS_PER_WEEK)


def _length(study: Study, name: str, column: str, typed: float | None, unit_days: int) -> Iterator[Finding]:
    unit = "days" if unit_days == 1 else "weeks"
    expected = f"at most {USUAL_CONTROL_DAYS / unit_days:.0f} {unit}, 15 years"
    where = study.at("patients", name, column)
    if typed is not None and typed * unit_days > MOST_CONTROL_DAYS:
        yield Finding(Fault(where, f"{typed:g} {unit}", expected))
    elif typed is not None and typed * unit_days > USUAL_CONTROL_DAYS:
        yield warning(f"{typed:g} {unit}", expected, where=where)
