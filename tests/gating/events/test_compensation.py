"""Spillover matrices, and what they do to events."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gating.events import Events
from gating.events.compensation import (
    SpilloverMatrix,
    UnusableSpilloverError,
    compensate,
    spillover_from_rows,
)

TWO = SpilloverMatrix(("FITC-A", "PE-A"), np.array([[1.0, 0.2], [0.05, 1.0]]), "by hand")


@given(st.lists(st.tuples(st.floats(-1e3, 2e5), st.floats(-1e3, 2e5)), min_size=1, max_size=50))
def test_compensating_what_a_matrix_spilled_gives_the_dyes_back(dyes):
    true = np.array(dyes, np.float64).T
    measured = Events((TWO.values.T @ true).astype(np.float32), TWO.channels)
    np.testing.assert_allclose(compensate(measured, TWO).values, true, rtol=1e-5, atol=0.1)


def test_channels_outside_the_matrix_and_their_order_stay_as_they_were():
    events = Events(
        np.array([[5, 6], [10, 20], [7, 8], [100, 200]], np.float32), ("FSC-A", "PE-A", "Time", "FITC-A")
    )
    after = compensate(events, TWO)
    assert after.channels == events.channels
    np.testing.assert_array_equal(after.column("Time"), [7, 8])
    assert float(after.column("PE-A")[0]) < 0  # 10 - 0.2 · 100: negative values are data
    np.testing.assert_array_equal(events.column("PE-A"), [10, 20])


def test_a_matrix_in_another_order_of_detectors_compensates_alike():
    events = Events(np.array([[100, 900], [40, 300]], np.float32), TWO.channels)
    turned = SpilloverMatrix(("PE-A", "FITC-A"), TWO.values[::-1, ::-1].copy(), "turned")
    np.testing.assert_allclose(compensate(events, turned).values, compensate(events, TWO).values, rtol=1e-6)


def test_a_singular_matrix_is_refused_in_one_sentence():
    with pytest.raises(UnusableSpilloverError, match=r"m.csv.*cannot be inverted"):
        SpilloverMatrix(("A", "B"), np.array([[1.0, 1.0], [1.0, 1.0]]), "m.csv").inverse()


@pytest.mark.parametrize(
    ("channels", "values"),
    [(("A", "A"), np.eye(2)), (("A",), np.eye(2)), (("A", "B"), np.array([[1.0, np.nan], [0.0, 1.0]]))],
)
def test_a_matrix_that_makes_no_sense_is_not_made(channels, values):
    with pytest.raises(UnusableSpilloverError, match="by hand"):
        SpilloverMatrix(channels, values, "by hand")


def test_a_matrix_for_other_channels_names_those_that_are_missing():
    with pytest.raises(UnusableSpilloverError, match="names FITC-A, which the events do not have"):
        compensate(Events(np.ones((1, 2), np.float32), ("PE-A",)), TWO)


def test_the_digest_follows_the_numbers_and_names_but_not_the_source():
    assert SpilloverMatrix(TWO.channels, TWO.values, "elsewhere").digest == TWO.digest
    assert SpilloverMatrix(TWO.channels, TWO.values + 1e-9, "by hand").digest != TWO.digest
    assert SpilloverMatrix(("FITC-A", "PE"), TWO.values, "by hand").digest != TWO.digest
    assert SpilloverMatrix(("A", "B"), np.eye(2), "").is_identity


def test_rows_of_text_become_a_matrix_with_or_without_row_names():
    plain = spillover_from_rows([["A", "B"], ["1", "0.1"], ["0", "1"]], "m.csv")
    named = spillover_from_rows([["", "A", "B"], ["A", "1", "0,1"], ["B", "0", "1"], ["", "", ""]], "m.csv")
    assert plain.digest == named.digest


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "empty"),
        ([["A", "B"], ["1", "x"], ["0", "1"]], "'x' is no number"),
        ([["A", "B"], ["1", "0"]], "1 rows"),
        ([["", "A", "B"], ["B", "1", "0"], ["A", "0", "1"]], "differ from the columns"),
    ],
)
def test_rows_that_are_no_matrix_say_why(rows, reason):
    with pytest.raises(UnusableSpilloverError, match=reason):
        spillover_from_rows(rows, "m.csv")


@pytest.mark.real
def test_vie14_cd38_medians_after_compensation_are_those_of_the_readme(real_data):
    flowio = pytest.importorskip("flowio")
    import gzip

    data = flowio.FlowData(str(real_data / "marrow" / "vie14" / "494.fcs"))
    names = tuple(data.text[f"p{i}n"] for i in range(1, data.channel_count + 1))
    values = np.asarray(data.events, np.float32).reshape(-1, len(names)).T
    parts = data.text["spill"].split(",")
    n = int(parts[0])
    matrix = SpilloverMatrix(tuple(parts[1 : n + 1]), np.array(parts[n + 1 :], float).reshape(n, n), "$SPILL")
    with gzip.open(real_data / "marrow" / "vie14" / "494_labels.csv.gz", "rt", encoding="utf-8") as file:
        header = file.readline().strip().split(",")
        labels = np.loadtxt(file, delimiter=",", dtype=int)
    cd38 = compensate(Events(values, names), matrix).column("Alexa700-A")
    # README of the real files: blast 2061.12, cd19 1859.13, erythropoiesis 130.95
    for label, median in (("blast", 2061.12), ("cd19", 1859.13), ("erythropoiesis", 130.95)):
        found = float(np.median(cd38[labels[:, header.index(label)] == 1]))
        assert found == pytest.approx(median, rel=1e-3)


def test_an_event_is_the_sum_over_its_channels_in_their_order_wherever_it_stands():
    rng = np.random.default_rng(5)
    spill = np.eye(9) + rng.uniform(0, 0.2, (9, 9)) * (1 - np.eye(9))
    matrix = SpilloverMatrix(tuple("ABCDEFGHI"), spill, "by hand")
    events = Events(rng.normal(0, 1e4, (9, 40_000)).astype(np.float32), matrix.channels)
    weights, expected = matrix.inverse().T.astype(np.float32), np.empty_like(events.values)
    for row in range(9):
        expected[row] = weights[row, 0] * events.values[0]
        for channel in range(1, 9):
            expected[row] += weights[row, channel] * events.values[channel]
    np.testing.assert_array_equal(compensate(events, matrix).values, expected)
