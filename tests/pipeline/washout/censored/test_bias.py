import numpy as np
import pytest
from scipy import integrate, stats

from helpers.washout_truth import LLOQ, patients_on_a_line
from pipeline.washout import fit_tobit, observe
from pipeline.washout.censored.bias import Bounds, adjusted_step, adjustment_of, reduce_bias
from pipeline.washout.censored.likelihood import OBSERVED, CensoredRows, derivatives, maximise, single
from pipeline.washout.censored.row_moments import row_moments
from pipeline.washout.line.line import fit_line


def _density(y, mean, sigma, sd):
    """Of a row, with scipy: shares nothing with the package."""
    return stats.norm.pdf(y, mean, np.hypot(sigma, sd))


def _expectation(of, low, high, mean, sigma, sd):
    """E of a function of the row's own likelihood, by numerical integration and the two ends."""
    inside = integrate.quad(lambda y: of(lambda m, s: _density(y, m, s, sd)), low, high, epsabs=1e-11)[0]
    below = of(lambda m, s: stats.norm.cdf(low, m, np.hypot(s, sd)))
    return inside + below + of(lambda m, s: stats.norm.sf(high, m, np.hypot(s, sd)))


@pytest.mark.parametrize("sd", [0.0, 0.3])
def test_the_adjustment_is_the_expectation_that_its_formula_says(sd):
    low, high, step = -0.4, 0.9, 1e-3
    beta, log_sigma = np.array([0.2, 0.5]), np.log(0.7)
    x = np.array([-1.0, 0.3, 1.1])
    design = np.column_stack([np.ones(3), x])
    rows = single(design, np.zeros(3), np.zeros(3, np.int8), np.full(3, sd))
    information, found = adjustment_of(
        rows, Bounds(np.full((1, 3), low), np.full((1, 3), high)), beta[None], np.array([log_sigma])
    )
    wanted = np.zeros(3)
    inverse = np.linalg.inv(information[0])
    for row in design:
        turn = np.array([[*row, 0.0], [0.0, 0.0, 1.0]])
        seen = turn @ inverse @ turn.T
        moved = {"mean": float(row @ beta), "sd": sd, "low": low, "high": high, "sigma": np.exp(log_sigma)}
        wanted += 0.5 * turn.T @ [
            sum(seen[a, b] * _expectation(_third(a, b, c, step, **moved), low, high, moved["mean"], np.exp(log_sigma), sd)
                for a in (0, 1) for b in (0, 1))
            for c in (0, 1)
        ]  # fmt: skip
    assert found[0] == pytest.approx(wanted, rel=2e-4, abs=2e-4)


def _third(a, b, c, step, *, mean, sigma, **_rest):
    """f_ab · f_c / f of a likelihood f(mean, sigma), derivatives by mean and log sigma in small steps."""
    units = step * np.eye(2)

    def of(likelihood):
        def f(shift):
            return likelihood(mean + shift[0], sigma * np.exp(shift[1]))

        if f(np.zeros(2)) <= 0:
            return 0.0
        by = [units[a] + units[b], units[a] - units[b], units[b] - units[a], -units[a] - units[b]]
        second = (f(by[0]) - f(by[1]) - f(by[2]) + f(by[3])) / (4 * step**2)
        return second * (f(units[c]) - f(-units[c])) / (2 * step) / f(np.zeros(2))

    return of


def test_without_censoring_the_line_is_least_squares_and_sigma_is_larger():
    weeks, rd, _ = patients_on_a_line(15, 3, lloq=0.0)
    fit = fit_tobit(weeks, rd, ["OK"] * 15, lloq=1e-9)
    assert (fit.slope, fit.intercept) == pytest.approx(
        (fit.most_likely.slope, fit.most_likely.intercept), abs=1e-8
    )
    assert 15 * (fit.most_likely.sigma / fit.sigma) ** 2 == pytest.approx(13, abs=1e-4)  # n - 2


def test_the_told_slope_is_less_steep_than_the_most_likely_one_where_few_are_measured():
    weeks, rd, status = patients_on_a_line(19, 4)
    fit = fit_tobit(weeks, rd, status, lloq=LLOQ)
    assert 0.8 * fit.most_likely.slope < fit.slope < fit.most_likely.slope
    assert fit.slope_interval[0] < fit.slope < fit.slope_interval[1]
    told = {estimate.name: estimate for estimate in fit.estimates()}
    assert told["slope_per_doubling"].value == fit.slope
    assert told["slope_maximum_likelihood"].value == fit.most_likely.slope
    assert "adjusted score" in told["slope_per_doubling"].method
    assert "maximum likelihood: log10" in told["slope_maximum_likelihood"].method


