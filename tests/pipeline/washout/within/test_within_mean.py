"""The mean change of the patients: Student's where all is measured, a bivariate law where limits are met."""

from datetime import date, timedelta

import numpy as np
import pytest
from scipy import optimize, stats

from calibration.density.result import RdStatus
from helpers.r_witness import needs_r, r_numbers
from pipeline.patients.patient_rd import PatientRd, SharedError
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.within.change import changes_of
from pipeline.washout.within.mean import mean_change
from pipeline.washout.within.two_visits import TwoVisits, change_of_means, pair_log_likelihood

RNG = np.random.default_rng(6)
LEVELS = RNG.multivariate_normal([3.9, 4.3], [[0.16, 0.1], [0.1, 0.2]], 14)


def rows(levels, lloq=0.0, lots=("A", "A")):
    told = []
    for patient, pair in enumerate(levels):
        for visit, value in enumerate(pair):
            below = value < lloq
            told.append(
                PatientRd(
                    f"P{patient}", f"V{visit}", 8.0 + 20 * visit, None if below else 10**value,
                    RdStatus.BELOW_LLOQ if below else RdStatus.OK, lloq=10**lloq, rd_log_sd=0.06,
                    collected_on=date(2024, 1, 1) + timedelta(days=140 * visit),
                    shared=(SharedError(f"lot {lots[visit]}", 0.05),),
                )
            )  # fmt: skip
    return told


def mean_of(*args, **more):
    return mean_change(changes_of(rows(*args, **more)))


@needs_r()
def test_measured_changes_give_the_paired_t_interval_of_r():
    told = r_numbers(
        "t <- t.test(b, a, paired = TRUE); tell('mean', t$estimate); tell('ends', t$conf.int)",
        a=LEVELS[:, 0].tolist(), b=LEVELS[:, 1].tolist(),
    )  # fmt: skip
    found = mean_of(LEVELS)
    assert np.log10(found.fold) == pytest.approx(told["mean"][0])
    assert np.log10([found.low, found.high]) == pytest.approx(told["ends"])


def test_the_bivariate_law_gives_students_interval_where_nothing_is_censored():
    change, low, high = change_of_means(TwoVisits(LEVELS, np.zeros(LEVELS.shape, np.int8)))
    found = mean_of(LEVELS)
    assert [10**change, 10**low, 10**high] == pytest.approx([found.fold, found.low, found.high], rel=1e-5)


def test_with_limits_it_is_the_highest_likelihood_of_the_bivariate_law():
    lloq = 3.95
    side = np.where(lloq > LEVELS, -1, 0).astype(np.int8)
    y = np.maximum(LEVELS, lloq)

    def minus(parameters):
        m1, change, s1, s2, r = parameters
        cov = np.array([[s1**2, r * s1 * s2], [r * s1 * s2, s2**2]])
        total = 0.0
        for (a, b), (ka, kb) in zip(y, side, strict=True):
            mean = np.array([m1, m1 + change])
            if not ka and not kb:
                total += stats.multivariate_normal.logpdf([a, b], mean, cov)
            elif ka and kb:
                total += np.log(stats.multivariate_normal.cdf([a, b], mean, cov))
            else:
                seen, other = (b, a) if ka else (a, b)
                i, j = (1, 0) if ka else (0, 1)
                along = mean[j] + cov[j, i] / cov[i, i] * (seen - mean[i])
                rest = np.sqrt(cov[j, j] - cov[j, i] ** 2 / cov[i, i])
                total += stats.norm.logpdf(seen, mean[i], np.sqrt(cov[i, i])) + stats.norm.logcdf(
                    other, along, rest
                )
        return -total

    start = [3.9, 0.4, 0.4, 0.45, 0.5]
    at = np.array([[3.9, 0.4, np.log(0.4), np.log(0.45), np.arctanh(0.5)]])
    assert pair_log_likelihood(TwoVisits(y, side), at)[0] == pytest.approx(-minus(start), abs=1e-8)
    best = optimize.minimize(minus, start, method="Nelder-Mead", options={"xatol": 1e-6, "maxiter": 900})
    found = mean_of(LEVELS, lloq)
    assert found.n_beyond == int(np.sum(side.any(axis=1)))
    assert np.log10(found.fold) == pytest.approx(best.x[1], abs=1e-3)
    assert found.low < found.fold < found.high


def test_an_error_of_a_lot_that_all_last_visits_have_does_not_average_out():
    one, two = mean_of(LEVELS), mean_of(LEVELS, lots=("A", "B"))
    assert two.fold == one.fold
    half, wide = (np.log10(mean.high / mean.fold) for mean in (one, two))
    assert wide == pytest.approx(np.hypot(half, 1.959964 * 0.05 * np.sqrt(2)), rel=1e-6)


def test_two_measured_changes_are_too_few():
    with pytest.raises(NotEstimableError, match="2 patients have a density at two visits"):
        mean_of(LEVELS[:2])


def test_censored_visits_do_not_pull_the_mean_as_censored_folds_would():
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(6):
        level = rng.normal(3.9, 0.35, 40)
        pair = np.column_stack([level, level + rng.normal(0.4, 0.25, 40)]) + rng.normal(0, 0.06, (40, 2))
        errors.append(np.log10(mean_of(pair, 3.7).fold) - 0.4)
    assert abs(np.mean(errors)) < 0.07
