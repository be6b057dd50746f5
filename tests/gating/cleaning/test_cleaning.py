"""Time, margins, debris and doublets."""

from __future__ import annotations

import numpy as np
import pytest

from gating.cleaning.scatter import find_debris, find_margins
from gating.cleaning.singlets import find_singlets
from gating.cleaning.time import find_stable_time
from gating.events import Events, Survivors
from gating.events.sampling import sampled
from gating.gates import inside
from gating.strategy import gate_plasma_cells
from gating.thresholds.methods import Method
from helpers.known_marrow import marrow, panel


def _time_finding(sample):
    everything = np.ones(sample.events.n_events, bool)
    watched = [sample.events.column(name) for name in ("CD45", "CD138", "Dump", "SSC-A")]
    return find_stable_time(sample.events.column("Time"), watched, everything, channel="Time")


def test_a_clogged_stretch_is_cut_out_and_little_else():
    sample = marrow(3, n=40_000, clog=(0.4, 0.52))
    finding = _time_finding(sample)
    kept = inside(finding.gate, sample.events)
    clogged = np.arange(40_000) // 400
    clogged = (clogged >= 40) & (clogged < 52)
    assert kept[clogged].mean() < 0.02
    assert kept[~clogged].mean() > 0.96
    assert finding.flags == ("TIME_UNSTABLE",)


@pytest.mark.parametrize("seed", range(5))
def test_a_steady_tube_loses_next_to_nothing(seed):
    finding = _time_finding(marrow(seed, n=40_000))
    assert 1 - finding.confidence <= 0.02
    assert "TIME_UNSTABLE" not in finding.flags


def test_a_shift_of_brightness_without_any_change_of_rate_is_seen():
    sample = marrow(4, n=40_000)
    values = sample.events.values.copy()
    values[4:, 10_000:14_000] *= 0.6
    shifted = Events(values, sample.events.channels)
    watched = [shifted.column(name) for name in ("CD45", "CD138", "Dump")]
    finding = find_stable_time(shifted.column("Time"), watched, np.ones(40_000, bool), channel="Time")
    assert inside(finding.gate, shifted)[10_500:13_500].mean() < 0.02


@pytest.mark.parametrize("time", [np.zeros(5_000, np.float32), np.arange(300, dtype=np.float32)])
def test_time_that_tells_nothing_is_named_and_cuts_nothing(time):
    finding = find_stable_time(time, [], np.ones(time.size, bool), channel="Time")
    assert finding.gate is None
    assert "not judged" in finding.note


def test_events_on_the_end_of_a_scatter_scale_are_left_out():
    rng = np.random.default_rng(1)
    forward = np.minimum(rng.lognormal(11, 0.5, 5_000), 262_143).astype(np.float32)
    events = Survivors.everyone(Events(forward[None, :], ("FSC-A",), (262_144.0,)))
    finding = find_margins(events, ["FSC-A"], [], [262_144.0])
    np.testing.assert_array_equal(inside(finding.gate, events), forward < 261_888)


def test_a_pile_up_shows_the_end_of_a_scale_that_the_file_does_not_tell():
    forward = np.concatenate([np.linspace(1e3, 9e4, 5_000), np.full(50, 1e5)]).astype(np.float32)
    events = Survivors.everyone(Events(forward[None, :], ("FSC-A",)))
    finding = find_margins(events, ["FSC-A"], [], [float("inf")])
    assert np.count_nonzero(~inside(finding.gate, events)) == 50


def test_granulocytes_that_saturate_side_scatter_are_kept_and_named():
    side = np.concatenate([np.linspace(1e4, 2e5, 900), np.full(100, 262_143.0)]).astype(np.float32)
    events = Survivors.everyone(Events(side[None, :], ("SSC-A",)))
    finding = find_margins(events, [], ["SSC-A"], [262_144.0])
    assert finding.gate is None
    assert "10.0% of the events saturate SSC-A" in finding.note


