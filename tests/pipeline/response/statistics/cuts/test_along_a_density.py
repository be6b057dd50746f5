"""Dose–response, ROC, cuts, Cox and ranks on values with errors and limits, against R and slow arithmetic."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, optimize, stats
from scipy.special import expit

from helpers.r_witness import needs_r, r_numbers
from pipeline.response.statistics import cox
from pipeline.response.statistics import rank_link as rank_links
from pipeline.response.statistics.cox import cox_ratio
from pipeline.response.statistics.cuts.best_cut import DensityCut, _between, best_cut, fixed_cut, sides
from pipeline.response.statistics.cuts.firth import firth_lines
from pipeline.response.statistics.cuts.implied import implied_youden, with_odds
from pipeline.response.statistics.cuts.roc import NO_OVERLAP, area_under, pair_wins, youden_interval
from pipeline.response.statistics.dose_response import dose_response
from pipeline.response.statistics.logistic import odds_ratio
from pipeline.response.statistics.rank_link import rank_link
from pipeline.response.statistics.true_values import ABOVE, BELOW, MEASURED, true_values


def patients(n: int, seed: int = 7, *, slope: float = 1.0, sd: float = 0.3, lloq: float = -math.inf):
    """Return log2 values or limits, kinds, errors and outcomes of n patients."""
    rng = np.random.default_rng(seed)
    true = rng.normal(15.0, 1.3, n)
    y = rng.random(n) < expit(slope * (true - 15.0))
    measured = true + rng.normal(0, sd, n)
    kind = np.where(measured < lloq, BELOW, MEASURED)
    return np.maximum(measured, lloq), kind, np.full(n, sd), y


def test_the_law_of_the_true_values_is_that_of_highest_likelihood():
    w, kind, sd, _ = patients(40, lloq=14.2)
    kind[np.argmax(w)] = ABOVE

    def loss(parameters):
        s = np.hypot(np.exp(parameters[1]), sd)
        z = (w - parameters[0]) / s
        terms = np.where(kind == MEASURED, stats.norm.logpdf(z) - np.log(s), 0.0)
        terms += np.where(kind == BELOW, stats.norm.logcdf(z), 0.0) + np.where(
            kind == ABOVE, stats.norm.logsf(z), 0
        )
        return -terms.sum()

    slow = optimize.minimize(loss, [15.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    known = true_values(w, kind, sd)
    assert [known.centre, known.spread] == pytest.approx([slow.x[0], math.exp(slow.x[1])], abs=1e-5)


def test_what_is_known_of_a_true_value_is_its_mean_given_measurement_or_limit():
    w, kind, sd, _ = patients(30, lloq=14.2)
    known = true_values(w, kind, sd)
    assert known.weights.sum(axis=1) == pytest.approx(np.ones(30))
    for place in (int(np.argmax(kind == BELOW)), int(np.argmax(kind == MEASURED))):

        def likely(x, place=place):
            prior = stats.norm.pdf(x, known.centre, known.spread)
            if kind[place] == MEASURED:
                return prior * stats.norm.pdf(w[place], x, sd[place])
            return prior * stats.norm.cdf(w[place], x, sd[place])

        mass, _ = integrate.quad(likely, 5, 25, points=[w[place]])
        mean, _ = integrate.quad(lambda x: x * likely(x), 5, 25, points=[w[place]])
        assert known.expected[place] == pytest.approx(mean / mass, abs=1e-6)
        assert (known.nodes * known.weights).sum(axis=1)[place] == pytest.approx(mean / mass, abs=2e-3)


def test_densities_that_differ_by_no_more_than_their_errors_have_no_true_spread():
    assert true_values([1.0, 1.1, 0.9, 1.05], [0] * 4, [0.5] * 4) is None
    assert true_values([1.0, 1.0], [0, 0], [0.0, 0.0]) is None


@pytest.mark.parametrize("n", [19, 60])
def test_without_errors_and_limits_it_is_firths_regression(n: int):
    w, kind, _, y = patients(n)
    found = dose_response("RD", "doubling", true_values(w, kind, np.zeros(n)), y)
    _, b = firth_lines(w - w.mean(), y.astype(float), np.ones((1, n)))
    assert math.log(found.ratio) == pytest.approx(float(b[0]), abs=1e-6)
    script = """
    loss <- function(q) { eta <- q[1] + q[2] * x; p <- plogis(eta); v <- p * (1 - p)
      -sum(ifelse(y > 0, log(p), log(1 - p))) - 0.5 * log(sum(v) * sum(v * x^2) - sum(v * x)^2) }
    best <- optim(c(0, 0), loss, method = 'BFGS', control = list(reltol = 1e-15, maxit = 1000))
    null <- optimize(function(a) loss(c(a, 0)), c(-5, 5), tol = 1e-12)
    tell('slope', best$par[2]); tell('p', pchisq(2 * (null$objective - best$value), 1, lower.tail = FALSE))
    """
    from helpers.r_witness import r_has

    if r_has("stats"):
        told = r_numbers(script, x=list(w - w.mean()), y=list(y.astype(float)))
        assert math.log(found.ratio) == pytest.approx(told["slope"][0], abs=1e-5)
        assert found.p == pytest.approx(told["p"][0], rel=1e-4)


def test_separated_outcomes_give_the_numbers_of_the_penalised_regression():
    x, y = np.arange(8.0), [False] * 4 + [True] * 4
    found = dose_response("RD", "doubling", true_values(x, [0] * 8, np.zeros(8)), y)
    other = odds_ratio("RD", "doubling", x, y)
    assert [found.ratio, found.low, found.p] == pytest.approx([other.ratio, other.low, other.p], rel=1e-5)


@pytest.mark.slow
@needs_r("stats")
def test_the_integral_over_errors_and_limits_is_that_of_r():
    """At the slope that was found, the penalised likelihood of R's own integrals is stationary."""
    w, kind, sd, y = patients(25, lloq=14.0, sd=0.5)
    known = true_values(w, kind, sd)
    found = dose_response("RD", "doubling", known, y)
    script = """
    f <- function(i, g) { m <- function(x) dnorm(x, mu, tau) * (if (kind[i] == 0) dnorm(w[i], x, s[i]) else pnorm(w[i], x, s[i]))
      h <- function(x) m(x) * g(x)
      lo <- if (kind[i] == 0) w[i] - 5 else mu - 8; hi <- if (kind[i] == 0) w[i] + 5 else mu + 8
      integrate(h, lo, hi, rel.tol = 1e-9)$value / integrate(m, lo, hi, rel.tol = 1e-9)$value }
    loss <- function(q) { n <- length(w); e <- function(x) plogis(q[1] + q[2] * (x - mu))
      l <- sapply(1:n, function(i) { p <- f(i, e); log(if (y[i] > 0) p else 1 - p) })
      v <- function(k) sum(sapply(1:n, function(i) f(i, function(x) e(x) * (1 - e(x)) * (x - mu)^k)))
      -sum(l) - 0.5 * log(v(0) * v(2) - v(1)^2) }
    best <- optim(c(0, 0.5), loss, method = 'Nelder-Mead', control = list(reltol = 1e-10, maxit = 300))
    tell('slope', best$par[2])
    """
    told = r_numbers(script, w=list(w), kind=list(kind.astype(float)), s=list(sd), y=list(y.astype(float)),
                     mu=known.centre, tau=known.spread)  # fmt: skip
    assert math.log(found.ratio) == pytest.approx(told["slope"][0], abs=3e-3)


