"""R9: what cannot be as it was typed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.builders import good_study, write_csvs
from helpers.response import courses_of
from pipeline.response.characteristics import readable
from pipeline.response.consistency import inconsistencies
from pipeline.response.statements import check_statement, fits_a_count
from pipeline.study.settings import Settings
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import AdverseEvent, Patient, Sample, Statement, Study

MONTH = 30.4375
START = date(2024, 5, 31)


def found(text, n=32, month=MONTH):
    return [str(hit).removeprefix("text: ") for hit in check_statement(text, n, month)]


def test_both_slips_of_the_letter_are_flagged():
    assert found("Disease control in 26.4 %, the longest for 74 weeks = 18.5 months.") == [
        '"26.4 %": no k/n with n up to 32 is 26.4 %; nearest are 5/19 = 26.3 % and 4/15 = 26.7 %',
        '"74 weeks = 18.5 months": 74 weeks are 17.0 months; 18.5 are months of 4 weeks',
    ]


def test_the_letters_right_numbers_are_not_flagged():
    text = (
        "MR 1/32 = 3.1 %; SD 17/32 (53.1 %); DCR 12 of 32 patients = 37.5 % (95 % CI 21.1–56.3). By washout "
        "28.6% (4/14), 58.3 % and 60.0 %; by RD 66.7 % v 37.5 %. 74 weeks (17.0 months); 8 weeks (56 days); "
        "exposure 8.3 (1–74) weeks; PFS 1.6 (1–3.2) months"
    )
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("12/32 = 37.6 %", "12/32 is 37.5 %"),
        ("37,6 % (12/32)", "12/32 is 37.5 %"),
        ("33 of 32 (103 %)", "33 of 32 is no share"),
        ("101 %", "at most 100 %"),
        ("56 d = 7 weeks", "56 days are 8.0 weeks"),
        ("72 weeks (18 months)", "18 are months of 4 weeks"),
        ("12 months, i.e. 48 weeks", "12 months are 52.2 weeks"),
        ("2 years = 31 months", "2 years are 24.0 months"),
    ],
)
def test_a_slip_says_what_it_should_be(text, part):
    assert part in " ".join(found(text))


@pytest.mark.parametrize(
    "text", ["1/53 = 1.9 %", "1.9 % (1/53)", "of 53 patients 1/53 = 1.9 %, 3.1 % of ours"]
)
def test_a_percentage_beside_its_own_count_is_not_held_against_this_studys_patients(text):
    assert found(text, n=32) == []


def test_a_percentage_without_a_count_of_its_own_is_held_against_this_studys_patients():
    assert '"1.9 %": no k/n with n up to 32' in " ".join(found("1/53 = 1.9 %, and 1.9 % of ours", n=32))


@pytest.mark.parametrize(
    "text",
    ["", "progression", "99 % confidence", "3 months or less", "27 weeks, 3 months later", "2024-05-31"],
)
def test_ordinary_text_is_left_alone(text):
    assert found(text) == []


def test_the_month_length_decides():
    assert found("60 days = 2.0 months", month=30) == []
    assert found("60 days = 2.0 months", month=28) != []


@given(n=st.integers(1, 60), data=st.data(), decimals=st.integers(0, 2))
def test_every_rounded_share_fits_a_count(n, data, decimals):
    k = data.draw(st.integers(0, n))
    percent = round(100 * k / n, decimals)
    assert fits_a_count(percent, decimals, 60)
    assert found(f"{k}/{n} = {percent:.{decimals}f} %", 60) == []


def course_study(*patients, **more):
    return Study(Path(), more.pop("samples", ()), (), (), (), patients, Settings(), **more)


def messages(study):
    return [str(hit) for hit in inconsistencies(study, courses_of(study))]


def test_statements_remarks_and_reasons_are_looked_through():
    sample = Sample("S1", "P1", START, "a.fcs", "MM", "B", remark="day 14 = 3 weeks; 14 days = 3 weeks")
    study = course_study(
        Patient("P1", discontinuation_reason="progression after 74 weeks = 18.5 months"),
        samples=(sample,),
        statements=(Statement("ORR 26.4 %", 32, cell="statements!A2"), Statement("50 %", 32)),
    )
    assert [line.split(":")[0] for line in messages(study)] == [
        "statements!A2",
        "remark of sample S1",
        "discontinuation_reason of patient P1",
    ]


def controlled(days, held, **more):
    return Patient("P1", "SD", disease_control_days=days, treatment_start=START,
                   progressed_on=START + timedelta(held), **more)  # fmt: skip


def test_disease_control_longer_than_to_progression_is_flagged():
    assert messages(course_study(controlled(100, 60)))[0].endswith(
        "progression or death was 60 days after the start"
    )
    assert messages(course_study(controlled(60, 60))) == []
    assert messages(course_study(controlled(45, 60))) == []


def test_weeks_or_months_typed_as_days_are_flagged():
    assert "were 8 weeks meant?" in messages(course_study(controlled(8, 57)))[0]
    assert "were 4 months meant?" in messages(course_study(controlled(4, 122)))[0]


def test_exposure_in_days_or_months_is_flagged():
    ended = {"discontinued_on": START + timedelta(70), "treatment_start": START}
    assert "are these days?" in messages(course_study(Patient("P1", exposure_weeks=70, **ended)))[0]
    long = {"discontinued_on": START + timedelta(300), "treatment_start": START}
    assert "were 9.9 months meant?" in messages(course_study(Patient("P1", exposure_weeks=9.9, **long)))[0]
    assert messages(course_study(Patient("P1", exposure_weeks=10, **ended))) == []


def test_safety_columns_that_contradict_each_other_are_flagged():
    study = course_study(Patient("P1", infusions=3, infusions_interrupted=4, teae_grade=0))
    assert len(messages(study)) == 2


@pytest.mark.parametrize(
    ("typed", "is_named"),
    [
        ({"infusion_reaction": True}, True),
        ({"infusions_interrupted": 1}, True),
        ({"infusion_reaction": False}, False),
    ],
)
def test_an_infusion_reaction_without_a_row_of_adverse_events_is_flagged(typed, is_named):
    events = (AdverseEvent("P2", 1, related=True),)
    patients = (Patient("P1", **typed), Patient("P2", infusion_reaction=True))
    said = [text for text in messages(course_study(*patients, adverse_events=events)) if "no row" in text]
    assert [text.startswith("patient P1") for text in said] == [True] * is_named
    assert not any("no row" in text for text in messages(course_study(*patients)))


def test_the_sheet_of_statements_is_read_with_its_cells(tmp_path):
    folder = good_study(tmp_path / "study")
    rows = [
        ["statement", "n_patients", "source"],
        ["ORR 26.4 %", "32", "abstract"],
        ["PFS 1.6 months", None, None],
    ]
    write_csvs(folder, {"statements": rows})
    study, faults = read_study(folder)
    assert [str(fault) for fault in faults if fault.where.startswith("statements")] == []
    assert study.statements[0] == Statement("ORR 26.4 %", 32, "abstract", "statements!A2")
    assert messages(study)[0].startswith('statements!A2: "26.4 %"')


@pytest.mark.parametrize("typed", ["2 months (8 weeks)", "8 weeks (2 months)", "2.0 months (8 weeks)"])
def test_two_durations_may_differ_by_the_rounding_of_both(typed):
    """2 months are 60.9 days and 8 weeks 56; half a week is 3.5 days, 0.05 months are 1.5."""
    assert found(typed) == []


@pytest.mark.parametrize(
    "typed", ["2.0 months (8.0 weeks)", "8.0 weeks (2.0 months)", "2.00 months (8 weeks)"]
)
def test_two_durations_that_differ_by_more_than_their_rounding_are_a_fault(typed):
    assert len(found(typed)) == 1


def test_a_number_for_reading_has_all_digits_before_its_point():
    assert [readable(value) for value in (999.0, 1000.0, -1000.0, 1234.5, 99.95)] == [
        "999", "1000", "-1000", "1234", "100"
    ]  # fmt: skip
