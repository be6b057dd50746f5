"""The channels of a file by panel rows, so that tube and control share names whatever their files use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gating.events.compensation import SpilloverMatrix
from gating.events.panel import GatingChannel, GatingPanel, Role, Target
from pipeline.study.study import Panel, PanelChannel
from pipeline.study.wording import enumerate_words, quoted
from pipeline.tube.names.channels import (
    ChannelsError,
    channels_meant,
    find_channel,
    is_scatter_or_time,
    lacking_channels,
    missing_channels,
    suggestions,
)

SAME_LIGHT = 0.02
"""Differences of spillover between two files of one day: their matrices are often computed separately.
Convention: if two detectors are this similar, neither is chosen."""


@dataclass(frozen=True)
class FileRows:
    """The names that a file uses for the rows of its panel.

    Attributes
    ----------
    panel
        The panel; each of its rows has its own channel in the file.
    names
        The file's $PnN for each row, in the panel's order.
    channels
        Every $PnN of the file.
    notes
        Channels that were matched to a row although they have none of its names.
    """

    panel: Panel
    names: tuple[str, ...]
    channels: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def row_of(self, name: str) -> str:
        """Return the panel row of a channel of the file, or the channel's own name if it has no row."""
        return self._rows.get(name, name)

    def name_of(self, row: str) -> str:
        """Return the file's name of a panel row; a channel without a row keeps its own name."""
        return self._names.get(row, row)

    @cached_property
    def row_names(self) -> tuple[str, ...]:
        """The panel's rows by name, in its order."""
        return tuple(row.name for row in self.panel.channels)

    @property
    def quantified(self) -> str:
        """The file's name of the quantified channel."""
        return self.name_of(self.panel.quantified.name)

    @cached_property
    def _rows(self) -> dict[str, str]:
        return dict(zip(self.names, self.row_names, strict=True))

    @cached_property
    def _names(self) -> dict[str, str]:
        return dict(zip(self.row_names, self.names, strict=True))


def rows_of_file(panel: Panel, channels: Sequence[str], markers: Sequence[str], *, where: str) -> FileRows:
    """Return the file's channel of every row of the panel.

    Raises
    ------
    ChannelsError
        If a row has no channel in the file, or more than one, or shares one with another row.
    """
    missing = missing_channels(panel, channels)
    if missing:
        hints = suggestions(panel, missing, channels, markers)
        raise ChannelsError(f"{lacking_channels(panel, where, channels, markers)}. {hints}".rstrip())
    ambiguous = doubled_rows(panel, channels) or shared_rows(panel, channels)
    if ambiguous:
        raise ChannelsError(f"{where}: {ambiguous}")
    names = tuple(find_channel(row.aliases, channels) for row in panel.channels)
    notes = tuple(
        f"channel {name} was taken for {row.name}"
        for row, name in zip(panel.channels, names, strict=True)
        if name not in row.aliases
    )
    return FileRows(panel, names, tuple(channels), notes)


def doubled_rows(panel: Panel, channels: Sequence[str]) -> str:
    """Return a sentence on panel rows that have two channels in one file, or ""."""
    meant = ((row, channels_meant(row.aliases, channels)) for row in panel.channels)
    doubled = [
        f"has {enumerate_words(map(quoted, names), 'and')}, which the panel {quoted(panel.name)} takes for "
        f"one channel ({row.role}); keep in its row the one that is meant"
        for row, names in meant
        if len(names) > 1
    ]
    return "; ".join(doubled)


def shared_rows(panel: Panel, channels: Sequence[str]) -> str:
    """Return a sentence on a channel of a file that two panel rows mean, or ""."""
    first: dict[str, PanelChannel] = {}
    for row in panel.channels:
        name = find_channel(row.aliases, channels)
        first_row = first.setdefault(name, row)
        if name and first_row is not row:
            return f"{name} is {quoted(first_row.name)} and {quoted(row.name)} of panel {quoted(panel.name)}"
    return ""


def row_named(panel: Panel, name: str) -> str:
    """Return the panel row with this name, up to case and punctuation; else the name itself.

    Examples
    --------
    >>> panel = Panel("P", (PanelChannel(("PE-A", "YG585-A"), "cd138"),))
    >>> row_named(panel, "yg585-a"), row_named(panel, "cd138")
    ('PE-A', 'cd138')
    """
    exact = (row.name for row in panel.channels if name in row.aliases)
    spelt_so = (row.name for row in panel.channels if find_channel([name], row.aliases))
    return next(exact, "") or next(spelt_so, name)


