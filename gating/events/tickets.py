"""A ticket for each event: a number, computed from its measured values alone, by which events are sampled.

So the same events are drawn in any order of events and channels, on any processor, and whatever the last
digits of the values are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Tickets = NDArray[np.uint32]
Values = NDArray[np.float32]
TIME_LEVELS, BESIDE_TIME, LEVELS = 4096, 64, 256
"""Steps in which values are distinguished: of an acquisition's time; of a detector's scale beside it; of a
detector's scale where there is no time. A change far below the noise changes hardly any ticket. Convention:
steps far above rounding and far below the noise."""
FARTHEST = 32_767
"""Steps from zero beyond which all values are alike. Convention: the largest whole number of 16 bits with a
sign."""


def tickets_of(
    columns: Sequence[Values], scale_tops: Sequence[float], ends: Sequence[float] | None = None
) -> Tickets:
    """Return a ticket for each event, each number as likely as any other.

    Parameters
    ----------
    columns
        A float32 column per channel, shape (n_events,) each; at least one.
    scale_tops
        The largest value of each channel; inf where there is none, as for time.
    ends
        What `end_of_scale` gives of each channel of all events, where these are some of them.

    Returns
    -------
    numpy.ndarray
        uint32, shape (n_events,).
    """
    levels = LEVELS if np.isfinite(scale_tops).all() else BESIDE_TIME
    key = np.zeros(columns[0].size, np.uint32)
    ends = ends or [end_of_scale(*channel) for channel in zip(columns, scale_tops, strict=True)]
    for channel, top, end in zip(columns, scale_tops, ends, strict=True):
        level = _levels(channel, end, levels if np.isfinite(top) else TIME_LEVELS)
        key += level * level
        level *= np.uint32(40_505)
        key += level
    key *= np.uint32(2_654_435_761)
    key ^= key >> np.uint32(15)
    key *= np.uint32(2_246_822_519)
    return key


def end_of_scale(values: Values, top: float) -> float:
    """Return the largest value of a channel, or the power of two above all its values where it has none."""
    if np.isfinite(top):
        return top
    farthest = max(float(np.nanmax(values, initial=1.0)), -float(np.nanmin(values, initial=-1.0)))
    return float(np.exp2(np.ceil(np.log2(farthest))))


def drawn_anew(tickets: Tickets) -> Tickets:
    """Return new tickets that are independent of the first ones."""
    key = tickets ^ (tickets >> np.uint32(16))
    key *= np.uint32(2_146_121_005)
    key ^= key >> np.uint32(15)
    key *= np.uint32(2_221_713_035)
    return np.asarray(key ^ (key >> np.uint32(16)), np.uint32)


def is_drawn(tickets: Tickets, share: float) -> NDArray[np.bool_]:
    """Return which events are drawn, where this share of them is wanted."""
    return np.asarray(tickets < 2.0**32 * share, np.bool_)


def one_of_each(tickets: Tickets, begins: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the event with the lowest ticket of each stretch of the ordered events; at a tie the first.

    An event that changes its place in the order by one hardly ever changes the choice.

    Parameters
    ----------
    tickets
        Of the events in their order, shape (n_events,).
    begins
        Where the stretches begin, ascending, shape (n_stretches,).
    """
    if not begins.size:
        return begins
    keys = (tickets.astype(np.uint64) << np.uint64(32)) | np.arange(tickets.size, dtype=np.uint64)
    return (np.minimum.reduceat(keys, begins) & np.uint64(0xFFFFFFFF)).astype(np.intp)


def thinned(tickets: Tickets, first: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return which of the ordered events to look at: the first ones all, then ever fewer.

    Parameters
    ----------
    tickets
        Of the events in their order, shape (n_events,).
    first
        Events to take all of; of those at n times that rank one in n is taken.

    Returns
    -------
    tuple
        Ranks, ascending, and how many events each of them stands for, same shape.
    """
    steps = np.arange(first * (1 + np.log(max(tickets.size / first, 1.0))) + 1)
    ranks = np.where(steps < first, steps, first * np.exp((steps - first) / first)).astype(np.intp)
    begins = np.unique(ranks[ranks < tickets.size])
    return one_of_each(tickets, begins), np.maximum(1.0, begins / first)


def drawn_by_rank(tickets: Tickets, first: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return which of the ordered events to look at as `thinned` does, each by its own ticket and rank alone.

    How many are drawn varies a little; but an event that changes its rank hardly ever comes or goes.

    Parameters
    ----------
    tickets
        Of the events in their order, shape (n_events,).
    first
        Events to take all of; those at n times that rank are each taken with a chance of one in n.

    Returns
    -------
    tuple
        Ranks, ascending, and how many events each of them stands for, same shape.
    """
    stands_for = np.maximum(1.0, (np.arange(tickets.size) + 0.5) / first)
    picked = np.flatnonzero(tickets * stands_for < 2.0**32)
    return picked, stands_for[picked]


def _levels(values: Values, end: float, levels: int) -> Tickets:
    """Return the step of the scale that each value reaches, modulo 2^32; no number is the lowest one."""
    scaled = values * np.float32(levels / end)
    np.rint(scaled, out=scaled)
    np.fmin(np.fmax(scaled, -FARTHEST, out=scaled), FARTHEST, out=scaled)
    return np.asarray(scaled.astype(np.int32).view(np.uint32))
