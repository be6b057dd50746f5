"""Slopes of patients: against nlme where nothing is censored, against a plain integral where it is."""

import numpy as np
import pytest
from scipy import stats

from helpers.r_witness import needs_r, r_numbers
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.observations.rows import observe
from pipeline.washout.within.likelihood import PatientRows
from pipeline.washout.within.slopes import fit_patient_slopes


def cohort(n=12, visits=4, seed=3, spread=0.1):
    rng = np.random.default_rng(seed)
    doublings = np.sort(rng.uniform(2, 6, (n, visits)), axis=1)
    own = 0.36 + rng.normal(0, spread, (n, 1))
    y = 3.4 + own * doublings + rng.normal(0, 0.3, (n, 1)) + rng.normal(0, 0.15, (n, visits))
    return doublings.ravel(), y.ravel(), np.repeat(np.arange(n), visits)


def fitted(doublings, y, patients, lloq=-9.0):
    status = np.where(y < lloq, "BELOW_LLOQ", "OK").tolist()
    return fit_patient_slopes(observe(2**doublings, 10**y, status, lloq=10**lloq, patients=patients.tolist()))


@needs_r("nlme")
@pytest.mark.parametrize("seed", [3, 8])
def test_without_censoring_it_agrees_with_lme_of_r(seed):
    x, y, patients = cohort(seed=seed, spread=0.2)
    told = r_numbers(
        "library(nlme); xm <- ave(x, p); xw <- x - xm;"
        "m <- lme(y ~ xw + xm, random = ~ xw | p, method = 'ML', control = lmeControl(opt = 'optim', maxIter = 500));"
        "tell('beta', fixef(m)); tell('value', logLik(m)); tell('sd', VarCorr(m)[, 2]);"
        "tell('error', sqrt(diag(m$varFix)))",
        x=x.tolist(), y=y.tolist(), p=patients.astype(float).tolist(),
    )  # fmt: skip
    found = fitted(x, y, patients)
    assert found.slope == pytest.approx(told["beta"][1], abs=5e-4)
    assert found.between == pytest.approx(told["beta"][2], abs=5e-4)
    assert found.sd_of_slopes == pytest.approx(told["sd"][1], rel=0.02)
    assert found.sd_within == pytest.approx(told["sd"][2], rel=0.005)
    assert found.log_likelihood >= told["value"][0] - 1e-4
    half = stats.t.ppf(0.975, 11) * told["error"][1] * np.sqrt(12 / 11)
    assert found.high - found.slope == pytest.approx(half, rel=0.01)
    half = stats.t.ppf(0.975, 10) * told["error"][2] * np.sqrt(12 / 10)
    assert found.between_high - found.between == pytest.approx(half, rel=0.02)
    assert found.between - found.between_low == pytest.approx(half, rel=0.02)


def test_rows_beyond_a_limit_are_integrated_over_their_patient():
    rng = np.random.default_rng(2)
    own = np.tile([-1.2, -0.4, 0.4, 1.2], 3)
    y = 0.8 * own + np.repeat(rng.normal(0, 0.5, 3), 4) + rng.normal(0, 0.3, 12)
    kind = np.where(y < -0.4, -1, 0).astype(np.int8)
    y = np.maximum(y, -0.4)
    assert 3 <= np.sum(kind < 0) <= 8
    rows = PatientRows(
        np.column_stack([np.ones(12), own]), own, y, kind, np.full(12, 0.1), np.array([0, 4, 8]),
        np.repeat(np.arange(3), 4),
    )  # fmt: skip
    sigma, tau_u, tau_v, rho = 0.4, 0.6, 0.25, 0.3
    axis = np.linspace(-4.5, 4.5, 401)
    u, v = np.meshgrid(axis, axis, indexing="ij")
    prior = stats.multivariate_normal.logpdf(
        np.stack([u, v], axis=-1),
        cov=[[tau_u**2, rho * tau_u * tau_v], [rho * tau_u * tau_v, tau_v**2]],
    )
    scale, total = np.hypot(sigma, 0.1), 0.0
    for patient in range(3):
        log_joint = prior.copy()
        for row in np.flatnonzero(rows.member == patient):
            z = (y[row] - 0.1 - 0.7 * own[row] - u - v * own[row]) / scale
            log_joint += stats.norm.logpdf(z) - np.log(scale) if kind[row] == 0 else stats.norm.logcdf(z)
        total += np.log(np.sum(np.exp(log_joint)) * (axis[1] - axis[0]) ** 2)
    at = np.array([0.1, 0.7, *np.log([sigma, tau_u, tau_v]), np.arctanh(rho)])
    assert rows.log_likelihood(at) == pytest.approx(total, abs=1e-5)


