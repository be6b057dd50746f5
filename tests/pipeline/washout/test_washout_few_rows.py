"""Few rows: a model that cannot be judged is refused in words, and never costs the study its tables."""

from __future__ import annotations

import json

import pytest

from calibration.density.result import RdStatus
from pipeline.output.json_files import washout_json
from pipeline.study.settings import Settings
from pipeline.washout import PatientRd
from pipeline.washout.choice import Candidate, choose
from pipeline.washout.report import washout_report


@pytest.mark.parametrize("n", range(8))
def test_any_number_of_rows_gives_a_report(n: int) -> None:
    rows = [
        PatientRd(f"P{i}", "v1", 4.0 * (i + 1), 500.0 * 2.3**i, RdStatus.OK, lloq=200.0, uloq=60_000.0)
        for i in range(n)
    ]
    report = washout_report(rows, Settings())
    assert report.n_rows == n


def test_models_without_rows_enough_for_an_aicc_do_not_take_part() -> None:
    few = Candidate("M1", float("inf"), 3)
    assert choose([few]) is None
    found = choose([few, Candidate("M2", 30.0, 3)])
    assert found is not None
    assert found.preferred == "M2"


def _hostile(weeks, rd, status, **parts):
    rows = [
        PatientRd(parts.get("patient", f"P{i}"), "b", weeks[i], rd[i], status[i], parts.get("lloq", 5000.0), 67_601.0)
        for i in range(len(weeks))
    ]  # fmt: skip
    report = washout_report(rows, Settings())
    assert json.dumps(washout_json(report), allow_nan=False)
    return report


def test_all_samples_of_one_patient_have_no_interval_and_it_is_said():
    weeks = [2.0, 4.0, 8.0, 16.0, 32.0]
    report = _hostile(weeks, [6e3, 9e3, 1.1e4, 3e4, 4e4], [RdStatus.OK] * 5, patient="P1")
    assert report.rank.spearman_interval is None
    assert "no interval for the rank correlations: 5 samples of 1 patient" in report.notes
    assert report.tobit is None


@pytest.mark.parametrize("lloq", [0.0, -5.0, float("inf"), float("nan")])
def test_a_limit_that_is_no_number_of_molecules_is_not_asked_for(lloq):
    weeks = [2.0, 4.0, 8.0, 16.0, 32.0]
    report = _hostile(weeks, [6e3, 9e3, 1.1e4, 3e4, 4e4], [RdStatus.OK] * 5, lloq=lloq)
    assert {wait.density for wait in report.waits} == {150_000.0}


def test_washouts_and_densities_that_are_no_numbers_are_left_out_and_counted():
    weeks = [float("nan"), float("inf"), -3.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    rd = [6e3, 6e3, 6e3, float("inf"), 9e3, 1.1e4, 3e4, 4e4]
    report = _hostile(weeks, rd, [RdStatus.OK] * 8)
    assert report.n_used == 4
    assert any("without a positive RD" in note for note in report.notes)
    assert any("negative one, left out" in note for note in report.notes)
