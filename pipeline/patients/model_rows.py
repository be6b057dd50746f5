"""Visits joined with doses, drug levels and patients: the rows of the washout models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.patients.exposure import Exposure
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.pharmacokinetics import drug_levels
from pipeline.patients.pharmacokinetics.doses import body_of
from pipeline.patients.visits import Visit, patient_rd
from pipeline.study.study import Study


def model_rows(
    study: Study, visits: Sequence[Visit], exposures: Mapping[str, Exposure]
) -> tuple[PatientRd, ...]:
    """Return a row per patient and visit, with the drug in serum and the covariates of the patient.

    Parameters
    ----------
    exposures
        By sample_id; that of a visit's first tube tells what was given since the last dose.
    """
    levels = drug_levels(study, [(visit.patient_id, visit.collected_on) for visit in visits])
    patients = {patient.patient_id: patient for patient in study.patients}
    rows = []
    for visit, level in zip(visits, levels, strict=True):
        patient = patients.get(visit.patient_id)
        exposure = exposures.get(visit.sample_ids[0])
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
