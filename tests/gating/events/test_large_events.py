"""Of a large tube events are looked at block by block and kept as one byte each: the same cells and samples."""

from __future__ import annotations

import numpy as np
import pytest

import gating.cleaning.singlets
import gating.events.events
import gating.gates.gates
import pipeline.tube.histograms
from gating import gate_plasma_cells
from gating.events import Events, Survivors
from helpers.known_marrow import marrow, panel
from pipeline.tube.histograms import step_densities

MODULES = (gating.events.events, gating.gates.gates, gating.cleaning.singlets, pipeline.tube.histograms)


@pytest.fixture
def as_large(monkeypatch):
    """Let every tube be large, and blocks short."""

    def call():
        for module in MODULES:
            monkeypatch.setattr(module, "LARGE", 1_000)
        monkeypatch.setattr(gating.events.events, "BLOCK", 700)

    return call


def test_a_tube_has_the_same_gates_cells_and_pictures_as_if_it_were_small(as_large):
    sample = marrow(8, n=20_000, percent=2.0)
    fresh = Events(sample.events.values, sample.events.channels, sample.events.scale_tops)
    usual = gate_plasma_cells(sample.events, panel())
    pictures = step_densities(sample.events, usual)
    as_large()
    other = gate_plasma_cells(fresh, panel())
    assert other.steps == usual.steps
    assert np.array_equal(other.mask, usual.mask)
    assert np.array_equal(other.aberrant, usual.aberrant)
    assert np.array_equal(np.asarray(other.step_masks), np.asarray(usual.step_masks))
    assert np.array_equal(other.jackknife(), usual.jackknife())
    assert step_densities(fresh, other) == pictures


def test_survivors_are_the_same_however_they_are_kept(as_large):
    values = np.random.default_rng(1).normal(0, 1, (2, 10_000)).astype(np.float32)
    few, many = values[0] > 2.5, values[0] > -1
    usual = [Survivors.everyone(Events(values, ("A", "B"))).among(mask) for mask in (few, many)]
    as_large()
    events = Events(values, ("A", "B"))
    for before, mask in zip(usual, (few, many), strict=True):
        after = Survivors.everyone(events).among(mask)
        assert after.n_events == before.n_events
        assert np.array_equal(after.index, before.index)
        assert np.array_equal(after.column("B"), before.column("B"))
        assert np.array_equal(after.tickets, before.tickets)
        assert np.array_equal(np.concatenate([block.index for block in after.in_blocks()]), before.index)
        own = after.mask()
        own[:] = False  # as the bench does, which moves gates in place
        assert np.array_equal(after.mask(), before.mask())
        bright = before.column("B") > 0
        assert np.array_equal(after.select(bright).mask(), before.select(bright).mask())


def test_one_byte_an_event_is_kept_of_a_large_tube(as_large):
    as_large()
    gated = gate_plasma_cells(marrow(8, n=20_000, percent=2.0).events, panel())
    assert gated.step_masks.depth.nbytes == 20_000
    assert [int(mask.sum()) for mask in gated.step_masks] == [step.n_out for step in gated.steps]
