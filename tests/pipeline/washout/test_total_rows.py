"""Rows on the scale of total CD38: density and limits divided by the free part, the error of θ added."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.density.result import RdStatus
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.receptor_occupancy.theta import Theta, ThetaFrom
from pipeline.washout.total import _on_total, _theta_sd, corrected_rows

THETA = Theta(0.5, 0.3, 0.7, 0.4, 0.55, ThetaFrom.SENTINELS)
WIDER = np.log10(0.6 / 0.5) / 1.959964
"""From 0.5 to 0.6 free is a factor of 1.2, to 0.45 one of 1.11: the wider half counts."""


def row(**facts):
    known = {"lloq": 400.0, "uloq": 80_000.0, "rd_low": 7_000.0, "rd_log_sd": 0.05} | facts
    return PatientRd("P1", "V1", 8.0, known.pop("rd", 10_000.0), RdStatus.OK, theta=THETA, **known)


def test_the_error_of_a_free_part_is_that_of_the_wider_half_of_its_interval():
    assert _theta_sd(THETA) == pytest.approx(WIDER, rel=1e-6)
    assert _theta_sd(Theta(0.5, low_beside=0.45, high_beside=0.6)) == pytest.approx(
        np.log10(0.5 / 0.4) / 1.959964, rel=1e-6
    )
    assert _theta_sd(Theta(0.0, source=ThetaFrom.NO_COMPETITION)) == 0.0


def test_density_and_limits_are_divided_by_the_free_part_and_the_errors_add_up():
    total = _on_total(row(), THETA)
    assert (total.rd, total.lloq, total.uloq, total.rd_low) == (20_000.0, 800.0, 160_000.0, 14_000.0)
    assert total.rd_log_sd == pytest.approx(np.hypot(0.05, WIDER), rel=1e-6)


def test_what_is_not_known_of_a_row_stays_unknown_and_adds_no_error():
    total = _on_total(row(rd=None, lloq=None, uloq=None, rd_low=None, rd_log_sd=None), THETA)
    assert (total.rd, total.lloq, total.uloq, total.rd_low) == (None,) * 4
    assert total.rd_log_sd == pytest.approx(WIDER, rel=1e-6)


def test_rows_that_were_left_out_are_counted_by_their_reason():
    unknown = PatientRd("P2", "V1", 8.0, 9_000.0, RdStatus.OK)
    rows, notes = corrected_rows([row(), unknown, row()])
    assert [one.rd for one in rows] == [20_000.0, 20_000.0]
    assert notes[0] == "M3: 2 of 3 visits used; left out: 1 without a known occupancy"
    assert notes[1] == "M3: theta from sentinels (2)"
