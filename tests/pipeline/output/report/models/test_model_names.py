"""Models by what they do, and two that seem to contradict each other reconciled."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from helpers.synthetic_result import changed
from pipeline.output.report.models.answer import no_washout_words
from pipeline.output.report.models.names import PLAIN_NAMES, plain_names
from pipeline.output.report.models.reconciled import reconciled
from pipeline.output.report.page import report_html
from pipeline.washout.censored.estimate import ModelName, Wait


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("M1. Each doubling multiplies it", "The line: each doubling multiplies it"),
        (
            "M1 adjusted. × 2 per doubling",
            "The line adjusted for what is known of the patients: × 2 per doubling",
        ),
        ("Wait by M2. Half of the patients", "The recovery curve: half of the patients"),
        ("M1 with these rows included: × 2", "The line with these rows included: × 2"),
        ("the rows contradict M1", "the rows contradict the line"),
        ("M3; M2: no level.", "The line of the total; the recovery curve: no level."),
        ("Kit qsc reads × 1.4", "Kit qsc reads × 1.4"),
    ],
)
def test_a_model_is_read_by_what_it_does(written, read):
    assert plain_names(written) == read


def test_names_of_models_stand_in_one_fold_and_the_glossary_only(study_result):
    html = report_html(study_result)
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", html, flags=re.DOTALL)
    outside = re.sub(r"<details><summary>Names of the models.*?</details>", "", text, flags=re.DOTALL)
    outside = re.sub(r'<section id="words">.*?</section>', "", outside, flags=re.DOTALL)  # the glossary
    assert re.findall(r"\bM[0-3]\b", re.sub(r"<[^>]*>", " ", outside)) == []
    assert all(name in text for name in PLAIN_NAMES)


def with_p(report, rank_p, line_p, spearman=0.5):
    fits = {
        **report.fits,
        "M0": replace(report.rank, p=rank_p, spearman=spearman),
        "M1": replace(report.tobit, slope_p=line_p),
    }
    return replace(report, fits=fits)


@pytest.mark.parametrize(
    ("rank_p", "line_p", "spearman", "words"),
    [
        (0.11, 0.018, 0.5, "the change is likely, but not shown"),
        (0.01, 0.2, 0.5, "but not how fast it is"),
        (0.01, 0.01, -0.5, "point in opposite directions"),
    ],
)
def test_two_models_that_read_otherwise_are_reconciled_in_one_sentence(
    study_result, rank_p, line_p, spearman, words
):
    (sentence,) = reconciled(with_p(study_result.washout, rank_p, line_p, spearman), "free CD38")
    assert words in sentence
    assert f"p = {rank_p:.2g}" in sentence


def test_the_report_prints_the_reconciling_sentence(study_result):
    report = with_p(study_result.washout, 0.11, 0.018)
    (sentence,) = reconciled(report, "free CD38")
    assert sentence.split(":")[0] in report_html(changed(study_result, washout=report))


def test_models_that_agree_need_no_sentence(study_result):
    assert reconciled(with_p(study_result.washout, 0.001, 0.001), "free CD38") == ()
    assert reconciled(with_p(study_result.washout, 0.4, 0.6), "free CD38") == ()
    assert reconciled(None, "free CD38") == ()


def test_waits_that_do_not_meet_say_which_one_counts(study_result):
    report = with_p(study_result.washout, 0.001, 0.001)
    line = Wait(ModelName.LINE.value, 150_000.0, 0.5, 80.0, 60.0, 120.0, 9)
    curve = Wait(ModelName.RECOVERY.value, 150_000.0, 0.5, 30.0, 20.0, 40.0, 9)
    choice = replace(report.choice, preferred="M2")
    (sentence,) = reconciled(replace(report, waits=(line, curve), choice=choice), "free CD38")
    assert "80 weeks and the recovery curve 30: the rows fit the recovery curve better" in sentence
    close = replace(curve, high=70.0)
    assert reconciled(replace(report, waits=(line, close), choice=choice), "free CD38") == ()
    open_end = replace(curve, high=None)
    assert reconciled(replace(report, waits=(line, open_end), choice=choice), "free CD38") == ()


def test_without_doses_one_sentence_stands_in_place_of_the_plot(study_result):
    study = replace(study_result.study, doses=())
    none = changed(study_result, study=study, washout=None)
    assert no_washout_words(none).startswith("No dose is typed in the doses sheet")
    html = report_html(none)
    assert html.count("No dose is typed in the doses sheet") == 1
    assert no_washout_words(study_result) == ""


def test_where_every_tube_failed_no_empty_plot_is_drawn(study_result):
    failed = tuple(result for result in study_result.results if not result.steps)
    none = changed(study_result, results=failed, washout=None)
    assert no_washout_words(none).startswith("No visit has both a washout and a density")
    html = report_html(none)
    assert "nothing to draw" in html
    assert 'id="washout-' not in html
