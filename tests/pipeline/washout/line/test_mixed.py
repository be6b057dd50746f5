"""The random intercept against statsmodels without censoring and against brute-force integration with it."""

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from pipeline.washout import NotEstimableError, observe
from pipeline.washout.line.line import fit_line
from pipeline.washout.line.mixed import _highest, fit_random_intercept, grouped_by_patient


def visits(seed=3, patients=14, lloq=2000.0, between=0.3, within=0.25):
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(patients), rng.integers(1, 5, patients))
    weeks = 2 ** rng.uniform(1, 6, len(who))
    level = between * rng.standard_normal(patients)[who]
    log_rd = 3.9 + 0.35 * (np.log2(weeks) - 4) + level + within * rng.standard_normal(len(who))
    rd = 10**log_rd
    return observe(weeks, rd, ["BELOW_LLOQ" if x < lloq else "OK" for x in rd], lloq=lloq, patients=list(who))


def test_without_censoring_it_is_the_mixed_model_of_statsmodels():
    from statsmodels.regression.mixed_linear_model import MixedLM

    data = visits(lloq=1.0)
    found = fit_random_intercept(data)
    design = np.column_stack([np.ones(data.n), np.log2(data.weeks)])
    fit = MixedLM(data.log_rd, design, groups=data.patients).fit(reml=False, gtol=1e-9)
    assert found.slope == pytest.approx(fit.params[1], abs=1e-6)
    assert found.intercept == pytest.approx(fit.params[0], abs=1e-5)
    assert found.within == pytest.approx(np.sqrt(fit.scale), abs=1e-5)
    assert found.log_likelihood == pytest.approx(fit.llf, abs=1e-6)


def test_the_likelihood_of_censored_rows_is_the_integral_over_each_patients_level():
    data = visits(lloq=8000.0, patients=6)
    line = fit_line(data)
    rows = grouped_by_patient(line.rows, data.patients)
    at = np.array([0.1, 0.7, -0.6, -0.4])
    sigma, tau = np.exp(at[2:])
    total = 0.0
    for patient in range(6):
        mine = np.flatnonzero(data.patients == patient)

        def joint(u, mine=mine):
            law = stats.norm(line.rows.design[0, mine] @ at[:2] + u, sigma)
            y, kind = line.rows.y[0, mine], data.kind[mine]
            terms = np.where(kind == 0, law.logpdf(y), law.logcdf(y))
            return np.exp(terms.sum()) * stats.norm.pdf(u, 0, tau)

        total += np.log(integrate.quad(joint, -8, 8, points=[0], epsabs=0, epsrel=1e-10)[0])
    assert rows.log_likelihood(at) == pytest.approx(total, abs=1e-6)


def test_the_maximum_is_the_one_of_a_search_without_gradients():
    data = visits(lloq=3000.0)
    found = fit_random_intercept(data)
    line = fit_line(data)
    rows = grouped_by_patient(line.rows, data.patients)
    start = np.array([0.0, 0.5, -0.5, -0.5])
    for _ in range(3):
        options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 3000, "maxfev": 3000}
        start = optimize.minimize(
            lambda p: -rows.log_likelihood(p), start, method="Nelder-Mead", options=options
        ).x
    assert found.slope == pytest.approx(start[1] * line.axes.scale_y / line.axes.scale_x, abs=1e-6)
    assert rows.log_likelihood(start) == pytest.approx(
        found.log_likelihood + data.count(0) * np.log(line.axes.scale_y), abs=1e-7
    )
    assert found.between == pytest.approx(np.exp(start[3]) * line.axes.scale_y, abs=1e-5)


def test_the_interval_holds_the_slope_and_the_estimates_are_told():
    found = fit_random_intercept(visits())
    assert found.slope_interval[0] < found.slope < found.slope_interval[1]
    names = [estimate.name for estimate in found.estimates()]
    assert names == [
        "slope_random_intercept", "sd_between_patients", "sd_within_patients", "alike_within_patients"
    ]  # fmt: skip
    assert 0 < found.alike < 1


def test_patients_who_are_alike_have_no_scatter_between_them():
    found = fit_random_intercept(visits(between=0.0, patients=30))
    assert found.between < 0.15


def test_single_samples_are_refused():
    with pytest.raises(
        NotEstimableError, match="0 patients gave more than one sample; a random intercept needs 5"
    ):
        fit_random_intercept(observe([2, 4, 8], [9000] * 3, ["OK"] * 3, lloq=5000))


def test_the_gradient_is_that_of_the_likelihood():
    data = visits(lloq=6000.0)
    rows = grouped_by_patient(fit_line(data).rows, data.patients)
    at = np.array([0.1, 0.6, -0.7, -0.5])
    steps = np.eye(4) * 1e-5
    numeric = [(rows.log_likelihood(at + h) - rows.log_likelihood(at - h)) / 2e-5 for h in steps]
    assert rows.value_and_gradient(at)[1] == pytest.approx(numeric, abs=1e-5)


def test_a_scatter_at_its_floor_does_not_hold_the_ascent_there():
    data = visits(between=0.0, patients=30)
    rows = grouped_by_patient(fit_line(data).rows, data.patients)
    for slope in (0.0, 0.5, 2.0):
        starts = (np.array([0.0, slope, -0.7, low]) for low in (-6.0, -1.0))
        values = [_highest(rows, start, hold_slope=True)[1] for start in starts]
        assert values[0] == pytest.approx(values[1], abs=1e-6)
