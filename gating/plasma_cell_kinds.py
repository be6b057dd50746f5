"""Kinds of cells among the gated plasma cells, told on all markers at once: the clone, normal ones, strays.

One marker alone often shows no valley between a clone and a few normal plasma cells; together they do. A
mixture of normals finds the groups, groups that run into each other are one kind, and each kind is labelled
by what is known of plasma cells (Flores-Montero et al. 2016, doi:10.1002/cyto.b.21265): normal ones carry
CD19, CD45, CD81 and CD27, a clone lacks CD19 and carries CD56 or CD117, or has lost CD81. No single marker
decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from gating.anchors import negative_edge
from gating.clusters import Floats, Mixture, density_peaks, fit_mixture
from gating.events import FloatArray, Mask, Survivors
from gating.panel import GatingChannel, GatingPanel
from gating.thresholds import Axis, axis_of, scale_of
from gating.transforms import asinh

Gains = NDArray[np.int64]
LEAST_GAIN = 1e-6
NEAR_NOTHING = 0.3
"""What counting a cell that is near no group as the clone's costs: a stray more often than a tail."""
FEWEST_CELLS = 30
"""Wanted cells from which kinds are looked for."""
FIRST, MOST_GROUPS = 120, 8
"""Cells, the most normal ones first, that are all looked at; of the others ever fewer. Groups at the most."""
BELOW_EDGE = 1.0
"""Natural-log units below the negative edge from which noise shows no groups."""
RUN_TOGETHER = 3.0
"""Mahalanobis distance of two groups up to which they are one kind; at 2 two equal ones have one mode."""
DIFFERENT = 1.2
"""Natural-log units between two kinds from which a marker tells them apart."""
SCATTER_UNIT, SCATTER_FLOOR = 0.25, 0.01
"""Natural log of scatter that counts as one unit; its linear part, of what half of all cells have."""
SMALL_PART, CLEARLY_ODD = 0.25, 1.5
"""Share of the cells below which a clone must be clearly odd, and what that is."""
FEWEST_OF_A_CLONE = 20.0
"""Fewer carry no receptor density."""
MINORITY, SMALLER = 0.5, 1.0
"""Share of the cells below which a kind is fragments, if so much smaller than normal cells (scatter units)."""


@dataclass(frozen=True, slots=True)
class Odd:
    """How one marker speaks for a clone: sign · (place − middle), within `low` and `high`; natural-log units.

    The place is that above the negative cells' edge.
    """

    sign: float
    middle: float
    low: float
    high: float

    def of(self, places: Floats | FloatArray) -> Floats:
        """Return the evidence at places, same shape."""
        return np.asarray(np.clip(self.sign * (places - self.middle), self.low, self.high), np.float64)


ODD: Mapping[str, Odd] = MappingProxyType(
    {
        "cd19": Odd(-1.0, 0.6, -1.0, 1.0),
        "cd56": Odd(1.0, 0.8, -0.3, 1.5),
        "cd117": Odd(1.0, 0.8, -0.2, 1.5),
        "cd81": Odd(-1.0, 0.8, -1.0, 1.0),
        "cd27": Odd(-1.0, 1.0, -1.0, 1.0),
        "cd45": Odd(-1.0, 1.2, -0.5, 0.5),
    }
)
ODD_MARKERS = ("cd56", "cd117", "cd81")
"""One of them must be in the panel: CD19 alone tells no clone."""
MARKERS = (*ODD, "kappa", "lambda")
OTHERS = ("cd138", "cd319", "cd229", "cd54", "cd20", "viability", "dump")
SCATTER = ("fsc_area", "ssc_area")


@dataclass(frozen=True, slots=True)
class Look:
    """The wanted cells on one channel.

    Attributes
    ----------
    edge
        Upper end of the negative cells on the axis; NaN on channels that only help to tell groups apart.
    """

    channel: GatingChannel
    axis: Axis
    edge: float


