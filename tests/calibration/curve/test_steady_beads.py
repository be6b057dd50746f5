"""Beads over their own time: a change of brightness is measured, and sound runs show none."""

from dataclasses import replace

import numpy as np
import pytest

from calibration import find_bead_peaks
from calibration.curve.steady_beads import _of_population, _step_of_scale, brightness_change
from validation.simulated_beads import KITS, bead_run

CHANGES = {
    "rises": lambda u: 1 + 0.4 * u,
    "falls": lambda u: 1 - 0.3 * u,
    "warms up at first": lambda u: 1 - 0.3 * np.exp(-10 * u),
    "a step": lambda u: 1 + 0.12 * (u > 0.5),
    "there and back": lambda u: 1 + 0.15 * ((u > 0.4) & (u < 0.6)),
}


def beads_of(seed, change=np.ones_like, n=8000, kit="quantibrite_pe"):
    beads = bead_run(np.random.default_rng(seed), KITS[kit], n=n)
    light = beads.intensity[beads.population >= 0]
    return light * change(np.linspace(0, 1, light.size))


def measured(light, order=None, n_levels=4, blank=False):
    return brightness_change(light, find_bead_peaks(light, n_levels, blank=blank), order)


@pytest.mark.parametrize("kit", ["quantibrite_pe", "qsc"])
@pytest.mark.parametrize("n", [1200, 8000])
def test_steady_beads_show_no_change_beyond_sampling(kit, n):
    blank = KITS[kit][0] == 0
    runs = (beads_of(seed, n=n, kit=kit) for seed in range(12))
    changes = [measured(light, n_levels=len(KITS[kit]), blank=blank) for light in runs]
    assert [change.sure for change in changes] == [0.0] * 12
    assert 0 < max(change.change for change in changes) < 0.15


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_within_the_run_is_sure(name):
    change = measured(beads_of(2, CHANGES[name]))
    assert change.sure > 0.05
    assert change.change > change.sure
    assert change.earlier < change.later


def test_the_size_of_a_step_and_its_parts_are_those_of_the_run():
    change = measured(beads_of(3, lambda u: 1 + 0.12 * (u > 0.6)))
    assert change.change == pytest.approx(0.12, abs=0.01)
    assert change.earlier <= 3 < change.later


def test_one_population_alone_may_change():
    light = beads_of(4)
    late = np.linspace(0, 1, light.size) > 0.5
    light = np.where(late & (light < 500), 1.3 * light, light)
    assert measured(light).sure > 0.05


def test_times_put_sorted_events_back_into_order():
    light = beads_of(5, CHANGES["rises"])
    shuffled = np.random.default_rng(1).permutation(light.size)
    assert measured(light[shuffled]).sure == 0
    assert measured(light[shuffled], order=shuffled) == measured(light)


def test_a_coarse_scale_is_no_change():
    light = np.random.default_rng(7).normal(1, 0.02, 2000)
    beads = np.concatenate([np.round(8 * light), 100 * light])
    peaks = replace(find_bead_peaks(100 * light, 1), ranges=((5.0, 12.0),), medians=(8.0,))
    beads[:300] = np.where(np.arange(300) % 20 < 11, 9, beads[:300])
    assert brightness_change(beads[:2000], peaks).sure == 0


def test_no_population_that_can_be_judged_gives_no_change():
    light = beads_of(6)
    peaks = find_bead_peaks(light, 4)
    assert brightness_change(light, replace(peaks, saturated=(True,) * 4)) is None
    assert brightness_change(light, replace(peaks, overlapping=(True,) * 4)) is None
    assert brightness_change(light[:60], peaks) is None


def test_the_blank_and_a_population_at_the_end_of_scale_are_not_judged():
    light = beads_of(8)
    peaks = find_bead_peaks(light, 4)
    (low, high), late = peaks.ranges[0], np.linspace(0, 1, light.size) > 0.5
    rising = np.where(late & (light > low) & (light < high), 1.2 * light, light)
    assert brightness_change(rising, peaks).sure > 0.1
    for unused in ({"blank": True}, {"saturated": (True, False, False, False)}):
        assert brightness_change(rising, replace(peaks, **unused)).sure == 0


@pytest.mark.parametrize(
    ("values", "step"),
    [((1.0, 2.0, 4.0, 8.0, 16.0), 2.0), ((1.0, 1.0, 1.0, 1.5, 4.0), 0.5), ((1.0, 4.0, 9.0, 9.0, 9.0), 5.0), ((3.0, 3.0), 1.0)],
)  # fmt: skip
def test_the_step_of_a_scale_is_between_the_median_and_the_value_beside_it(values, step):
    assert _step_of_scale(np.array(values)) == step


def test_a_population_reaches_to_both_of_its_limits_and_has_fifteen_beads_in_each_part():
    part = np.arange(100.0, 115.0)
    log, sd = _of_population([part, part, 2 * part - 100.0], 100.0, 128.0)
    assert log == pytest.approx(np.log([107.0, 107.0, 114.0]) - np.log(107.0))
    spread = 1.4826 * np.median(np.abs(np.log(part) - np.log(107.0)))
    assert sd[0] == pytest.approx(1.2533 * spread / np.sqrt(15))
    for low, high in ((100.5, 128.0), (100.0, 113.9)):
        assert _of_population([part, part, part], low, high) is None
    assert _of_population([part - 100.0] * 3, 0.0, 14.0) is None
