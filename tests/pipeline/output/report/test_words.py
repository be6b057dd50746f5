"""Results in words: right, and never more than is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calibration.density.budget import BudgetTerm
from calibration.density.receptor_density import ErrorTerm, RdStatus
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.style.ticks import rounded_text
from pipeline.output.report.bars import SHADES, BarScale, bar_scale, budget_bar, interval_bar
from pipeline.output.report.models.washout_words import data_words, no_answer_words, washout_words
from pipeline.output.report.words import (
    competition_words,
    density_words,
    interval_words,
    p_words,
    verdict_line,
)
from pipeline.study.quantity_name import axis_name, density_name, marker_of
from pipeline.study.study import Study
from pipeline.washout.censored.estimate import Refusal


def competing(study_result: StudyResult, answer: bool | None) -> Study:
    panel = study_result.study.panels[0]
    channels = tuple(replace(c, competes_with_drug=answer) if c.role == "cd38" else c for c in panel.channels)
    return replace(study_result.study, panels=(replace(panel, channels=channels),))


def test_free_is_said_only_of_a_clone_that_competes(study_result: StudyResult):
    assert competition_words(competing(study_result, True)).startswith("Daratumumab-competitive free CD38")
    assert "total CD38" in competition_words(competing(study_result, False))
    assert "not known whether what follows is free or total" in competition_words(
        competing(study_result, None)
    )
    both = tuple(competing(study_result, answer).panels[0] for answer in (True, False))
    words = competition_words(replace(study_result.study, panels=both))
    assert words.startswith("Not every clone")
    assert "does not say" not in words
    names = [density_name(competing(study_result, answer)) for answer in (True, False, None)]
    assert names == ["free CD38", "CD38", "CD38"]
    assert "daratumumab-competitive" in axis_name(competing(study_result, True))


def test_another_marker_than_cd38_is_called_by_its_name(study_result: StudyResult):
    panel = study_result.study.panels[0]
    channels = tuple(replace(c, marker="CD10") if c.role == "cd38" else c for c in panel.channels)
    assert marker_of(replace(study_result.study, panels=(replace(panel, channels=channels),))) == "CD10"


@pytest.mark.parametrize(
    ("status", "words"),
    [(RdStatus.OK, "12,300"), (RdStatus.BELOW_LLOQ, "< 950"), (RdStatus.ABOVE_ULOQ, "> 67,600"),
     (RdStatus.ABOVE_ULOQ_EXTRAPOLATED, "12,300")],
)  # fmt: skip
def test_beyond_a_limit_the_limit_is_what_is_known(status: RdStatus, words: str):
    assert density_words(status, 12_345.0, 950.0, 67_601.0) == words


def test_unknown_numbers_are_dashes():
    assert rounded_text(None) == "–"
    assert interval_words(None, 2.0) == ""
    assert p_words(0.04999) == "p = 0.05"


def test_every_tube_is_counted_once(study_result: StudyResult):
    line = verdict_line(study_result)
    assert sum(int(word) for word in line.split(": ")[1].replace(",", "").split() if word.isdigit()) == 12


def test_a_visit_above_the_top_bead_is_not_told_as_none_above(study_result: StudyResult):
    words = data_words(study_result.washout)
    assert "5 measured" not in words
    assert "extended above the top bead" in words
    assert "1 known only as above ULOQ" in words


def test_what_is_not_estimable_is_said_with_its_reason(study_result: StudyResult):
    others = {name: fit for name, fit in study_result.washout.fits.items() if name != "M1"}
    reason = Refusal("M1", "2 of 9 lie within the limits")
    refused = replace(study_result.washout, fits=others, not_estimable=(reason,))
    words = washout_words(changed(study_result, washout=refused))
    assert "M1: 2 of 9 lie within the limits." in no_answer_words(changed(study_result, washout=refused))
    assert not any(word.startswith("M1. ") for word in words)
    assert washout_words(changed(study_result, washout=None)) == ()
    assert no_answer_words(changed(study_result, washout=None)) == ()


def test_an_association_that_chance_explains_is_not_claimed(study_result: StudyResult):
    found = study_result.washout
    weak = replace(found, fits={**found.fits, "M0": replace(found.rank, p=0.4)})
    assert washout_words(changed(study_result, washout=weak))[0].startswith(
        "M0. These data show no clear association"
    )


def test_bars_share_an_axis_that_holds_every_density(study_result: StudyResult):
    scale = bar_scale(study_result.results)
    assert scale.low <= 950
    assert scale.high >= 270_404
    assert scale.position(scale.low) < scale.position(1e4) < scale.position(scale.high)
    drawn = {result.sample_id: interval_bar(result, scale) for result in study_result.results}
    assert "<circle" in drawn["P05-S1"]
    assert "<circle" not in drawn["P02-S1"]  # below the limit: an arrow, no point
    assert drawn["P11-S1"] == ""


def test_a_study_without_densities_has_an_axis_all_the_same():
    assert bar_scale(()) == BarScale(100.0, 1e6)


def test_a_budget_adds_up_to_the_whole_bar():
    lot, curve = BudgetTerm.LOT_ASSIGNMENT, BudgetTerm.STANDARD_CURVE
    bar = budget_bar((ErrorTerm(lot, 0.1, 0.75), ErrorTerm(curve, 0.05, 0.25)))
    assert bar.index(SHADES[curve]) < bar.index(SHADES[lot])  # in the order of the terms, not by size
    assert 'x="25.00"' in bar
    assert budget_bar(()) == ""


def test_every_term_of_a_budget_has_a_colour_of_its_own():
    assert set(SHADES) == set(BudgetTerm)
    assert len(set(SHADES.values())) == len(BudgetTerm)