@dataclass(frozen=True, slots=True)
class Kinds:
    """The wanted cells told apart.

    Attributes
    ----------
    looks
        The channels, in the order of the mixture's axes.
    mixture
        The groups.
    clone
        Which of them are the clone's.
    gain
        What counting a cell as the clone's is worth: P(clone) − P(another kind) in steps of
        LEAST_GAIN, int64, shape (n_cells,): sums are then the same in any order.
    points
        The cells, shape (n_cells, n_axes).
    """

    looks: tuple[Look, ...]
    mixture: Mixture
    clone: tuple[int, ...]
    gain: Gains
    points: Floats


def kinds_among(wanted: Survivors, reference: Survivors, panel: GatingPanel) -> Kinds | None:
    """Return clone and other cells among the wanted ones, or None where they are one kind or too few.

    Parameters
    ----------
    wanted
        The gated plasma cells.
    reference
        A sample of all viable single cells: where negative ends.
    """
    roles = {channel.role for channel in panel.channels}
    if wanted.n_events < FEWEST_CELLS or "cd19" not in roles or not roles.intersection(ODD_MARKERS):
        return None
    looks = looks_at(wanted, reference, panel)
    points = np.stack([look.axis.values for look in looks], axis=1).astype(np.float64)
    picked, weights = _thinned(points, looks)
    few = points[picked]
    mixture = fit_mixture(few, weights, density_peaks(_for_peaks(few, looks), MOST_GROUPS))
    clone = clone_among(mixture, looks)
    if not clone or len(clone) == mixture.shares.size - 1:
        return None
    belongs = mixture.belongings(points)
    is_clone = np.isin(np.arange(belongs.shape[0]), clone)
    gain = belongs[is_clone].sum(axis=0) - belongs[:-1][~is_clone[:-1]].sum(axis=0)
    gain -= NEAR_NOTHING * belongs[-1]
    gain = np.rint(gain / LEAST_GAIN).astype(np.int64)
    return Kinds(tuple(looks), mixture, tuple(clone), gain, points)


def looks_at(wanted: Survivors, reference: Survivors, panel: GatingPanel) -> list[Look]:
    """Return the wanted cells on every channel that may tell kinds apart, by role and name."""
    looks = []
    for channel in sorted(panel.channels, key=lambda one: (one.role, one.channel)):
        own, everyone = wanted.column(channel.channel), reference.column(channel.channel)
        if channel.role in MARKERS:
            usual = axis_of(everyone)
            looks.append(Look(channel, axis_of(own, usual), negative_edge(usual)))
        elif channel.role in OTHERS:
            looks.append(Look(channel, axis_of(own, scale_of(everyone)), float("nan")))
        elif channel.role in SCATTER:
            looks.append(Look(channel, _scatter_axis(own, everyone), float("nan")))
    return looks


def _scatter_axis(own: FloatArray, everyone: FloatArray) -> Axis:
    cofactor = max(SCATTER_FLOOR * float(np.median(everyone)), 1e-6) if everyone.size else 1.0
    values = asinh(own, cofactor) / np.float32(SCATTER_UNIT)
    return Axis(values, cofactor, float(values.min()), float(values.max()), SCATTER_UNIT)


def _thinned(points: Floats, looks: Sequence[Look]) -> tuple[NDArray[np.intp], Floats]:
    """Return some of the cells and how many each stands for: all of the most normal ones, then ever fewer.

    A clone of thousands and a few normal plasma cells are so both seen. Ties are put in order by the values.
    """
    first = float(FIRST)
    order = np.lexsort((_mixed(points), oddness(points.T, looks)))
    n = order.size
    steps = np.arange(first * (1 + np.log(max(n / first, 1.0))) + 1)
    ranks = np.where(steps < first, steps, first * np.exp((steps - first) / first)).astype(np.intp)
    ranks = np.unique(ranks[ranks < n])
    return order[ranks], np.maximum(1.0, ranks / first)


def _mixed(points: Floats) -> Floats:
    """Return one number per cell, shape (n,), that only the same values on all axes share."""
    total = np.zeros(points.shape[0])
    for row, values in enumerate(points.T, 1):
        total += np.sqrt(row) * values
    return total


def _for_peaks(points: Floats, looks: Sequence[Look]) -> Floats:
    """Return the points on the markers alone, without the noise far below where negative ends."""
    rows = [row for row, look in enumerate(looks) if look.channel.role in MARKERS]
    floors = np.array([looks[row].edge - BELOW_EDGE for row in rows])
    return np.asarray(np.maximum(points[:, rows], floors), np.float64)


