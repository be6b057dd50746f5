"""Aberrant against normal plasma cells, where the groups are known."""

from __future__ import annotations

import numpy as np
import pytest

from gating.aberrant import find_aberrant
from gating.choices import Choices
from gating.events import Events, Survivors
from gating.gates import inside
from gating.panel import GatingChannel, GatingPanel

CHANNELS = ("CD19", "CD56", "CD81")
NEGATIVE, DIM, B_CELL, CD56_BRIGHT = 60.0, 600.0, 12_000.0, 9_000.0


def _cells(rng, n, *, cd19, cd56=NEGATIVE, cd81=DIM, spread=0.4):
    """Return the linear values of one group, shape (3, n), in the order of CHANNELS."""
    medians = np.array([[cd19], [cd56], [cd81]])
    return medians * np.exp(rng.normal(0, spread, (3, n))) + rng.normal(0, 25, (3, n))


def _share_aberrant(*groups, seed=1):
    """Return what share of each group of plasma cells counts as aberrant; 0 without a split."""
    rng = np.random.default_rng(seed)
    others = [_cells(rng, 4000, cd19=NEGATIVE, cd81=3_000), _cells(rng, 500, cd19=B_CELL, cd81=14_000)]
    parts = [_cells(rng, n, **medians) for n, medians in groups]
    values = np.concatenate([*others, *parts], axis=1).astype(np.float32)
    events = Events(values, CHANNELS)
    panel = GatingPanel(tuple(GatingChannel(name, name.lower()) for name in CHANNELS)).with_default_targets()
    everyone = Survivors.everyone(events)
    wanted = Survivors(events, np.arange(4500, values.shape[1]))
    finding = find_aberrant(wanted, everyone, Choices(panel, {}, {}, {}))
    if finding is None or finding.gate is None:
        return [0.0] * len(groups)
    found = inside(finding.gate, wanted)
    ends = np.cumsum([n for n, _ in groups])
    return [float(part.mean()) for part in np.split(found, ends[:-1])]


def test_a_cd19_negative_cd56_positive_clone_is_parted_from_normal_plasma_cells():
    clone, normal = _share_aberrant((300, {"cd19": NEGATIVE, "cd56": CD56_BRIGHT}), (100, {"cd19": DIM}))
    assert clone > 0.95
    assert normal < 0.05


def test_normal_plasma_cells_dimmer_in_cd19_than_b_cells_are_not_aberrant():
    for seed in range(5):
        (normal,) = _share_aberrant((300, {"cd19": DIM}), seed=seed)
        assert normal < 0.05


@pytest.mark.parametrize("n_strays", [60, 100])
def test_strays_below_a_cd19_dim_clone_are_not_taken_for_the_clone(n_strays):
    clone = (900, {"cd19": DIM, "cd56": CD56_BRIGHT})
    strays = (n_strays, {"cd19": 200, "cd56": CD56_BRIGHT, "spread": 1.0})
    assert _share_aberrant(clone, strays) == [0.0, 0.0]


def test_two_groups_within_a_detectors_negative_range_are_no_split():
    """A 4-decade logarithmic detector piles up what is below its first channel: 1.0, then 1.0 upwards."""
    rng = np.random.default_rng(3)
    piled = np.maximum(np.exp(rng.normal(0.2, 0.5, (3, 3000))), 1.0)
    piled[0, :150] = np.exp(rng.normal(6.0, 0.4, 150))
    wanted = np.maximum(np.exp(rng.normal(0.4, 0.8, (3, 400))), 1.0)
    wanted[1] = np.exp(rng.normal(6.0, 0.4, 400))
    events = Events(np.concatenate([piled, wanted], axis=1).astype(np.float32), CHANNELS)
    panel = GatingPanel(tuple(GatingChannel(name, name.lower()) for name in CHANNELS)).with_default_targets()
    clone = Survivors(events, np.arange(3000, 3400))
    finding = find_aberrant(clone, Survivors.everyone(events), Choices(panel, {}, {}, {}))
    assert finding is not None
    assert inside(finding.gate, clone).mean() > 0.9


def test_a_few_cells_beside_a_clone_without_cd56_are_no_clone_of_their_own():
    """Seen in a six-colour panel: CD56 alone shows nothing of a CD56− clone but its strays."""
    clone = (320, {"cd19": NEGATIVE, "cd56": NEGATIVE, "cd81": 14_000})
    strays = (30, {"cd19": NEGATIVE, "cd56": 500, "cd81": 14_000, "spread": 1.2})
    assert _share_aberrant(clone, strays) == [0.0, 0.0]
