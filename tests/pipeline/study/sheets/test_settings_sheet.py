"""The settings sheet: typed values are read or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.builders import good_sheets, write_csvs, write_files
from pipeline.study.settings import Settings, setting_text
from pipeline.study.sheets.reading import read_study
from pipeline.study.sheets.settings import read_settings


def test_defaults_read_back_from_the_text_that_init_prints():
    printed = {name: setting_text(getattr(Settings(), name)) for name in Settings.model_fields}
    assert read_settings(printed) == (Settings(), {})


@given(st.floats(28, 31), st.booleans(), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_settings_read_back_as_typed(month, truncated, seed, cv):
    settings = Settings(month_days=month, allow_truncated=truncated, seed=seed, f_p_cv=cv)
    typed = {name: setting_text(getattr(settings, name)) for name in Settings.model_fields}
    assert read_settings(typed) == (settings, {})


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("month_days", "40", "a number from 28 to 31"),
        ("seed", "1.5", "a whole number of at least 0"),
        ("allow_truncated", "perhaps", "yes or no"),
        ("curve_model", "log", "loglog, slope1 or autofluorescence"),
        ("lot_assignment_cv", "5", "a number from 0 to 1"),
        ("accept_bead_age", "yes", "the reason in words, or an empty cell where it is not accepted"),
        ("lab_lloq", "-1", "a number of at least 0"),
    ],
)
def test_a_value_that_a_setting_cannot_have_is_refused(name, typed, said):
    settings, wrong = read_settings({name: typed})
    assert (settings, wrong[name][0]) == (Settings(), said)


def test_a_slip_in_a_word_is_named():
    assert read_settings({"curve_model": "logolg"})[1]["curve_model"][1] == 'Did you mean "loglog"?'


def study_with_settings(folder, *rows):
    sheets = good_sheets() | {"settings": [["name", "value"], *rows]}
    return read_study(write_csvs(write_files(folder), sheets))


def test_settings_of_a_study_are_read_and_empty_values_are_defaults(tmp_path):
    study, _ = study_with_settings(
        tmp_path, ["month_days", "30,5"], ["accept_bead_age", "beads of Monday, lamps stable"], ["rd_cut", ""]
    )
    assert study.settings == Settings(month_days=30.5, accept_bead_age="beads of Monday, lamps stable")


def test_every_fault_of_the_settings_sheet_has_its_cell(tmp_path):
    _, faults = study_with_settings(
        tmp_path, ["month_day", "30"], ["seed", "x"], ["rd_cut", "150,000"], ["seed", "2"], ["", "7"]
    )
    assert [str(fault) for fault in faults] == [
        'settings!A2: found "month_day", expected a setting that `cd38rd init` lists. Did you mean "month_days"?',
        'settings!B3: found "x", expected a whole number of at least 0',
        (
            'settings!B4: found "150,000", expected a number of at least 1 without a thousands separator. '
            "Did you mean 150.000 or 150000?"
        ),
        'settings!A5: found "seed" again (already in settings!A3), expected each setting once',
        "settings!A6: found nothing, expected name (Name of the setting), for example washed_out_drug",
    ]


def test_bead_ages_must_be_in_order(tmp_path):
    _, faults = study_with_settings(tmp_path, ["bead_age_accept_hours", "100"])
    assert [str(fault) for fault in faults] == [
        "settings!B2: found 100 > 72 hours, expected bead_age_accept_hours not above bead_age_reject_hours"
    ]
