"""A dump cut and the light that a bright dye leaves in its channel."""

from __future__ import annotations

import numpy as np
import pytest

from gating import gate_plasma_cells
from gating.gates import AnyOf
from helpers.known_marrow import f1, marrow, panel, smeared


def dump_step(gated):
    return next(step for step in gated.steps if step.name == "dump")


@pytest.mark.parametrize("share", [0.02, 0.08])
def test_the_brightest_wanted_cells_beyond_a_dump_cut_are_kept_by_an_anchor(share):
    sample, bright, events = smeared(share)
    gated = gate_plasma_cells(events, panel())
    assert isinstance(dump_step(gated).gate, AnyOf)
    assert gated.mask[bright].mean() >= 0.7  # the anchor's cut leaves a tenth of them out
    assert f1(gated.mask, sample.plasma_cells) >= 0.97
    kept, true = np.median(sample.cd38[gated.mask]), np.median(sample.cd38[sample.plasma_cells])
    assert kept == pytest.approx(true, rel=0.02)


def test_the_dumped_cells_stay_out_and_the_step_says_what_it_kept():
    sample, _, events = smeared(0.05)
    gated = gate_plasma_cells(events, panel())
    step = dump_step(gated)
    after = gated.step_masks[[one.name for one in gated.steps].index("dump")]
    t_cells = (sample.kind == "t_cell") & sample.whole
    assert after[t_cells].mean() <= 0.02
    assert "are kept by CD" in step.note
    assert dict(step.thresholds)["Dump"] < 10e3
    assert len(step.channels) == 2


def test_without_smear_a_dump_cut_is_one_plain_cut():
    gated = gate_plasma_cells(marrow(22, n=20_000).events, panel())
    assert not isinstance(dump_step(gated).gate, AnyOf)


def test_a_person_s_dump_cut_is_taken_as_it_is():
    _, _, events = smeared(0.08)
    gated = gate_plasma_cells(events, panel(), overrides={"dump": 3_000.0})
    assert not isinstance(dump_step(gated).gate, AnyOf)
    after = gated.step_masks[[one.name for one in gated.steps].index("dump")]
    assert float(events.column("Dump")[after].max()) < 3_000.0