def test_debris_goes_and_the_smallest_cells_stay():
    sample = marrow(5, debris=0.2)
    events = Survivors.everyone(sample.events)
    kept = inside(find_debris(events, "FSC-A", None).gate, events)
    fragments = sample.events.column("FSC-A") < 20e3
    assert kept[fragments].mean() < 0.1
    assert kept[(sample.kind == "erythroid") & sample.whole].mean() > 0.97


@pytest.mark.parametrize("pulse", ["height", "width"])
def test_doublets_go_whether_height_or_width_was_recorded(pulse):
    rng = np.random.default_rng(2)
    area = rng.lognormal(11, 0.4, 20_000)
    length = np.where(rng.random(20_000) < 0.05, rng.uniform(1.5, 2.0, 20_000), 1.0)
    length *= np.exp(0.03 * rng.standard_normal(20_000))
    second = area / length if pulse == "height" else 6e4 * length
    events = Survivors.everyone(Events(np.array([area, second], np.float32), ("FSC-A", "FSC-2")))
    finding = find_singlets(events, events, "FSC-A" if pulse == "height" else None, "FSC-2", None)
    kept = inside(finding.gate, events)
    assert kept[length > 1.35].mean() < 0.02
    assert kept[length < 1.2].mean() > 0.99


def test_the_sample_of_events_does_not_depend_on_order_of_events_or_channels():
    sample = marrow(6, n=30_000).events
    order, rows = np.random.default_rng(1).permutation(30_000), np.random.default_rng(2).permutation(11)
    names, tops = (tuple(part[row] for row in rows) for part in (sample.channels, sample.scale_tops))
    turned = Events(sample.values[rows][:, order], names, tops)
    chosen = sampled(sample, 5_000)
    np.testing.assert_array_equal(sampled(turned, 5_000), chosen[order])
    assert 4_500 < chosen.sum() < 5_500


@pytest.mark.parametrize("without", [("Time",), ("FSC-H",), ("FSC-A", "FSC-H", "SSC-A"), ("Viability",)])
def test_what_a_panel_cannot_support_is_recorded_and_not_skipped_in_silence(without):
    sample = marrow(7, n=10_000)
    gated = gate_plasma_cells(sample.events, panel(without=without))
    assert [step.name for step in gated.steps] == [
        "time", "margins", "debris", "singlets", "viable", "dump", "plasma_cells", "second_anchor", "aberrant",
    ]  # fmt: skip
    named = [step.name for step in gated.steps if step.gate is None and "panel has no" in step.note]
    expected = {"Time": "time", "FSC-H": "singlets", "FSC-A": "margins", "Viability": "viable"}[without[0]]
    assert expected in named
    flag = {"Time": "NO_TIME", "FSC-H": "NO_SINGLETS", "FSC-A": "NO_SCATTER", "Viability": "NO_VIABILITY"}
    assert flag[without[0]] in gated.flags


def test_time_that_is_mostly_unsteady_is_flagged_and_nothing_is_cut():
    rng = np.random.default_rng(1)
    rates = np.repeat(np.where(np.arange(100) % 3 == 0, 1_000.0, rng.uniform(200, 4_000, 100)), 400)
    time = np.cumsum(rng.exponential(1 / rates)).astype(np.float32)
    finding = find_stable_time(time, [], np.ones(time.size, bool), channel="Time")
    assert finding.gate is None
    assert finding.methods == (Method.UNSTEADY,)
    assert finding.flags == ("TIME_UNSTABLE",)
    assert finding.confidence == 0.2
    assert finding.note.endswith(
        "of the events were acquired at an unsteady rate or brightness; none were excluded"
    )


@pytest.mark.parametrize(("without", "step", "sure"), [
    (("FSC-H", "SSC-H"), "singlets", 0.5), (("FSC-A", "FSC-H", "SSC-A", "SSC-H"), "margins", 0.5),
    (("Viability",), "viable", 0.2), (("Time",), "time", 1.0),
])  # fmt: skip
def test_a_step_that_the_panel_cannot_support_has_its_own_confidence(without, step, sure):
    gated = gate_plasma_cells(marrow(7, n=3_000).events, panel(without=without))
    assert {one.name: one.confidence for one in gated.steps}[step] == sure
