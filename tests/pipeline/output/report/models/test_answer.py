"""The answer in two sentences at the head of the report."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from calibration.density.receptor_density import RdStatus, ReceptorDensity
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.output.report.models.answer import answer
from pipeline.output.report.models.washout_words import washout_words
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import IntervalKind, Wait
from pipeline.washout.report import WashoutReport, washout_report


@cache
def fitted(slope: float, scatter: float, n: int) -> WashoutReport:
    """Models of patients on a line of 60,000 at 16 weeks, with this slope in dex per doubling."""
    rng = np.random.default_rng(7)
    weeks = np.exp(np.linspace(np.log(4), np.log(64), n))
    rd = 60_000 * 10 ** (slope * np.log2(weeks / 16) + rng.normal(0, scatter, n))
    rows = [PatientRd(f"P{i}", "V1", weeks[i], rd[i], RdStatus.OK, 500.0, 1e6, 0.05) for i in range(n)]
    return washout_report(rows, Settings())


def said(study_result: StudyResult, report: WashoutReport | None) -> tuple[str, ...]:
    return answer(changed(study_result, washout=report))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("slope", "scatter", "n", "words"),
    [
        (
            0.4,
            0.1,
            30,
            (
                "clearly rises with the washout: ×",
                "the rate is well known",
                "30 visits of 30 patients",
            ),
        ),
        (-0.4, 0.1, 30, ("clearly falls with the washout",)),
        (0.2, 0.4, 12, ("probably rises with the washout: ×",)),
        (0.0, 0.4, 12, ("is open",)),
    ],
)
def test_the_answer_says_whether_it_rises_and_how_sure_that_is(study_result, slope, scatter, n, words):
    first, _ = said(study_result, fitted(slope, scatter, n))
    for word in words:
        assert word in first


def full_stops(text: str) -> int:
    return len(re.findall(r"\.(?= [A-Z]|$)", text))


@pytest.mark.parametrize("is_contradicted", [False, True])
@pytest.mark.parametrize(("slope", "scatter", "n"), [(0.4, 0.1, 30), (0.2, 0.4, 12), (0.0, 0.4, 12)])
def test_the_answer_is_two_sentences(study_result, slope, scatter, n, is_contradicted):
    report = fitted(slope, scatter, n)
    if is_contradicted:
        candidates = tuple(
            replace(one, misfit_p=0.002) if one.name == "M1" else one for one in report.choice.candidates
        )
        report = replace(report, choice=replace(report.choice, candidates=candidates))
    assert [full_stops(sentence) for sentence in said(study_result, report)] == [1, 1]


def test_a_wide_interval_is_called_hardly_known(study_result):
    report = fitted(0.4, 0.1, 30)
    wide = replace(report.tobit, slope_interval=(0.1, 1.2))
    first, _ = said(study_result, replace(report, fits={**report.fits, "M1": wide}))
    assert "the rate is hardly known" in first


def test_a_fold_beyond_a_thousand_is_told_as_that_bound(study_result):
    report = fitted(0.4, 0.1, 30)
    wild = replace(report.tobit, slope_interval=(-9.0, 12.95))
    models = replace(report, fits={**report.fits, "M1": wild})
    first, _ = said(study_result, models)
    assert "95 % interval < 0.001-fold to > 1,000-fold" in first
    line = next(
        text for text in washout_words(changed(study_result, washout=models)) if text.startswith("M1.")
    )
    assert "(95 % interval < 0.001-fold to > 1,000-fold" in line


def test_the_wait_is_told_with_its_interval_or_why_it_is_not(study_result):
    _, told = said(study_result, fitted(0.4, 0.1, 30))
    assert told.startswith("Half of the patients have 150,000")
    assert "(95 % interval " in told
    _, untold = said(study_result, fitted(0.0, 0.4, 12))
    assert untold.count("cannot be estimated") == 1


def with_wait(report: WashoutReport, wait: Wait) -> WashoutReport:
    """Return a report whose one wait is this one, of the preferred model."""
    return replace(report, waits=(wait,), choice=replace(report.choice, preferred=wait.model))


@pytest.mark.parametrize(
    ("low", "words"),
    [
        (20.0, "(95 % credible interval 20 to 40)."),
        (None, "(95 % credible interval up to 40 weeks; its lower end is beyond the observed range)."),
    ],
)
def test_a_wait_of_a_posterior_has_a_credible_interval_whatever_its_model_is_called(study_result, low, words):
    cut = study_result.study.settings.rd_cut
    wait = Wait("M9", cut, 0.5, 30.0, low, 40.0, 9, note="a note", interval=IntervalKind.CREDIBLE)
    _, sentence = said(study_result, with_wait(fitted(0.4, 0.1, 30), wait))
    assert sentence.endswith(f"after 30 weeks {words}")


def test_why_there_is_no_wait_is_what_the_wait_says_and_no_part_of_its_note(study_result):
    cut = study_result.study.settings.rd_cut
    wait = Wait("M1", cut, 0.5, None, None, None, 9, note="cannot be estimated: x", why="the rise slows")
    _, sentence = said(study_result, with_wait(fitted(0.4, 0.1, 30), wait))
    assert sentence.endswith(" molecules per cell: the rise slows.")


def test_a_line_that_the_rows_contradict_is_said_to_be_so_and_tells_no_weeks(study_result):
    report = fitted(0.4, 0.1, 30)
    candidates = tuple(
        replace(one, misfit_p=0.002) if one.name == "M1" else one for one in report.choice.candidates
    )
    choice = replace(report.choice, preferred="", candidates=candidates)
    rise, wait = said(study_result, replace(report, choice=choice))
    assert "the points do not lie along a straight line: take it as an average over all weeks" in rise
    assert wait.startswith("It cannot be estimated when half of the patients have")
    assert wait.endswith(": the points do not lie along the line.")


def test_without_a_line_the_reason_is_told_and_without_washout_nothing(study_result):
    few = fitted(0.4, 0.1, 30)
    none = replace(few, fits={k: fit for k, fit in few.fits.items() if k == "M0"})
    assert "is not known" in said(study_result, none)[0]
    assert said(study_result, None) == ()


def without_density(study_result: StudyResult, *statuses: RdStatus) -> StudyResult:
    """The study with these tubes alone, each with such a status."""
    tubes = zip(study_result.results, statuses, strict=False)
    results = tuple(replace(tube, receptor=ReceptorDensity(status, 0)) for tube, status in tubes)
    return changed(study_result, results=results, washout=None)


def test_where_no_tube_has_a_density_the_answer_says_so_and_why(study_result):
    few, none, failed = RdStatus.LOW_EVENTS, RdStatus.NO_BACKGROUND, RdStatus.FAILED
    first, to_do = answer(without_density(study_result, few, none, none, failed))
    assert first == (
        "None of the 4 tubes has a density of free CD38 that can be used: "
        "2 have no control tube, 1 failed, 1 has too few cells."
    )
    assert "Look at these first" in to_do
    assert answer(without_density(study_result, none))[0].startswith("The tube has no density of free CD38")
    assert answer(without_density(study_result)) == (
        "No tube was measured, so nothing can be said about free CD38.",
    )


def test_one_tube_below_a_limit_is_a_density(study_result):
    assert answer(without_density(study_result, RdStatus.NO_CURVE, RdStatus.BELOW_LLOQ)) == ()
