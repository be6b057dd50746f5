"""When two sentinels of a tube disagree."""

import numpy as np
import pytest

from pipeline.patients.receptor_occupancy.sentinels import _differ


@pytest.mark.parametrize(("apart", "differ"), [(2.57, False), (2.58, True), (-2.58, True)])
def test_two_sentinels_disagree_from_the_one_percent_point_of_their_difference_on(apart, differ):
    matrix = np.array([[0.09, 0.02], [0.02, 0.07]])
    spread = np.sqrt(0.09 + 0.07 - 2 * 0.02)
    assert _differ(np.array([1.0 + apart * spread, 1.0]), matrix) is differ
