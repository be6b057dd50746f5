"""The strategy on marrow whose every cell is known."""

from __future__ import annotations

import numpy as np
import pytest

from gating import gate_plasma_cells
from gating.events import Events
from gating.events.panel import GatingChannel, GatingPanel, Target
from gating.gates.person_gates import UnknownGateError
from gating.gates.steps import GivenCut
from gating.strategy import UnfitEventsError
from gating.thresholds.methods import Method
from helpers.known_marrow import FLUORESCENCE, f1, marrow, panel


def _rd_error(sample, mask):
    return abs(float(np.median(sample.cd38[mask]) / np.median(sample.cd38[sample.plasma_cells])) - 1)


@pytest.mark.parametrize("percent", [0.1, 2.0, 30.0, 60.0])
def test_plasma_cells_are_found_from_a_thousandth_to_the_majority(percent):
    sample = marrow(11, percent=percent, normal_percent=percent / 10)
    gated = gate_plasma_cells(sample.events, panel())
    assert f1(gated.mask, sample.plasma_cells) >= 0.97
    assert _rd_error(sample, gated.mask) <= 0.02
    assert gated.confidence >= 0.85


def test_cells_stripped_of_cd138_are_found_by_their_second_anchor():
    sample = marrow(12, dim_cd138=0.03)
    gated = gate_plasma_cells(sample.events, panel())
    assert f1(gated.mask, sample.plasma_cells) >= 0.97


@pytest.mark.parametrize("seed", range(3))
def test_a_tube_without_plasma_cells_is_not_given_any_with_confidence(seed):
    gated = gate_plasma_cells(marrow(seed, percent=0, normal_percent=0).events, panel())
    assert gated.mask.sum() < 20
    assert gated.confidence < 0.5
    assert "LOW_GATE_CONFIDENCE" in gated.flags


@pytest.mark.parametrize(
    "without", [(), ("CD319",), ("CD45",), ("CD138",), ("CD319", "CD45"), ("Dump", "CD319"), ("CD19", "CD56")]
)
def test_any_part_of_the_panel_finds_them(without):
    sample = marrow(13)
    gated = gate_plasma_cells(sample.events, panel(without=without))
    assert f1(gated.mask, sample.plasma_cells) >= 0.95


@pytest.mark.parametrize("scale", [{"top": 4_194_304.0}, {"top": 1_024.0}, {"log_amplified": True}])
def test_the_instrument_s_scale_does_not_matter(scale):
    sample = marrow(14, percent=0.5, **scale)
    assert f1(gate_plasma_cells(sample.events, panel()).mask, sample.plasma_cells) >= 0.95


@pytest.mark.parametrize("channel", FLUORESCENCE)
@pytest.mark.parametrize("gain", [0.7, 1.3])
def test_a_detector_s_gain_does_not_matter(channel, gain):
    sample, moved = marrow(15, n=15_000), marrow(15, n=15_000, gains={channel: gain})
    before, after = (gate_plasma_cells(one.events, panel()).mask for one in (sample, moved))
    assert f1(after, before) >= 0.98
    assert abs(np.median(sample.cd38[after]) / np.median(sample.cd38[before]) - 1) <= 0.03


def test_more_debris_and_fewer_events_change_little():
    whole, dirty = marrow(16), marrow(16, debris=0.26)
    assert _rd_error(dirty, gate_plasma_cells(dirty.events, panel()).mask) <= 0.03
    half = whole.events.select(np.arange(30_000) % 2 == 0)
    gated = gate_plasma_cells(half, panel())
    assert f1(gated.mask, whole.plasma_cells[::2]) >= 0.97


def test_shuffled_events_and_permuted_channels_give_exactly_the_same_cells():
    sample = marrow(17, n=25_000, percent=0.3).events
    usual = gate_plasma_cells(sample, panel())
    order, rows = np.random.default_rng(1).permutation(25_000), np.random.default_rng(2).permutation(11)
    turned = Events(
        sample.values[rows][:, order],
        tuple(sample.channels[row] for row in rows),
        tuple(sample.scale_tops[row] for row in rows),
    )
    upside_down = GatingPanel(panel().channels[::-1])
    other = gate_plasma_cells(turned, upside_down)
    np.testing.assert_array_equal(other.mask, usual.mask[order])
    np.testing.assert_array_equal(other.step_masks, np.asarray(usual.step_masks)[:, order])
    assert [step.thresholds for step in other.steps] == [step.thresholds for step in usual.steps]
    assert other.confidence == usual.confidence