def oddness(places: Floats, looks: Sequence[Look]) -> Floats:
    """Return how little cells or groups look like normal plasma cells, natural-log units, shape (n,).

    Parameters
    ----------
    places
        On each axis, shape (n_axes, n).
    """
    rows = [(row, look) for row, look in enumerate(looks) if look.channel.role in ODD]
    parts = [ODD[look.channel.role].of(places[row] - look.edge) for row, look in rows]
    return np.asarray(np.sum(parts, axis=0), np.float64)


def clone_among(mixture: Mixture, looks: Sequence[Look]) -> list[int]:
    """Return the groups of the clone, or none: its main kind and what differs from it in too little."""
    kinds = _kinds_of(mixture)
    shares = np.array([mixture.shares[kind].sum() for kind in kinds])
    means = np.stack(
        [mixture.shares[kind] @ mixture.means[kind] / mixture.shares[kind].sum() for kind in kinds]
    )
    odd = oddness(means.T, looks)
    least = np.where(shares < SMALL_PART * shares.sum(), CLEARLY_ODD, 0.0)
    may_be = (odd > least) & (shares >= FEWEST_OF_A_CLONE) & ~_are_fragments(means, shares, odd, looks)
    if not may_be.any():
        return []
    main = int(np.argmax(np.where(may_be, shares, 0.0)))
    floors = np.array([look.edge - BELOW_EDGE if look.channel.role in MARKERS else -np.inf for look in looks])
    shown = np.maximum(means, floors)
    chosen = [
        kind
        for kind, offsets, one in zip(kinds, shown - shown[main], odd, strict=True)
        if _is_like(offsets, looks, is_odd=bool(one > 0))
    ]
    return sorted(group for kind in chosen for group in kind)


def _are_fragments(means: Floats, shares: Floats, odd: Floats, looks: Sequence[Look]) -> Mask:
    """Return which kinds are a minority and far smaller than the normal cells, shape (n_kinds,).

    Dead cells and fragments bind every antibody, so that they look odd; a clone's cells are about as large as
    normal plasma cells or larger.
    """
    rows = [row for row, look in enumerate(looks) if look.channel.role == "fsc_area"]
    normal = np.where(odd <= 0, shares, 0.0)
    if not rows or normal.max() < FEWEST_OF_A_CLONE:
        return np.zeros(odd.size, np.bool_)
    size = means[:, rows[0]] - means[int(np.argmax(normal)), rows[0]]
    return np.asarray((shares < MINORITY * shares.sum()) & (size <= -SMALLER), np.bool_)


def _kinds_of(mixture: Mixture) -> list[list[int]]:
    """Return the groups in sets that run into each other."""
    n = mixture.shares.size - 1
    offsets = mixture.means[:n, None] - mixture.means[None, :n]
    spreads = (mixture.covariances[:n, None] + mixture.covariances[None, :n]) / 2
    distances = np.einsum("abi,abi->ab", offsets, np.linalg.solve(spreads, offsets[..., None])[..., 0])
    joined = distances <= RUN_TOGETHER**2
    for _ in range(n):
        joined = joined @ joined
    kinds: dict[int, list[int]] = {}
    for group in range(n):
        kinds.setdefault(int(np.argmax(joined[group])), []).append(group)
    return list(kinds.values())


def _is_like(offsets: Floats, looks: Sequence[Look], *, is_odd: bool) -> bool:
    """Return whether a kind so far from the clone's main one, shape (n_axes,), is the clone's too.

    A clone may be of two groups in any two markers. More of them, or CD19 and any other, tell another kind;
    so do two where the kind looks normal.
    """
    differs = {
        look.channel.role: _differs(look.channel.role, float(d))
        for look, d in zip(looks, offsets, strict=True)
    }
    return sum(differs.values()) < (3 if is_odd and not differs["cd19"] else 2)


def _differs(role: str, offset: float) -> bool:
    """Return whether a marker tells the other kind: towards normal cells, or in any way where both may be."""
    if role in ("cd19", "cd45", "cd27", "viability", "dump", "cd20"):
        return offset >= DIFFERENT
    return abs(offset) >= DIFFERENT
