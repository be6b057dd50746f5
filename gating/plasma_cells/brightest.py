"""Plasma cells of a panel without their own antigens: bright clusters that look like them, or none.

If CD38 is not the quantified antigen, it may be an anchor, but basophils, NK cells, monocytes and B
precursors carry it too. The search therefore finds all kinds of cells among the candidates and judges each
kind as a whole (likeness.py). The group is the kind most like plasma cells; there is no group if no kind is
like them. A second look at the cells around it decides which cells belong to it. No simulated tube has such a
panel: the confidence is a convention and stays below that of known panels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gating.anchors.evidence import Group, evidence_of
from gating.anchors.search import Search, cluster_channels
from gating.arithmetic.numbers import Floats
from gating.clusters.apart import ClusterGate, ellipsoids_apart, has_valley_below, parted
from gating.clusters.ellipsoids import FEWEST_IN_CLUSTER, points_of
from gating.clusters.evidence import FEWEST_FOR_CLUSTERS, by_evidence
from gating.clusters.mixture import Mixture, fit_mixture
from gating.clusters.neighbours import ascending_by
from gating.events import Survivors
from gating.events.panel import SCATTER_ROLES, Role
from gating.events.tickets import thinned
from gating.gates.person_gates import Choices
from gating.plasma_cells.confidence import MOST_WITHOUT_VIABILITY
from gating.plasma_cells.likeness import Likeness, Lymphocytes, cell_likeness, likenesses, lymphocytes_of
from gating.thresholds import Axis, axis_of, axis_on

ALL_OF_THE_FIRST, ALL_OF_THE_LIKEST = 500, 300
"""Number of the events most like plasma cells that a look uses completely: among all candidates, then among
the likest alone. Chosen on the tubes of docs/method.md, section 3."""
LIKE_CELLS = 1.5
"""Least likeness of a single cell to be among the likest. Chosen on the tubes of docs/method.md, section
3."""
AROUND = 300
"""Number of events nearest to the likest kinds that the second look uses completely. Chosen on the tubes of
docs/method.md, section 3."""
LIKE_PLASMA_CELLS = 2.2
"""Least likeness of a kind of cell to be plasma cells. The bright end of other kinds can exceed it, so a
valley must separate the kind as well. Chosen on the tubes of docs/method.md, section 3."""
LIKE_THE_LIKEST, AS_HIGH = 0.6, 0.65
"""Least likeness of a further kind, and its least height on the anchors, both relative to the likest kind.
Chosen on the tubes of docs/method.md, section 3."""
LIKE_OTHER_PLASMA_CELLS, AT_MOST_AS_LARGE = 1.6, 1.0
"""Least likeness of a further kind that a valley separates from dimmer cells, and most of its cells, relative
to the kinds that are most like plasma cells together. Plasma cells without CD19, or smaller ones, are less
like the likest; basophils, where they are many, are more cells. Chosen on the half `chosen` of the tubes of
tests/validation/lst_hybrids.py."""
ANCHOR_REACHES, LEAST_ANCHOR_SPREAD = (3.0, 2.5, 3.5), 0.3
"""Largest distance of a kind's cells, in spreads, on channels where plasma cells are one group, for each
look; the least spread. Chosen on the tubes of docs/method.md, section 3."""
MOST_CELLS_BY_CHAINS = 200.0
"""Most cells of a group that is divided into cells with kappa and cells with lambda chains. Chosen on the
tubes of docs/method.md, section 3."""
MOST_SURE = 0.85
"""Largest confidence: the calibration included no such panel. Convention: as without a viability dye."""
HARDLY_LIKE, SURELY_LIKE, CLEAR_STEP = 1.5, 4.0, 1.5
"""Likeness that gives no confidence, and full confidence; difference to the next kind that gives full
confidence. Convention: the range is from below the least accepted likeness to that of clear plasma cells."""
NEARLY_AS_SURE = 0.7
"""Least sureness of a look, relative to the surest look, for its cells to count. Chosen on the tubes of
docs/method.md, section 3."""
HALF_SURE = 20.0
"""Number of cells at which the confidence is halved: a few cells may be debris. Convention: the number of
cells that a receptor density needs."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Kinds of cells, fitted to the candidates in `rows`; `weights` is how many cells each represents."""

    mixture: Mixture
    rows: NDArray[np.intp]
    points: Floats
    weights: Floats
    kinds: list[Likeness]

    @property
    def wanted(self) -> list[Likeness]:
        """Return the kinds like plasma cells, and nearly as like kinds; the likest first."""
        fit = [kind for kind in self.kinds if kind.is_one_kind]
        large = [kind for kind in fit if kind.share >= FEWEST_IN_CLUSTER]
        if not large or large[0].total < LIKE_PLASMA_CELLS:
            return []
        return self._as_like(LIKE_THE_LIKEST * large[0].total)

    def further(self, most: float) -> list[Likeness]:
        """Return further kinds that may be plasma cells too, each with at most so many cells."""
        wanted = {kind.cluster for kind in self.wanted}
        return [
            k for k in self._as_like(LIKE_OTHER_PLASMA_CELLS) if k.cluster not in wanted and k.share <= most
        ]

    def _as_like(self, least: float) -> list[Likeness]:
        """Return the kinds with at least this likeness, and nearly as high on the anchors as the likest."""
        fit = [kind for kind in self.kinds if kind.is_one_kind]
        lowest = AS_HIGH * next(kind.height for kind in fit if kind.share >= FEWEST_IN_CLUSTER)
        return [kind for kind in fit if kind.total >= least and kind.height >= lowest]


