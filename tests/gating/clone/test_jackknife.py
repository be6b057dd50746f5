"""The clone's split, made again without a part of the cells: the same where it is clear, other where it is not."""

from __future__ import annotations

import numpy as np

from gating import gate_plasma_cells
from gating.clone.jackknife import MOVED_ANYWAY, PARTS, CloneJackknife, jackknife_splits
from gating.events import Events, Survivors
from gating.gates import RangeGate, inside
from helpers.known_marrow import marrow, panel

CHANNELS = ("CD56",)


def one_channel(values):
    return Survivors.everyone(Events(np.array([values], np.float32), CHANNELS))


def above_the_mean(cells):
    """A split that follows every single cell: where the cut lies depends on who is there."""
    return RangeGate("CD56", float(cells.column("CD56").mean()), np.inf)


def test_a_clear_split_is_the_same_without_any_part_of_the_cells():
    cells = one_channel(np.r_[np.linspace(1, 2, 60), np.linspace(900, 1000, 60)])
    found = jackknife_splits(cells, above_the_mean)
    assert found.shape == (PARTS, 120)
    assert (found == inside(above_the_mean(cells), cells)).all()


def test_a_split_among_cells_of_one_kind_moves_with_them():
    rng = np.random.default_rng(3)
    cells = one_channel(100 * np.exp(0.5 * rng.standard_normal(60)))
    counts = jackknife_splits(cells, above_the_mean).sum(axis=1)
    assert counts.max() > counts.min()


def test_every_cell_is_left_out_once():
    cells = one_channel(np.arange(1, 104, dtype=float))
    seen = []
    jackknife_splits(cells, lambda part: seen.append(part.index) or None)
    left_out = np.concatenate([np.setdiff1d(cells.index, index) for index in seen])
    assert sorted(left_out) == cells.index.tolist()
    assert {len(index) for index in seen} <= {82, 83}


def test_where_a_part_shows_no_clone_all_cells_count():
    cells = one_channel(np.arange(1, 51, dtype=float))
    assert jackknife_splits(cells, lambda part: None).all()


def test_the_order_of_the_events_does_not_matter():
    sample = marrow(12, percent=0.5, normal_percent=0.3)
    order = np.random.default_rng(1).permutation(sample.events.n_events)
    turned = Events(sample.events.values[:, order], sample.events.channels, sample.events.scale_tops)
    one, other = (gate_plasma_cells(events, panel()).jackknife() for events in (sample.events, turned))
    np.testing.assert_array_equal(one[:, order], other)


def test_without_a_split_or_with_a_persons_there_is_nothing_to_doubt():
    sample = marrow(12, percent=2.0, normal_percent=0.3)
    assert gate_plasma_cells(sample.events, panel()).jackknife is not None
    moved = gate_plasma_cells(sample.events, panel(), overrides={"CD56": 3_000.0})
    assert moved.aberrant is not None
    assert moved.jackknife is None
    normal = marrow(12, percent=0, normal_percent=2.0)
    assert gate_plasma_cells(normal.events, panel()).jackknife is None


def test_groups_that_lie_apart_say_how_few_cells_may_move():
    gated = gate_plasma_cells(marrow(12, n=40_000, percent=4.0, normal_percent=1.0).events, panel())
    moved = (gated.jackknife() != gated.aberrant).sum(axis=1).max()
    assert moved <= gated.jackknife.may_move() < 0.03 * gated.aberrant.sum()


def test_groups_that_run_into_each_other_may_move_more_cells():
    sample = marrow(12, n=40_000, percent=4.0, normal_percent=1.0)
    apart = gate_plasma_cells(sample.events, panel())
    values = sample.events.values.copy()
    rng = np.random.default_rng(2)
    stained = [row for row, name in enumerate(sample.events.channels) if name.startswith("CD")]
    cells = np.flatnonzero(apart.mask)
    noise = 1 + 0.6 * rng.standard_normal((len(stained), cells.size)).astype(np.float32)
    values[np.ix_(stained, cells)] *= np.abs(noise)
    near = gate_plasma_cells(Events(values, sample.events.channels, sample.events.scale_tops), panel())
    assert near.jackknife.may_move() > apart.jackknife.may_move()


def test_without_groups_nobody_knows_how_many_cells_may_move():
    cells = one_channel(np.arange(1, 51, dtype=float))
    assert CloneJackknife(cells, lambda part: None, cells, above_the_mean(cells)).may_move() is None


def test_where_a_sample_was_split_each_of_its_cells_that_may_move_stands_for_several():
    gated = gate_plasma_cells(marrow(12, n=40_000, percent=4.0, normal_percent=1.0).events, panel())
    whole = gated.jackknife
    cells = whole.wanted.select(np.arange(whole.wanted.n_events) % 2 == 0)
    twice = CloneJackknife(whole.wanted, whole.split, cells, whole.gate)
    assert twice.split(cells) is not None
    assert twice.may_move() >= 2 * MOVED_ANYWAY > whole.wanted.n_events / whole.shown.n_events * MOVED_ANYWAY
