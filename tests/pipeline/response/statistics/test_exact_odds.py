"""The conditional odds ratio of a table: exact at every number of patients."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.r_witness import needs_r, r_numbers
from pipeline.response.statistics.exact_odds import exact_odds

TIGHT_R = """
exact <- function(k, n, k2, n2, conf = 0.95) {
  t <- k + k2; lo <- max(0, t - n2); hi <- min(n, t); s <- lo:hi
  lw <- dhyper(s, n, n2, t, log = TRUE)
  share <- function(b) { d <- lw + b * s; d <- exp(d - max(d)); d / sum(d) }
  at <- function(f) exp(uniroot(f, c(-80, 80), tol = 1e-13)$root)
  a <- (1 - conf) / 2
  c(if (k == lo) 0 else if (k == hi) Inf else at(function(b) sum(s * share(b)) - k),
    if (k == lo) 0 else at(function(b) sum(share(b)[s >= k]) - a),
    if (k == hi) Inf else at(function(b) sum(share(b)[s <= k]) - a))
}
"""
TABLES = [(7, 12, 4, 14), (2, 3, 6, 16), (3, 4, 1, 4), (0, 8, 5, 9), (8, 8, 3, 9), (5, 5, 2, 6), (1, 30, 9, 31),
          (60, 275, 38, 275), (300, 1000, 200, 1000), (2500, 5000, 2400, 5000), (3, 5000, 40, 5000)]  # fmt: skip


def tail(k: int, n: int, other_k: int, other_n: int, odds: float, *, above: bool) -> float:
    """Return the share of tables at or beyond k, in whole numbers."""
    total, psi = k + other_k, Fraction(odds)
    support = range(max(0, total - other_n), min(n, total) + 1)
    weights = {i: math.comb(n, i) * math.comb(other_n, total - i) * psi**i for i in support}
    beyond = sum(weight for i, weight in weights.items() if (i >= k if above else i <= k))
    return float(beyond / sum(weights.values()))


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 40), other_n=st.integers(1, 40), data=st.data())
def test_each_limit_leaves_a_fortieth_beyond_what_was_seen(n, other_n, data):
    k, other_k = data.draw(st.integers(0, n)), data.draw(st.integers(0, other_n))
    found = exact_odds(k, n, other_k, other_n)
    if found is None:
        assert k + other_k in (0, n + other_n)
        return
    if found.low > 0:
        assert tail(k, n, other_k, other_n, found.low, above=True) == pytest.approx(0.025, rel=1e-8)
    if math.isfinite(found.high):
        assert tail(k, n, other_k, other_n, found.high, above=False) == pytest.approx(0.025, rel=1e-8)
    assert found.low <= found.ratio <= found.high


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 60), other_n=st.integers(1, 60), data=st.data())
def test_the_groups_exchanged_turn_the_odds_ratio_over(n, other_n, data):
    k, other_k = data.draw(st.integers(0, n)), data.draw(st.integers(0, other_n))
    found, turned = exact_odds(k, n, other_k, other_n), exact_odds(other_k, other_n, k, n)
    if found is None:
        assert turned is None
        return
    inverse = [math.inf if part == 0 else 1 / part for part in (turned.ratio, turned.high, turned.low)]
    assert [found.ratio, found.low, found.high] == pytest.approx(inverse, rel=1e-8)


@needs_r()
@pytest.mark.parametrize("table", TABLES, ids=str)
def test_the_exact_interval_is_that_of_r(table):
    k, n, other_k, other_n = table
    r = r_numbers(
        TIGHT_R + "tell('tight', exact(t[1], t[2], t[3], t[4]))\n"
        "f <- fisher.test(matrix(c(t[1], t[2] - t[1], t[3], t[4] - t[3]), 2, byrow = TRUE))\n"
        "tell('fisher', c(f$estimate, f$conf.int))",
        t=table,
    )  # fmt: skip
    found = exact_odds(k, n, other_k, other_n)
    told = [found.ratio, found.low, found.high]
    assert told == pytest.approx(r["tight"], rel=1e-9)
    # fisher.test itself stops at a tolerance of 1.2e-4 of the odds ratio, or of its inverse
    assert told == pytest.approx(r["fisher"], rel=0.02)


def test_550_patients_have_the_exact_interval_that_does_not_exclude_1():
    # Woolf's interval, 1.005 to 3.114, excludes 1 beside a Fisher p of 0.054
    found = exact_odds(40, 300, 20, 250)
    assert (found.low, found.high) == pytest.approx((0.977, 3.289), abs=6e-4)


def test_a_table_that_is_none_is_refused():
    with pytest.raises(ValueError, match="5 of 4"):
        exact_odds(5, 4, 1, 4)
