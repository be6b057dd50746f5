"""The sheet Your rows gives back what somebody typed, as it was typed, with results beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from helpers.builders import good_sheets, write_csvs, write_files, write_workbook
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.output.workbook import workbook_sheets
from pipeline.output.workbook import write_workbook as write_results
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import Study


def study_in(folder: Path) -> Study:
    study, faults = read_study(folder)
    assert study is not None, faults
    return study


def given_back(result: StudyResult, study: Study, path: Path):
    """Return the sheet Your rows where a study's rows were typed, of which none ran."""
    write_results(path, workbook_sheets(changed(result, study=study, results=(), washout=None)))
    return openpyxl.load_workbook(path)["Your rows"]


def with_own_columns(sheets: dict, header: dict[str, object], *, given_back: bool = True) -> dict:
    """Return sheets whose samples have further columns, with one value each in every row."""
    names, *rows = sheets["samples"]
    samples = [[*names, *header], *([*row, *header.values()] for row in rows)]
    settings = [["name", "value"], ["own_columns", "yes" if given_back else "no"]]
    return {**sheets, "samples": samples, "settings": settings}


def test_without_the_setting_no_column_of_one_s_own_and_never_a_remark_or_a_file_s_name_comes_back(
    study_result: StudyResult, tmp_path: Path
):
    own = {"_mine": "Smith", "remark": "Smith"}
    sheets = with_own_columns(good_sheets(), own, given_back=False)
    study = study_in(write_workbook(write_files(tmp_path / "study"), sheets))
    page = given_back(study_result, study, tmp_path / "rd.xlsx")
    names = {cell.value: cell.column for cell in page[1]}
    assert not {"_mine", "remark"} & set(names)
    sample = study.samples[0]
    assert page.cell(2, names["fcs_file"]).value == f"{sample.sample_id}.fcs" != sample.fcs_file


def test_typed_rows_come_back_with_results_beside_them(workbook_path: Path):
    frame = pd.read_excel(workbook_path, sheet_name="Your rows", keep_default_na=False)
    samples = pd.read_excel(workbook_path, sheet_name="Samples", keep_default_na=False)
    assert list(frame.columns[:5]) == ["Sample ID", "patient_id", "_my idea", "dilution", "Status"]
    assert (frame["_my idea"] == "=1+1").all()
    assert (frame["dilution"] == 0.05).all()
    assert list(frame["Status"]) == list(samples["Status"])
    reported = "Reported CD38 RD (molecules per cell)"
    assert list(frame[reported]) == list(samples[reported])


def test_a_typed_cell_of_a_workbook_keeps_its_kind_and_its_digits(study_result: StudyResult, tmp_path: Path):
    own = {
        "_id as text": "007",
        "_formula": "=2+2",
        "_share": 0.123456789012,
        "_taken": time(9, 15),
        "_day": date(2024, 5, 31),
        "_yes": True,
        "_blank ends": " a ",
        "_pm": "2-3",
    }
    folder = write_workbook(write_files(tmp_path / "study"), with_own_columns(good_sheets(), own))
    sheet = openpyxl.load_workbook(folder / "study.xlsx")
    head = {cell.value: cell.column for cell in sheet["samples"][1]}
    for row in range(2, sheet["samples"].max_row + 1):
        sheet["samples"].cell(row, head["_formula"]).data_type = "s"
    sheet.save(folder / "study.xlsx")
    page = given_back(study_result, study_in(folder), tmp_path / "rd.xlsx")
    names = {cell.value: cell.column for cell in page[1]}
    found = {name: page.cell(2, names[name]) for name in own}
    assert found["_id as text"].value == "007"
    assert (found["_formula"].value, found["_formula"].data_type) == ("=2+2", "s")
    assert found["_share"].value == 0.123456789012
    assert found["_taken"].value == time(9, 15)
    assert found["_day"].value == datetime(2024, 5, 31)
    assert found["_yes"].value is True
    assert found["_blank ends"].value == " a "
    assert found["_pm"].value == "2-3"
    assert found["_pm"].number_format == "@"


def test_the_header_comes_back_as_it_was_typed_and_titles_and_empty_rows_do_not(
    study_result: StudyResult, tmp_path: Path
):
    folder = write_csvs(write_files(tmp_path / "study"), good_sheets())
    path = folder / "samples.csv"
    header, first, *rest = path.read_text("utf-8").splitlines()
    header = header.replace("sample_id", " Sample-ID ").replace("patient_id", "PATIENT ID")
    path.write_text("\n".join(["Study of ours", header, first, ",,,", *rest]) + "\n", encoding="utf-8")
    page = given_back(study_result, study_in(folder), tmp_path / "rd.xlsx")
    assert [cell.value for cell in page[1]][:2] == [" Sample-ID ", "PATIENT ID"]
    assert page.max_row == 1 + len([first, *rest])


def test_what_a_csv_holds_stays_text(study_result: StudyResult, tmp_path: Path):
    folder = write_csvs(write_files(tmp_path / "study"), with_own_columns(good_sheets(), {"_n": "0012"}))
    page = given_back(study_result, study_in(folder), tmp_path / "rd.xlsx")
    names = {cell.value: cell.column for cell in page[1]}
    assert (page.cell(2, names["_n"]).value, page.cell(2, names["_n"]).data_type) == ("0012", "s")
    assert page.cell(2, names["collected_on"]).data_type == "s"


def test_a_row_that_did_not_run_has_no_result_beside_it(typed_result: StudyResult, tmp_path: Path):
    partly = changed(typed_result, results=typed_result.results[1:])
    write_results(tmp_path / "a.xlsx", workbook_sheets(partly))
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["Your rows"]
    names = {cell.value: cell.column for cell in page[1]}
    assert page.cell(2, 1).value == typed_result.study.samples[0].sample_id
    assert page.cell(2, names["Status"]).value is None
    assert page.cell(3, names["Status"]).value is not None


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [True, False])
def test_histograms_come_when_they_are_asked_for(study_result: StudyResult, tmp_path: Path, wanted: bool):
    settings = study_result.study.settings.model_copy(update={"histogram_sheet": wanted})
    asked = changed(study_result, study=replace(study_result.study, settings=settings))
    write_results(tmp_path / "a.xlsx", workbook_sheets(asked))
    names = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    assert ("Histograms" in names) is wanted
    if not wanted:
        return
    frame = pd.read_excel(tmp_path / "a.xlsx", sheet_name="Histograms")
    assert (frame["Bin to (MFI)"] > frame["Bin from (MFI)"]).all()
    for result in study_result.results:
        if result.histogram is None:
            continue
        own = frame[frame["Sample"] == result.sample_id]
        for name, counts in result.histogram.counts:
            column = {"stained": "Stained tube (cells)", "control": "Control tube (cells)"}[name]
            assert own[column].sum() == sum(counts)
