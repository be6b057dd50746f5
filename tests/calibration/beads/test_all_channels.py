"""Populations that overlap on the calibrated channel, told on all channels of the file together."""

from statistics import NormalDist

import numpy as np
import pytest

from calibration import BeadPeaksError, find_bead_peaks
from calibration.beads.all_channels import _are_apart, _between, _measured
from calibration.beads.density_peaks import BinnedDensity, Mode
from calibration.beads.scale_end import ScaleEnd
from validation.simulated_beads import Detector, bead_run

RAINBOW = (0.0, 792.0, 2079.0, 6588.0, 16471.0, 47497.0, 137049.0, 271647.0)
BLURRED = Detector(photons=0.01, gain=60.0, noise=400.0)
SHARP = (Detector(photons=0.06, gain=10.0), Detector(photons=0.05, gain=12.0))


def rainbow(seed, detector=BLURRED, others=SHARP, **how):
    return bead_run(np.random.default_rng(seed), RAINBOW, n=16_000, detector=detector, others=others, **how)


def true_medians(run):
    return np.array([np.median(run.intensity[run.population == k]) for k in range(len(RAINBOW))])


@pytest.mark.parametrize("seed", range(3))
def test_three_dim_populations_that_overlap_are_told_by_the_other_channels(seed):
    run = rainbow(seed, doublets=0.0, debris=0.0)
    with pytest.raises(BeadPeaksError):
        find_bead_peaks(run.intensity, 8, blank=True)
    peaks = find_bead_peaks(run.intensity, 8, blank=True, others=run.others)
    assert peaks.method == "valleys on all channels of the file together"
    assert peaks.medians[1:] == pytest.approx(true_medians(run)[1:], rel=0.015)
    assert peaks.overlapping[:3] == (True, True, True)
    assert any("separated on all channels" in note for note in peaks.notes)


@pytest.mark.parametrize("seed", range(3))
def test_two_populations_on_the_end_of_the_scale_are_two_where_the_other_channels_tell_them(seed):
    short = Detector(photons=0.01, gain=60.0, noise=400.0, top=70_000.0)
    run = rainbow(seed, detector=short, doublets=0.0, debris=0.0)
    peaks = find_bead_peaks(run.intensity, 8, blank=True, others=run.others, scale_top=short.top)
    assert peaks.medians[1:] == pytest.approx(true_medians(run)[1:], rel=0.02)
    assert peaks.saturated == (False,) * 6 + (True, True)


def test_detectors_that_blur_the_dim_ones_alike_tell_them_together():
    alike = Detector(photons=0.02, gain=30.0, noise=150.0)
    run = rainbow(1, detector=alike, others=(alike, alike, alike), doublets=0.0, debris=0.0)
    peaks = find_bead_peaks(run.intensity, 8, blank=True, others=run.others)
    assert peaks.medians[1:] == pytest.approx(true_medians(run)[1:], rel=0.03)


def test_populations_that_the_channel_shows_by_itself_do_not_ask_the_others():
    run = rainbow(2, detector=SHARP[0])
    alone = find_bead_peaks(run.intensity, 8, blank=True)
    assert find_bead_peaks(run.intensity, 8, blank=True, others=run.others) == alone


def test_a_population_more_than_the_lot_lists_is_refused_on_all_channels_too():
    run = rainbow(3, detector=SHARP[0])
    with pytest.raises(BeadPeaksError, match=r"7 bead populations .* were expected, 8 found"):
        find_bead_peaks(run.intensity, 7, blank=True, others=run.others)


def test_beads_that_differ_on_another_channel_alone_are_not_two_levels():
    rng = np.random.default_rng(4)
    light = np.concatenate([rng.normal(m, 0.05 * m, 2000) for m in (600, 6500, 29000)])
    half_of_the_first = np.arange(light.size) < 1000
    other = np.where(half_of_the_first, 100.0, 4000.0) * rng.normal(1, 0.05, light.size)
    with pytest.raises(BeadPeaksError, match="4 bead populations were expected, 3 found"):
        find_bead_peaks(light, 4, others=[other])


def test_nor_are_they_where_a_brighter_population_lies_on_the_end_of_the_scale():
    rng = np.random.default_rng(4)
    light = np.concatenate([rng.normal(m, 0.05 * m, 2000) for m in (600, 6500, 29000)])
    light = np.minimum(light, 25_000.0)
    half_of_the_first = np.arange(light.size) < 1000
    other = np.where(half_of_the_first, 100.0, 4000.0) * rng.normal(1, 0.05, light.size)
    with pytest.raises(BeadPeaksError, match="4 bead populations were expected, 3 found"):
        find_bead_peaks(light, 4, others=[other], scale_top=25_000.0)


