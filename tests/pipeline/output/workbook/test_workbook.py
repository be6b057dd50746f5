"""rd.xlsx: what a reader of Excel finds."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from calibration.density.receptor_density import RdStatus
from pipeline.assembly.study_result import StudyResult
from pipeline.output.legend.tube_verdict import TUBE_VERDICT_LOOK, TubeVerdict
from pipeline.output.table import Table
from pipeline.output.workbook import MOST_ROWS_SHOWN, Sheet, workbook_sheets, write_workbook
from pipeline.output.workbook.tables.rows import visit_table


def columns_of(page) -> dict[str, int]:
    return {cell.value: cell.column for cell in page[1]}


def row_of(page, sample: str) -> int:
    return next(row for row in range(2, page.max_row + 1) if page.cell(row, 1).value == sample)


def test_the_sheets_are_those_of_the_contract(workbook: openpyxl.Workbook):
    assert workbook.sheetnames == [
        "Patients",
        "Samples",
        "Your rows",
        "Cells",
        "Changes",
        "Without a density",
        "Exposure",
        "Calibration",
        "What limits",
        "Washout",
        "Waits",
        "Which model",
        "Sensitivity",
        "Drug at visits",
        "Response",
        "Comparisons",
        "Survival",
        "Along the density",
        "Patients described",
        "Notes",
        "About",
        "Legend",
    ]


def test_numbers_are_numbers_and_dates_are_dates(workbook: openpyxl.Workbook):
    page = workbook["Samples"]
    names, row = columns_of(page), row_of(page, "P03-S1")
    density = page.cell(row, names["CD38 RD (molecules per cell)"])
    collected = page.cell(row, names["Collected on"])
    assert density.value == 2450
    assert density.number_format == "[>=100]#,##0;[<=-100]-#,##0;0.0"
    assert (collected.value, collected.number_format) == (datetime(2024, 3, 1), "yyyy-mm-dd")


def test_a_day_with_its_time_is_as_wide_as_it_is_written(tmp_path: Path):
    table = Table(("acquired_on",), ((datetime(2024, 2, 5, 8, 40),),))
    write_workbook(tmp_path / "a.xlsx", [Sheet("Calibration", table)])
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["Calibration"]
    assert page["A2"].number_format == "yyyy-mm-dd hh:mm:ss"
    assert page.column_dimensions["A"].width > len("2024-02-05 08:40:00")


def test_every_header_stays_in_sight_and_can_be_filtered(workbook: openpyxl.Workbook):
    assert workbook["Samples"].freeze_panes == "C2"
    for page in workbook:
        assert page.freeze_panes.endswith("2"), page.title
        assert page.auto_filter.ref.startswith("A1:"), page.title


def test_what_is_not_known_is_an_empty_cell(workbook: openpyxl.Workbook):
    page = workbook["Samples"]
    names = columns_of(page)
    failed = next(
        row for row in range(2, page.max_row + 1) if page.cell(row, names["Status"]).value == "FAILED"
    )
    assert page.cell(failed, names["CD38 RD (molecules per cell)"]).value is None
    assert page.cell(failed, names["Raw estimate (molecules per cell)"]).value is None


def test_a_status_is_told_by_colour_and_by_weight_and_is_not_clipped(workbook: openpyxl.Workbook):
    page = workbook["Samples"]
    column = columns_of(page)["Status"]
    seen = {page.cell(row, column).value: page.cell(row, column) for row in range(2, page.max_row + 1)}
    assert seen["OK"].fill.fgColor.rgb != seen["FAILED"].fill.fgColor.rgb
    assert (seen["OK"].font.bold, seen["FAILED"].font.bold) == (False, True)
    assert page.column_dimensions["E"].width > 1.2 * max(map(len, seen))


@pytest.mark.parametrize("sheet", ["Samples", "Patients"])
def test_the_status_of_a_row_that_is_not_reliable_has_a_colour_of_its_own(tmp_path: Path, sheet: str):
    rows = (("OK", ""), ("OK", "FEW_EVENTS_20_49; TIME_UNSTABLE"), ("OK", "TIME_UNSTABLE"), ("FAILED", ""))
    write_workbook(tmp_path / "a.xlsx", [Sheet(sheet, Table(("status", "flags"), rows))])
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")[sheet]
    sound, unreliable, look, failed = (page.cell(row, 1) for row in range(2, 6))
    fills = [cell.fill.fgColor.rgb for cell in (sound, unreliable, failed)]
    assert len(set(fills)) == 3
    assert (unreliable.font.bold, sound.font.bold) == (True, False)
    assert look.fill.fgColor.rgb == sound.fill.fgColor.rgb
    told = Table(("status", "tube_verdict"), (("OK", "Not reliable"), ("OK", "Sound")))
    write_workbook(tmp_path / "b.xlsx", [Sheet("Cells", told)])
    cells = openpyxl.load_workbook(tmp_path / "b.xlsx")["Cells"]
    assert cells["A2"].fill.fgColor.rgb == cells["B2"].fill.fgColor.rgb == unreliable.fill.fgColor.rgb
    assert cells["A3"].fill.fgColor.rgb == sound.fill.fgColor.rgb


@pytest.mark.parametrize("sheet", ["Patients", "Samples"])
def test_the_verdict_of_a_row_is_coloured_as_in_the_report(workbook: openpyxl.Workbook, sheet: str):
    page = workbook[sheet]
    column = columns_of(page)["Verdict"]
    for row in range(2, page.max_row + 1):
        cell = page.cell(row, column)
        assert cell.fill.fgColor.rgb == f"FF{TUBE_VERDICT_LOOK[TubeVerdict(cell.value)].fill[1:].upper()}"


def test_a_patient_with_too_few_cells_is_called_not_reliable_beside_the_status(study_result: StudyResult):
    (first, *_) = [visit for visit in study_result.visits if visit.receptor.status is RdStatus.OK]
    few = replace(first, flags=("FEW_EVENTS_20_49",))
    table = visit_table(replace(study_result, visits=(few,)))
    (row,) = table.rows
    assert (row[table.columns.index("status")], row[table.columns.index("tube_verdict")]) == (
        "OK",
        "Not reliable",
    )


def test_no_time_of_writing_is_in_the_file(tmp_path: Path):
    """So that the same study_result gives the same bytes at any time."""
    write_workbook(tmp_path / "a.xlsx", [Sheet("Notes", Table(("a", "on"), ((1.5, date(2024, 1, 2)),)))])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as packed:
        assert {entry.date_time[:3] for entry in packed.infolist()} == {(2000, 1, 1)}
        about = packed.read("docProps/core.xml").decode()
    assert set(re.findall(r"(\d{4}-\d\d-\d\d)T", about)) == {"2000-01-01"}


def test_the_same_study_gives_the_same_bytes(typed_result: StudyResult, workbook_path: Path, tmp_path: Path):
    write_workbook(tmp_path / "again.xlsx", workbook_sheets(typed_result))
    assert (tmp_path / "again.xlsx").read_bytes() == workbook_path.read_bytes()


def test_models_and_response_stand_in_one_table_each(workbook: openpyxl.Workbook):
    washout = [cell.value for cell in workbook["Washout"]["A"]]
    assert "Slope per doubling of the washout" in washout
    response = [cell.value for cell in workbook["Response"]["A"]]
    assert "Disease control by washout before the study drug" in response
    assert "=not a formula" in " ".join(str(cell.value) for cell in workbook["Notes"]["D"])


def test_of_a_very_long_table_the_first_rows_are_shown_and_where_all_are(tmp_path: Path):
    rows = tuple((k,) for k in range(MOST_ROWS_SHOWN + 3))
    write_workbook(tmp_path / "a.xlsx", [Sheet("Samples", Table(("n",), rows))])
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["Samples"]
    assert page.max_row == 1 + MOST_ROWS_SHOWN + 1
    assert page.cell(MOST_ROWS_SHOWN + 1, 1).value == MOST_ROWS_SHOWN - 1
    assert str(page.cell(MOST_ROWS_SHOWN + 2, 1).value).startswith("3 more rows: rd_samples.csv")


def test_a_sheet_without_rows_says_so(tmp_path: Path):
    write_workbook(tmp_path / "a.xlsx", [Sheet("Response", Table(("n",), ()), empty="Nothing here.")])
    assert openpyxl.load_workbook(tmp_path / "a.xlsx")["Response"]["A2"].value == "Nothing here."


@pytest.mark.parametrize("name", ["Samples", "Patients", "Washout", "Legend"])
def test_every_header_says_what_it_is_in_a_comment(workbook: openpyxl.Workbook, name: str):
    for cell in workbook[name][1]:
        assert cell.comment is not None, cell.value
        assert cell.comment.text.strip()


def test_the_comparisons_hold_what_patients_without_a_density_could_change(
    workbook: openpyxl.Workbook, study_result: StudyResult
):
    assert study_result.unnumbered is not None
    rows = [[cell.value for cell in row] for row in workbook["Comparisons"].iter_rows()]
    for contrast in (study_result.unnumbered.response, *study_result.unnumbered.by_rd):
        row = next(row for row in rows if contrast.name in row)
        assert f"{contrast.first.k}/{contrast.first.n}" in row
        assert f"{contrast.second.k}/{contrast.second.n}" in row
