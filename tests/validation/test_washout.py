import numpy as np
import pytest

from pipeline.washout.censored.likelihood import OBSERVED, maximise
from pipeline.washout.censored.profile import critical_value
from pipeline.washout.line.intervals import line_intervals
from pipeline.washout.line.line import fit_line
from validation.washout import (
    TRUE_SLOPE,
    Repeated,
    Truth,
    examine,
    examine_repeated,
    observations,
    section,
    simulate,
)


@pytest.mark.slow
@pytest.mark.parametrize("n", [19, 60])
def test_the_interval_covers_and_the_mean_slope_is_right(n):
    found = examine(Truth("58 % censored", n), 1000, seed=5)
    assert found.estimable >= 985
    assert abs(found.mean_bias) < 3.6  # three standard errors at n = 19
    assert 93 <= found.coverage <= 97.1
    assert found.coverage > found.plain_coverage
    assert found.substitution_bias < -15


def test_the_slope_of_highest_likelihood_is_too_steep_on_average_and_the_told_one_is_not():
    found = examine(Truth("58 % censored", 19), 1000, seed=6)
    assert found.likely_bias > 2
    assert abs(found.mean_bias) < 3 * found.standard_error


def test_m0_rejects_five_percent_without_association():
    found = examine(Truth("no association", 19, slope=0.0), 100, seed=7)
    assert 2 <= found.type_one <= 8.5
    assert abs(found.median_bias) < 0.05


@pytest.mark.slow
def test_counting_drops_of_the_likelihood_is_counting_intervals():
    truth = Truth("both sides", 25, left=0.3, right=0.15, measurement_sd=0.1)
    doublings, rows = simulate(truth, 12, np.random.default_rng(3))
    best, held = maximise(rows), maximise(rows.without(1, np.full(12, TRUE_SLOPE)))
    ratio = 2 * (best.log_likelihood - held.log_likelihood)
    for study in range(12):
        low, high = line_intervals(fit_line(observations(doublings, rows, study)), 0.95).slope
        inside = ratio[study] <= critical_value(rows.kind[study], 2)
        assert (low <= TRUE_SLOPE <= high) == inside


def test_simulated_limits_cut_off_the_shares_that_were_asked_for():
    _, rows = simulate(Truth("x", 50, left=0.4, right=0.1), 200, np.random.default_rng(1))
    assert np.mean(rows.kind == OBSERVED) == pytest.approx(0.5, abs=1e-3)
    assert np.mean(rows.kind == 1) == pytest.approx(0.1, abs=1e-3)


@pytest.mark.slow
def test_intervals_of_repeated_samples_cover():
    found = examine_repeated(Repeated(20), 40, seed=2)
    assert found.told >= 38
    assert found.mixed_told == 8
    assert found.coverage > 84  # 95 expected, less three standard errors
    assert found.mixed_coverage > 70


def test_the_section_has_a_row_per_truth(monkeypatch):
    monkeypatch.setattr("validation.washout.TRUTHS", (Truth("few", 12), Truth("none", 12, slope=0.0)))
    monkeypatch.setattr("validation.washout.REPEATS", (Repeated(12),))
    text = section(4, seed=1)
    assert "| 12 | few |" in text
    assert text.count("\n| 12 | few |") == text.count("\n| 12 | none |") == 1
    assert text.count("| alike |") == 1