def test_errors_make_the_measured_slope_too_flat_and_the_integral_takes_that_off():
    w, kind, sd, y = patients(1200, slope=1.0, sd=1.0)
    naive = dose_response("RD", "doubling", true_values(w, kind, np.zeros(1200)), y)
    found = dose_response("RD", "doubling", true_values(w, kind, sd), y)
    assert math.log(naive.ratio) < 0.75
    assert math.log(found.ratio) == pytest.approx(1.0, abs=0.2)


@needs_r("stats")
def test_the_area_is_that_of_wilcoxons_statistic_and_its_limits_solve_newcombes_equation():
    w, kind, _, y = patients(30)
    found = area_under(w, kind, y)
    told = r_numbers(
        """
        tell('area', wilcox.test(a, b, exact = FALSE)$statistic / (length(a) * length(b)))
        m <- length(a); n <- length(b); k <- (m + n) / 2 - 1; A <- wilcox.test(a, b, exact = FALSE)$statistic / (m * n)
        g <- function(t) (A - t)^2 - qnorm(0.975)^2 * t * (1 - t) / (m * n) * (1 + k * ((1 - t) / (2 - t) + t / (1 + t)))
        tell('limits', c(uniroot(g, c(1e-9, A), tol = 1e-12)$root, uniroot(g, c(A, 1 - 1e-9), tol = 1e-12)$root))
        """,
        a=list(w[y]), b=list(w[~y]),
    )  # fmt: skip
    assert found.area == pytest.approx(told["area"][0], abs=1e-12)
    assert [found.low, found.high] == pytest.approx(told["limits"], abs=1e-9)


