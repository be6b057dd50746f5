"""The wanted cells as clusters in the space of all channels."""

from __future__ import annotations

import numpy as np
import pytest

from gating import gate_plasma_cells
from gating.anchors.evidence import Anchor
from gating.clusters.evidence import find_clusters
from gating.clusters.mixture import fit_mixture
from gating.clusters.peaks import density_peaks
from gating.events import Events, Survivors
from gating.events.panel import Target
from gating.gates import AllOf, inside
from gating.gates.steps import GateFlag
from gating.thresholds import axis_of
from gating.thresholds.methods import Method
from helpers.known_marrow import f1, marrow, panel
from helpers.lst_tubes import LST_PANEL, lst_tube


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize(("name", "least"), [("Cytometry35", 0.9), ("Cytometry12", 0.8)])
def test_plasma_cells_of_a_panel_without_cd138_are_those_of_the_labels(real_data, name, least):
    events, labels = lst_tube(real_data / "marrow" / "euroflow_simulated" / f"{name}.csv.gz")
    gated = gate_plasma_cells(events, LST_PANEL)
    assert f1(gated.mask, labels) >= least
    step = next(one for one in gated.steps if one.name == "plasma_cells")
    assert step.methods == (Method.CLUSTER,)
    assert isinstance(step.gate, AllOf)


def _two_groups(n_few, apart, seed=1):
    rng = np.random.default_rng(seed)
    return np.vstack([rng.normal(0, 0.5, (800, 6)), rng.normal(0, 0.5, (n_few, 6)) + apart])


@pytest.mark.parametrize("n_few", [20, 100, 600])
def test_a_group_is_found_whatever_its_size(n_few):
    points = _two_groups(n_few, 2.5)
    belongs = fit_mixture(points, np.ones(len(points))).belongings(points)
    few = np.bincount(belongs[:, -n_few:].argmax(axis=0), minlength=len(belongs))
    many = np.bincount(belongs[:, :-n_few].argmax(axis=0), minlength=len(belongs))
    assert not (few * many).any()


def test_points_of_one_density_peak_are_one_group():
    points = _two_groups(50, 6.0)
    groups = density_peaks(points)
    assert not set(groups[:800].tolist()) & set(groups[800:].tolist())


def test_weights_count_as_events():
    points = _two_groups(100, 6.0)
    once = fit_mixture(points, np.ones(900))
    many = fit_mixture(points, np.where(np.arange(900) < 800, 50.0, 1.0))
    assert many.shares.sum() > 40 * once.shares.sum()


def test_without_a_viability_dye_most_dead_cells_are_left_out_and_the_confidence_says_so():
    sample = marrow(31, n=20_000, percent=3.0)
    gated = gate_plasma_cells(sample.events, panel(without=("Viability",)))
    assert f1(gated.mask, sample.plasma_cells) >= 0.9
    assert gated.confidence < 0.9
    assert "NO_VIABILITY" in gated.flags


def test_where_plain_cuts_do_not_do_the_cells_are_those_inside_the_clusters_ellipsoids():
    sample = marrow(41, n=15_000, percent=2.0, dim_cd138=0.06)
    gated = gate_plasma_cells(sample.events, panel(without=("CD319",)))
    step = next(one for one in gated.steps if one.name == "plasma_cells")
    assert step.methods == (Method.CLUSTER,)
    assert isinstance(step.gate, AllOf)
    assert not (gated.mask & ~inside(step.gate, sample.events)).any()
    assert f1(gated.mask, sample.plasma_cells) >= 0.9


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dim", [0.12, 0.06, 0.03])
def test_a_clone_that_lost_most_of_its_only_anchor_is_found_and_that_is_sure(seed, dim):
    sample = marrow(40 + seed, n=15_000, percent=2.0, dim_cd138=dim)
    gated = gate_plasma_cells(sample.events, panel(without=("CD319",)))
    assert f1(gated.mask, sample.plasma_cells) >= 0.9
    assert gated.confidence >= 0.8


@pytest.mark.parametrize("seed", range(4))
def test_of_a_clone_stripped_of_its_only_anchor_no_wrong_answer_is_sure(seed):
    """At 0.3 % of the usual CD138 the clone is as dim as any other cell: nothing is left to find it by."""
    sample = marrow(40 + seed, n=15_000, percent=2.0, dim_cd138=0.003)
    gated = gate_plasma_cells(sample.events, panel(without=("CD319",)))
    assert f1(gated.mask, sample.plasma_cells) < 0.5
    assert gated.confidence < 0.3
    assert GateFlag.NO_CLEAR_POPULATION in gated.flags


def test_a_third_look_at_fewer_events_finds_groups_that_two_looks_at_more_do_not():
    """Of 270 cells in two groups on one weak anchor, the first two looks find 75."""
    rng = np.random.default_rng(14)
    groups = (((1.0, 1.0, 1.0), 1500), ((2.2, 2.0, 0.0), 150), ((2.8, 1.2, 2.0), 120))
    position = np.concatenate([rng.normal(middle, 0.5, (n, 3)) for middle, n in groups])
    everyone = Survivors.everyone(Events((100 * np.sinh(position)).astype(np.float32).T.copy(), tuple("ABC")))
    columns = [(name, everyone.column(name)) for name in "ABC"]
    anchor = Anchor("A", Target.POSITIVE, axis_of(columns[0][1]), 1.2)
    clusters = find_clusters([anchor], columns, everyone.tickets, 0.9)
    assert f1(clusters.group.mask, np.arange(1770) >= 1500) > 0.7
