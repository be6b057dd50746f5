"""Events: a table of float32 columns with channel names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from gating.events.tickets import Tickets, drawn_anew, end_of_scale, is_drawn, tickets_of

FloatArray = NDArray[np.float32]
Mask = NDArray[np.bool_]
Made = TypeVar("Made")
Rows = NDArray[np.intp]
LARGE = 1_000_000
"""Number of events of a large tube, for which memory matters more than time. Convention: a row number takes
eight times the memory of a bool, and new memory is slow in small tubes only."""
MASK_FROM = 16
"""In a large tube, survivors are stored as a bool over all events if at least one event in so many survives;
else as rows. Convention: rows then take at most half of that memory."""
BLOCK = 1 << 17
"""Number of events of a large tube that are processed at once. Convention: any size gives the same values."""


@dataclass(frozen=True, slots=True)
class Events:
    """Events on the linear scale, compensated where that applies.

    Attributes
    ----------
    values
        float32, shape (n_channels, n_events): a row per channel, so that a channel is contiguous.
    channels
        Names ($PnN), one per row of `values`.
    scale_tops
        The largest value each detector can give on the linear scale; `inf` where there is no such end
        (computed channels, FCS files that do not say).
    drawn_by
        Channels whose values decide which events a sample takes; every channel if empty.

    Examples
    --------
    >>> events = Events(np.array([[1, 2, 3], [10, 20, 30]], np.float32), ("FSC-A", "SSC-A"))
    >>> events.column("SSC-A").tolist()
    [10.0, 20.0, 30.0]
    >>> events.select(np.array([True, False, True])).n_events
    2
    """

    values: FloatArray
    channels: tuple[str, ...]
    scale_tops: tuple[float, ...] = ()
    drawn_by: tuple[str, ...] = ()
    _tickets: dict[tuple[str, ...], Tickets] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _ends: dict[int, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[0] != len(self.channels):
            raise ValueError(
                f"values has shape {self.values.shape}, expected ({len(self.channels)}, n_events): "
                "one row per channel"
            )
        if not self.scale_tops:
            object.__setattr__(self, "scale_tops", (float("inf"),) * len(self.channels))

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.values.shape[1])

    @property
    def tickets(self) -> Tickets:
        """Tickets by which events are sampled, uint32, shape (n_events,); kept unless the tube is large."""
        names = self.drawn_by or self.channels
        if names in self._tickets:
            return self._tickets[names]
        tickets = self.tickets_of(slice(None))
        if self.n_events < LARGE:
            self._tickets[names] = tickets
        return tickets

    def tickets_of(self, rows: Rows | slice) -> Tickets:
        """Return the tickets of some events, uint32, same shape as the rows."""
        channels = [self._row(channel) for channel in self.drawn_by or self.channels]
        tops = [self.scale_tops[channel] for channel in channels]
        for channel, top in zip(channels, tops, strict=True):
            if channel not in self._ends:
                self._ends[channel] = end_of_scale(self.values[channel], top)
        columns = [
            self.values[channel, rows] if isinstance(rows, slice) else self.values[channel].take(rows)
            for channel in channels
        ]
        return tickets_of(columns, tops, [self._ends[channel] for channel in channels])

    def drawn(self, share: float) -> Mask:
        """Return which events are in a sample of this share of them, bool, shape (n_events,)."""
        if self.n_events < LARGE:
            return is_drawn(self.tickets, share)
        result = np.empty(self.n_events, np.bool_)
        for start in range(0, self.n_events, BLOCK):
            result[start : start + BLOCK] = is_drawn(self.tickets_of(slice(start, start + BLOCK)), share)
        return result

    def drawing_by(self, channels: tuple[str, ...]) -> Events:
        """Return the same events, drawn by these channels; both objects share their tickets."""
        if channels == self.drawn_by:
            return self
        drawing = replace(self, drawn_by=channels)
        object.__setattr__(drawing, "_tickets", self._tickets)
        object.__setattr__(drawing, "_ends", self._ends)
        return drawing

    def column(self, channel: str) -> FloatArray:
        """Return one channel, shape (n_events,). Raises KeyError naming the channels there are."""
        column: FloatArray = self.values[self._row(channel)]
        return column

    def scale_top(self, channel: str) -> float:
        """Return the largest value the channel's detector can give."""
        return self.scale_tops[self._row(channel)]

    def select(self, mask: Mask) -> Events:
        """Return the events where `mask` (shape (n_events,)) is true."""
        return Events(self.values[:, mask], self.channels, self.scale_tops, self.drawn_by)

    def in_blocks(self) -> Iterator[Survivors]:
        """Yield the events, some at a time, in their order."""
        return Survivors.everyone(self).in_blocks()

    def first(self, n: int) -> Events:
        """Return the same events with the first channels alone; no value is copied."""
        return Events(self.values[:n], self.channels[:n], self.scale_tops[:n])

    def only(self, channels: Sequence[str]) -> Events:
        """Return the same events with these channels, in this order."""
        rows = [self._row(channel) for channel in channels]
        return Events(self.values[rows], tuple(channels), tuple(self.scale_tops[row] for row in rows))

    def _row(self, channel: str) -> int:
        try:
            return self.channels.index(channel)
        except ValueError:
            raise KeyError(f"no channel {channel!r}; there are {', '.join(self.channels)}") from None