def test_channels_that_see_fewer_populations_do_not_overrule_the_calibrated_one():
    rng = np.random.default_rng(5)
    light = np.concatenate([rng.normal(m, 0.05 * m, 2000) for m in (600, 6500, 29_000, 33_700)])
    other = np.repeat([100.0, 900.0, 4000.0, 4000.0], 2000) * rng.normal(1, 0.05, light.size)
    with pytest.raises(BeadPeaksError, match="3 bead populations were expected, 4 found"):
        find_bead_peaks(light, 3, others=[other])


def test_populations_that_no_channel_parts_are_parted_by_their_mean():
    rng = np.random.default_rng(6)
    means = np.repeat([300.0, 500.0, 700.0, 6500.0, 29_000.0, 130_000.0], 2000)
    channels = [rng.normal(means, np.hypot(100.0, 0.05 * means)) for _ in range(6)]
    peaks = find_bead_peaks(channels[0], 6, others=channels[1:])
    true = [np.median(channels[0][2000 * k : 2000 * (k + 1)]) for k in range(6)]
    assert peaks.medians == pytest.approx(true, rel=0.03)


def test_the_order_of_the_events_changes_no_number():
    run = rainbow(5)
    order = np.random.default_rng(0).permutation(run.intensity.size)
    first = find_bead_peaks(run.intensity, 8, blank=True, others=run.others)
    again = find_bead_peaks(
        run.intensity[order], 8, blank=True, others=[other[order] for other in run.others]
    )
    assert first == again


@pytest.mark.parametrize("offset", [150.0, 200.0])
def test_a_dim_bead_beside_the_blank_is_no_debris(offset):
    levels = (0.0, 800.0, 6930.0, 31008.0, 67601.0)
    run = bead_run(
        np.random.default_rng(6), levels, n=10_000, detector=Detector(noise=100.0), debris=0.0, doublets=0.0
    )
    x = run.intensity - offset  # a baseline below zero makes the robust CV of a dim bead as large as it likes
    peaks = find_bead_peaks(x, 5, blank=True)
    true = [np.median(x[run.population == k]) for k in range(1, 5)]
    assert peaks.medians[1:] == pytest.approx(true, rel=0.03)
    assert peaks.rcv[1] > 0.45


def test_a_hump_broader_than_its_light_explains_stays_debris():
    rng = np.random.default_rng(7)
    beads = np.concatenate([rng.normal(m, max(0.05 * m, 20), 2000) for m in (0, 6930, 31008, 67601)])
    debris = rng.lognormal(np.log(700), 0.8, 2000)
    with pytest.raises(BeadPeaksError, match="too broad for beads"):
        find_bead_peaks(np.concatenate([beads, debris]), 5, blank=True)


@pytest.mark.parametrize(("step", "apart"), [(1.01, True), (0.99, False)])
def test_two_populations_are_apart_by_more_than_four_standard_errors_of_their_medians(step, apart):
    at = NormalDist()
    dim = np.array([100 + 10 * at.inv_cdf((k + 0.5) / 400) for k in range(400)])
    error = np.sqrt(np.pi / 2) * np.sqrt(10**2 / 400 + 10**2 / 400)
    bright = dim + 4 * step * error
    assert _are_apart(dim, bright, ScaleEnd(1e6, True, 0)) is apart
    assert not _are_apart(bright, dim, ScaleEnd(1e6, True, 0))
    assert _are_apart(bright, dim, ScaleEnd(100.0, True, 50))  # both on the end of the scale
    assert _are_apart(dim, bright, ScaleEnd(101.0, True, 50)) is apart


def test_the_range_of_a_population_is_three_robust_sds_about_its_median():
    at = NormalDist()
    values = np.sort([100 + 10 * at.inv_cdf((k + 0.5) / 4000) for k in range(4000)])
    told = _measured(values, ScaleEnd(110.0, True, 600))
    assert (told.low, told.high) == pytest.approx((70.0, 130.0), abs=0.5)
    assert told.clipped == pytest.approx(0.1587, abs=0.001)
    assert _measured(values, ScaleEnd(110.0, True, 0)).clipped == 0.0
    assert _measured(np.full(50, 7.0), ScaleEnd(110.0, True, 0)).high == 7.0


def test_the_valley_between_two_peaks_is_counted_relative_to_the_lower_one():
    """Even counts of 40 and 20 per bin about two peaks, 5 about the valley between: a fourth of the lower peak."""
    edges = np.linspace(0.0, 10.0, 1001)
    counts = np.select([edges[:-1] < 3, edges[:-1] < 6], [40.0, 5.0], 20.0)
    left, right = Mode(2.0, 0.0, 4.5, 1.0), Mode(7.0, 4.4, 10.0, 1.0)
    depth, z = _between(BinnedDensity(counts, edges, 1.0), left, right)
    assert (depth, z) == pytest.approx((0.25, 4.4))
