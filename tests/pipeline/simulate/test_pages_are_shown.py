"""The sample study of patients who came back shows every page that needs several visits."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands.run import run_study
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter

SAMPLES = Path(__file__).resolve().parents[3] / "fcs_samples"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = tmp_path_factory.mktemp("shown") / "course"
    shutil.copytree(SAMPLES / "course", study, ignore=shutil.ignore_patterns("results", "audit.jsonl"))
    assert run_study(study, RunOptions(workers=1, figures=False), QuietReporter()).exit_status == 0
    return study / "results"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_report_shows_courses_mean_change_and_slopes(results: Path):
    report = (results / "report.html").read_text("utf-8")
    assert 'data-name="rd_courses"' in report
    assert "On average it changed" in report
    assert "Within a patient, each doubling of the washout" in report
    kinds = {row["change_kind"] for row in rows(results / "rd_changes.csv")}
    assert kinds == {"measured", "at least"}
    within = json.loads((results / "washout.json").read_text("utf-8"))["within_patients"]
    assert within["mean"]["n"] == 7
    assert within["slopes"]["n_patients"] == 7
    assert within["not_told"] == []


def test_it_shows_two_groups_of_brightness_where_there_are_two(results: Path):
    told = {row["sample_id"]: row["modes_at_least"] for row in rows(results / "rd_distribution.csv")}
    assert told["P06_BM1"] == "2"
    assert {told[name] for name in told if not name.startswith("P06")} == {"1"}
    cells = json.loads((results / "distribution.json").read_text("utf-8"))
    assert cells["P06_BM1"]["modes"]["at_least"] == 2
    assert [one["percent"] for one in cells["P06_BM1"]["percentiles"]] == [10, 25, 75, 90]
    assert cells["P01_BM1"]["percentiles"][0]["beyond"] == "below the detection limit of a cell"


def test_it_shows_serum_of_both_antibodies_events_and_other_choices(results: Path):
    report = (results / "report.html").read_text("utf-8")
    assert 'data-name="serum"' in report
    assert {"daratumumab", "isatuximab"} <= set(re.findall(r"<text[^>]*>([a-z]+)</text>", report))
    assert "Would other choices change the slope?" in report
    assert "without site" in report
    counted = {row["row"]: row["k"] for row in rows(results / "statistics" / "characteristics.csv")}
    typed = len(rows(results.parent / "adverse_events.csv"))
    assert counted["events, of all events"] == str(typed)


def test_the_next_study_can_be_planned_from_it(results: Path):
    out = results / "plan.parquet"
    asked = ["plan", str(results.parent), "--slope-width", "3", "--studies", "10", "--out", str(out)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "Patients as in this study: 21 rows of 7 patients" in done.output
    assert "Enough:" in done.output
    assert {"patients", "tubes", "narrow_percent"} <= set(pd.read_parquet(out).columns)
