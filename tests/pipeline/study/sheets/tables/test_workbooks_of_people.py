"""Workbooks as people leave them: hidden and struck rows, titles, Strict Open XML, pipes, links and bombs."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font

from helpers.builders import good_sheets, good_study, write_csvs, write_files, write_workbook
from pipeline.checks import check_folder
from pipeline.study.sheets.reading import read_study
from pipeline.study.sheets.tables import read_workbook

GOOD_AND = "the study is read"


def with_book(folder: Path, change: Callable[[Workbook], None]) -> Path:
    """A good study as a workbook that a person changed."""
    write_workbook(write_files(folder), good_sheets())
    book = load_workbook(folder / "study.xlsx")
    change(book)
    book.save(folder / "study.xlsx")
    return folder


def said(folder: Path) -> list[str]:
    study, faults = read_study(folder)
    assert (study is None) == any(fault.severity.value == "ERROR" for fault in faults)
    return [f"{fault.severity.value} {fault}" for fault in faults]


def repacked(folder: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """The workbook with other bytes in its parts."""
    path = folder / "study.xlsx"
    with zipfile.ZipFile(path) as archive:
        parts = {name: change(name, archive.read(name)) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return folder


def hide_rows(book: Workbook) -> None:
    book["samples"].row_dimensions[3].hidden = True
    book["doses"].row_dimensions.group(2, 3, hidden=True)


def test_hidden_rows_are_read_with_a_warning_that_names_them(tmp_path):
    assert said(with_book(tmp_path, hide_rows)) == [
        (
            "WARNING samples!3: found row 3 hidden, by a filter, a group or by hand, expected rows that can be seen. "
            "They are read like other rows: show the rows that count, and delete the others."
        ),
        (
            "WARNING doses!2: found rows 2 and 3 hidden, by a filter, a group or by hand, expected rows that can be seen. "
            "They are read like other rows: show the rows that count, and delete the others."
        ),
    ]


def test_a_filter_without_hidden_rows_empty_hidden_rows_and_a_hidden_remark_are_no_matter(tmp_path):
    def change(book: Workbook) -> None:
        sheet = book["samples"]
        sheet.auto_filter.ref = "A1:H3"
        sheet.row_dimensions[9].hidden = True
        sheet["I1"], sheet["I2"] = "remark", "x"
        sheet.column_dimensions["I"].hidden = True
        sheet.column_dimensions["K"].hidden = True

    assert said(with_book(tmp_path, change)) == []


def test_rows_struck_through_are_read_with_a_warning(tmp_path):
    def change(book: Workbook) -> None:
        for cell in book["samples"][3]:
            cell.font = Font(strike=True)
        book["panels"]["B7"].font = Font(strike=True)
        book["beads"]["J9"].font = Font(strike=True)

    assert [line.split(", expected")[0] for line in said(with_book(tmp_path, change))] == [
        "WARNING samples!3: found row 3 struck through",
        "WARNING panels!7: found row 7 struck through",
    ]


def test_rows_without_height_and_columns_without_width_are_hidden_too(tmp_path):
    def change(name: str, data: bytes) -> bytes:
        if not name.endswith("sheet1.xml"):
            return data
        narrow = b'<cols><col min="7" max="7" width="0" customWidth="1"/></cols><sheetData>'
        flat = data.replace(b'<row r="3"', b'<row r="3" ht="0.0" customHeight="1"')
        return flat.replace(b"<sheetData>", narrow).replace(b'<row r="2"', b'<row r="2" ht="15"')

    write_workbook(write_files(tmp_path), good_sheets())
    assert [line.split(", expected")[0] for line in said(repacked(tmp_path, change))] == [
        'WARNING samples!G1: found the column "visit" hidden',
        "WARNING samples!3: found row 3 hidden, by a filter, a group or by hand",
    ]


SPREADSHEET = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHARED_TYPE = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType='
    b'"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
RICH = '<r><rPr><strike{}/><sz val="11"/></rPr><t>Dara</t></r><r><t>tumumab</t></r>'


@pytest.mark.parametrize("shared", [True, False], ids=["shared text", "text in the cell"])
@pytest.mark.parametrize(("value", "lines"), [("", 1), (' val="1"', 1), (' val="0"', 0)])
def test_a_text_of_which_a_part_is_struck_through_is_warned_of(tmp_path, shared, value, lines):
    rich = RICH.format(value).encode()

    def change(name: str, data: bytes) -> bytes:
        if shared and name == "[Content_Types].xml":
            return data.replace(b"</Types>", SHARED_TYPE + b"</Types>")
        if name.endswith("sheet4.xml"):
            begin = data.index(b'<c r="C3"')
            end = data.index(b"</c>", begin) + 4
            inside = b' t="inlineStr"><is>' + rich + b"</is></c>"
            return data[:begin] + b'<c r="C3"' + (b' t="s"><v>1</v></c>' if shared else inside) + data[end:]
        return data

    write_workbook(write_files(tmp_path), good_sheets())
    if shared:
        with zipfile.ZipFile(tmp_path / "study.xlsx", "a") as archive:
            texts = b"<si><t>plain</t></si><si>" + rich + b"</si>"
            archive.writestr(
                "xl/sharedStrings.xml", b'<sst xmlns="' + SPREADSHEET + b'">' + texts + b"</sst>"
            )
    found = [line.split(", expected")[0] for line in said(repacked(tmp_path, change))]
    assert found == ["WARNING doses!3: found row 3 struck through"][:lines]


def test_hidden_columns_and_very_hidden_sheets_are_read_with_a_warning(tmp_path):
    def change(book: Workbook) -> None:
        book["samples"].column_dimensions.group("G", "H", hidden=True)
        book["doses"].sheet_state = "veryHidden"
        book["panels"].sheet_state = "hidden"

    assert [line.split(", expected")[0] for line in said(with_book(tmp_path, change))] == [
        'WARNING samples!G1: found the columns "visit" and "fmo_file" hidden',
        "WARNING panels: found a hidden sheet",
        "WARNING doses: found a very hidden sheet, which Excel's menus do not show",
    ]


@pytest.mark.parametrize("titles", [["Bone marrow, version 3"], ["Bone marrow", None, "Lab A; 2024"]])
def test_title_rows_above_the_column_names_are_told_from_them(tmp_path, titles):
    def change(book: Workbook) -> None:
        sheet = book["samples"]
        sheet.insert_rows(1, len(titles))
        for row, title in enumerate(titles, start=1):
            sheet.cell(row, 1, title)
        sheet.merge_cells("A1:G1")

    folder = with_book(tmp_path, change)
    assert [line.split(", expected")[0] for line in said(folder)] == [
        f'WARNING samples!A{row}: found "{title}" above the column names, taken for a title'
        for row, title in enumerate(titles, start=1)
        if title
    ]
    assert [sample.sample_id for sample in read_study(folder)[0].samples] == ["S1", "S2"]


def test_rows_that_were_sorted_above_their_column_names_are_refused_and_not_lost(tmp_path):
    sheets = good_sheets()
    header, first, second = sheets["samples"]
    sheets["samples"] = [first, header, second]
    assert said(write_csvs(write_files(tmp_path), sheets))[0] == (
        'ERROR samples!A1: found a row of 8 cells, "S1" above the column names, expected the column names in row 1. '
        "Was the table sorted with its header? Move the column names to row 1."
    )


def test_a_title_above_a_csv_is_told_too(tmp_path):
    sheets = good_sheets()
    sheets["doses"].insert(0, ["Doses of 2023"])
    assert [
        line.split(",")[0] for line in said(write_csvs(write_files(tmp_path), sheets, delimiter=";"))
    ] == ['WARNING doses!A1: found "Doses of 2023" above the column names']


def test_a_column_of_ones_own_is_a_warning_and_a_misspelt_one_a_fault(tmp_path):
    cells = {"samples!I1": "comment", "samples!I2": "seen twice", "doses!D1": "note", "panels!D1": "targt"}
    lines = said(good_study(tmp_path, cells))
    assert [(line.split(", expected")[0], line.rsplit(". ", 1)[1]) for line in lines] == [
        (
            'WARNING samples!I1: found the column "comment"',
            "It is not read; a column of your own starts with _.",
        ),
        ('ERROR panels!D1: found the column "targt"', 'Did you mean "target"?'),
        ('WARNING doses!D1: found the column "note"', "It is not read; a column of your own starts with _."),
    ]


def test_strict_open_xml_is_named_with_what_to_do(tmp_path):
    folder = with_book(tmp_path, lambda book: None)
    main, strict = (
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    )
    assert said(repacked(folder, lambda name, data: data.replace(main, strict))) == [
        (
            "ERROR study.xlsx: found a workbook saved as Strict Open XML, expected an ordinary Excel workbook (.xlsx). "
            "In Excel: Save As, and choose Excel Workbook (.xlsx), not Strict Open XML Spreadsheet; "
            "in LibreOffice: save it as Excel 2007-365."
        )
    ]


def test_an_opendocument_sheet_under_the_name_of_a_workbook_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "study.xlsx", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<a/>")
    (line,) = said(tmp_path)
    assert "found an OpenDocument sheet (.ods)" in line


def sheet_of(rows: bytes) -> Callable[[str, bytes], bytes]:
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return lambda name, data: (
        head + rows + b"</sheetData></worksheet>" if name == "xl/worksheets/sheet1.xml" else data
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (b"<row/>" * 3_000_000, "the sheet samples with more than 200,000 rows"),
        (b'<row r="1"/><row r="3000000"/>', "the sheet samples with more than 200,000 rows"),
        (b"<row>" + b"<c/>" * 2_500_000 + b"</row>", "the sheet samples with more than 2,000,000 cells"),
        (b'<row><c t="inlineStr"><is><t>' + b"a" * 9_000_000 + b"</t></is></c></row>", "a cell of more than 32,767 characters"),
        (b"<row><c t='inlineStr'><is><t>" + b"a" * 280_000_000, "a workbook whose part sheet1.xml unpacks to 267 MB"),
        (b"<row>" + b"<c>" * 20_000, "the sheet samples with more than 16,384 columns"),
        (b"<row/>" + b'<col min="1" hidden="1"/>' * 20_000, "the sheet samples with more than 16,384 columns"),
        (b'<col min="1" hidden="1"/>' * 200_000, "the sheet samples with more than 16,384 columns"),
    ],
    ids=["rows", "a far row", "cells", "a long text", "a huge part", "cells in cells", "columns", "many columns"],
)  # fmt: skip
def test_a_workbook_larger_than_a_study_is_refused_before_it_is_unpacked(tmp_path, rows, found):
    folder = with_book(tmp_path, lambda book: None)
    (line,) = said(repacked(folder, sheet_of(rows)))
    assert line.startswith(f"ERROR study.xlsx: found {found}, expected")
    assert line.endswith("Copy the tables into a new workbook; `cd38rd init` writes an empty one.")


READ_ALONE = """
import sys
from pathlib import Path
from pipeline.study.sheets.reading import read_study

