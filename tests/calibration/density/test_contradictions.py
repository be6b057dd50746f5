"""Replicates that contradict each other are named and not averaged; those that agree narrow the interval."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import BetweenRunSource, BudgetTerm, ErrorTerm, RdStatus, ReceptorDensity
from calibration import pool_receptor_densities as pool
from calibration.density.pooling import censored_mean
from calibration.density.replicates import MOST_SDS_APART, widest_gap
from helpers.r_witness import needs_r, r_numbers

LLOQ, ULOQ, ASSUMED = 1_000.0, 67_601.0, 0.1
NOISE = 150.0
"""SD of a median near zero, molecules."""


def tube(rd, status=None, *, cells=0.03, curve=0.03, lot=0.07, cv=ASSUMED, source=BetweenRunSource.ASSUMED):
    """A replicate as `quantify_receptor_density` gives it: status, interval and budget belong together."""
    if status is RdStatus.ABOVE_ULOQ:
        return ReceptorDensity(status, 500, rd_low=rd, uloq=ULOQ, lloq=LLOQ, between_run_from=source)
    between = math.log1p(cv**2)
    parts = {
        BudgetTerm.CONTROL_CELLS: (NOISE / rd) ** 2,
        BudgetTerm.STAINED_CELLS: cells**2,
        BudgetTerm.STANDARD_CURVE: curve**2,
        BudgetTerm.LOT_ASSIGNMENT: lot**2,
        BudgetTerm.BETWEEN_RUNS: between,
    }
    whole = sum(parts.values())
    sd = math.sqrt(whole)
    linear = sd > 0.4
    low = rd - 1.96 * sd * abs(rd) if linear else rd * math.exp(-1.96 * sd)
    high = rd + 1.96 * sd * abs(rd) if linear else rd * math.exp(1.96 * sd)
    kind = (
        RdStatus.BELOW_LLOQ if rd < LLOQ else RdStatus.OK if rd <= ULOQ else RdStatus.ABOVE_ULOQ_EXTRAPOLATED
    )
    budget = tuple(ErrorTerm(name, math.sqrt(v) / math.log(10), v / whole) for name, v in parts.items())
    return ReceptorDensity(
        kind, 500, rd=rd, rd_low=low, rd_high=high, lloq=LLOQ, uloq=ULOQ, budget=budget,
        between_run_cv=cv, between_run_from=source if cv else BetweenRunSource.NONE,
    )  # fmt: skip


def above(bound=ULOQ):
    return tube(bound, RdStatus.ABOVE_ULOQ)


@pytest.mark.parametrize(
    "members",
    [
        (tube(300.0), above()),
        (tube(300.0), above(4 * ULOQ)),
        (tube(-80.0), above()),
        (tube(15_000.0), above()),
        (tube(60_000.0), above(4 * ULOQ)),
        (tube(300.0), tube(55_000.0)),
        (tube(-200.0), tube(12_000.0)),
        (tube(900.0), tube(9_000.0)),
        (tube(20_000.0), tube(200_000.0)),
        (tube(20_000.0), tube(21_000.0), tube(200_000.0)),
        (tube(2_000.0), tube(10_000.0)),
        (tube(5_000.0), tube(25_000.0), tube(130_000.0)),
        (tube(20_000.0, cv=0.0), tube(200_000.0, cv=0.0)),
        (tube(20_000.0, cv=0.2), tube(200_000.0, cv=0.2)),
    ],
)
def test_replicates_that_no_error_reconciles_give_no_number_in_any_order(members):
    for order in permutations(members):
        found = pool(order)
        assert found.status is RdStatus.REPLICATES_DISAGREE
        assert (found.rd, found.rd_low, found.rd_high) == (None, None, None)
        assert "contradict each other" in found.notes[-1]
        assert (found.n_samples, found.n_pooled) == (len(members), len(members))
        assert (found.lloq, found.uloq) == (LLOQ, ULOQ)


@pytest.mark.parametrize(
    "members",
    [
        (tube(20_000.0), tube(23_000.0)),
        (tube(20_000.0), tube(34_000.0)),
        (tube(600.0), tube(1_300.0)),
        (tube(-150.0), tube(350.0)),
        (tube(60_000.0), above()),
        (tube(60_000.0), tube(75_000.0), above()),
        (above(), above(4 * ULOQ)),
    ],
)
def test_replicates_within_their_errors_are_pooled(members):
    assert pool(members).status is not RdStatus.REPLICATES_DISAGREE
    gap = widest_gap(members)
    assert gap is None or gap.sds < MOST_SDS_APART


def test_replicates_below_their_lloq_agree_that_the_visit_is_below_it():
    nothing, dim = (
        ReceptorDensity(RdStatus.BELOW_LLOQ, 5_000, rd=rd, rd_low=low, rd_high=high, lloq=LLOQ)
        for rd, low, high in ((0.0, -15.0, 15.0), (300.0, 240.0, 400.0))
    )
    found = pool([nothing, dim])
    assert (found.status, found.rd) == (RdStatus.BELOW_LLOQ, pytest.approx(150.0))
    assert pool([nothing, dim, tube(20_000.0)]).status is RdStatus.REPLICATES_DISAGREE


def test_honest_replicates_of_an_assay_thrice_as_bad_as_assumed_are_hardly_ever_called_contradictory():
    rng = np.random.default_rng(4)
    sd = math.sqrt(0.03**2 + 0.03**2 + math.log1p(0.3**2))
    pairs = 30_000 * np.exp(rng.normal(0, sd, (2000, 2)))
    called = [pool([tube(a), tube(b)]).status is RdStatus.REPLICATES_DISAGREE for a, b in pairs]
    assert np.mean(called) < 0.01


amounts = st.floats(1_500.0, 150_000.0)
factors = st.lists(st.floats(0.75, 1.33), min_size=2, max_size=5)


@given(amounts, factors, st.data())
def test_the_order_of_replicates_changes_nothing(amount, several, data):
    members = [tube(amount * factor) for factor in several]
    runs = [data.draw(st.sampled_from("ABC")) for _ in members]
    order = data.draw(st.permutations(range(len(members))))
    one = pool(members, runs=runs)
    other = pool([members[k] for k in order], runs=[runs[k] for k in order])
    assert (one.rd, one.rd_low, one.rd_high) == pytest.approx((other.rd, other.rd_low, other.rd_high))
    assert one.status is other.status


@given(amounts, st.integers(1, 5))
def test_a_replicate_that_agrees_narrows(amount, n):
    fewer, more = (pool([tube(amount)] * k) for k in (n, n + 1))
    assert more.rd_high / more.rd_low < fewer.rd_high / fewer.rd_low


@given(amounts, st.integers(2, 5))
def test_tubes_of_one_run_narrow_less_than_tubes_of_several(amount, n):
    same = pool([tube(amount)] * n, runs=["B1"] * n)
    different = pool([tube(amount)] * n, runs=list(range(n)))
    one = tube(amount)
    assert different.rd_high / different.rd_low < same.rd_high / same.rd_low < one.rd_high / one.rd_low
    shared = math.log1p(ASSUMED**2) + 0.03**2 + 0.07**2
    assert math.log(same.rd_high / same.rd_low) > 2 * 1.95 * math.sqrt(shared)


@given(st.lists(st.floats(1.0, 1.6), min_size=2, max_size=4))
def test_replicates_that_agree_less_widen(several):
    near = pool([tube(20_000 * factor) for factor in several])
    far = pool([tube(20_000 * factor**1.5) for factor in several])
    assert far.rd_high / far.rd_low >= near.rd_high / near.rd_low * 0.99


R_SURVREG = """
library(survival)
fit <- survreg(Surv(low, high, type = "interval2") ~ 1, dist = "gaussian", scale = sd)
at <- function(mu) sum(ifelse(is.finite(high), dnorm(low, mu, sd, log = TRUE),
                                               pnorm(low, mu, sd, lower.tail = FALSE, log.p = TRUE)))
