"""A bead run as the study types it: a person's ranges, the study's own thresholds, what cannot be read."""

import numpy as np
import pytest

from calibration import CurveLimits
from pipeline.beads.calibrate import BeadTask, calibrate_bead_run
from pipeline.fcs import write_fcs
from pipeline.study.cells import as_ranges
from pipeline.study.settings import Settings
from pipeline.study.sheets.settings import read_settings
from pipeline.study.study import BeadRun
from validation.simulated_beads import Detector, bead_run

LEVELS = (638.0, 6930.0, 31008.0, 67601.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("beads")
    write_bead_file(made / "beads.fcs", seed=3)
    return made


def write_bead_file(path, seed, levels=LEVELS, n=4000, **more):
    beads = bead_run(np.random.default_rng(seed), levels, n=n)
    values = np.stack([beads.fsc, beads.ssc, beads.intensity]).astype(np.float32)
    write_fcs(path, values, ("FSC-A", "SSC-A", "PE-A"), **more)
    return beads


def calibrated(folder, settings=None, **typed):
    facts = {
        "beads": "B1",
        "fcs_file": "beads.fcs",
        "kit": "quantibrite_pe",
        "lot": "96597",
        "channel": "PE-A",
    }
    run = BeadRun(**{**facts, "levels": LEVELS, **typed})
    return calibrate_bead_run(BeadTask(folder, run, settings or Settings()))


def test_a_person_s_ranges_are_taken_and_named(folder):
    searched = calibrated(folder)
    ranges = tuple((0.7 * m, 1.4 * m) for m in searched.peaks.medians)
    taken = calibrated(folder, ranges=ranges)
    assert taken.peaks.method == "ranges set by a person"
    assert taken.peaks.medians == pytest.approx(searched.peaks.medians, rel=0.02)
    assert f"set them in the beads sheet ({ranges[0][0]:g}-{ranges[0][1]:g}; " in taken.note
    assert "set them" not in searched.note


def test_ranges_rescue_a_run_whose_populations_the_search_refuses(folder):
    refused = calibrated(folder, levels=LEVELS[:3])
    assert refused.curve is None
    assert "give the range of each population" in refused.note
    ranges = tuple((0.7 * m, 1.4 * m) for m in calibrated(folder).peaks.medians[:3])
    assert calibrated(folder, levels=LEVELS[:3], ranges=ranges).curve.verdict == "accept"


@pytest.mark.parametrize(
    ("typed", "ranges"),
    [
        ("450-820; 5200-8900", ((450, 820), (5200, 8900))),
        ("-50-120;300,5 – 900", ((-50, 120), (300.5, 900))),
        ("-80--20 | 1e3 to 2.5e3", ((-80, -20), (1000, 2500))),
    ],
)
def test_ranges_are_read_as_people_type_them(typed, ranges):
    assert as_ranges(typed) == ranges


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("450", "is no range"),
        ("820-450", "is empty"),
        ("450-820; 700-900", "Range 2 begins at 700"),
        ("5,200-8,900", "thousands separator"),
    ],
)
def test_ranges_that_cannot_be_are_refused(typed, said):
    with pytest.raises(Exception) as refusal:  # noqa: PT011 - pydantic turns it into a fault of the cell
        as_ranges(typed)
    context = refusal.value.context
    assert said in context["hint"] + context["expected"]


def test_default_thresholds_are_those_of_the_table():
    assert Settings().curve_limits == CurveLimits()


@pytest.mark.parametrize(
    ("name", "value", "check", "verdict"),
    [
        ("curve_r2_accept", 1.0, "r2", "warn"),
        ("curve_slope_accept", 0.0, "slope", "warn"),
        ("curve_error_accept", 0.0, "back_calculated_error", "warn"),
        ("curve_ratio_accept", 1.0, "value_per_mfi", "warn"),
        ("curve_local_slope_accept", 0.0, "local_slope", "warn"),
        ("bead_rcv_accept", 0.0, "bead_rcv", "warn"),
        ("bead_events_accept", 5000, "bead_events", "warn"),
        ("bead_events_warn", 5000, "bead_events", "reject"),
    ],
)
def test_every_threshold_of_the_table_can_be_set(folder, name, value, check, verdict):
    typed = {name: str(value)} | ({"bead_events_accept": "9000"} if name == "bead_events_warn" else {})
    settings, wrong = read_settings(typed)
    assert not wrong
    usual = {c.name: c.verdict for c in calibrated(folder).curve.checks}
    found = {c.name: c.verdict for c in calibrated(folder, settings).curve.checks}
    assert {key for key in found if found[key] != usual[key]} == {check}
    assert (usual[check], found[check]) == ("accept", verdict)


def test_beads_that_shine_as_bright_elsewhere_are_flagged(folder):
    own = Detector(photons=0.1, gain=20.0)
    spilt = Detector(photons=0.03, gain=60.0)
    beads = bead_run(np.random.default_rng(8), LEVELS, detector=own, others=(spilt,), n=4000)
    values = np.stack([beads.fsc, beads.ssc, beads.intensity, 0.9 * beads.intensity, *beads.others])
    names = ("FSC-A", "SSC-A", "PE-A", "PE-H", "PE-CF594-A")
    write_fcs(folder / "two.fcs", values.astype(np.float32), names)
    right = calibrated(folder, fcs_file="two.fcs", channel="PE-A")
    assert "BEADS_BRIGHTER_ELSEWHERE" not in right.flags
    assert right.curve.checks[-1].text.startswith("PE-A collects more light of these beads than the other")
    wrong = calibrated(folder, fcs_file="two.fcs", channel="PE-CF594-A")
    assert set(wrong.flags) >= {"CURVE_WARN", "BEADS_BRIGHTER_ELSEWHERE"}
    assert "PE-A collects more light of these beads than PE-CF594-A" in wrong.curve.checks[-1].text


@pytest.mark.parametrize(("kit", "factor"), [("quantibrite_pe", 1e-3), ("qsc", 1e3), ("mesf", 1e-3)])
def test_levels_of_another_unit_bend_no_curve_and_are_told_by_their_size(folder, kit, factor):
    odd = calibrated(folder, kit=kit, levels=tuple(factor * level for level in LEVELS))
    assert odd.curve.verdict == "warn"
    assert "CURVE_WARN" in odd.flags
    assert any(row.name == "lot_size" and "values of another kit?" in row.text for row in odd.curve.checks)


@pytest.mark.parametrize("kit", ["quantibrite_pe", "mesf", "custom", "rainbow"])
def test_levels_of_the_usual_size_need_no_word(folder, kit):
    assert not any(row.name == "lot_size" for row in calibrated(folder, kit=kit).curve.checks)
