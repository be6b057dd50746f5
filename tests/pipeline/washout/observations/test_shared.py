"""Errors that rows share: out of their own error, and as large as their source's where a row does not tell it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from helpers.washout_truth import LLOQ, patients_on_a_line
from pipeline.patients.patient_rd import PatientRd, SharedError
from pipeline.study.settings import Settings
from pipeline.washout.observations.selection import observed


def rows(n=12):
    weeks, rd, status = patients_on_a_line(n, 3)
    return [
        PatientRd(
            f"P{i}", "", float(weeks[i]), float(rd[i]), status[i], LLOQ, None, 0.05,
            shared=(SharedError("lot A", 0.03), SharedError(f"run {i // 6}", 0.02), SharedError(f"own {i}", 0.01)),
        )
        for i in range(n)
    ]  # fmt: skip


def test_what_several_rows_share_leaves_their_own_error():
    data = observed(rows(), Settings())[0]
    assert data.measurement_sd == pytest.approx(np.full(12, math.sqrt(0.05**2 - 0.03**2 - 0.02**2)))
    assert sorted(set(data.shared.source.tolist())) == [0, 1, 2]
    moves = np.ones((1, 12))
    assert data.shared.moved(moves)[0] == pytest.approx([12 * 0.03, 6 * 0.02, 6 * 0.02])


def test_a_row_without_an_interval_moves_with_its_lot_as_the_others_do():
    given = rows()
    given[0] = replace(given[0], shared=(SharedError("lot A", math.nan), SharedError("run 9", math.nan)))
    data = observed(given, Settings())[0]
    of_lot = data.shared.sd[data.shared.source == 0]
    assert of_lot == pytest.approx(np.full(12, 0.03))


def test_rows_that_share_nothing_keep_their_error():
    data = observed([replace(row, shared=()) for row in rows()], Settings())[0]
    assert data.shared is None
    assert data.measurement_sd == pytest.approx(np.full(12, 0.05))
