"""Kinds of cells among the gated plasma cells, on all markers at once: the clone, normal ones, strays.

One marker alone often shows no valley between a clone and a few normal plasma cells; together they do. A
mixture of normals finds the groups, groups that run into each other are one kind, and each kind is labelled
by what is known of plasma cells (Flores-Montero et al. 2016, doi:10.1002/cyto.b.21265): normal ones carry
CD19, CD45, CD81 and CD27, a clone lacks CD19 and carries CD56 or CD117, or has lost CD81. No single marker
decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.linear import Floats, inverses, times
from gating.clone.marker_levels import MARKERS, ODD_MARKERS, MarkerLook, looks_at, oddness
from gating.clusters.mixture import Mixture, fit_mixtures
from gating.clusters.peaks import density_peaks
from gating.events import Mask, Survivors
from gating.events.panel import GatingPanel
from gating.events.tickets import Tickets, drawn_by_rank

Gains = NDArray[np.int64]
LEAST_GAIN = 1e-6
"""Step in which a cell's gain is counted. Convention: whole numbers of steps add up alike in any order."""
NEAR_NOTHING = 0.1
"""What counting a cell that is near no group as the clone's costs: a stray more often than a tail. Chosen
on the simulated tubes of docs/validation.md."""
FEWEST_CELLS = 30
"""Wanted cells from which kinds are looked for. Chosen on the simulated tubes of docs/validation.md."""
FIRST, MOST_GROUPS = 120, 8
"""Cells, the most normal ones first, that are all looked at; of the others ever fewer. Groups at the most.
Chosen on the simulated tubes of docs/validation.md."""
FIRST_JUDGED = 1500
"""The same of the cells by which a gate is judged. Chosen on the simulated tubes of docs/validation.md."""
STEPS = 6
"""Of the mixture: twenty place the groups no better, where few cells lie between them. Chosen on the
simulated tubes of docs/validation.md."""
BELOW_EDGE = 1.0
"""Natural-log units below the negative edge from which noise shows no groups. Chosen on the simulated tubes
of docs/validation.md."""
RUN_TOGETHER = 3.0
"""Mahalanobis distance of two groups up to which they are one kind; at 2 two equal ones have one mode.
Chosen on the simulated tubes of docs/validation.md."""
DIFFERENT = 1.2
"""Natural-log units between two kinds from which a marker separates them. Chosen on the simulated tubes
of docs/validation.md."""
SMALL_PART, CLEARLY_ODD = 0.25, 1.5
"""Share of the cells below which a clone must be clearly odd, and what that is. Chosen on the simulated
tubes of docs/validation.md."""
FEWEST_OF_A_CLONE = 20.0
"""Cells below which a clone carries no receptor density. Convention: the limit of `LOW_EVENTS` in
docs/study.md."""
ORDERED, GROUPS, SPLIT = "ordered by how normal they look", "groups of a clone", "clone and others"
"""Under these names survivors keep their `OrderedCells`, the mixture of their groups, their `CloneSplit`."""
MINORITY, SMALLER = 0.5, 1.0
"""Share of the cells below which a kind is fragments, if so much smaller than normal cells (scatter unit).
Chosen on the simulated tubes of docs/validation.md."""


@dataclass(frozen=True, slots=True)
class OrderedCells:
    """The wanted cells on every marker, the most normal ones first.

    Attributes
    ----------
    looks
        All wanted cells on each channel.
    points
        The same as points, shape (n_wanted, n_axes).
    order
        Rows of those cells that are looked at, in their order, shape (n,).
    tickets
        Of the cells in that order, same shape.
    """

    looks: tuple[MarkerLook, ...]
    points: Floats
    order: NDArray[np.intp]
    tickets: Tickets

    def among(self, kept: Mask) -> OrderedCells:
        """Return the same without some cells; `kept` is a bool over all wanted cells."""
        left = kept.take(self.order)
        return replace(self, order=self.order.compress(left), tickets=self.tickets.compress(left))


@dataclass(frozen=True, slots=True)
class CloneSplit:
    """The wanted cells by kind.

    Attributes
    ----------
    looks
        The channels, in the order of the mixture's axes.
    mixture
        The groups.
    clone
        Which of them are the clone's.
    rows, weights
        The cells by which gates are judged, and how many each stands for; shape (n,).
    gain
        What counting such a cell as the clone's is worth, weight · (P(clone) − P(another kind)) in steps of
        LEAST_GAIN: int64, so that sums are the same in any order; shape (n,).
    points
        Those cells, shape (n, n_axes).
    """

    looks: tuple[MarkerLook, ...]
    mixture: Mixture
    clone: tuple[int, ...]
    rows: NDArray[np.intp]
    weights: Floats
    gain: Gains
    points: Floats


