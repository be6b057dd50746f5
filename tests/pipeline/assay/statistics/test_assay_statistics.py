"""The arithmetic of a validation against R, against second implementations, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from helpers.r_witness import needs_r, r_numbers
from pipeline.assay.statistics import (
    Agreement,
    agreement,
    carry_over,
    control_runs,
    detection_limits,
    linearity,
    nested_precision,
    stability,
)
from pipeline.assay.statistics.moments import TooFewError

DAYS = [str(row // 9) for row in range(27)]
RUNS = [str(row // 3 % 3) for row in range(27)]


def nested_values(seed: int, day: float = 3.0, run: float = 2.0, own: float = 1.0) -> list[float]:
    """27 results of 3 days × 3 runs × 3 replicates with these SDs."""
    rng = np.random.default_rng(seed)
    of_day, of_run = np.repeat(rng.normal(0, day, 3), 9), np.repeat(rng.normal(0, run, 9), 3)
    return (100 + of_day + of_run + rng.normal(0, own, 27)).tolist()


@needs_r("nlme")
def test_balanced_components_are_those_of_restricted_likelihood_in_r():
    values = nested_values(4)
    found = nested_precision(values, [("day", DAYS), ("run", RUNS)])
    told = r_numbers(
        "d <- data.frame(y=y, day=factor(day), run=factor(run)); library(nlme);"
        "m <- lme(y ~ 1, random=~1|day/run, data=d, control=lmeControl(tolerance=1e-10));"
        "v <- as.numeric(VarCorr(m)[,1]); tell('day', v[2]); tell('run', v[4]); tell('own', v[5])",
        y=values,
        day=[float(day) for day in DAYS],
        run=[float(run) for run in RUNS],
    )
    for name, r in (("day", "day"), ("run", "run"), ("repeatability", "own")):
        assert found.component(name).variance == pytest.approx(told[r][0], rel=1e-4)


@needs_r()
def test_components_of_unequal_numbers_solve_the_expected_mean_squares_of_r():
    rng = np.random.default_rng(2)
    runs = ["a"] * 5 + ["b"] * 2 + ["c"] * 3 + ["d"]
    values = (50 + np.repeat(rng.normal(0, 4, 4), [5, 2, 3, 1]) + rng.normal(0, 1, 11)).tolist()
    found = nested_precision(values, [("run", runs)])
    told = r_numbers(
        "a <- anova(lm(y ~ factor(run))); n <- table(run); N <- sum(n); n0 <- (N - sum(n^2)/N)/(length(n)-1);"
        "tell('own', a[2,3]); tell('run', (a[1,3]-a[2,3])/n0)",
        y=values,
        run=[float(ord(name)) for name in runs],
    )
    assert found.component("repeatability").variance == pytest.approx(told["own"][0], rel=1e-10)
    assert found.component("run").variance == pytest.approx(told["run"][0], rel=1e-10)


def test_components_are_unbiased_within_5_percent_and_the_total_is_covered():
    found = [nested_precision(nested_values(seed), [("day", DAYS), ("run", RUNS)]) for seed in range(1500)]
    for name, true, loose in (("day", 9.0, 0.09), ("run", 4.0, 0.05), ("repeatability", 1.0, 0.05)):
        mean = np.mean([one.component(name).variance for one in found])
        assert mean == pytest.approx(true, rel=loose)  # of the days 3 standard errors of the simulation
    totals = [one.component("total") for one in found]
    assert 0.93 <= np.mean([t.sd_low <= math.sqrt(14) <= t.sd_high for t in totals]) <= 0.975


def test_the_total_is_never_smaller_than_a_part_of_it():
    days = [str(k // 3) for k in range(9)]
    for seed in range(40):
        values = np.random.default_rng(seed).normal(10, 0.5, 9).tolist()
        found = nested_precision(values, [("day", days)])
        total, own = found.component("total"), found.component("repeatability")
        assert total.sd >= own.sd
        assert total.cv_percent >= own.cv_percent
        assert total.sd_low <= total.sd <= total.sd_high
        assert total.variance == pytest.approx(found.component("day").variance + own.variance)


def test_a_factor_that_no_replicate_tells_apart_is_named():
    found = nested_precision([1.0, 2.0, 3.0, 4.0], [("day", ["x"] * 4), ("run", list("aabb"))])
    assert found.left_out == ("day",)
    assert [part.name for part in found.components] == ["run", "repeatability", "total"]


def test_what_differs_between_materials_is_no_part_of_their_common_precision():
    values = [10.0, 11.0, 10.5, 1000.0, 1001.0, 1000.5]
    found = nested_precision(values, [("material", list("aaabbb"))], of_materials=True)
    assert found.component("total").variance == pytest.approx(0.25)


def test_results_without_replicates_are_refused():
    with pytest.raises(TooFewError, match="no two of them in one run"):
        nested_precision([1.0], [("run", ["a"])])


@needs_r()
def test_the_line_and_its_quadratic_term_are_those_of_r():
    level = [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.1, 0.1]
    value = [101.0, 104.0, 51.0, 50.0, 24.0, 26.5, 10.5, 9.8]
    found = linearity(level, value)
    told = r_numbers(
        "w <- 1/ave(y, x)^2; a <- lm(y ~ x, weights=w); b <- lm(y ~ x + I(x^2), weights=w);"
        "tell('line', coef(a)); tell('ends', confint(a)[2,]); tell('p', coef(summary(b))[3,4])",
        x=level,
        y=value,
    )
    assert [found.intercept, found.slope] == pytest.approx(told["line"], rel=1e-9, abs=1e-9)
    assert [found.slope_low, found.slope_high] == pytest.approx(told["ends"], rel=1e-9)
    assert found.curved_p == pytest.approx(told["p"][0], rel=1e-8)


def test_a_bent_scale_is_seen_in_its_distances():
    level = np.repeat([0.1, 0.25, 0.5, 1.0], 3)
    wobble = np.tile([0.99, 1.0, 1.01], 4)
    straight = linearity(level, (10_000 * level * wobble).tolist())
    bent = linearity(level, (10_000 * level**1.4 * wobble).tolist())
    assert straight.worst_percent < 1
    assert straight.curved_p > 0.05
    assert bent.worst_percent > 20
    assert bent.curved_p < 0.001


@pytest.mark.parametrize(
    ("level", "value", "text"),
    [
        ([1.0, 1.0, 0.5, 0.5], [2.0, 2.0, 1.0, 1.0], "found 2 levels"),
        ([1.0, 0.5, 0.2], [2.0, 1.0, 0.4], "one tube at each level"),
        ([1.0, 1.0, 0.5, 0.5, 0.0, 0.0], [2.0, 2.1, 1.0, 1.1, -1.0, 0.5], "not above zero"),
    ],
)
def test_levels_that_show_no_line_are_refused(level, value, text):
    with pytest.raises(TooFewError, match=text):
        linearity(level, value)


def test_limits_follow_ep17_by_hand():
    blanks, low = [[0.0, 10.0, 20.0, 30.0]], [("dim", [100.0, 120.0, 110.0, 130.0])]
    found = detection_limits(blanks, low, goal_percent=20)
    size = math.sqrt(500 / 3)
    factor = 1.645 / (1 - 1 / 12)
    assert found.lob == pytest.approx(15 + factor * size)
    assert found.lod == pytest.approx(found.lob + factor * size)
    assert found.loq == pytest.approx(115)
    assert detection_limits(blanks, low, goal_percent=5).loq is None


def test_sixty_blanks_give_the_limit_by_their_rank():
    found = detection_limits([[float(value) for value in range(1, 61)]], [])
    assert found.lob_by_rank
    assert found.lob == pytest.approx(57.5)  # rank 0.5 + 0.95 · 60
    assert found.lod is None
    assert "no LoD" in " ".join(found.why)


def test_a_noisy_dim_material_ends_the_range_even_where_a_dimmer_one_is_quiet():
    low = [
        ("quiet", [50.0, 51.0, 50.0, 51.0]),
        ("noisy", [80.0, 160.0, 80.0, 160.0]),
        ("bright", [500.0, 510.0]),
    ]
    assert detection_limits([[0.0, 1.0, 2.0, 1.0]], low).loq == pytest.approx(505)


@needs_r()
def test_the_loss_a_day_is_that_of_a_covariance_analysis_in_r():
    rng = np.random.default_rng(5)
    rows = [
        (name, hours, float(level * np.exp(-0.002 * hours + rng.normal(0, 0.03))))
        for name, level in (("a", 900.0), ("b", 30_000.0))
        for hours in (2.0, 2.0, 24.0, 24.0, 48.0)
    ]
    found = stability(rows)
    told = r_numbers(
        "m <- lm(log(y) ~ factor(m) + h); tell('slope', 100*(exp(24*coef(m)[3])-1));"
        "tell('ends', 100*(exp(24*confint(m)[3,])-1))",
        y=[density for _, _, density in rows],
        m=[float(ord(name)) for name, _, _ in rows],
        h=[hours for _, hours, _ in rows],
    )
    assert found.per_day_percent == pytest.approx(told["slope"][0], rel=1e-8)
    assert [found.per_day_low, found.per_day_high] == pytest.approx(told["ends"], rel=1e-8)


def test_a_material_is_stable_up_to_the_last_time_before_one_that_is_not():
    rows = [
        (name, hours, level * (0.6 if hours == 48 else 1.0) * wobble)
        for name, level in (("a", 900.0), ("b", 5_000.0), ("c", 30_000.0))
        for hours in (2.0, 24.0, 48.0, 72.0)
        for wobble in (0.99, 1.01)
    ]
    assert stability(rows).stable_hours == 24


def test_carry_over_is_the_share_of_the_gap_that_the_first_dim_tube_shows():
    found = carry_over([([1000.0, 1000.0], [19.0, 10.0, 11.0, 9.0])])
    assert found.percent == pytest.approx(100 * 9 / 990)
    assert found.low < found.percent < found.high_end
    with pytest.raises(TooFewError, match="two bright tubes"):
        carry_over([([1000.0], [19.0, 10.0, 11.0])])


def deming_of_a_second_writing(x: np.ndarray, y: np.ndarray) -> float:
    """The slope that minimises squared relative distances to the line, found on a fine grid."""
    best = (math.inf, 0.0)
    for slope in np.linspace(0.8, 1.4, 2401):
        for intercept in np.linspace(-300, 300, 61):
            true = (x + slope * (y - intercept)) / (1 + slope**2)
            level = (true + intercept + slope * true) / 2
            loss = float(np.sum(((x - true) ** 2 + (y - intercept - slope * true) ** 2) / level**2))
            best = min(best, (loss, float(slope)))
    return best[1]


def pairs(seed: int, n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = np.exp(rng.uniform(np.log(2_000), np.log(150_000), n))
    return true * np.exp(rng.normal(0, 0.08, n)), (1.1 * true + 200) * np.exp(rng.normal(0, 0.08, n))


@pytest.mark.slow
def test_the_weighted_deming_line_is_that_of_a_second_writing():
    x, y = pairs(3)
    assert agreement(x.tolist(), y.tolist()).slope == pytest.approx(
        deming_of_a_second_writing(x, y), abs=0.01
    )


def errors_by_the_scatter_of_all(found: Agreement, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the standard errors of intercept and of y/x at both ends: weighted least squares on the line."""
    b, a = found.slope, found.intercept
    on_line = x + b * (y - a - b * x) / (1 + b**2)
    level = (on_line + a + b * on_line) / 2
    design = np.column_stack([np.ones_like(x), on_line]) / level[:, np.newaxis]
    scatter = np.sum(((y - a - b * x) / level) ** 2) / (len(x) - 2)
    of_each = np.array([[1, 0], [1 / x.min(), 1], [1 / x.max(), 1]])
    return np.sqrt(scatter * np.diag(of_each @ np.linalg.inv(design.T @ design) @ of_each.T))


