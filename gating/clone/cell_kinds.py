"""Kinds of cells among the gated plasma cells, by all markers at once: clone, normal cells, strays.

One marker alone often shows no valley between a clone and a few normal plasma cells; all markers together do.
A mixture of normal distributions finds the groups, and groups that overlap are one kind. Each kind is
labelled by the known phenotypes of plasma cells (Flores-Montero et al. 2016, doi:10.1002/cyto.b.21265):
normal plasma cells carry CD19, CD45, CD81 and CD27; a clone lacks CD19 and carries CD56 or CD117, or has lost
CD81. No single marker decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.linear import inverses, times
from gating.arithmetic.numbers import Floats
from gating.clone.marker_levels import CLONE_MARKERS, ODD_MARKERS, MarkerLook, looks_at, oddness
from gating.clusters.ellipsoids import LEAST_GAIN
from gating.clusters.mixture import Mixture, fit_mixtures
from gating.clusters.peaks import density_peaks
from gating.events import Mask, Survivors
from gating.events.panel import GatingPanel, Role
from gating.events.tickets import Tickets, drawn_by_rank

Gains = NDArray[np.int64]
NEAR_NOTHING = 0.1
"""Cost of counting a cell near no group as a cell of the clone: it is more often a stray than in the clone's
tail. Chosen on the simulated tubes of docs/validation.md."""
FEWEST_FOR_KINDS = 30
"""Least number of wanted cells to search for kinds. Chosen on the simulated tubes of docs/validation.md."""
FIRST, MOST_GROUPS = 120, 8
"""Number of the most normal-looking cells that are all used; the others are sampled ever more thinly. Most
groups. Chosen on the simulated tubes of docs/validation.md."""
FIRST_JUDGED = 1500
"""Number of the most normal-looking cells that are all used to judge a gate. Chosen on the simulated tubes of
docs/validation.md."""
KIND_STEPS = 6
"""Steps of the mixture's fit: twenty steps place the groups no better if few cells lie between them. Chosen
on the simulated tubes of docs/validation.md."""
BELOW_EDGE = 1.0
"""Natural-log units below the negative cells' edge; values farther below are noise and set to this limit.
Chosen on the simulated tubes of docs/validation.md."""
RUN_TOGETHER = 3.0
"""Largest Mahalanobis distance of two groups of one kind; two equal groups at a distance of 2 have one mode.
Chosen on the simulated tubes of docs/validation.md."""
DIFFERENT = 1.2
"""Least distance of two kinds on a marker, in natural-log units, for the marker to separate them. Chosen on
the simulated tubes of docs/validation.md."""
OTHER_KIND, OTHER_IF_NORMAL = 3, 2
"""Number of markers that make a kind another one; the same if CD19 is among them or the kind looks normal.
Convention: subclones of one clone differ in one or two markers; normal plasma cells differ from a clone in
CD19 and more."""
SMALL_PART, CLEARLY_ODD = 0.25, 1.5
"""A clone with a smaller share of the cells than this must look clearly unlike normal cells; the least such
evidence. Chosen on the simulated tubes of docs/validation.md."""
FEWEST_OF_A_CLONE = 20.0
"""Least number of cells of a clone: with fewer, no receptor density is reported. Convention: the limit of
`LOW_EVENTS` in docs/study.md."""
ORDERED, GROUPS, SPLIT = "ordered by how normal they look", "groups of a clone", "clone and others"
"""Names under which survivors keep their `OrderedCells`, the mixture of their groups, and their
`CloneSplit`."""
MINORITY, SMALLER = 0.5, 1.0
"""A kind is fragments if its share of the cells is below the first value and it is smaller than normal cells
by at least the second (scatter units). Chosen on the simulated tubes of docs/validation.md."""


@dataclass(frozen=True, slots=True)
class OrderedCells:
    """The wanted cells on every marker, the most normal ones first.

    Attributes
    ----------
    looks
        All wanted cells on each channel.
    points
        All wanted cells as points, shape (n_wanted, n_axes).
    order
        Rows of the cells that are used, the most normal ones first, shape (n,).
    tickets
        Tickets of the cells in that order, same shape.
    """

    looks: tuple[MarkerLook, ...]
    points: Floats
    order: NDArray[np.intp]
    tickets: Tickets

    def among(self, kept: Mask) -> OrderedCells:
        """Return the cells in `kept`, a bool over all wanted cells."""
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
        The clone's groups.
    rows, weights
        The cells by which gates are judged, and how many cells each represents; shape (n,).
    gain
        Gain of counting such a cell as the clone's: weight · (P(clone) − P(another kind)), in steps of
        LEAST_GAIN. int64, so that sums are the same in any order; shape (n,).
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
    """Return clone and other cells among the wanted cells; None if they are one kind or too few.

    Parameters
    ----------
    wanted
        The gated plasma cells.
    reference
        A sample of all viable single cells, which shows where negative ends.
    """
    roles = {channel.role for channel in panel.channels}
    if wanted.n_events < FEWEST_FOR_KINDS or Role.CD19 not in roles or not roles.intersection(ODD_MARKERS):
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
    """Return parts of the wanted cells; if these have been split, prepare the split of all parts at once.

    Parameters
    ----------
    kept
        bool over the wanted cells, for each part.
    """
    parts = [wanted.select(mask) for mask in kept]
    ordered: OrderedCells | None = wanted.kept_result(ORDERED)
    if ordered is None or min(part.n_events for part in parts) < FEWEST_FOR_KINDS:
        return parts
    cells = [ordered.among(mask) for mask in kept]
    for part, of_part, mixture in zip(parts, cells, _groups(cells), strict=True):
        part.keep(ORDERED, of_part)
        part.keep(GROUPS, mixture)
    return parts


def _groups(parts: Sequence[OrderedCells]) -> list[Mixture]:
    """Return the groups among the cells of each part, fitted to a sample of them."""
    problems = []
    for cells in parts:
        picked, weights = drawn_by_rank(cells.tickets, FIRST)
        points = cells.points[cells.order[picked]]
        problems.append((points, weights, density_peaks(_for_peaks(points, cells.looks), MOST_GROUPS)))
    return fit_mixtures(problems, KIND_STEPS)


def _ordered(wanted: Survivors, reference: Survivors, panel: GatingPanel) -> OrderedCells:
    looks = looks_at(wanted, reference, panel)
    points = np.stack([look.axis.values for look in looks], axis=1).astype(np.float64)
    order = np.lexsort((_mixed(points), oddness(points.T, looks)))
    return OrderedCells(tuple(looks), points, order, wanted.tickets.take(order))


def _mixed(points: Floats) -> Floats:
    """Return one number per cell, shape (n,); cells share it only if all their values are equal."""
    total = np.zeros(points.shape[0])
    for row, values in enumerate(points.T, 1):
        total += np.sqrt(row) * values
    return total


def _for_peaks(points: Floats, looks: Sequence[MarkerLook]) -> Floats:
    """Return the points on the markers alone; noise far below the negative edge is set to one value."""
    rows = [row for row, look in enumerate(looks) if look.channel.role in CLONE_MARKERS]
    floors = np.array([looks[row].edge - BELOW_EDGE for row in rows])
    return np.asarray(np.maximum(points[:, rows], floors), np.float64)


def clone_among(mixture: Mixture, looks: Sequence[MarkerLook]) -> list[int]:
    """Return the groups of the clone: its main kind and the kinds like it; empty without a clone."""
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
    floors = np.array(
        [look.edge - BELOW_EDGE if look.channel.role in CLONE_MARKERS else -np.inf for look in looks]
    )
    shown = np.maximum(means, floors)
    chosen = [
        kind
        for kind, offsets, oddness_of_kind in zip(kinds, shown - shown[main], odd, strict=True)
        if _is_like(offsets, looks, is_odd=bool(oddness_of_kind > 0))
    ]
    return sorted(group for kind in chosen for group in kind)


def _are_fragments(means: Floats, shares: Floats, odd: Floats, looks: Sequence[MarkerLook]) -> Mask:
    """Return which kinds are a minority and far smaller than the normal cells, shape (n_kinds,).

    Dead cells and fragments bind every antibody, so they look aberrant. A clone's cells are about as large as
    normal plasma cells, or larger.
    """
    rows = [row for row, look in enumerate(looks) if look.channel.role == Role.FSC_AREA]
    normal = np.where(odd <= 0, shares, 0.0)
    if not rows or normal.max() < FEWEST_OF_A_CLONE:
        return np.zeros(odd.size, np.bool_)
    size = means[:, rows[0]] - means[int(np.argmax(normal)), rows[0]]
    return np.asarray((shares < MINORITY * shares.sum()) & (size <= -SMALLER), np.bool_)


def _kinds_of(mixture: Mixture) -> list[list[int]]:
    """Return sets of groups that overlap, directly or through other groups."""
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
    """Return whether a kind at these offsets from the clone's main kind, shape (n_axes,), is the clone's too.

    Two groups of one clone may differ in up to two markers. A kind is another one if it differs in more
    markers, or in CD19 and one more, or in two markers and looks normal.
    """
    differs = {
        look.channel.role: _differs(look.channel.role, float(d))
        for look, d in zip(looks, offsets, strict=True)
    }
    return sum(differs.values()) < (OTHER_KIND if is_odd and not differs[Role.CD19] else OTHER_IF_NORMAL)


def _differs(role: Role, offset: float) -> bool:
    """Return whether a marker separates the kinds: towards normal cells, or in either direction."""
    if role in (Role.CD19, Role.CD45, Role.CD27, Role.VIABILITY, Role.DUMP, Role.CD20):
        return offset >= DIFFERENT
    return abs(offset) >= DIFFERENT
