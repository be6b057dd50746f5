"""One data set of an FCS file: its keywords are read at once, its events when they are needed."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from gating.events.compensation import SpilloverMatrix
from pipeline.fcs.acquisition import Acquired, Acquisition, Detector, date_repairs, parse_acquisition
from pipeline.fcs.errors import MOST_CHANNELS_NAMED, SIMILAR, ChannelError, shown
from pipeline.fcs.layout.claims import Claims, DataSegment
from pipeline.fcs.layout.data_sets import data_set_behind, read_data_set
from pipeline.fcs.layout.mode import check_mode
from pipeline.fcs.layout.offsets import find_data
from pipeline.fcs.paths import open_fcs, split_data_set
from pipeline.fcs.repairs import Repair, in_log
from pipeline.fcs.spillover import parse_spillover
from pipeline.fcs.text.parameters import Parameter, parse_parameters
from pipeline.fcs.values.blocks import FileOrBytes, Values, is_table, read_table
from pipeline.fcs.values.data import decode_linear, decode_raw, is_float32
from pipeline.fcs.values.evidence import better_reading
from pipeline.fcs.values.high_bits import without_masks
from pipeline.fcs.values.plausible import PEEKED_BYTES, check_bytes
from pipeline.files.content import AnyContent

_OF_TEXT = ("acquisition", "_spillover")
"""Facts from TEXT that are computed when they are first needed; no channel is decoded for them."""


@dataclass(frozen=True, eq=False, repr=False)
class FcsFile:
    """One data set of an FCS file.

    Attributes
    ----------
    path, data_set, n_data_sets
        The file, the number of the data set (from 1), and how many data sets the file has.
    start
        The first byte of the data set in the file.
    version
        `2.0`, `3.0`, `3.1` or `3.2`.
    n_events
        Number of events.
    channels, markers
        $PnN (made unique) and $PnS ("" for none), of every channel in the file.
    decoded
        The requested channels: `column` decodes them together when it is first called.
    keywords
        TEXT, keys in upper case, values as they are written.
    parameters
        Every channel's width, range, amplification and gain.
    content
        The bytes of the file, if it was read from bytes; None: events are read from the file when needed.
    """

    path: Path
    data_set: int
    n_data_sets: int
    start: int
    version: str
    n_events: int
    channels: tuple[str, ...]
    markers: tuple[str, ...]
    decoded: tuple[str, ...]
    keywords: Mapping[str, str]
    parameters: tuple[Parameter, ...]
    data: DataSegment
    reading_repairs: tuple[Repair, ...]
    content: AnyContent | None = None

    def __repr__(self) -> str:
        """Describe the file without its keywords, since they may identify the patient."""
        size = f"{self.n_events:,} events × {len(self.channels)} channels"
        return f"FcsFile({self.path.name!r}, FCS {self.version}, {size}, {len(self.repairs)} repairs)"

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """Wrong statements of the file and the values used in their place; empty for a sound file."""
        return self.reading_repairs + self._spillover[1] + date_repairs(self.keywords)

    @property
    def spillover(self) -> SpilloverMatrix | None:
        """The spillover matrix of the file; None if it has no usable one."""
        return self._spillover[0]

    @cached_property
    def acquisition(self) -> Acquisition:
        """Instrument, serial, date, time and settings of the acquisition."""
        return parse_acquisition(self.keywords)

    def column(self, name: str) -> NDArray[np.floating]:
        """Return a channel on the linear scale, shape (n_events,).

        $PnE and $PnG are applied, and $TIMESTEP to time (seconds). The type is float32 if that holds every
        value exactly, else float64. The array is read-only: the channels requested from `read_fcs` are
        decoded once and kept. All channels of a float file are kept in the order of the file, so that a
        column has strides.

        Raises
        ------
        ChannelError
            The file lacks the channel; the message names the most similar one.
        """
        row = self._row(name)
        if name not in self._columns:
            decoded = self.decoded if name in self.decoded else (name,)
            self._decode_columns([self.channels.index(channel) for channel in decoded])
        return self._columns[self.channels[row]]

    def decoding(self, channels: Sequence[str]) -> FcsFile:
        """Return the same file with these channels to decode. Raises ChannelError as `column` does."""
        names = _as_names(channels)
        for name in names:
            self._row(name)
        return self._with_text_of(replace(self, decoded=names))

    def without_bytes(self) -> FcsFile:
        """Return the same file without its bytes: its events are then read from the disk."""
        return self._with_text_of(replace(self, content=None))

    def _with_text_of(self, copy: FcsFile) -> FcsFile:
        vars(copy).update({name: vars(self)[name] for name in _OF_TEXT if name in vars(self)})
        return copy

    def raw(self, name: str) -> Values:
        """Return a channel as stored, shape (n_events,): integers masked by $PnR, floats as they are."""
        return decode_raw(self._bytes, self.data, self._row(name))

    def events(self, channels: Sequence[str] | None = None) -> NDArray[np.float32]:
        """Return channels on the linear scale, float32, shape (n_channels, n_events), a contiguous row each.

        Parameters
        ----------
        channels
            Names ($PnN) in the order of the rows; None for the channels requested from `read_fcs`. Only these
            are decoded, again at each call, so the caller may change the result.

        Raises
        ------
        ChannelError
            The file lacks a name.
        """
        rows = [self._row(name) for name in (self.decoded if channels is None else _as_names(channels))]
        return decode_linear(self._bytes, self.data, self.parameters, rows, np.float32)

    def scale_top(self, name: str) -> float:
        """Return the largest linear value of the detector; `inf` if it has none, and for time."""
        return self.parameters[self._row(name)].scale_top

    def detector(self, name: str) -> Detector:
        """Return voltage, gain and amplification of a channel."""
        parameter = self.parameters[self._row(name)]
        return Detector(parameter.voltage, parameter.gain, (parameter.decades, parameter.log_zero))

    @cached_property
    def _spillover(self) -> tuple[SpilloverMatrix | None, tuple[Repair, ...]]:
        return parse_spillover(self.keywords, self.parameters)

    @property
    def _bytes(self) -> FileOrBytes:
        return self.path if self.content is None else self.content

    @cached_property
    def _columns(self) -> dict[str, NDArray[np.floating]]:
        return {}

    def _decode_columns(self, rows: Sequence[int]) -> None:
        if is_table(self.data.layout, rows) and all(parameter.is_plain for parameter in self.parameters):
            table = read_table(self._bytes, self.data)
            table.flags.writeable = False
            self._columns.update(zip(self.channels, table.T, strict=True))
            return
        for dtype, exact in ((np.float32, True), (np.float64, False)):
            chosen = [
                row for row in rows if is_float32(self.parameters[row], self.data.layout.fields[row]) is exact
            ]
            decoded = decode_linear(self._bytes, self.data, self.parameters, chosen, dtype)
            decoded.flags.writeable = False
            self._columns.update(
                (self.channels[row], values) for row, values in zip(chosen, decoded, strict=True)
            )

    def _row(self, name: str) -> int:
        try:
            return self.channels.index(name)
        except ValueError:
            raise ChannelError(_no_such_channel(name, self)) from None


def _no_such_channel(name: str, file: FcsFile) -> str:
    """Suggest a channel: the one with this marker, or the one with the most similar name."""
    by_marker = [
        channel for channel, marker in zip(file.channels, file.markers, strict=True) if marker == name
    ]
    near = by_marker or difflib.get_close_matches(str(name), file.channels, n=1, cutoff=SIMILAR)
    hint = (
        f"did you mean {near[0]}?" if near else f"there are {', '.join(file.channels[:MOST_CHANNELS_NAMED])}"
    )
    hint += "…" if len(file.channels) > MOST_CHANNELS_NAMED and not near else ""
    return f"{file.path.name} has no channel {shown(name, 80)}; {hint}"


def read_fcs(
    path: str | Path,
    *,
    channels: Sequence[str] | None = None,
    data_set: int = 1,
    allow_truncated: bool = False,
    content: AnyContent | None = None,
) -> FcsFile:
    """Read an FCS file: 2.0, 3.0, 3.1 or 3.2; integers of 1–64 bits, float, double or ASCII; any byte order.

    Parameters
    ----------
    path
        The file; `file.lmd#2` is its second data set.
    channels
        $PnN of the channels to decode; None for all, `()` for none: then HEADER and TEXT alone are read.
    data_set
        Which data set, from 1; the first is the default.
    allow_truncated
        Whether the complete events of a truncated file are read, which `repairs` then says; else it is
        refused.
    content
        The bytes of the file, if they have been read already: then the file is not opened again.

    Raises
    ------
    FcsError
        One of UnreadableError, NotFcsError, TruncatedError, UnsupportedError, ChannelError: file, field, what
        was found, what was expected, what to do.
    """
    where, data_set = split_data_set(path, data_set)
    with open_fcs(where, content) as file:
        fcs = _read(file, where, channels, data_set, allow_truncated=allow_truncated)
    return replace(fcs, content=content).decoding(fcs.decoded)


def _read(
    file: BinaryIO, path: Path, channels: Sequence[str] | None, number: int, *, allow_truncated: bool
) -> FcsFile:
    size = file.seek(0, os.SEEK_END)
    data_set, n_data_sets = read_data_set(file, size, path.name, number)
    header, keywords = data_set.header, data_set.text.keywords
    mode = check_mode(keywords, header.version, path.name)
    parameters, repairs = parse_parameters(keywords, header.version, path.name)
    begin, end = data_set.origin, data_set.end
    claims = Claims(header, data_set.text, parameters, begin, end, size, path.name, data_set.next_beside)
    data, more = find_data(
        claims, lambda byte, count: _peek(file, byte, count), better_reading, allow_truncated=allow_truncated
    )
    names = tuple(parameter.name for parameter in parameters)
    head = _peek(file, data.begin, min(data.n_bytes, PEEKED_BYTES))
    check_bytes(head, data, size, path.name)
    data, byte_repairs = without_masks(lambda byte, count: _peek(file, byte, count), data, names)
    is_last = number == n_data_sets
    behind = data_set_behind(file, data_set, data.begin + data.n_bytes, size) if is_last else []
    return FcsFile(
        path=path,
        data_set=number,
        n_data_sets=n_data_sets,
        start=data_set.start,
        version=header.version,
        n_events=data.n_events,
        channels=names,
        markers=tuple(parameter.marker for parameter in parameters),
        decoded=names if channels is None else _as_names(channels),
        keywords=keywords,
        parameters=parameters,
        data=data,
        reading_repairs=in_log(*data_set.text.repairs, *mode, *more, *repairs, *byte_repairs, *behind),
    )


def _as_names(channels: Sequence[str]) -> tuple[str, ...]:
    names = (channels,) if isinstance(channels, str) else channels
    if not isinstance(names, Iterable) or isinstance(names, bytes):
        raise ChannelError(f"channels are {shown(names)}, expected names ($PnN)")
    return tuple(names)


def _peek(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset)
    return file.read(count)


def acquired(file: FcsFile, channel: str) -> Acquired:
    """Return where, when and how a file was acquired, without anything that names a person."""
    facts, detector = file.acquisition, file.detector(channel)
    when = facts.acquired_at or facts.acquired_on
    acquired_at, set_to = when.isoformat() if when else "", (detector.voltage, detector.gain)
    return Acquired(facts.instrument, facts.serial, acquired_at, *set_to, facts.software)
