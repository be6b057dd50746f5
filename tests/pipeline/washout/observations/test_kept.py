"""Which rows go into the models."""

from __future__ import annotations

import pytest

from calibration.density.result import RdStatus
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.cells.choices import RowReason
from pipeline.study.settings import Settings
from pipeline.washout.observations.kept import kept_rows
from pipeline.washout.observations.selection import _measured_values


@pytest.mark.parametrize(("weeks", "is_kept"), [(0.0, False), (6 / 7, False), (1.0, True), (None, True)])
def test_a_row_of_one_week_goes_in_and_one_of_six_days_stays_out(weeks, is_kept):
    kept, left = kept_rows([PatientRd("P1", "V1", weeks, 20_000.0, RdStatus.OK)], Settings())
    assert bool(kept) is is_kept
    assert [row.reason for row in left] == [RowReason.UNDER_ONE_WEEK] * (not is_kept)


def test_rows_are_ordered_by_what_was_measured_and_a_missing_value_comes_last():
    rows = [
        PatientRd(patient, "V1", weeks, rd, RdStatus.OK)
        for patient, weeks, rd in [
            ("A", None, 9.0),
            ("B", 8.0, None),
            ("C", 8.0, 7.0),
            ("D", 2.0, 9.0),
            ("E", 8.0, 5.0),
        ]
    ]
    assert [row.patient_id for row in sorted(rows, key=_measured_values)] == ["D", "E", "C", "B", "A"]
