"""What people type into ids, notes and names does no harm to rd.xlsx."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest

from helpers.synthetic_result import changed
from pipeline.assembly.study_result import Note, StudyResult
from pipeline.output.table import Table
from pipeline.output.workbook import Sheet, sheet_name, workbook_sheets, write_workbook


@pytest.mark.parametrize("typed", ["=1+1", "+49 30", "-x", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1+1"])
def test_what_a_person_typed_never_becomes_a_formula(tmp_path: Path, typed: str):
    write_workbook(tmp_path / "a.xlsx", [Sheet("Notes", Table(("note",), ((typed,),)))])
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx")["Notes"]["A2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (typed, "s", True)


@pytest.mark.parametrize("header", ["=1+1", "@x", "-", "+1"])
def test_a_header_of_a_persons_own_is_no_formula(tmp_path: Path, header: str):
    sheet = Sheet("Your rows", Table(("typed 0",), (("a",),)), typed={"typed 0": header})
    write_workbook(tmp_path / "a.xlsx", [sheet])
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx")["Your rows"]["A1"]
    assert (cell.value, cell.data_type) == (header, "s")


def test_a_header_of_a_thousand_lines_gives_no_row_that_excel_refuses(tmp_path: Path):
    sheet = Sheet("Your rows", Table(("typed 0",), (("a",),)), typed={"typed 0": "word\n" * 1_000})
    write_workbook(tmp_path / "a.xlsx", [sheet])
    assert openpyxl.load_workbook(tmp_path / "a.xlsx")["Your rows"].row_dimensions[1].height <= 409


def test_no_cell_of_the_workbook_is_a_formula(workbook_path: Path):
    with zipfile.ZipFile(workbook_path) as packed:
        pages = [packed.read(name) for name in packed.namelist() if name.startswith("xl/worksheets/sheet")]
    assert pages
    assert not any(b"<f>" in page or b"<f " in page for page in pages)


@pytest.mark.parametrize("text", ["bell\x07", "bell\x00", "bell\ud800", "bell\uffff", "bell\x0b"])
def test_characters_that_no_workbook_can_hold_are_shown_as_missing(tmp_path: Path, text: str):
    write_workbook(tmp_path / "a.xlsx", [Sheet("Notes", Table(("note",), ((text,),)))])
    assert openpyxl.load_workbook(tmp_path / "a.xlsx")["Notes"]["A2"].value == "bell\ufffd"


@pytest.mark.parametrize("text", ["<&>\"'", "  blanks  ", "two\nlines", "🧪 µ Ж"])
def test_text_comes_back_as_it_was(tmp_path: Path, text: str):
    write_workbook(tmp_path / "a.xlsx", [Sheet("Notes", Table(("note",), ((text,),)))])
    assert openpyxl.load_workbook(tmp_path / "a.xlsx")["Notes"]["A2"].value == text


@pytest.mark.parametrize(
    ("text", "written"),
    [("_x0041_", "_x005F_x0041_"), ("S_x1234_2", "S_x005F_x1234_2"), ("_x005F_x0041_", "_x005F_x0041_")],
)
def test_text_that_looks_like_a_code_of_the_file_is_written_as_text(tmp_path: Path, text: str, written: str):
    """Excel would show `_x0041_` as A. Text that was read from a workbook is in that form already."""
    write_workbook(tmp_path / "a.xlsx", [Sheet("Notes", Table(("note",), ((text,),)))])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as packed:
        assert f"<t>{written}</t>".encode() in packed.read("xl/worksheets/sheet1.xml")


def test_a_note_that_no_cell_holds_is_cut_and_says_so(tmp_path: Path):
    write_workbook(tmp_path / "a.xlsx", [Sheet("Notes", Table(("note",), (("x" * 40_000,),)))])
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["Notes"]
    assert len(page["A2"].value) == 32_767
    assert page["A2"].value.endswith("… (cut: no cell holds more)")
    assert page.row_dimensions[2].height <= 409


@pytest.mark.parametrize(
    ("name", "safe"),
    [("a" * 40, "a" * 31), ("P1/2:[x]*?\\", "P1_2__x____"), ("", "Sheet"), ("'quoted'", "quoted")],
)
def test_a_sheet_gets_a_name_that_excel_takes(tmp_path: Path, name: str, safe: str):
    write_workbook(tmp_path / "a.xlsx", [Sheet(name, Table(("a",), ((1,),)))])
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames == [safe]


def test_two_sheets_of_one_name_are_told_apart():
    assert sheet_name("A" * 40, ["a" * 31]) == "A" * 27 + " (2)"


def test_a_study_with_a_hostile_name_prints_that_name(study_result: StudyResult, tmp_path: Path):
    settings = study_result.study.settings.model_copy(
        update={"report_title": "R&D &P <b>'x' " + "long " * 40}
    )
    named = changed(study_result, study=replace(study_result.study, settings=settings))
    write_workbook(tmp_path / "a.xlsx", workbook_sheets(named))
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["Samples"]
    assert page.oddHeader.left.text.startswith("R&&D &&P <b>'x' long")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as packed:
        xml = ElementTree.fromstring(packed.read("xl/worksheets/sheet2.xml"))
    header = xml.find(".//{*}oddHeader")
    assert header is not None
    assert len(header.text or "") <= 255


def test_a_study_in_which_nothing_ran_still_has_every_sheet(study_result: StudyResult, tmp_path: Path):
    empty = changed(
        study_result, results=(), visits=(), calibrations=(), washout=None, response=None, notes=(), faults=()
    )
    write_workbook(tmp_path / "a.xlsx", workbook_sheets(empty))
    found = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert len(found.sheetnames) == 21
    assert found["Samples"]["A2"].value == "Nothing here: the sheet Notes says why."
    assert found["Response"]["A2"].value == "Nothing here: the study has no patients sheet."


@pytest.mark.slow
def test_a_very_long_note_is_short_beside_its_row_and_whole_in_the_notes(
    study_result: StudyResult, tmp_path: Path
):
    long = "word " * 900
    first, *others = study_result.results
    tubes = (replace(first, note=long), *others)
    noted = changed(study_result, results=tubes, notes=(Note("study", long),))
    write_workbook(tmp_path / "a.xlsx", workbook_sheets(noted))
    found = openpyxl.load_workbook(tmp_path / "a.xlsx")
    names = {cell.value: cell.column for cell in found["Samples"][1]}
    beside = found["Samples"].cell(2, names["Note"]).value
    assert len(beside) < 400
    assert found["Samples"].row_dimensions[2].height < 200
    assert long.strip() in [cell.value for cell in found["Notes"]["D"]]
