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
        "name": "B1",
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
        ("bead_events_reject", 5000, "bead_events", "reject"),
    ],
)
def test_every_threshold_of_the_table_can_be_set(folder, name, value, check, verdict):
    typed = {name: str(value)} | ({"bead_events_accept": "9000"} if name == "bead_events_reject" else {})
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


@pytest.mark.parametrize(
    ("largest", "verdict", "flags"),
    [
        (1.0, "accept", ()),
        (1.15, "warn", ("CURVE_WARN", "BEADS_UNSTEADY")),
        (1.4, "reject", ("CURVE_REJECTED", "BEADS_UNSTEADY")),
    ],
)
@pytest.mark.parametrize("sorted_by_light", [False, True])
def test_beads_that_become_brighter_within_their_run_are_named(
    folder, largest, verdict, flags, sorted_by_light
):
    beads = bead_run(np.random.default_rng(9), LEVELS, n=6000)
    rising = beads.intensity * np.linspace(1, largest, beads.intensity.size)
    order = np.argsort(beads.fsc) if sorted_by_light else np.arange(rising.size)
    values = np.stack([beads.fsc, beads.ssc, rising, np.arange(rising.size)])[:, order]
    write_fcs(folder / "rising.fcs", values.astype(np.float32), ("FSC-A", "SSC-A", "PE-A", "Time"))
    found = calibrated(folder, fcs_file="rising.fcs")
    assert (found.curve.verdict, found.flags) == (verdict, flags)
    row = next(row for row in found.curve.checks if row.name == "steady")
    assert row.text.startswith("Within the run the beads' brightness changes by ")
    settings, _ = read_settings({"bead_steady_accept": "0.9", "bead_steady_reject": "0.9"})
    assert calibrated(folder, settings, fcs_file="rising.fcs").curve.verdict == "accept"


@pytest.mark.parametrize(("kit", "factor"), [("quantibrite_pe", 1e-3), ("qsc", 1e3), ("mesf", 1e-3)])
def test_levels_of_another_unit_bend_no_curve_and_are_told_by_their_size(folder, kit, factor):
    odd = calibrated(folder, kit=kit, levels=tuple(factor * level for level in LEVELS))
    assert odd.curve.verdict == "warn"
    assert "CURVE_WARN" in odd.flags
    assert any(row.name == "lot_size" and "values of another kit?" in row.text for row in odd.curve.checks)


@pytest.mark.parametrize("kit", ["quantibrite_pe", "mesf", "custom", "rainbow"])
def test_levels_of_the_usual_size_need_no_word(folder, kit):
    assert not any(row.name == "lot_size" for row in calibrated(folder, kit=kit).curve.checks)


RAINBOW = (0.0, 792.0, 2079.0, 6588.0, 16471.0, 47497.0, 137049.0, 271647.0)
AJ01_MEDIANS = (153.99, 198.10, 278.81, 532.80, 1165.2, 2763.16, 7041.36)


def of_values(folder, name, values, names, keywords=None, **typed):
    write_fcs(folder / f"{name}.fcs", np.stack(values).astype(np.float32), names, keywords=keywords or {})
    return calibrated(folder, fcs_file=f"{name}.fcs", **typed)


def usual(seed=3, **how):
    run = bead_run(np.random.default_rng(seed), LEVELS, n=6000, **how)
    return run, [run.fsc, run.ssc, run.intensity]


NAMES = ("FSC-A", "SSC-A", "PE-A")


def test_areas_that_follow_the_light_take_no_bead_away(folder):
    _, (fsc, ssc, light) = usual(doublets=0.1, debris=0.2)
    spill = 0.3 * light
    named = of_values(folder, "plain", (fsc, ssc, light), ("FSC", "SSC", "PE-A"))
    fooled = of_values(folder, "xp", (fsc, ssc, light, spill, spill), ("FSC", "SSC", "PE-A", "FSCA", "SSCA"))
    assert (fooled.peaks, fooled.n_singlets) == (named.peaks, named.n_singlets)
    assert "not by FSCA, which follows the beads' fluorescence" in fooled.note


def test_more_than_a_third_left_out_is_flagged_and_a_few_are_not(folder):
    clean = of_values(folder, "clean", usual(debris=0.1)[1], NAMES)
    dirty = of_values(folder, "dirty", usual(debris=0.6)[1], NAMES)
    assert (clean.flags, clean.note) == ((), "")
    assert dirty.flags == ("BEADS_LEFT_OUT",)
    assert "are no bead singlets and were left out" in dirty.note
    assert dirty.peaks.medians == pytest.approx(clean.peaks.medians, rel=0.02)


