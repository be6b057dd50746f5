"""A study whose replicates contradict each other, and one told of no error between runs, as a person runs them."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.simulate import simulate_study

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_study(tmp_path_factory.mktemp("simulated"), patients=4, events=4_000, seed=5)


def run(study: Path) -> None:
    with pytest.raises(SystemExit) as end:
        main(["run", str(study), "--workers", "1", "--quiet", "--no-figures"])
    assert int(end.value.code or 0) == 0


def rows(study: Path, name: str) -> list[dict[str, str]]:
    with (study / "results" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_visit_with_a_dim_and_a_bright_tube_has_no_number_and_is_named(simulated: Path, tmp_path: Path):
    study = Path(shutil.copytree(simulated, tmp_path / "study"))
    sheet = study / "samples.csv"
    sheet.write_text(sheet.read_text("utf-8").replace("P04_BM1,P04,", "P04_BM1,P03,"), encoding="utf-8")
    run(study)
    bright, dim = rows(study, "rd_samples")[2:]
    assert (bright["status"], dim["status"]) == ("ABOVE_ULOQ", "OK")
    assert float(dim["rd"]) < 2_000 < float(bright["rd_low"])
    visit = rows(study, "rd_patients")[-1]
    assert (visit["status"], visit["sample_ids"]) == ("REPLICATES_DISAGREE", "P03_BM1;P04_BM1")
    assert (visit["rd"], visit["rd_low"], visit["rd_high"]) == ("", "", "")
    assert "REPLICATES_DISAGREE" in visit["flags"].split(";")
    assert "contradict each other" in visit["note"]
    washout = json.loads((study / "results" / "washout.json").read_text("utf-8"))
    assert any("left out" in note and "REPLICATES_DISAGREE" in note for note in washout["notes"])
    report = (study / "results" / "report.html").read_text("utf-8")
    assert "Replicates of the visit contradict each other." in report


@pytest.mark.parametrize(
    ("typed", "source", "named"),
    [
        ("", "assumed", "95 % interval (between-run CV 10 %, assumed)"),
        ("0.2", "typed", "95 % interval (between-run CV 20 %, typed)"),
        ("0", "none: a within-run interval", "95 % within-run interval"),
    ],
)
def test_what_an_interval_holds_between_runs_stands_beside_it_everywhere(
    simulated: Path, tmp_path: Path, typed: str, source: str, named: str
):
    study = Path(shutil.copytree(simulated, tmp_path / "study"))
    (study / "settings.csv").write_text(f"name,value\nbetween_run_cv,{typed}\n", encoding="utf-8")
    run(study)
    for name in ("rd_samples", "rd_patients"):
        row = rows(study, name)[-1]
        assert row["between_run_from"] == source
        assert row["between_run_cv_percent"] == {"": "10", "0.2": "20", "0": "0"}[typed]
        assert row["interval_lacks"] == ("between runs" if typed == "0" else "")
    report = (study / "results" / "report.html").read_text("utf-8")
    assert report.count(named) >= 3
    told = json.loads((study / "results" / "run.json").read_text("utf-8"))["limiting"]
    assert told["between_run_from"] == source
    density = rows(study, "statistics/adrd")[-1]
    assert density["BRUNSRC"] == source


def test_an_accepted_voltage_mismatch_stands_beside_the_interval_as_what_it_lacks(tmp_path: Path):
    study = simulate_study(tmp_path, patients=4, events=4_000, seed=5, scenario="wrong_voltage")
    reason = "accept_voltage_mismatch,the beads were acquired before the service"
    (study / "settings.csv").write_text(f"name,value\n{reason}\n", encoding="utf-8")
    run(study)
    for name in ("rd_samples", "rd_patients"):
        told = {row["interval_lacks"] for row in rows(study, name) if row["rd_high"]}
        assert told == {"other voltage or gain"}
    assert "lacks: other voltage or gain" in (study / "results" / "report.html").read_text("utf-8")
    assert "other voltage or gain" in rows(study, "statistics/adrd")[-1]["CILACKS"]
