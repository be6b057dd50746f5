"""Odds ratios by logistic regression, and Firth's where the data are separated."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

from pipeline.response.statistics.counts import contrast, proportion
from pipeline.response.statistics.logistic import FIRTH, ML, is_separated, odds_ratio


def two_by_two(a, b, c, d):
    """Return covariate and outcome: a yes and b no in group 1, c yes and d no in group 0."""
    return np.repeat([1.0, 1.0, 0.0, 0.0], [a, b, c, d]), np.repeat([True, False, True, False], [a, b, c, d])


@pytest.mark.parametrize("cells", [(3, 0, 1, 2), (5, 0, 2, 6), (0, 7, 4, 3), (1, 0, 0, 1)])
def test_firths_odds_ratio_of_a_table_adds_a_half_to_every_cell(cells):
    # in a saturated model Jeffreys' prior is half an observation per cell: Heinze & Schemper 2002, section 2.1
    a, b, c, d = (cell + 0.5 for cell in cells)
    found = odds_ratio("x", "1", *two_by_two(*cells))
    assert found.method == FIRTH
    assert np.log(found.odds_ratio) == pytest.approx(np.log(a * d / (b * c)), abs=1e-6)


def test_firths_profile_limits_are_those_of_the_penalised_table():
    a, b, c, d = (cell + 0.5 for cell in (5, 0, 2, 6))

    def penalised(slope):
        def minus(intercept):
            p, q = 1 / (1 + np.exp(-intercept - slope)), 1 / (1 + np.exp(-intercept))
            return -(a * np.log(p) + b * np.log(1 - p) + c * np.log(q) + d * np.log(1 - q))

        return -optimize.minimize_scalar(
            minus, bounds=(-15, 15), method="bounded", options={"xatol": 1e-12}
        ).fun

    best = penalised(np.log(a * d / (b * c)))
    found = odds_ratio("x", "1", *two_by_two(5, 0, 2, 6))
    for limit in (found.low, found.high):
        assert 2 * (best - penalised(np.log(limit))) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-5)
    assert found.p == pytest.approx(stats.chi2.sf(2 * (best - penalised(0)), 1), abs=1e-6)


def test_unseparated_data_agree_with_statsmodels():
    rng = np.random.default_rng(5)
    x = rng.normal(3, 2, 60)
    y = rng.random(60) < 1 / (1 + np.exp(1 - 0.5 * x))
    found = odds_ratio("x", "1", x, y)
    other = sm.Logit(y, sm.add_constant(x)).fit(disp=0)
    assert found.method == ML
    assert np.log(found.odds_ratio) == pytest.approx(other.params[1], abs=1e-6)
    assert found.p == pytest.approx(stats.chi2.sf(other.llr, 1), abs=1e-6)
    for limit in (found.low, found.high):
        offset = np.log(limit) * x
        null = sm.GLM(y, np.ones((60, 1)), family=sm.families.Binomial(), offset=offset).fit()
        assert 2 * (other.llf - null.llf) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-5)


def test_the_unit_of_the_covariate_scales_the_odds_ratio():
    x, y = [1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 1, 0, 1, 0, 1, 1]
    one, ten = odds_ratio("x", "1", x, y), odds_ratio("x", "10", np.array(x) / 10, y)
    assert np.log(ten.odds_ratio) == pytest.approx(10 * np.log(one.odds_ratio), rel=1e-6)


@pytest.mark.parametrize(
    ("x", "y", "separated"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], True),
        ([1, 2, 2, 3], [0, 0, 1, 1], True),
        ([4, 3, 2, 1], [0, 0, 1, 1], True),
        ([1, 2, 3, 4], [0, 1, 0, 1], False),
    ],
)
def test_separation_is_seen_on_either_side_and_with_ties(x, y, separated):
    assert is_separated(np.array(x, float), np.array(y, bool)) is separated


def test_what_cannot_be_estimated_says_why():
    assert odds_ratio("x", "1", [], []).note == "nobody has both covariate and outcome"
    assert odds_ratio("x", "1", [1, 1], [0, 1]).note == "the covariate is the same for all"
    assert odds_ratio("x", "1", [1, 2], [1, 1]).note == "the outcome is the same for all"


def test_a_contrast_with_an_empty_cell_has_a_finite_penalised_odds_ratio():
    found = contrast("c", proportion("a", 5, 5), proportion("b", 2, 6))
    assert found.odds_ratio is None
    assert found.firth.odds_ratio == pytest.approx(5.5 * 4.5 / (0.5 * 2.5), rel=1e-6)
    assert contrast("c", proportion("a", 4, 5), proportion("b", 2, 6)).firth is None
    assert contrast("c", proportion("a", 0, 5), proportion("b", 0, 6)).firth is None
