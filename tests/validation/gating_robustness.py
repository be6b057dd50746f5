"""What a gain, fewer events, more debris, another order of events or channels changes in a receptor density."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from gating import GatedPopulation, gate_plasma_cells
from gating.arithmetic.numbers import Floats
from gating.events import Events, Mask
from gating.events.panel import GatingPanel
from validation.gating_tubes import KnownTube, Wanted, known_tube

GAINS = (0.7, 1.3)
SCENARIOS = ("plain", "rare", "clog", "drift", "dim_cd138", "bimodal", "no_matrix")
FEWEST_CELLS = 50
SHAKEN = 1e-6
"""Of the spread of a channel: far below what any detector tells, far above what a processor rounds."""
NOISE_CV = 0.05
"""CV of the light of equal bright cells. Convention: good beads have 2 to 3 %."""
FRAGMENT = 0.09
"""Size of the fragments that are added, of the cells they come from."""


@dataclass(frozen=True, slots=True)
class Change:
    """A perturbation of a tube and the relative change of the CD38 median of the quantified cells."""

    kind: str
    scenario: str
    change: float


def perturbed_tubes(seeds: range, n_events: int) -> list[Wanted]:
    """Return the tubes to perturb."""
    return [
        Wanted(scenario, instrument, "full", seed, n_events)
        for scenario in SCENARIOS
        for instrument in ("three_lasers", "wide_scale")
        for seed in seeds
    ]


def changes_of(wanted: Wanted) -> list[Change]:
    """Return every change of a tube, none where it has too few cells or no density to speak of."""
    known = known_tube(wanted)
    usual = gate_plasma_cells(known.events, known.panel)
    before = _median(known, _quantified(usual))
    if np.count_nonzero(_quantified(usual)) < FEWEST_CELLS or not before >= known.floor:
        return []
    found = [
        *_gains(known, before),
        *_halves(known, _quantified(usual)),
        ("20 % more debris", _with_debris(known, before, wanted.seed)),
        ("every value by a millionth of its channel's spread", _shaken(known, before, wanted.seed)),
        ("events and channels in another order", _turned(known, usual, wanted.seed)),
    ]
    return [Change(kind, wanted.scenario, change) for kind, change in found]


def _gains(known: KnownTube, before: float) -> Iterator[tuple[str, float]]:
    """Move one detector at a time: area and height come from the same one. The quantified one gates nothing."""
    for channels in _detectors(known.panel):
        for gain in GAINS:
            moved = replace(known, events=_with_gain(known.events, channels, gain))
            after = _median(known, _quantified(gate_plasma_cells(moved.events, moved.panel)))
            yield "gain of one detector ± 30 %", after / before - 1


def _detectors(panel: GatingPanel) -> list[tuple[str, ...]]:
    forward = tuple(c.channel for c in panel.channels if c.role in ("fsc_area", "fsc_height"))
    side = tuple(c.channel for c in panel.channels if c.role in ("ssc_area", "ssc_height"))
    own = [
        (c.channel,)
        for c in panel.channels
        if c.role[:3] not in ("fsc", "ssc") and c.role != "time"
    ]  # fmt: skip
    return [forward, side, *own]


def _with_gain(events: Events, channels: tuple[str, ...], gain: float) -> Events:
    values = events.values.copy()
    for row in (events.channels.index(channel) for channel in channels):
        values[row] = np.minimum(values[row] * np.float32(gain), np.float32(events.scale_tops[row]))
    return Events(values, events.channels, events.scale_tops)


def _halves(known: KnownTube, whole: Mask) -> Iterator[tuple[str, float]]:
    """Gate each half; against the whole tube's gate on the same half, so that counting noise is no part of it."""
    for part in (0, 1):
        rows = np.arange(known.events.n_events) % 2 == part
        half = _quantified(gate_plasma_cells(known.events.select(rows), known.panel))
        before = float(np.median(known.cd38[rows & whole]))
        yield "half of the events", float(np.median(known.cd38[rows][half])) / before - 1


def _with_debris(known: KnownTube, before: float, seed: int) -> float:
    """Add fragments of a fifth as many cells."""
    rng = np.random.default_rng(seed)
    bits = known.events.select(rng.random(known.events.n_events) < 0.2)
    values = bits.values.copy()
    times = {channel.channel for channel in known.panel.with_role("time")}
    times |= {channel.channel for channel in known.panel.with_role("fsc_width")}
    for row, name in enumerate(bits.channels):
        if name not in times:
            values[row] *= np.float32(FRAGMENT)
    both = Events(np.hstack([known.events.values, values]), bits.channels, bits.scale_tops)
    after = _quantified(gate_plasma_cells(both, known.panel))[: known.events.n_events]
    return _median(known, after) / before - 1


class Shake(StrEnum):
    """By a millionth of what each value but the time is moved."""

    NOISE = "its own noise"
    SPREAD = "the spread of its channel"


def shaken(events: Events, panel: GatingPanel, seed: int, shake: Shake = Shake.SPREAD) -> Events:
    """Return the events, every value but the time moved by a millionth of its noise or of its channel's spread.

    The spread is the MAD over all events. Where most cells are bright it is up to a thousand times the noise of a
    dim cell.
    """
    rng, values = np.random.default_rng(seed), events.values.astype(np.float64)
    times = {channel.channel for channel in panel.with_role("time")}
    for row, name in enumerate(events.channels):
        if name not in times:
            size = _noise(values[row]) if shake is Shake.NOISE else _mad(values[row])
            values[row] += SHAKEN * size * rng.standard_normal(values.shape[1])
    return Events(values.astype(np.float32), events.channels, events.scale_tops)


def _mad(values: Floats) -> float:
    return float(np.median(np.abs(values - np.median(values))))


def _noise(values: Floats) -> Floats:
    """Return the noise of each value: that of unstained cells, as the values below zero show it, and a share of it."""
    below = values[values < 0]
    floor = float(np.sqrt(np.mean(below**2))) if below.size else 0.0
    return np.hypot(floor, NOISE_CV * values)


def _shaken(known: KnownTube, before: float, seed: int) -> float:
    events = shaken(known.events, known.panel, seed)
    return _median(known, _quantified(gate_plasma_cells(events, known.panel))) / before - 1


def _turned(known: KnownTube, usual: GatedPopulation, seed: int) -> float:
    """Shuffle events and channels; NaN if the confidence or any cell differs."""
    rng = np.random.default_rng(seed)
    events = known.events
    order, rows = rng.permutation(events.n_events), rng.permutation(len(events.channels))
    turned = Events(
        events.values[rows][:, order],
        tuple(events.channels[row] for row in rows),
        tuple(events.scale_tops[row] for row in rows),
    )
    other = gate_plasma_cells(turned, GatingPanel(known.panel.channels[::-1]))
    same = np.array_equal(other.mask, usual.mask[order]) and other.confidence == usual.confidence
    return 0.0 if same else float("nan")


def _quantified(gated: GatedPopulation) -> Mask:
    return gated.mask if gated.aberrant is None else gated.aberrant


def _median(known: KnownTube, found: Mask) -> float:
    return float(np.median(known.cd38[found])) if found.any() else float("nan")
