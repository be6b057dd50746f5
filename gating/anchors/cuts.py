"""Where the cuts on the anchors lie, and which candidates they let through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gating.anchors.evidence import Anchor
from gating.events import Mask

STRICT = 1.5
"""Without any group the positive cuts lie this far (a factor of 4.5) above the negative cells. Chosen on
the simulated tubes of docs/validation.md."""
NEAR, BELOW = 1.0, 1e-3
"""From the outermost wanted cell to where no rival bounds a cut: a factor e; how much farther rivals are
looked for. Convention: one unit of the axis; far above rounding in float32."""
MANY = 1_000
"""Rivals from which a few positions are tried first. Convention: for speed, whatever they are."""
JUST_BEYOND, MARGIN = 1e-6, 1e-5
"""From a rival to the cut that leaves it out; what is looked at beyond both ends. Convention: far below what
tells cells apart."""


def cut_positions(anchors: Sequence[Anchor], wanted: Mask, *, has_rivals: bool) -> list[float]:
    """Return a position per anchor: between the wanted cells and those that pass every other anchor's cut.

    Parameters
    ----------
    wanted
        bool, shape (n_candidates,); none: the cuts are strict guesses.
    has_rivals
        False where other gates leave the others out already.
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

    A rival on one anchor lies near the wanted cells there, and passes the cut on every other one: that is no
    farther out than its edge, or than so near.
    """
    cells, rows = np.flatnonzero(wanted), None
    for anchor in anchors:
        outermost = _sign(anchor) * anchor.axis.values.take(cells)
        least = min(_sign(anchor) * anchor.edge, float(outermost.min()) - NEAR) - BELOW
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
    """Return between which positions the best cut lies: beyond, it is worse than one that was tried."""
    most, worse = bad.size, np.empty(0)  # no cut need lose more cells than there are rivals
    if bad.size > MANY:
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
    """Return the position of the cut on one anchor with the fewest wanted cells lost and rivals let in.

    Parameters
    ----------
    wanted, rivals
        bool, shape (n_candidates,): the group, and the others that pass every other anchor's cut.

    Notes
    -----
    Where a whole stretch is equally good, its middle is taken; the stretch ends one unit (a factor e) from
    the outermost wanted cell if no rival comes near.
    """
    return _least_wrong(anchor, _outward(anchor, wanted), rivals)


def _outward(anchor: Anchor, cells: Mask) -> NDArray[np.float64]:
    """Return the cells' positions, first those that a cut loses first; high is on the wanted side."""
    return np.sort(_sign(anchor) * anchor.axis.values.compress(cells)).astype(np.float64)


def _least_wrong(anchor: Anchor, good: NDArray[np.float64], rivals: Mask) -> float:
    """Return the position of `cut_between`, for wanted cells that are sorted already."""
    if good.size == 0:
        return anchor.edge
    low = float(good[0]) - NEAR
    bad = _sign(anchor) * anchor.axis.values.compress(rivals).astype(np.float64)
    bad = bad.compress(bad >= low)
    lower, upper = _window(good, bad)
    bad = np.sort(bad.compress((bad > lower - MARGIN) & (bad <= upper + MARGIN)))
    first, last = np.searchsorted(good, (lower, upper), "right")
    outermost = [low] if low > lower else []
    positions = np.concatenate((outermost, good[first:last], bad.compress(bad <= upper) + JUST_BEYOND))
    lost = np.searchsorted(good, positions, "left")
    let_in = bad.size - np.searchsorted(bad, positions, "left")
    best = positions[np.flatnonzero(lost + let_in == (lost + let_in).min())]
    start = float(best.min())
    end = float(good[np.searchsorted(good, start, "left")]) if start <= good[-1] else start
    return _sign(anchor) * 0.5 * (start + end)
