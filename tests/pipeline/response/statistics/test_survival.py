"""Kaplan-Meier against published numbers and two other programs."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from pipeline.response.statistics.survival import log_rank, survival_curve

# Remission of leukaemia, weeks: Freireich et al. 1963, doi:10.1182/blood.V21.6.699.699 ("gehan" of R's MASS)
MP6 = ([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
       [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0])  # fmt: skip
PLACEBO = ([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], [1] * 21)


def test_the_curve_is_the_published_one_of_the_6_mp_trial():
    curve = survival_curve(*MP6)
    happened = curve.events > 0
    assert curve.times[happened].tolist() == [6, 7, 10, 13, 16, 22, 23]
    # at risk and events as in Venables & Ripley 2002, section 13.1; their products to 1e-6 and beyond
    at_risk, events = (21, 17, 15, 12, 11, 7, 6), (3, 1, 1, 1, 1, 1, 1)
    assert curve.at_risk[happened].tolist() == list(at_risk)
    assert curve.events[happened].tolist() == list(events)
    exact, share = [], Fraction(1)
    for n, d in zip(at_risk, events, strict=True):
        share *= Fraction(n - d, n)
        exact.append(float(share))
    assert curve.survival[happened] == pytest.approx(exact, abs=1e-12)
    assert exact == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)
    # log-log limits there, survfit(..., conf.type = "log-log")
    assert curve.low[happened] == pytest.approx([0.620, 0.563, 0.503, 0.432, 0.368, 0.268, 0.188], abs=5e-4)
    assert curve.high[happened] == pytest.approx([0.952, 0.923, 0.889, 0.849, 0.805, 0.747, 0.680], abs=5e-4)


def test_the_medians_and_their_intervals_are_the_published_ones():
    # Venables & Ripley 2002, section 13.1: control 8 (4, 11), 6-MP 23 (13, NA)
    treated, control = survival_curve(*MP6), survival_curve(*PLACEBO)
    assert (control.median, control.median_low, control.median_high) == (8, 4, 11)
    assert (treated.median, treated.median_low, treated.median_high) == (23, 13, None)
    assert (treated.n, treated.n_events) == (21, 9)


def test_the_log_rank_test_is_the_published_one():
    # Cox & Oakes 1984 and every textbook since: chi-squared 16.79 on 1 degree of freedom
    p = log_rank((MP6, PLACEBO)).p
    assert p == pytest.approx(stats.chi2.sf(16.7929, 1), rel=1e-4)
    times, events = np.array(MP6[0] + PLACEBO[0]), np.array(MP6[1] + PLACEBO[1])
    assert p == pytest.approx(survdiff(times, events, np.repeat([0, 1], 21))[1], abs=1e-9)


COURSES = st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=40)


@given(rows=COURSES)
def test_the_curve_agrees_with_scipy(rows):
    times, events = (np.array(part) for part in zip(*rows, strict=True))
    curve = survival_curve(times, events)
    other = stats.ecdf(stats.CensoredData(uncensored=times[events], right=times[~events])).sf
    assert curve.times == pytest.approx(other.quantiles)
    assert curve.survival == pytest.approx(other.probabilities, abs=1e-9)


@given(rows=COURSES)
def test_the_median_and_its_interval_agree_with_statsmodels_where_no_step_is_one_half(rows):
    times, events = (np.array(part) for part in zip(*rows, strict=True))
    curve = survival_curve(times, events)
    if not events.any() or np.any(np.abs(curve.survival - 0.5) < 1e-9) or curve.survival[-1] == 0:
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        other = SurvfuncRight(times, events.astype(int))
        low, high = other.quantile_ci(0.5, method="cloglog")
        median = other.quantile(0.5)
    ours = [none_is_infinite(end) for end in (curve.median, curve.median_low, curve.median_high)]
    assert ours == [np.inf if np.isnan(end) else end for end in (median, low, high)]  # nan: not reached


def none_is_infinite(value):
    return np.inf if value is None else value


def test_a_curve_that_rests_at_one_half_has_its_median_in_the_middle():
    # R's survfit: the middle of the interval over which the curve is one half
    assert survival_curve([1, 2, 3, 4], [1, 1, 1, 1]).median == 2.5
    assert survival_curve([1, 2, 3, 4], [1, 1, 0, 0]).median == 2


def test_events_come_before_censored_times_of_the_same_day():
    assert survival_curve([5, 5], [True, False]).survival.tolist() == [0.5]


def test_nobody_and_nothing():
    empty = survival_curve([], [])
    assert (empty.n, empty.n_events, empty.median) == (0, 0, None)
    assert empty.survival.size == 0
    assert log_rank((([1.0], [False]), ([2.0], [False]))) is None


def test_the_curve_is_read_at_any_time():
    curve = survival_curve(*MP6)
    assert (curve.times[0], curve.survival[0]) == (6, pytest.approx(18 / 21))
    assert [curve.at_risk_at(week) for week in (0, 6, 6.5, 36)] == [21, 21, 17, 0]


@pytest.mark.parametrize(
    ("times", "events", "words"),
    [([1, -2], [1, 1], "negative"), ([1, np.nan], [1, 0], "no number"), ([1], [1, 0], "1 times and 2")],
)
def test_times_that_cannot_be_are_refused(times, events, words):
    with pytest.raises(ValueError, match=words):
        survival_curve(times, events)


def test_at_each_time_so_many_were_at_risk_had_the_event_and_were_censored():
    curve = survival_curve([1, 2, 2, 3, 4, 4], [True, True, False, False, True, False])
    assert curve.at_risk.tolist() == [6, 5, 3, 2]
    assert curve.events.tolist() == [1, 1, 0, 1]
    assert curve.censored.tolist() == [0, 1, 1, 1]
