"""Cells that only look like a day with a time, or like a drug."""

from __future__ import annotations

import pytest

from helpers.builders import good_sheets, write_csvs, write_files
from pipeline.study.sheets.reading import read_study


@pytest.mark.parametrize(
    "typed", ["2024-05-31T25:00", "2024-05-31 24:00", "2024-05-31 10:60", "2024-05-31 10:05:61"]
)
def test_a_day_with_a_time_that_no_clock_shows_is_refused_at_its_cell(tmp_path, typed):
    sheets = good_sheets()
    sheets["doses"][1][1] = typed
    (fault,) = read_study(write_csvs(write_files(tmp_path), sheets))[1]
    assert str(fault) == f'doses!B2: found "{typed}", expected a date such as 2024-05-31'


@pytest.mark.parametrize("typed", ["2024-05-31T23:59", "2024-05-31 9:05", "2024-05-31 00:00:00"])
def test_a_day_with_a_time_is_read_as_the_day(tmp_path, typed):
    sheets = good_sheets()
    sheets["doses"][1][1] = typed
    study, _ = read_study(write_csvs(write_files(tmp_path), sheets))
    assert study is not None
    assert study.doses[0].given_on.isoformat() == "2024-05-31"


@pytest.mark.parametrize("setting", ["study_drug", "washed_out_drug"])
@pytest.mark.parametrize("typed", ["?", "-", "16", "?; !"])
def test_what_has_no_letter_names_no_drug_whose_doses_count(tmp_path, setting, typed):
    sheets = {**good_sheets(), "settings": [["name", "value"], [setting, typed]]}
    faults = [str(fault) for fault in read_study(write_csvs(write_files(tmp_path), sheets))[1]]
    assert f'settings!B2: found "{typed}", expected the name of a drug' in faults
