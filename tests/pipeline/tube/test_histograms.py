"""Histograms made where the events are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from gating.events import Events
from gating.events.panel import GatingChannel, GatingPanel
from gating.gates import RangeGate
from gating.gates.steps import GatedPopulation, GateStep
from gating.thresholds.methods import Method
from helpers.synthetic_result import gated, marrow_events
from pipeline.output.figures.outlines import kept_words
from pipeline.tube.histograms import (
    Density,
    DisplayAxis,
    Histogram,
    bead_histogram,
    cd38_histogram,
    density_counts,
    histogram_edges,
    step_densities,
)


def tube(n: int = 4_000) -> tuple[Events, GatedPopulation]:
    events = marrow_events(np.random.default_rng(3), n, 0.02)
    return events, gated(events)


def test_a_density_counts_every_event_that_entered_its_step():
    events, population = tube()
    densities = step_densities(events, population)
    assert [d.step for d in densities] == [s.name for s in population.steps]
    for density, step in zip(densities, population.steps, strict=True):
        assert density_counts(density).sum() == step.n_in


def test_one_channel_gives_a_histogram_and_two_a_density_with_y_first():
    events, population = tube()
    by_name = {density.step: density for density in step_densities(events, population, bins=32)}
    assert density_counts(by_name["time"]).shape == (32,)
    singlets = density_counts(by_name["singlets"])
    assert singlets.shape == (32, 32)
    ratio = events.column("FSC-H") / events.column("FSC-A")
    assert np.median(ratio) < 1  # height below area: the mass lies below the diagonal of equal *linear* axes
    rows, columns = np.nonzero(singlets)
    assert np.corrcoef(rows, columns)[0, 1] > 0.8


def test_events_beyond_the_axis_stay_in_its_end_bins():
    axis = DisplayAxis(0.0, 10.0, None)
    values = np.array([-5.0, 0.0, 9.99, 10.0, 1e9, np.nan], np.float32)
    assert axis.bin_of(values, 5).tolist() == [0, 0, 4, 4, 4, 0]


def test_the_axis_shows_rare_cells_and_every_threshold():
    n = 20_000
    column = np.full(n, 100.0, np.float32)
    column[:4] = 90_000
    events = Events(np.array([column]), ("BV421-A",))
    mask = column > 80_000
    step = GateStep("plasma_cells", RangeGate("BV421-A", 400_000, None), ("BV421-A",), n, 4, (Method.SPREAD,))
    population = GatedPopulation(mask, (step,), mask[None, :], 1.0, mask)
    (density,) = step_densities(events, population)
    axis = DisplayAxis(*density.x_axis)
    assert axis.position(90_000) < axis.position(400_000) < axis.high


def test_where_no_cell_looks_aberrant_the_channels_that_would_show_it_are_drawn_without_a_cut():
    events, population = tube()
    names = [c for c in events.channels if c.startswith(("PE-Cy7", "BV", "APC"))][:2]
    roles = {names[0]: "cd56", names[1]: "cd19"}
    panel = GatingPanel(tuple(GatingChannel(name, role) for name, role in roles.items()))
    note = "3 of 80 plasma cells have an aberrant phenotype: they were not split"
    step = GateStep("aberrant", None, (), 80, 80, (Method.NONE,), note=note)
    steps = (*(s for s in population.steps if s.name != "aberrant"), step)
    masks = np.asarray(population.step_masks)[: len(steps) - 1]
    plain = replace(population, steps=steps, step_masks=np.vstack([masks, masks[-1:]]), aberrant=None)
    assert "aberrant" not in [d.step for d in step_densities(events, plain, panel=panel)]
    flagged = replace(plain, flags=("NO_ABERRANT_PHENOTYPE",))
    last = step_densities(events, flagged, panel=panel)[-1]
    assert (last.step, last.gate, last.x_channel, last.y_channel) == ("aberrant", None, names[1], names[0])
    assert kept_words(last, step).startswith("no cut: 3 of 80 plasma cells")


def test_drawn_gates_show_their_outline_and_a_picture_without_one_says_so():
    events, population = tube()
    step = population.steps[2]
    drawn = [RangeGate(step.channels[0], 1.0, 2.0) if s is step else None for s in population.steps]
    pictures = {d.step: d for d in step_densities(events, population, outlines=drawn)}
    assert pictures[step.name].gate == drawn[2]
    other = next(s for s in population.steps if s is not step and s.name in pictures)
    assert pictures[other.name].gate is None
    assert "no outline" in kept_words(pictures[other.name], replace(other, methods=(Method.FILE,)))


def test_scatter_is_linear_and_fluorescence_is_not():
    events, population = tube()
    by_name = {density.step: density for density in step_densities(events, population)}
    assert by_name["debris"].x_axis[2] is None
    assert by_name["plasma_cells"].x_axis[2] > 0


def test_a_step_on_channels_the_events_lack_has_no_picture():
    events, population = tube()
    without = events.only([channel for channel in events.channels if channel != "PE-Cy7-A"])
    assert "dump" not in [density.step for density in step_densities(without, population)]


def test_a_tube_without_any_event_still_gives_pictures():
    events = Events(np.empty((2, 0), np.float32), ("FSC-A", "BV421-A"))
    none = np.zeros(0, bool)
    step = GateStep("debris", None, ("FSC-A", "BV421-A"), 0, 0, (Method.VALLEY,))
    population = GatedPopulation(none, (step,), none[None, :], 0.0, none)
    (density,) = step_densities(events, population)
    assert density_counts(density).sum() == 0


def test_pictures_survive_the_store():
    events, population = tube()
    pictures = step_densities(events, population)
    adapter = TypeAdapter(tuple[Density, ...])
    assert adapter.validate_json(adapter.dump_json(pictures)) == pictures


@given(
    st.lists(st.floats(-1e4, 1e6, width=32), min_size=1, max_size=60),
    st.lists(st.floats(-1e4, 1e4, width=32), max_size=30),
)
def test_a_histogram_loses_no_cell(stained: list[float], control: list[float]):
    found = cd38_histogram(stained, control, channel="PE-A")
    assert {name: sum(counts) for name, counts in found.counts} == {
        "stained": len(stained),
        "control": len(control),
    }
    assert np.all(np.diff(histogram_edges(found)) > 0)


def test_without_a_control_there_is_one_population():
    assert [name for name, _ in cd38_histogram([1.0, 2.0]).counts] == ["stained"]


def test_dim_cells_look_dim_because_the_axis_goes_on_to_the_right():
    dim = cd38_histogram(np.full(200, 300.0), np.full(200, 250.0))
    assert histogram_edges(dim)[-1] > 100 * 250
    assert histogram_edges(dim)[0] <= 0


def test_the_median_of_a_histogram_is_that_of_its_values():
    values = np.random.default_rng(1).lognormal(8, 0.4, 5_000)
    found: Histogram = bead_histogram(values, channel="PE-A")
    edges, counts = histogram_edges(found), np.array(found.counts[0][1])
    middle = np.searchsorted(np.cumsum(counts), counts.sum() / 2)
    assert edges[middle] == pytest.approx(np.median(values), rel=0.05)
