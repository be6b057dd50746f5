"""Typed values of cells: read, or refused with what may be meant."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from pipeline.study.cells import as_date, as_file_safe_id, as_identifier, as_levels, as_number, as_yes_no


def refused(read, value) -> str:
    with pytest.raises(PydanticCustomError) as error:
        read(value)
    return f"{error.value.context['expected']} | {error.value.context['hint']}"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1,5", 1.5),
        ("1.5", 1.5),
        (" 7 ", 7.0),
        ("1e3", 1000.0),
        ("-2,5", -2.5),
        (".5", 0.5),
        (3, 3.0),
        ("0,985", 0.985),
    ],
)
def test_numbers_have_a_decimal_point_or_comma(typed, read):
    assert as_number(typed) == read


@pytest.mark.parametrize(
    "typed", ["", "five", "1.2.3", "1,2,3", "nan", "inf", "1_000", True, date(2024, 1, 2), "٣"]
)
def test_what_is_no_number_is_refused(typed):
    assert "a number" in refused(as_number, typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("150,000", "150.000 or 150000"), ("1.234.567", "1234567"), ("1,234.5", "1234.5"), ("12 500", "12500")],
)
def test_a_thousands_separator_is_refused_with_what_may_be_meant(typed, meant):
    assert refused(as_number, typed) == f"a number without a thousands separator | Did you mean {meant}?"


def test_a_comma_is_decimal_where_thousands_cannot_be_meant():
    assert as_number("1,012", 0, 100) == 1.012


@given(st.floats(-1e12, 1e12, allow_nan=False))
def test_every_number_reads_back_as_typed_with_point_or_comma(number):
    typed = repr(number)
    assert as_number(typed) == number
    if not 0 < len(typed.partition(".")[2]) == 3:
        assert as_number(typed.replace(".", ",")) == number


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_date_reads_back_from_iso_and_from_excel(day):
    assert as_date(day.isoformat()) == as_date(day) == as_date(datetime(day.year, day.month, day.day)) == day


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("03/04/2024", "It can be read in two ways: 2024-04-03 or 2024-03-04."),
        ("31.05.2024", "Did you mean 2024-05-31?"),
        ("20240531", "Did you mean 2024-05-31?"),
        (45443, "As an Excel date this is 2024-05-31: format the cell as a date."),
        ("0204-05-31", "The year 204 cannot be right."),
        ("May 2024", ""),
        ("5.3.22", "It can be read in two ways: 2022-03-05 or 2022-05-03."),
        ("31.5.24", "Did you mean 2024-05-31?"),
        ("5 mars 2022", "Did you mean 2022-03-05?"),
        ("2023年2月11日", "Did you mean 2023-02-11?"),
        ("2023년 2월 11일", "Did you mean 2023-02-11?"),
        ("令和5年2月11日", "Did you mean 2023-02-11?"),
        ("R5.2.11", "Did you mean 2023-02-11?"),
        ("平成元年2月11日", "Did you mean 1989-02-11?"),
        ("11 февраля 2023", "Did you mean 2023-02-11?"),
        ("11 мая 2023 г.", "Did you mean 2023-05-11?"),
        ("11 лютого 2023", "Did you mean 2023-02-11?"),
        ("11 Φεβρουαρίου 2023", "Did you mean 2023-02-11?"),
        ("2023-02-11T00:00:00Z", "Did you mean 2023-02-11? Type the day where the patient was."),
        ("2566-02-11", "The year 2566 cannot be right. In the Thai calendar it is 2023."),
        ("05-MAI-2022", "Did you mean 2022-05-05?"),
        ("5-Mrz-22", "Did you mean 2022-03-05?"),
        ("1er août 2021", "Did you mean 2021-08-01?"),
        ("5 de marzo de 2022", "Did you mean 2022-03-05?"),
        ("12 Şubat 2022", "Did you mean 2022-02-12?"),
        ("5 listopada 2023", "It can be read in two ways: 2023-10-05 or 2023-11-05."),
        ("March 5th, 2022", "Did you mean 2022-03-05?"),
        ("2022.03.05", "Did you mean 2022-03-05?"),
        ("31 Februar 2022", ""),
        ("5 fishes 2022", ""),
    ],
)
def test_other_dates_are_refused_with_what_may_be_meant(typed, hint):
    assert refused(as_date, typed) == f"a date such as 2024-05-31 | {hint}"


@pytest.mark.parametrize(
    ("typed", "read"), [("Yes", True), ("no", False), (True, True), ("FALSE", False), (1, True), ("0", False)]
)
def test_yes_and_no(typed, read):
    assert as_yes_no(typed) is read


@pytest.mark.parametrize(
    ("typed", "levels"),
    [
        ("638; 6930; 31008; 67601", (638, 6930, 31008, 67601)),
        ("0;5899;68458", (0, 5899, 68458)),
        ("638,5; 6930,25", (638.5, 6930.25)),
        ("638.125; 6930.5; 31008.375", (638.125, 6930.5, 31008.375)),
        ("0.760; 7.985; 28.092", (0.76, 7.985, 28.092)),
        ("86901", (86901,)),
        (86901, (86901,)),
        ("1500;\n3000;", (1500, 3000)),
        ("533, 6062", (533, 6062)),
        ("638, 6930.5, 31008", (638, 6930.5, 31008)),
        ("638,6930,31008", (638, 6930, 31008)),
        ("638,5 6930,25", (638.5, 6930.25)),
    ],
)
def test_levels_rise_from_dim_to_bright(typed, levels):
    assert as_levels(typed) == levels


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            "638; 31008; 6930; 67601",
            "Level 3 (6930) is not above level 2 (31008): are the lot values transposed?",
        ),
        ("638; 638", "Level 2 (638) is not above level 1 (638): are the lot values transposed?"),
        ("638, 6930, many", '"many" is no number. Split levels with ;'),
        ("533,6062", 'Did you mean 533; 6062 or 533.6062 by "533,6062"?'),
        ("67,601", 'Did you mean 67601 by "67,601"?'),
        ("638,67,601", 'Did you mean 67; 601 or 67601 by "67,601"?'),
        ("638 6 930", 'Did you mean 6; 930 or 6930 by "6 930"?'),
        ("638, 6,930", 'Did you mean 6930 by "6,930"?'),
        ("5,899; 68,458; 281,582", 'Did you mean 5899 by "5,899"?'),
        (
            "760; 7.985; 28.092",
            'The point of "7.985" is read as a decimal point. Did you mean 760; 7985; 28092?',
        ),
        (
            "592; 6.410; 28.950; 71.300",
            'The point of "6.410" is read as a decimal point. Did you mean 592; 6410; 28950; 71300?',
        ),
        (
            "5; 6.410; 28.950",
            'The point of "6.410" is read as a decimal point. Did you mean 5; 6410; 28950?',
        ),
        ("6.410; 28.950", 'Did you mean 6410 by "6.410"?'),
        ("760; 7985; 1.073.613", 'Did you mean 1073613 by "1.073.613"?'),
        ("5.899; 68.458; 281.582", 'Did you mean 5899 by "5.899"?'),
        ("-1; 5", "Levels are positive; only the first may be 0."),
        (";", ""),
    ],
)
def test_levels_that_cannot_be_right_are_refused(typed, said):
    assert refused(as_levels, typed).split(" | ")[1] == said


@pytest.mark.parametrize(
    "typed", ["a/b", "a\\b", "CON", "com1.x", "a:b", "x" * 101, "..", "end.", "be\all", "<b>", ".x"]
)
def test_an_id_must_be_able_to_name_a_file(typed):
    assert "an id" in refused(as_file_safe_id, typed)


@pytest.mark.parametrize("typed", ["P01", "P 01", "Ä-7_b (2)", "007", "console"])
def test_ordinary_ids_stay_as_typed(typed):
    assert as_file_safe_id(typed) == typed


def test_an_id_that_excel_made_a_date_is_refused():
    assert "format the cell as text" in refused(as_identifier, datetime(2024, 2, 1))