def clone_split(wanted: Survivors, reference: Survivors, panel: GatingPanel) -> CloneSplit | None:
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
    cells = wanted.once(ORDERED, lambda: _ordered(wanted, reference, panel))
    mixture = wanted.once(GROUPS, lambda: _groups([cells])[0])
    looks = cells.looks
    clone = clone_among(mixture, looks)
    if not clone or len(clone) == mixture.shares.size - 1:
        return None
    picked, weights = drawn_by_rank(cells.tickets, FIRST_JUDGED)
    rows = cells.order[picked]
    points = cells.points[rows]
    belongs = mixture.belongings(points)
    is_clone = np.isin(np.arange(belongs.shape[0]), clone)
    gain = belongs[is_clone].sum(axis=0) - belongs[:-1][~is_clone[:-1]].sum(axis=0)
    gain -= NEAR_NOTHING * belongs[-1]
    gain = np.rint(weights * gain / LEAST_GAIN).astype(np.int64)
    return CloneSplit(looks, mixture, tuple(clone), rows, weights, gain, points)


def parts_of(wanted: Survivors, kept: Sequence[Mask]) -> list[Survivors]:
    """Return parts of the wanted cells, what a split of each needs made at once where they have been split.

    Parameters
    ----------
    kept
        bool over the wanted cells, for each part.
    """
    parts = [wanted.select(mask) for mask in kept]
    ordered: OrderedCells | None = wanted.made(ORDERED)
    if ordered is None or min(part.n_events for part in parts) < FEWEST_CELLS:
        return parts
    cells = [ordered.among(mask) for mask in kept]
    for part, of_part, mixture in zip(parts, cells, _groups(cells), strict=True):
        part.keep(ORDERED, of_part)
        part.keep(GROUPS, mixture)
    return parts


def _groups(parts: Sequence[OrderedCells]) -> list[Mixture]:
    """Return the groups among the cells of each part, as some of them show them."""
    problems = []
    for cells in parts:
        picked, weights = drawn_by_rank(cells.tickets, FIRST)
        points = cells.points[cells.order[picked]]
        problems.append((points, weights, density_peaks(_for_peaks(points, cells.looks), MOST_GROUPS)))
    return fit_mixtures(problems, STEPS)


def _ordered(wanted: Survivors, reference: Survivors, panel: GatingPanel) -> OrderedCells:
    looks = looks_at(wanted, reference, panel)
    points = np.stack([look.axis.values for look in looks], axis=1).astype(np.float64)
    order = np.lexsort((_mixed(points), oddness(points.T, looks)))
    return OrderedCells(tuple(looks), points, order, wanted.tickets.take(order))


def _mixed(points: Floats) -> Floats:
    """Return one number per cell, shape (n,), that only the same values on all axes share."""
    total = np.zeros(points.shape[0])
    for row, values in enumerate(points.T, 1):
        total += np.sqrt(row) * values
    return total


def _for_peaks(points: Floats, looks: Sequence[MarkerLook]) -> Floats:
    """Return the points on the markers alone, without the noise far below where negative ends."""
    rows = [row for row, look in enumerate(looks) if look.channel.role in MARKERS]
    floors = np.array([looks[row].edge - BELOW_EDGE for row in rows])
    return np.asarray(np.maximum(points[:, rows], floors), np.float64)


def clone_among(mixture: Mixture, looks: Sequence[MarkerLook]) -> list[int]:
    """Return the groups of the clone, or none: its main kind and what differs from it in too little."""
    kinds = _kinds_of(mixture)
    if not kinds:
        return []
    shares = np.array([mixture.shares[kind].sum() for kind in kinds])
    means = np.stack(
        [
            (mixture.shares[kind][:, None] * mixture.means[kind]).sum(axis=0) / mixture.shares[kind].sum()
            for kind in kinds
        ]
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
        for kind, offsets, oddness_of_kind in zip(kinds, shown - shown[main], odd, strict=True)
        if _is_like(offsets, looks, is_odd=bool(oddness_of_kind > 0))
    ]
    return sorted(group for kind in chosen for group in kind)


def _are_fragments(means: Floats, shares: Floats, odd: Floats, looks: Sequence[MarkerLook]) -> Mask:
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
    first, second = np.triu_indices(n, 1)
    offsets = mixture.means[first] - mixture.means[second]
    precision, _ = inverses((mixture.covariances[first] + mixture.covariances[second]) / 2)
    near = (times(precision, offsets) * offsets).sum(axis=-1) <= RUN_TOGETHER**2
    joined = np.eye(n, dtype=np.bool_)
    joined[first, second] = joined[second, first] = near
    for _ in range(n):
        joined = joined @ joined
    kinds: dict[int, list[int]] = {}
    for group in range(n):
        kinds.setdefault(int(np.argmax(joined[group])), []).append(group)
    return list(kinds.values())


def _is_like(offsets: Floats, looks: Sequence[MarkerLook], *, is_odd: bool) -> bool:
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
    """Return whether a marker shows the other kind: towards normal cells, or in any way where both may be."""
    if role in ("cd19", "cd45", "cd27", "viability", "dump", "cd20"):
        return offset >= DIFFERENT
    return abs(offset) >= DIFFERENT
