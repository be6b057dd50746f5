"""A sample of a tube's events: the same ones in any order of events and channels, on any processor."""

from __future__ import annotations

import numpy as np

from gating.events.events import Events, Mask, Survivors
from gating.events.panel import SCATTER_ROLES, GatingPanel, Role
from gating.events.tickets import drawn_anew, is_drawn

SAMPLE_EVENTS = 20_000
"""Number of events that suffice to show where cells lie. Chosen on the simulated tubes of
docs/validation.md."""

DRAWN_BY = (Role.TIME, *SCATTER_ROLES)
"""Roles of the channels from which tickets are computed. They do not depend on a fluorescence detector's
gain, a matrix or a dye."""


def drawn_by_scatter(events: Events, panel: GatingPanel) -> Events:
    """Return the same events; their samples are drawn by time and scatter if there are such channels."""
    return events.drawing_by(tuple(c.channel for role in DRAWN_BY for c in panel.with_role(role)))


def sampled(events: Events, n: int) -> Mask:
    """Return which events are in a sample of about `n` of them, bool, shape (n_events,)."""
    if events.n_events <= n:
        return np.ones(events.n_events, np.bool_)
    return events.drawn(n / events.n_events)


def some_of(cells: Survivors, n: int) -> Survivors:
    """Return about `n` of the cells, the same in any order of events and channels; all if there are few."""
    if cells.n_events <= n:
        return cells
    return cells.once(f"{n} of the cells", lambda: _some_of(cells, n))


def _some_of(cells: Survivors, n: int) -> Survivors:
    drawn = cells.select(is_drawn(cells.tickets, n / cells.n_events))
    drawn.keep("tickets", drawn_anew(drawn.tickets))  # their old tickets are all low
    return drawn if drawn.n_events >= n / 2 else cells  # many equal events
