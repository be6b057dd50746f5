"""What may bend the line: against R's censored regression, an independent likelihood, and known truths."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

from helpers.r_witness import needs_r, r_numbers
from helpers.washout_truth import LLOQ, patients_on_a_line
from pipeline.washout import fit_tobit, observe
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.line.doubts import Doubt, doubts_of, open_scatter_words
from pipeline.washout.line.doubts import Tested as DoubtOf
from pipeline.washout.line.line import fit_line


def rows_of(n=60, seed=4, growing=1.0, lloq=LLOQ):
    weeks, rd, _ = patients_on_a_line(n, seed, sigma=0.0)
    rng = np.random.default_rng(seed)
    x = np.log2(weeks)
    log_rd = np.log10(rd) + 0.4 * growing ** (x - 3.75) * rng.standard_normal(n)
    status = ["BELOW_LLOQ" if y < np.log10(lloq) else "OK" for y in log_rd]
    return weeks, 10**log_rd, status


def slow_varying(weeks, rd, status):
    """Maximise a censored likelihood whose log SD is linear in log2 weeks, by Nelder-Mead with scipy.stats."""
    x, below = np.log2(weeks), np.array(status) == "BELOW_LLOQ"

    def loss(p):
        law = stats.norm(p[0] + p[1] * x, np.exp(p[2] + p[3] * (x - x.mean())))
        return -np.sum(np.where(below, law.logcdf(np.log10(LLOQ)), law.logpdf(np.log10(rd))))

    best = np.array([3.0, 0.2, -0.9, 0.0])
    for _ in range(4):
        found = optimize.minimize(
            loss, best, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 8000}
        )
        best = found.x
    return best, -found.fun


def test_a_scatter_that_varies_agrees_with_an_independent_likelihood():
    weeks, rd, status = rows_of(growing=1.3)
    best, value = slow_varying(weeks, rd, status)
    free = fit_line(replace(observe(weeks, rd, status, lloq=LLOQ), scatter_varies=True))
    assert free.log_likelihood == pytest.approx(value, abs=1e-6)
    assert free.most_likely.slope == pytest.approx(best[1], abs=1e-5)
    gamma = free.best.beta[0, -1] / free.axes.scale_x
    assert gamma == pytest.approx(best[3], abs=1e-4)


@needs_r("nlme")
def test_without_censoring_it_agrees_with_gls_of_r():
    weeks, rd, _ = rows_of(growing=1.3)
    free = fit_line(replace(observe(weeks, rd, ["OK"] * 60, lloq=1), scatter_varies=True))
    told = r_numbers(
        "library(nlme); m <- gls(y ~ x, weights = varExp(form = ~ x), method = 'ML');"
        "tell('slope', coef(m)[2]); tell('value', logLik(m));"
        "tell('gamma', coef(m$modelStruct$varStruct, unconstrained = FALSE))",
        x=list(np.log2(weeks)), y=list(np.log10(rd)),
    )  # fmt: skip
    assert free.most_likely.slope == pytest.approx(told["slope"][0], rel=1e-5)
    assert free.log_likelihood == pytest.approx(told["value"][0], abs=1e-6)
    assert free.best.beta[0, -1] / free.axes.scale_x == pytest.approx(told["gamma"][0], rel=1e-3)


@pytest.mark.slow
@needs_r("survival")
def test_a_term_for_the_lloq_agrees_with_survreg_of_r():
    weeks, rd, _ = patients_on_a_line(60, 4)
    lloq = 5000 * 10 ** (0.2 * np.random.default_rng(1).standard_normal(60) + 0.3 * np.log10(rd / 8000))
    below = rd < lloq
    data = observe(weeks, rd, np.where(below, "BELOW_LLOQ", "OK").tolist(), lloq=lloq)
    doubt = next(found for found in doubts_of(fit_line(data)) if found.doubt is Doubt.LLOQ)
    told = r_numbers(
        "library(survival); s <- Surv(ifelse(below > 0, NA, y), ifelse(below > 0, limit, y), type = 'interval2');"
        "f <- survreg(s ~ x + limit, dist = 'gaussian'); tell('effect', coef(f)[3])",
        below=below.astype(float).tolist(), y=np.log10(rd).tolist(), x=np.log2(weeks).tolist(),
        limit=np.log10(lloq).tolist(),
    )  # fmt: skip
    assert doubt.effect == pytest.approx(told["effect"][0], rel=1e-5)
    assert doubt.is_significant


def test_a_scatter_that_grows_is_found_said_and_taken_in():
    weeks, rd, status = rows_of(200, 3, growing=1.35)
    fit, plain = (fit_tobit(weeks, rd, status, lloq=LLOQ, doubts=asked) for asked in (True, False))
    assert fit.data.scatter_varies
    assert fit.slope < plain.slope
    assert fit.method.endswith("N(0, sigma * exp(gamma * log2 weeks))")
    said = next(note for note in fit.notes if "the scatter grows with weeks" in note)
    assert "too steep" in said
    assert "M0 mistakes such a spread for a rise" in said
    by_name = {estimate.name: estimate for estimate in fit.estimates()}
    assert by_name["slope_without_doubts"].value == pytest.approx(plain.slope)
    assert by_name["slope_varying_scatter"].value == fit.slope
    assert by_name["doubt_scatter"].p < 0.05
    assert by_name["doubt_scatter"].note == "found"


def test_a_scatter_that_shrinks_errs_to_the_flat_side():
    weeks, rd, status = rows_of(200, 3, growing=0.75)
    fit, plain = (fit_tobit(weeks, rd, status, lloq=LLOQ, doubts=asked) for asked in (True, False))
    assert fit.slope > plain.slope
    assert any("the scatter shrinks with weeks" in note and "too flat" in note for note in fit.notes)


@pytest.mark.parametrize(("correlation", "steeper"), [(0.7, True), (-0.7, False)])
def test_an_lloq_that_goes_with_the_density_is_taken_in(correlation, steeper):
    weeks, rd, _ = patients_on_a_line(150, 8)
    rest = (np.log10(rd) - 3.8 - np.log10(2.27) * (np.log2(weeks) - 4)) / 0.4
    own = np.sqrt(1 - correlation**2) * np.random.default_rng(3).standard_normal(150)
    lloq = 5000 * 10 ** (0.2 * (correlation * rest + own))
    status = ["BELOW_LLOQ" if y < low else "OK" for y, low in zip(rd, lloq, strict=True)]
    fit, plain = (fit_tobit(weeks, rd, status, lloq=lloq, doubts=asked) for asked in (True, False))
    assert [term.name for term in fit.terms] == ["lloq"]
    assert (plain.slope > fit.slope) == steeper
    assert any("rows with a high LLOQ have a" in note for note in fit.notes)


def test_patients_sampled_more_often_because_they_recover_are_said():
    rng = np.random.default_rng(6)
    level = 0.3 * rng.standard_normal(60)
    patients = np.repeat(np.arange(60), np.clip(np.round(2.5 + 5 * level), 1, 5).astype(int))
    x = rng.uniform(1, 6.5, len(patients))
    log_rd = 3.8 + 0.36 * (x - 4) + level[patients] + 0.2 * rng.standard_normal(len(patients))
    status = ["BELOW_LLOQ" if y < np.log10(LLOQ) else "OK" for y in log_rd]
    fit = fit_tobit(2**x, 10**log_rd, status, lloq=LLOQ, patients=patients.tolist())
    assert "samples" in [term.name for term in fit.terms]
    assert any("patients with more samples have a high RD" in note for note in fit.notes)


def test_few_measured_rows_are_not_tested():
    weeks, rd, status = patients_on_a_line(12, 2)
    fit = fit_tobit(weeks, rd, status, lloq=LLOQ)
    assert fit.data.count(OBSERVED) < 8
    assert fit.doubts == ()
    assert fit.varying is None


@pytest.mark.slow
def test_rows_as_the_line_assumes_are_seldom_doubted():
    found = [
        doubt.is_significant
        for seed in range(40)
        for doubt in doubts_of(fit_line(observe(*rows_of(60, seed), lloq=LLOQ)))
    ]
    assert len(found) == 80
    assert sum(found) <= 12  # 4 expected, 4 standard errors


@pytest.mark.parametrize(
    ("effect", "p", "said"),
    [
        (
            1.15,
            0.2,
            "grows with weeks (× 1.15 per doubling, p 0.2). If it does, the slope of M1 is too steep",
        ),
        (
            0.85,
            0.49,
            "shrinks with weeks (× 0.85 per doubling, p 0.49). If it does, the slope of M1 is too flat",
        ),
        (1.15, 0.5, ""),
        (1.15, 0.049, ""),
    ],
)
def test_where_the_rows_leave_a_changing_scatter_open_the_direction_of_the_error_is_told(effect, p, said):
    tested = (DoubtOf(Doubt.BEND, 0.1, 0.3, 0.36), DoubtOf(Doubt.SCATTER, effect, p, 0.36))
    words = open_scatter_words(tested)
    assert said in words
    assert bool(words) == bool(said)
    assert open_scatter_words(tested[:1]) == ""
