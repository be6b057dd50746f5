import json
from dataclasses import replace

import numpy as np
import pytest
from washout_truth import LLOQ, patients_on_a_line

from pipeline.settings import Settings
from pipeline.washout import Estimate, PatientRd, to_json, washout_report
from pipeline.washout.report import upper_limit

SETTINGS = Settings()


def rows(n=19, seed=8):
    weeks, rd, status = patients_on_a_line(n, seed)
    return [
        PatientRd(f"P{i}", "baseline", float(weeks[i]), float(rd[i]), status[i], LLOQ, 67_601.0, 0.08)
        for i in range(n)
    ]


def test_every_estimate_has_an_interval_an_n_and_a_method():
    report = washout_report(rows(), SETTINGS)
    names = [estimate.name for estimate in report.estimates]
    assert names[:4] == ["spearman_rho", "kendall_tau_b", "slope_per_doubling", "fold_per_doubling"]
    for estimate in report.estimates:
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate.n == 19
        assert estimate.method
    assert [refusal.name for refusal in report.not_estimable] == [
        "weeks_until_50_percent_have_150000",
        "weeks_until_90_percent_have_150000",
    ]
    assert all("cannot be told from these data" in refusal.reason for refusal in report.not_estimable)
    assert names[-2:] == ["weeks_until_50_percent_have_5000", "weeks_until_90_percent_have_5000"]
    assert report.n_observed + report.n_left_censored == 19


def test_the_report_is_json_and_the_same_on_every_run():
    first, second = (
        json.dumps(washout_report(rows(), SETTINGS).to_dict(), allow_nan=False) for _ in range(2)
    )
    assert first == second
    assert json.loads(first)["methods"]["M1"].startswith("Tobit")


def test_all_censored_is_a_report_with_reasons_not_an_error():
    below = [replace(row, status="BELOW_LLOQ") for row in rows()]
    report = washout_report(below, SETTINGS)
    assert report.rank is None
    assert report.tobit is None
    assert [refusal.name for refusal in report.not_estimable] == ["M0", "M1"]
    assert "all 19 receptor densities are tied" in report.not_estimable[0].reason
    assert json.dumps(report.to_dict(), allow_nan=False)


def test_an_empty_study_is_a_report_with_reasons():
    report = washout_report([], SETTINGS)
    assert (report.n_rows, report.n_used, report.estimates) == (0, 0, ())
    assert len(report.not_estimable) == 2


@pytest.mark.parametrize(("column", "value"), [("beads_kit", "qsc"), ("tissue", "blood")])
def test_kits_and_tissues_are_not_pooled(column, value):
    given = rows()
    mixed = [replace(row, **{column: value}) for row in given[:4]] + given[4:]
    report = washout_report(mixed, SETTINGS)
    assert (report.n_rows, report.n_used) == (19, 15)
    assert any("not pooled" in note and f"4 of {value} left out" in note for note in report.notes)
    assert report.tobit.slope == washout_report(given[4:], SETTINGS).tobit.slope


def test_a_saturated_row_is_censored_at_the_limit_it_is_known_to_exceed():
    row = PatientRd("P1", "", 40, 400_000, "ABOVE_ULOQ", LLOQ, 67_601.0)
    assert upper_limit(row, 4) == 4 * 67_601.0
    assert upper_limit(replace(row, rd=None), 4) == 67_601.0
    assert upper_limit(replace(row, rd=100_000.0), 4) == 67_601.0
    assert upper_limit(replace(row, uloq=None), 4) is None


def test_samples_after_the_study_drug_are_used_and_said():
    given = rows()
    given[0] = replace(given[0], flags=("STUDY_DRUG_BEFORE_SAMPLE",))
    report = washout_report(given, SETTINGS)
    assert report.n_used == 19
    assert any("1 row collected after the first dose of the study drug" in note for note in report.notes)


def test_numbers_that_are_not_finite_are_null_in_json():
    found = to_json(Estimate("x", float("inf"), -np.inf, np.float64(1.5), np.int64(3), "m"))
    assert (found["value"], found["low"], found["high"], found["n"]) == (None, None, 1.5, 3)
    assert to_json({"a": np.array([1.0, np.nan])}) == {"a": [1.0, None]}