def test_the_slope_within_patients_is_not_that_between_them():
    x, y, patients = cohort(n=20, seed=5)
    rising = y - 0.9 * np.repeat(x.reshape(20, 4).mean(axis=1), 4)
    found = fitted(x, rising, patients)
    assert found.low < 0.36 < found.high
    assert found.between == pytest.approx(0.36 - 0.9, abs=0.25)


def test_patients_who_do_not_differ_have_no_spread_of_slopes_that_is_told_as_sure():
    x, y, patients = cohort(n=20, seed=11, spread=0.0)
    found = fitted(x, y, patients)
    assert found.sd_of_slopes < 0.06
    assert found.p_slopes_differ > 0.05


def test_patients_who_differ_are_told_so():
    found = fitted(*cohort(n=20, seed=12, spread=0.3))
    assert found.p_slopes_differ < 0.001
    assert found.least < found.low < found.high < found.most
    reach = stats.t.ppf(0.975, 19) * found.sd_of_slopes
    assert (found.slope - found.least, found.most - found.slope) == pytest.approx((reach, reach), rel=1e-5)


def test_patients_seen_at_the_same_weeks_have_no_slope_between_them():
    _, y, patients = cohort(n=8, visits=3)
    same = np.tile([2.0, 3.0, 4.0], 8)
    found = fitted(same, y, patients)
    assert (found.between, found.between_low, found.between_high) == (None, None, None)
    nearly = fitted(same + np.repeat(np.linspace(0, 0.01, 8), 3), y, patients)
    assert nearly.between_high - nearly.between_low > 10


def test_five_patients_with_three_visits_are_too_few():
    with pytest.raises(NotEstimableError, match="5 patients have a measured density at three washouts"):
        fitted(*cohort(n=5))


def test_two_visits_each_tell_no_slopes_of_patients():
    with pytest.raises(NotEstimableError, match="0 patients have"):
        fitted(*cohort(n=20, visits=2))


def test_other_patients_names_and_another_order_change_nothing():
    x, y, patients = cohort()
    order = np.random.default_rng(0).permutation(len(x))
    one, other = fitted(x, y, patients), fitted(x[order], y[order], (50 - patients)[order])
    assert [one.slope, one.low, one.sd_of_slopes] == pytest.approx(
        [other.slope, other.low, other.sd_of_slopes], abs=1e-5
    )


def test_a_scatter_or_a_correlation_beyond_its_bounds_counts_as_on_the_bound():
    own = np.tile([-1.0, 0.0, 1.0], 2)
    y = np.array([-0.9, 0.2, 1.4, -0.3, 0.1, 0.2])
    rows = PatientRows(
        np.column_stack([np.ones(6), own]), own, y, np.zeros(6, np.int8), np.full(6, 0.2), np.array([0, 3]),
        np.repeat([0, 1], 3),
    )  # fmt: skip

    def exact(sigma, tau_u, tau_v, rho):
        """The three rows of a patient are normal together: the level's, the slope's and the rest's variance."""
        z = np.column_stack([np.ones(3), own[:3]])
        prior = np.array([[tau_u**2, rho * tau_u * tau_v], [rho * tau_u * tau_v, tau_v**2]])
        together = z @ prior @ z.T + (sigma**2 + 0.2**2) * np.eye(3)
        return sum(stats.multivariate_normal.logpdf(part, cov=together) for part in (y[:3], y[3:]))

    beta, usual, rho = np.zeros(2), np.log([0.4, 0.6, 0.3]), 0.5
    for k in range(3):
        for beyond, bound in ((-9.0, -6.0), (7.0, 4.0)):
            logs = usual.copy()
            logs[k] = bound
            expected = exact(*np.exp(logs), np.tanh(rho))
            logs[k] = beyond
            assert rows.log_likelihood(np.array([*beta, *logs, rho])) == pytest.approx(expected, rel=1e-9)
    for side in (-1, 1):
        expected = exact(*np.exp(usual), np.tanh(3.0 * side))
        assert rows.log_likelihood(np.array([*beta, *usual, 5.0 * side])) == pytest.approx(expected, rel=1e-9)
