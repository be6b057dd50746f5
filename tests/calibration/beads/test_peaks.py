import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration import BeadPeaksError, find_bead_peaks, find_bead_singlets
from calibration.beads.density_peaks import FEWEST_EVENTS
from validation.simulated_beads import KITS, Detector, bead_run


def beads(medians, n=1000, cv=0.06, seed=0):
    rng = np.random.default_rng(seed)
    sizes = n if isinstance(n, (list, tuple)) else [n] * len(medians)
    return np.concatenate([rng.normal(m, max(cv * m, 5.0), k) for m, k in zip(medians, sizes, strict=True)])


def test_medians_are_within_one_and_a_half_percent_over_kits_weights_and_debris():
    errors = []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        levels = list(KITS.values())[seed % 4]
        detector = Detector(photons=0.1, gain=150000 / levels[-1] / 0.1)
        weights = np.maximum(rng.dirichlet(np.full(len(levels), 3.0)), 0.04)
        run = bead_run(
            rng,
            levels,
            detector=detector,
            n=6000,
            weights=weights,
            doublets=rng.uniform(0, 0.08),
            debris=rng.uniform(0, 0.3),
        )
        mask = find_bead_singlets(run.fsc, run.ssc)
        peaks = find_bead_peaks(run.intensity[mask], len(levels), blank=levels[0] == 0)
        first = 1 if levels[0] == 0 else 0
        true = [np.median(run.intensity[run.population == k]) for k in range(first, len(levels))]
        errors += list(np.abs(np.array(peaks.medians[first:]) / true - 1))
    assert np.quantile(errors, 0.95) < 0.015


def test_unequal_weights_that_mislead_equal_population_clustering():
    # FlowCal 1.3 assumes equal populations; with .4/.3/.2/.1 it is off by +100 to +2,400 %.
    x = beads([600, 6500, 29000, 63000], [4000, 3000, 2000, 1000])
    assert np.allclose(find_bead_peaks(x, 4).medians, [600, 6500, 29000, 63000], rtol=0.01)


@pytest.mark.parametrize("kind", ["log-normal", "even in log", "exponential", "near zero"])
def test_a_fifth_of_debris_does_not_move_a_median_by_one_percent(kind):
    rng = np.random.default_rng(4)
    debris = {
        "log-normal": lambda: rng.lognormal(np.log(200), 1.0, 800),
        "even in log": lambda: np.exp(rng.uniform(np.log(20), np.log(80000), 800)),
        "exponential": lambda: rng.exponential(300, 800),
        "near zero": lambda: rng.normal(0, 30, 800),
    }[kind]()
    peaks = find_bead_peaks(np.concatenate([beads([600, 6500, 29000, 63000], 800), debris]), 4)
    assert np.allclose(peaks.medians, [600, 6500, 29000, 63000], rtol=0.01)


def test_two_hundred_events_a_peak_are_enough_and_three_percent_is_a_population():
    peaks = find_bead_peaks(beads([600, 6500, 29000, 63000], [3000, 2000, 1470, 200]), 4)
    assert np.allclose(peaks.medians, [600, 6500, 29000, 63000], rtol=0.02)


def test_events_below_zero_stay_in_the_blank_population():
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(5, 30, 2000), beads([500, 1500, 4600])])
    peaks = find_bead_peaks(x, 4, blank=True)
    assert abs(peaks.medians[0] - 5) < 4
    assert peaks.ranges[0][0] < -50


def test_the_same_events_in_another_order_give_the_same_numbers():
    x = beads([600, 6500, 29000, 63000])
    again = find_bead_peaks(np.random.default_rng(1).permutation(x), 4)
    assert again == find_bead_peaks(x, 4)


@settings(max_examples=12)
@given(st.floats(-3, 3))
def test_another_gain_scales_every_median(log_gain):
    x, gain = beads([600, 6500, 29000, 63000], 400), 10.0**log_gain
    first, second = find_bead_peaks(x, 4), find_bead_peaks(x * gain, 4)
    assert np.allclose(np.array(second.medians) / gain, first.medians, rtol=2e-3)


@pytest.mark.parametrize(
    ("populations", "expected", "found"),
    [
        ([600, 6500, 29000], 4, 3),
        ([600, 6500, 29000, 63000, 150000], 4, 5),
        ([600, 6500, 61000, 63000], 4, 3),
    ],
    ids=["missing", "one too many", "merged"],
)
def test_the_wrong_number_of_populations_is_refused_with_what_was_found(populations, expected, found):
    with pytest.raises(
        BeadPeaksError, match=f"{expected} bead populations were expected, {found} found"
    ) as refusal:
        find_bead_peaks(beads(populations), expected)
    assert len(refusal.value.found) == found
    assert refusal.value.expected == expected
    assert "range of each population" in str(refusal.value)


def test_a_refusal_survives_the_way_from_a_worker():
    refusal = pickle.loads(pickle.dumps(BeadPeaksError("text", (1.0,), 4)))
    assert (str(refusal), refusal.found, refusal.expected) == ("text", (1.0,), 4)


@pytest.mark.parametrize("known", [True, False])
def test_a_clipped_top_is_found_dropped_and_named(known):
    x = np.minimum(beads([600, 6500, 29000, 63000]), 60000.0)
    peaks = find_bead_peaks(x, 4, scale_top=60000.0 if known else np.inf)
    assert peaks.saturated == (False, False, False, True)
    assert "end of the detector's scale" in peaks.notes[-1]
    assert "dropped" in peaks.notes[-1]


