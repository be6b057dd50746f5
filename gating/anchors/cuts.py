"""Where the cuts on the anchors lie, and which candidates they let through."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gating.anchors.evidence import Anchor
from gating.events import Mask

STRICT = 1.5
"""Without any group the positive cuts lie this far (a factor of 4.5) above the negative cells. Chosen on
the simulated tubes of docs/validation.md."""


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
    positions = [anchor.edge for anchor in anchors]
    passed, rest = [passes(anchor, anchor.edge) for anchor in anchors], ~wanted
    for _ in range(2):
        for i, anchor in enumerate(anchors):
            rivals = np.logical_and.reduce([rest, *passed[:i], *passed[i + 1 :]])
            positions[i] = cut_between(anchor, wanted, rivals)
            passed[i] = passes(anchor, positions[i])
    return positions


def passing(anchors: Sequence[Anchor], positions: Sequence[float]) -> Mask:
    """Return which candidates pass every anchor's cut, bool, shape (n_candidates,)."""
    cuts = [passes(anchor, position) for anchor, position in zip(anchors, positions, strict=True)]
    return np.asarray(np.logical_and.reduce(cuts), np.bool_)


def passes(anchor: Anchor, position: float) -> Mask:
    """Return which candidates lie on the wanted side of one cut."""
    values = anchor.axis.values
    return values >= np.float32(position) if anchor.is_positive else values < np.float32(position)


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
    sign = 1.0 if anchor.is_positive else -1.0
    good = sign * np.sort(anchor.axis.values.compress(wanted)).astype(np.float64)[:: int(sign)]
    if good.size == 0:
        return anchor.edge
    low = float(good[0]) - 1.0
    bad = sign * anchor.axis.values.compress(rivals).astype(np.float64)
    bad = np.sort(bad.compress(bad >= low))
    positions = np.concatenate(([low], good, bad + 1e-6))
    lost = np.searchsorted(good, positions, "left")
    let_in = bad.size - np.searchsorted(bad, positions, "left")
    best = positions[np.flatnonzero(lost + let_in == (lost + let_in).min())]
    start = float(best.min())
    end = float(good[np.searchsorted(good, start, "left")]) if start <= good[-1] else start
    return sign * 0.5 * (start + end)
