"""A ticket for each event: a number, computed from its measured values alone, by which events are sampled.

The same events are therefore sampled in any order of events and channels and on any processor, and the last
digits of the values do not matter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.numbers import CHANCES

Tickets = NDArray[np.uint32]
TicketValues = NDArray[np.float32]
TIME_LEVELS, BESIDE_TIME, LEVELS = 4096, 64, 256
"""Number of steps that distinguish values: of the acquisition time; of a detector's scale if time is used
too; of a detector's scale without time. A change far below the noise changes hardly any ticket. Convention:
steps far above rounding and far below the noise."""
FARTHEST_LEVEL = 32_767
"""Largest number of steps from zero; values farther away are set to it. Convention: the largest whole number
of 16 bits with a sign."""
LEVEL_FACTOR = np.uint32(40_505)
"""Factor of a level beside its square, by which equal levels of different sign get different tickets.
Convention: any odd number does; this one is close to 2^16 over the golden ratio, so that near levels get
tickets far apart."""
GOLDEN, PRIME = np.uint32(2_654_435_761), np.uint32(2_246_822_519)
"""Factors that mix the bits of the sum of all levels. Convention: the first two primes of the hash function
xxHash32, which have bits of all weights; the first is close to 2^32 over the golden ratio."""
FIRST_FACTOR, SECOND_FACTOR = np.uint32(2_146_121_005), np.uint32(2_221_713_035)
"""Factors by which a ticket becomes an independent one, with shifts by 16, 15 and 16 bits. Convention: the
hash function lowbias32 (C. Wellons, Prospecting for Hash Functions, 2018), which was searched for least
bias."""


def tickets_of(
    columns: Sequence[TicketValues], scale_tops: Sequence[float], ends: Sequence[float] | None = None
) -> Tickets:
    """Return a ticket for each event; all numbers are equally likely.

    Parameters
    ----------
    columns
        A float32 column per channel, shape (n_events,) each; at least one.
    scale_tops
        The largest value of each channel; inf where there is none, as for time.
    ends
        Result of `end_of_scale` for each channel of all events, if these events are a part of them.

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
        level *= LEVEL_FACTOR
        key += level
    key *= GOLDEN
    key ^= key >> np.uint32(15)
    key *= PRIME
    return key


def end_of_scale(values: TicketValues, top: float) -> float:
    """Return the largest value of a channel's scale, or without one the power of two above all its values."""
    if np.isfinite(top):
        return top
    farthest = max(float(np.nanmax(values, initial=1.0)), -float(np.nanmin(values, initial=-1.0)))
    return float(np.exp2(np.ceil(np.log2(farthest))))


def drawn_anew(tickets: Tickets) -> Tickets:
    """Return new tickets that are independent of the first ones."""
    key = tickets ^ (tickets >> np.uint32(16))
    key *= FIRST_FACTOR
    key ^= key >> np.uint32(15)
    key *= SECOND_FACTOR
    return np.asarray(key ^ (key >> np.uint32(16)), np.uint32)


def is_drawn(tickets: Tickets, share: float) -> NDArray[np.bool_]:
    """Return which events are in a sample of this share of them."""
    return np.asarray(tickets < CHANCES * share, np.bool_)


def one_of_each(tickets: Tickets, begins: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the event with the lowest ticket in each stretch of the ordered events; at a tie the first.

    A shift of one event by one rank hardly ever changes the choice.

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
    """Return a sample of the ordered events: all of the first ones, then ever fewer.

    Parameters
    ----------
    tickets
        Of the events in their order, shape (n_events,).
    first
        Number of events that are all taken; at n times that rank, one event in n is taken.

    Returns
    -------
    tuple
        Ranks, ascending, and how many events each of them represents, same shape.
    """
    steps = np.arange(first * (1 + np.log(max(tickets.size / first, 1.0))) + 1)
    ranks = np.where(steps < first, steps, first * np.exp((steps - first) / first)).astype(np.intp)
    begins = np.unique(ranks[ranks < tickets.size])
    return one_of_each(tickets, begins), np.maximum(1.0, begins / first)


def drawn_by_rank(tickets: Tickets, first: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return a sample as `thinned` does, but each event is chosen by its own ticket and rank alone.

    The number of sampled events varies slightly, but a change of an event's rank hardly ever changes the
    choice.

    Parameters
    ----------
    tickets
        Of the events in their order, shape (n_events,).
    first
        Number of events that are all taken; at n times that rank, each event is taken with a probability of
        one in n.

    Returns
    -------
    tuple
        Ranks, ascending, and how many events each of them represents, same shape.
    """
    stands_for = np.maximum(1.0, (np.arange(tickets.size) + 0.5) / first)
    picked = np.flatnonzero(tickets * stands_for < CHANCES)
    return picked, stands_for[picked]


def _levels(values: TicketValues, end: float, levels: int) -> Tickets:
    """Return the step of the scale that each value reaches, modulo 2^32; NaN gives the lowest step."""
    scaled = values * np.float32(levels / end)
    np.rint(scaled, out=scaled)
    np.fmin(np.fmax(scaled, -FARTHEST_LEVEL, out=scaled), FARTHEST_LEVEL, out=scaled)
    return np.asarray(scaled.astype(np.int32).view(np.uint32))
