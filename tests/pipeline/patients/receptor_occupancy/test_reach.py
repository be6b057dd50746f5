"""How far a limit of a density reaches, as a log ratio."""

import math

import pytest

from pipeline.patients.receptor_occupancy.total import _reach


@pytest.mark.parametrize(
    ("more", "less"),
    [(None, 1.0), (1.0, None), (None, None), (1.0, 0.0), (0.0, 1.0), (1.0, -1.0), (-1.0, 1.0)],
)
def test_without_both_limits_above_zero_the_reach_is_infinite(more, less):
    assert _reach(more, less) == math.inf


def test_the_reach_is_the_log_of_the_ratio_and_never_below_zero():
    assert _reach(0.5, 0.25) == pytest.approx(math.log(2))
    assert _reach(0.25, 0.5) == 0.0
