"""Real bead runs with published answers; reference values from the README beside the files."""

import csv

import numpy as np
import pytest

from calibration import find_bead_peaks, find_bead_singlets, fit_standard_curve
from pipeline.beads.calibrate import BeadTask, calibrate_bead_run
from pipeline.beads.scatter import choose_scatter, other_detectors
from pipeline.fcs import read_fcs
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun

pytestmark = pytest.mark.real


def peaks_of(path, channel, levels, ranges=()):
    """The populations as a user gets them: scatter, scale ends and other channels are the tool's own choice."""
    if isinstance(levels, int):
        levels = range(levels)  # only their number and the blank count for the populations
    typed = {"name": "B", "kit": "custom", "lot": "L", "channel": channel, "fcs_file": path.name}
    run = BeadRun(**typed, levels=tuple(map(float, levels)), ranges=ranges)
    found = calibrate_bead_run(BeadTask(path.parent, run, Settings()))
    assert found.peaks is not None, found.note
    return found.peaks


def dako_levels(folder, dye):
    with (folder / "dakomef.csv").open(encoding="utf-8", newline="") as file:
        values = [row[dye] for row in csv.DictReader(file, delimiter=";")]
    return [0.0 if v == "NA" else float(v) for v in values]


@pytest.mark.parametrize(
    ("day", "channel", "dye", "slope", "verdict"),
    [
        ("2008-01-21", "PE-A", "PE", 1.0322, "accept"),
        ("2008-03-14", "PE-A", "PE", 1.0305, "accept"),
        ("2008-01-21", "APC-A", "APC", 0.9575, "accept"),
        ("2008-03-14", "APC-A", "APC", 0.9577, "warn"),
    ],
)
def test_dako_slopes_on_both_days(real_data, day, channel, dye, slope, verdict):
    folder = real_data / "beads" / "dako"
    peaks = peaks_of(folder / f"beads_{day}.fcs", channel, 6)
    curve = fit_standard_curve(peaks.medians, dako_levels(folder, dye), rcv=peaks.rcv, n=peaks.n)
    assert curve.slope == pytest.approx(slope, abs=0.002)
    x, y = np.log10(peaks.medians[1:]), np.log10(dako_levels(folder, dye)[1:])
    assert curve.r2 == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2, abs=1e-8)
    assert curve.r2 >= (0.9996 if dye == "PE" else 0.9985)  # PE 0.99968 in the README; APC not given there
    assert curve.verdict == verdict


def test_dako_medians_are_within_two_percent_and_the_dimmest_within_four(real_data):
    peaks = peaks_of(real_data / "beads" / "dako" / "beads_2008-01-21.fcs", "PE-A", 6)
    assert abs(peaks.medians[0] - 5.7) < 3
    assert np.allclose(peaks.medians[1:3], [517.6, 1507.1], rtol=0.04)
    assert np.allclose(peaks.medians[3:], [4639.8, 13024.5, 40746.4], rtol=0.02)


@pytest.mark.parametrize(
    ("file", "channel", "median"),
    [
        ("933723", "APC-A", 41317),
        ("933729", "FITC-A", 6824),
        ("933731", "PE-A", 72064),
        ("933741", "Aqua Amine-A", 3406),
    ],
)
def test_stained_capture_beads_are_within_one_percent_of_flowjo(real_data, file, channel, median):
    read = read_fcs(real_data / "beads" / "su2b" / f"{file}.fcs")
    light = read.column(channel)
    scatter = choose_scatter(read.channels, read.column, light)
    singlets = find_bead_singlets(read.column(scatter.first), read.column(scatter.second))
    others = [read.column(name)[singlets] for name in other_detectors(read.channels, channel)]
    peaks = find_bead_peaks(light[singlets], 2, blank=True, others=others)  # one level alone makes no curve
    assert peaks.medians[1] == pytest.approx(median, rel=0.01)


LOTS = {
    "B0001": ([0, 792, 2079, 6588, 16471, 47497, 137049, 271647], (1.0753, 2.2985, 2198.7)),
    "BMIN": ([0, 771, 2106, 6262, 15183, 45292, 136258, 291042], (1.0814, 2.2610, 1925.5)),
}


