"""Odds ratios by logistic regression, and Firth's where the data are separated."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

from helpers.r_witness import needs_r, r_numbers
from pipeline.response.statistics.counts import contrast, proportion
from pipeline.response.statistics.logistic import OddsMethod, is_separated, odds_ratio


def two_by_two(a, b, c, d):
    """Return covariate and outcome: a yes and b no in group 1, c yes and d no in group 0."""
    return np.repeat([1.0, 1.0, 0.0, 0.0], [a, b, c, d]), np.repeat([True, False, True, False], [a, b, c, d])


@pytest.mark.parametrize("cells", [(3, 0, 1, 2), (5, 0, 2, 6), (0, 7, 4, 3), (1, 0, 0, 1)])
def test_firths_odds_ratio_of_a_table_adds_a_half_to_every_cell(cells):
    # in a saturated model Jeffreys' prior is half an observation per cell: Heinze & Schemper 2002, section 2.1
    a, b, c, d = (cell + 0.5 for cell in cells)
    found = odds_ratio("x", "1", *two_by_two(*cells))
    assert found.method == OddsMethod.PENALISED
    assert np.log(found.ratio) == pytest.approx(np.log(a * d / (b * c)), abs=1e-6)


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
    assert found.method == OddsMethod.LIKELIHOOD
    assert np.log(found.ratio) == pytest.approx(other.params[1], abs=1e-6)
    assert found.p == pytest.approx(stats.chi2.sf(other.llr, 1), abs=1e-6)
    for limit in (found.low, found.high):
        offset = np.log(limit) * x
        null = sm.GLM(y, np.ones((60, 1)), family=sm.families.Binomial(), offset=offset).fit()
        assert 2 * (other.llf - null.llf) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-5)


def test_the_unit_of_the_covariate_scales_the_odds_ratio():
    x, y = [1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 1, 0, 1, 0, 1, 1]
    one, ten = odds_ratio("x", "1", x, y), odds_ratio("x", "10", np.array(x) / 10, y)
    assert np.log(ten.ratio) == pytest.approx(10 * np.log(one.ratio), rel=1e-6)


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
    assert found.firth.ratio == pytest.approx(5.5 * 4.5 / (0.5 * 2.5), rel=1e-6)
    assert contrast("c", proportion("a", 4, 5), proportion("b", 2, 6)).firth is None
    assert contrast("c", proportion("a", 0, 5), proportion("b", 0, 6)).firth is None


def separated(seed):
    """Return a covariate, here and there tied, and outcomes that one of its values splits."""
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(0, 2, int(rng.integers(4, 25))), int(rng.integers(0, 3)))
    y = x > np.median(x)
    return (x, y) if y.any() and not y.all() else (np.arange(6.0), np.arange(6) > 2)


def penalised(x, y, slopes):
    """Return Firth's penalised profile by brute force: the highest of a fine grid of intercepts, refined."""

    def log_likelihood(intercepts, slope):
        eta = np.asarray(intercepts)[:, None] + slope * x
        fit = np.where(y, -np.logaddexp(0, -eta), -np.logaddexp(0, eta)).sum(axis=1)
        weight = np.exp(-np.logaddexp(0, eta) - np.logaddexp(0, -eta))
        information = weight.sum(1) * (weight * x * x).sum(1) - (weight * x).sum(1) ** 2
        return fit + 0.5 * np.log(np.maximum(information, 1e-300))

    def highest(slope):
        grid = np.linspace((-slope * x).min() - 10, (-slope * x).max() + 10, 8001)
        at = int(np.clip(log_likelihood(grid, slope).argmax(), 1, 7999))
        best = optimize.minimize_scalar(
            lambda a: -log_likelihood([a], slope)[0], bounds=(grid[at - 1], grid[at + 1]), method="bounded",
            options={"xatol": 1e-12},
        )  # fmt: skip
        return -best.fun

    return np.array([highest(slope) for slope in slopes])


@pytest.mark.parametrize("seed", range(8))
def test_firths_maximum_and_limits_are_the_global_ones(seed):
    x, y = separated(seed)
    spread = x.std()
    found = odds_ratio("x", "1", x, y)
    z = (x - x.mean()) / spread
    slope, low, high = (None if ratio is None else np.log(ratio) * spread for ratio in (
        found.ratio, found.low, found.high))  # fmt: skip
    best = penalised(z, y, [slope])[0]
    assert penalised(z, y, np.linspace(-4, 40, 45)).max() <= best + 1e-8
    for limit in (low, high):
        if limit is not None:
            assert 2 * (best - penalised(z, y, [limit])[0]) == pytest.approx(
                stats.chi2.ppf(0.95, 1), abs=1e-6
            )
    beyond = penalised(z, y, [*np.linspace(low - 6, low - 0.01, 7)])
    assert (2 * (best - beyond) > stats.chi2.ppf(0.95, 1)).all()


