"""A typed duration that fits the days in another unit."""

import pytest

from pipeline.response.consistency import _unit_slip


@pytest.mark.parametrize(
    ("typed", "days", "ended", "unit"),
    [
        (30.0, 210, True, "weeks"), (30.0, 214, True, "weeks"), (30.0, 215, True, ""), (10.0, 304, True, "months"),
        (1.0, 7, True, ""), (30.0, 210, False, ""), (100.0, 714, True, "weeks"), (100.0, 715, True, ""),
    ],
)  # fmt: skip
def test_a_number_of_weeks_or_months_is_named_within_half_a_unit_or_two_percent(typed, days, ended, unit):
    assert _unit_slip(typed, days, 30.4375, ended) == unit
