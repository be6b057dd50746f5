"""PFS, odds and the split by RD against known truth: few studies of each row of the validation page."""

from __future__ import annotations

import numpy as np
import pytest

from validation.response import TABLES, WARDS, curve_covers, medians, odds_covers, split


def test_pfs_is_right_where_patients_stop_coming_and_too_long_without_their_assessments():
    found = [medians((WARDS[1], seed)) for seed in range(40)]
    assert np.mean([study[0] for study in found]) >= 0.85
    told, alive, bound = (np.median([study[part] for study in found]) for part in (2, 3, 4))
    assert told == pytest.approx(196, abs=28)
    assert bound < told < alive - 60


def test_the_interval_of_a_median_covers():
    assert np.mean([curve_covers((20, 0.3, seed)) for seed in range(100)]) >= 0.88


@pytest.mark.parametrize("case", TABLES[:2] + TABLES[3:4], ids=str)
def test_exact_and_penalised_intervals_cover(case):
    exact, firth = np.mean([odds_covers((case, seed)) for seed in range(60)], axis=0)
    assert exact >= 0.91
    assert firth >= 0.88


def test_who_is_on_the_wrong_side_of_the_cut_is_mostly_said():
    wrong, said, open_sides, n = np.sum([split((0.08, seed)) for seed in range(30)], axis=0)
    assert wrong > 10
    assert said / wrong >= 0.9
    assert open_sides / n < 0.5
