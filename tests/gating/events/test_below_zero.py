"""Cells far below zero: a matrix that was applied twice shows, one applied once does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gating.events import Events, FloatArray
from gating.events.below_zero import far_below_zero
from gating.events.compensation import SpilloverMatrix, compensate, compensate_in_place
from pipeline.fcs import read_fcs

MATRIX = SpilloverMatrix(("A", "B", "C"), np.array([[1, 0.3, 0.02], [0.1, 1, 0.0], [0, 0, 1]]), "by hand")


def cells(times: int, n: int = 4000) -> dict[str, FloatArray]:
    """Cells bright on one dye each, compensated so many times."""
    rng = np.random.default_rng(5)
    light = np.zeros((3, n))
    light[rng.integers(0, 3, n), np.arange(n)] = np.exp(rng.normal(9, 0.5, n))
    measured = MATRIX.values.T @ light + rng.normal(0, 60, (3, n))
    events = Events(measured.astype(np.float32), MATRIX.channels)
    for _ in range(times):
        events = compensate(events, MATRIX)
    return {name: events.column(name) for name in MATRIX.channels}


@pytest.mark.parametrize("times", [0, 1])
def test_what_is_compensated_at_most_once_is_not_below_zero(times: int) -> None:
    assert far_below_zero(cells(times)) == ()


def test_what_is_compensated_twice_is_below_zero_where_light_spills() -> None:
    found = far_below_zero(cells(2))
    assert [(low.channel, low.bright_on) for low in found] == [("B", "A"), ("A", "B")]
    assert found[0].median < -2000


def test_a_matrix_is_taken_out_of_the_events_themselves_to_the_same_bits() -> None:
    rng = np.random.default_rng(4)
    values = rng.lognormal(5, 2, (4, 40_000)).astype(np.float32)
    spill = np.eye(3) + 0.1 * rng.random((3, 3)) * (1 - np.eye(3))
    matrix = SpilloverMatrix(("D", "A", "C"), spill, "by hand")  # in another order, one channel left out
    copied = compensate(Events(values.copy(), ("A", "B", "C", "D")), matrix)
    events = Events(values.copy(), ("A", "B", "C", "D"))
    within = compensate_in_place(events, matrix)
    np.testing.assert_array_equal(within.values, copied.values)
    assert within.values is events.values
    np.testing.assert_array_equal(within.column("B"), values[1])
    expected = np.linalg.inv(spill).T @ values[[3, 0, 2]].astype(float)
    np.testing.assert_allclose(within.values[[3, 0, 2]], expected, rtol=1e-3, atol=1)


def test_a_few_percent_too_much_are_usual() -> None:
    light = cells(1)
    light["C"] = light["C"] - np.float32(0.03) * light["A"]
    assert far_below_zero(light) == ()


def test_few_cells_and_cut_scales_tell_nothing() -> None:
    assert far_below_zero(cells(2, n=300)) == ()
    assert far_below_zero({name: np.maximum(values, 0) for name, values in cells(2).items()}) == ()


@pytest.mark.real
@pytest.mark.parametrize(("times", "flagged"), [(1, False), (2, True)])
def test_a_real_marrow_is_flagged_only_where_it_was_compensated_twice(
    real_data: Path, times: int, flagged: bool
) -> None:
    file = read_fcs(real_data / "marrow" / "vie14" / "494.fcs")
    assert file.spillover is not None
    events = Events(file.events(), file.channels)
    for _ in range(times):
        events = compensate(events, file.spillover)
    light = {name: events.column(name) for name in file.spillover.channels}
    assert bool(far_below_zero(light)) is flagged


@pytest.mark.parametrize(("n", "n_named"), [(667, 1), (666, 0)])
def test_twenty_bright_cells_are_enough_to_name_a_channel(n, n_named):
    """The brightest 3 % of 667 cells are 20.01, of 666 cells 19.98."""
    cells = np.arange(n, dtype=np.float32)
    assert len(far_below_zero({"A": cells, "B": cells * np.float32(-0.2) - 5})) == n_named
