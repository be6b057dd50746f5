"""rd.xlsx: what a reader of Excel finds."""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from pipeline.assembly.study_result import StudyResult
from pipeline.output.table import Table
from pipeline.output.workbook import MOST_ROWS, Sheet, workbook_sheets, write_workbook


@pytest.fixture(scope="module")
def workbook(study_result: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    path = tmp_path_factory.mktemp("xlsx") / "rd.xlsx"
    write_workbook(path, workbook_sheets(study_result))
    return openpyxl.load_workbook(path)


def test_the_sheets_are_those_of_the_contract(workbook: openpyxl.Workbook):
    assert workbook.sheetnames == [
        "Patients",
        "Samples",
        "Exposure",
        "Calibration",
        "Washout",
        "Response",
        "Notes",
        "About",
    ]


def test_numbers_are_numbers_and_dates_are_dates(workbook: openpyxl.Workbook):
    page = workbook["Samples"]
    names = {cell.value: cell.column for cell in page[1]}
    row = next(row for row in range(2, page.max_row + 1) if page.cell(row, 1).value == "P03-S1")
    assert page.cell(row, names["rd"]).value == 2450
    assert page.cell(row, names["rd"]).number_format == "#,##0"
    assert page.cell(row, names["collected_on"]).value == datetime(2024, 3, 1)
    assert page.cell(row, names["collected_on"]).number_format == "yyyy-mm-dd"
    assert page.freeze_panes == "C2"
    assert page.auto_filter.ref.startswith("A1:")


def test_what_is_not_known_is_an_empty_cell(workbook: openpyxl.Workbook):
    page = workbook["Samples"]
    names = {cell.value: cell.column for cell in page[1]}
    failed = next(
        row for row in range(2, page.max_row + 1) if page.cell(row, names["status"]).value == "FAILED"
    )
    assert page.cell(failed, names["rd"]).value is None


def test_a_status_is_told_by_colour_and_by_weight(workbook: openpyxl.Workbook):
    page = workbook["Samples"]
    column = next(cell.column for cell in page[1] if cell.value == "status")
    seen = {page.cell(row, column).value: page.cell(row, column) for row in range(2, page.max_row + 1)}
    assert seen["OK"].fill.fgColor.rgb != seen["FAILED"].fill.fgColor.rgb
    assert (seen["OK"].font.bold, seen["FAILED"].font.bold) == (False, True)


@pytest.mark.parametrize("typed", ["=1+1", "+49 30", "-x", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_what_a_person_typed_never_becomes_a_formula(tmp_path: Path, typed: str):
    write_workbook(tmp_path / "a.xlsx", [Sheet("Notes", (("", Table(("note",), ((typed,),))),))])
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx")["Notes"]["A2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (typed, "s", True)


def test_control_characters_do_not_break_the_workbook(tmp_path: Path):
    write_workbook(tmp_path / "a.xlsx", [Sheet("Notes", (("", Table(("note",), (("bell\x07",),))),))])
    assert openpyxl.load_workbook(tmp_path / "a.xlsx")["Notes"]["A2"].value == "bell\ufffd"


def test_no_time_of_writing_is_in_the_file(tmp_path: Path):
    """So that the same study_result gives the same bytes at any time."""
    write_workbook(
        tmp_path / "a.xlsx", [Sheet("Notes", (("", Table(("a", "on"), ((1.5, date(2024, 1, 2)),))),))]
    )
    with zipfile.ZipFile(tmp_path / "a.xlsx") as packed:
        assert {entry.date_time[:3] for entry in packed.infolist()} == {(2000, 1, 1)}
        about = packed.read("docProps/core.xml").decode()
    assert set(re.findall(r"(\d{4}-\d\d-\d\d)T", about)) == {"2000-01-01"}


def test_models_and_response_stand_as_titled_tables(workbook: openpyxl.Workbook):
    washout = [cell.value for cell in workbook["Washout"]["A"]]
    assert "slope_per_doubling" in washout
    response = [cell.value for cell in workbook["Response"]["A"]]
    assert "Disease control by washout before the study drug" in response
    assert "=not a formula" in " ".join(str(cell.value) for cell in workbook["Notes"]["D"])


def test_of_a_very_long_table_the_first_rows_are_shown_and_where_all_are(tmp_path: Path):
    rows = tuple((k,) for k in range(MOST_ROWS + 3))
    write_workbook(tmp_path / "a.xlsx", [Sheet("Samples", (("", Table(("n",), rows)),))])
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["Samples"]
    assert page.max_row == 1 + MOST_ROWS + 1
    assert page.cell(MOST_ROWS + 1, 1).value == MOST_ROWS - 1
    assert str(page.cell(MOST_ROWS + 2, 1).value).startswith("3 more rows: rd_samples.csv")
