"""Numbers of rd.xlsx are shown by what they are; a fold beyond what can be told is a bound in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.output.interval import fold_bound
from pipeline.output.json_files import washout_json
from pipeline.output.report.models.words import refusal_words
from pipeline.output.workbook import workbook_sheets, write_workbook
from pipeline.output.workbook.tables.models import choice_table, estimate_table
from pipeline.study.quantity_name import DEX_PER_DOUBLING, FOLD
from pipeline.washout.censored.estimate import Estimate, Refusal, Wait
from pipeline.washout.choice import Candidate, ModelChoice


def with_estimates(result: StudyResult, *estimates: Estimate) -> StudyResult:
    assert result.washout is not None
    return changed(result, washout=replace(result.washout, estimates=estimates))


@pytest.mark.parametrize(
    ("column", "number_format"),
    [
        ("Gated cells, part (%)", "[>=1]0.0;[>0]0.000;0"),
        ("Geometric CV (%)", "0.0"),
        ("Events (events)", "#,##0"),
        ("Curve, r²", "0.0000"),
        ("Washout (weeks)", "[>=1000]#,##0;0.0"),
        ("LLOQ (molecules per cell)", "[>=100]#,##0;[<=-100]-#,##0;0.0"),
    ],
)
def test_a_column_has_one_number_format(workbook: openpyxl.Workbook, column: str, number_format: str):
    page = workbook["Samples"]
    place = next(cell.column for cell in page[1] if cell.value == column)
    shown = {
        page.cell(row, place).number_format
        for row in range(2, page.max_row + 1)
        if page.cell(row, place).value is not None
    }
    assert shown == {number_format}


def test_the_ends_of_an_interval_are_shown_as_their_number(workbook: openpyxl.Workbook):
    page = workbook["Response"]
    names = {cell.value: cell.column for cell in page[1]}
    for row in range(2, page.max_row + 1):
        cells = [page.cell(row, names[name]) for name in ("Percent (%)", "95 % from", "95 % to")]
        assert len({cell.number_format for cell in cells if cell.value is not None}) <= 1


def test_an_estimate_is_shown_in_the_format_of_its_unit(workbook: openpyxl.Workbook):
    page = workbook["Washout"]
    names = {cell.value: cell.column for cell in page[1]}
    seen = {
        page.cell(row, names["Unit"]).value: page.cell(row, names["Value"]).number_format
        for row in range(2, page.max_row + 1)
    }
    assert seen["fold"] == "[>=100]#,##0;[>=10]0.0;0.00"
    assert seen["dex per doubling"] == "0.000"


def test_the_seed_is_no_quantity(workbook: openpyxl.Workbook):
    notes = " ".join(str(cell.value) for cell in workbook["Notes"]["D"])
    assert "seed of random draws 20240607" in notes
    for page in workbook:
        assert not any(cell.value == 20240607 for row in page.iter_rows() for cell in row), page.title


def test_a_fold_beyond_what_can_be_told_is_a_bound_in_words_and_the_json_keeps_the_number(
    study_result: StudyResult, tmp_path: Path
):
    wide = Estimate("fold_per_doubling", 40.0, 1e-9, 8958522794571.56, 6, "Tobit", unit=FOLD, words="Fold")
    slope = Estimate(
        "slope_per_doubling", 1.6, -9.0, 12_900.0, 6, "Tobit", unit=DEX_PER_DOUBLING, words="Slope"
    )
    result = with_estimates(study_result, wide, slope)
    write_workbook(tmp_path / "a.xlsx", workbook_sheets(result))
    frame = pd.read_excel(tmp_path / "a.xlsx", sheet_name="Washout")
    assert frame["95 % to"][0] == "> 1,000-fold"
    assert frame["95 % from"][0] == "< 0.001-fold"
    assert frame["Value"][0] == 40
    assert frame["95 % to"][1] == 12_900
    assert result.washout is not None
    kept = washout_json(result.washout)["estimates"][0]["high"]
    assert kept == pytest.approx(8958522794571.56)


def test_a_wait_beyond_ten_years_is_words_and_the_json_keeps_the_number(
    study_result: StudyResult, tmp_path: Path
):
    waits = (
        Wait("M1", 150_000.0, 0.5, 79.1, 26.9, 147_525.0, 10),
        Wait("M1", 150_000.0, 0.9, None, 2_690.0, None, 10, note="not within the observed range"),
        Wait("M1", 522.0, 0.5, 7.8, 2.1, None, 10),
        Wait("M2", 522.0, 0.5, 7.8, None, None, 10),
    )
    assert study_result.washout is not None
    result = changed(study_result, washout=replace(study_result.washout, waits=waits))
    write_workbook(tmp_path / "a.xlsx", workbook_sheets(result))
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["Waits"]
    told = [[page.cell(row, column).value for column in (4, 5, 6)] for row in range(2, 6)]
    assert told == [
        [79.1, 26.9, "> 10 years"],
        [None, "> 10 years", None],
        [7.8, 2.1, "no upper limit"],
        [7.8, None, None],
    ]
    assert result.washout is not None
    assert washout_json(result.washout)["waits"][0]["high"] == 147_525.0
    assert "not before ten years" in " ".join(refusal_words(result.washout, "free CD38"))


@pytest.mark.parametrize(
    ("value", "words"), [(1000.0, ""), (1000.1, "> 1,000-fold"), (0.001, ""), (0.0, "< 0.001-fold")]
)
def test_the_bound_begins_where_it_says(value: float, words: str):
    assert fold_bound(value) == words


def test_the_models_that_took_part_say_how_well_they_fit(study_result: StudyResult):
    candidates = (
        Candidate("M1", 30.0, 3.0, misfit_p=0.002),
        Candidate("M1 adjusted", 33.0, 5.0),
        Candidate("M2", 38.0, 4.0, misfit_p=0.4),
    )
    assert study_result.washout is not None
    choice = ModelChoice("M2", candidates, "rule", "why")
    refused = (Refusal("M3", "no drug is known"),)
    table = choice_table(replace(study_result.washout, choice=choice, not_estimable=refused))
    fits = [row[table.columns.index("misfit_p")] for row in table.rows]
    words = [row[table.columns.index("misfit_words")] for row in table.rows]
    assert fits == [0.002, None, 0.4, None]
    assert words == [
        "the rows contradict it",
        "not looked at",
        "the rows do not contradict it",
        "not estimated",
    ]
    assert [row[table.columns.index("preferred")] for row in table.rows] == [False, False, True, False]
    assert [row[-1] for row in table.rows] == ["", "", "why", "no drug is known"]


def test_every_estimate_has_words_of_its_own(study_result: StudyResult):
    table = estimate_table(study_result.washout)
    words = [row[0] for row in table.rows]
    codes = [row[table.columns.index("estimate_code")] for row in table.rows]
    assert len(set(words)) == len(words)
    assert not any(code == word for code, word in zip(codes, words, strict=True))
    assert not any("_" in word for word in words)
