"""Tickets: the same events are drawn whatever their order, their last digits, or the program's processor."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gating.events import Events, Survivors
from gating.events.sampling import drawn_by_scatter, sampled
from gating.events.tickets import drawn_anew, drawn_by_rank, is_drawn, one_of_each, thinned, tickets_of
from helpers.known_marrow import marrow, panel

TOP = 262_144.0


def columns(n=50_000, seed=3):
    rng = np.random.default_rng(seed)
    scatter = (rng.lognormal(11, 0.3, (2, n))).astype(np.float32)
    return [*scatter, (rng.random(n) * 60_000).astype(np.float32)], [TOP, TOP, np.inf]


def test_every_ticket_is_as_likely_as_any_other():
    tickets = tickets_of(*columns())
    counts = np.bincount(tickets >> 28, minlength=16)
    assert abs(counts / tickets.size - 1 / 16).max() < 0.005


def test_new_lots_do_not_follow_from_the_first_ones():
    tickets = tickets_of(*columns())
    low = drawn_anew(tickets)[is_drawn(tickets, 0.2)]
    assert is_drawn(low, 0.5).mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("with_time", [True, False])
def test_a_millionth_of_the_spread_changes_hardly_any_ticket(with_time):
    values, tops = columns()
    rng = np.random.default_rng(1)
    moved = [v + np.float32(1e-6) * v.std() * rng.standard_normal(v.size, np.float32) for v in values[:2]]
    n = 3 if with_time else 2
    same = tickets_of(values[:n], tops[:n]) == tickets_of([*moved, values[2]][:n], tops[:n])
    assert np.count_nonzero(~same) <= (10 if with_time else 40)


def test_events_and_those_drawn_by_scatter_share_tickets_and_each_has_its_own() -> None:
    events = marrow(3, n=3_000).events
    drawn = drawn_by_scatter(events, panel())
    assert drawn_by_scatter(events, panel()).tickets is drawn.tickets
    assert drawn_by_scatter(drawn, panel()) is drawn
    assert not np.array_equal(events.tickets, drawn.tickets)


def test_a_gain_of_a_dye_draws_the_same_events():
    events = marrow(5, n=30_000).events
    brighter = events.values.copy()
    brighter[events.channels.index("CD138")] *= np.float32(1.3)
    moved = Events(brighter, events.channels, events.scale_tops)
    chosen = [sampled(drawn_by_scatter(one, panel()), 10_000) for one in (events, moved)]
    np.testing.assert_array_equal(*chosen)
    assert np.count_nonzero(chosen[0]) == pytest.approx(10_000, rel=0.03)


def test_survivors_of_a_sample_are_drawn_from_as_evenly_as_all():
    events = marrow(6, n=30_000).events
    everyone = Survivors.everyone(events)
    of_sample = everyone.among(sampled(events, 10_000))
    assert is_drawn(of_sample.tickets, 0.3).mean() == pytest.approx(0.3, abs=0.02)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=60), st.integers(1, 9))
def test_of_each_stretch_the_lowest_ticket_is_taken(numbers, width):
    tickets = np.array(numbers, np.uint32)
    begins = np.arange(0, tickets.size, width)
    taken = one_of_each(tickets, begins)
    for begin, row in zip(begins, taken, strict=True):
        stretch = numbers[begin : begin + width]
        assert row == begin + stretch.index(min(stretch))


@settings(max_examples=30)
@given(st.integers(1, 50_000), st.integers(50, 400))
def test_the_first_events_are_all_taken_and_the_others_stand_for_the_rest(n, first):
    ranks, weights = thinned(drawn_anew(np.arange(n, dtype=np.uint32)), first)
    assert ranks[: min(first, n)].tolist() == list(range(min(first, n)))
    assert (np.diff(ranks) > 0).all()
    assert (weights[: min(first, n)] == 1).all()
    assert weights.sum() == pytest.approx(n, rel=0.03)


def test_events_that_change_places_in_the_order_are_drawn_all_the_same():
    """Of neighbours in an order, rounding decides which comes first: here of one pair in ten."""
    tickets = drawn_anew(np.arange(4000, dtype=np.uint32))
    swapped = np.arange(4000)
    swapped[::20], swapped[1::20] = swapped[1::20].copy(), swapped[::20].copy()
    usual, _ = thinned(tickets, 100)
    other, _ = thinned(tickets[swapped], 100)
    both = np.intersect1d(usual, swapped[other]).size
    assert both >= 0.97 * (usual.size - 100) + 100


def test_events_without_anything_in_common_to_draw_by_keep_all_their_channels():
    events = Events(np.random.default_rng(1).random((2, 100)).astype(np.float32), ("A", "B"))
    assert np.unique(events.tickets).size > 90


def test_an_event_that_changes_its_rank_hardly_ever_comes_or_goes():
    tickets = tickets_of(*columns())[:5_000]
    rng, changed = np.random.default_rng(2), {drawn_by_rank: 0, thinned: 0}
    for _ in range(50):
        order = np.argsort(np.arange(5_000) + rng.normal(0, 3, 5_000))
        for draw in changed:
            usual, moved = draw(tickets, 120)[0], draw(tickets[order], 120)[0]
            changed[draw] += np.setxor1d(usual, order[moved]).size
    assert changed[drawn_by_rank] < 0.15 * changed[thinned]


def test_of_events_by_rank_the_first_are_all_taken_and_the_others_stand_for_all():
    tickets = tickets_of(*columns())[:20_000]
    ranks, stands_for = drawn_by_rank(tickets, 400)
    np.testing.assert_array_equal(ranks[:400], np.arange(400))
    assert stands_for.sum() == pytest.approx(20_000, rel=0.05)
    assert ranks.size == pytest.approx(400 * (1 + np.log(50)), rel=0.05)