print(*read_study(Path(sys.argv[1]))[1], sep="\\n")
print([line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0], file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason=f"{sys.platform} tells no peak of memory")
@pytest.mark.parametrize(
    "rows",
    [
        b"<row/>" * 3_000_000,
        b"<row>" + b'<c t="n"><v>1</v></c>' * 2_500_000,
        b"<row>" + b"<c>" * 1_500_000,
        b"<row " + b" ".join(b'a%d="1"' % number for number in range(1_000_000)),
    ],
    ids=["rows", "cells", "cells in cells", "an element without an end"],
)
def test_a_workbook_made_to_fill_the_memory_takes_little_of_it(tmp_path, rows):
    folder = repacked(with_book(tmp_path, lambda book: None), sheet_of(rows))
    read = subprocess.run(
        [sys.executable, "-c", READ_ALONE, str(folder)], capture_output=True, text=True, check=True
    )
    assert read.stdout.startswith("study.xlsx: found ")
    assert int(read.stderr) < 200 << 10, "kilobytes"


def test_a_workbook_as_libreoffice_writes_it_is_read_to_its_last_value(tmp_path):
    def change(name: str, data: bytes) -> bytes:
        if name.startswith("xl/worksheets/"):
            data = data.replace(b"<row ", b'<row hidden="false" ')
            data = data.replace(b"</sheetData>", b'<row r="1048576" hidden="true"/></sheetData>')
        return data

    folder = repacked(with_book(tmp_path, lambda book: None), change)
    assert said(folder) == []
    assert [len(sheet.rows) for sheet in read_workbook(folder / "study.xlsx", ["samples"])[0][:1]] == [3]


