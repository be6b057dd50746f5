"""A study with a course for each patient."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from helpers.response import tables_of
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.patients.visits import patient_rd
from pipeline.study.cells.concentrations import Concentration
from pipeline.study.study import Statement

START = date(2024, 3, 4)


def day(days: int) -> date:
    return START + timedelta(days)


@pytest.fixture(scope="module")
def followed(study_result: StudyResult) -> StudyResult:
    """The synthetic result with a course for each patient; one had dexamethasone early, one late."""
    patients = tuple(
        replace(p, treatment_start=START, progressed_on=day(70 + 20 * k), discontinued_on=day(70 + 20 * k),
                died_on=day(200 + 30 * k) if k % 2 else None, last_contact_on=day(400), age=50.0 + k,
                discontinuation_reason="progression" if k else "74 weeks = 18.5 months <b>on drug</b>",
                dexamethasone_on=day(40) if k < 3 else day(65) if k == 5 else None, teae_grade=k % 4)
        for k, p in enumerate(study_result.study.patients)
    )  # fmt: skip
    statements = (Statement("26.4 % had disease control", 32, cell="statements!A2"),)
    samples = tuple(
        replace(sample, serum_washed_out_ug_ml=Concentration(0.5 + k))
        for k, sample in enumerate(study_result.study.samples)
    )
    study = replace(study_result.study, patients=patients, samples=samples, statements=statements)
    rows = [patient_rd(visit) for visit in study_result.visits]
    return changed(study_result, study=study, response=tables_of(study, rows))
