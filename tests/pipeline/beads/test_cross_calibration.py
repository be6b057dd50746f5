"""A day without its bead run takes another day's curve through rainbow beads, and says so everywhere."""

import csv
import re
from dataclasses import replace

import numpy as np
import pytest

from pipeline.beads.calibrate import BeadTask, calibrate_bead_run
from pipeline.beads.cross_calibration import with_transfers
from pipeline.beads.history import judged_bead_runs
from pipeline.checks import check_folder
from pipeline.commands.run import calibrate_study, run_study
from pipeline.fcs import write_fcs
from pipeline.files.content import file_sha256
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.simulate import simulate_study
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun, Study
from validation.rainbow_beads import RAINBOW, rainbow_beside
from validation.simulated_beads import Detector, bead_run

QUANTIBRITE = (638.0, 6930.0, 31008.0, 67601.0)
HEADER = ("beads", "fcs_file", "kit", "lot", "channel", "levels", "transfer_from")
ROWS = (
    ("QB1", "qb1.fcs", "quantibrite_pe", "96597", "PE-A", "638;6930;31008;67601", ""),
    ("RB1", "rb1.fcs", "rainbow", "R7", "PE-A", "0;300;1000;3200;10000;30000", ""),
    ("RB2", "rb2.fcs", "rainbow", "R7", "PE-A", "0;300;1000;3200;10000;30000", "RB1; QB1"),
)


def write_beads(path, levels, gain, seed, day, serial="H47", voltage="420", rise=0.0):
    detector = Detector(photons=0.1, gain=gain, noise=15.0)
    beads = bead_run(np.random.default_rng(seed), levels, detector=detector, n=4000, bead_cv=0.04)
    keywords = {"$CYT": "LSR II", "$CYTSN": serial, "$DATE": f"{day:02}-MAR-2024", "$P3V": voltage}
    light = beads.intensity * (1 + np.linspace(0, rise, beads.intensity.size))
    values = np.stack([beads.fsc, beads.ssc, light]).astype(np.float32)
    write_fcs(path, values, ("FSC-A", "SSC-A", "PE-A"), keywords=keywords)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("study")
    write_beads(made / "qb1.fcs", QUANTIBRITE, 20.0, 1, 4)
    write_beads(made / "rb1.fcs", RAINBOW, 20.0, 2, 4)
    write_beads(made / "rb2.fcs", RAINBOW, 26.0, 3, 18)
    write_beads(made / "rb_else.fcs", RAINBOW, 15.0, 4, 18, serial="K99")
    write_beads(made / "rb_shifted.fcs", RAINBOW, 20.0, 5, 4, voltage="450")
    write_beads(made / "qb1_rising.fcs", QUANTIBRITE, 20.0, 1, 4, rise=0.15)
    write_beads(made / "rb1_rising.fcs", RAINBOW, 20.0, 2, 4, rise=0.15)
    write_beads(made / "rb2_rising.fcs", RAINBOW, 26.0, 3, 18, rise=0.15)
    write_beads(made / "rb_late.fcs", RAINBOW, 20.0, 6, 9)
    return made


