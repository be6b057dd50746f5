"""Response and PFS along the density of a study: who is in it, with what error, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from calibration.density.result import RdStatus
from helpers.response import tables_of
from pipeline.output.json_files import response_json
from pipeline.patients.patient_rd import PatientRd, SharedError
from pipeline.response.by_density.numbers import density_numbers
from pipeline.response.by_density.rows import density_rows, own_errors
from pipeline.response.rd_visit import RdVisit
from pipeline.response.statistics.cuts.roc import wilson
from pipeline.response.statistics.true_values import ABOVE, BELOW, MEASURED
from pipeline.study.settings import Settings
from pipeline.study.study import Dose, Patient, Study

START = date(2024, 5, 31)


def row(name: str, rd: float | None, status: str = RdStatus.OK, **rest) -> PatientRd:
    facts = {"lloq": 5000.0, "uloq": 67_601.0, "rd_log_sd": 0.06, **rest}
    return PatientRd(name, "baseline", 10.0, rd, status, collected_on=START - timedelta(7), **facts)


def study_of(
    n: int, seed: int = 4, responses: tuple[str, str] = ("PR", "PD"), **settings
) -> tuple[Study, list[PatientRd]]:
    """Return a study in which a high density goes with the first response, and with a longer PFS."""
    rng = np.random.default_rng(seed)
    patients, rows = [], []
    for k in range(n):
        name, log_rd = f"P{k:02}", rng.normal(4.6, 0.45)
        yes = rng.random() < 1 / (1 + math.exp(-3 * (log_rd - 4.6)))
        days = int(1 + rng.exponential(200 * 10 ** (log_rd - 4.6)))
        patients.append(Patient(name, best_response=responses[0] if yes else responses[1], treatment_start=START,
                                progressed_on=START + timedelta(days), last_assessed_on=START + timedelta(days)))  # fmt: skip
        rows.append(
            row(name, 10**log_rd) if log_rd > math.log10(5000) else row(name, 3000.0, RdStatus.BELOW_LLOQ)
        )
    doses = tuple(Dose(patient.patient_id, START, "Isatuximab") for patient in patients)
    return Study(Path(), (), (), (), doses, tuple(patients), Settings(**settings)), rows


@pytest.fixture(scope="module")
def told():
    study, rows = study_of(40)
    return tables_of(study, rows).by_density


def test_a_high_density_goes_with_response_and_with_a_longer_pfs(told):
    control, response = told.outcomes
    assert (control.outcome, response.outcome) == ("disease control", "response, PR or better")
    assert control.n == response.n == 40
    assert control.odds.low > 1
    assert control.area.low > 0.5
    assert control.best.cut is not None
    assert control.fixed.cut == pytest.approx(150_000)
    per_doubling = [ratio for ratio in told.survival if ratio.per == "doubling"]
    assert [ratio.name for ratio in per_doubling] == ["PFS from day 0", "PFS from the landmark of 8 weeks"]
    assert per_doubling[0].high < 1


def test_every_number_stands_in_one_list_and_one_that_is_not_told_says_why():
    study, rows = study_of(40, responses=("MR", "PD"))
    numbers = list(density_numbers(tables_of(study, rows).by_density))
    assert all(number.value is not None or number.note for number in numbers)
    assert [number.measure for number in numbers if number.outcome == "disease control"][:2] == [
        "odds ratio, doubling",
        "area under the ROC curve",
    ]
    refused = next(number for number in numbers if number.outcome == "response, PR or better")
    assert (
        refused.note
        == "0 of 40 patients with a density had the outcome; at least 3 with it and 3 without it are needed"
    )


def test_the_warning_counts_the_smaller_group(told):
    least = min(min(one.n_events, one.n - one.n_events) for one in told.outcomes)
    assert told.warning.startswith("Each of these answers") == (least >= 10)
    study, rows = study_of(14)
    assert "The smaller group has" in tables_of(study, rows).by_density.warning


def test_the_order_of_patients_and_rows_changes_no_number():
    study, rows = study_of(16)
    turned = replace(study, patients=study.patients[::-1], doses=study.doses[::-1])
    first, other = (
        list(density_numbers(tables_of(one, some).by_density))
        for one, some in ((study, rows), (turned, rows[::-1]))
    )
    for a, b in zip(first, other, strict=True):
        for name in ("value", "low", "high", "p"):
            one, two = getattr(a, name), getattr(b, name)
            assert (one is None) == (two is None)
            assert one is None or one == pytest.approx(two, rel=1e-6)


def test_a_density_beyond_a_limit_counts_as_beyond_it_and_one_that_tells_nothing_does_not_count():
    rows = {
        "measured": row("measured", 40_000.0),
        "below": row("below", 200.0, RdStatus.BELOW_LLOQ),
        "above": row("above", None, RdStatus.ABOVE_ULOQ, rd_low=270_404.0),
        "no limit": row("no limit", 200.0, RdStatus.BELOW_LLOQ, lloq=math.inf),
        "unbounded": row("unbounded", 40_000.0, rd_log_sd=math.inf),
        "failed": row("failed", None, RdStatus.FAILED),
    }
    visits = {name: RdVisit(one) for name, one in rows.items()} | {"none": RdVisit(None)}
    found = density_rows(visits, [*rows, "none"])
    assert found.patients == ("measured", "below", "above")
    assert found.kind.tolist() == [MEASURED, BELOW, ABOVE]
    assert found.log2_rd == pytest.approx(np.log2([40_000, 5000, 270_404]))


def test_an_error_that_all_share_is_in_no_error_and_one_of_some_is():
    lot, curve = SharedError("lot 1", 0.08), SharedError("curve B1", 0.03)
    rows = [row("P1", 9e4, rd_log_sd=0.1, shared=(lot, curve)), row("P2", 8e4, rd_log_sd=0.1, shared=(lot,))]
    assert own_errors(rows) == pytest.approx(np.full(2, 0.06 * math.log2(10)))
    unknown = [*rows, row("P3", 7e4, rd_log_sd=None, shared=(lot,))]
    assert own_errors(unknown)[2] == own_errors(unknown).max()


@pytest.mark.parametrize("boundless", [math.nan, math.inf, 1e200])
def test_a_limit_whose_shared_error_has_no_bound_leaves_the_others_as_they_are(boundless):
    rows = [row("P1", 9e4, rd_log_sd=0.1, shared=(SharedError("lot 1", 0.06),))]
    rows += [row("P2", 1.0, RdStatus.BELOW_LLOQ, rd_log_sd=0.3, shared=(SharedError("lot 1", boundless),))]
    assert own_errors(rows) == pytest.approx(np.full(2, 0.08 * math.log2(10)))


def test_a_share_is_of_the_patients_whose_side_is_known():
    study, rows = study_of(40, rd_cut=40_000.0)
    hidden = [replace(one, status=RdStatus.BELOW_LLOQ, rd=None, lloq=90_000.0) for one in rows[:12]]
    numbers = {one.measure: one for one in density_numbers(tables_of(study, [*hidden, *rows[12:]]).by_density)
               if one.outcome == "disease control"}  # fmt: skip
    controlled = {patient.patient_id for patient in study.patients if patient.best_response == "PR"}
    placed = [one.patient_id in controlled for one in rows[12:]]
    found = numbers["cut of the setting rd_cut: sensitivity"]
    assert (found.low, found.high) == wilson(found.value, sum(placed))
    found = numbers["cut of the setting rd_cut: specificity"]
    assert (found.low, found.high) == wilson(found.value, len(placed) - sum(placed))


def test_few_events_give_no_hazard_ratio_and_say_so():
    study, rows = study_of(20)
    patients = tuple(replace(patient, progressed_on=None) for patient in study.patients)
    survival = tables_of(replace(study, patients=patients), rows).by_density.survival
    assert {ratio.ratio for ratio in survival} == {None}
    assert survival[0].note == "0 events in 20 patients with a density: expected 3 or more"


def test_it_is_json_without_numbers_that_are_none(told):
    study, rows = study_of(20)
    written = response_json(tables_of(study, rows))
    assert written["by_density"]["outcomes"][0]["area"]["n"] == 20
