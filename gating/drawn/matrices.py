"""Gates that a person drew, put on events that are compensated already: no matrix touches them again."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from gating.drawn.tree import gate_of, populations_of

if TYPE_CHECKING:
    import flowkit

NO_MATRIX = "uncompensated"
"""What GatingML calls events as they are (section 5.1.1)."""


def without_matrices(strategy: flowkit.GatingStrategy) -> flowkit.GatingStrategy:
    """Return the strategy with every gate on events as they are."""
    changed = copy.deepcopy(strategy)
    for path in populations_of(changed):
        for dimension in getattr(gate_of(changed, path), "dimensions", None) or ():
            dimension.compensation_ref = NO_MATRIX
    return changed