@pytest.mark.parametrize("file", LOTS)
def test_all_eight_rainbow_populations_are_found_and_the_saturated_top_is_dropped(real_data, file):
    peaks = peaks_of(real_data / "beads" / "rcp30" / f"{file}.fcs", "FL1", 8)
    assert peaks.saturated == (*[False] * 7, True)
    assert any("Population 8" in note and "dropped" in note for note in peaks.notes)
    assert any("overlap" in note for note in peaks.notes)
    if file == "B0001":  # FlowCal 1.3.1, which told them apart on three channels
        expected = [153.99, 198.10, 278.81, 532.80, 1160.00, 2763.16, 7041.36]
        assert np.allclose(peaks.medians[:7], expected, rtol=0.005)


@pytest.mark.parametrize("file", LOTS)
def test_the_autofluorescence_model_is_flowcals_within_one_percent(real_data, file):
    levels, (m, b, _) = LOTS[file]
    peaks = peaks_of(real_data / "beads" / "rcp30" / f"{file}.fcs", "FL1", 8)
    curve = fit_standard_curve(peaks.medians, levels, model="autofluorescence", saturated=peaks.saturated)
    assert curve.slope == pytest.approx(m, rel=0.002)
    assert curve.intercept * np.log(10) == pytest.approx(b, rel=0.004)


def channel_numbers(file, name):
    """Where an event lies on the scale of a log-amplified detector, 0 to 1,024."""
    decades = file.detector(name).amplification[0]
    return np.log10(file.column(name).astype(np.float64)) * 1024 / decades


def densest(file, fraction):
    """FlowCal's gate on cells: without the first 250 and last 100 events and those on the ends of a scatter scale,
    the given fraction of the others, from the densest spot of FSC against SSC down (1,024 bins, smoothed over 10).
    """  # fmt: skip
    from scipy.ndimage import gaussian_filter

    bins = np.stack([channel_numbers(file, name) for name in ("FSC", "SSC")]).round().astype(int)
    kept = np.all((bins > 0) & (bins < 1023), axis=0)
    kept[:250] = kept[-100:] = False
    counts = np.zeros((1024, 1024))
    np.add.at(counts, tuple(bins[:, kept]), 1)
    smooth = gaussian_filter(counts, 10, mode="constant", truncate=6)[tuple(bins)]
    lowest = np.sort(smooth[kept])[::-1][int(np.ceil(fraction * kept.sum())) - 1]
    return kept & (smooth >= lowest)


@pytest.mark.parametrize(("m", "b"), [(None, None), (1.0753, 2.2985)], ids=["our beads", "FlowCal's beads"])
def test_the_median_mefl_of_cells_is_flowcals_in_flowcals_gate(real_data, m, b):
    # 956.8 depends on which cells: with every event in the scatter scale it is 924, with the densest 30 % 998
    file = read_fcs(real_data / "beads" / "rcp30" / "sample010.fcs")
    cells = densest(file, 0.85)
    assert cells.sum() == pytest.approx(26_615, abs=2)  # FlowCal 1.3.1
    median = float(np.median(file.column("FL1")[cells]))
    assert median == pytest.approx(69.783, abs=0.001)  # FlowCal 1.3.1
    if m is None:
        levels, _ = LOTS["B0001"]
        path = real_data / "beads" / "rcp30" / "B0001.fcs"
        peaks = peaks_of(path, "FL1", 8)
        curve = fit_standard_curve(peaks.medians, levels, model="autofluorescence", saturated=peaks.saturated)
        assert curve.to_abc(median) == pytest.approx(956.8, rel=0.01)
    else:
        assert np.exp(b) * median**m == pytest.approx(956.8, abs=0.2)


def test_ranges_of_the_mixture_set_by_hand_give_the_same_medians(real_data):
    path = real_data / "beads" / "dako" / "beads_2008-01-21.fcs"
    found = peaks_of(path, "PE-A", 6)
    by_hand = peaks_of(path, "PE-A", 6, ranges=found.ranges)
    assert np.allclose(by_hand.medians, found.medians, rtol=1e-9)