def sheet(folder, rows=ROWS):
    with (folder / "beads.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return folder


def carried(folder, rb1="rb1.fcs", rb2="rb2.fcs", qb1="qb1.fcs", **settings):
    runs = [
        BeadRun("QB1", qb1, "quantibrite_pe", "96597", "PE-A", QUANTIBRITE),
        BeadRun("RB1", rb1, "rainbow", "R7", "PE-A", RAINBOW),
        BeadRun("RB2", rb2, "rainbow", "R7", "PE-A", RAINBOW, transfer_from="RB1; QB1"),
    ]
    chosen = Settings(**settings)
    made = [
        calibrate_bead_run(BeadTask(folder, run, chosen, file_sha256(folder / run.fcs_file))) for run in runs
    ]
    return judged_bead_runs(None, made, runs, chosen, write=False)


def test_the_curve_of_the_other_day_reads_right_on_this_one(folder):
    own, _, found = carried(folder)
    assert found.curve_kit == "quantibrite_pe"
    assert found.kit == "rainbow"
    assert "CROSS_CALIBRATED" in found.flags
    assert found.curve.to_abc(26.0 * 1000) == pytest.approx(own.curve.to_abc(20.0 * 1000), rel=0.01)
    assert found.curve.transfer.assumed_cv == 0
    factor = re.search(r"MFI × ([\d.]+)", found.note)
    assert float(factor[1]) == pytest.approx(20.0 / 26.0, rel=0.01)  # the gains of the two days
    assert (
        "curve of QB1 (quantibrite_pe, lot 96597) carried over from RB1 by 5 rainbow populations"
        in found.note
    )


@pytest.mark.parametrize("run", ["qb1", "rb1", "rb2"])
def test_beads_that_become_brighter_in_any_of_the_three_runs_are_named_on_the_carried_curve(folder, run):
    steady = carried(folder)[-1]
    assert "BEADS_UNSTEADY" not in steady.flags
    assert {row.name: row.verdict for row in steady.curve.checks}["steady"] == "accept"
    found = carried(folder, **{run: f"{run}_rising.fcs"})[-1]
    assert found.flags.count("BEADS_UNSTEADY") == 1
    assert {row.name: row.verdict for row in found.curve.checks}["steady"] == "warn"
    assert found.curve.verdict == "warn"


def test_another_instrument_adds_what_the_setting_assumes(folder):
    found = carried(folder, rb2="rb_else.fcs", transfer_cv=0.08)[-1]
    assert found.curve.transfer.assumed_cv == 0.08
    assert "8 % are added (an assumption)" in found.note


def test_a_rainbow_run_that_does_not_stand_beside_the_bead_run_carries_nothing(folder):
    found = carried(folder, rb1="rb_shifted.fcs")[-1]
    assert found.curve is None
    assert "NO_CURVE" in found.flags
    assert "must be acquired together with the bead run" in found.note


def test_the_same_acquisition_twice_carries_nothing(folder):
    found = carried(folder, rb2="rb1.fcs")[-1]
    assert found.curve is None
    assert "RB2 and RB1 are one acquisition" in found.note


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"rb1": "qb1.fcs"}, "the rainbow populations of RB1 were not found: 6 bead populations"),
        ({"rb2": "qb1.fcs"}, "the rainbow populations of RB2 were not found: 6 bead populations"),
        ({"qb1": "rb_shifted.fcs"}, "QB1 has no curve: 4 bead populations were expected"),
        ({"rb1": "rb_late.fcs"}, "RB1 and QB1 lie 120 hours apart: they must be of one day"),
    ],
)
def test_runs_that_cannot_carry_a_curve_over_say_why(folder, files, why):
    found = carried(folder, **files)[-1]
    assert found.curve is None
    assert "NO_CURVE" in found.flags
    assert "CROSS_CALIBRATED" not in found.flags
    assert f"no curve could be carried over from the runs of transfer_from: {why}" in found.note


def test_runs_that_were_acquired_within_the_age_that_is_set_carry_over(folder):
    found = carried(folder, rb1="rb_late.fcs", bead_age_reject_hours=120.0)[-1]
    assert found.curve is not None


RUNS = [
    BeadRun("QB1", "qb1.fcs", "quantibrite_pe", "96597", "PE-A", QUANTIBRITE),
    BeadRun("RB1", "rb1.fcs", "rainbow", "R7", "PE-A", RAINBOW),
    BeadRun("RB2", "rb2.fcs", "rainbow", "R7", "PE-A", RAINBOW, transfer_from="RB1; QB1"),
]


@pytest.mark.parametrize("missing", [0, 1])
def test_a_run_that_was_not_read_carries_nothing_over(folder, missing):
    runs = carried(folder)
    found = with_transfers([runs[1 - missing], runs[2]], RUNS, Settings())[-1]
    assert found.curve is None
    assert "the runs that transfer_from names have not been read" in found.note


