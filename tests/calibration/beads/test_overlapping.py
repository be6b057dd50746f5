"""Two populations in one peak, and several peaks of one population: what a split begins with, and when it is believed."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.beads.density_peaks import BinnedDensity, Mode
from calibration.beads.mixture import BeadMixture
from calibration.beads.overlapping import _stands_alone, _truly_two, _two_starts, merge_unresolvable
from calibration.beads.width_law import BeadLaw, Component, MixtureScale

LAW = BeadLaw(noise=4.0, photons=0.5, cv2=0.0025, log_n=7.0, log_n_sd=0.1)
MODES = tuple(
    Mode(z, z - 0.5, z + 0.5, n) for z, n in ((1.0, 100.0), (2.5, 90.0), (4.0, 220.0), (5.5, 110.0))
)


@pytest.mark.parametrize("k", range(4))
def test_a_peak_splits_into_two_starts_an_sd_to_either_side_which_reach_to_their_neighbours(k):
    starts, mode = _two_starts(MODES, k, LAW, 10.0), MODES[k]
    x = 10.0 * np.sinh(mode.z)
    away = np.sqrt(4.0 + 0.5 * x + 0.0025 * x**2) / np.hypot(x, 10.0)
    low, high = MODES[k - 1].z if k > 0 else mode.low, MODES[k + 1].z if k < 3 else mode.high
    halves = starts[k : k + 2]
    assert [half.z for half in halves] == pytest.approx([mode.z - away, mode.z + away])
    assert {(half.low, half.high, half.n) for half in halves} == {(low, high, mode.n / 2)}
    others = (*starts[:k], *starts[k + 2 :])
    for j, (other, before) in enumerate(zip(others, (*MODES[:k], *MODES[k + 1 :]), strict=True)):
        assert (other.z, other.n) == (before.z, before.n)
        assert other.high == (mode.z if j == k - 1 else before.high)
        assert other.low == (mode.z if j == k else before.low)


@pytest.mark.parametrize(
    ("apart", "ratio", "are_two"), [(1.2, 1.0, True), (1.19, 1.0, False), (2.0, 3.0, True), (2.0, 1 / 3, True), (2.0, 3.1, False),
                                    (2.0, 1 / 3.1, False)],
)  # fmt: skip
def test_two_populations_are_at_least_1_2_sds_apart_and_at_most_three_to_one(apart, ratio, are_two):
    left, right = Component(0.0, 5.0, ratio * 500.0), Component(apart * 5.0, 5.0, 500.0)
    assert _truly_two(left, right) is are_two


@pytest.mark.parametrize(("level", "alone"), [(159.0, False), (161.0, True)])
def test_a_population_stands_alone_where_no_neighbour_is_within_a_factor_of_1_6(level, alone):
    fit = [Component(mean, 1.0, 100.0) for mean in (100.0, level, 1000.0)]
    assert _stands_alone(fit, 0) is alone
    assert _stands_alone(fit[::-1], 2) is alone
    assert _stands_alone(fit, 2)


@pytest.mark.parametrize(("step", "n"), [(14.0, 4), (16.0, 5)])
def test_peaks_nearer_than_one_and_a_half_sds_are_one(step, n):
    """Three clear populations with a CV of 5 % give a law by which the SD at 200 is 10."""
    levels = (200.0 - step, 200.0, 1000.0, 4000.0, 16000.0)
    density = BinnedDensity(np.zeros(1), np.zeros(2), 10.0)
    modes = tuple(Mode(float(np.arcsinh(x / 10)), x - 1, x + 1, 100.0 + (x == 200.0)) for x in levels)
    fit = BeadMixture(
        tuple(Component(x, 0.05 * x, 100.0) for x in levels), np.zeros((1, 1)), 0.0, MixtureScale()
    )
    joined = merge_unresolvable(density, modes, fit)
    assert len(joined) == n
    if n == 4:
        assert joined[0] == Mode(modes[1].z, modes[0].low, modes[1].high, 201.0)
