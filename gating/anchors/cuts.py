"""Where the cuts on the anchors lie, and which candidates pass them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gating.anchors.evidence import Anchor
from gating.events import Mask

STRICT = 1.5
"""Distance of the positive cuts from the negative cells where no group was found (a factor of 4.5). Chosen on
the simulated tubes of docs/validation.md."""
NEAR_CUT, BELOW_CUT = 1.0, 1e-3
"""Distance of a cut from the outermost wanted cell where no rival is near: a factor e; and how much farther
rivals are searched. Convention: one unit of the axis; far above rounding in float32."""
MANY_CELLS = 1_000
"""With more rivals than this, a few positions are tried first. Convention: for speed; the cut is the same."""
BESIDE_A_CELL, CUT_MARGIN = 1e-6, 1e-5
"""Distance from a rival to the cut that excludes it; and how far beyond both ends cells are searched.
Convention: far smaller than any difference between kinds of cells."""


def cut_positions(anchors: Sequence[Anchor], wanted: Mask, *, has_rivals: bool) -> list[float]:
    """Return a position per anchor: between the wanted cells and those that pass every other anchor's cut.

    Parameters
    ----------
    wanted
        bool, shape (n_candidates,); without any wanted cell the cuts are strict guesses.
    has_rivals
        False where other gates already exclude all other cells.
    """
    if not wanted.any():
        return [_strict(anchor) for anchor in anchors]
    if not has_rivals:
        return [cut_between(anchor, wanted, np.zeros_like(wanted)) for anchor in anchors]
    near = _may_bound(anchors, wanted)
    anchors, wanted = [replace(a, axis=a.axis.at(near)) for a in anchors], wanted.take(near)
    positions = [anchor.edge for anchor in anchors]
    passed, rest = [passes(anchor, anchor.edge) for anchor in anchors], ~wanted
    good = [_outward(anchor, wanted) for anchor in anchors]
    for _ in range(2):
        for i, anchor in enumerate(anchors):
            rivals = np.logical_and.reduce([rest, *passed[:i], *passed[i + 1 :]])
            positions[i] = _least_wrong(anchor, good[i], rivals)
            passed[i] = passes(anchor, positions[i])
    return positions


def _may_bound(anchors: Sequence[Anchor], wanted: Mask) -> NDArray[np.intp]:
    """Return the rows of the wanted cells, and of the others that may be rivals on any anchor, ascending.

    A rival on one anchor lies near the wanted cells there, and passes the cut on every other anchor: it lies
    on the wanted side of that anchor's edge, or near the wanted cells.
    """
    cells, rows = np.flatnonzero(wanted), None
    for anchor in anchors:
        outermost = _sign(anchor) * anchor.axis.values.take(cells)
        least = min(_sign(anchor) * anchor.edge, float(outermost.min()) - NEAR_CUT) - BELOW_CUT
        values = anchor.axis.values if rows is None else anchor.axis.values.take(rows)
        beyond = values >= np.float32(least) if anchor.is_positive else values <= np.float32(-least)
        rows = np.flatnonzero(beyond) if rows is None else rows.compress(beyond)
    return cells if rows is None else rows


def passing(anchors: Sequence[Anchor], positions: Sequence[float]) -> Mask:
    """Return which candidates pass every anchor's cut, bool, shape (n_candidates,)."""
    cuts = [passes(anchor, position) for anchor, position in zip(anchors, positions, strict=True)]
    return np.asarray(np.logical_and.reduce(cuts), np.bool_)


def passes(anchor: Anchor, position: float) -> Mask:
    """Return which candidates lie on the wanted side of one cut."""
    values = anchor.axis.values
    return values >= np.float32(position) if anchor.is_positive else values < np.float32(position)


def _window(good: NDArray[np.float64], bad: NDArray[np.float64]) -> tuple[float, float]:
    """Return the two positions between which the best cut lies; every cut outside is worse."""
    most, worse = bad.size, np.empty(0)  # the best cut never loses more wanted cells than there are rivals
    if bad.size > MANY_CELLS:
        tried = good[2 ** np.arange(good.size.bit_length()) - 1]
        let_in = np.array([np.count_nonzero(bad >= position) for position in tried])
        most = int((np.searchsorted(good, tried, "left") + let_in).min())
        worse = tried[let_in > most]
    return float(worse.max(initial=-np.inf)), float(good[most]) if most < good.size else np.inf


def _sign(anchor: Anchor) -> float:
    return 1.0 if anchor.is_positive else -1.0


def _strict(anchor: Anchor) -> float:
    return anchor.edge + STRICT if anchor.is_positive else anchor.edge


def cut_between(anchor: Anchor, wanted: Mask, rivals: Mask) -> float:
    """Return the cut on one anchor that loses the fewest wanted cells and lets in the fewest rivals.

    Parameters
    ----------
    wanted, rivals
        bool, shape (n_candidates,): the cells of the group, and the other cells that pass the cuts on all
        other anchors.

    Notes
    -----
    Where a whole range of positions is equally good, its middle is used. The range ends one unit (a factor e)
    from the outermost wanted cell if no rival is nearer.
    """
    return _least_wrong(anchor, _outward(anchor, wanted), rivals)


def _outward(anchor: Anchor, cells: Mask) -> NDArray[np.float64]:
    """Return the cells' positions, signed so that higher means farther on the wanted side, lowest first."""
    return np.sort(_sign(anchor) * anchor.axis.values.compress(cells)).astype(np.float64)


def _least_wrong(anchor: Anchor, good: NDArray[np.float64], rivals: Mask) -> float:
    """Return the position of `cut_between`, for wanted cells that are sorted already."""
    if good.size == 0:
        return anchor.edge
    low = float(good[0]) - NEAR_CUT
    bad = _sign(anchor) * anchor.axis.values.compress(rivals).astype(np.float64)
    bad = bad.compress(bad >= low)
    lower, upper = _window(good, bad)
    bad = np.sort(bad.compress((bad > lower - CUT_MARGIN) & (bad <= upper + CUT_MARGIN)))
    first, last = np.searchsorted(good, (lower, upper), "right")
    outermost = [low] if low > lower else []
    positions = np.concatenate((outermost, good[first:last], bad.compress(bad <= upper) + BESIDE_A_CELL))
    lost = np.searchsorted(good, positions, "left")
    let_in = bad.size - np.searchsorted(bad, positions, "left")
    best = positions[np.flatnonzero(lost + let_in == (lost + let_in).min())]
    start = float(best.min())
    end = float(good[np.searchsorted(good, start, "left")]) if start <= good[-1] else start
    return _sign(anchor) * 0.5 * (start + end)
