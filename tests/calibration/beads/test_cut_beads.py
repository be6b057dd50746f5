"""A bead population that lacks a side, as where a threshold runs through it, is named and not in the curve."""

import numpy as np
import pytest

from calibration import find_bead_peaks, fit_standard_curve
from validation.simulated_beads import KITS, bead_run

LEVELS = KITS["quantibrite_pe"]


def run_of(seed=0, **how):
    run = bead_run(np.random.default_rng(seed), LEVELS, n=8000, **how)
    return run.intensity[run.population >= 0], run.population[run.population >= 0]


@pytest.mark.parametrize("smear", [0.0, 0.03])
@pytest.mark.parametrize("share", [0.2, 0.35, 0.5, 0.65, 0.8])
def test_a_threshold_through_the_dimmest_bead_takes_it_out_of_the_curve(share, smear):
    x, population = run_of()
    seen = x * np.random.default_rng(1).normal(1, smear, x.size) > np.quantile(x[population == 0], share)
    peaks = find_bead_peaks(x[seen], 4)
    assert peaks.cut == (True, False, False, False)
    assert "Population 1" in peaks.notes[-1]
    assert "cut off at one side" in peaks.notes[-1]
    curve = fit_standard_curve(peaks.medians, LEVELS, saturated=peaks.saturated)
    assert curve.fitted == (False, True, True, True)


@pytest.mark.parametrize("n_strays", [1, 3, 12])
def test_a_few_stray_events_beyond_a_threshold_do_not_hide_it(n_strays):
    x, population = run_of()
    threshold = np.quantile(x[population == 0], 0.35)
    x = np.concatenate([x[x > threshold], np.linspace(0.3, 0.5, n_strays) * threshold])
    assert find_bead_peaks(x, 4).cut == (True, False, False, False)


def test_a_limit_through_the_brightest_bead_takes_it_out_of_the_curve():
    x, population = run_of()
    peaks = find_bead_peaks(x[x < np.median(x[population == 3])], 4)
    assert peaks.cut == (False, False, False, True)


@pytest.mark.parametrize("levels", KITS.values(), ids=KITS)
@pytest.mark.parametrize("seed", range(6))
def test_whole_populations_are_not_taken_for_cut_ones(levels, seed):
    run = bead_run(np.random.default_rng(seed), levels, n=[1500, 6000, 30_000][seed % 3], debris=0.03 * seed)
    peaks = find_bead_peaks(run.intensity, len(levels), blank=levels[0] == 0)
    assert not any(peaks.cut)


@pytest.mark.parametrize("shape", ["gamma", "lognormal", "t"])
def test_skewed_and_tailed_populations_are_not_taken_for_cut_ones(shape):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        spread = {
            "gamma": lambda n, rng=rng: rng.gamma(1 / 0.2**2, 0.2**2, n),
            "lognormal": lambda n, rng=rng: rng.lognormal(0, 0.2, n),
            "t": lambda n, rng=rng: 1 + 0.1 * rng.standard_t(5, n),
        }[shape]
        x = np.concatenate([m * spread(1500) for m in (600, 6500, 29000, 130_000)])
        assert not any(find_bead_peaks(x, 4).cut)
