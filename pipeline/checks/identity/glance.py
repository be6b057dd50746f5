"""A glance at a file: its first events, which distinguish recordings, and beads from cells."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gating.events.panel import Role
from pipeline.checks.identity.shared_events import NOTHING_KEPT, KeptEvents, kept_events, some_events
from pipeline.fcs import FcsFile
from pipeline.tube.names.markers import scatter_role

GLANCED = 2_000
"""Events of a file that are read. Convention: enough for a share in percent, and quick to read."""

PRINTED = 200
"""First events of a channel that make its digest; a file with fewer has none. Convention: no tube and no bead
run has so few."""

LEAST_GLANCED = 20
"""Fewest different values in the digest of a channel. Convention: a dark channel has few, which may agree by
chance."""

GLANCE_WINDOW = 1.25
"""Width of the densest range of scatter: its upper limit over its lower limit. Convention: beads of one size
lie within a quarter, cells of several kinds do not."""

LIGHT_QUANTILES = (0.5, 0.9)
"""Quantiles at which the intensities of two tubes are compared. Convention: the median, and a quantile of
bright cells that a few events do not change."""


@dataclass(frozen=True, slots=True)
class Glance:
    """A summary of the first events of a file.

    Attributes
    ----------
    prints
        Digests of the first values of each channel: two files that share them are the same recording.
    scatter
        The share of the events in the densest range of forward scatter and of side scatter, a quarter wide.
        It is 0.8 to 0.95 for beads and 0.15 to 0.4 for marrow, as measured on real and simulated files.
        Empty: the file has no scatter.
    light
        The median and the 90th percentile of each compared channel, linear and not compensated.
    kept
        Events by which a part of the recording is recognised, in any order.
    """

    prints: frozenset[str] = frozenset()
    scatter: tuple[float, ...] = ()
    light: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    kept: KeptEvents = NOTHING_KEPT


def glance(file: FcsFile, compared: Collection[str] = ()) -> Glance:
    """Return the summary of a file's first events; it is empty if they cannot be read.

    Parameters
    ----------
    compared
        The channels whose intensities are compared with those of another file.
    """
    events = some_events(file, 0, GLANCED, file.channels) if file.n_events >= PRINTED else None
    if events is None:
        return Glance(kept=kept_events(file))
    roles = [scatter_role(name) for name in file.channels]
    is_finite = np.logical_and.reduce(np.isfinite(events), axis=1)
    rows = [row for row, role in enumerate(roles) if role != Role.TIME and is_finite[row]]
    starts = events[rows, :PRINTED]
    prints = frozenset(map(_print, starts[_are_unique(starts)]))
    light = {file.channels[row]: _levels(events[row]) for row in rows if file.channels[row] in compared}
    return Glance(prints, _scatter_shares(file, roles, events), light, kept_events(file))


def _are_unique(starts: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return for each channel whether its first values identify a recording, shape (n_channels,).

    Those of a dark channel, and of a time counter, do not.
    """
    ordered = np.sort(starts, axis=1)
    n_different = 1 + np.count_nonzero(ordered[:, 1:] > ordered[:, :-1], axis=1)
    return np.asarray((n_different >= LEAST_GLANCED) & (starts[:, 1:] < starts[:, :-1]).any(axis=1), np.bool_)


def _levels(values: NDArray[np.float32]) -> tuple[float, float]:
    """Return the quantiles of a channel at which two files are compared."""
    median, bright = np.quantile(values, LIGHT_QUANTILES)
    return float(median), float(bright)


def _print(values: NDArray[np.float32]) -> str:
    return hashlib.sha256(values.tobytes()).hexdigest()


def _scatter_shares(
    file: FcsFile, roles: Sequence[Role | None], events: NDArray[np.float32]
) -> tuple[float, ...]:
    """Return the densest share on forward and on side scatter, by area, or by height if there is no area."""
    shares = []
    for usual, other in ((Role.FSC_AREA, Role.FSC_HEIGHT), (Role.SSC_AREA, Role.SSC_HEIGHT)):
        row = next((roles.index(role) for role in (usual, other) if role in roles), None)
        if row is not None:
            shares.append(_densest_share(events[row], file.scale_top(file.channels[row])))
    return tuple(shares) if len(shares) == 2 else ()


def _densest_share(values: NDArray[np.float32], top: float) -> float:
    """Return the largest share of events from a value to `GLANCE_WINDOW` times it; 0 if few are on scale."""
    on_scale = np.sort(values[np.isfinite(values) & (values > 0) & (values < top)].astype(np.float64))
    if on_scale.size < values.size / 2:
        return 0.0
    ends = np.searchsorted(on_scale, on_scale * GLANCE_WINDOW, side="right")
    return float((ends - np.arange(on_scale.size)).max() / on_scale.size)
