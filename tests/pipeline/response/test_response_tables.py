import json
import math
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from calibration.density.result import RdStatus
from helpers.response import counts_of, tables_of
from pipeline.output.json_files import response_json
from pipeline.response.patients import disease_control, is_evaluable
from pipeline.response.rd_visit import rd_side
from pipeline.study.settings import Settings
from pipeline.study.study import Dose, Patient, Study
from pipeline.washout import PatientRd

START = date(2024, 5, 31)


def study(patients, washout_days=None, **settings):
    doses = []
    for patient in patients:
        doses.append(Dose(patient.patient_id, START, "Isatuximab"))
        days = (washout_days or {}).get(patient.patient_id)
        if days is not None:
            doses.append(Dose(patient.patient_id, START - timedelta(days=days), "daratumumab"))
    return Study(Path(), (), (), (), tuple(doses), tuple(patients), Settings(**settings))


def density(patient_id, rd, status=RdStatus.OK, **rest):
    return PatientRd(patient_id, "baseline", 10.0, rd, status, lloq=5000.0, uloq=67_601.0, **rest)


@pytest.mark.parametrize(
    ("response", "days", "expected"),
    [
        ("sCR", None, True),
        ("MR", None, True),
        ("SD", 56, True),
        ("SD", 55, False),
        ("SD", None, None),
        ("PD", 100, False),
        ("NE", None, False),
        ("", 100, None),
    ],
)
def test_disease_control_is_mr_or_better_or_eight_weeks_of_sd(response, days, expected):
    assert disease_control(Patient("P", best_response=response, disease_control_days=days)) is expected


@pytest.mark.parametrize(
    ("evaluable", "response", "expected"),
    [
        (True, "", True),
        (True, "NE", True),
        (False, "PR", False),
        (None, "PD", True),
        (None, "NE", False),
        (None, "", False),
    ],
)
def test_evaluable_is_what_the_sheet_says_or_follows_from_a_response(evaluable, response, expected):
    assert is_evaluable(Patient("P", evaluable=evaluable, best_response=response)) is expected


def test_who_is_evaluable_is_in_the_denominators_with_or_without_a_response():
    patients = [
        Patient("P1", best_response="PR"),
        Patient("P2", best_response="SD"),
        Patient("P3", evaluable=True),
        Patient("P4"),
        Patient("P5", best_response="PD", evaluable=False),
    ]
    counts = counts_of(study(patients), [density("P9", 7000.0)])
    assert (counts.n_patients, counts.n_evaluable) == (5, 3)
    assert {(count.name, count.k, count.n) for count in counts.responses} >= {
        ("ORR", 1, 3),
        ("SD", 1, 3),
        ("PD", 0, 3),
        ("no response typed", 1, 3),
    }
    assert (counts.disease_control.k, counts.disease_control.n) == (1, 2)
    assert counts.notes == (
        "2 patients not evaluable: in no denominator",
        "1 patient evaluable without a best response: no responder and without disease control",
        "1 patient with SD but without disease_control_days: not in the DCR",
        "1 patient with RD but not in patients",
    )


def test_the_strata_are_on_the_response_clock_and_their_borders_belong_above():
    names = {"P1": 89, "P2": 90, "P3": 180, "P4": 359, "P5": 360, "P6": None}
    patients = [Patient(name, best_response="MR") for name in names]
    counts = counts_of(study(patients, names, month_days=30), [])
    assert [count.n for count in counts.by_washout] == [1, 1, 2, 1]
    outside = {count.name: count.n for count in counts.outside}
    assert outside["washout not known"] == 1
    assert outside["no RD"] == 6


def test_the_month_length_is_a_setting():
    patients = [Patient("P1", best_response="MR")]
    days = {"P1": 91}
    short = counts_of(study(patients, days, month_days=30), [])
    assert [count.n for count in short.by_washout] == [0, 1, 0, 0]
    assert [count.n for count in counts_of(study(patients, days), []).by_washout] == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("row", "side"),
    [
        (density("P", 150_000.0, RdStatus.ABOVE_ULOQ_EXTRAPOLATED), "above"),
        (density("P", 149_999.0), "below"),
        (density("P", -20.0, RdStatus.BELOW_LLOQ), "below"),
        (replace(density("P", -20.0, RdStatus.BELOW_LLOQ), lloq=None), "between"),
        (replace(density("P", 9000.0, RdStatus.BELOW_LLOQ), lloq=math.inf), "between"),
        (density("P", None, RdStatus.ABOVE_ULOQ), "between"),
        (density("P", None, RdStatus.ABOVE_ULOQ, rd_low=4 * 67_601.0), "above"),
        (density("P", None, RdStatus.LOW_EVENTS), ""),
        (density("P", None, RdStatus.FAILED), ""),
    ],
)
def test_the_side_of_the_cut_follows_from_value_or_limit(row, side):
    assert rd_side(row, 150_000) == side


def test_the_tables_are_json_and_every_percentage_has_k_and_n():
    patients = [Patient(f"P{i}", best_response="SD", disease_control_days=40 + 3 * i) for i in range(12)]
    days = {f"P{i}": 30 * i for i in range(12)}
    rows = [density(f"P{i}", 20_000.0 * (i + 1)) for i in range(12)]
    tables = tables_of(study(patients, days), rows)
    found = json.loads(json.dumps(response_json(tables), allow_nan=False))
    assert [(row["k"], row["n"]) for row in found["by_rd"]] == [(5, 5), (1, 7)]
    assert found["rd_contrast"]["fisher_p"] == pytest.approx(0.0151515, abs=1e-6)
    assert "56 days" in found["rule"]
    strata = [row for row in found["by_washout"] if row["n"]]
    assert len(strata) == 5
    for row in (*found["response"], *strata):
        assert row["percent"] == pytest.approx(100 * row["k"] / row["n"])
        assert row["low"] <= row["percent"] <= row["high"]


def test_a_study_without_patients_has_empty_tables():
    tables = tables_of(study([]), [density("P1", 9000.0)])
    assert all(row.n == 0 for row in (*tables.response, *tables.by_washout, *tables.by_rd))
    assert tables.rd_contrast.fisher_p is None
    assert json.dumps(response_json(tables), allow_nan=False)
