"""How sure the gate on the plasma cells is, where the answer is known."""

from __future__ import annotations

import numpy as np

from gating import gate_plasma_cells
from gating.anchors.evidence import Group
from gating.events import Survivors
from gating.events.panel import GatingPanel
from gating.gates.person_gates import Choices
from gating.plasma_cells.confidence import Surroundings, certainty_of, signs_of
from helpers.known_marrow import f1, marrow, panel
from pipeline.simulate import draw_tube, simulate_tube

SAMPLE = marrow(3, n=5_000)
EVERYONE = Survivors.everyone(SAMPLE.events)
NOBODY = np.zeros(5_000, np.bool_)


def _signs(gated, seed):
    around = Surroundings(EVERYONE, EVERYONE, (), np.zeros(5_000), SAMPLE.plasma_cells)
    return signs_of(gated, Group(seed, 0.5), None, around, Choices(panel()))


def test_a_gate_without_cells_has_no_signs_and_no_confidence():
    assert _signs(NOBODY, SAMPLE.plasma_cells) is None
    assert certainty_of(None, stained=True) == certainty_of(None, stained=False) == 0.0


def test_the_signs_of_a_gate_count_its_cells_and_how_far_they_are_those_of_the_seed():
    cells = np.flatnonzero(SAMPLE.plasma_cells)
    gated, seed = NOBODY.copy(), NOBODY.copy()
    gated[cells[:40]] = True
    seed[cells[20:80]] = True
    signs = _signs(gated, seed)
    assert signs.agreement == 2 * 20 / (40 + 60)
    assert signs.cells == np.log10(40)
    assert signs.missed == np.log10(1 + (cells.size - 40) / 40)
    assert signs.expected == 0.5


def test_normal_plasma_cells_far_from_the_clone_are_found_without_viability_and_second_anchor():
    rng = np.random.default_rng(2)
    tube = simulate_tube(draw_tube("plain", rng, n_events=15_000), rng)
    whole = tube.gating_panel()
    few = GatingPanel(tuple(c for c in whole.channels if c.role not in ("viability", "cd319")))
    found = gate_plasma_cells(tube.compensated().only([c.channel for c in few.channels]), few).mask
    normal = tube.plasma_cells & ~tube.aberrant
    assert np.count_nonzero(found & normal) >= 0.9 * np.count_nonzero(normal)
    assert f1(found, tube.plasma_cells) > 0.97
