"""A tube read for its panel: compensated events without the quantified channel, and that channel apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.numbers import AT_SCALE_END
from gating.events import Events, FloatArray, Mask
from gating.events.compensation import SpilloverMatrix, compensate
from gating.events.panel import GatingPanel, Role
from pipeline.fcs import FcsFile, read_fcs
from pipeline.fcs.repairs import Repair
from pipeline.files.content import AnyContent
from pipeline.files.streamed import StreamedContent
from pipeline.study.study import Panel
from pipeline.tube.compensation import (
    Compensation,
    MixedError,
    already_compensated,
    compensated_channels,
    compensated_events,
)
from pipeline.tube.memory import check_memory
from pipeline.tube.names.rows import FileRows, gating_panel, on_rows, rows_of_file
from pipeline.tube.values.impossible import sound_events
from pipeline.tube.values.scale_ends import scale_ends


@dataclass(frozen=True, slots=True)
class Tube:
    """A file read for one panel, with the names of panel rows in place of the file's channel names.

    Attributes
    ----------
    file
        The file that was read, without a second copy of its events.
    rows
        The file's name of each panel row.
    events
        All rows of the panel except the quantified one, linear, compensated.
    panel
        The roles of those rows.
    quantified
        float32, shape (n_events,): the quantified channel, linear, compensated. It never gates.
    quantified_channel
        Name of the quantified row.
    quantified_top
        The largest value of the quantified detector (linear).
    on_scale_end
        bool, shape (n_events,): the event is at the end of scale of the quantified detector.
    compensation
        How spillover was compensated when the file was read.
    spillover
        The matrix that was applied, with the names of panel rows; None if there was none.
    scale_repairs
        Channels whose end of scale differs from $PnR.
    """

    file: FcsFile
    rows: FileRows
    events: Events
    panel: GatingPanel
    quantified: FloatArray
    quantified_channel: str
    quantified_top: float
    on_scale_end: Mask
    compensation: Compensation
    spillover: SpilloverMatrix | None
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    scale_repairs: tuple[Repair, ...] = ()

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """Wrong statements of the file on its layout and its scales, and the values used in their place."""
        return self.file.repairs + self.scale_repairs

    @property
    def file_matrix(self) -> SpilloverMatrix | None:
        """The file's own matrix, for gates of other programs; None if it must not be applied again."""
        return None if self.compensation is Compensation.ALREADY else self.file.spillover

    def without_streamed_bytes(self) -> Tube:
        """Return the tube without the bytes of its file, to free memory."""
        streamed = isinstance(self.file.content, StreamedContent)
        return replace(self, file=self.file.without_bytes()) if streamed else self

    def compensated(self, matrix: SpilloverMatrix) -> Tube:
        """Return the uncompensated tube, compensated with a matrix for its own channels."""
        values = np.vstack([self.events.values, self.quantified])
        both = Events(values, (*self.events.channels, self.quantified_channel))
        after = compensate(both, matrix)
        events = Events(after.values[:-1], self.events.channels, self.events.scale_tops)
        return replace(self, events=events, quantified=after.values[-1], spillover=matrix)


def read_tube(
    path: Path,
    panel: Panel,
    *,
    spillover: SpilloverMatrix | None = None,
    compensated: bool = True,
    allow_truncated: bool = False,
    content: AnyContent | None = None,
    header: FcsFile | None = None,
) -> Tube:
    """Read a tube's channels and compensate them.

    Parameters
    ----------
    path
        The FCS file.
    panel
        Which channels, and what for.
    spillover
        Matrix used in place of the file's own, with any names of the panel rows.
    compensated
        False leaves the events uncompensated, even if there is a matrix.
    allow_truncated
        Whether the remaining events of a file with truncated DATA are read.
    content
        The file's bytes, where they have been read already.
    header
        The file, where its TEXT has been read already.

    Raises
    ------
    FcsError
        If the file cannot be read, or has no events.
    ChannelsError
        If it lacks a channel of the panel, or has two that one row means.
    MixedError
        If it has compensated channels beside raw ones.
    NoMemoryError
        If its events do not fit into this computer's memory.
    """
    header = header or read_fcs(path, channels=(), allow_truncated=allow_truncated, content=content)
    rows = rows_of_file(panel, header.channels, header.markers, where=path.name)
    try:
        done = compensated_channels(panel, header.channels, header.markers)
    except MixedError as error:
        raise MixedError(f"{path.name}: {error}") from None
    is_done = panel.compensated or bool(done)
    matrix = None if is_done or not compensated else spillover or header.spillover
    matrix = None if matrix is None else on_rows(matrix, rows)
    detectors = set(map(rows.name_of, matrix.channels)) if matrix is not None else set()
    needed = tuple(name for name in header.channels if name in detectors.union(rows.names))
    file = header.decoding(needed)
    times = tuple(row.name for row in panel.channels if row.role == Role.TIME)
    quantified = panel.quantified.name
    gating = tuple(name for name in rows.row_names if name != quantified)
    decoded = tuple(map(rows.row_of, file.decoded))
    check_memory(path.name, file.n_events, len({*decoded, *gating, quantified}))
    events = _events(file, rows, (*gating, *sorted({*decoded}.difference(rows.row_names)), quantified))
    sound = sound_events(_in_seconds(events, file, rows, times), path.name, times, decoded)
    columns = (sound.events.column(name) for name in decoded)
    ends = scale_ends(file, file.decoded, columns, times=tuple(map(rows.name_of, times)))
    raw = replace(sound.events, scale_tops=_tops(sound.events, decoded, ends.tops, times))
    on_scale_end = raw.column(quantified) >= AT_SCALE_END * raw.scale_top(quantified)
    after = already_compensated(raw, rows, done) if is_done else compensated_events(raw, matrix, panel)
    return Tube(
        file=file,
        rows=rows,
        events=after.events.first(len(gating)),
        panel=gating_panel(panel),
        quantified=after.events.column(quantified),
        quantified_channel=quantified,
        quantified_top=raw.scale_top(quantified),
        on_scale_end=on_scale_end,
        compensation=after.state,
        spillover=after.matrix,
        flags=(*sound.flags, *after.flags),
        notes=(*rows.notes, *sound.notes, *after.notes),
        scale_repairs=ends.repairs,
    )


def _events(file: FcsFile, rows: FileRows, names: tuple[str, ...]) -> Events:
    """Return the channels of these panel rows, linear, in this order: those that gate are contiguous."""
    return Events(file.events(list(map(rows.name_of, names))), names)


def _tops(
    events: Events, names: Sequence[str], tops: Sequence[float], times: Sequence[str]
) -> tuple[float, ...]:
    """Return the ends of scale by channel name; time has none, whatever its name in the file."""
    ends = dict(zip(names, tops, strict=True))
    return tuple(float("inf") if channel in times else ends[channel] for channel in events.channels)


def _in_seconds(events: Events, file: FcsFile, rows: FileRows, times: Sequence[str]) -> Events:
    """Return events with time in seconds, also if its channel is not called Time as in the standard."""
    step = file.acquisition.timestep or 1.0
    for time in times:
        parameter = file.parameters[file.channels.index(rows.name_of(time))]
        if not parameter.is_time:
            time_row = events.channels.index(time)
            events.values[time_row] = events.values[time_row].astype(np.float64) * step
    return events
