"""Small tubes that need one branch of the search each: without it their cells are lost."""

from __future__ import annotations

import numpy as np
import pytest

from gating import gate_plasma_cells
from gating.events.panel import GatingPanel
from helpers.known_marrow import f1
from pipeline.simulate import draw_tube, simulate_tube

ONE_ANCHOR = ("cd319", "cd229", "dump", "cd117", "cd81")
WITHOUT_VIABILITY = ("cd319", "cd229", "dump", "viability")


def _gated(scenario, seed, without):
    """Gate a tube of 12,000 events by a panel without these roles; return its F1 and confidence."""
    rng = np.random.default_rng(seed)
    tube = simulate_tube(draw_tube(scenario, rng, n_events=12_000), rng)
    usual = tube.gating_panel()
    channels = tuple(channel for channel in usual.channels if channel.role not in without)
    events = tube.compensated().only([channel.channel for channel in channels])
    gated = gate_plasma_cells(events, GatingPanel(channels, usual.quantified))
    return f1(gated.mask, tube.plasma_cells), gated.confidence


def test_a_stripped_clone_of_which_the_anchor_shows_a_part_is_found_from_all_likely_cells():
    """The few cells that kept CD138 are the group; the search must begin a second time with the likely ones."""
    score, confidence = _gated("dim_cd138", 1006, ONE_ANCHOR)
    assert score >= 0.97
    assert confidence >= 0.7


@pytest.mark.parametrize(
    ("without", "least", "sure"), [(ONE_ANCHOR, 0.97, 0.9), (WITHOUT_VIABILITY, 0.95, 0.6)]
)
def test_cells_that_are_far_less_positive_than_the_group_above_them_do_not_join_it(without, least, sure):
    """Without a matrix the walk down the valleys reaches other cells; the group's own level must stop it."""
    score, confidence = _gated("no_matrix", 2003, without)
    assert score >= least
    assert confidence >= sure
