"""The tree of drawn gates: its populations, and the gates that a population depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gating.drawn.flowjo.ellipse import Ellipse
from gating.drawn.population_names import GateId

if TYPE_CHECKING:
    import flowkit


def populations_of(strategy: flowkit.GatingStrategy) -> tuple[GateId, ...]:
    """Return every population: each gate, and each quadrant instead of its quadrant gate."""
    every = (_id(name, ancestors) for name, ancestors in strategy.get_gate_ids())
    return tuple(gate for gate in every if not is_quadrant_gate(strategy, gate))


def needed_gates(strategy: flowkit.GatingStrategy, population: GateId) -> tuple[GateId, ...]:
    """Return the gates that define a population, each after the gates it depends on.

    These are all its parents and, for a Boolean gate, the gates it refers to, with their parents.
    """
    needed: dict[GateId, None] = {}
    _require(strategy, population, needed)
    return tuple(needed)


def pruned(
    strategy: flowkit.GatingStrategy,
    gates: Sequence[GateId],
    source: str,
    ellipses: Mapping[GateId, Ellipse] | None = None,
) -> flowkit.GatingStrategy:
    """Return a strategy with copies of these gates; polygons and ellipses as FlowJo applies them.

    Raises
    ------
    GateFileError
        If an ellipse lies on an axis without a scale.
    """
    import flowkit

    from gating.drawn.flowjo.binned import as_flowjo_bins, binned_ellipse

    pruned_strategy = flowkit.GatingStrategy()
    for name, matrix in strategy.comp_matrices.items():
        pruned_strategy.add_comp_matrix(name, matrix)
    for name, transform in strategy.transformations.items():
        pruned_strategy.add_transform(name, transform)
    for gate in gates:
        drawn, ellipse = gate_of(strategy, gate), (ellipses or {}).get(gate)
        flowjo_gate = (
            as_flowjo_bins(drawn, strategy.transformations)
            if ellipse is None
            else binned_ellipse(drawn, ellipse, strategy.transformations, source)
        )
        pruned_strategy.add_gate(flowjo_gate, gate[:-1])
    return pruned_strategy


def labels_of(strategy: flowkit.GatingStrategy, gate: GateId) -> Iterator[str]:
    """Yield the channels of a gate itself, including those inside a ratio."""
    for dimension in getattr(gate_of(strategy, gate), "dimensions", None) or ():
        ratio = getattr(dimension, "ratio_ref", None)
        if ratio is not None:
            yield from strategy.transformations[ratio].dimensions
        else:
            yield str(getattr(dimension, "dimension_ref", None) or dimension.id)


def gate_of(strategy: flowkit.GatingStrategy, gate: GateId) -> Any:
    """Return FlowKit's gate; for a quadrant its quadrant gate."""
    from flowkit.exceptions import QuadrantReferenceError

    try:
        return strategy.get_gate(gate[-1], gate[:-1])
    except QuadrantReferenceError:
        return strategy.get_gate(gate[-2], gate[:-2])


def is_quadrant_gate(strategy: flowkit.GatingStrategy, gate: GateId) -> bool:
    """Return whether an id is that of a quadrant gate, whose quadrants are the populations."""
    quadrants = getattr(gate_of(strategy, gate), "quadrants", None)
    return quadrants is not None and gate[-1] not in quadrants


def _require(strategy: flowkit.GatingStrategy, gate: GateId, needed: dict[GateId, None]) -> None:
    if len(gate) < 2 or gate in needed:
        return
    _require(strategy, gate[:-1], needed)
    drawn = gate_of(strategy, gate)
    for reference in getattr(drawn, "gate_refs", None) or ():
        _require(strategy, (*reference["path"], reference["ref"]), needed)
    if drawn.gate_name == gate[-1]:  # a quadrant comes with its quadrant gate
        needed[gate] = None


def _id(name: str, ancestors: Sequence[str]) -> GateId:
    return (*ancestors, name)
