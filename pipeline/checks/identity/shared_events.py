"""Events that two files share: a gated export, a part or a re-sorted copy is the same recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import AT_SCALE_END
from gating.events.panel import Role
from pipeline.fcs import FcsError, FcsFile
from pipeline.tube.names.markers import scatter_role

SEARCHED_AT_ONCE = 300_000
"""Events of a file that are read at once and searched for those of another: all events, in such pieces, and a
multiple of 8, so that each piece begins with a byte. Convention: most tubes have fewer; 100,000 take 5 to 8
ms."""

KEPT_EVENTS = 1_024
"""Events of a file that are kept for the comparison: those of the lowest hash, so that two files keep the
same ones (Broder 1997, doi:10.1109/SEQUEN.1997.666900). Convention: a part of 2 % then shares about 20."""

FEWEST_SHARED = 10
"""Fewest events that two files must share. Convention: single events may agree by chance."""

SHARE_OF_PART = 0.2
"""Share of the smaller file's kept events that the other file has, from which they are one recording.
Convention: two exports of different gates share fewer than all."""

MOST_ALIKE_PAIRS = 0.05
"""Share of a file's events whose scatter another of its events has, above which nothing is concluded.
Convention: coarse integers agree by chance."""

COARSE_TOP: Final = 4096.0
"""Scatter that is whole numbers below it is coarse: events are then compared on a channel of light too.
Convention: instruments with 10 and 12 bits."""

_FACTORS, _SHIFT = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)), np.uint64(31)
"""Factors and shift of the hash: those of SplitMix64, doi:10.1145/2660193.2660195."""
Marks = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class KeptEvents:
    """The kept events of a file: the lowest hashes of their forward and side scatter, sorted.

    Scatter is neither compensated nor renamed, so an export keeps its values.
    """

    marks: Marks
    is_whole: bool
    share_alike: float = 0.0
    """Share of these events whose values another event of the file has as well."""


NOTHING_KEPT = KeptEvents(np.zeros(0, np.uint64), is_whole=False)
"""Of a file without scatter. Arithmetic: no events."""


def kept_events(file: FcsFile) -> KeptEvents:
    """Return the kept events of a file; none if it has no scatter, or if many events are alike."""
    pair = scatter_pair(file)
    if len(pair) < 2:
        return NOTHING_KEPT
    hashes = NOTHING_KEPT.marks
    lights: list[str] | None = None
    for begin in range(0, file.n_events, SEARCHED_AT_ONCE):
        values = some_events(file, begin, SEARCHED_AT_ONCE, pair)
        if values is None:
            break
        if lights is None:
            lights = lights_of(file)[:1] if _is_coarse(values) else []
        light = some_events(file, begin, SEARCHED_AT_ONCE, lights) if lights else None
        values = values if light is None else np.concatenate([values, light])
        hashes = lowest_hashes(hashes, on_scale(file, pair, values))
    different = hashes[np.diff(hashes, prepend=np.uint64(0)) > 0]
    share_alike = share_repeated(hashes)
    if different.size < FEWEST_SHARED or share_alike > MOST_ALIKE_PAIRS:
        return replace(NOTHING_KEPT, share_alike=share_alike)
    return KeptEvents(different[:KEPT_EVENTS], different.size <= KEPT_EVENTS, share_alike)


def scatter_pair(file: FcsFile) -> tuple[str, ...]:
    """Return the names of forward and side scatter, by area, or by height if there is no area."""
    roles = {scatter_role(name): name for name in reversed(file.channels)}
    sides = ((Role.FSC_AREA, Role.FSC_HEIGHT), (Role.SSC_AREA, Role.SSC_HEIGHT))
    names = [roles.get(area) or roles.get(height) for area, height in sides]
    return tuple(name for name in names if name)


def on_scale(file: FcsFile, pair: Sequence[str], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the events whose scatter is within the scale.

    The data's own end counts as well: events pile up there, and the header may claim a longer scale.
    """
    scatter = values[:2]
    ends = np.fmin([AT_SCALE_END * file.scale_top(name) for name in pair], np.fmax.reduce(scatter, axis=1))
    on_scale = (np.isfinite(scatter) & (scatter > 0) & (scatter < ends[:, None])).all(axis=0)
    return np.compress(on_scale, values, axis=1)


def _is_coarse(values: NDArray[np.float32]) -> bool:
    """Whether scatter is whole numbers on a short scale, so that many events have the same pair of values."""
    return bool(np.fmax.reduce(values, axis=None) < COARSE_TOP and np.array_equal(values, np.rint(values)))