def stained_rows(panel: Panel) -> tuple[PanelChannel, ...]:
    """Return the rows of fluorescence: neither scatter nor time."""
    return tuple(row for row in panel.channels if not is_scatter_or_time(row))


def gating_panel(panel: Panel) -> GatingPanel:
    """Return all rows except the quantified one: a `GatingPanel` cannot hold it."""
    return GatingPanel(
        tuple(
            GatingChannel(row.name, row.role, Target(row.target), row.marker)
            for row in panel.channels
            if row.role != Role.CD38
        ),
        quantified=(panel.quantified.name,),
    )


def on_rows(matrix: SpilloverMatrix, rows: FileRows) -> SpilloverMatrix:
    """Return a matrix with the names of panel rows; detectors without a row keep their names.

    Parameters
    ----------
    matrix
        The file's matrix, or one typed for it, with the file's names or any name of a row.

    Raises
    ------
    UnusableSpilloverError
        If two of its channels are one row.
    """
    names = (
        name if name in rows.channels else rows.name_of(row_named(rows.panel, name))
        for name in matrix.channels
    )
    spelt = (name if name in rows.channels else find_channel([name], rows.channels) or name for name in names)
    return SpilloverMatrix(tuple(map(rows.row_of, spelt)), matrix.values, matrix.source)


def matrix_for_control(
    matrix: SpilloverMatrix, rows: FileRows, own: SpilloverMatrix | None
) -> SpilloverMatrix:
    """Return the tube's matrix with the names that the control uses for its detectors.

    Parameters
    ----------
    matrix
        The matrix that compensated the stained tube, with the names of panel rows.
    rows
        Of the control.
    own
        The control's own matrix, with its file's names. If a detector without a row has another name in the
        control, it is recognised by the same spillover in both matrices.

    Raises
    ------
    ChannelsError
        If the control lacks a detector of the matrix.
    """
    lacking = lacking_detectors(matrix, rows)
    if not lacking:
        return matrix
    renamed = _alike(matrix, lacking, on_rows(own, rows)) if own is not None else None
    if renamed is None:
        raise ChannelsError(
            f"lacks {enumerate_words(map(quoted, lacking), 'and')} of the tube's matrix ({matrix.source}); "
            "where the control calls it otherwise, give it a row in the panel with both names"
        )
    channels = tuple(renamed.get(name, name) for name in matrix.channels)
    return SpilloverMatrix(channels, matrix.values, matrix.source)


def lacking_detectors(matrix: SpilloverMatrix, rows: FileRows) -> list[str]:
    """Return the detectors of a matrix that a file does not have, by panel rows."""
    present = {rows.row_of(name) for name in rows.channels}
    return [name for name in matrix.channels if name not in present]


def _alike(matrix: SpilloverMatrix, lacking: Sequence[str], own: SpilloverMatrix) -> dict[str, str] | None:
    """Return the control's name of each detector that it seems to lack; None if it cannot be found."""
    shared = [name for name in matrix.channels if name in own.channels]
    free = [name for name in own.channels if name not in matrix.channels]
    if len(free) != len(lacking) or len(shared) + len(lacking) != len(matrix.channels):
        return None
    renamed: dict[str, str] = {}
    for name in lacking:
        light = _light(matrix, name, shared)
        apart = {
            detector: float(np.abs(light - _light(own, detector, shared)).max(initial=0.0))
            for detector in free
        }
        nearest, *farther = sorted(free, key=lambda detector: apart[detector])
        if apart[nearest] > SAME_LIGHT or any(apart[detector] <= SAME_LIGHT for detector in farther):
            return None
        renamed[name] = nearest
    return renamed if len(set(renamed.values())) == len(lacking) else None


def _light(matrix: SpilloverMatrix, name: str, shared: Sequence[str]) -> NDArray[np.float64]:
    """Return the spillover of a detector into the known ones, and from them, shape (2, n_known)."""
    row, columns = matrix.channels.index(name), [matrix.channels.index(shared_name) for shared_name in shared]
    return np.stack([matrix.values[row, columns], matrix.values[columns, row]])
