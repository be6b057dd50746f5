"""Gates one inside the other: who crosses a moved gate, against all gates put on all events anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gating.events import Events
from gating.gates import AllOf, AnyOf, EllipsoidGate, Gate, PolygonGate, RangeGate, inside
from pipeline.review.bench.chain import Chain, may_differ

EVENTS = Events(np.random.default_rng(5).normal(0, 100, (3, 600)).astype(np.float32), ("A", "B", "C"))
bounds = st.one_of(st.none(), st.integers(-150, 150).map(float))
corner = st.tuples(st.integers(-200, 200).map(float), st.integers(-200, 200).map(float))
ranges = st.builds(RangeGate, st.sampled_from(("A", "B", "C")), bounds, bounds)
polygons = st.builds(
    PolygonGate, st.just("A"), st.just("B"), st.lists(corner, min_size=4, max_size=4).map(tuple)
)
parts = st.one_of(ranges, polygons)
joined = st.builds(
    lambda kind, gates: kind(tuple(gates)),
    st.sampled_from((AllOf, AnyOf)),
    st.lists(parts, min_size=2, max_size=2),
)
gates = st.one_of(st.none(), ranges, polygons, joined)


def nudged(gate: Gate | None, by: float) -> Gate | None:
    """A gate that is dragged a little: its lower bounds, its first vertex."""
    match gate:
        case RangeGate():
            return RangeGate(gate.channel, None if gate.lower is None else gate.lower + by, gate.upper)
        case PolygonGate():
            (x, y), *others = gate.vertices
            return PolygonGate(gate.x_channel, gate.y_channel, ((x + by, y - by), *others))
        case AllOf() | AnyOf():
            return type(gate)(tuple(part for one in gate.gates if (part := nudged(one, by)) is not None))
    return gate


@settings(max_examples=60, deadline=None)
@given(
    st.lists(gates, min_size=4, max_size=4),
    st.lists(
        st.dictionaries(st.integers(0, 3), st.one_of(gates, st.integers(-60, 60)), min_size=1, max_size=2),
        min_size=1,
        max_size=5,
    ),
)
def test_who_passes_is_told_as_if_all_gates_were_put_on_anew(
    first: list[Gate | None], moves: list[dict[int, Gate | int | None]]
):
    """One gate or two are moved after another; those beside them are held."""
    chain = Chain(EVENTS, list(first))
    for move in moves:
        to = {k: nudged(chain.gates[k], new) if isinstance(new, int) else new for k, new in move.items()}
        state = [to.get(k, old) for k, old in enumerate(chain.gates)]
        before = [int(mask.sum()) for mask in chain.masks]
        crossed = chain.change_to(state)
        afresh = Chain(EVENTS, list(state))
        for mask, other, one, n in zip(chain.masks, afresh.masks, crossed, before, strict=True):
            assert (mask == other).all()
            assert n + one.n_more == mask.sum()


@settings(max_examples=40, deadline=None)
@given(polygons, st.integers(0, 3), corner)
def test_a_moved_vertex_changes_nothing_outside_of_its_edges(
    gate: PolygonGate, place: int, to: tuple[float, float]
):
    vertices = (*gate.vertices[:place], to, *gate.vertices[place + 1 :])
    other = PolygonGate("A", "B", vertices)
    doubtful = may_differ(gate, other, EVENTS)
    assert doubtful is not None
    assert not ((inside(gate, EVENTS) != inside(other, EVENTS)) & ~doubtful).any()


def test_a_dragged_threshold_looks_at_the_events_between_alone():
    clusters = EllipsoidGate(("A", "C"), (50.0, 50.0), (0.0, 0.0), ((1.0, 0.0), (0.0, 1.0)), 4.0)
    old, new = (AllOf((RangeGate("A", bound, None), clusters)) for bound in (0.0, 5.0))
    doubtful = may_differ(old, new, EVENTS)
    column = EVENTS.column("A")
    assert doubtful is not None
    assert (doubtful == ((column >= 0) & (column <= 5))).all()


@pytest.mark.parametrize("other", [RangeGate("B", 1.0, None), None])
def test_a_gate_of_another_kind_is_put_on_everyone(other: Gate | None):
    chain = Chain(EVENTS, [RangeGate("A", 0.0, None), RangeGate("C", 0.0, None)])
    chain.change_to([other, RangeGate("C", 0.0, None)])
    assert (chain.masks[1] == Chain(EVENTS, [other, RangeGate("C", 0.0, None)]).masks[1]).all()


def test_two_gates_that_are_moved_at_once_let_in_who_passes_both():
    chain = Chain(EVENTS, [RangeGate("A", 0.0, None), RangeGate("B", 0.0, None)])
    state: list[Gate | None] = [RangeGate("A", -50.0, None), RangeGate("B", 5.0, None)]
    chain.change_to(state)
    for mask, afresh in zip(chain.masks, Chain(EVENTS, state).masks, strict=True):
        assert (mask == afresh).all()
