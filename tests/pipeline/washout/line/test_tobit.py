import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from helpers.washout_truth import LLOQ, SLOPE, patients_on_a_line, slow_fit, slow_log_likelihood, statuses
from pipeline.washout import NotEstimableError, fit_tobit, observe
from pipeline.washout.censored.likelihood import LEFT, OBSERVED, derivatives, log_likelihood, maximise, single
from pipeline.washout.censored.repeated import patient_jackknife
from pipeline.washout.line.intervals import level_at, sigma_of, slope_of
from pipeline.washout.line.line import fit_line

# Tobin 1958 (doi:10.2307/1907382), table of 20 households: durable goods, age, liquidity ratio x 1000
TOBIN = np.array(
    [
        (0, 57.7, 236), (0.7, 50.9, 283), (0, 48.5, 207), (0, 41.7, 220), (0, 47.7, 238),
        (0, 59.8, 216), (0, 44.3, 284), (3.7, 45.1, 221), (0, 51.7, 275), (3.0, 50, 269),
        (10.4, 46.8, 207), (0, 58, 249), (0, 58.9, 246), (0, 40, 277), (1.5, 34.1, 231),
        (0, 39.9, 219), (0, 33.4, 240), (3.5, 48.1, 266), (6.1, 46.6, 214), (0, 53.1, 251),
    ]
)  # fmt: skip


def _tobin(columns):
    durable = TOBIN[:, 0]
    design = np.column_stack([np.ones(20), *((TOBIN[:, c] - 100 * (c - 1) - 50) / 10 for c in columns)])
    kind = np.where(durable > 0, OBSERVED, LEFT).astype(np.int8)
    return maximise(single(design, durable, kind, np.zeros(20)))


def test_tobins_own_data_give_the_published_survreg_fit():
    # R survival::survreg(Surv(durable, durable > 0, type = "left") ~ age + quant, dist = "gaussian"), printed as
    # 15.145 [16.079], age -0.129 [0.219], quant -0.046 [0.058], log(scale) 1.718 [0.310], AIC 65.880
    found = _tobin([1, 2])
    age, quant = found.beta[0, 1] / 10, found.beta[0, 2] / 10
    assert found.beta[0, 0] - 50 * age - 150 * quant == pytest.approx(15.145, abs=5e-4)
    assert (age, quant) == pytest.approx((-0.129, -0.046), abs=5e-4)
    assert found.log_sigma[0] == pytest.approx(1.718, abs=5e-4)
    assert 8 - 2 * found.log_likelihood[0] == pytest.approx(65.880, abs=5e-4)
    errors = np.sqrt(np.diag(np.linalg.inv(found.information[0])))
    assert (errors[1] / 10, errors[2] / 10, errors[3]) == pytest.approx((0.219, 0.058, 0.310), abs=5e-4)


def test_tobins_own_data_without_covariates_give_the_published_survreg_fit():
    # survreg(… ~ 1): -2.227 [2.060], log(scale) 1.783 [0.309], AIC 62.984
    found = _tobin([])
    errors = np.sqrt(np.diag(np.linalg.inv(found.information[0])))
    numbers = (found.beta[0, 0], errors[0], found.log_sigma[0], errors[1], 4 - 2 * found.log_likelihood[0])
    assert numbers == pytest.approx((-2.227, 2.060, 1.783, 0.309, 62.984), abs=6e-4)


@pytest.mark.parametrize("sd", [0.0, 0.15])
def test_the_maximum_agrees_with_an_independent_likelihood(sd):
    weeks, rd, status = patients_on_a_line(24, 12, uloq=40_000)
    assert {"BELOW_LLOQ", "OK", "ABOVE_ULOQ"} == set(status)
    fit = fit_tobit(weeks, rd, status, lloq=LLOQ, uloq=40_000, measurement_sd=sd)
    best, value = slow_fit(weeks, rd, status, lloq=LLOQ, uloq=40_000, sd=sd)
    assert fit.log_likelihood == pytest.approx(value, abs=1e-8)
    likely = fit.most_likely
    assert (likely.intercept, likely.slope, np.log(likely.sigma)) == pytest.approx(best, abs=1e-6)


def test_limits_may_differ_from_row_to_row():
    weeks, rd, _ = patients_on_a_line(20, 5)
    lloq = np.where(np.arange(20) % 2, 2_000.0, 9_000.0)
    status = ["BELOW_LLOQ" if x < low else "OK" for x, low in zip(rd, lloq, strict=True)]
    fit = fit_tobit(weeks, rd, status, lloq=lloq, uloq=np.full(20, 1e6))
    best, _ = slow_fit(weeks, rd, status, lloq=lloq)
    likely = fit.most_likely
    assert (likely.intercept, likely.slope, np.log(likely.sigma)) == pytest.approx(best, abs=1e-6)