def test_a_top_far_beyond_the_scale_is_one_population_on_its_end():
    x = np.minimum(beads([600, 6500, 29000, 163000]), 60000.0)
    peaks = find_bead_peaks(x, 4)
    assert peaks.saturated[-1]
    assert peaks.clipped[-1] == 1.0


def test_doublets_do_not_stand_in_for_a_missing_top_population():
    single = beads([600, 6500, 29000], 3000)
    doublets = beads([58000], 150)
    with pytest.raises(BeadPeaksError, match="twice as bright as another"):
        find_bead_peaks(np.concatenate([single, doublets]), 4)


def test_single_photoelectrons_are_not_taken_for_beads():
    rng = np.random.default_rng(6)
    run = bead_run(rng, KITS["quantibrite_pe"], detector=Detector(0.02, 40.0, 5.0), n=6000)
    peaks = find_bead_peaks(run.intensity[run.population >= 0], 4)
    true = [np.median(run.intensity[run.population == k]) for k in range(4)]
    assert np.allclose(peaks.medians, true, rtol=0.03)


def test_a_persons_ranges_are_taken_as_they_are():
    x = beads([600, 6500])
    peaks = find_bead_peaks(x, 2, ranges=[(5000, 8000), (500, 700)])
    inside = x[(x >= 500) & (x <= 700)]
    assert peaks.medians[0] == pytest.approx(np.median(inside), rel=1e-9)  # rounded to ten digits
    assert peaks.n[0] == inside.size
    assert peaks.method == "ranges set by a person"


@pytest.mark.parametrize(
    ("ranges", "why"),
    [
        ([(1, 2)], "2 ranges were expected"),
        ([(2, 1), (3, 4)], "empty"),
        ([(500, 700), (690, 8000)], "overlap"),
        ([(500, 700), (20000, 30000)], "holds 0 bead events"),
    ],
)
def test_ranges_that_cannot_be_are_refused(ranges, why):
    with pytest.raises(BeadPeaksError, match=why):
        find_bead_peaks(beads([600, 6500]), 2, ranges=ranges)


def test_too_few_events_are_refused():
    with pytest.raises(BeadPeaksError, match="too few"):
        find_bead_peaks(np.arange(20.0), 4)


def test_everything_on_the_end_of_the_scale_is_refused():
    with pytest.raises(BeadPeaksError, match="lower the detector voltage"):
        find_bead_peaks(np.full(1000, 262143.0), 4, scale_top=262143.0)


NOT_BEADS = {
    "zeros": lambda rng: np.zeros(500),
    "one value": lambda rng: np.full(500, 7.0),
    "noise": lambda rng: rng.normal(0, 1, 500),
    "four integers": lambda rng: rng.integers(0, 4, 500).astype(float),
    "even in log": lambda rng: 10 ** rng.uniform(-3, 7, 2000),
    "wild": lambda rng: rng.standard_cauchy(2000) * 1e3,
    "below zero": lambda rng: -(10 ** rng.uniform(0, 5, 1000)),
    "two spikes": lambda rng: np.repeat([0.0, 1e5], 400),
    "not finite": lambda rng: np.full(500, np.nan),
}


WHY_NOT = {
    "one value": r"1 found, with medians 7\b",
    "four integers": r"1 found, with medians 2\.\d+",
    "not finite": "0 bead events are too few for {n} populations",
}


@pytest.mark.parametrize("scale_top", [np.inf, 1000.0])
@pytest.mark.parametrize("n_levels", [1, 2, 4, 6])
@pytest.mark.parametrize("kind", NOT_BEADS)
def test_what_is_not_beads_is_refused_with_the_reason(kind, n_levels, scale_top):
    x = NOT_BEADS[kind](np.random.default_rng(n_levels))
    if n_levels == 1 and kind in ("one value", "four integers"):
        peaks = find_bead_peaks(x, n_levels, scale_top=scale_top)  # one heap, and one was expected
        assert peaks.medians == pytest.approx((7.0 if kind == "one value" else np.median(x[x > 0]),), abs=1)
        return
    why = WHY_NOT.get(kind, "{n} bead populations were expected, 0 found, .* too broad")
    with pytest.raises(BeadPeaksError, match=why.format(n=n_levels)):
        find_bead_peaks(x, n_levels, scale_top=scale_top)


def test_robust_cv_is_that_of_a_gaussian():
    assert find_bead_peaks(beads([600, 6500], 5000, cv=0.08), 2).rcv == pytest.approx((0.08, 0.08), rel=0.1)


def test_the_number_of_events_that_is_asked_for_is_the_one_that_is_tested():
    rng = np.random.default_rng(1)
    beads = np.concatenate([rng.normal(m, 0.05 * m, FEWEST_EVENTS + 5) for m in (100, 1000, 5000)])
    assert min(find_bead_peaks(beads, 3).n) >= FEWEST_EVENTS
    with pytest.raises(BeadPeaksError, match=rf"at least {FEWEST_EVENTS} each are needed"):
        find_bead_peaks(beads[: 3 * FEWEST_EVENTS - 1], 3)
