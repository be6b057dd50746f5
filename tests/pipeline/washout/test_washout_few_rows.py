"""Few rows: a model that cannot be judged is refused in words, and never costs the study its tables."""

from __future__ import annotations

import pytest

from pipeline.settings import Settings
from pipeline.washout import PatientRd
from pipeline.washout.choice import Candidate, choose
from pipeline.washout.report import washout_report


@pytest.mark.parametrize("n", range(8))
def test_any_number_of_rows_gives_a_report(n: int) -> None:
    rows = [
        PatientRd(f"P{i}", "v1", 4.0 * (i + 1), 500.0 * 2.3**i, "OK", lloq=200.0, uloq=60_000.0)
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
