"""A change far below the noise changes hardly any cell, also where two beginnings of a search are equally sure."""

import numpy as np
import pytest

from gating.events import Events
from gating.events.panel import GatingChannel, GatingPanel, Role
from validation.gating_robustness import Shake, shaken
from validation.gating_tubes import Wanted
from validation.steadiness import Shaken, shaken_tube, summary, wanted_tubes

EQUALLY_SURE = Wanted("dim_cd138", "wide_scale", "six colours", 502)


WANTED = wanted_tubes(range(601, 603))
"""Tubes of seeds that are on no page: every scenario, both instruments, every panel."""


@pytest.mark.slow
def test_a_millionth_of_the_noise_moves_no_cell_of_any_tube():
    assert len(WANTED) == 22
    assert [tube for tube in (shaken_tube(wanted, Shake.NOISE) for wanted in WANTED) if tube.draws] == []


@pytest.mark.slow
def test_a_change_that_is_a_thousand_times_larger_moves_few_cells():
    tubes = [shaken_tube(wanted) for wanted in WANTED]
    assert np.quantile([tube.cells for tube in tubes], 0.9) < 0.03
    assert max(tube.density for tube in tubes if np.isfinite(tube.density)) < 0.02


def test_noise_is_that_of_unstained_cells_and_a_share_of_the_light():
    values = np.array([-3.0, 4.0, 1_000.0], np.float32)
    events = Events(np.tile(values, (1, 20_000)), ("A",), (262_144.0,))
    panel = GatingPanel((GatingChannel("A", Role.CD138),))
    moved = shaken(events, panel, 1, Shake.NOISE).values[0].astype(float) - events.values[0]
    assert np.std(moved[::3]) == pytest.approx(3e-6, rel=0.2)  # the step of float32 at 3 is 2.4e-7
    assert np.std(moved[2::3]) == pytest.approx(5e-5, rel=0.3)  # at 1,000 it is 6.1e-5


@pytest.mark.slow
def test_of_two_equally_sure_groups_the_last_digit_does_not_choose():
    assert shaken_tube(EQUALLY_SURE).cells < 0.01


def test_the_most_changed_tube_is_told_first_with_its_step():
    still = Shaken(EQUALLY_SURE, 0.0, 0.0, 0, "")
    moved = Shaken(EQUALLY_SURE, 0.02, 0.001, 3, "plasma_cells")
    more = Shaken(EQUALLY_SURE, 0.5, float("nan"), 1, "aberrant")
    said = summary([still, moved, more])
    assert said[1] == "2 change any cell of any step, 2 a quantified cell."
    assert "worst 50.00%" in said[2]
    assert "worst 0.100%" in said[3]
    assert said[4].endswith("1 draws, cells 50.00%, density nan%, from aberrant")


def test_every_scenario_is_shaken_with_every_seed():
    assert len(wanted_tubes(range(3))) == 33