drop <- function(mu) at(coef(fit)) - at(mu) - qchisq(0.95, 1) / 2
ends <- c(uniroot(drop, coef(fit) - c(9 * sd, 0), tol = 1e-10)$root,
          uniroot(drop, coef(fit) + c(0, 9 * sd), tol = 1e-10)$root)
tell("mean", c(coef(fit), ends))
"""


@needs_r("survival")
@pytest.mark.parametrize(
    ("values", "bounds", "sd"),
    [([11.0], [11.1], 0.1), ([11.0, 11.2], [11.1], 0.15), ([11.0, 10.9, 11.1], [11.3, 11.0], 0.2)],
)
def test_r_finds_the_same_mean_of_replicates_of_which_some_exceed_a_bound(values, bounds, sd):
    low, high = [*values, *bounds], [*values, *[math.inf] * len(bounds)]
    told = r_numbers(R_SURVREG, low=low, high=high, sd=sd)
    assert censored_mean(values, bounds, sd) == pytest.approx(told["mean"], abs=1e-5)


@pytest.mark.parametrize("true", [500.0, 900.0, 1_000.0, 1_100.0, 1_500.0])
def test_pools_near_the_lloq_are_not_biased_and_hold_the_truth(true):
    # Below the LLOQ the signed estimate goes in and is not cut off: what lies on which side decides nothing.
    rng, held, found = np.random.default_rng(int(true)), [], []
    for _ in range(800):
        shared = rng.normal(0, 0.07)
        each = shared + rng.normal(0, math.sqrt(2 * 0.03**2 + math.log1p(ASSUMED**2)), 2)
        members = [tube(rd) for rd in true * np.exp(each) + rng.normal(0, NOISE, 2)]
        pooled = pool(members)
        found.append(pooled.rd)
        held.append(pooled.rd_low <= true <= pooled.rd_high)
    assert np.mean(found) == pytest.approx(true, rel=0.025)
    assert 0.93 <= np.mean(held) <= 0.995


@pytest.mark.parametrize("true", [50_000.0, 60_000.0, 67_601.0, 75_000.0])
def test_pools_of_which_one_is_known_only_to_exceed_the_range_hold_the_truth(true):
    # What reads above 67,601 tells only that. Both above: the pool is a bound, which must lie below the truth's reach.
    rng, held = np.random.default_rng(int(true)), []
    for _ in range(800):
        shared = rng.normal(0, 0.07)
        each = true * np.exp(shared + rng.normal(0, math.sqrt(2 * 0.03**2 + math.log1p(ASSUMED**2)), 2))
        pooled = pool([above() if rd > ULOQ else tube(rd) for rd in each])
        if pooled.rd is not None:
            held.append(pooled.rd_low <= true <= pooled.rd_high)
    assert 0.93 <= np.mean(held) <= 0.995


@given(amounts)
def test_two_tubes_of_each_of_two_runs_are_two_runs_and_not_four(amount):
    four = [tube(amount)] * 4
    pairs, apart = pool(four, runs=["A", "A", "B", "B"]), pool(four, runs=list("ABCD"))
    assert pairs.rd_high / pairs.rd_low > 1.05 * apart.rd_high / apart.rd_low
    between = math.log1p(ASSUMED**2) + 0.03**2
    assert math.log(pairs.rd_high / pairs.rd_low) > 2 * 1.95 * math.sqrt(between / 2 + 0.07**2)


@given(amounts)
def test_two_replicates_that_differ_by_half_have_room_for_a_larger_error_than_the_assumed_one(amount):
    near, far = pool([tube(amount)] * 2), pool([tube(amount), tube(1.5 * amount)])
    assert math.log(far.rd_high / far.rd_low) > 1.8 * math.log(near.rd_high / near.rd_low)


@given(amounts, st.integers(3, 6))
def test_several_replicates_that_agree_tell_that_the_assumed_error_was_too_large(amount, n):
    assumed = [tube(amount)] * n
    typed = [tube(amount, source=BetweenRunSource.TYPED)] * n
    found, told = pool(assumed), pool(typed)
    assert found.rd_high / found.rd_low < told.rd_high / told.rd_low
