"""A sample of a tube's events: the same ones in any order of events and channels, on any processor."""

from __future__ import annotations

import numpy as np

from gating.events.events import Events, Mask, Survivors
from gating.events.panel import GatingPanel
from gating.events.tickets import drawn_anew, is_drawn

SAMPLE_EVENTS = 20_000
"""Events that show where cells lie as well as all of them do. Chosen on the simulated tubes of
docs/validation.md."""

DRAWN_BY = ("time", "fsc_area", "fsc_height", "fsc_width", "ssc_area", "ssc_height")
"""Roles of the channels by which events differ. A detector's gain, a matrix or a dye does not change them."""


def drawn_by_scatter(events: Events, panel: GatingPanel) -> Events:
    """Return the same events, whose samples are drawn by time and scatter where there are any."""
    return events.drawing_by(tuple(c.channel for role in DRAWN_BY for c in panel.with_role(role)))


def sampled(events: Events, n: int) -> Mask:
    """Return which events are among about `n` of them, bool, shape (n_events,)."""
    if events.n_events <= n:
        return np.ones(events.n_events, np.bool_)
    return events.drawn(n / events.n_events)


def some_of(cells: Survivors, n: int) -> Survivors:
    """Return about `n` of the cells, the same ones in whatever order events and channels come; all of few."""
    if cells.n_events <= n:
        return cells
    return cells.once(f"{n} of the cells", lambda: _some_of(cells, n))


def _some_of(cells: Survivors, n: int) -> Survivors:
    drawn = cells.select(is_drawn(cells.tickets, n / cells.n_events))
    drawn.keep("tickets", drawn_anew(drawn.tickets))  # theirs are all low: by them no sample can be drawn
    return drawn if drawn.n_events >= n / 2 else cells  # many times the same event