def test_fewer_than_three_populations_that_both_days_show_carry_nothing_over(folder):
    bead, there, here = carried(folder)
    shown = [(False,) * 4 + (True,) * 2, (False,) * 3 + (True,) * 3]  # the blank does not count
    three, two = (replace(here, peaks=replace(here.peaks, saturated=saturated)) for saturated in shown)
    assert with_transfers([bead, there, three], RUNS, Settings())[-1].curve is not None
    found = with_transfers([bead, there, two], RUNS, Settings())[-1]
    assert found.curve is None
    assert "no curve could be carried over" in found.note


@pytest.mark.slow
def test_the_table_of_bead_runs_says_it(folder):
    summary = calibrate_study(sheet(folder))
    assert summary.exit_status == 0
    with (folder / "results" / "calibration.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["beads"]: row for row in csv.DictReader(file)}
    assert "CROSS_CALIBRATED" in rows["RB2"]["flags"]
    assert "Slope of the transfer 1.0000" in rows["RB2"]["checks"]
    assert ".;" not in "".join("".join(row.values()) for row in rows.values())


@pytest.mark.parametrize(
    ("column", "typed", "said"),
    [
        (6, "RB1", "split by ;"),
        (6, "RB1; QB9", "QB9"),
        (6, "QB1; RB1", "first another run of rainbow beads"),
        (6, "RB1; RB1", "second the bead run with the curve"),
        (3, "R8", "a run of the same lot"),
        (2, "mesf", "rainbow beads only"),
    ],
)
def test_a_transfer_that_cannot_be_meant_is_a_fault(folder, column, typed, said):
    wrong = [*ROWS[:2], tuple(typed if k == column else cell for k, cell in enumerate(ROWS[2]))]
    study, faults = check_folder(sheet(folder, wrong), ("beads", "settings"))
    assert study is None
    assert any(said in str(fault) for fault in faults)


def test_the_kit_that_travels_with_a_density_is_that_of_the_curve(folder):
    study, _ = check_folder(sheet(folder), ("beads", "settings"))
    assert isinstance(study, Study)
    assert study.unit_run("RB2").name == "QB1"
    assert study.unit_run("RB1").name == "RB1"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    return simulate_study(tmp_path_factory.mktemp("tube"), patients=1, events=15_000, seed=3)


def densities(folder):
    assert run_study(folder, RunOptions(workers=1, figures=False), QuietReporter()).exit_status == 0
    with (folder / "results" / "rd_samples.csv").open(encoding="utf-8", newline="") as file:
        return next(csv.DictReader(file))


@pytest.mark.slow
def test_a_tube_of_a_day_without_beads_is_quantified_flagged_and_named_after_the_curve(simulated):
    own = densities(simulated)
    bead_file = simulated / own_bead_file(simulated)
    for seed, name in enumerate(("rb1.fcs", "rb2.fcs"), 9):
        rainbow_beside(bead_file, simulated / name, 1.0, seed)
    carry_over(simulated, own["beads"])
    carried_over = densities(simulated)
    assert float(carried_over["rd"]) == pytest.approx(float(own["rd"]), rel=0.01)
    assert "CROSS_CALIBRATED" in carried_over["flags"]
    assert (carried_over["kit"], carried_over["lot"]) == (own["kit"], own["lot"])
    assert carried_over["status"] == own["status"]


def own_bead_file(folder):
    with (folder / "beads.csv").open(encoding="utf-8", newline="") as file:
        return next(csv.DictReader(file))["fcs_file"]


def carry_over(folder, bead_run):
    """Add two rainbow runs to the sheet, and calibrate the tube by the second."""
    with (folder / "beads.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    listed = ";".join(f"{level:g}" for level in RAINBOW)
    common = {"kit": "rainbow", "lot": "R7", "channel": rows[0]["channel"], "levels": listed}
    rows.append({"beads": "RB1", "fcs_file": "rb1.fcs", **common})
    rows.append({"beads": "RB2", "fcs_file": "rb2.fcs", **common, "transfer_from": f"RB1; {bead_run}"})
    columns = [*rows[0], "transfer_from"]
    with (folder / "beads.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    sheet = folder / "samples.csv"
    sheet.write_text(sheet.read_text(encoding="utf-8").replace(bead_run, "RB2"), encoding="utf-8", newline="")
