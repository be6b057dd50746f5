"""Visits joined with doses, drug levels and patients: the rows of the washout models."""

from __future__ import annotations

from dataclasses import replace

from pipeline.assembly.study_result import Outcome
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.pharmacokinetics import drug_levels
from pipeline.patients.pharmacokinetics.levels import body_of
from pipeline.patients.visits import patient_rd, visits_of


def model_rows(outcome: Outcome) -> tuple[PatientRd, ...]:
    """Return a row per patient and visit, with the drug in serum and the covariates of the patient."""
    visits = visits_of(outcome)
    levels = drug_levels(outcome.study, [(visit.patient_id, visit.collected_on) for visit in visits])
    patients = {patient.patient_id: patient for patient in outcome.study.patients}
    rows = []
    for visit, level in zip(visits, levels, strict=True):
        patient = patients.get(visit.patient_id)
        exposure = outcome.exposures.get(visit.sample_ids[0])
        rows.append(
            replace(
                patient_rd(visit),
                drug=level,
                body=body_of(patient),
                imid_since=exposure.imid_since if exposure else None,
                prior_lines=patient.prior_lines if patient else None,
            )
        )
    return tuple(rows)
