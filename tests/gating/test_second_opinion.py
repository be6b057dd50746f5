"""A second opinion on the plasma cells: another way, the same cells."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gating import Events, GatingChannel, GatingPanel, Target, gate_plasma_cells
from gating import second_opinion as opinions
from gating.second_opinion import dice_overlap
from validation.gating_tubes import EMPTY, KnownTube, Wanted, known_tube

pytestmark = pytest.mark.slow

PLAIN = Wanted("plain", "three_lasers", "full", 4)


def second_opinion(events: Events, panel: GatingPanel) -> NDArray[np.bool_]:
    opinion = opinions.second_opinion(events, panel)
    assert opinion is not None
    return opinion


@pytest.fixture(scope="module")
def plain() -> KnownTube:
    return known_tube(PLAIN)


@pytest.mark.parametrize("instrument", ["three_lasers", "wide_scale"])
@pytest.mark.parametrize("panel", ["full", "no second anchor", "six colours", "no CD138"])
def test_it_finds_the_plasma_cells(panel, instrument):
    known = known_tube(Wanted("plain", instrument, panel, 4))
    opinion = second_opinion(known.events, known.panel)
    assert dice_overlap(opinion, known.plasma_cells) >= 0.9


def test_it_agrees_with_the_gates_where_they_are_right(plain):
    gated = gate_plasma_cells(plain.events, plain.panel)
    assert dice_overlap(second_opinion(plain.events, plain.panel), gated.mask) > 0.9


def test_it_disagrees_with_a_gate_that_a_person_set_wrong(plain):
    wrong = gate_plasma_cells(plain.events, plain.panel, overrides={"cd138": 10.0, "cd319": 10.0})
    assert dice_overlap(wrong.mask, plain.plasma_cells) < 0.6  # the case is one
    assert dice_overlap(second_opinion(plain.events, plain.panel), wrong.mask) < 0.6


def test_it_disagrees_where_cells_were_named_in_a_tube_without_plasma_cells():
    known = known_tube(Wanted(EMPTY, "wide_scale", "no CD138", 4))
    gated = gate_plasma_cells(known.events, known.panel)
    assert gated.mask.any()  # the case is one: cells are named that are none
    assert dice_overlap(second_opinion(known.events, known.panel), gated.mask) < 0.6


def test_the_order_of_events_and_channels_changes_no_cell(plain):
    order = np.random.default_rng(1).permutation(plain.events.n_events)
    rows = np.random.default_rng(2).permutation(len(plain.events.channels))
    shuffled = Events(
        plain.events.values[rows][:, order],
        tuple(plain.events.channels[row] for row in rows),
        tuple(plain.events.scale_tops[row] for row in rows),
    )
    panel = GatingPanel(tuple(reversed(plain.panel.channels)))
    opinion = second_opinion(shuffled, panel)
    assert np.array_equal(opinion, second_opinion(plain.events, plain.panel)[order])


def test_a_panel_without_a_positive_marker_gets_no_opinion(plain):
    panel = GatingPanel((GatingChannel("V500-C-A", "cd45", Target.LOW),))
    assert opinions.second_opinion(plain.events, panel) is None


def test_a_tube_of_few_events_gets_no_opinion(plain):
    few = plain.events.select(np.arange(plain.events.n_events) < 100)
    assert opinions.second_opinion(few, plain.panel) is None


def test_a_channel_that_hardly_varies_breaks_nothing(plain):
    values = plain.events.values.copy()
    values[plain.events.channels.index("BV605-A")] = 1.0
    values[plain.events.channels.index("BV605-A"), :50] = 3e38
    flat = Events(values, plain.events.channels, plain.events.scale_tops)
    assert dice_overlap(second_opinion(flat, plain.panel), plain.plasma_cells) > 0.9


def test_agreement_is_dice():
    one = np.array([True, True, False, False])
    assert dice_overlap(one, np.array([True, False, True, False])) == 2 * 1 / (2 + 2)
    assert dice_overlap(one, np.zeros(4, bool)) == 0
    assert dice_overlap(np.zeros(4, bool), np.zeros(4, bool)) == 1


def test_a_rare_population_does_not_drown():
    known = known_tube(Wanted("rare", "three_lasers", "full", 4))
    assert known.plasma_cells.sum() < 200  # the case is one
    assert dice_overlap(second_opinion(known.events, known.panel), known.plasma_cells) > 0.7


CELLS = """
import hashlib
from gating.second_opinion import second_opinion
from validation.gating_tubes import Wanted, known_tube
known = known_tube(Wanted("plain", "three_lasers", "full", 4))
print(hashlib.sha256(second_opinion(known.events, known.panel).tobytes()).hexdigest())
"""


def test_the_kernels_of_blas_change_no_cell():
    tests = Path(__file__).parents[1]
    paths = os.pathsep.join([str(tests.parent), str(tests)])
    found = set()
    for kernel in ("Prescott", "Nehalem", "Haswell"):
        settings = {**os.environ, "PYTHONPATH": paths, "OPENBLAS_CORETYPE": kernel}
        done = subprocess.run(
            [sys.executable, "-c", CELLS], env=settings, capture_output=True, text=True, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1


def test_scikit_learn_is_imported_only_when_an_opinion_is_asked_for():
    code = "import sys, gating.second_opinion; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
