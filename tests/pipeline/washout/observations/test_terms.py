"""Kits and covariates on the line: against an independent likelihood, and against least squares."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

from calibration.density.result import RdStatus
from helpers.washout_truth import LLOQ, patients_on_a_line
from pipeline.study.quantity_name import NO_UNIT
from pipeline.study.settings import Settings
from pipeline.washout import PatientRd, fit_tobit, observe, weeks_to_reach
from pipeline.washout.line.tobit import fit_observations
from pipeline.washout.observations.selection import observed
from pipeline.washout.observations.terms import refusal_of, too_many
from pipeline.washout.observations.ways import Way, usable_ways, way_terms


def with_kits(n=60, seed=3, factor=2.0):
    weeks, rd, status = patients_on_a_line(n, seed, lloq=2000.0)
    kits = ["qsc" if i % 3 == 0 else "quantibrite_pe" for i in range(n)]
    rd = np.where(np.array(kits) == "qsc", rd * factor, rd)
    return weeks, rd, status, kits


@pytest.mark.slow
def test_a_line_with_covariates_agrees_with_an_independent_likelihood_to_1e_6():
    weeks, rd, status = patients_on_a_line(50, 4)
    lines, igg = np.arange(50) % 7 + 1.0, (np.arange(50) % 3 == 0) * 1.0
    fit = fit_tobit(weeks, rd, status, lloq=LLOQ, covariates={"lines": lines, "igg": igg})
    design = np.column_stack([np.ones(50), np.log2(weeks), lines, igg])
    below = np.array(status) == "BELOW_LLOQ"

    def loss(p):
        law = stats.norm(design @ p[:4], np.exp(p[4]))
        return -np.where(below, law.logcdf(np.log10(LLOQ)), law.logpdf(np.log10(rd))).sum()

    best = np.array([3.0, 0.3, 0.0, 0.0, -1.0])
    for _ in range(4):
        options = {"xatol": 1e-10, "fatol": 1e-13, "maxiter": 9000, "maxfev": 9000}
        best = optimize.minimize(loss, best, method="Nelder-Mead", options=options).x
    likely = (fit.most_likely.slope, *(term.most_likely for term in fit.terms), np.log(fit.most_likely.sigma))
    assert likely == pytest.approx(best[1:], abs=1e-6)
    told = (fit.slope, *(term.effect for term in fit.terms))
    assert told == pytest.approx(best[1:4], abs=0.02)
    assert fit.log_likelihood == pytest.approx(-loss(best), abs=1e-8)


def test_without_censoring_intervals_of_terms_are_those_of_least_squares():
    weeks, rd, _ = patients_on_a_line(30, 3, lloq=0.0)
    lines = np.arange(30) % 5 + 0.0
    fit = fit_tobit(weeks, rd, [RdStatus.OK] * 30, lloq=1.0, covariates={"lines": lines}, doubts=False)
    design = np.column_stack([np.ones(30), np.log2(weeks), lines])
    beta, rest, *_ = np.linalg.lstsq(design, np.log10(rd), rcond=None)
    half = stats.t.ppf(0.975, 27) * np.sqrt(rest[0] / 27 * np.diag(np.linalg.inv(design.T @ design)))
    assert fit.slope_interval == pytest.approx((beta[1] - half[1], beta[1] + half[1]), abs=1e-7)
    assert fit.terms[0].interval == pytest.approx((beta[2] - half[2], beta[2] + half[2]), abs=1e-7)


def test_the_kit_term_is_the_ratio_of_the_kits_and_the_line_is_the_reference_kits():
    weeks, rd, status, kits = with_kits()
    plain = fit_tobit(weeks, *patients_on_a_line(60, 3, lloq=2000.0)[1:], lloq=2000.0)
    rows = observe(weeks, rd, status, lloq=2000.0, terms=way_terms([Way(kit, "", "", "") for kit in kits]))
    fit = fit_observations(rows)
    assert 10 ** fit.terms[0].interval[0] < 2 < 10 ** fit.terms[0].interval[1]
    assert float(fit.predict(16)) == pytest.approx(float(plain.predict(16)), rel=0.2)
    wait = weeks_to_reach(fit, 20_000)
    assert float(fit.predict(wait.weeks)) == pytest.approx(20_000)
    assert wait.low < wait.weeks < wait.high
    assert fit.terms[0].name == "kit_qsc"
    assert fit.method.endswith("+ kit_qsc")


def test_usable_kits_have_rows_and_measured_rows():
    kits = ["a"] * 5 + ["b"] * 3 + ["c"] * 3 + ["d"] * 2
    measured = [True] * 5 + [True, True, False] + [True, False, False] + [True] * 2
    ways = [Way(kit, "", "", "") for kit in kits]
    reference, others = usable_ways(ways, measured)
    assert (reference.kit, [way.kit for way in others]) == ("a", ["b"])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([1.0, np.nan, 2.0, 3.0], "x is not known in 1 of 4 rows"),
        ([1.0, 1.0, 1.0, 1.0], "x is 1 in every row"),
        ([0.0, 1.0, 1.0, 1.0], "x is 1 in every measured row"),
        ([0.0, 1.0, 0.0, 1.0], ""),
    ],
)
def test_a_covariate_that_cannot_be_used_says_why(values, reason):
    term = observe([1, 2, 3, 4], [9e3] * 4, [RdStatus.OK] * 4, lloq=5e3, terms=()).notes
    assert term == ()
    from pipeline.washout.observations.terms import Term

    assert refusal_of(Term("x", NO_UNIT, np.array(values)), np.array([-1, 0, 0, 0], np.int8), "x") == reason


def test_ten_rows_are_asked_for_each_coefficient():
    kind = np.zeros(30, np.int8)
    assert too_many(kind, 1) == ""
    assert too_many(kind, 2).startswith("4 coefficients need 40 rows")


def rows_of_two_kits(**of_the_second):
    """Fourteen rows of one kit and six of another, which may differ in more."""
    weeks, rd, status = patients_on_a_line(20, 5)
    rows = [
        PatientRd(f"P{i}", "b", weeks[i], rd[i], status[i], LLOQ, 67_601.0, 0.08, beads_kit="qsc")
        for i in range(20)
    ]
    return [*rows[:14], *(replace(row, beads_kit="quantibrite_pe", **of_the_second) for row in rows[14:])]


def test_a_kit_has_a_term_only_where_rows_of_it_are_left():
    data, _ = observed(rows_of_two_kits(), Settings())
    (term,) = data.terms
    assert (data.n, term.name, term.values.tolist()) == (20, "kit_quantibrite_pe", [0.0] * 14 + [1.0] * 6)
    data, _ = observed(rows_of_two_kits(weeks=None), Settings())
    assert (data.n, data.terms) == (14, ())
    assert observed([], Settings())[0].terms == ()
