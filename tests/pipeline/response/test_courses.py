"""R1, R7, R8 and R10: what a patients sheet tells."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from helpers.response import courses_of, tables_of
from pipeline.output.json_files import response_json
from pipeline.patients.exposure import response_clocks
from pipeline.response.baseline import baseline_table
from pipeline.response.follow_up import Endpoint, follow_up
from pipeline.response.landmark import dexamethasone_table
from pipeline.response.pfs_bounds import n_unseen, pfs_bounds
from pipeline.response.safety import safety_table
from pipeline.response.statistics.time_to_event import median_survival
from pipeline.study.settings import Settings
from pipeline.study.study import Dose, Patient, Study

START = date(2024, 1, 1)


def day(days):
    return START + timedelta(days)


def study(*patients, doses=(), **settings):
    return Study(Path(), (), (), (), tuple(doses), patients, Settings(**settings))


def test_pfs_ends_with_progression_or_death_and_os_with_death():
    both = follow_up(Patient("P", progressed_on=day(40), died_on=day(90)), START)
    dead = follow_up(Patient("P", died_on=day(90)), START)
    alive = follow_up(Patient("P", last_contact_on=day(70), discontinued_on=day(80)), START)
    assert (both.pfs_day, both.pfs_event, both.os_day, both.os_event) == (40, True, 90, True)
    assert (dead.pfs_day, dead.pfs_event) == (90, True)
    assert (alive.pfs_day, alive.pfs_event, alive.os_day, alive.os_event) == (80, False, 80, False)
    assert (alive.treated_days, alive.stopped) == (80, True)


def test_a_patient_without_a_first_day_is_counted_as_unknown():
    first_dose = Dose("P2", day(3), "Isatuximab")
    known = study(Patient("P1", died_on=day(9)), Patient("P2", died_on=day(33)), doses=[first_dose])
    courses = courses_of(known)
    assert [course.os_day for course in courses] == [None, 30]
    found = median_survival(courses, Endpoint.OS, 30)
    assert (found.n, found.n_unknown, found.median) == (1, 1, 1.0)


def test_a_date_before_the_start_is_no_event():
    course = follow_up(Patient("P", progressed_on=day(-5), last_contact_on=day(50)), START)
    assert (course.pfs_day, course.pfs_event) == (50, False)


def test_medians_are_in_months_of_the_setting():
    patients = [Patient(f"P{i}", treatment_start=START, died_on=day(30 * i)) for i in range(1, 6)]
    found = {row.name: row for row in tables_of(study(*patients, month_days=30), []).survival}
    assert found["OS"].median == 3
    assert str(found["OS"]) == "3.0 months (1.0–not reached)"
    other = {row.name: row for row in tables_of(study(*patients, month_days=28), []).survival}
    assert other["OS"].median == pytest.approx(90 / 28)


def test_a_median_that_is_not_reached_says_so():
    patients = [Patient(f"P{i}", treatment_start=START, last_contact_on=day(30 * i)) for i in range(1, 6)]
    row = tables_of(study(*patients), []).survival[0]
    assert (row.median, row.note) == (None, "the median is not reached: 0 events in 5 patients")
    assert tables_of(study(Patient("P")), []).survival[0].note.startswith("no patient has a first day")


def letter_patients():
    """8 of 11 with dexamethasone and 4 of 21 without have disease control; it was added from week 9 on."""
    for k in range(32):
        given, controlled = k < 11, (k < 8 or 11 <= k < 15)
        yield Patient(
            f"P{k:02}", "SD" if controlled else "PD", evaluable=True, treatment_start=START,
            disease_control_days=100 if controlled else None,
            progressed_on=day(110 + k if controlled else 30 + k), last_contact_on=day(300),
            dexamethasone_on=day(65) if given else None,
        )  # fmt: skip


def test_the_letters_dexamethasone_table_comes_with_its_warning():
    found = tables_of(study(*letter_patients()), []).dexamethasone
    assert [str(row).split(" (")[0] for row in found.ever] == ["8/11 = 72.7 %", "4/21 = 19.0 %"]
    assert found.warning.startswith("Immortal time")
    # it was given after 8 weeks: at the landmark nobody had it, and there is nothing to compare
    assert (found.given_by.k, found.later) == (0, 8)
    assert found.note.startswith("nobody at risk had dexamethasone by 8 weeks")
    assert found.tests[0].log_rank_p is None


def test_the_landmark_compares_only_what_comes_after_it():
    later = tables_of(study(*letter_patients(), dexamethasone_landmark_weeks=10), []).dexamethasone
    assert (later.at_risk, later.given_by.k, later.later) == (12, 8, 0)
    assert later.with_it[0].n == 8
    assert later.with_it[0].median == pytest.approx((113.5 - 70) / 30.4375)
    assert 0 < later.tests[0].log_rank_p <= 1


def test_the_dead_and_the_progressed_are_not_at_risk_at_the_landmark():
    patients = [
        Patient("P1", treatment_start=START, progressed_on=day(56)),
        Patient("P2", treatment_start=START, last_contact_on=day(56)),
        Patient("P3", treatment_start=START, died_on=day(57), dexamethasone_on=day(56)),
        Patient("P4", treatment_start=START, died_on=day(20)),
    ]
    found = dexamethasone_table(
        courses_of(study(*patients)), {}, frozenset(), landmark_weeks=8, month_days=30.4375
    )
    assert (found.at_risk, found.given_by.k) == (2, 1)


def printed(rows):
    return {row.name: str(row).split(" (9")[0] for row in rows}


def test_baseline_gives_shares_of_the_known_and_medians_with_ranges():
    patients = [
        Patient(f"P{k:02}", age=70.0 if k < 24 else 50.0, prior_lines=(2, 7, 14)[k % 3] if k < 31 else None,
                sex="female" if k % 2 else "", ecog=k % 3, refractory_to="daratumumab; lenalidomide" if k else "")
        for k in range(32)
    ]  # fmt: skip
    known = study(*patients)
    rows = printed(baseline_table(known, response_clocks(known)))
    assert rows["age >= 65 years"].startswith("24/32 = 75.0 %")
    assert rows["prior lines"] == "7 (2–14)"
    assert rows["sex female"].startswith("16/16 = 100.0 %")
    assert rows["refractory to daratumumab"].startswith("31/31")
    assert "weight" not in rows


def test_safety_gives_the_letters_rows():
    # 28/32 with an adverse event, 16/32 of grade >= 3, 6/32 infusion reactions, 5/257 infusions interrupted
    patients = [
        Patient(f"P{k:02}", teae_grade=3 if k < 16 else 1 if k < 28 else 0, infusion_reaction=k < 6,
                infusions=8 if k else 9, infusions_interrupted=int(k < 5), exposure_weeks=(1.0, 8.3, 74.0)[k % 3],
                serum_ug_ml=0.0 if k < 20 else 2.5)
        for k in range(32)
    ]  # fmt: skip
    rows = {row.name: str(row) for row in safety_table(study(*patients))}
    assert rows["any adverse event"].startswith("28/32 = 87.5 %")
    assert rows["adverse event of grade >= 3"].startswith("16/32 = 50.0 %")
    assert rows["infusion reaction"].startswith("6/32 = 18.8 %")
    assert rows["interrupted infusions"].startswith("5/257 = 1.9 %")
    assert rows["exposure"] == "8.3 (1–74)"
    assert rows["daratumumab found in serum"].startswith("12/32")


def test_empty_columns_have_no_row():
    assert safety_table(study(Patient("P"))) == ()
    bare = study(Patient("P"))
    assert baseline_table(bare, response_clocks(bare)) == ()


def test_exposure_follows_from_the_dates_where_it_is_not_typed():
    rows = safety_table(study(Patient("P", treatment_start=START, discontinued_on=day(70))))
    assert str(rows[0]) == "10 (10–10)"


def test_everything_goes_into_json():
    tables = tables_of(study(*letter_patients()), [])
    data = json.loads(json.dumps(response_json(tables), allow_nan=False))
    assert {
        "survival",
        "baseline",
        "safety",
        "dexamethasone",
        "inconsistencies",
        "odds",
        "month_days",
    } <= set(data)
    assert all({"n", "method", "note"} <= set(row) for row in data["survival"])


@pytest.mark.slow
def test_ten_thousand_patients_have_their_tables():
    patients = [
        Patient(f"P{k:05}", ("SD", "PD", "MR")[k % 3], disease_control_days=60, treatment_start=START,
                progressed_on=day(20 + k % 400), last_contact_on=day(500 + k % 50), age=40.0 + k % 50)
        for k in range(10_000)
    ]  # fmt: skip
    doses = [
        Dose(p.patient_id, START - timedelta(3 + k % 700), "daratumumab") for k, p in enumerate(patients)
    ]
    doses += [Dose(p.patient_id, START, "isatuximab") for p in patients]
    tables = tables_of(study(*patients, doses=doses), [])
    assert tables.survival[0].n == 10_000
    assert tables.odds[0].ratio == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(("given_on", "had"), [(55, 1), (56, 1), (57, 0), (None, 0)])
def test_dexamethasone_on_the_day_of_the_landmark_counts_as_before_it(given_on, had):
    given = None if given_on is None else day(given_on)
    patients = (Patient("P1", treatment_start=START, died_on=day(90), dexamethasone_on=given),)
    found = dexamethasone_table(
        courses_of(study(*patients)), {}, frozenset(), landmark_weeks=8, month_days=30.4375
    )
    assert (found.at_risk, found.given_by.k) == (1, had)


@pytest.mark.parametrize(
    ("ends", "n"),
    [
        ({"last_contact_on": day(90)}, 1),
        ({"last_contact_on": day(90), "last_assessed_on": day(80)}, 0),
        ({"progressed_on": day(90)}, 0),
        ({"died_on": day(90)}, 0),
        ({}, 0),
    ],
)
def test_a_patient_is_unseen_if_pfs_is_censored_and_no_assessment_was_typed(ends, n):
    courses = courses_of(study(Patient("P1", treatment_start=START, **ends)))
    assert n_unseen(courses) == n
    assert [bound.n_moved for bound in pfs_bounds(courses, 30.0)] == [1] * n
