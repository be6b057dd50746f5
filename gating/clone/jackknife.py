"""The jackknife of the split into clone and normal plasma cells: it is repeated without part of the cells.

Few cells hardly show where a clone ends. The split is therefore repeated without some of the cells; the
change shows how sure the split is (the jackknife with groups of cells, Quenouille 1956,
doi:10.1093/biomet/43.3-4.353). Where clone and other cells lie clearly apart, the split itself shows that few
cells can change sides, and it is not repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from gating.clone.cell_kinds import (
    SPLIT,
    CloneSplit,
    parts_of,
)
from gating.clusters.ellipsoids import LEAST_GAIN
from gating.events import Mask, Survivors
from gating.events.tickets import drawn_anew
from gating.gates import Gate, inside

PARTS = 5
"""Number of parts of the cells; each part is left out once. Chosen on the simulated tubes of
docs/validation.md."""
FOR_EACH_DOUBTFUL, MOVED_ANYWAY = 3, 10
"""Cells that may change sides if a part of the cells is left out: the first value for each cell that gate and
mixture put on different sides, plus the second value. Chosen on the simulated tubes of docs/validation.md."""


@dataclass(frozen=True, slots=True)
class CloneJackknife:
    """The split into clone and other cells, to be repeated without a part of the cells.

    Attributes
    ----------
    wanted
        The gated plasma cells.
    split
        A function as in `jackknife_splits`.
    shown
        The plasma cells that were used to find the split.
    gate
        The clone's gate, found with all cells of `shown`.
    """

    wanted: Survivors
    split: Callable[[Survivors], Gate | None]
    shown: Survivors
    gate: Gate

    def __call__(self) -> Mask:
        """Return the clone's cells of each repeated split, bool, shape (PARTS, n_events)."""
        return jackknife_splits(self.wanted, self.split, self.shown)

    def may_move(self) -> int | None:
        """Return how many cells may change sides when the split is repeated; None where this is not known.

        The number is known where all markers together separated the clone. It is the weighted number of cells
        that the gate and the mixture put on different sides. Where there are hardly any, the groups lie
        apart.
        """
        clone_split: CloneSplit | None = self.shown.kept_result(SPLIT)
        if clone_split is None:
            return None
        is_inside = inside(self.gate, self.shown).take(clone_split.rows)
        doubtful = LEAST_GAIN * int(np.abs(clone_split.gain[is_inside != (clone_split.gain > 0)]).sum())
        of_all = self.wanted.n_events / max(self.shown.n_events, 1)
        return ceil(of_all * (FOR_EACH_DOUBTFUL * doubtful + MOVED_ANYWAY))


def jackknife_splits(
    wanted: Survivors, split: Callable[[Survivors], Gate | None], shown: Survivors | None = None
) -> Mask:
    """Return the clone's cells of each repeated split, as bool of shape (PARTS, n_events).

    Parameters
    ----------
    wanted
        The gated plasma cells.
    split
        Function that returns the clone's gate for some cells; None if it finds no split: then all wanted
        cells count as the clone.
    shown
        The wanted cells that were used to find the split, a part of which is left out each time; None means
        all.
    """
    shown = wanted if shown is None else shown
    numbers = _parts(shown)
    clone_masks = np.zeros((PARTS, wanted.events.n_events), np.bool_)
    for part, cells in enumerate(parts_of(shown, [numbers != part for part in range(PARTS)])):
        gate = split(cells)
        kept = wanted if gate is None else wanted.select(inside(gate, wanted))
        clone_masks[part] = kept.mask()
    return clone_masks


def _parts(cells: Survivors) -> NDArray[np.intp]:
    """Return the part of each cell by its ticket, in any order of the events; shape (n_cells,)."""
    order = np.argsort(drawn_anew(cells.tickets), kind="stable")
    parts = np.empty(cells.n_events, np.intp)
    parts[order] = np.arange(cells.n_events) * PARTS // max(cells.n_events, 1)
    return parts