@dataclass(frozen=True, slots=True)
class Survivors:
    """The events that passed the gates so far; a channel is copied only when it is read.

    Attributes
    ----------
    events
        All events.
    which
        Rows of the survivors, ascending, shape (n_survivors,); or, of a large tube, bool over all events.
    """

    events: Events
    which: Rows | Mask
    _columns: dict[str, FloatArray] = field(default_factory=dict, init=False, repr=False, compare=False)
    _results: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def everyone(cls, events: Events) -> Survivors:
        """Return all events as survivors."""
        return cls.of(events, np.ones(events.n_events, np.bool_))

    @classmethod
    def of(cls, events: Events, mask: Mask) -> Survivors:
        """Return the events in `mask`, a bool over all events, which nobody may change afterwards."""
        if events.n_events < LARGE or np.count_nonzero(mask) * MASK_FROM < events.n_events:
            return cls(events, np.flatnonzero(mask))
        return cls(events, mask)

    @property
    def index(self) -> Rows:
        """Rows of the survivors, ascending, shape (n_events,)."""
        return np.flatnonzero(self.which) if self._mask is not None else cast("Rows", self.which)

    @property
    def n_events(self) -> int:
        """Number of survivors."""
        if self._mask is not None:
            return self.once("number", lambda: int(np.count_nonzero(self.which)))
        return int(self.which.size)

    def column(self, channel: str) -> FloatArray:
        """Return one channel of the survivors, shape (n_events,); taken from all events once."""
        if channel not in self._columns:
            column = self.events.column(channel)
            self._columns[channel] = column if self.n_events == column.size else self._taken(column)
        return self._columns[channel]

    @property
    def tickets(self) -> Tickets:
        """Tickets by which survivors are sampled, uint32, shape (n_events,); not those of `events`."""
        return self.once("tickets", lambda: drawn_anew(self._tickets()))

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """Return the result of `make`; it is computed once per name and kept."""
        if name not in self._results:
            self._results[name] = make()
        computed: Made = self._results[name]
        return computed

    def keep(self, name: str, computed: object) -> None:
        """Keep under this name a result that was computed elsewhere from these events."""
        self._results[name] = computed

    def kept_result(self, name: str) -> Any:
        """Return the result that is kept under this name, or None."""
        return self._results.get(name)

    def select(self, mask: Mask) -> Survivors:
        """Return the survivors where `mask` (shape (n_events,)) is true."""
        if self._mask is None:
            return Survivors(self.events, self.which.compress(mask))  # four times as fast as which[mask]
        left = self._mask.copy()
        left[left] = mask
        return Survivors.of(self.events, left)

    def among(self, mask: Mask) -> Survivors:
        """Return the survivors that are in `mask`, a bool over all events."""
        if self._mask is not None:
            return Survivors.of(self.events, self._mask & mask)
        return self.select(mask.take(self.which))

    def mask(self) -> Mask:
        """Return the survivors as bool over all events, the caller's own."""
        if self._mask is not None:
            return self._mask.copy()
        result = np.zeros(self.events.n_events, np.bool_)
        result[self.which] = True
        return result

    def in_blocks(self) -> Iterator[Survivors]:
        """Yield the survivors, some at a time, in their order."""
        for start in range(0, self.which.size, BLOCK):
            rows = self.which[start : start + BLOCK]
            yield Survivors(self.events, rows if self._mask is None else np.flatnonzero(rows) + start)

    @property
    def _mask(self) -> Mask | None:
        return cast("Mask", self.which) if self.which.dtype == np.bool_ else None

    def _taken(self, column: FloatArray) -> FloatArray:
        if self._mask is None:
            return column.take(self.which)
        taken, end = np.empty(self.n_events, column.dtype), 0
        for block in self.in_blocks():
            begin, end = end, end + block.n_events
            taken[begin:end] = column.take(block.which)
        return taken

    def _tickets(self) -> Tickets:
        if self.events.n_events < LARGE:
            return self.events.tickets.take(self.index)
        return self.events.tickets_of(self.index)
