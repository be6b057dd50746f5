"""The drug in the serum of a study's patients: deviations from the curve, smoothed over doublings of the washout."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.patients.pharmacokinetics.decline import WEEKS_AFTER_DOSE, SerumCurve
from pipeline.washout.recovery.serum import study_curve


def test_the_curve_moves_by_the_rows_deviations_weighted_by_a_normal_of_half_a_doubling():
    usual = SerumCurve(100 * np.exp(-WEEKS_AFTER_DOSE / 4), np.full(WEEKS_AFTER_DOSE.size, 0.4), "usual")
    weeks, off, own = np.array([2.0, 4.0, 16.0]), np.array([0.3, -0.5, 0.9]), np.array([0.1, 0.2, 0.3])
    told = study_curve(usual, weeks, 100 * np.exp(-weeks / 4 + off), own)
    for at in (2.0, 8.0, 20.0):
        k = int(np.flatnonzero(at == WEEKS_AFTER_DOSE)[0])
        weight = np.exp(-0.5 * (np.log2(at / weeks) / 0.5) ** 2)
        weight /= weight.sum()
        shift = (weight * off).sum()
        assert np.log(told.ug_ml[k] / usual.ug_ml[k]) == pytest.approx(shift, rel=1e-6)
        assert told.log_sd[k] ** 2 == pytest.approx((weight * ((off - shift) ** 2 + own**2)).sum(), rel=1e-6)
    assert told.source == "the rows' own drug levels"


def test_before_the_first_day_the_weights_are_those_of_the_first_day():
    usual = SerumCurve(np.full(WEEKS_AFTER_DOSE.size, 50.0), np.full(WEEKS_AFTER_DOSE.size, 0.4), "usual")
    weeks, off = np.array([1 / 7, 2.0]), np.array([0.5, -0.5])
    told = study_curve(usual, weeks, 50 * np.exp(off), np.zeros(2))
    weight = np.exp(-0.5 * (np.log2(1 / 7 / weeks) / 0.5) ** 2)
    assert np.log(told.ug_ml[0] / 50) == pytest.approx((weight * off).sum() / weight.sum(), rel=1e-6)