def test_derivatives_are_those_of_the_likelihood():
    rng = np.random.default_rng(2)
    design = np.column_stack([np.ones(9), rng.standard_normal(9)])
    kind = np.array([-1, 0, 1] * 3, dtype=np.int8)
    rows = single(design, rng.standard_normal(9), kind, np.full(9, 0.3))
    at = np.array([0.2, -0.4, -0.3])

    def value(p):
        return float(log_likelihood(rows, p[None, :2], p[2:])[0])

    gradient, information = derivatives(rows, at[None, :2], at[2:])
    steps = np.eye(3) * 1e-5
    numeric = [(value(at + h) - value(at - h)) / 2e-5 for h in steps]
    curved = [
        [
            (value(at + h + g) - value(at + h - g) - value(at - h + g) + value(at - h - g)) / 4e-10
            for g in steps
        ]
        for h in steps
    ]
    assert gradient[0] == pytest.approx(numeric, abs=1e-8)
    assert -information[0] == pytest.approx(np.array(curved), abs=1e-4)


def test_without_censoring_the_fit_and_its_interval_are_those_of_least_squares():
    weeks, rd, _ = patients_on_a_line(15, 3, lloq=0.0)
    fit = fit_tobit(weeks, rd, ["OK"] * 15, lloq=1.0, doubts=False)
    line = stats.linregress(np.log2(weeks), np.log10(rd))
    half = stats.t.ppf(0.975, 13) * line.stderr
    assert fit.slope == pytest.approx(line.slope, abs=1e-9)
    assert fit.intercept == pytest.approx(line.intercept, abs=1e-9)
    assert fit.slope_interval == pytest.approx((line.slope - half, line.slope + half), abs=1e-7)
    level = stats.t.ppf(0.975, 13) * line.intercept_stderr
    assert fit.intercept_interval == pytest.approx((line.intercept - level, line.intercept + level), abs=1e-7)
    assert fit.slope_p == pytest.approx(line.pvalue, rel=1e-6)


def test_the_interval_ends_where_the_independent_profile_reaches_the_stated_drop():
    weeks, rd, status = patients_on_a_line(19, 8)
    fit = fit_tobit(weeks, rd, status, lloq=LLOQ)
    stated = float(re.search(r"2 log L ([\d.]+)", fit.interval_method).group(1))
    columns = (np.full(19, LLOQ), np.full(19, np.inf), np.zeros(19))
    for limit in fit.slope_interval:
        held = optimize.minimize(
            lambda p, slope=limit: -slow_log_likelihood((p[0], slope, p[1]), weeks, rd, status, *columns),
            [fit.intercept, np.log(fit.sigma)], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12},
        )  # fmt: skip
        assert 2 * (fit.log_likelihood + held.fun) == pytest.approx(stated, abs=2e-4)


@pytest.mark.slow
@settings(max_examples=6)
@given(seed=st.integers(0, 10_000), factor=st.floats(1e-3, 1e3), weeks_factor=st.floats(0.5, 4))
def test_other_units_of_rd_shift_the_intercept_alone_and_weeks_do_not_change_the_slope(
    seed, factor, weeks_factor
):
    weeks, rd, status = patients_on_a_line(16, seed, sigma=0.3, log_rd_at_16_weeks=4.2)
    fit = fit_tobit(weeks, rd, status, lloq=LLOQ)
    scaled = fit_tobit(weeks, rd * factor, status, lloq=LLOQ * factor)
    assert scaled.slope == pytest.approx(fit.slope, abs=1e-7)
    assert scaled.sigma == pytest.approx(fit.sigma, abs=1e-7)
    assert scaled.intercept == pytest.approx(fit.intercept + np.log10(factor), abs=1e-7)
    assert scaled.slope_interval == pytest.approx(fit.slope_interval, abs=1e-6)
    months = fit_tobit(weeks * weeks_factor, rd, status, lloq=LLOQ)
    assert months.slope == pytest.approx(fit.slope, abs=1e-7)


@pytest.mark.slow
@settings(max_examples=6)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_does_not_matter(seed):
    weeks, rd, status = patients_on_a_line(16, seed, sigma=0.3, log_rd_at_16_weeks=4.2)
    order = np.random.default_rng(seed).permutation(16)
    fit = fit_tobit(weeks, rd, status, lloq=LLOQ)
    other = fit_tobit(weeks[order], rd[order], [status[i] for i in order], lloq=LLOQ)
    assert (other.slope, other.intercept, other.sigma) == pytest.approx(
        (fit.slope, fit.intercept, fit.sigma), abs=1e-8
    )


