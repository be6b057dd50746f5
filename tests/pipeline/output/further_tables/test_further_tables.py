"""Tables and words beyond the median: cells of a tube, changes of a patient, tubes without a density."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.charts import COURSES
from pipeline.output.figures.spread.cells import cell_rows
from pipeline.output.further_tables.changes import change_table, unnumbered_table
from pipeline.output.further_tables.distribution import distribution_table
from pipeline.output.json_files import json_text, response_json, washout_json
from pipeline.output.report.models.within import unnumbered_words, within_words
from pipeline.output.results_folder import Results
from pipeline.output.workbook import workbook_sheets


def rows_of(table, key="sample_id"):
    return {
        dict(zip(table.columns, row, strict=True))[key]: dict(zip(table.columns, row, strict=True))
        for row in table.rows
    }


def without_any(study_result: StudyResult) -> StudyResult:
    washout = replace(study_result.washout, within=None)
    return replace(study_result, washout=washout, unnumbered=None)


def test_every_tube_has_a_row_and_one_without_a_density_says_why(study_result: StudyResult):
    rows = rows_of(distribution_table(study_result))
    assert list(rows) == [sample.sample_id for sample in study_result.study.samples]
    silent, bright, dim = rows["P09-S1"], rows["P06-S1"], rows["P01-S1"]
    assert (silent["p10"], silent["not_told"]) == (None, "no density: LOW_EVENTS")
    assert bright["p10"] < bright["p25"] < bright["rd"] < bright["p75"] < bright["p90"]
    assert bright["below_cut_percent_low"] <= bright["below_cut_percent"] <= bright["below_cut_percent_high"]
    assert dim["p10"] is None
    assert "P10 < 950 (below the detection limit of a cell)" in dim["not_told"]


def test_tubes_are_drawn_in_the_order_of_washout(study_result: StudyResult):
    weeks = [row.weeks for row in cell_rows(study_result)]
    assert weeks == sorted(weeks)
    assert all(row.median is None for row in cell_rows(study_result) if row.name in ("P01-S1", "P12-S1"))


def test_a_change_has_its_fold_and_a_limit_no_interval(study_result: StudyResult):
    rows = rows_of(change_table(study_result), "patient_id")
    assert rows["P06"]["change_fold"] == pytest.approx(3.0)
    assert (rows["P06"]["exceeds_assay"], rows["P06"]["first_to_last"]) == ("up", "yes")
    assert rows["P06"]["change_low"] < 3 < rows["P06"]["change_high"]
    assert (rows["P08"]["change_kind"], rows["P08"]["first_rd"], rows["P08"]["change_low"]) == (
        "not known",
        None,
        None,
    )


def test_the_report_says_who_changed_and_who_has_no_density(study_result: StudyResult):
    within, silent = " ".join(within_words(study_result)), " ".join(unnumbered_words(study_result))
    assert "5 patients have two visits after the same dose" in within
    assert "On average it changed 2.99-fold" in within
    assert "slopes of patients need 6 such patients" in within
    assert "3 tubes have neither a density nor a limit" in silent
    assert "P09-S1 (LOW_EVENTS)" in silent


def test_a_study_without_them_has_no_sheet_file_or_chart_of_them(study_result: StudyResult, tmp_path):
    bare = without_any(study_result)
    assert change_table(bare).rows == unnumbered_table(bare).rows == ()
    names = [sheet.name for sheet in workbook_sheets(bare)]
    assert "Cells" in names
    assert not {"Changes", "Without a density"} & set(names)
    assert names[-1] == "Legend"
    assert list(COURSES.pages(bare, 180.0, {})) == []
    assert within_words(bare) == unnumbered_words(bare) == ()
    earlier = tmp_path / "rd_changes.csv"
    earlier.write_text("of an earlier run")
    Results._write_or_remove(earlier, change_table(bare))
    assert not earlier.exists()


def test_the_json_files_hold_them_where_they_are(study_result: StudyResult):
    washout = json.loads(json_text(washout_json(study_result.washout)))
    response = json.loads(json_text(response_json(study_result.response, study_result.unnumbered)))
    assert washout["within_patients"]["mean"]["n"] == 5
    assert [tube["sample_id"] for tube in response["unnumbered"]["tubes"]] == ["P09-S1", "P10-S1", "P11-S1"]
    bare = without_any(study_result)
    assert "within_patients" not in washout_json(bare.washout)
    assert "unnumbered" not in response_json(bare.response, bare.unnumbered)
