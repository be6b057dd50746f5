"""A study of many tubes, made of the stored results of a few: nothing is gated again."""

from __future__ import annotations

from dataclasses import replace

from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult


def many_tubes(study_result: StudyResult, n: int) -> StudyResult:
    """Return a result of `n` tubes: the given ones again and again, each of a patient of its own."""
    results = {result.sample_id: result for result in study_result.results}
    patients = {patient.patient_id: patient for patient in study_result.study.patients}
    known = [sample for sample in study_result.study.samples if sample.sample_id in results]
    taken = [(f"Q{k:04}", known[k % len(known)]) for k in range(n)]
    samples = tuple(replace(sample, sample_id=f"{who}-S1", patient_id=who) for who, sample in taken)
    study = replace(
        study_result.study,
        samples=samples,
        doses=tuple(
            replace(dose, patient_id=who)
            for who, sample in taken
            for dose in study_result.study.doses
            if dose.patient_id == sample.patient_id
        ),
        patients=tuple(
            replace(patients[sample.patient_id], patient_id=who)
            for who, sample in taken
            if sample.patient_id in patients
        ),
    )
    made = tuple(replace(results[sample.sample_id], sample_id=f"{who}-S1") for who, sample in taken)
    return changed(study_result, study=study, results=made)
