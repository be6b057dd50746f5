"""Values that no detector gives are found, counted and said; never taken for measurements."""

from __future__ import annotations

import numpy as np
import pytest

from gating import Events
from pipeline.tube.values.impossible import UnsoundError, sound_events

CHANNELS = ("FSC-A", "PE-A", "Time")


@pytest.fixture
def events() -> Events:
    values = np.random.default_rng(5).uniform(10, 1000, (3, 1000)).astype(np.float32)
    values[2] = np.arange(1000)
    return Events(values, CHANNELS)


def test_sound_events_are_returned_as_they_are(events: Events) -> None:
    found = sound_events(events, "a.fcs", ("Time",))
    assert found.events is events
    assert (found.flags, found.notes) == ((), ())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, -3e38, 1e20])
def test_an_event_without_a_number_goes_where_debris_is(events: Events, value: float) -> None:
    events.values[1, 7] = value
    found = sound_events(events, "a.fcs", ("Time",))
    assert found.events.values[:2, 7].tolist() == [0, 0]
    assert found.events.values[2, 7] == 7
    assert found.flags == ("VALUES_MISSING",)
    assert found.notes[0].startswith("1 of 1000 events hold no number")
    assert "on PE-A: these events were left out" in found.notes[0]


def test_a_gap_in_time_is_filled_so_that_the_others_keep_their_order(events: Events) -> None:
    events.values[2, 500] = np.nan
    found = sound_events(events, "a.fcs", ("Time",))
    assert (np.diff(found.events.column("Time")) > 0).all()


def test_many_events_without_a_number_are_refused_with_what_to_look_at(events: Events) -> None:
    events.values[1, :50] = np.nan
    with pytest.raises(UnsoundError, match=r"a\.fcs: 50 of 1000 events hold no number on PE-A.*byte order"):
        sound_events(events, "a.fcs", ("Time",))


@pytest.mark.parametrize("value", [3e38, 2e19])
def test_numbers_that_no_detector_gives_are_refused_like_none(events: Events, value: float) -> None:
    events.values[1, :600] = value
    with pytest.raises(
        UnsoundError, match=r"600 of 1000 events hold .* above 1\.8e\+19 that no detector gives"
    ):
        sound_events(events, "a.fcs", ("Time",))


@pytest.mark.parametrize("value", [1e-42, 1e19, 0.0])
def test_small_and_large_numbers_are_numbers(events: Events, value: float) -> None:
    events.values[1, :600] = value
    assert sound_events(events, "a.fcs", ("Time",)).events is events


def test_a_channel_that_stands_still_is_named(events: Events) -> None:
    events.values[1] = 100
    found = sound_events(events, "a.fcs", ("Time",))
    assert found.flags == ("CHANNEL_CONSTANT",)
    assert "PE-A" in found.notes[0]
