"""The registry of models: every entry fits or refuses, under a name and with estimates that are its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.density.result import RdStatus
from helpers.washout_truth import statuses
from pipeline.output.json_files import washout_json
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.pharmacokinetics import DrugLevel
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import Estimate, IntervalKind, NotEstimableError
from pipeline.washout.models import MODELS, Model
from pipeline.washout.observations.selection import select_rows
from pipeline.washout.report import washout_report

LLOQ = 1_000.0
NAMES = ["M0", "M1", "M1 adjusted", "M1 with rows left out", "M1 random intercept", "M2", "M3"]


def rows(n: int = 60) -> list[PatientRd]:
    """Return two visits of each patient, one more under a week, a covariate, a drug level: no model refuses."""
    rng = np.random.default_rng(5)
    weeks = np.exp(rng.uniform(np.log(2), np.log(90), n))
    rd = 60_000 * (1 - 0.97 * 2.0 ** (-weeks / 12)) * 10 ** rng.normal(0, 0.15, n)
    status = statuses(rd, LLOQ)
    drug = DrugLevel(0.01, 0.005, 0.02, 0.5, 0.04, 0.02, 0.08)
    visits = [
        PatientRd(
            f"P{i // 2}", f"V{i % 2}", float(weeks[i]), float(rd[i]), status[i], LLOQ, 67_601.0, 0.08,
            drug=drug, imid_since=bool(i // 2 % 2),
        )
        for i in range(n)
    ]  # fmt: skip
    return [*visits, replace(visits[0], visit="V2", weeks=0.0)]


@pytest.fixture(scope="module")
def report():
    return washout_report(rows(), Settings())


def test_the_models_stand_in_their_order_under_names_of_their_own():
    assert [model.name for model in MODELS] == NAMES
    assert all(model.after in ("", *NAMES[: NAMES.index(model.name)]) for model in MODELS)


def test_the_model_with_priors_has_credible_intervals_and_no_other_has():
    assert [model.name for model in MODELS if model.interval is IntervalKind.CREDIBLE] == ["M2"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_tells_estimates_of_its_own_with_a_method(model: Model, report):
    fit = report.fits[model.name]
    mine = [estimate.name for estimate in model.estimates(fit)]
    others = [
        e.name for other in MODELS if other is not model for e in other.estimates(report.fits[other.name])
    ]
    assert mine
    assert len(set(mine)) == len(mine)
    assert set(mine).isdisjoint(others)
    of_report = [e for e in report.estimates if e.model == model.name]
    assert {e.interval for e in of_report} == {model.interval}
    assert {wait.interval for wait in report.waits if wait.model == model.name} <= {model.interval}
    assert report.methods[model.name] == model.method(fit) != ""
    if model.candidate:
        found = model.candidate(model.name, fit, Settings())
        assert found.name == model.name
        assert np.isfinite(found.aicc)
        assert found in report.choice.candidates


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_refuses_rows_that_are_all_below_their_limit_with_a_reason(model: Model):
    given = select_rows(
        [replace(row, rd=None, status=RdStatus.BELOW_LLOQ, drug=None) for row in rows()], Settings()
    )
    with pytest.raises(NotEstimableError, match=r"\w"):
        model.fit(given, Settings())


def test_a_new_entry_is_all_that_a_report_and_its_file_need(monkeypatch: pytest.MonkeyPatch):
    class Mean:
        notes = ("a mean is no model",)

        def estimates(self) -> tuple[Estimate, ...]:
            return (Estimate("mean", 1.0, 0.5, 2.0, 3, "mean", words="Mean of a test"),)

    credible = IntervalKind.CREDIBLE
    words = {"plain": "the mean", "methods": "the mean was taken", "glossary": (), "interval": credible}
    more = (*MODELS[:2], Model("M9", lambda *_: Mean(), Mean.estimates, lambda _: "mean", **words))
    monkeypatch.setattr("pipeline.washout.report.MODELS", more)
    report = washout_report(rows(20), Settings())
    written = washout_json(report)
    assert report.estimates[-1].name == "mean"
    assert report.estimates[-1].interval is credible
    assert report.notes[-1] == "a mean is no model"
    assert written["methods"]["M9"] == "mean"
