"""Intervals that hold what differs between runs hold the truth, with the assumption, told, and from replicates."""

from __future__ import annotations

import pytest

from validation.replicates import pooled, single, study

pytestmark = pytest.mark.slow

N, SEED = 150, 7
LEAST, MOST = 0.89, 1.0
"""93 to 97 % less three sampling errors of 150; how far above them is in docs/validation.md."""


@pytest.mark.parametrize("true", [1_000.0, 30_000.0, 150_000.0])
@pytest.mark.parametrize(("cv", "told"), [(0.1, None), (0.2, 0.2)])
def test_a_single_tube_covers_where_the_cv_is_the_assumed_or_the_told_one(true, cv, told):
    assert LEAST <= single((true, cv, told, N, SEED)).share <= MOST


def test_a_cv_twice_the_assumed_one_shows_in_no_single_tube():
    assert single((30_000.0, 0.2, None, N, SEED)).share < 0.87


@pytest.mark.parametrize("several", [2, 3])
@pytest.mark.parametrize("cv", [0.0, 0.1, 0.2])
def test_pooled_replicates_cover_up_to_twice_the_assumed_cv_and_need_not_be_told(several, cv):
    held = pooled((several, cv, None, 4 * N, SEED))
    assert held.share >= 0.92
    assert held.n_without <= 0.01 * 4 * N


@pytest.mark.parametrize("several", [2, 3])
def test_pooled_replicates_of_thrice_the_assumed_cv_nearly_cover(several):
    assert pooled((several, 0.3, None, 4 * N, SEED)).share >= 0.87
    assert 0.92 <= pooled((several, 0.25, 0.25, 4 * N, SEED)).share <= 0.98


def test_a_typed_cv_of_thirty_percent_leaves_no_number_to_pool():
    held = pooled((2, 0.3, 0.3, N, SEED))
    assert (held.n, held.n_without) == (0, N)


@pytest.mark.parametrize("cv", [0.0, 0.1, 0.2, 0.3])
def test_eight_pairs_of_a_study_tell_its_cv_to_every_tube(cv):
    alone, together = study((8, cv, 4 * N, SEED))
    assert 0.92 <= alone.share <= 0.985
    assert 0.92 <= together.share <= 0.985
