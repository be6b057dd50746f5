"""rd.xlsx of the synthetic study, written once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.output.workbook import workbook_sheets, write_workbook
from pipeline.study.study import TypedRow, TypedRows


@pytest.fixture(scope="session")
def typed_result(study_result: StudyResult) -> StudyResult:
    """Return the synthetic result with its rows as somebody typed them, a column of her own among them."""
    samples = study_result.study.samples
    rows = tuple(TypedRow(s.sample_id, (s.sample_id, s.patient_id, "=1+1", 0.05)) for s in samples)
    typed = TypedRows(("Sample ID", "patient_id", "_my idea", "dilution"), rows)
    settings = study_result.study.settings.model_copy(update={"own_columns": True})
    return changed(study_result, study=replace(study_result.study, typed_samples=typed, settings=settings))


@pytest.fixture(scope="session")
def workbook_path(typed_result: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("xlsx") / "rd.xlsx"
    write_workbook(path, workbook_sheets(typed_result))
    return path


@pytest.fixture(scope="session")
def workbook(workbook_path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(workbook_path)
