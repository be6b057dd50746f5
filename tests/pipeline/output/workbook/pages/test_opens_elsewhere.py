"""rd.xlsx opens in pandas with sensible types, in LibreOffice without loss, and prints on pages that fit."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.mark.slow
def test_pandas_reads_every_sheet_with_types_that_fit(workbook_path: Path):
    frames = pd.read_excel(workbook_path, sheet_name=None)
    assert all(not frame.empty for frame in frames.values())
    for name, frame in frames.items():
        assert not any(str(column).startswith("Unnamed") for column in frame.columns), name
    samples = frames["Samples"]
    assert samples["CD38 RD (molecules per cell)"].dtype == "float64"
    assert samples["Raw estimate (molecules per cell)"].dtype == "float64"
    assert samples["Gated cells (cells)"].dtype.kind in "if"
    assert samples["Collected on"].dtype.kind == "M"
    assert samples["Washout (weeks)"].dtype == "float64"
    assert samples["Status"].dtype == object
    assert frames["Response"]["n"].dtype == "int64"
    assert frames["Response"]["Percent (%)"].dtype == "float64"
    assert frames["Comparisons"]["p"].dtype == "float64"
    assert frames["Calibration"]["Curve, slope"].dtype == "float64"
    assert frames["Calibration"]["Acquired on"].dtype.kind == "M"


def test_every_page_is_landscape_fits_its_width_and_repeats_header_study_and_number(
    workbook: openpyxl.Workbook,
):
    for page in workbook:
        assert page.page_setup.orientation == "landscape", page.title
        assert int(page.page_setup.paperSize) == int(page.PAPERSIZE_A4)
        assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (1, 0)
        assert page.sheet_properties.pageSetUpPr.fitToPage
        assert page.print_title_rows == "$1:$1"
        assert page.oddHeader.left.text
        assert page.oddHeader.right.text == "&A"
        assert page.oddFooter.right.text == "Page &P of &N"


@pytest.mark.parametrize("name", ["Patients", "Samples", "Your rows"])
def test_the_columns_that_are_quoted_are_printed_large_enough_to_read(workbook: openpyxl.Workbook, name: str):
    page = workbook[name]
    area = page.print_area.split("!")[-1].replace("$", "")
    first, last = area.split(":")
    cells = page[f"{first}:{last.rstrip('0123456789')}1"][0]
    assert {"Status", "Reported CD38 RD (molecules per cell)"} <= {cell.value for cell in cells}
    assert page.column_dimensions[cells[-1].column_letter].outlineLevel == 0


def test_no_sheet_prints_letters_below_seven_points(workbook: openpyxl.Workbook):
    for page in workbook:
        area = page.print_area.split("!")[-1].replace("$", "") or page.dimensions
        last = area.split(":")[1].rstrip("0123456789")
        widths = [page.column_dimensions[cell.column_letter].width for cell in page[f"A1:{last}1"][0]]
        line = 297 / 25.4 * 72 - 72 * (page.page_margins.left + page.page_margins.right)
        assert 11 * line / (5.25 * sum(widths)) >= 7, page.title


def test_wrapped_text_has_rows_high_enough_for_it(workbook: openpyxl.Workbook):
    for page in workbook:
        for row in page.iter_rows(min_row=2):
            if sum(cell.value is not None for cell in row) < 2:
                continue  # a sentence alone in its row covers nothing
            for cell in row:
                text = cell.value if isinstance(cell.value, str) else ""
                width = page.column_dimensions[cell.column_letter].width
                if len(text) > width:
                    assert cell.alignment.wrap_text, (page.title, cell.coordinate)
                    height = page.row_dimensions[cell.row].height
                    assert height >= min(409, 14 * len(text) / width), (page.title, cell.coordinate)


def test_text_that_looks_like_a_number_is_said_to_be_meant_so(workbook_path: Path):
    with zipfile.ZipFile(workbook_path) as packed:
        page = packed.read("xl/worksheets/sheet2.xml").decode()
    assert "numberStoredAsText" in page
    order = ["<sheetData", "<autoFilter", "<pageSetup", "<headerFooter", "<ignoredErrors", "<legacyDrawing"]
    places = [page.index(tag) for tag in order]
    assert places == sorted(places)


@pytest.mark.slow
@pytest.mark.skipif(
    SOFFICE is None, reason="LibreOffice is not installed: nothing opens the workbook with it"
)
def test_libreoffice_opens_it_and_saves_the_same_cells(workbook_path: Path, tmp_path: Path):
    shutil.copy(workbook_path, tmp_path / "rd.xlsx")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    for kind, folder in (("xlsx", "again"), ("pdf", "printed")):
        command = [SOFFICE, profile, "--headless", "--convert-to", kind, "--outdir", folder, "rd.xlsx"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
        assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "printed" / "rd.pdf").stat().st_size > 10_000
    ours, theirs = (openpyxl.load_workbook(path) for path in (workbook_path, tmp_path / "again" / "rd.xlsx"))
    assert theirs.sheetnames == ours.sheetnames
    for page in ours:
        twin = theirs[page.title]
        for row in page.iter_rows():
            for cell in row:
                assert twin[cell.coordinate].value == cell.value, (page.title, cell.coordinate)
                assert twin[cell.coordinate].data_type != "f"
