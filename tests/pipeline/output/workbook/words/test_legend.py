"""The legend of rd.xlsx explains every column, status and flag, and headers are words with units."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from calibration.curve.standard_curve import CurveVerdict
from calibration.density.receptor_density import RdStatus
from pipeline.assembly.study_result import StudyResult
from pipeline.output.calibration_table import CALIBRATION_COLUMNS
from pipeline.output.flag_words.all_flags import FLAGS
from pipeline.output.result_tables import EXPOSURES, PATIENTS, SAMPLES
from pipeline.output.table import names_of
from pipeline.output.workbook import workbook_sheets
from pipeline.output.workbook.tables.histograms import histogram_table
from pipeline.output.workbook.words import WORDS


@pytest.fixture(scope="module")
def legend(workbook_path: Path) -> pd.DataFrame:
    return pd.read_excel(workbook_path, sheet_name="Legend", keep_default_na=False)


def test_every_column_of_every_sheet_has_a_line_with_its_words_unit_and_meaning(
    workbook: openpyxl.Workbook, legend: pd.DataFrame
):
    lines = legend[legend["Kind"] == "column"]
    assert lines["Meaning"].str.len().min() > 0
    for page in workbook:
        if page.title == "Legend":
            continue
        told = lines[lines["Sheet"] == page.title]
        heads = [f"{e} ({u})" if u else e for e, u in zip(told["Entry"], told["Unit"], strict=True)]
        assert heads == [str(cell.value) for cell in page[1]], page.title


def test_every_status_verdict_and_flag_is_explained(legend: pd.DataFrame):
    for kind, names in (
        ("status", {status.value for status in RdStatus}),
        ("verdict", {verdict.value for verdict in CurveVerdict}),
        ("flag", set(FLAGS)),
    ):
        lines = legend[legend["Kind"] == kind]
        assert set(lines["Entry"]) == names
        assert lines["Meaning"].str.len().min() > 8


@pytest.mark.parametrize(
    ("sheet", "file", "codes"),
    [
        ("Samples", "rd_samples.csv", names_of(SAMPLES)),
        ("Patients", "rd_patients.csv", names_of(PATIENTS)),
        ("Calibration", "calibration.csv", CALIBRATION_COLUMNS),
        ("Exposure", "statistics/exposure.csv", names_of(EXPOSURES)),
    ],
)
def test_the_legend_names_every_column_of_the_csv_file_and_no_other(
    legend: pd.DataFrame, sheet: str, file: str, codes: tuple[str, ...]
):
    lines = legend[(legend["Kind"] == "column") & (legend["Sheet"] == sheet) & (legend["Code name"] != "")]
    assert set(lines["Code name"]) == set(codes)
    assert set(lines["File"]) == {file}


def test_no_header_is_a_code_name(study_result: StudyResult):
    for sheet in workbook_sheets(study_result):
        for code in sheet.table.columns:
            assert code in WORDS, (sheet.name, code)
            assert "_" not in sheet.words(code).headline


def test_the_words_are_those_of_some_column(study_result: StudyResult):
    used = {code for sheet in workbook_sheets(study_result) for code in sheet.table.columns}
    assert set(WORDS) == used | set(histogram_table(study_result).columns)


def test_a_status_is_coloured_in_the_legend_as_in_the_samples(workbook: openpyxl.Workbook):
    samples, legend = workbook["Samples"], workbook["Legend"]
    shown = {cell.value: cell.fill.fgColor.rgb for cell in samples["E"][1:]}
    told = {row[2].value: row[2].fill.fgColor.rgb for row in legend.iter_rows(min_row=2)}
    assert shown.items() <= told.items()
