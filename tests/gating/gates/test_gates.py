"""Gates as data."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path as Outline

from gating.events import Events, Survivors
from gating.events.panel import GatingChannel, GatingPanel, Target, UnfitPanelError
from gating.gates import AllOf, AnyOf, EllipsoidGate, PolygonGate, RangeGate, channels_of, inside

EVENTS = Events(np.array([[0, 1, 2, 3], [0, 10, 20, 30]], np.float32), ("A", "B"))


def test_a_range_takes_its_lower_end_and_not_its_upper():
    assert inside(RangeGate("A", 1.0, 3.0), EVENTS).tolist() == [False, True, True, False]
    assert inside(RangeGate("A"), EVENTS).all()


def test_a_polygon_agrees_with_the_half_plane_it_is_made_of():
    rng = np.random.default_rng(1)
    events = Events(rng.uniform(0, 100, (2, 5_000)).astype(np.float32), ("A", "B"))
    gate = PolygonGate("A", "B", ((0.0, 0.0), (300.0, 200.0), (300.0, 400.0), (0.0, 400.0)))
    expected = events.column("B") * 1.5 > events.column("A")
    assert np.count_nonzero(inside(gate, events) != expected) == 0


@pytest.mark.parametrize("cofactors", [(150.0, 40.0), (None, 40.0), (150.0, None)])
def test_edges_that_are_straight_on_the_display_scale_keep_what_lies_within_them_there(cofactors):
    """A third implementation, matplotlib's, says who is inside on that scale."""
    rng = np.random.default_rng(2)
    events = Events(np.sinh(rng.uniform(-2, 7, (2, 20_000))).astype(np.float32) * 60, ("A", "B"))
    corners = ((-300.0, -80.0), (9e3, 20.0), (2e4, 3e4), (500.0, 9e3), (10.0, 200.0))
    gate = PolygonGate("A", "B", corners, cofactors=cofactors)

    def shown(values, cofactor):
        return values if cofactor is None else np.arcsinh(values / cofactor)

    points = np.column_stack(
        [shown(events.column(name).astype(float), c) for name, c in zip("AB", cofactors, strict=True)]
    )
    there = np.column_stack(
        [shown(column, c) for column, c in zip(np.array(corners).T, cofactors, strict=True)]
    )
    expected = Outline(there).contains_points(points)
    found = inside(gate, events)
    assert np.count_nonzero(found != expected) == 0
    assert np.count_nonzero(inside(PolygonGate("A", "B", corners), events) != found) > 50, (
        "another gate than the linear"
    )
    rows = rng.permutation(20_000)[:7_000]
    assert (inside(gate, Survivors(events, np.sort(rows))) == found[np.sort(rows)]).all()


def test_an_ellipsoid_on_one_axis_is_a_range():
    gate = EllipsoidGate(("A",), (1.0,), (float(np.arcsinh(2)),), ((0.04,),), 4.0)
    x = np.arcsinh(EVENTS.column("A").astype(float))
    assert inside(gate, EVENTS).tolist() == (np.abs(x - np.arcsinh(2)) <= 0.4).tolist()


def test_combinations_nest():
    low, high = RangeGate("A", None, 1.0), RangeGate("A", 3.0, None)
    both = AnyOf((low, AllOf((high, RangeGate("B", 30.0, None)))))
    assert inside(both, EVENTS).tolist() == [True, False, False, True]
    assert channels_of(both) == ("A", "B")


def test_survivors_see_only_what_is_left():
    left = Survivors.everyone(EVENTS).select(np.array([False, True, False, True]))
    assert left.column("B").tolist() == [10.0, 30.0]
    assert left.select(np.array([False, True])).mask().tolist() == [False, False, False, True]
    assert left.among(np.array([True, True, False, False])).column("A").tolist() == [1.0]


def test_cd38_cannot_be_given_a_gating_role():
    with pytest.raises(UnfitPanelError, match="never gates"):
        GatingChannel("PE-A", "cd38")
    with pytest.raises(UnfitPanelError, match="may not gate"):
        GatingPanel((GatingChannel("PE-A", "other"),), quantified=("PE-A",))


def test_a_panel_without_targets_is_one_for_plasma_cells():
    filled = GatingPanel((GatingChannel("V1", "cd138"), GatingChannel("V2", "cd45"))).with_default_targets()
    assert [channel.target for channel in filled.channels] == [Target.POSITIVE, Target.LOW]
    stated = GatingPanel((GatingChannel("V1", "cd138"), GatingChannel("R1", "cd19", Target.POSITIVE)))
    assert stated.with_default_targets() == stated


@pytest.mark.parametrize("turned", [False, True])
def test_an_event_at_the_height_of_a_corner_is_inside_only_between_the_edges(turned):
    corners = [
        (1.0, 2.0),
        (3.0, 0.0),
        (5.0, 2.0),
        (3.0, 4.0),
    ]  # a diamond: its left and right corners at y = 2
    gate = PolygonGate("A", "B", tuple(corners[::-1] if turned else corners))
    x = np.array([0.0, 2.0, 3.0, 4.0, 6.0, 0.0, 2.9, 6.0, 0.0, 6.0], np.float32)
    y = np.array([2.0, 2.0, 2.0, 2.0, 2.0, 0.0, 1.0, 0.0, 4.0, 4.0], np.float32)
    expected = [False, True, True, True, False, False, True, False, False, False]
    assert inside(gate, Events(np.array([x, y]), ("A", "B"))).tolist() == expected


def test_an_event_at_the_height_of_a_corner_that_turns_inward_is_inside_once():
    # The ray to the right of an event at y = 2 meets the tip of a notch.
    gate = PolygonGate("A", "B", ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 2.0), (0.0, 4.0)))
    x, y = np.array([[1.0, 3.0, -1.0, 5.0], [2.0, 2.0, 2.0, 2.0]], np.float32)
    assert inside(gate, Events(np.array([x, y]), ("A", "B"))).tolist() == [True, True, False, False]


def test_an_edge_that_is_nearly_level_warns_of_nothing():
    events = Events(np.array([[1, 2, 3], [0, 5, 9]], np.float32), ("A", "B"))
    gate = PolygonGate("A", "B", ((0.0, 0.0), (9.0, 1e-300), (9.0, 7.0), (0.0, 7.0)))
    assert inside(gate, events).tolist() == [True, True, False]