def test_an_area_of_one_has_a_lower_limit_and_no_upper_one_below_one():
    found = area_under(np.arange(10.0), np.zeros(10, int), np.arange(10) >= 5)
    assert (found.area, found.high) == (1.0, 1.0)
    assert 0.5 < found.low < 0.9


def test_a_pair_whose_order_a_limit_leaves_open_counts_half():
    wins, n_open = pair_wins([10.0, 12.0, 11.0], [BELOW, MEASURED, BELOW], [True, True, False])
    assert wins.tolist() == [[0.5], [1.0]]
    assert n_open == 1
    above, _ = pair_wins([10.0, 9.0], [ABOVE, MEASURED], [True, False])
    assert above.tolist() == [[1.0]]
    same, none_open = pair_wins([9.0, 9.0], [MEASURED, MEASURED], [True, False])
    assert (same.tolist(), none_open) == ([[0.5]], 0)


def test_the_side_of_a_limit_is_open_where_the_cut_lies_beyond_it():
    above, below = sides(np.array([10.0, 10.0, 10.0]), np.array([BELOW, MEASURED, ABOVE]), 9.0)
    assert (above.tolist(), below.tolist()) == ([False, True, True], [False, False, False])
    above, below = sides(np.array([10.0, 10.0, 10.0]), np.array([BELOW, MEASURED, ABOVE]), 11.0)
    assert (above.tolist(), below.tolist()) == ([False, False, False], [True, True, False])


def test_the_best_cut_is_where_the_fitted_odds_are_those_of_all_and_the_interval_holds_it():
    w, kind, _, y = patients(80)
    cut, area = best_cut("best", w, kind, w, y, area_under(w, kind, y), seed=3)
    z = (w - w.mean()) / w.std()
    a, b = (float(part[0]) for part in firth_lines(z, y.astype(float), np.ones((1, 80))))
    assert a + b * (cut.cut - w.mean()) / w.std() == pytest.approx(
        math.log(y.mean() / (1 - y.mean())), abs=1e-8
    )
    assert cut.low < cut.cut < cut.high
    assert cut.corrected_low < cut.corrected < cut.corrected_high
    assert area.corrected == pytest.approx(area.area, abs=0.05)


def test_where_nothing_goes_with_the_density_the_cut_has_no_end_and_no_worth_in_others():
    rng = np.random.default_rng(2)
    found = []
    for _ in range(40):
        w, y = rng.normal(15, 1, 20), np.arange(20) % 2 == 0
        cut, area = best_cut("best", w, np.zeros(20, int), w, y, area_under(w, np.zeros(20, int), y), seed=3)
        found.append((area.corrected, cut.corrected, cut.youden, cut.low is None))
    assert np.mean([one[0] for one in found]) == pytest.approx(0.5, abs=0.06)
    told = [one for one in found if one[1] is not None]
    assert np.mean([one[2] for one in told]) - np.mean([one[1] for one in told]) > 0.1
    assert np.mean([one[3] for one in found]) > 0.8


def test_a_cut_is_not_told_where_a_low_density_goes_with_the_outcome():
    w, kind, _, y = patients(60, slope=-1.5)
    cut, _ = best_cut("best", w, kind, w, y, area_under(w, kind, y), seed=3)
    assert cut.cut is None
    assert cut.note.startswith("in these patients a low density goes with the outcome")


def test_a_cut_that_was_given_beforehand_has_nothing_taken_off():
    w, kind, _, y = patients(40)
    cut = fixed_cut("fixed", 15.0, w, kind, y)
    assert cut.sensitivity == np.mean(w[y] >= 15)
    assert cut.specificity == np.mean(w[~y] < 15)
    assert cut.corrected == cut.youden
    assert [cut.corrected_low, cut.corrected_high] == pytest.approx(
        youden_interval(cut.sensitivity, cut.specificity, int(y.sum()), int((~y).sum()))
    )


