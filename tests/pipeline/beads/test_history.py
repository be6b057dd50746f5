"""`cd38rd calibrate` on beads alone, and bead runs held against the instrument's log."""

import csv
import shutil
from datetime import date, timedelta

import numpy as np
import pytest

from calibration import CurveLimits, fit_standard_curve
from pipeline.beads.instrument_log import InstrumentLog
from pipeline.beads.lot_values import with_lot_values
from pipeline.beads.result import CalibrationResult
from pipeline.commands.run import calibrate_study
from pipeline.fcs import write_fcs
from validation.simulated_beads import Detector, bead_run

pytestmark = pytest.mark.slow

LEVELS = (638.0, 6930.0, 31008.0, 67601.0)
FIRST = date(2024, 3, 4)


def write_beads(path, day, gain=8.0, seed=0, voltage="420"):
    beads = bead_run(np.random.default_rng(seed), LEVELS, detector=Detector(gain=gain), n=3000)
    on = FIRST + timedelta(days=day)
    keywords = {"$CYT": "LSR II", "$CYTSN": "H47", "$DATE": on.strftime("%d-%b-%Y").upper(), "$P3V": voltage}
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.stack([beads.fsc, beads.ssc, beads.intensity]).astype(np.float32)
    write_fcs(path, values, ("FSC-A", "SSC-A", "PE-A"), keywords=keywords)


def write_study(folder, days, settings=(("instrument_log", "../log.sqlite"),)):
    rows = []
    for day, facts in days.items():
        write_beads(folder / f"day{day:02}.fcs", day, **facts)
        rows.append(
            (f"D{day:02}", f"day{day:02}.fcs", "quantibrite_pe", "96597", "PE-A", "638;6930;31008;67601")
        )
    for name, header, lines in (
        ("beads", ("beads", "fcs_file", "kit", "lot", "channel", "levels"), rows),
        ("settings", ("name", "value"), settings),
    ):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *lines])
    return folder


def calibrate(folder):
    return calibrate_study(folder)


def rows_of(folder):
    with (folder / "results" / "calibration.csv").open(encoding="utf-8", newline="") as file:
        return {row["beads"]: row for row in csv.DictReader(file)}


def test_a_lot_that_was_typed_with_other_values_before_is_named(tmp_path):
    write_study(tmp_path / "one", {1: {}})
    assert calibrate(tmp_path / "one").exit_status == 0
    folder = write_study(tmp_path / "two", {2: {"seed": 4}, 3: {"seed": 5}})
    sheet = folder / "beads.csv"
    typed = sheet.read_text(encoding="utf-8").replace("31008", "30108")
    sheet.write_text(typed, encoding="utf-8", newline="")
    calibrate(folder)
    rows = rows_of(folder)
    said = "Lot 96597 has other assigned values (638; 6930; 31008; 67601) in the run of 2024-03-05"
    assert all(said in rows[name]["checks"] for name in ("D02", "D03"))
    assert all("CURVE_WARN" in rows[name]["flags"] for name in ("D02", "D03"))


def test_two_runs_of_a_study_with_one_lot_and_other_values_warn_of_each_other(tmp_path):
    folder = write_study(tmp_path / "one", {1: {}, 2: {"seed": 4}}, settings=())
    sheet = folder / "beads.csv"
    first, second, third = sheet.read_text(encoding="utf-8").splitlines()
    text = "\n".join([first, second, third.replace("31008", "30108")])
    sheet.write_text(text, encoding="utf-8", newline="")
    calibrate(folder)
    rows = rows_of(folder)
    assert "in D02: compare both with the lot's sheet" in rows["D01"]["checks"]
    assert "in D01: compare both with the lot's sheet" in rows["D02"]["checks"]


def test_a_lot_of_which_some_rows_list_only_the_beads_that_were_resolved_is_one_lot():
    rows = {"A": (792.0, 2079.0, 6588.0, 16471.0), "B": (2079.0, 6588.0, 16471.0)}
    runs = [
        CalibrationResult(
            name, "b.fcs", "custom", "AJ01", "FL1", levels, curve=fit_standard_curve(levels, levels)
        )
        for name, levels in rows.items()
    ]
    assert [run.curve.checks for run in with_lot_values(runs, None, CurveLimits())] == [
        run.curve.checks for run in runs
    ]


