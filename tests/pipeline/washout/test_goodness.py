"""Rows held against a model: residuals by the formula, p by refits, and what a contradicted model may still do."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from calibration.density.result import RdStatus
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.pharmacokinetics.decline import labelled_curve
from pipeline.study.settings import Settings
from pipeline.washout import fit_tobit, observe, washout_report
from pipeline.washout.choice import Candidate, choose
from pipeline.washout.goodness import CONTRADICTED, trend_p
from pipeline.washout.recovery.law import recovery_law
from pipeline.washout.recovery.prior import SIGMA, Prior
from pipeline.washout.recovery.rivals import line_law
from pipeline.washout.recovery.summits import summits
from pipeline.washout.recovery.surface import Surface

LLOQ, ULOQ = 5_000.0, 120_000.0


def rise_and_fall(weeks):
    return 4.79 - 0.36 * np.abs(np.log2(weeks / 40))


def straight(weeks):
    return 2.85 + 0.36 * np.log2(weeks)


def rows_of(law, n, seed):
    rng = np.random.default_rng(seed)
    weeks = np.exp(rng.uniform(np.log(2), np.log(100), n))
    return weeks, 10 ** (law(weeks) + 0.35 * rng.standard_normal(n))


def observed(law, n, seed):
    weeks, rd = rows_of(law, n, seed)
    status = [
        RdStatus.BELOW_LLOQ if x < LLOQ else RdStatus.ABOVE_ULOQ if x > ULOQ else RdStatus.OK for x in rd
    ]
    return observe(weeks, rd, status, lloq=LLOQ, uloq=ULOQ, measurement_sd=0.1)


def test_residuals_of_measured_and_censored_rows_are_those_of_the_formula():
    data = observed(straight, 60, 1)
    law = line_law(data)
    scale = np.hypot(law.sigma, 0.1)
    z = (data.log_rd - law.mean[0]) / scale
    expected = np.select(
        [data.kind < 0, data.kind > 0],
        [-stats.norm.pdf(z) / stats.norm.cdf(z) / scale, stats.norm.pdf(z) / stats.norm.sf(z) / scale],
        z / scale,
    )
    residuals, slopes = law.scores(data.log_rd[None], data.kind[None])
    assert {-1, 0, 1} <= set(data.kind.tolist())
    assert residuals[0] == pytest.approx(expected, abs=1e-9)
    assert slopes[0] == pytest.approx(np.zeros(3), abs=1e-4)  # the maximum of the likelihood


def test_the_line_that_is_looked_at_is_the_most_likely_one():
    weeks, rd = rows_of(straight, 40, 2)
    status = [RdStatus.OK if x >= LLOQ else RdStatus.BELOW_LLOQ for x in rd]
    fit, law = fit_tobit(weeks, rd, status, lloq=LLOQ), line_law(observe(weeks, rd, status, lloq=LLOQ))
    assert law.log_likelihoods().sum() == pytest.approx(fit.log_likelihood, abs=1e-8)
    assert law.sigma == pytest.approx(fit.most_likely.sigma, abs=1e-6)


def test_the_slopes_of_the_recovery_curve_are_those_of_its_likelihood():
    data = observed(straight, 30, 3)
    level, spread = labelled_curve().at(data.weeks)
    surface = Surface(data, level, spread, Prior.around(0.25))
    peak = summits(surface)[0]
    law = recovery_law(surface, peak)
    assert law.log_likelihoods().sum() == pytest.approx(
        surface.log_likelihood(peak.parameters[None])[0], abs=1e-8
    )
    steps = 1e-5 * np.eye(SIGMA + 1)
    up, down = (surface.log_likelihood(peak.parameters + side * steps) for side in (1, -1))
    _, slopes = law.scores(data.log_rd[None], data.kind[None])
    assert slopes[0] == pytest.approx((up - down) / 2e-5, abs=1e-4)
    assert slopes[0] + law.pull == pytest.approx(np.zeros(SIGMA + 1), abs=1e-3)


def test_p_by_one_step_of_newton_is_that_of_whole_refits():
    data = observed(rise_and_fall, 40, 6)
    law = line_law(data)
    place = np.log2(data.weeks)
    basis = np.linalg.qr(np.vander(place, 4, increasing=True))[0] * np.sqrt(data.n)

    def statistic(rows):
        return float(np.sum((line_law(rows).scores(rows.log_rd[None], rows.kind[None])[0][0] @ basis) ** 2))

    values, kinds = law.drawn(300, np.random.default_rng(1))
    drawn = [statistic(replace(data, log_rd=y, kind=kind)) for y, kind in zip(values, kinds, strict=True)]
    whole = (1 + np.sum(np.array(drawn) >= statistic(data))) / 301
    assert trend_p(law, 5) == pytest.approx(whole, abs=0.06)


def test_a_sound_line_is_seldom_contradicted_and_a_fall_nearly_always_is():
    sound = [trend_p(line_law(observed(straight, 60, seed)), 1) for seed in range(40)]
    wrong = [trend_p(line_law(observed(rise_and_fall, 100, seed)), 1) for seed in range(20)]
    assert sum(p < CONTRADICTED for p in sound) <= 2
    assert np.mean(sound) == pytest.approx(0.5, abs=0.15)
    assert sum(p < CONTRADICTED for p in wrong) >= 16


def test_rows_of_one_patient_contradict_a_line_only_as_one_patient():
    data = observed(rise_and_fall, 20, 3)
    law, places = line_law(data), np.repeat(np.arange(20), 5)
    columns = ("weeks", "log_rd", "kind", "measurement_sd", "log_lloq", "log_uloq", "patients")
    five = replace(data, **{name: getattr(data, name)[places] for name in columns})
    assert trend_p(line_law(replace(five, patients=np.arange(100))), 1) < trend_p(line_law(five), 1)
    assert trend_p(line_law(five), 1) == pytest.approx(trend_p(law, 1), abs=0.25)


def test_a_model_that_the_rows_contradict_is_not_preferred_and_is_named():
    line, curve = Candidate("M1", 20.0, 3, misfit_p=0.002), Candidate("M2", 30.0, 3.5, misfit_p=0.3)
    found = choose([line, curve])
    assert found.preferred == "M2"
    assert "the rows contradict M1: its residuals have a trend over the weeks (p = 0.002)" in found.reason
    alone = choose([line])
    assert alone.preferred == ""
    assert alone.reason.startswith("no model is preferred: the rows contradict M1")


def test_a_study_that_rises_and_falls_prefers_no_line_and_says_so():
    weeks, rd = rows_of(rise_and_fall, 100, 4)
    rows = [
        PatientRd(f"P{i}", "V", w, d, RdStatus.OK if d >= LLOQ else RdStatus.BELOW_LLOQ, LLOQ, 1e6)
        for i, (w, d) in enumerate(zip(weeks.tolist(), rd.tolist(), strict=True))
    ]
    report = washout_report(rows, Settings())
    assert report.recovery is None
    assert report.choice.preferred == ""
    assert report.curve is report.tobit
    assert report.curve_is_contradicted
