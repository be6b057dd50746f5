"""Likeness of a cluster or cell to plasma cells, judged as an expert does, relative to lymphocytes.

Plasma cells are the brightest cells on CD38 or VS38c, are larger than lymphocytes, have slightly more side
scatter, and are dim in CD45; normal plasma cells are CD19+ and CD20− (Flores-Montero et al. 2016,
doi:10.1002/cyto.b.21265). Basophils are dim in CD45 too, but as small as lymphocytes; monocytes are bright in
CD45 and have more side scatter; B cells are small, CD45 bright and dimmer on the anchor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.anchors.edges import negative_edge
from gating.anchors.evidence import Anchor
from gating.anchors.negative_cells import bright_leukocytes
from gating.anchors.search import Search, cluster_channels
from gating.anchors.traits import BEYOND_EDGE
from gating.arithmetic.elementary import log
from gating.arithmetic.numbers import LEAST_SCATTER
from gating.clusters.mixture import Mixture
from gating.clusters.wanted import spread_of
from gating.events import FloatArray, Survivors
from gating.events.panel import AREA_ROLES, Role
from gating.events.quantiles import median, quantile
from gating.gates.person_gates import Choices
from gating.thresholds import axis_of, axis_on

LEUKOCYTE_UPPER_END = 0.95
"""Quantile of the CD45-bright leukocytes that is their upper end on an anchor. Chosen on the tubes of
docs/method.md, section 3."""
LEAST_HEIGHT, MOST_HEIGHT = -1.5, 3.0
"""Least and largest height above this end that counts, in units of the axis. Chosen on the tubes of
docs/method.md, section 3."""
LARGER, SIZE_UNIT, MOST_SIZE = 0.2, 0.15, 2.0
"""Natural log of forward scatter over that of lymphocytes: above the first value a cluster is larger; the
second is one unit; the third is the most units that count. Chosen on the tubes of docs/method.md, section
3."""
USUAL_SIDE, SIDE_REACH, SIDE_UNIT, MOST_SIDE = 0.5, 0.4, 0.2, 3.0
"""Natural log of side scatter over that of lymphocytes: the usual value of plasma cells; the tolerance; one
unit of evidence against a cluster; the most units that count. Chosen on the tubes of docs/method.md, section
3."""
MOST_B_TRAIT, MOST_CD45 = 1.5, 3.0
"""Largest evidence of CD19 for a cluster and of CD20 against it; largest evidence against it of CD45 above
the bright cells' lower end. Chosen on the tubes of docs/method.md, section 3."""
LYMPHOCYTE_QUARTER, LYMPHOCYTE_SIDE = 0.25, 1.5
"""CD45-bright leukocytes are lymphocytes if their side scatter is at most the second value times the side
scatter at this quantile. Chosen on the tubes of docs/method.md, section 3."""
BEYOND_LEUKOCYTES = 0.6
"""Largest distance of a cluster of plasma cells above the edge of CD45 or another low anchor. Chosen on the
tubes of docs/method.md, section 3."""
WIDEST_OF_MANY, WIDEST_OF_FEW, MANY_CELLS_LIKENESS = 1.0, 1.3, 100.0
"""Largest typical SD of one kind of cell over all axes, natural log: with at least so many cells as the
third value says; with fewer cells, whose SD is less certain. Chosen on the tubes of docs/method.md, section
3."""
FEWEST_TO_JUDGE = 5
"""Least number of sampled cells of a cluster that is judged. Chosen on the tubes of docs/method.md, section
3."""


@dataclass(frozen=True, slots=True)
class Lymphocytes:
    """Scatter and brightness of the tube's own lymphocytes and other CD45-bright leukocytes.

    Attributes
    ----------
    size, side
        Median forward and side scatter area, linear.
    brightest
        Upper end of the leukocytes bright in CD45 on each positive anchor, by channel.
    """

    size: float
    side: float
    brightest: dict[str, float]


@dataclass(frozen=True, slots=True)
class Likeness:
    """A cluster of a mixture and how like plasma cells it is.

    Attributes
    ----------
    cluster
        Number of the cluster in the mixture.
    share
        Number of its cells.
    total
        Evidence, natural-log units; about 3 to 7 for plasma cells. The bright end of other kinds may reach 4.
    height
        Mean height above the edges of the positive anchors.
    is_one_kind
        Whether it is compact and not bright in CD45.
    """

    cluster: int
    share: float
    total: float
    height: float
    is_one_kind: bool


def lymphocytes_of(
    reference: Survivors | None, anchors: Sequence[Anchor], choices: Choices
) -> Lymphocytes | None:
    """Return the tube's lymphocytes; None where CD45 or scatter cannot show any."""
    forward, side = (choices.panel.with_role(role) for role in AREA_ROLES)
    bright = None if reference is None else bright_leukocytes(reference, choices)
    if reference is None or bright is None or not forward or not side:
        return None
    sides = reference.column(side[0].channel)[bright]
    small = sides <= np.float32(LYMPHOCYTE_SIDE * quantile(sides, LYMPHOCYTE_QUARTER))
    if not small.any():
        return None
    brightest = {
        anchor.channel: quantile(axis_on(reference, anchor.channel).values[bright], LEUKOCYTE_UPPER_END)
        for anchor in anchors
        if anchor.is_positive
    }
    size = median(reference.column(forward[0].channel)[bright][small])
    return Lymphocytes(size, median(sides[small]), brightest) if size > 0 else None


