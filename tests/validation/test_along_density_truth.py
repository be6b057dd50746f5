"""Response along the density against known truth: few studies of some rows of the validation page."""

from __future__ import annotations

import numpy as np
import pytest

from validation.along_density import WARDS, hazard_covers, study


@pytest.mark.slow
@pytest.mark.parametrize("ward", [WARDS[2], WARDS[5]], ids=lambda ward: ward.name)
def test_odds_area_and_cut_cover_and_the_told_worth_of_the_cut_is_that_in_others(ward):
    found = np.array([study((ward, 40, seed)) for seed in range(50)], dtype=float)
    for column in (1, 2, 3, 4):
        assert np.nanmean(found[:, column]) >= 0.86
    assert abs(np.nanmean(found[:, 6])) < 0.06


@pytest.mark.slow
def test_the_hazard_ratio_covers():
    assert np.mean([hazard_covers((0.6, 19, seed))[1] for seed in range(60)]) >= 0.87
