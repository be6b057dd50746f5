"""A day without its bead run takes another day's curve through rainbow beads, and says so everywhere."""

import csv

import numpy as np
import pytest

from pipeline.bead_history import held_against_history
from pipeline.bead_run import BeadTask, calibrate_bead_run
from pipeline.checks import check_folder
from pipeline.fcs import write_fcs
from pipeline.progress import QuietReporter
from pipeline.run import RunOptions, calibrate_study
from pipeline.settings import Settings
from pipeline.study import BeadRun, Study
from validation.simulated_beads import Detector, bead_run

QUANTIBRITE = (638.0, 6930.0, 31008.0, 67601.0)
RAINBOW = (0.0, 300.0, 1000.0, 3200.0, 10000.0, 30000.0)
HEADER = ("beads", "fcs_file", "kit", "lot", "channel", "levels", "transfer_from")
ROWS = (
    ("QB1", "qb1.fcs", "quantibrite_pe", "96597", "PE-A", "638;6930;31008;67601", ""),
    ("RB1", "rb1.fcs", "rainbow", "R7", "PE-A", "0;300;1000;3200;10000;30000", ""),
    ("RB2", "rb2.fcs", "rainbow", "R7", "PE-A", "0;300;1000;3200;10000;30000", "RB1; QB1"),
)


def write_beads(path, levels, gain, seed, day, serial="H47", voltage="420"):
    detector = Detector(photons=0.1, gain=gain, noise=15.0)
    beads = bead_run(np.random.default_rng(seed), levels, detector=detector, n=4000, bead_cv=0.04)
    keywords = {"$CYT": "LSR II", "$CYTSN": serial, "$DATE": f"{day:02}-MAR-2024", "$P3V": voltage}
    values = np.stack([beads.fsc, beads.ssc, beads.intensity]).astype(np.float32)
    write_fcs(path, values, ("FSC-A", "SSC-A", "PE-A"), keywords=keywords)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("study")
    write_beads(made / "qb1.fcs", QUANTIBRITE, 20.0, 1, 4)
    write_beads(made / "rb1.fcs", RAINBOW, 20.0, 2, 4)
    write_beads(made / "rb2.fcs", RAINBOW, 26.0, 3, 18)
    write_beads(made / "rb_else.fcs", RAINBOW, 15.0, 4, 18, serial="K99")
    write_beads(made / "rb_shifted.fcs", RAINBOW, 20.0, 5, 4, voltage="450")
    return made


def sheet(folder, rows=ROWS):
    with (folder / "beads.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return folder


def carried(folder, rb1="rb1.fcs", rb2="rb2.fcs", **settings):
    runs = [
        BeadRun("QB1", "qb1.fcs", "quantibrite_pe", "96597", "PE-A", QUANTIBRITE),
        BeadRun("RB1", rb1, "rainbow", "R7", "PE-A", RAINBOW),
        BeadRun("RB2", rb2, "rainbow", "R7", "PE-A", RAINBOW, transfer_from="RB1; QB1"),
    ]
    chosen = Settings(**settings)
    made = [calibrate_bead_run(BeadTask(folder, run, chosen)) for run in runs]
    return held_against_history(None, made, runs, chosen, write=False)


def test_the_curve_of_the_other_day_reads_right_on_this_one(folder):
    own, _, found = carried(folder)
    assert found.curve_kit == "quantibrite_pe"
    assert found.kit == "rainbow"
    assert "CROSS_CALIBRATED" in found.flags
    assert found.curve.to_abc(26.0 * 1000) == pytest.approx(own.curve.to_abc(20.0 * 1000), rel=0.01)
    assert found.curve.transfer.assumed_cv == 0
    assert (
        "curve of QB1 (quantibrite_pe, lot 96597) carried over from RB1 by 5 rainbow populations"
        in found.note
    )


def test_another_instrument_adds_what_the_setting_assumes(folder):
    found = carried(folder, rb2="rb_else.fcs", transfer_cv=0.08)[-1]
    assert found.curve.transfer.assumed_cv == 0.08
    assert "8 % are added (an assumption)" in found.note


def test_a_rainbow_run_that_does_not_stand_beside_the_bead_run_carries_nothing(folder):
    found = carried(folder, rb1="rb_shifted.fcs")[-1]
    assert found.curve is None
    assert "NO_CURVE" in found.flags
    assert "must stand beside the bead run" in found.note


def test_the_table_of_bead_runs_says_it(folder):
    summary = calibrate_study(sheet(folder), RunOptions(), QuietReporter())
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
    assert study.unit_run("RB2").beads == "QB1"
    assert study.unit_run("RB1").beads == "RB1"