@pytest.mark.parametrize("name", ["Notes", "Dates", "Lists", "Legend", "Sheet1"])
def test_a_sheet_of_ones_own_is_a_warning_whatever_it_is_called(tmp_path, name):
    with_book(tmp_path, lambda book: book.create_sheet(name).append(["hello", "name", "value"]))
    (line,) = said(tmp_path)
    assert line.startswith(f'WARNING study.xlsx: found the sheet "{name.casefold()}"')


@pytest.mark.parametrize("name", ["Dosen", "dose", "Medikation", "Sheet1"])
def test_a_sheet_under_another_name_is_told_by_its_name_or_its_columns_and_not_lost(tmp_path, name):
    def change(book: Workbook) -> None:
        book["doses"].title = name

    line = next(line for line in said(with_book(tmp_path, change)) if "study.xlsx" in line)
    assert line.startswith(f'ERROR study.xlsx: found the sheet "{name.casefold()}"')
    assert line.endswith('Did you mean "doses"?')


@pytest.mark.parametrize("cells", [["Total"], ["* given elsewhere"]])
def test_a_note_or_a_total_below_a_table_is_one_fault(tmp_path, cells):
    (line,) = said(with_book(tmp_path, lambda book: book["doses"].append(cells)))
    assert line.startswith("ERROR doses!A")
    assert line.endswith(
        f'found "{cells[0]}" in a row without given_on and drug, expected a whole row. '
        "Delete a note or a total, or put it into a sheet that starts with _."
    )


