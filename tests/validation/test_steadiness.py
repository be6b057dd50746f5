"""A change far below the noise changes hardly any cell, also where two beginnings of a search are equally sure."""

import numpy as np
import pytest

from validation.gating_tubes import Wanted
from validation.steadiness import Shaken, shaken_tube, summary, wanted_tubes

EQUALLY_SURE = Wanted("dim_cd138", "wide_scale", "six colours", 502)


@pytest.fixture(scope="module")
def shaken() -> list[Shaken]:
    """Tubes of seeds that are on no page: every scenario, both instruments, every panel."""
    return [shaken_tube(wanted) for wanted in wanted_tubes(range(601, 603))]


@pytest.mark.slow
def test_a_change_far_below_the_noise_moves_no_tube_by_more_than_few_cells_and_no_density_by_half_a_percent(
    shaken,
):
    assert len(shaken) == 22
    assert max(tube.cells for tube in shaken) < 0.01
    assert max(tube.density for tube in shaken if np.isfinite(tube.density)) < 0.005


@pytest.mark.slow
def test_most_tubes_do_not_change_a_quantified_cell(shaken):
    assert sum(tube.cells > 0 for tube in shaken) <= len(shaken) / 4


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
