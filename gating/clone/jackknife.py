"""The jackknife of the split into clone and normal plasma cells: the split without a part of the cells.

Few cells hardly show where a clone ends. What changes when some of them are left out shows how sure the split
is (the jackknife with groups of cells, Quenouille 1956, doi:10.1093/biomet/43.3-4.353).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gating.clone.cell_kinds import parts_of
from gating.events import Mask, Survivors
from gating.events.tickets import drawn_anew
from gating.gates import Gate, inside

Jackknife: TypeAlias = Callable[[], Mask]
"""Makes the split again when it is called, and returns what `jackknife_splits` does."""
PARTS = 5
"""Parts of the cells, each left out once. Chosen on the simulated tubes of docs/validation.md."""


def jackknife_splits(
    wanted: Survivors, split: Callable[[Survivors], Gate | None], shown: Survivors | None = None
) -> Mask:
    """Return the clone's cells as each of the splits gives them, bool, shape (PARTS, n_events).

    Parameters
    ----------
    wanted
        The gated plasma cells.
    split
        Returns the clone's gate among the cells that it is given, None where it does not split them: then all
        wanted cells count.
    shown
        Those of them by which they were split, a part of which is left out each time; None: all.
    """
    shown = wanted if shown is None else shown
    numbers = _parts(shown)
    found = np.zeros((PARTS, wanted.events.n_events), np.bool_)
    for part, cells in enumerate(parts_of(shown, [numbers != part for part in range(PARTS)])):
        gate = split(cells)
        kept = wanted if gate is None else wanted.select(inside(gate, wanted))
        found[part] = kept.mask()
    return found


def _parts(cells: Survivors) -> NDArray[np.intp]:
    """Return the part of each cell, by its ticket: in whatever order the events come; shape (n_cells,)."""
    order = np.argsort(drawn_anew(cells.tickets), kind="stable")
    parts = np.empty(cells.n_events, np.intp)
    parts[order] = np.arange(cells.n_events) * PARTS // max(cells.n_events, 1)
    return parts
