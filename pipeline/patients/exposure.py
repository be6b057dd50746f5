"""Exposure: washout, response clock, and doses given, for each tube and each patient."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from pipeline.patients.course import Course, ResponseClock, clock_doubts, is_before, last_day
from pipeline.patients.treatment import cycles, schedule
from pipeline.study.cells.dates import DAYS_PER_WEEK
from pipeline.study.drugs import is_drug
from pipeline.study.drugs.amounts import dose_in
from pipeline.study.settings import Settings
from pipeline.study.study import Dose, Patient, Sample, Study

__all__ = ["Exposure", "ResponseClock", "exposures", "response_clocks"]


@dataclass(frozen=True, slots=True)
class Exposure:
    """The drugs that a tube's patient had been given. None: not known.

    Attributes
    ----------
    last_dose_on
        Day of the last dose of the washed-out drug before collection. A dose on the day of collection counts
        as given after it, unless both times of day are typed and say otherwise.
    washout_weeks
        Time from that dose to collection: days/7; 0 if by the typed times both are on one day.
    first_study_drug_on
        First dose of the study drug, before or after collection.
    response_washout_weeks
        The response clock: from the last dose of the washed-out drug on or before the first dose of the study
        drug, to that first dose.
    n_doses
        Doses of the washed-out drug before collection.
    cumulative_mg, cumulative_mg_per_kg
        Sum of these doses; None if a dose is not known, or if it has another unit and the weight is not
        known.
    schedule
        `QW x 8, Q2W x 8, Q4W x 3, IV`; `QW x 8, pause of 40 weeks, QW x 4`
        (`pipeline.patients.treatment.schedule`).
    cycles
        Cycles of the washed-out drug that began before collection.
    intervening
        Drugs other than the study drug that were given after the last dose of the washed-out drug and before
        collection.
    imid_since
        Whether the setting `imid_drugs` names one of these drugs; None if the washout is not known.
    eligible, eligibility
        Eligibility by the letter's rule, on the response clock, and the reason; None: not known.
    refractory
        Whether the patients sheet names the washed-out drug under refractory_to; None if it says nothing.
    serum_ug_ml, serum_on
        The last trough on or before the day of collection, and its day. The trough of a dose on the day of
        collection counts, since it was taken before dose and sample.
    flags
        `NO_DOSES`, `SAMPLE_BEFORE_FIRST_DOSE`, `DOSE_AFTER_SAMPLE`, `DOSE_ON_SAMPLE_DAY`,
        `DOSE_TWICE_ON_A_DAY`, `STUDY_DRUG_BEFORE_SAMPLE`, `OTHER_ANTI_CD38_SINCE`.
    """

    sample_id: str
    patient_id: str
    collected_on: date
    last_dose_on: date | None = None
    washout_weeks: float | None = None
    first_study_drug_on: date | None = None
    response_washout_weeks: float | None = None
    n_doses: int = 0
    cumulative_mg: float | None = None
    cumulative_mg_per_kg: float | None = None
    schedule: str = ""
    cycles: int = 0
    intervening: tuple[str, ...] = ()
    imid_since: bool | None = None
    eligible: bool | None = None
    eligibility: str = ""
    refractory: bool | None = None
    serum_ug_ml: float | None = None
    serum_on: date | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def exposures(study: Study, clocks: Mapping[str, ResponseClock]) -> dict[str, Exposure]:
    """Return the exposure of every patient's tube by sample_id, in the order of the samples sheet.

    `clocks` comes from `response_clocks`. The drugs are those of the settings `washed_out_drug` and
    `study_drug`, under any name of the vocabulary (`pipeline.study.drugs`) or a synonym that the setting
    lists with `;`. A name that is only similar does not count.
    """
    patients = {patient.patient_id: patient for patient in study.patients}
    washed_out = _by_patient(study.doses, study.settings.washed_out_drug)
    started = _by_patient(study.doses, study.settings.study_drug)
    other_doses = _others(study)
    by_sample, of_assay = {}, study.validation_tubes
    for sample in study.samples:
        if sample.sample_id in of_assay:
            continue
        name = sample.patient_id
        doses = (washed_out.get(name, ()), started.get(name, ()), other_doses.get(name, ()))
        course = Course(*doses, clocks[name], patients.get(name))
        by_sample[sample.sample_id] = _exposure(sample, course, study.settings)
    return by_sample


def response_clocks(study: Study) -> dict[str, ResponseClock]:
    """Return the response clock of every patient in the sheets patients, samples or doses, in that order."""
    of_assay = study.validation_tubes
    tubes = (sample for sample in study.samples if sample.sample_id not in of_assay)
    named: tuple[Patient | Sample | Dose, ...] = (*study.patients, *tubes, *study.doses)
    ids = dict.fromkeys(row.patient_id for row in named)
    washed_out = _by_patient(study.doses, study.settings.washed_out_drug)
    started = _by_patient(study.doses, study.settings.study_drug)
    return {name: _clock(name, washed_out.get(name, ()), started.get(name, ())) for name in ids}


def _by_patient(doses: Iterable[Dose], drug: str) -> Mapping[str, tuple[Dose, ...]]:
    """Return the doses of a drug by patient, in the order of their dates."""
    by_patient: dict[str, list[Dose]] = {}
    every = tuple(doses)
    names = {name for name in {dose.drug for dose in every} if is_drug(name, drug)}
    for dose in sorted(every, key=lambda dose: dose.given_on):
        if dose.drug in names:
            by_patient.setdefault(dose.patient_id, []).append(dose)
    return {name: tuple(rows) for name, rows in by_patient.items()}


def _clock(patient_id: str, doses: tuple[Dose, ...], study_drug: tuple[Dose, ...]) -> ResponseClock:
    last = doses[-1].given_on if doses else None
    if not study_drug:
        return ResponseClock(patient_id, last, note="no dose of the study drug")
    first = study_drug[0].given_on
    before = [dose.given_on for dose in doses if dose.given_on <= first]
    if not before:
        return ResponseClock(
            patient_id, None, first, note="no dose of the washed-out drug before the study drug"
        )
    later = len(doses) - len(before)
    note = f"{later} doses of the washed-out drug after the first of the study drug" if later else ""
    return ResponseClock(patient_id, before[-1], first, (first - before[-1]).days, note)


def _others(study: Study) -> Mapping[str, tuple[Dose, ...]]:
    """Return the doses by patient of all drugs except the washed-out drug and the study drug."""
    by_patient: dict[str, list[Dose]] = {}
    for dose in sorted(study.doses, key=lambda dose: dose.given_on):
        named = (study.settings.washed_out_drug, study.settings.study_drug)
        if not any(is_drug(dose.drug, drug) for drug in named):
            by_patient.setdefault(dose.patient_id, []).append(dose)
    return {name: tuple(rows) for name, rows in by_patient.items()}


def _exposure(sample: Sample, course: Course, settings: Settings) -> Exposure:
    doses, clock = course.doses, course.clock
    before = tuple(dose for dose in doses if is_before(dose, sample))
    last = last_day(before)
    weight = None if course.patient is None else course.patient.weight_kg
    findings = tuple(clock_doubts(sample, course, before))
    entry = course.entry(settings.cycle_days)
    since = tuple(dict.fromkeys(dose.drug.strip() for dose in course.since(last, sample)))
    measured = [dose for dose in doses if dose.given_on <= sample.collected_on]
    trough = next((dose for dose in reversed(measured) if dose.serum_trough_ug_ml is not None), None)
    return Exposure(
        sample_id=sample.sample_id,
        patient_id=sample.patient_id,
        collected_on=sample.collected_on,
        last_dose_on=last,
        washout_weeks=None if last is None else (sample.collected_on - last).days / DAYS_PER_WEEK,
        first_study_drug_on=clock.first_study_drug_on,
        response_washout_weeks=clock.weeks,
        n_doses=len(before),
        cumulative_mg=_cumulative(before, "mg", weight),
        cumulative_mg_per_kg=_cumulative(before, "mg/kg", weight),
        schedule=schedule(before),
        cycles=cycles(before, settings.cycle_days),
        intervening=since,
        imid_since=None if last is None else any(is_drug(name, settings.imid_drugs) for name in since),
        eligible=entry.eligible,
        eligibility=entry.reason,
        refractory=course.refractory(settings.washed_out_drug),
        serum_ug_ml=None if trough is None else trough.serum_trough_ug_ml,
        serum_on=None if trough is None else trough.given_on,
        flags=tuple(flag for flag, _ in findings),
        notes=tuple(note for _, note in findings),
    )


def _cumulative(doses: tuple[Dose, ...], unit: str, weight_kg: float | None) -> float | None:
    amounts = [
        None if dose.dose is None else dose_in(unit, dose.dose, dose.unit, weight_kg) for dose in doses
    ]
    typed_amounts = [amount for amount in amounts if amount is not None]
    return math.fsum(typed_amounts) if typed_amounts and len(typed_amounts) == len(amounts) else None
