"""`cd38rd validate` on the sample study: what a user types, and what lies there afterwards."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.output.assay import ASSAY_TABLES
from pipeline.study.sheets.reading import read_study

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).resolve().parents[4] / "fcs_samples" / "validation"
FEW = ("A1_1", "A1_2", "A2_1", "A2_2", "A3_1", "A3_2", "A1_50_1", "A1_50_2", "A1_25_1", "A1_25_2")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def copied(folder: Path, tubes: tuple[str, ...] = ()) -> Path:
    """The sample study, with these tubes alone where some are named."""
    study = folder / "lab"
    shutil.copytree(SAMPLE, study, ignore=shutil.ignore_patterns("results", "audit.jsonl"))
    for sheet in ("samples", "validation") if tubes else ():
        path = study / f"{sheet}.csv"
        write_rows(path, [row for row in rows_of(path) if row["sample_id"] in tubes])
    used = {row["beads"] for row in rows_of(study / "samples.csv")}
    write_rows(study / "beads.csv", [row for row in rows_of(study / "beads.csv") if row["beads"] in used])
    return study


@pytest.fixture(scope="module")
def validated(tmp_path_factory) -> tuple[Path, str]:
    study = copied(tmp_path_factory.mktemp("validated"), FEW)
    done = CliRunner().invoke(app, ["validate", str(study), "--workers", "1"])
    assert done.exit_code == 0, done.output
    return study, done.output


def test_the_sentences_are_printed_and_the_page_named(validated):
    _, output = validated
    assert "precision, pool A: supports: total CV" in output
    assert "linearity, pool A: supports: 3 levels" in output
    assert "comparison, methods: not judged" in output
    assert "validation.html" in output


def test_every_table_is_there_as_csv_parquet_and_sheet(validated):
    folder = validated[0] / "results" / "validation"
    workbook = openpyxl.load_workbook(folder / "validation.xlsx")
    assert workbook.sheetnames == [table.title for table in ASSAY_TABLES]
    words = {
        (row["dataset"], row["variable"]): row["label"] for row in rows_of(folder / "data_dictionary.csv")
    }
    for table in ASSAY_TABLES:
        listed = rows_of(folder / f"{table.name}.csv")
        assert len(listed) == len(pd.read_parquet(folder / f"{table.name}.parquet"))
        for column in table.columns:
            assert words[table.name, column.name] == column.words
    levels = [float(row["expected"]) for row in rows_of(folder / "linearity.csv")]
    assert levels == [0.25, 0.5, 1.0]


def test_the_json_holds_the_sentences_and_every_number(validated):
    data = json.loads((validated[0] / "results/validation/validation.json").read_text("utf-8"))
    assert {row["experiment"] for row in data["summary"]} >= {"precision", "linearity", "control"}
    parts = data["report"]["precision"][0]["found"]["components"]
    assert [part["name"] for part in parts] == ["day", "repeatability", "total"]


def test_the_page_names_the_documents_and_calls_nothing_compliant(validated):
    page = (validated[0] / "results/validation/validation.html").read_text("utf-8")
    for source in ("CLSI EP05-A3", "CLSI EP06", "supports"):
        assert source in page
    assert page.count("compliant") == page.count("never says that an assay is compliant") == 1


def test_tubes_that_validate_the_assay_are_in_no_visit_and_lack_no_doses(validated):
    results = validated[0] / "results"
    assert rows_of(results / "rd_patients.csv") == []
    noted = (results / "report.html").read_text("utf-8")
    assert "10 tubes validate the assay and are in no visit" in noted
    assert "NO_DOSES" not in "".join(row["flags"] for row in rows_of(results / "rd_samples.csv"))


def test_a_second_call_finds_nothing_new_and_says_the_same(validated):
    study, _ = validated
    before = {path: path.read_bytes() for path in (study / "results" / "validation").iterdir()}
    again = CliRunner().invoke(app, ["validate", str(study), "--workers", "1"])
    assert "precision, pool A: supports" in again.output
    assert before == {path: path.read_bytes() for path in before}
    assert CliRunner().invoke(app, ["audit", str(study)]).exit_code == 0


def test_the_sample_study_has_no_fault_not_even_that_doses_are_missing():
    assert read_study(SAMPLE)[1] == ()


def test_the_whole_sample_study_finds_what_was_simulated(tmp_path):
    study = copied(tmp_path)
    done = CliRunner().invoke(app, ["validate", str(study), "--workers", "1"])
    assert done.exit_code == 0, done.output
    folder = study / "results" / "validation"
    summary = {(row["experiment"], row["about"]): row for row in rows_of(folder / "summary.csv")}
    assert "not judged" not in {row["verdict"] for row in summary.values()}
    assert "does not support" not in {row["verdict"] for row in summary.values()}
    total = next(
        row
        for row in rows_of(folder / "precision.csv")
        if (row["about"], row["component"]) == ("all materials", "total")
    )
    assert float(total["sd_low"]) < 0.06 < float(total["sd_high"])  # days 4 %, replicates 3 %, and the cells
    ratio = rows_of(folder / "comparison.csv")[0]
    assert float(ratio["ratio_low"]) < 1.03 < float(ratio["ratio_high"])
    loss = rows_of(folder / "stability.csv")[0]
    assert float(loss["per_day_percent"]) == pytest.approx(-2.8, abs=8)