@pytest.mark.parametrize(
    ("x", "event"),
    [
        ([0.1, 0.6, 2.4, 0.4, 1.1], 2),
        ([1.2, 0.4, 8.5, -2.0, -1.5, -11.3, 3.4, -1.5, 0.2, -2.1], 2),
        ([16.1, 4.0, -0.9, -5.4, -3.4], 0),
    ],
)
def test_the_highest_of_several_summits_over_the_intercept_gives_the_limit(x, event):
    # a search that starts from one place finds a lower summit here, by 0.3 to 0.4 of the log likelihood
    x, y = np.array(x), np.arange(len(x)) == event
    found = odds_ratio("x", "1", x, y)
    z = (x - x.mean()) / x.std()
    best, at_limit = penalised(z, y, np.log([found.ratio, found.high]) * x.std())
    assert 2 * (best - at_limit) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-6)


@needs_r()
@pytest.mark.parametrize("case", ["0/8 v 5/9", "8/8 v 3/9", *range(4)])
def test_firth_agrees_with_a_search_of_r_over_all_intercepts(case):
    tables = {"0/8 v 5/9": (0, 8, 5, 4), "8/8 v 3/9": (8, 0, 3, 6)}
    x, y = two_by_two(*tables[case]) if case in tables else separated(case)
    found = odds_ratio("x", "1", x, y)
    r = r_numbers(
        """
        z <- (x - mean(x)) / sqrt(mean((x - mean(x))^2)); s <- sqrt(mean((x - mean(x))^2))
        sign <- ifelse(y == 1, 1, -1)  # ll is of many intercepts a at once, a row each
        ll <- function(a, b) { e <- outer(a, b * z, `+`); w <- plogis(e) * plogis(-e)
          d <- rowSums(w) * drop(w %*% z^2) - drop(w %*% z)^2
          rowSums(plogis(sweep(e, 2, sign, `*`), log.p = TRUE)) + 0.5 * log(pmax(d, 1e-300)) }
        prof <- function(b) { g <- seq(min(-b * z) - 10, max(-b * z) + 10, length.out = 1500)
          i <- min(max(which.max(ll(g, b)), 2), 1499)
          optimize(ll, c(g[i - 1], g[i + 1]), b = b, maximum = TRUE, tol = 1e-10)$objective }
        tell('fall', sapply(log(told) * s, prof))
        bs <- seq(-2, 20, by = 0.5); tell('scan', max(sapply(bs, prof)))
        """,
        x=x.tolist(), y=[float(v) for v in y], told=[found.ratio, found.low, found.high or np.nan],
    ) if found.high is not None else None  # fmt: skip
    if r is None:
        pytest.skip("the upper limit is open")
    top, *ends = r["fall"]
    assert r["scan"][0] <= top + 1e-7 or case == "0/8 v 5/9"
    for end in ends:
        assert 2 * (top - end) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-5)


@needs_r()
def test_unseparated_data_agree_with_glm():
    rng = np.random.default_rng(9)
    x = rng.normal(3, 2, 50)
    y = rng.random(50) < 1 / (1 + np.exp(1 - 0.5 * x))
    r = r_numbers(
        "f <- glm(y ~ x, family = binomial, epsilon = 1e-12); tell('slope', coef(f)[2])", x=x, y=y * 1.0
    )
    assert np.log(odds_ratio("x", "1", x, y).ratio) == pytest.approx(r["slope"][0], rel=1e-7)


@pytest.mark.parametrize("n", [300, 3_000, 5_000, 100_000])
@pytest.mark.parametrize("events", [1, 7])
def test_a_rare_outcome_of_many_patients_has_the_odds_of_half_a_patient_more_in_each_cell(n, events):
    for first, second, sign in ((0, events, 1), (events, 0, -1), (n, n - events, -1)):
        totals = np.repeat([0.0, 1.0], [n, n])
        parts = [first, n - first, second, n - second]
        outcome = np.repeat([True, False, True, False], parts)
        found = odds_ratio("RD", "yes v no", totals, outcome)
        expected = (second + 0.5) * (n - first + 0.5) / ((n - second + 0.5) * (first + 0.5))
        assert found.ratio == pytest.approx(expected, rel=1e-5)
        assert np.sign(np.log(found.ratio)) == sign
        assert found.low < found.ratio < found.high