def test_steps_count_what_went_in_and_came_out():
    gated = gate_plasma_cells(marrow(18, n=10_000).events, panel())
    assert gated.steps[0].n_in == 10_000
    for before, after in zip(gated.steps, gated.steps[1:], strict=False):
        assert after.n_in == before.n_out
    np.testing.assert_array_equal(
        [mask.sum() for mask in gated.step_masks], [step.n_out for step in gated.steps]
    )
    np.testing.assert_array_equal(gated.step_masks[-2], gated.mask)
    assert not (gated.mask & ~gated.viable_singlets).any()


def test_aberrant_cells_are_told_from_normal_ones_and_do_not_narrow_the_mask():
    sample = marrow(19, percent=1.0, normal_percent=1.0)
    gated = gate_plasma_cells(sample.events, panel())
    assert f1(gated.aberrant, sample.aberrant) >= 0.97
    assert f1(gated.mask, sample.plasma_cells) >= 0.97


def test_normal_plasma_cells_alone_are_not_split():
    gated = gate_plasma_cells(marrow(20, percent=0, normal_percent=1.0).events, panel())
    assert gated.aberrant is None
    assert "NO_ABERRANT_PHENOTYPE" in gated.flags


@pytest.mark.parametrize(("kappa_share", "split"), [(0.95, True), (0.6, False)])
def test_a_monoclonal_light_chain_counts_as_aberrant(kappa_share, split):
    sample = marrow(21, percent=3.0)
    rng = np.random.default_rng(1)
    chains = rng.normal(0, 40, (2, 30_000))
    cells = np.flatnonzero(sample.kind == "plasma_cell")
    kappa = rng.random(cells.size) < kappa_share
    chains[np.where(kappa, 0, 1), cells] = 8e3 * np.exp(0.3 * rng.standard_normal(cells.size))
    b_cells = np.flatnonzero(sample.kind == "b_cell")
    chains[rng.integers(0, 2, b_cells.size), b_cells] = 8e3 * np.exp(0.3 * rng.standard_normal(b_cells.size))
    values = np.vstack([sample.events.values, chains.astype(np.float32)])
    events = Events(values, (*sample.events.channels, "K", "L"))
    light = (GatingChannel("K", "kappa"), GatingChannel("L", "lambda"))
    gated = gate_plasma_cells(events, GatingPanel((*panel(without=("CD19", "CD56")).channels, *light)))
    assert (gated.aberrant is not None) == split
    if split:
        assert gated.aberrant[cells[kappa & sample.plasma_cells[cells]]].mean() > 0.97


def test_another_population_follows_from_the_targets():
    sample = marrow(22)
    channels = [c for c in panel().channels if c.role not in ("cd138", "cd319", "cd45", "dump", "cd19")]
    wanted = GatingPanel(
        (
            *channels,
            GatingChannel("CD19", "cd19", Target.POSITIVE),
            GatingChannel("Dump", "dump", Target.NEGATIVE),
        )
    )
    gated = gate_plasma_cells(sample.events, wanted)
    b_cells = np.isin(sample.kind, ("b_cell", "normal_plasma_cell")) & sample.whole
    assert f1(gated.mask, b_cells) >= 0.95


@pytest.mark.parametrize(
    ("name", "step", "channel"),
    [("cd138", "plasma_cells", "CD138"), ("CD45", "plasma_cells", "CD45"), ("cd319", "second_anchor", "CD319"),
     ("viable", "viable", "Viability"), ("debris", "debris", "FSC-A"), ("singlets", "singlets", "FSC-A/FSC-H"),
     ("cd56", "aberrant", "CD56")],
)  # fmt: skip
def test_a_person_s_threshold_replaces_that_one_alone(name, step, channel):
    sample = marrow(23, n=20_000).events
    usual = gate_plasma_cells(sample, panel())
    before = dict(next(one for one in usual.steps if one.name == step).thresholds)
    moved = gate_plasma_cells(sample, panel(), overrides={name: before[channel] * 1.1})
    after = next(one for one in moved.steps if one.name == step)
    assert dict(after.thresholds)[channel] == pytest.approx(before[channel] * 1.1, rel=1e-5)
    assert after.is_set_by_person
    if step in ("plasma_cells", "second_anchor", "aberrant"):

        def others(gated):
            return {k: v for one in gated.steps for k, v in one.thresholds if k != channel}

        assert others(moved) == others(usual)


