"""A density in rd.xlsx: reported for people, a number only where it was measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from calibration.density.receptor_density import RdStatus, ReceptorDensity
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.output.workbook import workbook_sheets, write_workbook
from pipeline.output.workbook.tables.densities import reported
from pipeline.quantification.result import SentinelResult

REPORTED, MEASURED = "Reported CD38 RD (molecules per cell)", "CD38 RD (molecules per cell)"
RAW = "Raw estimate (molecules per cell)"
NUMBERED = ("OK", "ABOVE_ULOQ_EXTRAPOLATED")


@pytest.mark.parametrize(
    ("density", "words"),
    [
        (ReceptorDensity(RdStatus.OK, 300, rd=60_107.6, rd_low=50e3, rd_high=70e3), "60,100"),
        (ReceptorDensity(RdStatus.BELOW_LLOQ, 300, rd=836.0, lloq=1_055.0), "< 1,060"),
        (ReceptorDensity(RdStatus.BELOW_LLOQ, 300, rd=-55.0, lloq=950.0), "< 950"),
        (ReceptorDensity(RdStatus.ABOVE_ULOQ, 300, rd_low=71_300.0, uloq=71_300.0), "> 71,300"),
        (ReceptorDensity(RdStatus.ABOVE_ULOQ_EXTRAPOLATED, 300, rd=151e3), "151,000"),
        (ReceptorDensity(RdStatus.NOT_QUANTIFIABLE, 300, rd=5e3), "–"),
        (ReceptorDensity(RdStatus.NO_BACKGROUND, 300, abc=5e3), "–"),
        (ReceptorDensity(RdStatus.FAILED, 0), "–"),
    ],
)
def test_a_density_is_reported_as_it_may_be_quoted(density: ReceptorDensity, words: str):
    assert reported(density) == words


@pytest.mark.parametrize("sheet", ["Samples", "Patients", "Your rows"])
def test_an_average_takes_measured_values_alone(workbook_path: Path, sheet: str):
    frame = pd.read_excel(workbook_path, sheet_name=sheet)
    has_number = frame[MEASURED].notna()
    assert has_number.any()
    assert set(frame["Status"][has_number]) <= set(NUMBERED)
    assert has_number[frame["Status"].isin(NUMBERED)].all()
    below = frame["Status"] == "BELOW_LLOQ"
    assert below.any()
    assert frame[REPORTED][below].str.startswith("< ").all()


@pytest.mark.parametrize("sheet", ["Samples", "Patients"])
def test_the_raw_estimate_of_a_censored_row_stands_apart_in_grey_italics(
    workbook: openpyxl.Workbook, sheet: str
):
    page = workbook[sheet]
    names = {cell.value: cell.column for cell in page[1]}
    cells = [page.cell(row, names[RAW]) for row in range(2, page.max_row + 1)]
    filled = [cell for cell in cells if cell.value is not None]
    assert filled
    assert all(cell.font.italic and cell.font.color.rgb == "FF7F7F7F" for cell in filled)
    for cell in filled:
        assert page.cell(cell.row, names[MEASURED]).value is None
    measured = next(
        page.cell(row, names[MEASURED])
        for row in range(2, page.max_row + 1)
        if page.cell(row, names[MEASURED]).value
    )
    assert not measured.font.italic


def test_a_sentinel_below_its_limit_is_no_number_either(study_result: StudyResult, tmp_path: Path):
    low = ReceptorDensity(RdStatus.BELOW_LLOQ, 90, rd=411.0, rd_low=100.0, rd_high=700.0, lloq=900.0)
    tubes = tuple(
        replace(tube, sentinels=(SentinelResult("nk_cells", low, 0.9),)) for tube in study_result.results
    )
    write_workbook(tmp_path / "a.xlsx", workbook_sheets(changed(study_result, results=tubes)))
    frame = pd.read_excel(tmp_path / "a.xlsx", sheet_name="Samples")
    assert (frame["NK cells, reported RD (molecules per cell)"] == "< 900").all()
    assert frame["NK cells, RD (molecules per cell)"].isna().all()
    assert frame["NK cells, 95 % from (molecules per cell)"].isna().all()


def test_the_density_of_a_visit_in_the_models_is_a_number_only_where_measured(workbook_path: Path):
    frame = pd.read_excel(workbook_path, sheet_name="Drug at visits")
    assert set(frame["Status"][frame[MEASURED].notna()]) <= set(NUMBERED)
    assert "BELOW_LLOQ" in set(frame["Status"])
