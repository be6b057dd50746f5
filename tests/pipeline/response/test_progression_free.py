"""PFS: what ends it, where it is censored, and what the median would be by other rules."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from helpers.r_witness import needs_r, r_numbers
from helpers.response import courses_of, tables_of
from pipeline.response.follow_up import Endpoint, PfsEnd, follow_up, times_of
from pipeline.response.pfs_bounds import pfs_warning
from pipeline.response.statistics.time_to_event import median_survival
from pipeline.study.settings import Settings
from pipeline.study.study import Patient, Study

START = date(2024, 1, 1)


def day(days):
    return START + timedelta(days)


def study(*patients, **settings):
    return Study(Path(), (), (), (), (), patients, Settings(**settings))


def censored(patient_id="P", **days):
    return follow_up(Patient(patient_id, **{name: day(at) for name, at in days.items()}), START)


@pytest.mark.parametrize(
    ("days", "pfs_day", "end"),
    [
        ({"last_assessed_on": 84, "last_contact_on": 500}, 84, PfsEnd.ASSESSMENT),
        ({"last_assessed_on": 84, "next_therapy_on": 120, "last_contact_on": 500}, 84, PfsEnd.ASSESSMENT),
        ({"last_assessed_on": 150, "next_therapy_on": 120, "last_contact_on": 500}, 120, PfsEnd.NEXT_THERAPY),
        ({"last_assessed_on": 120, "next_therapy_on": 120}, 120, PfsEnd.ASSESSMENT),
        ({"next_therapy_on": 120, "last_contact_on": 500}, 120, PfsEnd.NEXT_THERAPY),
        ({"last_assessed_on": 84, "next_therapy_on": 120, "progressed_on": 200}, 84, PfsEnd.ASSESSMENT),
        ({"last_assessed_on": 84, "next_therapy_on": 120, "died_on": 200}, 84, PfsEnd.ASSESSMENT),
        ({"last_assessed_on": 84, "next_therapy_on": 200, "progressed_on": 200}, 200, PfsEnd.PROGRESSION),
        ({"last_assessed_on": 84, "next_therapy_on": 230, "progressed_on": 200}, 200, PfsEnd.PROGRESSION),
        ({"last_assessed_on": 84, "died_on": 400}, 400, PfsEnd.DEATH),
        ({"progressed_on": 90, "died_on": 90}, 90, PfsEnd.PROGRESSION),
        ({"last_assessed_on": -7, "last_contact_on": 500}, 0, PfsEnd.NOT_ASSESSED),
        ({"last_contact_on": 500}, 500, PfsEnd.ALIVE),
        ({}, None, PfsEnd.UNKNOWN),
    ],
)  # fmt: skip
def test_pfs_ends_with_an_event_or_at_the_last_assessment_or_new_therapy(days, pfs_day, end):
    course = censored(**days)
    assert (course.pfs_day, course.pfs_end) == (pfs_day, end)
    assert course.pfs_event == (end in (PfsEnd.PROGRESSION, PfsEnd.DEATH))


def test_censoring_of_pfs_does_not_shorten_survival():
    course = censored(last_assessed_on=84, next_therapy_on=120, last_contact_on=500)
    assert (course.os_day, course.os_event) == (500, False)
    assert (course.treated_days, course.stopped) == (None, False)  # a new therapy: the end is not typed


def follow_up_study(assessed: bool):
    """Ten patients: five progress, five are seen alive for long; these were last assessed early, or it is not typed."""
    for k in range(10):
        seen = {"progressed_on": day(40 + 10 * k)} if k % 2 else {"last_contact_on": day(600)}
        if assessed:
            seen["last_assessed_on"] = day(40 + 10 * k if k % 2 else 600 - 84)
        yield Patient(f"P{k}", treatment_start=START, **seen)


def test_without_assessments_the_median_comes_with_its_bounds_and_a_warning():
    tables = tables_of(study(*follow_up_study(assessed=False), month_days=30), [])
    told, bound = tables.survival[0], tables.pfs_bounds[0]
    assert told.median is None or told.median > bound.median.median
    assert (bound.n_moved, bound.rule) == (5, "censored on day 0 where no assessment was typed")
    assert tables.survival_warning.startswith(
        "No day of assessment (last_assessed_on) was typed for 5 patients of the 5 whose PFS is censored."
    )
    assert str(told) in tables.survival_warning
    assert str(bound.median) in tables.survival_warning


def test_with_assessments_nothing_is_said():
    tables = tables_of(study(*follow_up_study(assessed=True), month_days=30), [])
    assert (tables.survival_warning, tables.pfs_bounds) == ("", ())
    assert tables.survival[0].median == pytest.approx(130 / 30)


def test_who_stayed_away_is_counted_with_what_it_may_hide():
    patients = [*follow_up_study(assessed=True)]
    patients[0] = replace(patients[0], last_assessed_on=day(30))
    tables = tables_of(study(*patients, month_days=30), [])
    assert tables.survival_warning.startswith("1 patient was last assessed more than 84 days before")
    (bound,) = tables.pfs_bounds
    assert (bound.n_moved, bound.median.n_events) == (1, 6)
    assert bound.median.median == pytest.approx((110 + 130) / 2 / 30)
    assert str(bound.median) in tables.survival_warning


def test_the_rules_of_the_two_agencies_are_told_where_they_differ():
    patients = [Patient(f"P{k}", treatment_start=START, progressed_on=day(100 + k), last_assessed_on=day(100 + k))
                for k in range(5)]  # fmt: skip
    late = Patient("P8", treatment_start=START, died_on=day(250), last_assessed_on=day(60))
    switched = Patient("P9", treatment_start=START, progressed_on=day(90), last_assessed_on=day(60),
                       next_therapy_on=day(70))  # fmt: skip
    bounds = {bound.rule: bound for bound in tables_of(study(*patients, late, switched), []).pfs_bounds}
    fda, ema = (next(b for rule, b in bounds.items() if who in rule) for who in ("FDA", "EMA"))
    assert (fda.n_moved, fda.median.n_events, ema.n_moved, ema.median.n_events) == (1, 5, 1, 7)
    on_time = replace(late, last_assessed_on=day(250 - 84))
    assert not any("FDA" in bound.rule for bound in tables_of(study(*patients, on_time), []).pfs_bounds)


@needs_r("survival")
def test_the_median_pfs_is_that_of_survfit():
    patients = [
        Patient(f"P{k}", treatment_start=START, last_assessed_on=day(20 + 13 * k % 190), last_contact_on=day(400 + k),
                progressed_on=day(20 + 13 * k % 190) if k % 3 else None, next_therapy_on=day(100 + k) if k % 5 == 0 else None)
        for k in range(40)
    ]  # fmt: skip
    days, events = times_of(courses_of(study(*patients)), Endpoint.PFS)
    r = r_numbers(
        "library(survival)\nf <- summary(survfit(Surv(d, e) ~ 1, conf.type = 'log-log'))$table\n"
        "tell('median', f[c('median', '0.95LCL', '0.95UCL')])",
        d=[at / 30.4375 for at in days], e=[float(event) for event in events],
    )  # fmt: skip
    found = median_survival(courses_of(study(*patients)), Endpoint.PFS, 30.4375)
    assert [found.median, found.low, found.high] == pytest.approx(r["median"], rel=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    ("progressed", "n_unseen", "between"), [((30, 500, 500), 2, False), ((30, 40), 3, True)]
)
def test_the_warning_says_where_the_true_median_may_lie(progressed, n_unseen, between):
    seen = [censored(f"P{i}", progressed_on=at) for i, at in enumerate(progressed)]
    unseen = [censored(f"Q{i}", last_contact_on=600) for i in range(n_unseen)]
    on_day_0 = [replace(course, pfs_day=0) for course in unseen]
    in_truth = [censored(course.patient_id, progressed_on=300) for course in unseen]
    longest, least, true = (
        median_survival([*seen, *courses], Endpoint.PFS, 30.0).median or math.inf
        for courses in (unseen, on_day_0, in_truth)
    )
    assert (least < true < longest) is between
    assert (true < min(least, longest)) is not between
    words = pfs_warning([*seen, *unseen], 30.0)
    assert "the true one may lie between the two or be shorter than both" in words