@pytest.mark.parametrize("name", ["cd38", "CD38", "PE-A"])
def test_a_threshold_on_the_quantified_channel_is_refused_with_the_reason(name):
    guarded = GatingPanel(panel().channels, quantified=("PE-A",))
    with pytest.raises(UnknownGateError, match="never gates"):
        gate_plasma_cells(marrow(1, n=1_000).events, guarded, overrides={name: 100.0})


def test_a_person_s_threshold_that_no_step_uses_is_named():
    gated = gate_plasma_cells(marrow(1, n=2_000).events, panel(), overrides={"time": 5.0, "cd45": 9_000.0})
    assert "OVERRIDE_UNUSED" in gated.flags
    assert any("'time' was not used" in note for note in gated.notes)
    assert not any("'cd45'" in note for note in gated.notes)


def test_an_unused_threshold_is_named_though_another_has_the_same_number():
    gated = gate_plasma_cells(
        marrow(1, n=2_000).events, panel(), overrides={"Viability": 900.0, "ssc_area": 900.0}
    )
    assert "OVERRIDE_UNUSED" in gated.flags
    assert [note for note in gated.notes if "was not used" in note] == [
        "the threshold set for 'ssc_area' was not used: no step cuts there"
    ]


def test_each_step_says_which_of_the_given_thresholds_it_used():
    sample = marrow(23, n=20_000).events
    by_person = {"cd138": 900.0, "Viability": 900.0, "debris": 900.0, "cd56": 900.0, "time": 900.0}
    gated = gate_plasma_cells(sample, panel(), overrides=by_person, pooled={"CD138": 5.0})
    assert {step.name: step.overrides for step in gated.steps if step.overrides} == {
        "debris": {"FSC-A": "debris"},
        "viable": {"Viability": "Viability"},
        "plasma_cells": {"CD138": "cd138"},
        "aberrant": {"CD56": "cd56"},
    }


def test_a_step_says_which_thresholds_its_batch_gave():
    empty = marrow(2, percent=0, normal_percent=0).events
    gated = gate_plasma_cells(empty, panel(), pooled={"cd138": 3_000.0}, overrides={"cd45": 3_000.0})
    step = next(one for one in gated.steps if one.name == "plasma_cells")
    assert step.given_cuts == (
        GivenCut("CD138", Method.POOLED, "CD138"), GivenCut("CD45", Method.PERSON, "cd45"),
    )  # fmt: skip


def test_an_unknown_gate_is_refused_with_the_names_there_are():
    with pytest.raises(UnknownGateError, match=r"no gate 'cd99'; there are .*cd138"):
        gate_plasma_cells(marrow(1, n=1_000).events, panel(), overrides={"cd99": 1.0})


def test_where_a_tube_is_not_clear_the_batch_decides():
    empty = marrow(2, percent=0, normal_percent=0).events
    pooled = gate_plasma_cells(empty, panel(), pooled={"cd138": 3_000.0, "cd45": 9_000.0})
    step = next(one for one in pooled.steps if one.name == "plasma_cells")
    assert dict(step.thresholds) == {"CD138": 3_000.0, "CD45": 9_000.0}
    assert step.methods == (Method.POOLED,)
    clear = marrow(2).events
    assert (
        gate_plasma_cells(clear, panel(), pooled={"cd138": 1.0}).steps[6]
        == gate_plasma_cells(clear, panel()).steps[6]
    )


def test_events_that_do_not_fit_the_panel_are_refused_by_name():
    sample = marrow(1, n=1_000).events
    with pytest.raises(UnfitEventsError, match="CD138 is not among the events"):
        gate_plasma_cells(sample.only([c for c in sample.channels if c != "CD138"]), panel())
    with pytest.raises(UnfitEventsError, match="CD56 is quantified"):
        gate_plasma_cells(sample, GatingPanel(panel(without=("CD56",)).channels, quantified=("CD56",)))


@pytest.mark.parametrize("n", [0, 1, 7, 60, 400])
def test_tiny_tubes_give_a_result_and_no_error(n):
    sample = marrow(24, n=1_000).events.select(np.arange(1_000) < n)
    gated = gate_plasma_cells(sample, panel())
    assert gated.mask.shape == (n,)
    assert gated.confidence <= 1


