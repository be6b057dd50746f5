"""R1: the patients' baseline characteristics. A share counts only patients whose value is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline.patients.exposure import ResponseClock
from pipeline.response.characteristics import Characteristic, Summary, share, shares, summary
from pipeline.response.statistics.counts import Proportion, proportion
from pipeline.study.cells import as_text
from pipeline.study.drugs import is_drug
from pipeline.study.quantity_name import GRAMS_PER_LITRE, KILOGRAMS, WEEKS, YEARS, drug_of, study_drug_of
from pipeline.study.study import Patient, Study

ELDERLY_FROM, LOW_ALBUMIN_G_L = 65, 35
"""Bounds of two groups of the baseline table: age in years; albumin in g/L, the limit of the ISS
(doi:10.1200/JCO.2005.04.242). Convention: myeloma trials split their patients at 65 years."""


def baseline_table(study: Study, clocks: Mapping[str, ResponseClock]) -> tuple[Characteristic, ...]:
    """Return the rows of R1. A column that is empty for every patient gets no row."""
    patients = study.patients
    weeks = [clocks[patient.patient_id].weeks for patient in patients]
    rows: list[Characteristic] = [
        summary("age", [patient.age for patient in patients], YEARS),
        *share(
            f"age >= {ELDERLY_FROM} years", [_at_least(patient.age, ELDERLY_FROM) for patient in patients]
        ),
        *shares("sex", [patient.sex for patient in patients], ("female", "male", "other")),
        summary("weight", [patient.weight_kg for patient in patients], KILOGRAMS),
        summary("albumin", [patient.albumin_g_l for patient in patients], GRAMS_PER_LITRE),
        *share(
            f"albumin < {LOW_ALBUMIN_G_L} g/L",
            [_below(patient.albumin_g_l, LOW_ALBUMIN_G_L) for patient in patients],
        ),
        *shares("heavy chain", [patient.heavy_chain for patient in patients], ("IgG", "IgA", "light")),
        *shares("ECOG", ["" if patient.ecog is None else as_text(patient.ecog) for patient in patients]),
        *shares("ISS stage", [patient.iss_stage for patient in patients]),
        *shares("cytogenetic risk", [patient.cytogenetic_risk for patient in patients]),
        summary("prior lines", [patient.prior_lines for patient in patients]),
        *_refractory(patients),
        summary(f"{drug_of(study)} to {study_drug_of(study)}", weeks, WEEKS),
        summary(f"doses of {drug_of(study)}", _doses(study)),
    ]
    return tuple(row for row in rows if not (isinstance(row, Summary) and row.n == 0))


def _at_least(value: float | None, bound: float) -> bool | None:
    return None if value is None else value >= bound


def _below(value: float | None, bound: float) -> bool | None:
    return None if value is None else value < bound


def _refractory(patients: Sequence[Patient]) -> list[Proportion]:
    """Return the share refractory to each drug, the most frequent first, of patients with a typed cell."""
    typed = [{part.strip() for part in p.refractory_to.split(";") if part.strip()} for p in patients]
    drug_sets = [drugs for drugs in typed if drugs]
    counts = Counter(drug for drugs in drug_sets for drug in drugs)
    order = sorted(counts, key=lambda drug: (-counts[drug], drug))
    return [proportion(f"refractory to {drug}", counts[drug], len(drug_sets)) for drug in order]


def _doses(study: Study) -> list[float | None]:
    drug = study.settings.washed_out_drug
    counts = Counter(dose.patient_id for dose in study.doses if is_drug(dose.drug, drug))
    return [counts.get(patient.patient_id) for patient in study.patients]
