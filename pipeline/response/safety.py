"""R10: exposure, adverse events, infusions and serum concentrations, from the optional columns."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.response.characteristics import Characteristic, Summary, share, summary
from pipeline.response.statistics.counts import Proportion, proportion
from pipeline.study.cells.dates import DAYS_PER_WEEK
from pipeline.study.drugs import is_drug
from pipeline.study.quantity_name import MICROGRAMS_PER_ML, WEEKS, drug_of
from pipeline.study.study import Patient, Study

SEVERE_FROM = 3
"""Grade from which an adverse event is severe. Standard: CTCAE."""
FATAL = 5
"""Grade of an adverse event that ends in death. Standard: CTCAE, grade 5."""


def safety_table(study: Study) -> tuple[Characteristic, ...]:
    """Return the rows of R10, each of the patients with a filled cell; an empty column gives no row."""
    patients = study.patients
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