@pytest.mark.parametrize("value", [0.0, -5.0, 262_143.0])
def test_a_dead_channel_gives_a_result_and_no_error(value):
    sample = marrow(25, n=3_000).events
    for channel in ("CD138", "FSC-A", "Time", "Viability", "CD19"):
        values = sample.values.copy()
        values[sample.channels.index(channel)] = value
        gated = gate_plasma_cells(Events(values, sample.channels, sample.scale_tops), panel())
        assert 0 <= gated.confidence <= 1


@pytest.mark.parametrize("without", [("FSC-H",), ("FSC-H", "SSC-A")])
def test_doublets_of_plasma_cells_are_left_out_though_no_pulse_height_tells_them(without):
    sample = marrow(41, percent=4.0, doublets=0.1)
    gated = gate_plasma_cells(sample.events, panel(without=without))
    assert f1(gated.mask, sample.plasma_cells) >= 0.96
    assert "NO_SINGLETS" in gated.flags


def test_fragments_of_plasma_cells_are_left_out():
    sample = marrow(42, percent=4.0, debris=0.2)
    gated = gate_plasma_cells(sample.events, panel())
    assert (gated.mask & ~sample.plasma_cells).sum() <= 0.01 * gated.mask.sum()


def test_a_person_s_debris_limit_does_not_become_the_size_of_plasma_cells():
    sample = marrow(42, percent=4.0, debris=0.2)
    usual = gate_plasma_cells(sample.events, panel())
    size = {name: dict(step.thresholds) for step in usual.steps if (name := step.name) == "plasma_cells"}
    moved = gate_plasma_cells(sample.events, panel(), overrides={"debris": 9_000.0})
    after = {name: dict(step.thresholds) for step in moved.steps if (name := step.name) == "plasma_cells"}
    debris = next(step for step in moved.steps if step.name == "debris")
    assert dict(debris.thresholds) == {"FSC-A": 9_000.0}
    assert after["plasma_cells"].get("FSC-A", np.inf) > 15_000.0
    assert size["plasma_cells"].get("FSC-A", np.inf) > 15_000.0


def test_the_picture_of_plasma_cells_is_cd138_against_cd45_though_size_is_cut_too():
    gated = gate_plasma_cells(marrow(42, percent=4.0, debris=0.2).events, panel())
    step = next(step for step in gated.steps if step.name == "plasma_cells")
    assert step.channels == ("CD138", "CD45")


@pytest.mark.parametrize("without", [(), ("CD138",)])
def test_a_person_moves_the_size_of_plasma_cells_by_its_own_name(without):
    sample = marrow(43, percent=4.0)
    gated = gate_plasma_cells(sample.events, panel(without=without), overrides={"plasma_cell_size": 70_000.0})
    step = next(step for step in gated.steps if step.name == "plasma_cells")
    assert dict(step.thresholds)["FSC-A"] == 70_000.0
    assert step.is_set_by_person
    assert float(sample.events.column("FSC-A")[gated.mask].min()) >= 70_000.0
    assert "OVERRIDE_UNUSED" not in gated.flags
    debris = next(step for step in gated.steps if step.name == "debris")
    assert dict(debris.thresholds)["FSC-A"] < 40_000.0


@pytest.mark.parametrize("name", ["cd138", "cd319", "viable", "plasma_cell_size"])
def test_a_person_s_cut_that_leaves_no_cell_has_no_confidence_and_says_why(name):
    sample = marrow(44, n=10_000)
    value = -1e6 if name == "viable" else 1e7
    gated = gate_plasma_cells(sample.events, panel(), overrides={name: value})
    assert not gated.mask.any()
    assert gated.confidence == 0.0
    assert "LOW_GATE_CONFIDENCE" in gated.flags
    assert gated.notes[-1] == "no cell lies inside all gates: the confidence is 0"
    usual = gate_plasma_cells(sample.events, panel())
    assert usual.confidence > 0.9
    assert not any("no cell lies" in note for note in usual.notes)


@pytest.mark.parametrize("without", [(), ("CD319",)])
def test_where_no_event_is_left_to_search_both_anchor_steps_say_so(without):
    events = marrow(45, n=2_000).events
    gated = gate_plasma_cells(events, panel(without=without), overrides={"viable": -1e6})
    notes = {step.name: step.note for step in gated.steps}
    assert notes["plasma_cells"] == notes["second_anchor"] == "no event is left to search"
    assert gated.confidence == 0.0
