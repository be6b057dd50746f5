"""Facts about a subject from all sheets, by which its rows are grouped in an analysis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipeline.assembly.study_result import StudyResult
from pipeline.response.follow_up import FollowUp
from pipeline.response.patients import is_evaluable, washout_stratum
from pipeline.response.rd_visit import CutSide
from pipeline.study.study import Patient


@dataclass(frozen=True, slots=True)
class Subject:
    """A patient of any sheet. None or "" = not known.

    `baseline`: visit, day, tissue and kit of the patient's density in R4.
    """

    patient_id: str
    patient: Patient | None
    course: FollowUp | None
    evaluable: bool | None
    controlled: bool | None
    washout_days: int | None
    washout_stratum: str
    density_group: str
    baseline: tuple[str, date | None, str, str] | None


def subjects_of(study_result: StudyResult) -> dict[str, Subject]:
    """Return every patient of the patients, samples and doses sheets, by patient_id, in that order."""
    study, settings = study_result.study, study_result.study.settings
    clocks = study_result.clocks
    patients = {patient.patient_id: patient for patient in study.patients}
    courses = {course.patient_id: course for course in study_result.courses}
    controlled, chosen = study_result.facts.controlled, study_result.facts.rd_visits
    words = {CutSide.ABOVE: f">={settings.rd_cut:.0f}", CutSide.BELOW: f"<{settings.rd_cut:.0f}"}
    subjects = {}
    for name, clock in clocks.items():
        patient, row = patients.get(name), chosen[name].row
        subjects[name] = Subject(
            patient_id=name,
            patient=patient,
            course=courses.get(name),
            evaluable=None if patient is None else is_evaluable(patient),
            controlled=controlled.get(name),
            washout_days=clock.days,
            washout_stratum="" if clock.days is None else washout_stratum(clock.days, settings.month_days),
            density_group=words.get(chosen[name].side, ""),
            baseline=None if row is None else (row.visit, row.collected_on, row.tissue, row.beads_kit),
        )
    return subjects