def test_the_adjusted_score_vanishes_at_the_told_line():
    weeks, rd, status = patients_on_a_line(25, 4, uloq=60_000)
    line = fit_line(observe(weeks, rd, status, lloq=LLOQ, uloq=60_000, measurement_sd=0.1))
    bounds = [(np.log10(limit) - line.axes.centre_y) / line.axes.scale_y for limit in (LLOQ, 60_000)]
    of = Bounds(*(np.full((1, 25), bound) for bound in bounds))
    at = line.estimate[None, :-1], line.estimate[-1:]
    information, adjustment = adjustment_of(line.rows, of, *at)
    aim = np.array([0, 0, -np.linalg.inv(information[0])[2, 2]])
    left = derivatives(line.rows, *at)[0] + adjustment + information[0] @ aim
    assert left == pytest.approx(0, abs=1e-6)
    assert adjusted_step(line.rows, of, line.estimate[None]) == pytest.approx(0, abs=1e-8)


def test_the_mean_slope_of_many_small_studies_is_the_true_one():
    rng = np.random.default_rng(12)
    x = rng.uniform(-3, 2.5, (600, 19))
    y = 0.356 * x + 0.4 * rng.standard_normal(x.shape)
    low = float(np.quantile(y, 0.58))
    kind = np.where(y < low, -1, OBSERVED).astype(np.int8)
    keep = np.flatnonzero(np.sum(kind == OBSERVED, axis=1) >= 3)
    design = np.stack([np.ones_like(x), x], axis=2)
    rows = CensoredRows(design, np.maximum(y, low), kind, np.zeros_like(y), np.ones_like(y)).take(keep)
    best = maximise(rows)
    found = reduce_bias(rows, Bounds(np.full(rows.y.shape, low), np.full(rows.y.shape, np.inf)), best)
    assert found.converged.all()
    assert found.beta[:, 1].mean() == pytest.approx(0.356, rel=0.045)  # three standard errors
    assert best.beta[:, 1].mean() > found.beta[:, 1].mean()


@pytest.mark.parametrize(("n", "censored", "weight"), [(6, 0.4, 1.0), (8, 0.58, 0.5), (12, 0.58, 1.0)])
def test_nearly_every_small_study_has_its_bias_taken_off(n: int, censored: float, weight: float):
    rng = np.random.default_rng(n)
    x = rng.uniform(-3, 2.5, (200, n))
    y = 0.356 * x + 0.4 * rng.standard_normal(x.shape)
    low = float(np.quantile(y, censored))
    kind = np.where(y < low, -1, OBSERVED).astype(np.int8)
    design = np.stack([np.ones_like(x), x], axis=2)
    every = CensoredRows(design, np.maximum(y, low), kind, np.full_like(y, 0.1), np.full_like(y, weight))
    rows = every.take(np.flatnonzero(np.sum(kind == OBSERVED, axis=1) >= 3))
    held = np.flatnonzero(maximise(rows).is_determined(n))
    rows = rows.take(held)
    found = reduce_bias(
        rows, Bounds(np.full(rows.y.shape, low), np.full(rows.y.shape, np.inf)), maximise(rows)
    )
    assert len(held) > 100
    assert np.mean(found.converged) >= 0.98


def test_copies_of_a_patient_take_off_as_much_as_the_patient_alone():
    weeks, rd, status = patients_on_a_line(12, 21, lloq=2000)
    once = fit_tobit(weeks, rd, status, lloq=2000)
    often = np.repeat(weeks, 4), np.repeat(rd, 4), list(np.repeat(status, 4))
    together = fit_tobit(*often, lloq=2000, patients=list(np.repeat(np.arange(12), 4)))
    assert together.slope == pytest.approx(once.slope, abs=1e-7)


@pytest.mark.slow
def test_rows_without_scatter_keep_the_line_they_lie_on():
    fit = fit_tobit([1, 2, 4, 8], [100, 200, 400, 800], ["OK"] * 4, lloq=5)
    assert fit.slope == fit.most_likely.slope
    assert fit.method.startswith("Tobit, maximum likelihood")


def test_moments_far_out_stay_finite():
    information, third = row_moments(np.array([-80.0, 30.0, -50.0]), np.array([-30.0, 80.0, 50.0]))
    assert np.isfinite(information).all()
    assert np.isfinite(third).all()