@pytest.mark.parametrize(("seed", "n"), [(3, 40), (4, 10), (11, 20)])
def test_the_line_at_both_ends_has_the_interval_of_a_jackknife_of_a_second_writing(seed: int, n: int):
    x, y = pairs(seed, n)
    found = agreement(x.tolist(), y.tolist())
    lines = [agreement(np.delete(x, k).tolist(), np.delete(y, k).tolist()) for k in range(n)]
    least = errors_by_the_scatter_of_all(found, x, y)
    for of_slope, of_intercept, at_least, (value, low, high) in (
        (0, 1, least[0], (found.intercept, found.intercept_low, found.intercept_high)),
        (1, 1 / x.min(), least[1], (found.dimmest, found.dimmest_low, found.dimmest_high)),
        (1, 1 / x.max(), 0.0, (found.brightest, found.brightest_low, found.brightest_high)),
    ):
        left_out = np.array([of_slope * line.slope + of_intercept * line.intercept for line in lines])
        assert value == pytest.approx(of_slope * found.slope + of_intercept * found.intercept)
        pseudo = n * value - (n - 1) * left_out
        half = stats.t.ppf(0.975, n - 2) * max(pseudo.std(ddof=1) / math.sqrt(n), at_least)
        assert (low, high) == pytest.approx((pseudo.mean() - half, pseudo.mean() + half))