def test_the_rd_of_a_censored_row_is_not_read():
    weeks, rd, status = patients_on_a_line(19, 4)
    other = [-1e9 if name == "BELOW_LLOQ" else x for x, name in zip(rd, status, strict=True)]
    assert fit_tobit(weeks, other, status, lloq=LLOQ).slope == fit_tobit(weeks, rd, status, lloq=LLOQ).slope


def test_measurement_sd_is_taken_out_of_the_scatter_between_patients():
    weeks, rd, status = patients_on_a_line(60, 6, sigma=0.4)
    plain = fit_tobit(weeks, rd, status, lloq=LLOQ)
    fit = fit_tobit(weeks, rd, status, lloq=LLOQ, measurement_sd=0.2)
    assert np.hypot(fit.most_likely.sigma, 0.2) == pytest.approx(plain.most_likely.sigma, rel=1e-6)
    assert fit.most_likely.slope == pytest.approx(plain.most_likely.slope, abs=1e-6)


def test_unequal_measurement_sds_weigh_the_rows():
    weeks, rd, status = patients_on_a_line(30, 6, lloq=0.0)
    rd[-1] *= 100
    sd = np.where(np.arange(30) == 29, 2.0, 0.05)
    plain = fit_tobit(weeks, rd, status, lloq=1.0)
    fit = fit_tobit(weeks, rd, status, lloq=1.0, measurement_sd=sd)
    without = fit_tobit(weeks[:-1], rd[:-1], status[:-1], lloq=1.0, measurement_sd=0.05)
    assert abs(fit.slope - without.slope) < 0.1 * abs(plain.slope - without.slope)


@pytest.mark.parametrize(
    ("weeks", "rd", "lloq", "reason"),
    [
        ([2, 4, 8, 16], [1, 1, 1, 1], 5000, "0 of 4 receptor densities lie within"),
        ([2, 4, 8, 16], [1, 1, 6000, 9000], 5000, "2 of 4 receptor densities lie within"),
        ([4, 4, 4, 4], [6000, 9000, 1, 7000], 5000, "all 4 rows have the same washout, 4 weeks"),
        ([4, 4, 4, 2, 1], [9000, 8000, 15000, 1, 1], 5000, "the likelihood has no maximum"),
        ([], [], 5000, "0 of 0 receptor densities"),
    ],
)
def test_what_cannot_be_estimated_is_refused_with_the_reason(weeks, rd, lloq, reason):
    with pytest.raises(NotEstimableError, match=reason):
        fit_tobit(weeks, rd, statuses(rd, lloq), lloq=lloq)


@pytest.mark.slow
def test_values_on_a_line_give_that_line_and_say_that_the_interval_means_nothing():
    fit = fit_tobit([1, 2, 4, 8], [100, 200, 400, 800], ["OK"] * 4, lloq=5)
    assert (fit.slope, fit.intercept) == pytest.approx((np.log10(2), 2), abs=1e-6)
    assert any("no scatter is left" in note for note in fit.notes)


def test_scatter_that_the_measurement_explains_has_no_lower_limit_but_zero():
    weeks, rd, status = patients_on_a_line(19, 8, sigma=0.1, log_rd_at_16_weeks=4.5)
    fit = fit_tobit(weeks, rd, status, lloq=LLOQ, measurement_sd=0.2)
    assert fit.sigma_interval[0] == 0
    assert 0 < fit.sigma_interval[1] < 0.2


def test_a_limit_that_the_data_do_not_set_is_left_empty_and_said():
    weeks, rd, status = patients_on_a_line(19, 8)
    fit = replace(fit_tobit(weeks, rd, status, lloq=LLOQ), slope_interval=(0.1, np.inf))
    slope = fit.estimates()[0]
    assert (slope.low, slope.high) == (0.1, None)
    assert slope.note == "the data set no limit on the empty side"
    assert fit.fold_interval[1] == np.inf


def test_repeated_samples_of_a_patient_do_not_narrow_the_interval():
    weeks, rd, status = patients_on_a_line(12, 21, lloq=2000)
    often = np.repeat(weeks, 4), np.repeat(rd, 4), list(np.repeat(status, 4))
    once = fit_tobit(weeks, rd, status, lloq=2000)
    alone = fit_tobit(*often, lloq=2000, doubts=False)
    together = fit_tobit(*often, lloq=2000, patients=list(np.repeat(np.arange(12), 4)))
    assert together.most_likely.slope == pytest.approx(once.most_likely.slope, abs=1e-9)
    assert together.most_likely == alone.most_likely
    assert np.diff(alone.slope_interval) < 0.6 * np.diff(once.slope_interval)
    assert np.diff(together.slope_interval) > 0.8 * np.diff(once.slope_interval)
    assert together.slope_p > 10 * alone.slope_p
    assert "scaled to the jackknife of patients" in together.interval_method
    assert "48 samples of 12 patients: the interval leaves out whole patients" in together.notes