@dataclass(frozen=True, slots=True)
class _SearchedTube:
    search: Search
    reference: Survivors
    lymphocytes: Lymphocytes
    axes: list[tuple[str, Axis]]
    choices: Choices

    def look(self, rows: NDArray[np.intp], first: int) -> _Look:
        """Return the kinds among these rows: all of the first rows, and ever fewer of the later ones."""
        ranks, weights = thinned(self.search.candidates.tickets.take(rows), first)
        rows = rows[ranks]
        points = points_of(self.axes, rows)
        return self.judged(fit_mixture(points, weights), rows, points, weights)

    def judged(self, mixture: Mixture, rows: NDArray[np.intp], points: Floats, weights: Floats) -> _Look:
        """Return the kinds of a mixture, each with its likeness to plasma cells."""
        belongs = mixture.belongings(points).argmax(axis=0)
        cells = Survivors(self.search.candidates.events, self.search.candidates.index.take(rows))
        kinds = likenesses(
            mixture, belongs, cells, self.search.anchors, self.lymphocytes, self.reference, self.choices
        )
        return _Look(mixture, rows, points, weights, kinds)


@dataclass(frozen=True, slots=True)
class _Opinion:
    """The result of one look: clusters, each candidate's probability, likeness to plasma cells (0 to 1)."""

    mixture: Mixture
    clusters: list[int]
    likely: Floats
    sure: float


def brightest(search: Search, choices: Choices) -> Search:
    """Return the search with the clusters that are like plasma cells, or with no group at all."""
    nothing = replace(search, group=Group(np.zeros_like(search.group.mask), 0.0))
    lymphocytes = lymphocytes_of(search.reference, search.anchors, choices)
    if lymphocytes is None or search.reference is None:
        return nothing
    axes = [
        (c.channel, axis_of(search.candidates.column(c.channel), axis_on(search.reference, c.channel)))
        for c in cluster_channels(choices)
    ]
    tube = _SearchedTube(search, search.reference, lymphocytes, axes, choices)
    first = _first_look(tube)
    if first is None:
        return nothing
    opinions = [
        opinion for look, rows in _second_looks(tube, first) if (opinion := _opinion(tube, look, rows))
    ]
    return _agreed(tube, opinions) if opinions else nothing


def _second_looks(tube: _SearchedTube, first: _Look) -> Iterator[tuple[_Look, NDArray[np.intp]]]:
    """Yield looks around the wanted kinds, and the cells around them; few cells are also parted."""
    for reach in ANCHOR_REACHES:
        rows = _around(tube, first, reach)
        look = tube.look(rows, AROUND)
        if look.wanted:
            yield look, rows
        if not look.wanted or sum(kind.share for kind in look.wanted) >= MOST_CELLS_BY_CHAINS:
            continue
        wanted = [kind.cluster for kind in look.wanted]
        mixture = parted(look.mixture, wanted, look.points, look.weights)
        if mixture is not None:
            halves = tube.judged(mixture, look.rows, look.points, look.weights)
            if halves.wanted:
                yield halves, rows


def _first_look(tube: _SearchedTube) -> _Look | None:
    """Return the first look that finds plasma cells: among all kinds, else among the likest cells alone."""
    likeness = cell_likeness(tube.search, tube.lymphocytes, tube.reference, tube.choices)
    region = np.flatnonzero(evidence_of(tube.search.anchors) >= 0)
    if region.size < FEWEST_FOR_CLUSTERS:
        return None
    region = by_evidence(region, likeness, tube.axes)
    likest = region[: np.count_nonzero(likeness[region] >= LIKE_CELLS)]
    for rows, first in ((region, ALL_OF_THE_FIRST), (likest, ALL_OF_THE_LIKEST)):
        if rows.size >= FEWEST_FOR_CLUSTERS:
            look = tube.look(rows, first)
            if look.wanted:
                return look
    return None


