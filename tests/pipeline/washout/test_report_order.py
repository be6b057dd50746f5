"""The order of the sheets, exact ties and patients that agree exactly change no number and stop nothing."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from calibration.density.result import RdStatus
from pipeline.output.json_files import json_text, washout_json
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.settings import Settings
from pipeline.washout.report import washout_report


def text_of(rows):
    return json_text(washout_json(washout_report(rows, Settings())) | {"visits": None})


def random_rows(seed):
    rng = np.random.default_rng(seed)
    weeks = np.exp(rng.uniform(0.7, 4.5, 18))
    rd = np.round(10 ** (3 + 0.8 * np.log10(weeks) + rng.normal(0, 0.4, 18)), -2)
    return [
        PatientRd(
            f"P{i // 2}",
            f"V{i % 2}",
            float(w),
            float(v),
            RdStatus.OK if v > 3000 else RdStatus.BELOW_LLOQ,
            3000.0,
            3e5,
            0.08,
        )
        for i, (w, v) in enumerate(zip(weeks, rd, strict=True))
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_the_rows_changes_no_model(seed):
    rows = random_rows(seed)
    turned = [rows[i] for i in np.random.default_rng(seed + 100).permutation(len(rows))]
    assert text_of(turned) == text_of(rows)


@pytest.mark.parametrize("weeks", [(4.0, 26.0), (2.0, 8.0, 32.0)], ids=["two visits", "three visits"])
@pytest.mark.parametrize("densities", [(1000.0, 5000.0, 12000.0, 12000.0, 5000.0, 1000.0), (5000.0,) * 6])
def test_patients_whose_visits_agree_exactly_are_a_refusal_and_no_error(weeks, densities):
    rows = [
        PatientRd(f"P{p}", f"V{v}", w, rd, RdStatus.OK, 300.0, 3e5, 0.08)
        for (p, rd), (v, w) in product(enumerate(densities), enumerate(weeks))
    ]
    report = washout_report(rows, Settings())
    refused = {refusal.name: refusal.reason for refusal in report.not_estimable}
    assert report.tobit is not None or "M1" in refused


def test_a_slope_that_is_zero_is_written_as_zero():
    rows = [
        PatientRd(f"P{p}{v}", "V", w, rd, RdStatus.OK, 300.0, 3e5, 0.08)
        for p, rd in enumerate((1000.0, 5000.0, 12000.0, 12000.0, 5000.0))
        for v, w in enumerate((4.0, 26.0))
    ]
    fit = washout_report(rows, Settings()).tobit
    assert fit is not None
    assert (fit.slope, fit.most_likely.slope) == (0.0, 0.0)
    assert fit.slope_interval[0] == -fit.slope_interval[1]
