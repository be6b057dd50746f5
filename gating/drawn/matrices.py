"""Drawn gates for events that are compensated already: no matrix is applied again."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from gating.drawn.tree import gate_of, populations_of

if TYPE_CHECKING:
    import flowkit

NO_MATRIX = "uncompensated"
"""GatingML's word for uncompensated values (section 5.1.1)."""


def without_matrices(strategy: flowkit.GatingStrategy) -> flowkit.GatingStrategy:
    """Return the strategy with no compensation in any gate."""
    changed = copy.deepcopy(strategy)
    for path in populations_of(changed):
        for dimension in getattr(gate_of(changed, path), "dimensions", None) or ():
            dimension.compensation_ref = NO_MATRIX
    return changed
