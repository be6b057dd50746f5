"""R10: exposure, adverse events, infusions and serum concentrations, from the optional columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.response.characteristics import Characteristic, Summary, share, summary
from pipeline.response.statistics.counts import Proportion, proportion
from pipeline.study.cells.dates import DAYS_PER_WEEK
from pipeline.study.drugs import is_drug
from pipeline.study.quantity_name import MICROGRAMS_PER_ML, WEEKS, drug_of, study_drug_of
from pipeline.study.study import AdverseEvent, Patient, Study

SEVERE_FROM = 3
"""Grade from which an adverse event is severe. Standard: CTCAE."""
FATAL = 5
"""Grade of an adverse event that ends in death. Standard: CTCAE, grade 5."""


@dataclass(frozen=True, slots=True)
class SafetyPopulation:
    """The patients who got the study drug; adverse events are counted of them.

    Attributes
    ----------
    treated, untreated
        Patients with and without a sign of treatment, in the order of the patients sheet.
    events
        Events of the treated, from the sheet of adverse events.
    n_events_left_out
        Events of the others.
    rule
        The denominator in words.
    """

    treated: tuple[Patient, ...]
    untreated: tuple[Patient, ...]
    events: tuple[AdverseEvent, ...]
    n_events_left_out: int
    rule: str


def safety_population(study: Study) -> SafetyPopulation:
    """Return who got at least one dose of the study drug (ICH E9, 1998, section 5.2.3).

    A patient is treated who has a dose of the study drug, `treatment_start`, `discontinued_on`, or more than
    0 `infusions` or `exposure_weeks`. Of the others, those with 0 infusions or weeks are untreated, and all
    are where doses of the study drug are typed for some patient. Without any such dose the program cannot
    know it, and the others count as treated.
    """
    drug = study.settings.study_drug
    dosed = {dose.patient_id for dose in study.doses if dose.dose != 0 and is_drug(dose.drug, drug)}
    untreated = tuple(patient for patient in study.patients if _is_untreated(patient, dosed))
    left_out = {patient.patient_id for patient in untreated}
    treated = tuple(patient for patient in study.patients if patient.patient_id not in left_out)
    events = tuple(event for event in study.adverse_events if event.patient_id not in left_out)
    n_left_out = len(study.adverse_events) - len(events)
    rule = _denominator(study_drug_of(study), treated, untreated, n_left_out, doses_typed=bool(dosed))
    return SafetyPopulation(treated, untreated, events, n_left_out, rule)


def _is_untreated(patient: Patient, dosed: set[str]) -> bool:
    amounts = (patient.infusions, patient.exposure_weeks)
    dates = (patient.treatment_start, patient.discontinued_on)
    if patient.patient_id in dosed or any(dates) or any(amounts):
        return False
    return bool(dosed) or 0 in amounts


def _denominator(
    drug: str,
    treated: Sequence[Patient],
    untreated: Sequence[Patient],
    n_left_out: int,
    *,
    doses_typed: bool,
) -> str:
    n = len(treated) + len(untreated)
    words = (
        "Adverse events and infusion reactions are counted of the patients who got at least one dose of "
        f"{drug} (safety population): {len(treated)} of the {n} patients of the patients sheet."
    )
    if not doses_typed:
        words += (
            f" The doses sheet has no dose of {drug}: every patient counts as treated, except those with 0 "
            "infusions or exposure_weeks."
        )
    if untreated:
        names = ", ".join(patient.patient_id for patient in untreated)
        words += f" Not treated, so in no number: {names}."
    if n_left_out:
        words += f" Their events are left out too ({n_left_out} in the sheet adverse_events)."
    return words


def safety_table(study: Study) -> tuple[Characteristic, ...]:
    """Return the rows of R10, each of the patients with a filled cell; an empty column gives no row.

    Adverse events and infusion reactions are counted of the patients who got the study drug
    (`safety_population`).
    """
    patients = safety_population(study).treated
    grades = [patient.teae_grade for patient in patients]
    rows: list[Characteristic] = [
        summary("exposure", [exposure_weeks(patient) for patient in patients], WEEKS),
        *share("any adverse event", [None if grade is None else grade >= 1 for grade in grades]),
        *share(
            f"adverse event of grade >= {SEVERE_FROM}",
            [None if grade is None else grade >= SEVERE_FROM for grade in grades],
        ),
        *share("adverse event of grade 5", [None if grade is None else grade == FATAL for grade in grades]),
        *share("infusion reaction", [patient.infusion_reaction for patient in patients]),
        *_interrupted(patients),
        *_serum(study),
    ]
    return tuple(row for row in rows if not (isinstance(row, Summary) and row.n == 0))


def exposure_weeks(patient: Patient) -> float | None:
    """Return the weeks on treatment as typed, else from treatment_start to discontinued_on; None: not known.

    Examples
    --------
    >>> exposure_weeks(Patient("P1", exposure_weeks=8.3))
    8.3
    """
    if patient.exposure_weeks is not None:
        return patient.exposure_weeks
    start, end = patient.treatment_start, patient.discontinued_on
    return None if start is None or end is None or end < start else (end - start).days / DAYS_PER_WEEK


def _interrupted(patients: Sequence[Patient]) -> tuple[Proportion, ...]:
    """Return the share of interrupted infusions, of patients whose row has both numbers.

    A row with more interrupted infusions than infusions is a typing error, which R9 reports. It is not
    counted.
    """
    both = [(patient.infusions_interrupted, patient.infusions) for patient in patients]
    counted = [(k, n) for k, n in both if k is not None and n is not None and k <= n]
    n = sum(n for _, n in counted)
    return (proportion("interrupted infusions", sum(k for k, _ in counted), n),) if n else ()


def _serum(study: Study) -> tuple[Characteristic, ...]:
    levels = [patient.serum_ug_ml for patient in study.patients]
    drug = drug_of(study)
    troughs = [d.serum_trough_ug_ml for d in study.doses if is_drug(d.drug, study.settings.washed_out_drug)]
    return (
        *share(f"{drug} found in serum", [None if value is None else value > 0 for value in levels]),
        summary(f"serum {drug} before the study drug", levels, MICROGRAMS_PER_ML),
        summary(
            f"serum {drug} trough, per measured dose",
            [v for v in troughs if v is not None],
            MICROGRAMS_PER_ML,
        ),
    )
