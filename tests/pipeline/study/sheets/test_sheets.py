"""Workbook and CSV files to tables of cells."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment

from helpers.builders import good_sheets, good_study, with_cells, write_csvs, write_files, write_workbook
from pipeline.study.faults import Severity
from pipeline.study.sheets.reading import read_study
from pipeline.study.sheets.tables import column_letter, read_csv_sheet
from pipeline.study.study import Study


def read_good(folder: Path) -> Study:
    study, faults = read_study(folder)
    assert [str(fault) for fault in faults if fault.severity is Severity.ERROR] == []
    assert study is not None
    return study


def without_folder(study: Study) -> tuple[object, ...]:
    return study.samples, study.panels, study.bead_runs, study.doses, study.settings


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_workbook_and_csvs_of_any_delimiter_and_encoding_give_the_same_study(tmp_path, delimiter, encoding):
    sheets = good_sheets()
    workbook = write_workbook(write_files(tmp_path / "a"), sheets)
    csvs = write_csvs(write_files(tmp_path / "b"), sheets, delimiter=delimiter, encoding=encoding)
    assert without_folder(read_good(workbook)) == without_folder(read_good(csvs))


def test_a_csv_in_windows_1252_is_read_with_a_warning(tmp_path):
    sheets = with_cells(good_sheets(), {"samples!G2": "Müller"})
    folder = write_csvs(write_files(tmp_path), sheets, encoding="cp1252")
    study, faults = read_study(folder)
    assert study.samples[0].visit == "Müller"
    assert [str(fault) for fault in faults if fault.severity is Severity.WARNING] == [
        (
            "samples.csv: found text that is not utf-8 (line 2), read as Windows-1252, expected utf-8. "
            "Check names with accents, or save it as CSV UTF-8."
        )
    ]


def test_headers_may_differ_in_case_and_spaces_and_empty_rows_are_skipped(tmp_path):
    sheets = with_cells(good_sheets(), {"samples!A1": " Sample ID ", "samples!D1": "FCS-file"})
    sheets["samples"].insert(2, [None] * 8)
    assert [sample.sample_id for sample in read_good(write_csvs(write_files(tmp_path), sheets)).samples] == [
        "S1",
        "S2",
    ]


def test_columns_and_sheets_of_ones_own_start_with_an_underscore(tmp_path):
    sheets = with_cells(good_sheets(), {"samples!I1": "_freezer", "samples!I2": "B7"})
    sheets["_notes"] = [["anything"]]
    plain = read_good(write_workbook(write_files(tmp_path / "plain"), good_sheets()))
    assert without_folder(read_good(write_workbook(write_files(tmp_path / "own"), sheets))) == without_folder(
        plain
    )


@pytest.mark.parametrize(
    ("cells", "own", "said"),
    [
        ({"samples!I1": "freezer", "samples!I2": "B7"}, {}, "freezer"),
        ({}, {"notes": [["anything"]]}, "notes"),
    ],
)
def test_a_column_or_sheet_of_ones_own_without_an_underscore_is_named(tmp_path, cells, own, said):
    sheets = {**with_cells(good_sheets(), cells), **own}
    _, faults = read_study(write_workbook(write_files(tmp_path), sheets))
    assert any(said in str(fault) for fault in faults)


def test_excel_numbers_are_ids_and_dates_are_dates(tmp_path):
    cells = {
        "samples!A2": 1, "samples!A3": 2.0, "samples!B2": 101, "doses!A2": 101.0,
        "samples!C2": datetime(2024, 5, 31), "doses!B2": date(2023, 11, 2), "beads!D2": 96597, "panels!F5": 1.02,
    }  # fmt: skip
    study = read_good(write_workbook(write_files(tmp_path), with_cells(good_sheets(), cells)))
    assert [sample.sample_id for sample in study.samples] == ["1", "2"]
    assert (study.samples[0].patient_id, study.doses[0].patient_id) == ("101", "101")
    assert study.samples[0].collected_on == date(2024, 5, 31)
    assert (study.bead_runs[0].lot, study.panels[0].quantified.f_p_ratio) == ("96597", 1.02)


def test_leading_zeros_that_excel_shows_are_kept(tmp_path):
    sheets = with_cells(good_sheets(), {"samples!B2": 7, "doses!A2": "007"})
    folder = write_workbook(write_files(tmp_path), sheets)
    workbook = load_workbook(folder / "study.xlsx")
    workbook["samples"]["B2"].number_format = "000"
    workbook.save(folder / "study.xlsx")
    assert read_good(folder).samples[0].patient_id == "007"


def test_merged_hidden_and_commented_cells_do_no_harm(tmp_path):
    folder = write_workbook(write_files(tmp_path), good_sheets())
    workbook = load_workbook(folder / "study.xlsx")
    sheet = workbook["samples"]
    sheet.row_dimensions[3].hidden = True
    sheet["A1"].comment = Comment("a name", "cd38rd")
    sheet.merge_cells("J2:K3")
    sheet["XFD9000"].number_format = "0.00"
    workbook.save(folder / "study.xlsx")
    assert len(read_good(folder).samples) == 2


def test_a_formula_without_a_value_and_an_excel_error_are_named(tmp_path):
    sheets = with_cells(good_sheets(), {"samples!A2": "=B2", "samples!B3": "#N/A"})
    _, faults = read_study(write_workbook(write_files(tmp_path), sheets))
    assert [str(fault) for fault in faults if fault.where.startswith("samples")] == [
        (
            "samples!A2: found a formula without a stored value, expected a value. "
            "Open the workbook in Excel or LibreOffice and save it, or type the value."
        ),
        'samples!B3: found the Excel error "#N/A", expected a value',
    ]


def test_a_value_under_no_column_name_is_a_fault(tmp_path):
    folder = write_files(tmp_path)
    write_csvs(folder, good_sheets(), delimiter=";")
    (folder / "beads.csv").write_text(
        "beads;fcs_file;kit;lot;channel;levels\nQB1;fcs/beads.fcs;quantibrite_pe;1;PE-A;638;6930\n",
        encoding="utf-8",
    )
    _, faults = read_study(folder)
    assert [str(fault) for fault in faults] == [
        (
            'beads!G2: found "6930" under no column name, expected an empty cell. '
            "In a CSV, a cell that holds the delimiter stands in double quotes."
        )
    ]


def test_rows_are_counted_as_excel_shows_them(tmp_path):
    path = tmp_path / "samples.csv"
    path.write_text('sep=;\nsample_id;remark\nS1;"two\nlines"\n\nS3;x\n', encoding="utf-8")
    sheet, _ = read_csv_sheet(path, "samples", ["sample_id", "remark"])
    assert [row[0].where for row in sheet.rows if row and row[0].value] == [
        "samples!A1",
        "samples!A2",
        "samples!A4",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ("study.xlsx: found an empty file (0 bytes), expected a workbook as Excel or LibreOffice saves it (.xlsx). "
         "Take a backup, or write a new one with `cd38rd init`.")),
        (b"PK\x03\x04 cut short", ("study.xlsx: found a file that is no workbook, or is cut short, expected a workbook "
         "as Excel or LibreOffice saves it (.xlsx). Take a backup, or write a new one with `cd38rd init`.")),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ("study.xlsx: found an old .xls or a workbook with a password, expected a "
         "workbook as Excel or LibreOffice saves it (.xlsx). Save it as .xlsx without a password.")),
    ],
)  # fmt: skip
def test_a_workbook_that_cannot_be_read_is_one_message(tmp_path, content, message):
    (tmp_path / "study.xlsx").write_bytes(content)
    study, faults = read_study(tmp_path)
    assert (study, [str(fault) for fault in faults]) == (None, [message])


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_workbook_cut_short_is_one_message(tmp_path, keep):
    folder = write_workbook(tmp_path, good_sheets())
    data = (folder / "study.xlsx").read_bytes()
    (folder / "study.xlsx").write_bytes(data[: int(len(data) * keep)])
    _, faults = read_study(folder)
    assert len(faults) == 1
    assert faults[0].where == "study.xlsx"


def test_a_workbook_whose_inside_is_damaged_is_one_message(tmp_path):
    import zipfile

    folder = write_workbook(tmp_path, good_sheets())
    with zipfile.ZipFile(folder / "study.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"][:400]
    with zipfile.ZipFile(folder / "study.xlsx", "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    _, faults = read_study(folder)
    assert [fault.where for fault in faults] == ["study.xlsx"]
    assert "Traceback" not in str(faults[0])


def test_a_workbook_beside_csvs_is_a_fault(tmp_path):
    folder = write_workbook(good_study(tmp_path), good_sheets())
    study, faults = read_study(folder)
    assert study is None
    assert "study.xlsx and samples.csv, panels.csv, beads.csv and doses.csv" in str(faults[0])


def test_a_folder_without_sheets_says_how_to_begin(tmp_path):
    assert "no study.xlsx and no samples.csv" in str(read_study(tmp_path)[1][0])
    assert "cd38rd init" in str(read_study(tmp_path / "absent")[1][0])
    (tmp_path / "study.ods").write_bytes(b"x")
    assert "Save it as study.xlsx." in str(read_study(tmp_path)[1][0])


def test_reading_changes_no_file(tmp_path):
    folder = write_workbook(write_files(tmp_path), good_sheets())
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    read_good(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_columns_are_lettered_as_in_excel():
    assert [column_letter(n) for n in (1, 26, 27, 702, 703, 16384)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


def with_files(folder: Path) -> Path:
    return folder if (folder / "fcs").is_dir() else write_files(folder)


ODD = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "\0",
            "a" * 5000,
            "fcs/" + "b" * 300,
            "#2",
            "fcs/S1.fcs#9",
            "~/x",
            "//host/x",
            "=1+1",
            "-",
            ";",
            "1e999",
        ]
    ),
    st.integers(-10, 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.datetimes(datetime(1901, 1, 1), datetime(2300, 1, 1)),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.dictionaries(
        st.tuples(
            st.sampled_from(["samples", "panels", "beads", "doses"]), st.integers(0, 7), st.integers(1, 9)
        ),
        ODD,
        max_size=8,
    )
)
def test_whatever_is_typed_is_a_study_or_faults_with_cells(tmp_path, cells):
    sheets = good_sheets()
    for (sheet, column, row), value in cells.items():
        text = value if isinstance(value, str) else str(value)
        sheets = with_cells(sheets, {f"{sheet}!{column_letter(column + 1)}{row}": text})
    study, faults = read_study(write_csvs(with_files(tmp_path / "study"), sheets))
    assert (study is None) == any(fault.severity is Severity.ERROR for fault in faults)
    assert all("\n" not in str(fault) and fault.where for fault in faults)


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.dictionaries(
        st.tuples(
            st.sampled_from(["samples", "panels", "beads", "doses"]), st.integers(0, 7), st.integers(1, 9)
        ),
        ODD,
        max_size=8,
    )
)
def test_whatever_stands_in_a_workbook_is_a_study_or_faults_with_cells(tmp_path, cells):
    sheets = good_sheets()
    for (sheet, column, row), value in cells.items():
        typed = ILLEGAL_CHARACTERS_RE.sub("", value)[:32000] if isinstance(value, str) else value
        sheets = with_cells(sheets, {f"{sheet}!{column_letter(column + 1)}{row}": typed})
    study, faults = read_study(write_workbook(with_files(tmp_path / "study"), sheets))
    assert (study is None) == any(fault.severity is Severity.ERROR for fault in faults)
    assert all("\n" not in str(fault) and fault.where for fault in faults)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(st.binary(max_size=300), st.text(alphabet='a;,\t"\n\r=p', max_size=80).map(str.encode)))
def test_any_bytes_in_a_csv_are_faults_and_never_a_traceback(tmp_path, data):
    folder = write_csvs(with_files(tmp_path / "study"), good_sheets())
    (folder / "doses.csv").write_bytes(data)
    _, faults = read_study(folder)
    assert all("\n" not in str(fault) for fault in faults)