@pytest.mark.slow
@needs_r("survival")
def test_the_hazard_ratio_is_the_maximum_of_coxphs_likelihood_with_firths_penalty():
    rng = np.random.default_rng(5)
    x = rng.normal(0, 1, 25)
    t, d = np.ceil(4 * rng.exponential(np.exp(-0.6 * x))), rng.random(25) < 0.7
    found = cox_ratio("RD", "doubling", x, t, d)
    told = r_numbers(
        """
        library(survival)
        at <- function(b) { m <- coxph(Surv(t, d) ~ x, init = b, control = coxph.control(iter.max = 0), ties = 'efron')
          m$loglik[2] + 0.5 * log(1 / m$var[1, 1]) }
        best <- optimize(at, c(-5, 5), maximum = TRUE, tol = 1e-10); least <- best$objective - qchisq(0.95, 1) / 2
        g <- function(b) at(b) - least
        tell('slope', best$maximum)
        tell('limits', c(uniroot(g, c(-5, best$maximum), tol = 1e-10)$root, uniroot(g, c(best$maximum, 5), tol = 1e-10)$root))
        """,
        x=list(x), t=list(t), d=list(d.astype(float)),
    )  # fmt: skip
    assert math.log(found.ratio) == pytest.approx(told["slope"][0], abs=1e-5)
    assert np.log([found.low, found.high]) == pytest.approx(told["limits"], abs=1e-4)


def test_where_each_event_is_of_the_highest_density_at_risk_the_hazard_ratio_stays_finite():
    found = cox_ratio("RD", "doubling", np.arange(8.0), np.arange(8.0)[::-1] + 1, [True] * 8)
    assert 1 < found.ratio < 1e4
    assert found.p < 0.05


def test_without_events_no_hazard_ratio_is_told():
    found = cox_ratio("RD", "doubling", [1.0, 2.0], [3.0, 4.0], [False, False])
    assert (found.ratio, found.note) == (None, "nobody had the event")


@needs_r("stats")
def test_the_rank_correlation_without_limits_is_kendalls_tau_b():
    rng = np.random.default_rng(8)
    a = np.round(rng.normal(0, 1, 15), 1)
    b = np.round(a + rng.normal(0, 1, 15), 1)
    found = rank_link("x", [(v, 0) for v in a], [(v, 0) for v in b], seed=1)
    told = r_numbers("tell('tau', cor(a, b, method = 'kendall'))", a=list(a), b=list(b))
    assert found.tau_b == pytest.approx(told["tau"][0], abs=1e-12)


def test_two_values_below_one_limit_are_tied_and_four_patients_are_too_few():
    levels = [(0.2, BELOW), (0.2, BELOW), (1.0, 0), (2.0, 0), (3.0, 0), (4.0, 0)]
    densities = [(9.0, 0), (8.0, 0), (7.0, 0), (6.0, 0), (5.0, 0), (4.0, 0)]
    found = rank_link("x", levels, densities, seed=1)
    assert -1 < found.tau_b < -0.9
    assert rank_link("x", levels[:4], densities[:4], seed=1).tau_b is None


def test_p_of_many_patients_is_that_of_permutations(monkeypatch):
    rng = np.random.default_rng(5)
    first = [
        (float(v), int(k))
        for v, k in zip(rng.normal(0, 1, 120).round(1), rng.choice([0, 0, BELOW], 120), strict=True)
    ]
    other = [(0.2 * v + float(e), 0) for (v, _), e in zip(first, rng.normal(0, 1, 120).round(1), strict=True)]
    permuted = rank_link("x", first, other, seed=1)
    monkeypatch.setattr(rank_links, "_MOST_PERMUTED", 100)
    by_variance = rank_link("x", first, other, seed=1)
    assert by_variance.tau_b == permuted.tau_b
    assert by_variance.p == pytest.approx(permuted.p, abs=0.02)
    assert "SD" in by_variance.method


def test_p_of_many_patients_without_a_link_is_below_a_twentieth_one_time_in_twenty(monkeypatch):
    monkeypatch.setattr(rank_links, "_MOST_PERMUTED", 0)
    rng = np.random.default_rng(6)
    below = 0
    for _ in range(1000):
        first, other = ([(float(v), 0) for v in rng.normal(0, 1, 60)] for _ in range(2))
        below += rank_link("x", first, other, seed=1).p < 0.05
    assert 30 <= below <= 70