def test_a_bead_file_without_scatter_is_flagged(folder):
    found = of_values(folder, "bare", usual()[1][2:], NAMES[2:])
    assert "BEADS_UNGATED" in found.flags
    assert "every event was used" in found.note


@pytest.mark.parametrize("told", ["1", "1024", "262144"])
def test_the_range_that_a_bead_file_tells_moves_no_number(folder, told):
    _, values = usual()
    keywords = {f"$P{n}R": told for n in (1, 2, 3)}
    found, right = (
        of_values(folder, f"r{told}", values, NAMES, keywords),
        of_values(folder, "r", values, NAMES),
    )
    assert found.peaks.medians == pytest.approx(right.peaks.medians, rel=1e-6)
    assert found.curve.verdict == "accept"
    assert ("REPAIRED_BEAD_FILE" in found.flags) == (told != "262144")


def test_beads_on_a_pile_below_the_range_are_not_in_the_curve(folder):
    run, values = usual()
    values[2] = np.minimum(values[2], 0.8 * np.median(values[2][run.population == 3]))
    found = of_values(folder, "pile", values, NAMES, {"$P3R": "262144"})
    assert found.peaks.saturated == (False, False, False, True)
    assert "REPAIRED_BEAD_FILE" in found.flags
    assert "many events have one value, so the scale was taken to end there: PE-A" in found.note
    assert found.curve.verdict == "accept"


def test_a_threshold_through_the_dimmest_bead_is_flagged(folder):
    run, values = usual(debris=0.0)
    seen = values[2] > np.median(values[2][run.population == 0])
    found = of_values(folder, "cut", [column[seen] for column in values], NAMES)
    assert found.flags == ("BEADS_CUT",)
    assert found.curve.fitted == (False, True, True, True)


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
@pytest.mark.parametrize(("n", "flags"), [(20, ()), (3000, ("NO_CURVE",))])
def test_numbers_that_no_detector_gives_are_left_out_or_refused(folder, value, n, flags):
    _, values = usual()
    values[2][:n] = value
    found = of_values(folder, "odd", values, NAMES)
    assert f"{n} of 6180 events have a value that no detector gives on PE-A" in found.note
    assert found.flags == flags


@pytest.mark.parametrize("levels", [(0, 1, 2, 3), (1, 2, 3, 4), (0, 10, 20, 30)])
def test_rainbow_beads_whose_levels_only_order_them_are_not_judged_by_a_line(folder, levels):
    found = calibrated(folder, kit="rainbow", levels=levels)
    assert found.flags == ()
    assert {row.name for row in found.curve.checks} == {"order", "bead_rcv", "bead_events", "steady"}
    assert "only rank the beads" in found.note
    assert calibrated(folder, kit="custom", levels=levels).curve.verdict == "reject"


@pytest.mark.real
def test_a_facscan_file_whose_areas_are_other_detectors_gives_flowcals_model(real_data):
    found = calibrated(
        real_data / "found", Settings(curve_model="autofluorescence"), fcs_file="flowcal_xp3_sample001.fcs",
        kit="custom", channel="FL1", levels=RAINBOW,
    )  # fmt: skip
    assert found.n_singlets == pytest.approx(28_700, abs=200)
    assert found.peaks.medians[:7] == pytest.approx(AJ01_MEDIANS, rel=0.001)
    assert found.curve.slope == pytest.approx(1.0761, abs=0.001)
    assert found.curve.intercept * np.log(10) == pytest.approx(2.2915, abs=0.005)
    assert found.note.startswith("singlets were selected by FSC and SSC; not by FSCA, which follows")


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize("channel", ["FL2", "FL3"])
@pytest.mark.parametrize("file", ["B0001", "BMIN"])
def test_two_populations_on_the_end_of_a_scale_are_two_and_dropped(real_data, file, channel):
    found = calibrated(
        real_data / "beads" / "rcp30", Settings(curve_model="autofluorescence"), fcs_file=f"{file}.fcs",
        kit="custom", channel=channel, levels=RAINBOW,
    )  # fmt: skip
    assert found.peaks.saturated == (*[False] * 6, True, True)
    assert found.curve.verdict != "reject"


@pytest.mark.real
def test_seven_populations_beyond_the_told_range_are_refused_for_six_levels(real_data):
    found = calibrated(
        real_data / "found", fcs_file="tasbe_sa3800_badbeads.fcs", kit="custom", channel="GFP-A",
        levels=(0, 692, 2192, 6028, 17493, 35674),
    )  # fmt: skip
    assert found.curve is None
    assert "6 bead populations (blank included) were expected, 7 found" in found.note
    assert "values lie beyond $PnR" in found.note
    assert found.flags == ("REPAIRED_BEAD_FILE", "BEADS_LEFT_OUT", "NO_CURVE")
