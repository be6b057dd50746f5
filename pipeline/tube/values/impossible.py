"""Values that no detector can give: missing numbers, and channels that never change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gating.events import Events
from pipeline.study.errors import UserError
from pipeline.tube.flags import TubeFlag

MOST_UNREADABLE = 0.01
"""Largest share of events without a number. Convention: one event in a hundred, far more than a glitch of the
electronics affects."""

LARGEST_POSSIBLE = 2.0**64
"""Values above it are no numbers of a detector. Convention: FCS stores whole numbers of 64 bits at most."""


class UnsoundError(UserError):
    """Values of a file cannot be measurements; the text says which channel, how many and what to do."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Events that can be gated, and notes on impossible values."""

    events: Events
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def sound_events(
    events: Events, file_name: str, time_channels: Iterable[str] = (), message_order: Sequence[str] = ()
) -> Sound:
    """Return the events; an event without a number is set to zero on every channel, where debris lies.

    Parameters
    ----------
    events
        Events as read, uncompensated.
    time_channels
        Channels whose gaps are filled from their neighbours, so that the events stay in order.
    message_order
        All channels in the order of the messages, if that differs from the order of the events.

    Raises
    ------
    UnsoundError
        If more than 1 % of the events hold no number.
    """
    names = message_order or events.channels
    constant = [name for name in names if _stands_still(events.column(name))]
    sound = _without_gaps(events, file_name, set(time_channels), names)
    if not constant:
        return sound
    note = f"every event has the same value on {', '.join(constant)}: was the detector on?"
    return replace(sound, flags=(*sound.flags, TubeFlag.CHANNEL_CONSTANT), notes=(*sound.notes, note))


def is_measured(values: np.ndarray) -> np.ndarray:
    """Return which values a detector can have given: numbers that are not larger than any scale.

    Examples
    --------
    >>> is_measured(np.array([1.0, np.nan, np.inf, -3e38])).tolist()
    [True, False, False, False]
    """
    return np.asarray(np.abs(values) <= LARGEST_POSSIBLE, np.bool_)  # NaN is not


def _has_huge(values: np.ndarray) -> bool:
    return bool((np.isfinite(values) & ~is_measured(values)).any())


def all_measured(values: np.ndarray) -> bool:
    """Whether all values are measured values; faster than `is_measured`."""
    # minimum and maximum are NaN if any value is
    return not values.size or bool(values.min() >= -LARGEST_POSSIBLE and values.max() <= LARGEST_POSSIBLE)


def _stands_still(values: np.ndarray) -> bool:
    return values.size > 1 and bool(values[0] == values[-1]) and bool(values.min() == values.max())


def _without_gaps(events: Events, file_name: str, times: set[str], names: Sequence[str]) -> Sound:
    suspects = [name for name in names if not all_measured(events.column(name))]
    if not suspects:
        return Sound(events)
    gaps = np.zeros(events.n_events, np.bool_)
    for name in suspects:
        gaps |= ~is_measured(events.column(name))
    n = int(gaps.sum())
    huge = any(_has_huge(events.column(name)) for name in suspects)
    no_number = (
        f"no number, or one above {LARGEST_POSSIBLE:.2g} that no detector gives," if huge else "no number"
    )
    gap_text = f"{n} of {events.n_events} events hold {no_number} on {', '.join(suspects)}"
    if n > MOST_UNREADABLE * events.n_events:
        raise UnsoundError(
            f"{file_name}: {gap_text}, expected numbers; "
            "is the byte order or the data type in the file's header right?"
        )
    values = events.values.copy()
    values[:, gaps] = 0
    for row in (events.channels.index(name) for name in times):
        values[row, gaps] = np.interp(np.flatnonzero(gaps), np.flatnonzero(~gaps), events.values[row, ~gaps])
    sound = Events(values, events.channels, events.scale_tops)
    return Sound(sound, (TubeFlag.VALUES_MISSING,), (f"{gap_text}: these events were left out",))