def lights_of(file: FcsFile) -> list[str]:
    """Return the channels that are neither scatter nor time, in the order of their names."""
    return sorted(name for name in file.channels if scatter_role(name) is None)


def some_events(file: FcsFile, begin: int, most: int, channels: Sequence[str]) -> NDArray[np.float32] | None:
    """Return events of a file, shape (n_channels, n_events); None if they cannot be read.

    Parameters
    ----------
    begin
        Number of the first event, a multiple of 8.
    most
        Most events.
    """
    layout = file.data.layout
    if layout.is_text:
        return None
    n = min(file.n_events - begin, most)
    data = replace(
        file.data, begin=file.data.begin + layout.n_bytes(begin), n_events=n, n_bytes=layout.n_bytes(n)
    )
    try:
        return replace(file, n_events=n, data=data).events(channels)
    except (FcsError, OSError):
        return None


def files_that_share_events(kept: Mapping[str, KeptEvents]) -> list[tuple[str, str]]:
    """Return pairs of files, the earlier one first, in which one is the other or a part of it."""
    names = [name for name in kept if kept[name].marks.size]
    if not names:
        return []
    marks = np.concatenate([kept[name].marks for name in names])
    owners = np.repeat(np.arange(len(names)), [kept[name].marks.size for name in names])
    is_shared = _occur_twice(marks)
    if not is_shared.any():
        return []
    marks, owners = marks[is_shared], owners[is_shared]
    order = np.argsort(marks, kind="stable")
    marks, owners = marks[order], owners[order]
    shared: Counter[tuple[int, int]] = Counter()
    bounds = np.flatnonzero(np.r_[True, marks[1:] != marks[:-1], True])
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        first, *others = owners[begin:end].tolist()
        shared.update((first, other) for other in others)
    return [
        (names[a], names[b])
        for (a, b), n in sorted(shared.items())
        if n >= max(FEWEST_SHARED, SHARE_OF_PART * _comparable(kept[names[a]], kept[names[b]]))
    ]


def _occur_twice(marks: Marks) -> NDArray[np.bool_]:
    """Return for each mark whether it occurs more than once: of thousands of files hardly any does."""
    ordered = np.sort(marks)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if not repeated.size:
        return np.zeros(marks.size, np.bool_)
    nearest = np.minimum(np.searchsorted(repeated, marks), repeated.size - 1)
    return np.asarray(repeated[nearest] == marks, np.bool_)


def _comparable(first: KeptEvents, second: KeptEvents) -> int:
    """Return the number of kept events of the smaller file below the hash up to which both files kept all."""
    tops = [kept.marks[-1] for kept in (first, second) if not kept.is_whole]
    if not tops:
        return min(first.marks.size, second.marks.size)
    below = (int(np.searchsorted(kept.marks, min(tops), side="right")) for kept in (first, second))
    return min(below)


def lowest_hashes(hashes: Marks, values: NDArray[np.float32]) -> Marks:
    """Return the lowest of these hashes and those of more events, sorted: a random sample of the events.

    There are twice as many as are kept. `values` (n, n_events): forward and side scatter, and any lights.
    """
    hashes = np.concatenate([hashes, _hashes(values)])
    if hashes.size > 2 * KEPT_EVENTS:
        hashes = np.partition(hashes, 2 * KEPT_EVENTS)[: 2 * KEPT_EVENTS]
    return np.sort(hashes)


def share_repeated(hashes: Marks) -> float:
    """Return the share of the hashes that equal another one; 0 for so few that it says nothing."""
    return 1 - np.unique(hashes).size / hashes.size if hashes.size >= FEWEST_SHARED else 0.0


def _hashes(values: NDArray[np.float32]) -> Marks:
    """Return a hash of each event's values, uint64, shape (n_events,)."""
    forward, side, *lights = (row.view(np.uint32).astype(np.uint64) for row in values)
    with np.errstate(over="ignore"):
        mixed = _mixed((forward * _FACTORS[0]) ^ (side * _FACTORS[1]))
        for light in lights:
            mixed = _mixed(mixed ^ (light * _FACTORS[0]))
    return np.asarray(mixed, np.uint64)


def _mixed(bits: Marks) -> Marks:
    product = (bits ^ (bits >> _SHIFT)) * _FACTORS[1]
    return np.asarray(product ^ (product >> _SHIFT), np.uint64)
