"""Visits joined with doses, drug levels and patients: the rows of the washout models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.patients.exposure import Exposure
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.pharmacokinetics.doses import body_of
from pipeline.patients.receptor_occupancy.tubes import TubeOccupancy
from pipeline.patients.visits import Visit, patient_rd
from pipeline.study.study import Study


def model_rows(
    study: Study,
    visits: Sequence[Visit],
    exposures: Mapping[str, Exposure],
    occupancies: Mapping[str, TubeOccupancy],
) -> tuple[PatientRd, ...]:
    """Return a row for each patient and visit, with the drug in serum and the covariates of the patient.

    Parameters
    ----------
    exposures, occupancies
        By sample_id. The first tube of a visit gives the other drugs since the last dose, and the drug in
        serum.
    """
    patients = {patient.patient_id: patient for patient in study.patients}
    rows = []
    for visit in visits:
        patient = patients.get(visit.patient_id)
        exposure = exposures.get(visit.sample_ids[0])
        rows.append(
            replace(
                patient_rd(visit),
                drug=occupancies[visit.sample_ids[0]].level,
                body=body_of(patient),
                imid_since=exposure.imid_since if exposure else None,
                prior_lines=patient.prior_lines if patient else None,
                site=patient.site if patient else "",
            )
        )
    return tuple(rows)
