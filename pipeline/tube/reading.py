"""A tube as the panel sees it: compensated events without the quantified channel, and that channel apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.numbers import AT_SCALE_END
from gating.events import Events, FloatArray, Mask
from gating.events.compensation import SpilloverMatrix, UnusableSpilloverError, compensate
from gating.events.panel import GatingChannel, GatingPanel, Target
from pipeline.fcs import FcsFile, read_fcs
from pipeline.study.study import Panel
from pipeline.tube.channels import MatchedChannels, matched_channels
from pipeline.tube.flags import TubeFlag
from pipeline.tube.impossible_values import sound_events


@dataclass(frozen=True, slots=True)
class Tube:
    """A file, read for one panel.

    Attributes
    ----------
    file
        What was read; its events are not kept a second time.
    events
        Every channel of the panel but the quantified one, linear, compensated.
    panel
        What those channels are for, under the file's own channel names.
    quantified
        float32, shape (n_events,): the quantified channel, linear, compensated. It never gates.
    quantified_channel
        Its $PnN.
    quantified_top
        The largest value that detector can give (linear).
    on_scale_end
        bool, shape (n_events,): the quantified detector gave its largest value.
    spillover
        The matrix that was applied; None where there was none to apply.
    """

    file: FcsFile
    events: Events
    panel: GatingPanel
    quantified: FloatArray
    quantified_channel: str
    quantified_top: float
    on_scale_end: Mask
    spillover: SpilloverMatrix | None
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def compensated(self, matrix: SpilloverMatrix) -> Tube:
        """Return the tube compensated with a matrix for its own channels; it must not be compensated yet."""
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
) -> Tube:
    """Read a tube's channels and compensate them.

    Parameters
    ----------
    path
        The FCS file.
    panel
        Which channels, and what for.
    spillover
        Used instead of the file's own matrix.
    compensated
        False leaves the events as they are, whatever matrix there is.
    allow_truncated
        Read what there is of a file whose DATA end too early.

    Raises
    ------
    FcsError
        If the file cannot be read, or has no events.
    ChannelsError
        If it lacks a channel of the panel.
    """
    header = read_fcs(path, channels=(), allow_truncated=allow_truncated)
    matched = matched_channels(panel, header.channels, header.markers, where=path.name)
    matrix = spillover if spillover is not None or not compensated else header.spillover
    wanted = _in_file_order(header.channels, [*matched.names, *(matrix.channels if matrix else ())])
    file = read_fcs(path, channels=wanted, allow_truncated=allow_truncated)
    quantified = matched.quantified
    read = Events(file.events(wanted), wanted, tuple(file.scale_top(name) for name in wanted))
    sound = sound_events(read, path.name, _time_channels(panel, matched))
    raw = sound.events
    events, used, flags, notes = _compensated(raw, matrix)
    return Tube(
        file=file,
        events=events.only([name for name in matched.names if name != quantified]),
        panel=gating_panel(panel, matched),
        quantified=events.column(quantified),
        quantified_channel=quantified,
        quantified_top=raw.scale_top(quantified),
        on_scale_end=raw.column(quantified) >= AT_SCALE_END * raw.scale_top(quantified),
        spillover=used,
        flags=(*sound.flags, *flags),
        notes=(*matched.notes, *sound.notes, *notes),
    )


def _time_channels(panel: Panel, matched: MatchedChannels) -> tuple[str, ...]:
    pairs = zip(panel.channels, matched.names, strict=True)
    return tuple(name for channel, name in pairs if channel.role == "time")


def _in_file_order(channels: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    wanted = set(names)
    return tuple(name for name in channels if name in wanted)


def gating_panel(panel: Panel, matched: MatchedChannels) -> GatingPanel:
    """Return everything but the quantified channel: it cannot be expressed in a `GatingPanel` at all."""
    return GatingPanel(
        tuple(
            GatingChannel(name, channel.role, Target(channel.target), channel.marker)
            for channel, name in zip(panel.channels, matched.names, strict=True)
            if channel.role != "cd38"
        ),
        quantified=(matched.quantified,),
    )


def _compensated(
    raw: Events, matrix: SpilloverMatrix | None
) -> tuple[Events, SpilloverMatrix | None, tuple[str, ...], tuple[str, ...]]:
    if matrix is None:
        note = "no usable spillover matrix: gated and quantified without compensation"
        return raw, None, (TubeFlag.SPILL_MISSING,), (note,)
    if matrix.is_identity:
        note = f"the matrix ({matrix.source}) is the identity: nobody compensated this file"
        return raw, None, (TubeFlag.SPILL_MISSING,), (note,)
    missing = [name for name in matrix.channels if name not in raw.channels]
    if missing:
        note = (
            f"the matrix ({matrix.source}) names {', '.join(missing)}, which the file lacks: not compensated"
        )
        return raw, None, (TubeFlag.SPILL_MISSING,), (note,)
    try:
        return compensate(raw, matrix), matrix, (), ()
    except UnusableSpilloverError as error:
        return raw, None, (TubeFlag.SPILL_MISSING,), (f"not compensated: {error}",)
