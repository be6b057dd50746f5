"""The gated plasma cells on every marker, and the evidence for a clone from a cell's position there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np

from gating.anchors.edges import steady_negative_edge
from gating.arithmetic.numbers import LEAST_SCATTER, Floats
from gating.events import FloatArray, Survivors
from gating.events.panel import AREA_ROLES, LIGHT_CHAIN_ROLES, GatingChannel, GatingPanel, Role
from gating.events.sampling import some_of
from gating.events.transforms import asinh
from gating.gates.movable_gates import CLONE_ROLES, SECOND_ROLES
from gating.thresholds import Axis, axis_of, axis_on

SCATTER_UNIT, SCATTER_FLOOR = 0.25, 0.01
"""Natural log of scatter that counts as one unit; cofactor of the scatter axis, relative to the median cell.
Chosen on the simulated tubes of docs/validation.md."""
ENOUGH_TO_COMPARE = 5_000
"""Number of other cells that suffice to show where negative ends. Chosen on the simulated tubes of
docs/validation.md."""


@dataclass(frozen=True, slots=True)
class Odd:
    """Evidence of one marker for a clone: sign · (position − middle), limited to `low` and `high`.

    The position is the distance above the negative cells' edge, in natural-log units.
    """

    sign: float
    middle: float
    low: float
    high: float

    def of(self, positions: Floats | FloatArray) -> Floats:
        """Return the evidence at positions, same shape."""
        return np.asarray(np.clip(self.sign * (positions - self.middle), self.low, self.high), np.float64)


ODD: Mapping[Role, Odd] = MappingProxyType(
    {
        Role.CD19: Odd(-1.0, 0.6, -1.0, 1.0),
        Role.CD56: Odd(1.0, 0.8, -0.3, 1.5),
        Role.CD117: Odd(1.0, 0.8, -0.2, 1.5),
        Role.CD81: Odd(-1.0, 0.8, -1.0, 1.0),
        Role.CD27: Odd(-1.0, 1.0, -1.0, 1.0),
        Role.CD45: Odd(-1.0, 1.2, -0.5, 0.5),
    }
)
"""Evidence of each marker for a clone; the phenotype is that of doi:10.1002/cyto.b.21265. Chosen on the
simulated tubes of docs/validation.md."""
ODD_MARKERS = tuple(role for role in CLONE_ROLES if role is not Role.CD19)
"""The panel must have at least one of these: CD19 alone shows no clone."""
CLONE_MARKERS = (*ODD, *LIGHT_CHAIN_ROLES)
OTHERS = (Role.CD138, *SECOND_ROLES, Role.CD20, Role.VIABILITY, Role.DUMP)


@dataclass(frozen=True, slots=True)
class MarkerLook:
    """The wanted cells on one channel.

    Attributes
    ----------
    edge
        Upper end of the negative cells on the axis; NaN on channels that only help to separate groups.
    """

    channel: GatingChannel
    axis: Axis
    edge: float


def looks_at(wanted: Survivors, other_cells: Survivors, panel: GatingPanel) -> list[MarkerLook]:
    """Return the wanted cells on every channel that may separate kinds, by role and name.

    Parameters
    ----------
    wanted
        The gated plasma cells.
    other_cells
        A sample of all viable single cells, which shows where negative ends.
    """
    reference = some_of(other_cells, ENOUGH_TO_COMPARE)
    looks = []
    for channel in sorted(panel.channels, key=lambda channel: (channel.role, channel.channel)):
        cells = wanted.column(channel.channel)
        if channel.role in CLONE_MARKERS:
            usual, edge = reference.once(f"edge {channel.channel}", partial(_usual, reference, channel))
            looks.append(MarkerLook(channel, axis_of(cells, usual), edge))
        elif channel.role in OTHERS:
            usual = axis_on(reference, channel.channel)
            looks.append(MarkerLook(channel, axis_of(cells, usual), float("nan")))
        elif channel.role in AREA_ROLES:
            looks.append(
                MarkerLook(channel, _scatter_axis(cells, reference.column(channel.channel)), float("nan"))
            )
    return looks


def _usual(reference: Survivors, channel: GatingChannel) -> tuple[Axis, float]:
    """Return the axis of a channel from these events, and the upper end of the negative events on it."""
    axis = axis_on(reference, channel.channel)
    return axis, steady_negative_edge(axis)


def _scatter_axis(cells: FloatArray, everyone: FloatArray) -> Axis:
    cofactor = max(SCATTER_FLOOR * float(np.median(everyone)), LEAST_SCATTER) if everyone.size else 1.0
    values = asinh(cells, cofactor) / np.float32(SCATTER_UNIT)
    return Axis(values, cofactor, float(values.min()), float(values.max()), SCATTER_UNIT)


def oddness(positions: Floats, looks: Sequence[MarkerLook]) -> Floats:
    """Return how unlike normal plasma cells the cells or groups are, in natural-log units, shape (n,).

    Parameters
    ----------
    positions
        On each axis, shape (n_axes, n).
    """
    rows = [(row, look) for row, look in enumerate(looks) if look.channel.role in ODD]
    parts = [ODD[look.channel.role].of(positions[row] - look.edge) for row, look in rows]
    return np.asarray(np.sum(parts, axis=0), np.float64)
