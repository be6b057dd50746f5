"""The spillover matrices of gates that a person drew: that of the FCS file, or none at all."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gating.drawn.tree import gate_of, populations_of
from gating.events.compensation import SpilloverMatrix

if TYPE_CHECKING:
    import flowkit

FROM_THE_FILE = "FCS"
"""What GatingML calls the matrix that the FCS file carries (section 5.1.1)."""
NO_MATRIX = "uncompensated"
"""What GatingML calls events as they are (section 5.1.1)."""


def with_file_matrix(
    strategy: flowkit.GatingStrategy, matrix: SpilloverMatrix | None
) -> flowkit.GatingStrategy:
    """Return the strategy with the FCS file's own matrix where gates ask for it."""
    import flowkit

    if all(dimension.compensation_ref != FROM_THE_FILE for dimension in _dimensions(strategy)):
        return strategy
    changed = copy.deepcopy(strategy)
    name = NO_MATRIX
    if matrix is not None:
        name = "matrix of the FCS file"
        channels = list(matrix.channels)
        changed.add_comp_matrix(name, flowkit.Matrix(matrix.values, channels, fluorochromes=list(channels)))
    for dimension in _dimensions(changed):
        if dimension.compensation_ref == FROM_THE_FILE:
            dimension.compensation_ref = name
    return changed


def without_matrices(strategy: flowkit.GatingStrategy) -> flowkit.GatingStrategy:
    """Return the strategy with every gate on events as they are."""
    changed = copy.deepcopy(strategy)
    for dimension in _dimensions(changed):
        dimension.compensation_ref = NO_MATRIX
    return changed


def _dimensions(strategy: flowkit.GatingStrategy) -> Iterator[Any]:
    for path in populations_of(strategy):
        yield from getattr(gate_of(strategy, path), "dimensions", None) or ()
