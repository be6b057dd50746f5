"""Events: a table of float32 columns with channel names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gating.events.tickets import Tickets, drawn_anew, tickets_of

FloatArray = NDArray[np.float32]
Mask = NDArray[np.bool_]
Made = TypeVar("Made")


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
        Channels whose values say which events a sample takes; every channel where empty.

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
        """By which events are drawn, uint32, shape (n_events,); made once."""
        names = self.drawn_by or self.channels
        if names not in self._tickets:
            rows = [self._row(channel) for channel in names]
            self._tickets[names] = tickets_of(
                [self.values[row] for row in rows], [self.scale_tops[row] for row in rows]
            )
        return self._tickets[names]

    def drawing_by(self, channels: tuple[str, ...]) -> Events:
        """Return the same events, drawn by these channels; tickets that one of both makes, both have."""
        if channels == self.drawn_by:
            return self
        drawing = replace(self, drawn_by=channels)
        object.__setattr__(drawing, "_tickets", self._tickets)
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
    """The events that passed so far, without copying the channels nobody asks for.

    Attributes
    ----------
    events
        All events.
    index
        intp, shape (n_events,): rows of the survivors, ascending.
    """

    events: Events
    index: NDArray[np.intp]
    _columns: dict[str, FloatArray] = field(default_factory=dict, init=False, repr=False, compare=False)
    _made: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def everyone(cls, events: Events) -> Survivors:
        """Return all events as survivors."""
        return cls(events, np.arange(events.n_events))

    @property
    def n_events(self) -> int:
        """Number of survivors."""
        return int(self.index.size)

    def column(self, channel: str) -> FloatArray:
        """Return one channel of the survivors, shape (n_events,); taken from all events once."""
        if channel not in self._columns:
            column = self.events.column(channel)
            self._columns[channel] = column if self.index.size == column.size else column.take(self.index)
        return self._columns[channel]

    @property
    def tickets(self) -> Tickets:
        """By which survivors are drawn, uint32, shape (n_events,): not those of a sample of all events."""
        return self.once("tickets", lambda: drawn_anew(self.events.tickets.take(self.index)))

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """Return what `make` gives of these events; it is made the first time that this name is asked for."""
        if name not in self._made:
            self._made[name] = make()
        made: Made = self._made[name]
        return made

    def keep(self, name: str, made: object) -> None:
        """Keep under this name what has been made of these events elsewhere."""
        self._made[name] = made

    def made(self, name: str) -> Any:
        """Return what was made under this name; None where nothing was."""
        return self._made.get(name)

    def select(self, mask: Mask) -> Survivors:
        """Return the survivors where `mask` (shape (n_events,)) is true."""
        return Survivors(self.events, self.index.compress(mask))  # four times as fast as index[mask]

    def among(self, mask: Mask) -> Survivors:
        """Return the survivors that are in `mask`, a bool over all events."""
        return self.select(mask.take(self.index))

    def mask(self) -> Mask:
        """Return the survivors as bool over all events."""
        result = np.zeros(self.events.n_events, np.bool_)
        result[self.index] = True
        return result
