"""What is written stands in lists: whatever joins a list is tried here on the synthetic study."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from helpers.response import tables_of
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.charts import FIGURES
from pipeline.output.figures.svg.picture_page import ONE_COLUMN, TWO_COLUMNS
from pipeline.output.results_folder import TABLES
from pipeline.output.statistics import datasets_of, write_each
from pipeline.output.statistics.files import DATASETS
from pipeline.output.statistics.subjects import subjects_of
from pipeline.output.table import Column, Table, names_of, table_of
from pipeline.output.workbook import RESULT_SHEETS
from pipeline.patients.visits import patient_rd
from pipeline.study.cells.concentrations import Concentration

CHARTS = tuple((chart.name, chart) for chart in FIGURES)
START, LAST_SEEN = date(2024, 3, 4), date(2024, 9, 1)


def with_courses(study_result: StudyResult) -> StudyResult:
    """Return the result with a time on treatment of every patient, and serum levels: each figure has data."""
    patients = tuple(
        replace(patient, treatment_start=START, last_contact_on=LAST_SEEN)
        for patient in study_result.study.patients
    )
    samples = tuple(
        replace(sample, serum_washed_out_ug_ml=Concentration(0.5 + place))
        for place, sample in enumerate(study_result.study.samples)
    )
    study = replace(study_result.study, patients=patients, samples=samples)
    one = changed(study_result, study=study)
    return changed(one, response=tables_of(study, [patient_rd(visit) for visit in one.visits]))


def is_sound(table: Table) -> bool:
    """Tell whether column names are unique, and rows as long as they are."""
    n = len(table.columns)
    return len(set(table.columns)) == n and all(len(row) == n for row in table.rows)


@pytest.mark.parametrize(("name", "table"), TABLES, ids=[name for name, _ in TABLES])
def test_a_csv_has_unique_columns_and_rows_of_their_number(study_result: StudyResult, name, table):
    found = table(study_result)
    assert name.endswith(".csv")
    assert found.rows
    assert is_sound(found)


@pytest.mark.parametrize(("name", "make"), RESULT_SHEETS, ids=[name for name, _ in RESULT_SHEETS])
def test_a_sheet_has_a_table_of_unique_columns_and_rows_of_their_number(study_result, name, make):
    found = make(study_result)
    assert found.name == name
    assert is_sound(found.table)


@pytest.mark.slow
@pytest.mark.parametrize("mm", [ONE_COLUMN, TWO_COLUMNS])
@pytest.mark.parametrize("chart", FIGURES, ids=[chart.name for chart in FIGURES])
def test_a_figure_draws_at_both_widths(study_result: StudyResult, chart, mm):
    page = next(chart.pages(with_courses(study_result), mm, {}))
    assert page.width == pytest.approx(mm / 25.4 * 72)
    assert "<text" in page.content


@pytest.mark.slow
@pytest.mark.parametrize(("name", "data_of"), DATASETS, ids=[name for name, _ in DATASETS])
def test_a_dataset_has_its_name_rows_and_a_label_for_every_variable(study_result, name, data_of):
    full = with_courses(study_result)
    data = data_of(full, subjects_of(full))
    assert data.name == name
    assert data.label
    assert data.rows
    assert is_sound(data.table)
    assert all(variable.label for variable in data.variables)
    if data.xport:
        assert len(data.label) <= 40
        assert all(len(v.name) <= 8 and len(v.label) <= 40 for v in data.variables)


def test_every_dataset_is_written_with_unique_variables(study_result: StudyResult, tmp_path: Path):
    every = datasets_of(study_result)
    write_each(tmp_path, every)
    files = {f"{data.name}.{kind}" for data in every for kind in ("csv", "xpt" if data.xport else "parquet")}
    assert {path.name for path in tmp_path.iterdir()} == {*files, "data_dictionary.csv"}
    for data in every:
        assert is_sound(data.table), data.name


def test_names_of_files_and_sheets_are_unique():
    for names in ([name for name, _ in registry] for registry in (TABLES, RESULT_SHEETS, CHARTS, DATASETS)):
        assert len(set(names)) == len(names)


def test_header_and_cells_come_from_the_same_columns():
    columns = (Column("text", str), Column("length", len))
    assert names_of(columns) == ("text", "length")
    assert table_of(columns, ["a", "bc"]) == Table(("text", "length"), (("a", 1), ("bc", 2)))


@pytest.mark.parametrize("row", [(1,), (1, 2, 3)])
def test_a_row_of_another_length_than_the_columns_is_refused(row):
    with pytest.raises(
        ValueError, match=r"row 2 of the table has \d cells, expected 2: one for each of a, b"
    ):
        Table(("a", "b"), ((1, 2), row))