def test_running_sums_give_the_hazard_ratio_of_sums_over_each_risk_set(monkeypatch):
    rng = np.random.default_rng(7)
    x = rng.normal(0, 1, 300)
    times = np.ceil(rng.exponential(1, 300) * np.exp(-0.3 * x) * 40)
    events = rng.random(300) < 0.6
    along = cox_ratio("RD", "doubling", x, times, events)
    monkeypatch.setattr(cox, "_FEW_EVENTS", 300)
    each = cox_ratio("RD", "doubling", x, times, events)
    assert (along.ratio, along.low, along.high) == pytest.approx((each.ratio, each.low, each.high), rel=1e-7)


def test_the_interval_of_the_best_cut_is_as_wide_as_cuts_of_other_samples_differ():
    n = 300
    w, kind, _, y = patients(n)
    cut, _ = best_cut("best", w, kind, w, y, area_under(w, kind, y), seed=3)
    z, rng = (w - w.mean()) / w.std(), np.random.default_rng(11)
    weights = rng.multinomial(n, np.full(n, 1 / n), 400).astype(float)
    a, b = firth_lines(z, y.astype(float), weights)
    events = (weights * y).sum(axis=1)
    spread = float(np.std(-(a - np.log(events / (n - events))) / b)) * w.std()
    assert (cut.high - cut.low) / (2 * 1.96) == pytest.approx(spread, rel=0.12)


def test_the_interval_of_the_best_cut_has_the_scatter_of_the_expected_values_where_densities_have_errors():
    n = 300
    w, kind, sd, y = patients(n, sd=0.6, lloq=14.2)
    known = true_values(w, kind, sd)
    area = area_under(w, kind, y)
    cut, _ = best_cut("best", w, kind, known.expected, y, area, seed=3, law=known.law)
    rng, cuts = np.random.default_rng(12), []
    for _ in range(250):
        drawn = rng.integers(0, n, n)
        x = true_values(w[drawn], kind[drawn], sd[drawn]).expected
        (a,), (b,) = firth_lines((x - x.mean()) / x.std(), y[drawn].astype(float), np.ones((1, n)))
        share = y[drawn].mean()
        cuts.append(x.mean() - (a - math.log(share / (1 - share))) / b * x.std())
    assert (cut.high - cut.low) / (2 * 1.96) == pytest.approx(float(np.std(cuts)), rel=0.1)


def test_a_patient_moves_the_law_of_the_true_values_as_much_as_the_law_without_that_patient_differs():
    w, kind, sd, _ = patients(300, sd=0.6, lloq=14.2)
    kind[np.argmax(w)] = ABOVE
    known = true_values(w, kind, sd)
    for patient in (int(np.argmin(w)), int(np.argmax(w)), 17):
        others = np.arange(300) != patient
        without = true_values(w[others], kind[others], sd[others])
        moved = known.centre - without.centre, known.spread**2 - without.spread**2
        assert known.law.influence[:, patient] == pytest.approx(moved, rel=0.05, abs=2e-5)
        expected = known.expected[others] - without.expected
        by_law = known.law.influence[:, patient] @ known.law.slopes[:, others]
        assert by_law == pytest.approx(expected, abs=0.1 * np.abs(expected).max())


def test_without_errors_and_limits_nobody_moves_an_expected_value_and_the_cut_is_as_before():
    w, kind, _, y = patients(60, sd=0.0)
    known = true_values(w, kind, np.zeros(60))
    assert np.abs(known.law.slopes[0]).max() < 1e-9
    area = area_under(w, kind, y)
    cuts = [
        best_cut("best", w, kind, known.expected, y, area, seed=3, law=law)[0] for law in (None, known.law)
    ]
    assert (cuts[0].low, cuts[0].high) == pytest.approx((cuts[1].low, cuts[1].high), abs=1e-9)


