"""M2: the curve's likelihood against an integral, its maximum against a search, its refusals, its coverage."""

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from pipeline.patients.pharmacokinetics.decline import WEEKS_AFTER_DOSE, labelled_curve
from pipeline.washout import NotEstimableError, observe
from pipeline.washout.recovery.draws import draws
from pipeline.washout.recovery.fit import fit_recovery, weeks_to_half, weeks_until
from pipeline.washout.recovery.prior import Prior
from pipeline.washout.recovery.share import first_reached, log_quantiles, share_with
from pipeline.washout.recovery.summits import Peak, summits
from pipeline.washout.recovery.surface import Surface
from validation.recovery import Recovery, simulated, true_t50


@pytest.fixture(scope="module")
def curve():
    return labelled_curve()


@pytest.fixture(scope="module")
def data(curve):
    return simulated(Recovery("exponential", 60), curve, np.random.default_rng(2))


def slow_log_likelihood(p, data, ug_ml, log_sd):
    """Integrated by quadrature, row by row, from the formula."""
    r0, rho, t, kd, faster, unlike, sigma = p
    total = 0.0
    for i in range(data.n):
        w = data.weeks[i]
        regained = r0 + np.log10(1 - (1 - 1 / (1 + np.exp(-rho))) * 2 ** (-w / np.exp(t)))
        s = np.hypot(np.exp(sigma), data.measurement_sd[i])

        def joint(z, i=i, w=w, regained=regained, s=s):
            c = ug_ml[i] * np.exp(np.exp(unlike) * log_sd[i] * z - faster * w)
            middle = regained + np.log10(np.exp(kd) / (c + np.exp(kd)))
            y = data.log_rd[i]
            term = stats.norm.pdf(y, middle, s) if data.kind[i] == 0 else stats.norm.cdf(y, middle, s)
            return term * stats.norm.pdf(z)

        total += np.log(integrate.quad(joint, -3, 3, epsrel=1e-8, limit=200)[0])
    return total


def test_without_scatter_of_the_serum_the_likelihood_is_the_formula():
    weeks, rd = [4.0, 20.0, 50.0, 80.0], [1.0, 9e3, 9e4, 1.2e5]
    data = observe(weeks, rd, ["BELOW_LLOQ", "OK", "OK", "OK"], lloq=5000, measurement_sd=0.1)
    ug_ml = np.array([300.0, 3.0, 0.1, 0.01])
    p = np.array([5.1, -1.0, 2.7, -1.3, 0.01, 0.0, -1.2])
    found = Surface(data, ug_ml, np.zeros(4), Prior.around(0.25)).log_likelihood(p[None])[0]
    lost = 1 / (1 + np.exp(p[1]))
    free = np.log10(
        (1 - lost * 2 ** (-data.weeks / np.exp(p[2]))) / (1 + ug_ml * np.exp(-p[4] * data.weeks - p[3]))
    )
    law = stats.norm(p[0] + free, np.hypot(np.exp(p[6]), 0.1))
    expected = law.logcdf(np.log10(5000))[0] + law.logpdf(np.log10(rd))[1:].sum()
    assert found == pytest.approx(expected, abs=1e-9)


def test_scatter_of_the_serum_is_integrated_out(curve, data):
    rows = np.arange(12)
    few = observe(
        data.weeks[rows], 10 ** data.log_rd[rows], ["OK" if k == 0 else "BELOW_LLOQ" for k in data.kind[rows]],
        lloq=5000, measurement_sd=0.05,
    )  # fmt: skip
    level, spread = curve.at(few.weeks)
    p = np.array([5.1, -1.0, 2.7, -1.3, 0.1, -0.4, -1.0])
    found = Surface(few, level, spread, Prior.around(0.25)).log_likelihood(p[None])[0]
    assert found == pytest.approx(slow_log_likelihood(p, few, level, spread), abs=0.05 * few.n)


def test_the_maximum_is_the_one_of_a_search_without_gradients(curve, data):
    level, spread = curve.at(data.weeks)
    surface = Surface(data, level, spread, Prior.around(0.25))
    peak = summits(surface)[0]
    start = peak.parameters + 0.05
    for _ in range(4):
        options = {"xatol": 1e-8, "fatol": 1e-11, "maxiter": 4000, "maxfev": 4000}
        start = optimize.minimize(
            lambda p: -surface.value(p[None])[0], start, method="Nelder-Mead", options=options
        ).x
    assert peak.value == pytest.approx(surface.value(start[None])[0], abs=1e-6)
    assert peak.parameters == pytest.approx(start, abs=1e-3)


def test_t50_is_where_the_curve_is_half_the_plateau(curve, data):
    fit = fit_recovery(data, curve)
    assert float(fit.predict(fit.half_weeks)) == pytest.approx(fit.plateau / 2, rel=0.01)
    assert weeks_to_half(fit.peak.parameters[None], curve)[0] == fit.half_weeks
    low, high = fit.predict_interval([20.0, 60.0])
    assert np.all((low < fit.predict([20.0, 60.0])) & (fit.predict([20.0, 60.0]) < high))