@pytest.mark.parametrize("n", [8, 10, 20])
def test_the_dim_end_of_the_line_is_covered_though_few_materials_set_it(n: int):
    covered = []
    for seed in range(200):
        x, y = pairs(seed, n)
        found = agreement(x.tolist(), y.tolist())
        covered.append(found.dimmest_low <= 1.1 + 200 / x.min() <= found.dimmest_high)
    assert np.mean(covered) >= 0.93


@pytest.mark.slow
def test_deming_slopes_are_right_within_one_percent_on_average():
    found = [agreement(*(values.tolist() for values in pairs(seed))) for seed in range(150)]
    assert np.mean([one.slope for one in found]) == pytest.approx(1.1, rel=0.01)
    assert np.mean([one.slope_low <= 1.1 <= one.slope_high for one in found]) >= 0.9


def test_swapping_the_ways_inverts_line_and_ratio():
    x, y = (values.tolist() for values in pairs(8))
    one, other = agreement(x, y), agreement(y, x)
    assert one.slope == pytest.approx(1 / other.slope, rel=1e-6)
    assert one.ratio == pytest.approx(1 / other.ratio)
    assert one.agree_low == pytest.approx(1 / other.agree_high)


@needs_r()
def test_the_mean_ratio_and_its_interval_are_those_of_a_paired_t_test_in_r():
    x, y = (values.tolist() for values in pairs(9, n=12))
    found = agreement(x, y)
    told = r_numbers("t <- t.test(log(y), log(x), paired=TRUE); tell('e', exp(t$conf.int))", x=x, y=y)
    assert [found.ratio_low, found.ratio_high] == pytest.approx(told["e"], rel=1e-9)


def test_a_control_outside_of_its_typed_range_or_of_the_other_runs_is_seen():
    typed = control_runs([("1", 45.0), ("2", 52.0)], [(40.0, 50.0), (40.0, 50.0)])
    assert [run.inside for run in typed] == [True, False]
    values = [("1", 45.0), ("2", 46.0), ("3", 44.0), ("4", 45.5), ("5", 44.5), ("6", 60.0)]
    found = control_runs(values, [(None, None)] * 6)
    assert [run.inside for run in found] == [True] * 5 + [False]
    assert control_runs(values[:3], [(None, None)] * 3)[0].inside is None
