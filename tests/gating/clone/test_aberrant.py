"""Aberrant against normal plasma cells, where the groups are known."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from gating.clone.aberrant import _valley_among, find_aberrant
from gating.events import Events, Survivors
from gating.events.panel import GatingChannel, GatingPanel
from gating.gates import EllipsoidGate, channels_of, inside
from gating.gates.gatingml import to_gatingml
from gating.gates.person_gates import Choices
from gating.gates.steps import GateStep
from gating.thresholds import Axis
from gating.thresholds.methods import Method

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
    finding = find_aberrant(wanted, everyone, Choices(panel, {}, {}))
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
    finding = find_aberrant(clone, Survivors.everyone(events), Choices(panel, {}, {}))
    assert finding is not None
    assert inside(finding.gate, clone).mean() > 0.9


def test_a_few_cells_beside_a_clone_without_cd56_are_no_clone_of_their_own():
    """Seen in a six-colour panel: CD56 alone shows nothing of a CD56− clone but its strays."""
    clone = (320, {"cd19": NEGATIVE, "cd56": NEGATIVE, "cd81": 14_000})
    strays = (30, {"cd19": NEGATIVE, "cd56": 500, "cd81": 14_000, "spread": 1.2})
    assert _share_aberrant(clone, strays) == [0.0, 0.0]


SIX = ("CD19", "CD56", "CD81", "CD45", "CD117", "FSC-A")
NORMAL = (1_200.0, 60.0, 4_000.0, 3_000.0, 60.0, 90_000.0)
CLONE = (60.0, 9_000.0, 400.0, 400.0, 60.0, 95_000.0)


def _six(rng, n, medians, spread=0.5):
    """Return the linear values of one group, shape (6, n), in the order of SIX; scatter spreads less."""
    spreads = np.array([[spread]] * 5 + [[0.12]])
    noise = np.array([[30.0]] * 5 + [[0.0]])
    values = np.array(medians)[:, None] * np.exp(spreads * rng.standard_normal((6, n)))
    return values + noise * rng.standard_normal((6, n))


def _tube(*groups, seed=1, spread=0.5):
    """Return everyone and the wanted cells (the groups, in their order)."""
    rng = np.random.default_rng(seed)
    others = [
        _six(rng, 3000, (60, 60, 3_000, 20_000, 60, 60_000)),
        _six(rng, 2000, (60, 60, 400, 400, 60, 50_000)),
        _six(rng, 500, (12_000, 60, 14_000, 20_000, 60, 50_000)),
    ]
    parts = [_six(rng, n, medians, spread) for n, medians in groups]
    events = Events(np.concatenate([*others, *parts], axis=1).astype(np.float32), SIX)
    wanted = Survivors(events, np.arange(5500, events.n_events))
    return Survivors.everyone(events), wanted


def _panel(names=SIX):
    roles = {"FSC-A": "fsc_area"}
    return GatingPanel(tuple(GatingChannel(n, roles.get(n, n.lower())) for n in names)).with_default_targets()


def _found(everyone, wanted, *, overrides=None, panel=None):
    finding = find_aberrant(wanted, everyone, Choices(panel or _panel(), overrides or {}, {}))
    assert finding is not None
    assert finding.gate is not None
    return finding, inside(finding.gate, wanted)


@pytest.mark.parametrize("seed", range(4))
def test_a_few_normal_cells_without_a_valley_on_cd19_stay_out_of_a_large_clone(seed):
    everyone, wanted = _tube((1500, CLONE), (40, (500, *NORMAL[1:])), seed=seed, spread=0.7)
    _, found = _found(everyone, wanted)
    assert found[:1500].mean() > 0.995
    assert found[1500:].mean() < 0.1


def test_a_clone_keeps_its_tail_on_cd19_where_another_marker_tells_the_normal_cells():
    """Noise that compensation spreads into CD19 is widest on the cells brightest in another dye."""
    tail = (60, (1_500.0, *CLONE[1:]))
    everyone, wanted = _tube((2000, CLONE), tail, (60, NORMAL))
    _, found = _found(everyone, wanted)
    assert found[2000:2060].mean() > 0.9
    assert found[2060:].mean() < 0.1


def test_both_groups_of_a_clone_that_differs_in_cd45_and_cd56_are_aberrant():
    half = (60.0, 700.0, 400.0, 4_000.0, 60.0, 95_000.0)
    everyone, wanted = _tube((400, CLONE), (300, half), (60, NORMAL))
    _, found = _found(everyone, wanted)
    assert found[:700].mean() > 0.97
    assert found[700:].mean() < 0.1


def test_a_clone_without_cd56_is_told_by_cd19_and_cd81():
    everyone, wanted = _tube((500, (60.0, 60.0, *CLONE[2:])), (60, NORMAL))
    _, found = _found(everyone, wanted)
    assert found[:500].mean() > 0.97
    assert found[500:].mean() < 0.1


def test_stained_fragments_beside_normal_plasma_cells_are_no_clone():
    """They bind every antibody and are small; the normal cells must not be left out for them."""
    fragments = (400.0, 2_500.0, 900.0, 900.0, 1_500.0, 55_000.0)
    everyone, wanted = _tube((200, NORMAL), (40, fragments))
    finding = find_aberrant(wanted, everyone, Choices(_panel(), {}, {}))
    assert finding is None or finding.gate is None or inside(finding.gate, wanted)[200:].mean() < 0.5


def test_the_same_cells_are_aberrant_for_any_order_of_events_and_channels():
    everyone, wanted = _tube((900, CLONE), (50, NORMAL))
    _, found = _found(everyone, wanted)
    rng = np.random.default_rng(5)
    rows, columns = rng.permutation(everyone.n_events), [4, 2, 5, 0, 3, 1]
    names = tuple(SIX[column] for column in columns)
    events = Events(everyone.events.values[columns][:, rows], names)
    again = Survivors(events, np.flatnonzero(rows >= 5500))
    _, shuffled = _found(Survivors.everyone(events), again, panel=_panel(names))
    np.testing.assert_array_equal(shuffled, found[rows[rows >= 5500] - 5500])


def test_where_a_person_cuts_the_gate_is_plain_cuts_and_the_others_stay():
    everyone, wanted = _tube((900, CLONE), (50, NORMAL))
    usual, _ = _found(everyone, wanted)
    moved, found = _found(everyone, wanted, overrides={"cd56": 9_000.0})
    assert dict(moved.thresholds) == {**dict(usual.thresholds), "CD56": 9_000.0}
    assert Method.PERSON in moved.methods
    assert channels_of(moved.gate) == ("CD19", "CD56", "CD117", "CD81")
    cd19, cd81 = dict(moved.thresholds)["CD19"], dict(moved.thresholds)["CD81"]
    cd117 = dict(moved.thresholds)["CD117"]
    odd = (wanted.column("CD56") >= 9_000) | (wanted.column("CD117") >= cd117)
    odd |= wanted.column("CD81") < np.float32(cd81)
    np.testing.assert_array_equal(found, odd & (wanted.column("CD19") < np.float32(cd19)))


def test_cuts_that_do_as_well_as_ellipsoids_are_preferred():
    everyone, wanted = _tube((900, CLONE), (50, NORMAL))
    finding, _ = _found(everyone, wanted)
    assert finding.methods == (Method.MIXTURE,)
    assert not isinstance(finding.gate, EllipsoidGate)


def _with_strays():
    """A clone beside normal cells, and small CD45 bright cells that its cuts would let in."""
    strays = (60.0, 9_000.0, 400.0, 15_000.0, 1_500.0, 50_000.0)
    return _tube((900, CLONE), (50, NORMAL), (90, strays))


def test_strays_that_no_cut_on_the_markers_tells_stay_out_by_ellipsoids():
    everyone, wanted = _with_strays()
    finding, found = _found(everyone, wanted)
    assert Method.CLUSTER in finding.methods
    assert found[:900].mean() > 0.98
    assert found[900:].mean() < 0.05
    assert [channel for channel, _ in finding.thresholds] == ["CD19", "CD56", "CD117", "CD81"]


def test_ellipsoids_around_a_clone_reopen_in_flowkit_with_the_same_cells(tmp_path):
    flowio, flowkit = pytest.importorskip("flowio"), pytest.importorskip("flowkit")
    everyone, wanted = _with_strays()
    finding, _ = _found(everyone, wanted)
    step = GateStep("aberrant", finding.gate, (), 0, 0, ())
    path = tmp_path / "tube.fcs"
    with path.open("wb") as file:
        flowio.create_fcs(file, everyone.events.values.T.astype(float).ravel().tolist(), list(SIX))
    strategy = flowkit.parse_gating_xml(io.BytesIO(to_gatingml([step], None)))
    theirs = strategy.gate_sample(flowkit.Sample(str(path))).get_gate_membership("aberrant")
    np.testing.assert_array_equal(theirs, inside(finding.gate, everyone))


def test_a_tube_without_cd19_is_split_marker_by_marker():
    everyone, wanted = _tube((500, CLONE), (60, NORMAL))
    _, found = _found(everyone, wanted, panel=_panel(("CD56", "CD81", "CD45", "FSC-A")))
    assert found[:500].mean() > 0.95
    assert found[500:].mean() < 0.1


CHAINS = ("CD19", "CD56", "Kappa", "Lambda")
BY_CHAIN = GatingPanel(tuple(GatingChannel(name, name.lower()) for name in CHAINS)).with_default_targets()


def _with_chains():
    """A κ clone of which 200 cells are CD19− CD56+ and 700 as normal cells are; and 100 cells of both chains."""
    rng = np.random.default_rng(2)

    def group(n, *medians):
        return np.array(medians)[:, None] * np.exp(rng.normal(0, 0.3, (4, n))) + rng.normal(0, 25, (4, n))

    others = [
        group(4000, 60, 60, 60, 60),
        group(250, 12_000, 60, 9_000, 60),
        group(250, 12_000, 60, 60, 9_000),
    ]
    clone = [group(200, 60, 9_000, 9_000, 60), group(700, 700, 60, 9_000, 60)]
    normal = [group(60, 700, 60, 9_000, 60), group(40, 700, 60, 60, 9_000)]
    events = Events(np.concatenate([*others, *clone, *normal], axis=1).astype(np.float32), CHAINS)
    return Survivors.everyone(events), Survivors(events, np.arange(4500, 5500))


def test_the_light_chain_counts_where_cd19_and_cd56_tell_only_a_part_of_the_clone():
    finding, found = _found(*_with_chains(), panel=BY_CHAIN)
    assert found[:900].mean() > 0.97
    assert found[960:].mean() < 0.03
    assert "κ:λ is monoclonal: the light chain in excess counts as aberrant" in finding.note


def test_where_a_person_cut_the_light_chain_adds_no_cells():
    finding, found = _found(*_with_chains(), panel=BY_CHAIN, overrides={"cd56": 1_000.0})
    assert found[:200].mean() > 0.97
    assert found[200:].mean() < 0.03
    assert dict(finding.thresholds)["CD56"] == 1_000.0
    assert "monoclonal" not in finding.note


@pytest.mark.parametrize(("apart", "is_split"), [(1.1, False), (1.3, True)])
def test_two_groups_are_parted_where_they_lie_more_than_a_factor_of_three_apart(apart, is_split):
    """MARKERS_APART is 1.2 on the axis of natural logarithms."""
    rng = np.random.default_rng(1)
    negative = Axis(rng.normal(0, 0.4, 4000).astype(np.float32), 100.0, -2.0, 8.0)
    groups = np.concatenate([rng.normal(4, 0.04, 300), rng.normal(4 + apart, 0.04, 300)])
    cut = _valley_among(replace(negative, values=groups.astype(np.float32)), negative)
    assert (cut is not None) is is_split