def written(folder):
    return {
        p.name: p.read_bytes() for p in (folder / "results").rglob("*") if p.is_file() and p.suffix != ".json"
    }


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    """Five steady days, then one whose gain is 8 % up, and one that is 25 % up; two studies, one log."""
    home = tmp_path_factory.mktemp("instrument")
    steady = {day: {"gain": 8.0 * (1 + 0.004 * (-1) ** day), "seed": day} for day in range(5)}
    write_study(home / "first", steady)
    write_study(home / "second", {8: {"gain": 8.64, "seed": 8}, 9: {"gain": 10.0, "seed": 9}})
    for name in ("first", "second"):
        calibrate(home / name)
    return home


def test_calibrate_works_with_the_beads_sheet_alone(tmp_path):
    folder = write_study(tmp_path / "study", {0: {}}, settings=())
    summary = calibrate(folder)
    assert summary.exit_status == 0
    assert "doses" not in summary.faults
    assert rows_of(folder)["D00"]["verdict"] == "accept"
    page = (folder / "results" / "calibration.html").read_text(encoding="utf-8")
    assert "D00" in page
    assert "<svg" in page
    assert (folder / "results" / "figures" / "calibration.pdf").exists()


def test_a_bead_run_without_a_curve_ends_with_status_3(tmp_path):
    folder = write_study(tmp_path / "study", {0: {}}, settings=())
    (folder / "day00.fcs").write_bytes(b"no such thing" * 20)
    assert calibrate(folder).exit_status == 3
    assert rows_of(folder)["D00"]["slope"] == ""


def test_calibrate_does_not_mind_faults_of_other_sheets(tmp_path):
    folder = write_study(tmp_path / "study", {0: {}}, settings=())
    (folder / "samples.csv").write_text("sample_id,nonsense\nS1,\n", encoding="utf-8")
    assert calibrate(folder).exit_status == 0


def test_calibrate_still_lists_the_faults_of_the_beads(tmp_path):
    folder = write_study(tmp_path / "study", {0: {}}, settings=())
    (folder / "day00.fcs").unlink()
    summary = calibrate(folder)
    assert summary.exit_status == 1
    assert "beads!B2" in summary.faults


def test_a_run_is_held_against_the_runs_before_it(days):
    rows = rows_of(days / "first") | rows_of(days / "second")
    assert "first run of these beads" in rows["D00"]["note"]
    assert "1 earlier run in the instrument log" in rows["D01"]["note"]
    assert "4 earlier runs in the instrument log, provisional before 20" in rows["D04"]["note"]
    assert [rows[f"D{day:02}"]["verdict"] for day in range(5)] == ["accept"] * 5
    assert rows["D08"]["verdict"] == "warn"
    assert "1-3s" in rows["D08"]["note"]
    assert "BEAD_DRIFT" in rows["D08"]["flags"]
    assert rows["D09"]["verdict"] == "reject"
    assert "Top bead +2" in rows["D09"]["checks"]
    assert "CURVE_REJECTED" in rows["D09"]["flags"]


def test_the_page_shows_the_drift(days):
    page = (days / "second" / "results" / "calibration.html").read_text(encoding="utf-8")
    assert "Levey–Jennings" in page
    assert "bead 67601" in page


def test_a_second_run_gives_the_same_bytes_and_no_second_line(days):
    before = written(days / "second")
    calibrate(days / "second")
    assert written(days / "second") == before
    assert len(InstrumentLog(days / "log.sqlite").runs()) == 7


def test_a_copy_of_the_study_without_its_results_gives_the_same_table(days, tmp_path_factory):
    copy = days / "copy"
    shutil.copytree(days / "second", copy, ignore=shutil.ignore_patterns("results"))
    calibrate(copy)
    assert rows_of(copy) == rows_of(days / "second")
    assert len(InstrumentLog(days / "log.sqlite").runs()) == 7


def test_another_voltage_is_another_history(days):
    folder = write_study(days / "voltage", {20: {"gain": 16.0, "voltage": "470"}})
    calibrate(folder)
    row = rows_of(folder)["D20"]
    assert "first run of these beads" in row["note"]
    assert row["verdict"] == "accept"
