"""The command line in this process: what it prints and its exit status. tests/pipeline/test_cli.py starts it as a person does."""

from __future__ import annotations

import csv
import json
import shutil
import time
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from openpyxl import load_workbook

from helpers.builders import good_study, write_tube
from pipeline.cli import SCENARIO_NAMES, main
from pipeline.simulate import SCENARIOS, simulate_study
from pipeline.simulate.study import _OF_FIXED_SIZE


def status_of(*words: object) -> int:
    """Type a command; return its exit status."""
    try:
        main([str(word) for word in words])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_study(tmp_path_factory.mktemp("typed"), patients=2, events=4_000, seed=5)


@pytest.mark.slow
def test_a_run_prints_a_line_for_each_tube_and_where_the_report_is(study: Path, capsys) -> None:
    assert status_of("run", study, "--workers", 1) == 0
    printed = capsys.readouterr().out
    with (study / "results" / "rd_samples.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    for number, row in enumerate(rows, 1):
        assert f"[{number}/2] {row['sample_id']}: {row['status']}\n" in printed
    assert f"Report: {study / 'results' / 'report.html'}" in printed


@pytest.mark.slow
def test_a_quiet_command_prints_nothing(study: Path, capsys) -> None:
    assert status_of("calibrate", study) == 0
    assert capsys.readouterr().out != ""
    assert status_of("calibrate", study, "--quiet") == 0
    assert capsys.readouterr().out == ""


def test_a_sound_study_is_checked_with_status_0_and_a_fault_with_status_1(tmp_path: Path, capsys) -> None:
    assert status_of("check", good_study(tmp_path / "good")) == 0
    capsys.readouterr()
    assert status_of("check", good_study(tmp_path / "bad", {"samples!F2": "QB9"})) == 1
    printed = "".join(capsys.readouterr())
    assert "QB9" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    "words", [("run",), ("rum", "."), ("run", "no such folder"), ("run", ".", "--workers", "0")]
)
def test_wrong_usage_is_status_2(words: tuple[str, ...], capsys) -> None:
    assert status_of(*words) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_a_simulated_study_of_many_bead_days_has_no_fault_and_no_warning(tmp_path: Path, capsys) -> None:
    study = simulate_study(tmp_path / "many", patients=150, events=100, seed=3)
    assert status_of("check", study) == 0
    assert capsys.readouterr().out.strip() == f"{study}: no fault found."


def test_what_a_run_prints_fits_80_columns(study: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert status_of("run", study, "--no-figures", "--workers", 1) == 0
    printed = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in printed if str(study) not in line) <= 80
    assert any(line.startswith("2 tubes:") for line in printed)


@pytest.mark.slow
def test_a_run_without_figures_draws_none_and_nobody_is_given_a_validation_unasked(study: Path) -> None:
    results = study / "results"
    shutil.rmtree(results, ignore_errors=True)
    assert status_of("run", study, "--no-figures", "--workers", 1) == 0
    assert not (results / "figures").exists()
    assert status_of("run", study, "--workers", 1) == 0
    assert (results / "figures").is_dir()
    assert not (results / "validation").exists()


@pytest.mark.slow
def test_the_time_of_a_run_is_that_of_the_whole_run(study: Path) -> None:
    started = time.monotonic()
    assert status_of("run", study, "--fresh", "--workers", 1) == 0
    whole = time.monotonic() - started
    told = json.loads((study / "results" / "run.json").read_text("utf-8"))["seconds"]
    assert 0.5 * whole <= told <= whole


@pytest.mark.slow
def test_the_time_of_a_run_begins_with_the_reading_of_the_sheets(study: Path) -> None:
    many = study.parent / "many_doses"
    shutil.copytree(study, many, ignore=shutil.ignore_patterns("results"))
    head, first, *_ = (many / "doses.csv").read_text("utf-8").splitlines()
    patient, empty = first.split(",")[0], "," * (head.count(",") - 2)
    days = (date(1990, 1, 1) + timedelta(k) for k in range(10_000))
    with (many / "doses.csv").open("a", encoding="utf-8") as doses:
        doses.writelines(f"{patient},{day.isoformat()},dexamethasone{empty}\n" for day in days)
    started = time.monotonic()
    assert status_of("check", many) == 0
    reading = time.monotonic() - started
    import_module("pipeline.commands.run")  # loading the program is no part of the run
    before = time.monotonic()
    assert status_of("run", many, "--no-figures", "--workers", 1) == 0
    whole = time.monotonic() - before
    told = json.loads((many / "results" / "run.json").read_text("utf-8"))["seconds"]
    assert whole - told < reading / 2