def test_the_jackknife_of_single_samples_agrees_with_the_likelihood_where_rows_are_many():
    weeks, rd, status = patients_on_a_line(400, 22, lloq=2000)
    line = fit_line(observe(weeks, rd, status, lloq=2000))
    jackknife = patient_jackknife(line.rows, line.best, line.data.patients)
    for of in (slope_of, level_at(0.0), sigma_of):
        assert jackknife.inflation(of) == pytest.approx(1, abs=0.2)
    assert jackknife.critical_value(slope_of, 0.95) == pytest.approx(
        3.84 * jackknife.inflation(slope_of), rel=0.02
    )


def test_many_patients_are_left_out_in_groups():
    weeks, rd, status = patients_on_a_line(640, 22, lloq=2000)
    line = fit_line(observe(weeks, rd, status, lloq=2000, patients=list(np.repeat(np.arange(320), 2))))
    assert len(patient_jackknife(line.rows, line.best, line.data.patients).left_out) == 200


def test_a_line_that_hangs_on_single_patients_has_no_interval():
    weeks, rd = [4, 4, 4, 4, 4, 4, 4, 16], [1, 1, 6000, 7000, 9000, 9000, 5500, 30_000]
    with pytest.raises(
        NotEstimableError, match="the line depends on single patients: 1 of 7 cannot be left out"
    ):
        fit_tobit(weeks, rd, statuses(rd), lloq=LLOQ, patients=[0, 0, 1, 2, 3, 4, 5, 6])


def test_few_patients_with_repeats_are_refused():
    weeks, rd, status = patients_on_a_line(12, 21, lloq=1.0)
    with pytest.raises(NotEstimableError, match="12 samples of 4 patients"):
        fit_tobit(weeks, rd, status, lloq=1.0, patients=[i % 4 for i in range(12)])


def test_predictions_and_estimates_show_the_fit():
    weeks, rd, status = patients_on_a_line(19, 8, uloq=100_000)
    fit = fit_tobit(weeks, rd, status, lloq=LLOQ, uloq=100_000)
    low, high = fit.predict_interval([4, 16, 40])
    middle = fit.predict([4, 16, 40])
    assert np.all((low < middle) & (middle < high))
    assert fit.predict(8) / fit.predict(4) == pytest.approx(fit.fold_per_doubling)
    assert {estimate.name: estimate.value for estimate in fit.estimates()}["slope_per_doubling"] == fit.slope
    assert "array(" not in repr(fit)
    with pytest.raises(ValueError, match="above 0"):
        fit.predict(0)


def test_the_true_slope_is_found():
    weeks, rd, status = patients_on_a_line(3000, 1)
    fit = fit_tobit(weeks, rd, status, lloq=LLOQ)
    assert fit.slope == pytest.approx(SLOPE, rel=0.05)
    assert fit.sigma == pytest.approx(0.4, rel=0.05)
    assert fit.slope_interval[0] < SLOPE < fit.slope_interval[1]


def test_only_more_than_one_sample_of_a_patient_is_noted():
    weeks, rd, status = patients_on_a_line(24, 12)
    once = fit_tobit(weeks, rd, status, lloq=LLOQ, patients=[f"P{i}" for i in range(24)])
    assert not any("patients" in note for note in once.notes)
    twice = fit_tobit(weeks, rd, status, lloq=LLOQ, patients=[f"P{i // 2}" for i in range(24)])
    assert "24 samples of 12 patients: the interval leaves out whole patients" in twice.notes


def test_the_freedom_of_an_interval_is_that_of_patients_a_censored_row_counting_half():
    weeks, rd = np.tile([2.0, 8.0], 8), np.linspace(1_000, 6_000, 16) * np.tile([1.0, 1.7, 0.8, 1.3], 4)
    status = ["BELOW_LLOQ" if k in (0, 2, 6, 8) else "OK" for k in range(16)]
    line = fit_line(observe(weeks, rd, status, lloq=LLOQ, patients=list(np.repeat(np.arange(8), 2))))
    # 8 patients with 16 rows, 4 of them censored: 8 · (12 + 4 / 2) / 16 = 7, less intercept and slope
    assert patient_jackknife(line.rows, line.best, line.data.patients).freedom == 5.0