def test_a_large_sheet_of_ones_own_is_not_read(tmp_path):
    def change(book: Workbook) -> None:
        sheet = book.create_sheet("raw data")
        for row in range(300):
            sheet.append([row] * 50)

    (line,) = said(with_book(tmp_path, change))
    assert line.startswith('WARNING study.xlsx: found the sheet "raw_data"')


def test_a_document_type_in_a_workbook_is_refused(tmp_path):
    folder = with_book(tmp_path, lambda book: None)
    doctype = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">]>'
    (line,) = said(
        repacked(folder, lambda name, data: doctype + data if name == "xl/worksheets/sheet1.xml" else data)
    )
    assert "a document type" in line


@pytest.mark.parametrize("name", ["samples.csv", "review.csv", "matrix.csv"])
@pytest.mark.parametrize("row", [0, 1])
def test_a_field_longer_than_a_csv_may_have_is_refused_in_words(tmp_path, name, row):
    sheets = {**good_sheets(), "settings": [["name", "value"], ["spillover_file", "matrix.csv"]]}
    folder = write_csvs(write_files(tmp_path), sheets)
    lines = ["sample_id,patient_id", "S1,P1"] if name != "matrix.csv" else ["PE-A,BV421-A", "1,0"]
    lines[row] = "x" * 200_000
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    assert any("field larger than field limit" in str(fault) for fault in check_folder(folder)[1])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason=f"{sys.platform} has no named pipes")
@pytest.mark.parametrize("name", ["study.xlsx", "samples.csv", "doses.csv", "review.csv"])
def test_a_sheet_that_is_a_pipe_is_refused_and_never_waited_for(tmp_path, name):
    folder = write_files(tmp_path) if name == "study.xlsx" else good_study(tmp_path)
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert (
        f"ERROR {name}: found a pipe or a device, which is not read, expected a file in the study folder"
        in said(folder)
    )


@pytest.mark.parametrize("name", ["study.xlsx", "samples.csv", "settings.csv", "review.csv"])
def test_a_sheet_that_is_a_link_out_of_the_folder_is_refused_and_not_quoted(tmp_path, name):
    secret = tmp_path / "secret"
    secret.write_text("root:x:0:0\n", encoding="utf-8")
    folder = write_files(tmp_path / "study") if name == "study.xlsx" else good_study(tmp_path / "study")
    (folder / name).unlink(missing_ok=True)
    try:
        (folder / name).symlink_to(secret)
    except OSError:
        pytest.skip(f"{sys.platform} does not let this user make links")
    lines = said(folder)
    assert lines[0] == (
        f"ERROR {name}: found a link that leads out of the study folder, expected a file in the study folder. "
        "Copy the file into the study folder."
    )
    assert "root" not in "\n".join(lines)


def test_a_link_inside_the_folder_and_a_study_folder_that_is_a_link_are_read(tmp_path):
    folder = good_study(tmp_path / "study")
    (folder / "doses.csv").rename(folder / "doses_of_may.txt")
    try:
        (folder / "doses.csv").symlink_to(folder / "doses_of_may.txt")
        (tmp_path / "by_link").symlink_to(folder)
    except OSError:
        pytest.skip(f"{sys.platform} does not let this user make links")
    assert said(folder) == said(tmp_path / "by_link") == []


@pytest.mark.parametrize("table", ["Table 1", "Tabelle 1", "Tableau 1", "表格 1"])
def test_tables_that_numbers_exported_are_told_by_the_name_of_their_sheet(tmp_path, table):
    def change(book: Workbook) -> None:
        for sheet in book.worksheets:
            sheet.insert_rows(1)
            sheet["A1"] = table
            sheet.title = f"{sheet.title} - {table}"

    lines = said(with_book(tmp_path, change))
    for name in ("samples", "panels", "beads", "doses"):
        assert any(
            line.startswith("ERROR study.xlsx") and f'Did you mean "{name}"?' in line for line in lines
        ), name