def test_an_event_of_the_last_patient_at_risk_tells_no_hazard_ratio():
    found = cox_ratio("RD", "doubling", [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [False] * 4 + [True])
    assert found.ratio is None
    assert "still at risk had the same covariate" in found.note


def test_the_worth_of_a_cut_in_others_reaches_as_far_as_the_odds_ratio_lets_it():
    rng = np.random.default_rng(8)
    w = rng.normal(15.0, 1.3, 40)
    y = rng.random(40) < 1 / (1 + np.exp(-1.2 * (w - 15.0)))
    kind, known = np.zeros(40, int), true_values(w, np.zeros(40, int), np.zeros(40))
    odds = dose_response("RD", "doubling", known, y)
    plain, _ = best_cut("cut", w, kind, known.expected, y, area_under(w, kind, y), seed=3)
    wide = with_odds(plain, odds, known, w, kind, y)
    assert wide.corrected == plain.corrected
    assert wide.corrected_low <= plain.corrected_low
    assert wide.corrected_high >= plain.corrected_high
    above = w >= plain.cut
    steep = implied_youden(np.log(odds.high), known, y, above, ~above)
    assert wide.corrected_high == pytest.approx(max(plain.corrected_high, steep))
    narrow = replace(plain, corrected_low=0.3, corrected_high=0.31)
    assert with_odds(narrow, odds, known, w, kind, y).corrected_high == pytest.approx(steep)


def test_a_steeper_law_parts_better_and_a_flat_one_not_at_all():
    known = true_values(np.arange(20.0), np.zeros(20, int), np.zeros(20))
    y, above = np.arange(20) % 3 == 0, np.arange(20) >= 12
    worth = [implied_youden(slope, known, y, above, ~above) for slope in (-1.0, 0.0, 0.2, 1.0)]
    assert worth == sorted(worth)
    assert worth[1] == pytest.approx(0.0, abs=1e-12)


def test_an_area_of_0_or_1_says_that_so_few_patients_may_part_by_chance():
    kind = np.zeros(6, int)
    for y in ([False] * 3 + [True] * 3, [True] * 3 + [False] * 3):
        area = area_under(np.arange(6.0), kind, y)
        assert area.note == NO_OVERLAP
        told = best_cut("cut", np.arange(6.0), kind, np.arange(6.0), y, area, seed=3)[1]
        assert told.corrected is None
    assert area_under(np.arange(6.0), kind, [False, True] * 3).note == ""


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        (([], [], []), "nobody is left"),
        (([1.0], [2.0], [True]), "the covariate is the same for all"),
        (([1.0, 1.0], [2.0, 3.0], [True, True]), "the covariate is the same for all"),
        (([1.0, 2.0], [2.0, 3.0], [False, False]), "nobody had the event"),
        (
            ([1.0, 2.0, 2.0], [1.0, 2.0, 3.0], [False, True, True]),
            "at every event all who were still at risk",
        ),
    ],
)
def test_a_hazard_ratio_that_cannot_be_has_its_reason(rows, note):
    found = cox_ratio("RD", "doubling", *rows)
    assert (found.ratio, found.low, found.high, found.p) == (None, None, None, None)
    assert found.note.startswith(note)
    assert (found.n, found.n_events) == (len(rows[0]), sum(rows[2]))


def test_a_single_event_and_a_covariate_of_range_one_have_a_hazard_ratio_by_hand():
    # one event, of the lower of two: log L = -ln(1 + e^b), information e^b / (1 + e^b)²; highest at e^b = 1/3
    found = cox_ratio("RD", "1", [0.0, 1.0], [1.0, 2.0], [True, False])
    assert (found.n_events, found.note) == (1, "")
    assert found.ratio == pytest.approx(1 / 3, rel=1e-6)


def test_the_hazard_is_open_where_those_who_were_at_risk_hardly_differ():
    # the two patients who differ left before the first event
    x = [0.0, 100.0, 50.0, 50.2, 50.4, 50.6]
    found = cox_ratio("RD", "1", x, [1, 1, 5, 4, 3, 2], [False, False, True, True, True, True])
    assert (found.low, found.high) == (None, None)
    assert "open at both ends" in found.strength


def test_a_cut_that_finds_nobody_with_the_outcome_keeps_its_sensitivity_of_zero():
    useless = DensityCut("c", 10, 4, 1.0, sensitivity=0.0, specificity=1.0, youden=0.0)
    # no index is left, so the patients left out count alone
    assert _between(useless, (0.2, 0.7)) == pytest.approx((0.2, 0.7))
    poor = DensityCut("c", 10, 4, 1.0, sensitivity=0.0, specificity=0.5, youden=0.5)
    weight = 0.632 / (1 - 0.368 * (0.5 - 0.1) / 0.5)
    assert _between(poor, (0.5, 0.6)) == pytest.approx((weight * 0.5, (1 - weight) * 0.5 + weight * 0.6))
