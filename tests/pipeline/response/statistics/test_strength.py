"""The sentence beside a p value: weak answers are called weak."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.r_witness import needs_r, r_numbers
from pipeline.response.statistics.counts import contrast, proportion, trend
from pipeline.response.statistics.strength import strength
from pipeline.response.statistics.survival import log_rank


def test_an_interval_around_1_neither_shows_nor_rules_out():
    words = contrast("c", proportion("a", 7, 12), proportion("b", 4, 14)).strength
    assert words == (
        "Weak: of 26 patients 11 had the outcome. The odds may be 1.9 times lower or 24 times higher; this "
        "neither shows a difference nor rules one out."
    )


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ((26, 5, None, 3.0, 0.3), "any number of times lower or 3 times higher"),
        ((26, 5, 0.4, None, 0.3), "2.5 times lower or any number of times higher"),
        ((26, 5, 0.0042, 1_761_714.3, 0.5), "240 times lower or 1,800,000 times higher"),
        ((26, 5, None, None, 1.0), "shows nothing"),
        ((2000, 900, 0.9, 1.2, 0.6), "one by more than 1.2 times is unlikely"),
        ((2000, 900, 0.5, 2.0, 0.6), "one by more than 2 times is unlikely"),
        ((2000, 900, 0.49, 1.2, 0.6), "may be 2 times lower or 1.2 times higher"),
        ((2000, 900, 0.9, 2.01, 0.6), "may be 1.1 times lower or 2 times higher"),
        ((26, 5, 1.2, 80.0, 0.03), "One or two patients with another outcome can change it"),
        ((2000, 900, 1.2, 1.9, 0.001), "nobody was randomised"),
        ((40, 15, 1.01, 9.0, 0.06), "a borderline case"),
        ((40, 15, 0.99, 9.0, 0.04), "a borderline case"),
    ],
)
def test_each_interval_has_its_sentence(case, said):
    assert said in strength(*case)


def test_without_a_test_nothing_is_said():
    assert strength(0, 0, None, None, None) == ""


def test_a_trend_has_its_patients_and_an_odds_ratio_per_stratum():
    strata = [proportion(name, k, n) for name, k, n in (("a", 4, 14), ("b", 1, 6), ("c", 4, 7), ("d", 3, 5))]
    found = trend("t", strata)
    assert (found.n, found.n_events) == (32, 12)
    assert found.odds.low < found.odds.ratio < found.odds.high
    assert found.odds.strength.startswith("Weak: of 32 patients 12")


@needs_r("survival")
def test_the_log_rank_test_and_its_hazard_ratio_come_from_survdiff():
    rng = np.random.default_rng(4)
    times, group = rng.exponential(10, 60).round(1), np.arange(60) % 2
    events = rng.random(60) < 0.7
    r = r_numbers(
        "library(survival); s <- survdiff(Surv(t, e) ~ g)\n"
        "tell('o', s$obs[2]); tell('e', s$exp[2]); tell('v', s$var[2, 2]); tell('chisq', s$chisq)",
        t=times, e=events * 1.0, g=group * 1.0,
    )  # fmt: skip
    found = log_rank(tuple((times[group == side], events[group == side]) for side in (1, 0)))
    excess, variance = r["o"][0] - r["e"][0], r["v"][0]
    assert np.log(found.hazard_ratio) == pytest.approx(excess / variance, rel=1e-9)
    assert np.log(found.high / found.low) == pytest.approx(2 * 1.959963985 / variance**0.5, rel=1e-7)
    assert (found.n, found.n_events) == (60, int(events.sum()))


@pytest.mark.parametrize(
    ("p", "in_shown", "in_open"), [(0.0499, False, True), (0.05, True, False), (0.0501, True, False)]
)
def test_a_p_of_exactly_a_twentieth_is_not_significant(p, in_shown, in_open):
    clash = "The test says otherwise at 0.05"
    assert (clash in strength(40, 15, 1.01, 9.0, p)) is in_shown
    assert (clash in strength(40, 15, 0.99, 9.0, p)) is in_open
    assert (clash in strength(2000, 900, 0.9, 1.2, p)) is in_open


@pytest.mark.parametrize(
    ("low", "high", "opening"),
    [
        (
            1.0,
            9.0,
            "Weak: of 40 patients 15 had the outcome. The odds may be 1 times lower or 9 times higher",
        ),
        (
            0.1,
            1.0,
            "Weak: of 40 patients 15 had the outcome. The odds may be 10 times lower or 1 times higher",
        ),
        (0.0, 3.0, "Weak: of 40 patients 15 had the outcome. The odds may be any number of times lower or 3"),
        (0.0, None, "Weak: of 40 patients 15 had the outcome. The interval of the odds is open at both ends"),
        (0.0, 0.5, "Not proof: of 40 patients 15 had the outcome. It is"),
        (2.0, None, "Not proof: of 40 patients 15 had the outcome. It is"),
    ],
)
def test_an_interval_that_ends_at_1_shows_no_difference(low, high, opening):
    assert strength(40, 15, low, high, 0.2 if (low or 0) <= 1 and (high or 9) >= 1 else 0.01).startswith(
        opening
    )


@pytest.mark.parametrize(("n", "events", "start"), [
    (40, 9, "Weak"), (40, 10, "Not proof"), (40, 30, "Not proof"), (40, 31, "Weak"),
])  # fmt: skip
def test_ten_patients_with_and_ten_without_the_outcome_are_enough_not_to_hang_on_one(n, events, start):
    assert strength(n, events, 1.5, 9.0, 0.01).startswith(f"{start}: of {n} patients {events}")
