"""Median, spread and range of one bead population, of values and shares written by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from calibration.beads.density_peaks import BinnedDensity
from calibration.beads.medians import _sure, _sure_stretch, _weighted, _widening, robust_cv
from calibration.beads.mixture import BeadMixture
from calibration.beads.width_law import Component, MixtureScale

X = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 60.0])


@pytest.mark.parametrize(
    ("sure", "mean", "stretch"),
    [
        ((1, 1, 1, 1, 1, 1), 35.0, (10.0, 35.0, 60.0)),
        ((0, 1, 1, 1, 1, 0), 35.0, (20.0, 35.0, 50.0)),
        ((1, 0, 1, 1, 0, 1), 35.0, (30.0, 35.0, 40.0)),
        ((1, 1, 1, 0, 1, 1), 35.0, (35.0, 35.0, 35.0)),  # the bin of the mean itself is not sure
        ((1, 1, 1, 1, 1, 1), 70.0, (10.0, 70.0, 70.0)),  # a mean beyond the last bin
        ((1, 1, 1, 1, 1, 1), 5.0, (5.0, 5.0, 60.0)),
    ],
)
def test_the_sure_stretch_goes_from_the_mean_to_the_first_bin_that_is_not_sure(sure, mean, stretch):
    assert _sure_stretch(X, np.array(sure, bool), Component(mean, 5.0, 100.0)) == stretch


def test_an_event_is_sure_with_nine_tenths_of_the_populations_and_no_less_than_the_floor():
    shares = np.array([[0.9, 0.89, 0.45, 0.44, 0.1], [0.1, 0.11, 0.0, 0.0, 0.9], [0.0, 0.0, 0.45, 0.45, 0.0]])
    mixture = BeadMixture((), shares, 0.0, MixtureScale())
    assert _sure(mixture, 0).tolist() == [True, False, True, False, False]
    assert _sure(mixture, 1).tolist() == [False, False, False, False, True]


@pytest.mark.parametrize("reach", [1.0, 1.5, 3.0])
def test_the_spread_of_a_cut_gaussian_is_widened_to_that_of_the_whole(reach):
    cut = stats.truncnorm(-reach, reach)
    assert _widening(reach) * (cut.ppf(0.75) - cut.ppf(0.25)) == pytest.approx(2 * stats.norm.ppf(0.75))


def test_a_robust_cv_is_bounded_where_the_median_is_near_zero():
    assert robust_cv(-10.0, 1.0, 10.0) == pytest.approx(0.7413 * 20, rel=1e-4)
    assert robust_cv(-1.0, 0.001, 1.0) == robust_cv(-1.0, 0.0, 1.0) == 100.0


def test_without_sure_events_the_quartiles_are_those_of_shares_within_three_and_a_half_sds():
    """Even shares from 100 − 3.5 · 10 to 100 + 3.5 · 10: quartiles at 82.5, 100 and 117.5; what is beyond counts nothing."""
    edges = np.arcsinh((np.arange(3001.0) + 0.5) / 100.0)
    density = BinnedDensity(np.full(3000, 4.0), edges, 10.0)
    population = _weighted(Component(100.0, 10.0, 77.6), density, np.full(3000, 0.5))
    assert (population.median, population.low, population.high) == pytest.approx(
        (100.0, 82.5, 117.5), abs=0.06
    )
    assert population.rcv == pytest.approx(0.7413 * 35 / 100, rel=1e-3)
    assert (population.n, population.overlapping) == (78, True)
