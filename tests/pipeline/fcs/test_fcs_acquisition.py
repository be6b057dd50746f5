"""When and how a file was acquired, as instruments of many makers and languages write it."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from pipeline.fcs import read_fcs, write_fcs
from pipeline.fcs.acquisition import parse_acquisition, parse_date, parse_time

DAY = date(2019, 3, 14)


@pytest.mark.parametrize(
    "value",
    [
        "14-MAR-2019", "14-Mar-19", "14 Mar 2019", "2019-Mar-14", "2019-03-14", "2019/03/14", "20190314",
        "14.03.2019", "14/03/2019", "03/14/2019", "14-MRZ-2019", "14-mars-2019", "14-MÄR-2019", "14 mrt 2019",
        "Thu Mar 14 11:09:58 2019", "2019-03-14T11:09:58", "March 14, 2019", "14-MAR-2019 ", "14_mar_2019",
    ],
)  # fmt: skip
def test_dates_are_read_in_the_forms_instruments_write(value):
    assert parse_date(value) == DAY


@pytest.mark.parametrize(("value", "month"), [
    ("01-JUIN-2020", 6), ("01-JUIL-2020", 7), ("01-AOÛT-2020", 8), ("01-DÉC-2020", 12), ("01-DEZ-2020", 12),
    ("01-ENE-2020", 1), ("01-OTT-2020", 10), ("01-GEN-2020", 1), ("01-MAI-2020", 5), ("01-SET-2020", 9),
])  # fmt: skip
def test_months_are_known_in_the_languages_of_instruments(value, month):
    assert parse_date(value) == date(2020, month, 1)


@pytest.mark.parametrize(
    "value", ["03-07-2024", "7/3/24", "", "unknown", "31-FEB-2020", "2020", "14-XYZ-2020", "0" * 400]
)
def test_a_date_that_would_have_to_be_guessed_is_unknown(value):
    assert parse_date(value) is None


def test_an_ambiguous_date_is_reported(tmp_path):
    path = write_fcs(tmp_path / "a.fcs", np.ones((1, 2)), ("A",), keywords={"$DATE": "03-07-2024"})
    file = read_fcs(path)
    assert file.acquisition.acquired_on is None
    assert [repair.code for repair in file.repairs] == ["DATE_UNREAD"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("11:09:58", "11:09:58"), ("11:09:58:30", "11:09:58.500000"), ("11:09:58.25", "11:09:58.250000"),
        ("9:05:07 PM", "21:05:07"), ("12:00:01 AM", "00:00:01"), ("11:09", "11:09:00"), ("09:42:05:509", "09:42:05.509000"),
    ],
)  # fmt: skip
def test_times_are_read_with_sixtieths_hundredths_and_halves_of_the_day(value, expected):
    assert str(parse_time(value)) == expected


@pytest.mark.parametrize("value", ["", "25:00:00", "11:61:00", "noon", "11:09:58:"])
def test_a_time_that_is_none_is_unknown(value):
    assert parse_time(value) is None


def test_facts_of_the_acquisition_come_from_the_keywords_of_several_makers():
    found = parse_acquisition(
        {
            "$CYT": "LSRII", "CYTNUM": "H1234", "$DATE": "14-MAR-2019", "$BTIM": "11:09:58", "$TIMESTEP": "0,01",
            "$LOST": "3", "$ABRT": "12", "FSC ASF": "0.77", "LASER1ASF": "1.10", "WINDOW EXTENSION": "7.00",
        }
    )  # fmt: skip
    assert (found.instrument, found.serial) == ("LSRII", "H1234")
    assert found.acquired_at == datetime(2019, 3, 14, 11, 9, 58)
    assert (found.timestep, found.events_lost, found.events_aborted) == (0.01, 3, 12)
    assert found.area_scaling == (("FSC ASF", 0.77), ("LASER1ASF", 1.1))
    assert found.window_extension == 7


def test_the_serial_of_fcs_3_1_goes_before_that_of_the_maker():
    assert parse_acquisition({"CYTNUM": "1", "$CYTSN": "R660"}).serial == "R660"


def test_the_date_and_time_of_fcs_3_2_are_one_keyword():
    found = parse_acquisition({"$BEGINDATETIME": "2023-05-06T07:08:09.5+02:00"})
    assert found.acquired_at == datetime(2023, 5, 6, 7, 8, 9, 500000)
    assert found.acquired_on == date(2023, 5, 6)


def test_what_a_file_does_not_say_is_unknown_and_not_zero():
    found = parse_acquisition({})
    assert (found.instrument, found.serial, found.acquired_at, found.events_lost) == ("", "", None, None)


@pytest.mark.parametrize(
    ("keywords", "software"),
    [
        ({"CREATOR": "BD FACSDiva Software Version 8.0.1"}, "BD FACSDiva Software Version 8.0.1"),
        ({"APPLICATION": "SpectroFlo 3.1", "CREATOR": " "}, "SpectroFlo 3.1"),
        ({"SOFTWARE": "C:\\Users\\jane\\acquire.exe"}, ""),
        ({"SOFTWARE": "/home/jane/acquire"}, ""),
        ({"CREATOR": "x" * 200}, ""),
        ({}, ""),
    ],
)
def test_the_acquisition_program_is_named_and_a_path_is_none(keywords, software):
    assert parse_acquisition(keywords).software == software