def test_the_median_of_all_patients_is_that_of_a_simulated_crowd(curve):
    p = np.array([[5.2, -1.1, 2.8, -1.1, 0.0, 0.0, np.log(0.3)]])
    rng = np.random.default_rng(3)
    for week in (20.0, 50.0, 80.0):
        level, spread = curve.at(np.array([week]))
        c = level * np.exp(spread * rng.standard_normal(200_000))
        regained = 1 - (1 - 1 / (1 + np.exp(1.1))) * 2 ** (-week / np.exp(2.8))
        rd = 10 ** (5.2 + 0.3 * rng.standard_normal(200_000)) * regained / (1 + c / np.exp(-1.1))
        place = np.flatnonzero(week == WEEKS_AFTER_DOSE)
        assert 10 ** log_quantiles(p, curve, place, 0.5)[0, 0] == pytest.approx(np.median(rd), rel=0.03)
        assert share_with(p, curve, place, np.array([4.5]))[0] == pytest.approx(
            np.mean(rd >= 10**4.5), abs=0.01
        )
        assert first_reached(p, curve, log_quantiles(p, curve, place, 0.5)[0], 0.5)[0] == pytest.approx(
            week, abs=0.1
        )


def test_the_week_that_reaches_a_target_is_the_one_the_target_was_taken_at(curve):
    p = np.array([[5.2, -1.1, 2.8, -1.1, 0.0, 0.0, np.log(0.3)]])
    for place in range(11, 150, 9):
        target = log_quantiles(p, curve, np.array([place]), 0.5)[0]
        assert first_reached(p, curve, target, 0.5)[0] == pytest.approx(WEEKS_AFTER_DOSE[place], abs=1e-4)


def test_the_true_t50_and_plateau_lie_in_their_intervals(curve, data):
    fit = fit_recovery(data, curve)
    assert fit.half_interval[0] < true_t50(Recovery("exponential", 60), curve) < fit.half_interval[1]
    assert fit.plateau_interval[0] < 150_000 < fit.plateau_interval[1]


def test_nine_of_ten_patients_wait_longer_than_half_of_them(curve, data):
    fit = fit_recovery(data, curve)
    half, most = weeks_until(fit, 20_000), weeks_until(fit, 20_000, 0.9)
    assert half[1] < half[0] < half[2]
    assert most[0] > half[0]
    assert weeks_until(fit, 1e9)[0] == np.inf


def test_a_drug_level_of_its_own_is_used_where_it_is_known(curve, data):
    unknown = np.arange(60) % 2 > 0
    level, spread = (np.where(unknown, np.nan, values) for values in curve.at(data.weeks))
    fit = fit_recovery(data, curve, ug_ml=level, log_sd=spread)
    assert any("30 of 60 rows have no drug level of their own" in note for note in fit.notes)


@pytest.mark.parametrize(
    ("late", "measured", "words"),
    [(3, 9, "9 measured receptor densities, 3 of them beyond 26 weeks"), (5, 7, "7 measured")],
)
def test_too_few_or_too_early_rows_are_refused_with_the_counts(curve, late, measured, words):
    weeks = [30.0] * late + [10.0] * (measured - late) + [5.0] * 4
    rows = observe(weeks, [9000.0] * len(weeks), ["OK"] * measured + ["BELOW_LLOQ"] * 4, lloq=5000)
    with pytest.raises(NotEstimableError, match=words):
        fit_recovery(rows, curve)


@pytest.mark.slow
def test_rows_of_one_patient_do_not_count_as_many(curve, data):
    alone = fit_recovery(data, curve)
    rows = [
        10 ** np.repeat(data.log_rd, 3),
        ["OK" if k == 0 else "BELOW_LLOQ" for k in np.repeat(data.kind, 3)],
    ]
    thrice = observe(
        np.repeat(data.weeks, 3),
        *rows,
        lloq=5000,
        measurement_sd=0.05,
        patients=list(np.repeat(np.arange(60), 3)),
    )
    together = fit_recovery(thrice, curve)
    assert together.half_interval == pytest.approx(alone.half_interval, rel=0.15)


def test_draws_of_more_than_a_thousand_rows_are_normal_with_the_inverse_curvature_as_covariance():
    rows = observe([10.0] * 1_001, [9e3] * 1_001, ["OK"] * 1_001, lloq=5000, measurement_sd=0.1)
    surface = Surface(rows, np.full(1_001, 3.0), np.zeros(1_001), Prior.around(0.25))
    place = np.array([5.1, -1.0, 2.7, -1.3, 0.01, 0.2, -1.2])
    root = np.eye(7) + np.tril(np.full((7, 7), 0.6), -1)  # every parameter hangs on those before it
    covariance = 0.01 * root @ root.T
    drawn, weights = draws(
        surface, [Peak(place, 0.0, np.linalg.inv(covariance))], 40_000, np.random.default_rng(1)
    )
    assert weights == pytest.approx(np.full(40_000, 1 / 40_000))
    assert drawn.mean(axis=0) == pytest.approx(place, abs=0.01)
    assert np.cov(drawn.T) == pytest.approx(covariance, abs=0.001)
