"""Times of several works, measured in turn on one machine: a slow moment meets them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one work, the least disturbed of its rounds: of this thread's processor, and of the clock."""

    cpu: float
    wall: float


def rounds_of(works: Sequence[Work], rounds: int) -> list[list[Spent]]:
    """Return for each round what each work took; one round before them warms up and does not count."""
    if rounds > 1:
        for work in works:
            work()
    return [[once(work) for work in works] for _ in range(rounds)]


def in_turn(*works: Work, rounds: int) -> list[Spent]:
    """Return of each work the least time of all rounds."""
    taken = rounds_of(works, rounds)
    return [
        Spent(min(each.cpu for each in spent), min(each.wall for each in spent))
        for spent in zip(*taken, strict=True)
    ]


def ratio_of_least(work: Work, reference: Work, rounds: int) -> float:
    """Return the least processor time of a work, as a ratio to the least of a reference.

    Both take turns, so that other programs on the machine slow both down; and each has a round in which it
    is hardly disturbed. (The least of the ratios of single rounds would be one in which the reference was.)
    """
    mine, theirs = in_turn(work, reference, rounds=rounds)
    return mine.cpu / theirs.cpu


def once(work: Work) -> Spent:
    """Return what one call takes."""
    wall, cpu = time.perf_counter(), time.thread_time()
    work()
    return Spent(time.thread_time() - cpu, time.perf_counter() - wall)
