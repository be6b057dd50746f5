"""A sample of a tube's events: the same ones in any order of events and channels, on any processor."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gating.events import Events, FloatArray, Mask

SAMPLE_EVENTS = 20_000
"""Events that show where cells lie as well as all of them do."""
LEVELS = 4096
"""Of a detector's scale, by which an event is drawn: a change far below the noise draws the same events."""
FARTHEST = 32_767
"""Levels from zero beyond which all values are alike."""


def sampled(events: Events, n: int) -> Mask:
    """Return which events are among about `n` of them, bool, shape (n_events,)."""
    if events.n_events <= n:
        return np.ones(events.n_events, np.bool_)
    return drawn(zip(events.values, events.scale_tops, strict=True), n)


def drawn(columns: Iterable[tuple[FloatArray, float]], n: int) -> Mask:
    """Return which events are among about `n` of them, drawn by a hash of what they measure.

    Parameters
    ----------
    columns
        (values, top of the scale) of each channel, shape (n_events,).
    """
    key: NDArray[np.uint32] | None = None
    for values, top in columns:
        level = _levels(values, top)
        mixed = level * level
        mixed += level * np.uint32(40_505)
        key = mixed if key is None else np.add(key, mixed, out=key)
    if key is None:
        raise ValueError("events without channels cannot be drawn from")
    key *= np.uint32(2_654_435_761)
    key ^= key >> np.uint32(15)
    key *= np.uint32(2_246_822_519)
    return np.asarray(key < np.uint32(2**32 - 1) * np.float64(n / key.size), np.bool_)


def _levels(values: FloatArray, top: float) -> NDArray[np.uint32]:
    """Return the level of the scale that each value reaches, modulo 2^32; no number is the lowest one."""
    if not np.isfinite(top):
        top = float(np.exp2(np.ceil(np.log2(max(float(np.nanmax(np.abs(values), initial=1.0)), 1.0)))))
    scaled = values * np.float32(LEVELS / top)
    np.rint(scaled, out=scaled)
    np.fmin(np.fmax(scaled, -FARTHEST, out=scaled), FARTHEST, out=scaled)
    return np.asarray(scaled.astype(np.int32).view(np.uint32))