@pytest.mark.parametrize(
    "command", ["init", "check", "run", "calibrate", "washout", "report", "inspect", "simulate"]
)
def test_the_help_of_a_command_has_an_example(command: str, capsys) -> None:
    assert status_of(command, "--help") == 0
    assert f"cd38rd {command} " in capsys.readouterr().out


def test_the_help_of_simulate_names_every_scenario() -> None:
    assert SCENARIO_NAMES.split(", ") == [scenario.name for scenario in SCENARIOS]
    assert set(SCENARIO_NAMES.split(", ")[-3:]) == set(_OF_FIXED_SIZE)  # as the help says


def test_inspect_of_a_file_that_is_not_there_names_the_folder(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert status_of("inspect", "nofile.fcs") == 1
    assert "nofile.fcs is not there, expected an FCS file in this folder;" in capsys.readouterr().err
    assert status_of("inspect", "sub/nofile.fcs") == 1
    assert "expected an FCS file in 'sub';" in capsys.readouterr().err


@pytest.mark.slow
def test_init_says_what_it_found_and_update_what_it_added(tmp_path: Path, capsys) -> None:
    folder = tmp_path / "mine"
    write_tube(folder / "fcs" / "S1_full.fcs")
    write_tube(folder / "fcs" / "S1_fmo.fcs")
    assert status_of("init", folder) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("2 FCS files: 1 tube (1 with a control")
    assert status_of("init", folder, "--update") == 0
    capsys.readouterr()
    workbook = load_workbook(folder / "study.xlsx")
    workbook["samples"]["A2"] = "mine"
    workbook.save(folder / "study.xlsx")
    assert status_of("init", folder) == 1
    assert "init --update adds rows for new files to it" in capsys.readouterr().err
    write_tube(folder / "fcs" / "S2_full.fcs")
    assert status_of("init", folder, "--update") == 0
    assert capsys.readouterr().out.startswith("Added 1 tube (fcs/S2_full.fcs): rows 1 in samples")
    assert status_of("init", folder, "--update") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Nothing to add: every tube and every bead run of the folder is in a row.",
        f"Next: cd38rd check {folder}",
    ]


def test_the_next_command_is_in_quotes_where_a_blank_would_split_the_folder(tmp_path: Path, capsys) -> None:
    folder = tmp_path / "my study"
    write_tube(folder / "fcs" / "S1_full.fcs")
    assert status_of("init", folder) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith(f'cd38rd check "{folder}"')


@pytest.mark.slow
def test_the_report_s_head_is_typed_without_making_any_tube_again(tmp_path: Path, capsys) -> None:
    study = simulate_study(tmp_path, patients=1, events=4_000, seed=5)
    assert status_of("run", study, "--no-figures", "--workers", 1) == 0
    settings = study / "settings.csv"
    typed = [("report_title", "Pilot <series>"), ("lab", "Lab A; floor 2"), ("operator", "J. Doe")]
    before = settings.read_text("utf-8").splitlines()[1:] if settings.exists() else []
    lines = ["name,value", *(f"{name},{value}" for name, value in typed), *before]
    settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert status_of("run", study, "--no-figures", "--workers", 1) == 0
    facts = json.loads((study / "results" / "run.json").read_text("utf-8"))
    assert facts["n_reused"] == 1
    head = (study / "results" / "report.html").read_text("utf-8").split("<header>")[1].split("</header>")[0]
    assert "<h1>Pilot &lt;series&gt;</h1>" in head
    assert "Laboratory: Lab A; floor 2" in head
    assert "Operator: J. Doe" in head
    assert f"Run on: {facts['started_at'][:10]} (UTC)" in head
