"""What a gain, fewer events or more debris may change: the CD38 median by at most 3 % in 19 of 20 tubes."""

from __future__ import annotations

from itertools import cycle

import numpy as np
import pytest

from gating import gate_plasma_cells
from gating.events import Events
from gating.events.panel import GatingPanel
from gating.thresholds.methods import Method
from helpers.known_marrow import marrow, panel
from pipeline.simulate import SimulatedTube, draw_tube, simulate_tube

pytestmark = pytest.mark.slow
MOST = 0.03


SCENARIOS = ("plain", "plain", "bimodal", "wide_scale")


def _tubes(n_events=40_000, n_tubes=4):
    for scenario, seed in zip(cycle(SCENARIOS), range(241, 241 + n_tubes)):
        rng = np.random.default_rng(seed)
        yield simulate_tube(draw_tube(scenario, rng, n_events=n_events), rng)


def _gate(tube: SimulatedTube, events: Events):
    cd38 = tube.cytometer.cd38.channel
    return gate_plasma_cells(events.only([c for c in events.channels if c != cd38]), tube.gating_panel())


def _median(tube: SimulatedTube, events: Events) -> float:
    return float(np.median(events.column(tube.cytometer.cd38.channel)[_gate(tube, events).mask]))


def _with_gain(events: Events, channel: str, gain: float) -> Events:
    values = events.values.copy()
    row = events.channels.index(channel)
    values[row] = np.minimum(values[row] * np.float32(gain), events.scale_tops[row])
    return Events(values, events.channels, events.scale_tops)


def test_a_gain_of_any_one_detector_changes_little():
    changes = []
    for tube in _tubes(20_000):
        events = tube.compensated()
        usual = _median(tube, events)
        for detector in tube.cytometer.fluorescence:
            if detector.role != "cd38":
                changes += [
                    abs(_median(tube, _with_gain(events, detector.channel, gain)) / usual - 1)
                    for gain in (0.7, 1.3)
                ]
    assert np.quantile(changes, 0.95) <= MOST


def test_half_of_the_events_give_nearly_the_same():
    """Both halves of 16 tubes are gated, against the same gate on all events: so counting noise is no part of it."""
    changes = []
    for tube in _tubes(n_tubes=16):
        events = tube.compensated()
        cd38 = events.column(tube.cytometer.cd38.channel)
        whole = _gate(tube, events).mask
        for part in (0, 1):
            rows = np.arange(events.n_events) % 2 == part
            half = _gate(tube, events.select(rows)).mask
            changes.append(abs(np.median(cd38[rows][half]) / np.median(cd38[rows & whole]) - 1))
    assert np.quantile(changes, 0.95) <= MOST


def test_a_fifth_more_debris_changes_little():
    changes = []
    for seed in range(251, 257):
        clean = marrow(seed, n=20_000)
        gated = gate_plasma_cells(clean.events, panel())
        usual = np.median(clean.cd38[gated.mask])
        # small fragments of the same cells are added to the same events
        rng = np.random.default_rng(seed)
        bits = clean.events.select(rng.random(20_000) < 0.2)
        values = bits.values.copy()
        for row, name in enumerate(bits.channels):
            if name != "Time":
                values[row] *= np.float32(0.09)
        both = Events(
            np.hstack([clean.events.values, values]), clean.events.channels, clean.events.scale_tops
        )
        again = gate_plasma_cells(both, panel()).mask[:20_000]
        changes.append(abs(np.median(clean.cd38[again]) / usual - 1))
    assert np.quantile(changes, 0.95) <= MOST


@pytest.mark.parametrize("without", [(), ("viability", "cd319", "cd229")])
def test_shuffled_events_and_permuted_channels_give_exactly_the_same_cells(without):
    rng = np.random.default_rng(241)
    tube = simulate_tube(draw_tube("dim_cd138" if without else "plain", rng, n_events=20_000), rng)
    cd38 = tube.cytometer.cd38.channel
    events = tube.compensated().only([c for c in tube.channels if c != cd38])
    channels = tuple(c for c in tube.gating_panel().channels if c.role not in without)
    usual = gate_plasma_cells(events, GatingPanel(channels))
    rng = np.random.default_rng(1)
    order, rows = rng.permutation(events.n_events), rng.permutation(len(events.channels))
    turned = Events(
        events.values[rows][:, order],
        tuple(events.channels[row] for row in rows),
        tuple(events.scale_tops[row] for row in rows),
    )
    other = gate_plasma_cells(turned, GatingPanel(channels[::-1]))
    np.testing.assert_array_equal(other.mask, usual.mask[order])
    assert other.confidence == usual.confidence
    if without:
        assert Method.CLUSTER in next(step for step in usual.steps if step.name == "plasma_cells").methods