def likenesses(
    mixture: Mixture,
    belongs: NDArray[np.intp],
    cells: Survivors,
    anchors: Sequence[Anchor],
    lymphocytes: Lymphocytes,
    reference: Survivors,
    choices: Choices,
) -> list[Likeness]:
    """Return the likeness of each cluster to plasma cells, the likest first.

    Parameters
    ----------
    belongs
        The cluster of each cell to which the mixture was fitted, shape (n,).
    cells
        These cells.
    """
    names = [channel.channel for channel in cluster_channels(choices)]
    judged = []
    for cluster in range(mixture.shares.size - 1):
        rows = np.flatnonzero(belongs == cluster)
        if rows.size < FEWEST_TO_JUDGE:
            continue
        positions = {name: mixture.means[cluster, [row]] for row, name in enumerate(names)}
        scatter = {name: np.array([median(column.take(rows))]) for name, column in _scatter(cells, choices)}
        positive = [float(positions[a.channel][0]) - a.edge for a in anchors if a.is_positive]
        share = float(mixture.shares[cluster])
        widest = WIDEST_OF_FEW if share < MANY_CELLS_LIKENESS else WIDEST_OF_MANY
        beyond = float(_beyond(positions, anchors)[0])
        one_kind = spread_of(mixture, cluster) <= widest and beyond <= BEYOND_LEUKOCYTES
        total = float(_total(positions, scatter, anchors, lymphocytes, reference, choices)[0])
        judged.append(Likeness(cluster, share, total, float(np.mean(positive)), one_kind))
    return sorted(judged, key=lambda likeness: -likeness.total)


def cell_likeness(
    search: Search, lymphocytes: Lymphocytes, reference: Survivors, choices: Choices
) -> FloatArray:
    """Return the likeness of each single candidate to plasma cells, float32, shape (n_candidates,)."""
    cells = search.candidates
    positions = {
        c.channel: axis_of(cells.column(c.channel), axis_on(reference, c.channel)).values
        for role in (Role.CD19, Role.CD20)
        for c in choices.panel.with_role(role)
    }
    positions |= {anchor.channel: anchor.axis.values for anchor in search.anchors}
    scatter = dict(_scatter(cells, choices))
    return _total(positions, scatter, search.anchors, lymphocytes, reference, choices).astype(np.float32)


def _total(
    positions: Mapping[str, NDArray[Any]],
    scatter: Mapping[str, NDArray[Any]],
    anchors: Sequence[Anchor],
    lymphocytes: Lymphocytes,
    reference: Survivors,
    choices: Choices,
) -> NDArray[Any]:
    """Return the evidence at these positions, each shape (n,), with this linear scatter area."""
    heights = [positions[a.channel] - lymphocytes.brightest[a.channel] for a in anchors if a.is_positive]
    total = np.clip(sum(heights) / len(heights), LEAST_HEIGHT, MOST_HEIGHT)
    forward, side = (choices.panel.with_role(role)[0].channel for role in AREA_ROLES)
    larger = (_log_ratio(scatter[forward], lymphocytes.size) - LARGER) / SIZE_UNIT
    off = np.abs(_log_ratio(scatter[side], lymphocytes.side) - USUAL_SIDE) - SIDE_REACH
    total = total + np.clip(larger, -MOST_SIZE, MOST_SIZE) - np.clip(off / SIDE_UNIT, 0.0, MOST_SIDE)
    for role, sign in ((Role.CD19, 1.0), (Role.CD20, -1.0)):
        for channel in choices.panel.with_role(role):
            edge = negative_edge(axis_on(reference, channel.channel)) + BEYOND_EDGE
            total = total + sign * np.clip(positions[channel.channel] - edge, 0.0, MOST_B_TRAIT)
    return np.asarray(total - np.clip(_beyond(positions, anchors), 0.0, MOST_CD45))


def _beyond(positions: Mapping[str, NDArray[Any]], anchors: Sequence[Anchor]) -> NDArray[Any]:
    """Return the largest distance of the positions above the edges of the low and negative anchors."""
    return np.asarray(np.max([positions[a.channel] - a.edge for a in anchors if not a.is_positive], axis=0))


def _scatter(cells: Survivors, choices: Choices) -> list[tuple[str, FloatArray]]:
    channels = [choices.panel.with_role(role)[0].channel for role in AREA_ROLES]
    return [(channel, cells.column(channel)) for channel in channels]


def _log_ratio(values: NDArray[Any], usual: float) -> NDArray[Any]:
    return np.asarray(
        log(np.maximum(values.astype(np.float64), LEAST_SCATTER)) - np.log(max(usual, LEAST_SCATTER))
    )