def _around(tube: _SearchedTube, look: _Look, reach: float) -> NDArray[np.intp]:
    """Return the candidates near a wanted kind, the nearest first.

    Distance counts on the anchors, scatter, CD19 and CD20 only: plasma cells differ in light chains and CD56.
    """
    roles = (*SCATTER_ROLES, Role.CD45, Role.CD19, Role.CD20)
    alike = {c.channel for role in roles for c in tube.choices.panel.with_role(role)}
    alike |= {anchor.channel for anchor in tube.search.anchors}
    nearest = np.full(tube.search.candidates.n_events, np.inf, np.float32)
    for kind in look.wanted:
        total = np.zeros_like(nearest)
        for row, (channel, axis) in enumerate(tube.axes):
            if channel not in alike:
                continue
            spread = max(
                float(np.sqrt(look.mixture.covariances[kind.cluster, row, row])), LEAST_ANCHOR_SPREAD
            )
            offsets = (axis.values - np.float32(look.mixture.means[kind.cluster, row])) / np.float32(spread)
            total += np.where(np.abs(offsets) <= reach, offsets * offsets, np.float32(np.inf))
        nearest = np.minimum(nearest, total)
    rows = np.flatnonzero(np.isfinite(nearest))
    return rows[ascending_by([nearest[rows], *(axis.values[rows] for _, axis in tube.axes)])]


def _opinion(tube: _SearchedTube, look: _Look, around: NDArray[np.intp]) -> _Opinion | None:
    """Return a look's result for every candidate; None if no kind is separate from dimmer cells."""
    wanted = [kind for kind in look.wanted if _stands_above(tube, look, kind)]
    if not wanted:
        return None
    most = AT_MOST_AS_LARGE * sum(kind.share for kind in wanted)
    wanted += [kind for kind in look.further(most) if _stands_above(tube, look, kind)]
    clusters = [kind.cluster for kind in wanted]
    likely = np.zeros(tube.search.candidates.n_events)
    likely[around] = look.mixture.belongings(points_of(tube.axes, around))[clusters].sum(axis=0)
    return _Opinion(look.mixture, clusters, likely, _likeness(look, wanted))


def _agreed(tube: _SearchedTube, opinions: Sequence[_Opinion]) -> Search:
    """Return the search with the ellipsoids of the look that agrees best with the mean of all looks."""
    search, likely = tube.search, np.zeros(tube.search.candidates.n_events)
    surest = max(opinion.sure for opinion in opinions)
    for opinion in opinions:
        if opinion.sure >= NEARLY_AS_SURE * surest:
            likely = np.maximum(likely, opinion.likely)
    rows = _let_through(search, likely > 0.5)
    points, best = points_of(tube.axes, rows), Group(np.zeros_like(search.group.mask), 0.0)
    chosen: tuple[ClusterGate, ...] = ()
    for opinion in opinions:
        gates, inside = ellipsoids_apart(
            opinion.mixture, opinion.clusters, tube.axes, points, likely.take(rows)
        )
        n = int(np.count_nonzero(inside))
        if not n:
            continue
        expected = 2 * float(likely[rows[inside]].sum()) / (float(likely.sum()) + n)
        sure = MOST_SURE * opinion.sure * max(0.0, 2 * expected - 1) * n / (n + HALF_SURE)
        if sure > best.clarity:
            mask = np.zeros(search.candidates.n_events, np.bool_)
            mask[rows.compress(inside)] = True
            best, chosen = Group(mask, sure), gates
    most = 1.0 if tube.choices.panel.with_role(Role.VIABILITY) else MOST_WITHOUT_VIABILITY
    return replace(search, group=replace(best, clarity=min(best.clarity, most)), ellipsoids=chosen)


def _stands_above(tube: _SearchedTube, look: _Look, kind: Likeness) -> bool:
    """Return whether a valley separates the kind from dimmer cells on every positive anchor."""
    names = [channel for channel, _ in tube.axes]
    positive = (names.index(anchor.channel) for anchor in tube.search.anchors if anchor.is_positive)
    return all(has_valley_below(look.mixture, kind.cluster, tube.axes, row) for row in positive)


def _let_through(search: Search, wanted: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the candidates that may pass the anchors' cuts: up to one unit beyond the wanted cells."""
    passed = np.ones(wanted.size, np.bool_)
    for anchor in search.anchors:
        values = anchor.axis.values
        if not wanted.any():
            continue
        if anchor.is_positive:
            passed &= values >= values[wanted].min() - np.float32(1)
        else:
            passed &= values <= values[wanted].max() + np.float32(1)
    return np.flatnonzero(passed)


def _likeness(look: _Look, wanted: Sequence[Likeness]) -> float:
    """Return 0 to 1: how like plasma cells the wanted kinds are, and how far from the next kind."""
    pieces = {
        kind.cluster for kind in (*look.wanted, *wanted)
    }  # kinds next to the wanted kinds do not compete with them
    cells = sum(kind.share for kind in wanted)
    like = sum(kind.share * kind.total for kind in wanted) / cells
    rival = max((k.total for k in look.kinds if k.is_one_kind and k.cluster not in pieces), default=-np.inf)
    likeness = min(max((like - HARDLY_LIKE) / (SURELY_LIKE - HARDLY_LIKE), 0.0), 1.0)
    return likeness * min(max((like - rival) / CLEAR_STEP, 0.0), 1.0)
