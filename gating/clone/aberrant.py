"""Aberrant against normal plasma cells, where the panel can separate them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gating.anchors.edges import negative_edge
from gating.clone.cell_kinds import SPLIT, clone_split
from gating.clone.gates import CloneCut, CloneGate, clone_gate, phenotype_gate
from gating.events import Survivors
from gating.events.panel import LIGHT_CHAIN_ROLES, Role, Target
from gating.gates import AnyOf, Gate, RangeGate, inside
from gating.gates.cut_ranges import range_of_cut
from gating.gates.person_gates import Choices
from gating.gates.steps import GateFlag, Step, StepEstimate, given_cuts
from gating.thresholds import (
    CLEAR,
    Axis,
    Threshold,
    axis_density,
    axis_like,
    axis_on,
    best_valley,
    settle,
)
from gating.thresholds.methods import Method, each_once
from gating.thresholds.side_cut import side_cut

FEWEST_TO_SPLIT = 30
"""Least number of wanted cells to search for their own valley; with fewer, the other cells show where
negative ends. Chosen on the simulated tubes of docs/validation.md."""
UNCLEAR = 0.3
"""Least confidence of a cut that is used; without such a CD19 cut there is no split. Chosen on the simulated
tubes of docs/validation.md."""
MONOCLONAL_ABOVE, MONOCLONAL_BELOW = 4.0, 0.5
"""κ:λ outside these is monoclonal. Convention, as docs/method.md states it in section 3."""
FEWEST_FOR_RATIO = 20
"""Least number of cells with a light chain to judge κ:λ. Chosen on the simulated tubes of
docs/validation.md."""
STRAGGLERS = 0.25
"""Largest share of a group's cells that may lie apart from it and still belong to it as stragglers; a larger
share is another kind of cell. Chosen on the simulated tubes of docs/validation.md."""
DIM = 0.5
"""Least distance of a dim group above the negative cells' edge, in natural-log units; a nearer group is
negative. Chosen on the simulated tubes of docs/validation.md."""
MARKERS_APART = 1.2
"""Least distance of two groups, in natural-log units, for a valley to separate them. Chosen on the simulated
tubes of docs/validation.md."""
CLONE_BANDWIDTH, GROUP_SPREADS, LEAST_MARKER_SPREAD = 0.25, 2.5, 0.3
"""Bandwidth of the density of the wanted cells, in units of the axis; spreads from a group's mode to its end;
the least spread. Chosen on the simulated tubes of docs/validation.md."""
BESIDE_NORMAL, BESIDE_DIM = 0.6, 0.2
"""Confidence in a cut beside the wanted cells; the same if these cells are dim. Chosen on the simulated tubes
of docs/validation.md."""
OF_LIGHT_CHAIN = 0.8
"""Confidence in a split by the light chain alone. Chosen on the simulated tubes of docs/validation.md."""
BORNE_OUT = 0.5
"""Least share of the cells with the light chain in excess that the phenotype's gate must contain to be used
without the light chain. Chosen on the simulated tubes of docs/validation.md."""


def find_aberrant(wanted: Survivors, reference: Survivors, choices: Choices) -> StepEstimate | None:
    """Return the gate on aberrant plasma cells, or None where the panel cannot separate them.

    The clone is taken as all markers together show it. If they show one kind of cell only, it is CD19− and
    (CD56+ or CD117+ or CD81 low), with a cut on each marker by itself. If κ:λ > 4 or < 0.5 and that phenotype
    misses the clone, the light chain in excess counts too. Cuts that a person set are kept.

    Parameters
    ----------
    wanted
        The gated plasma cells.
    reference
        A sample of all viable single cells.
    """
    split = wanted.once(SPLIT, lambda: clone_split(wanted, reference, choices.panel))
    clone = _marker_by_marker(wanted, reference, choices) if split is None else clone_gate(split, choices)
    by_person = clone.gate is not None and any(cut.method is Method.PERSON for _, cut in clone.cuts)
    clonal = None if by_person else _light_chain(wanted, reference, choices)
    gates = [gate for gate in (clone.gate, clonal) if gate is not None]
    if not gates:
        return None
    gate, note = _joined(gates, wanted) if clonal is not None else (gates[0], clone.note)
    if split is None and clonal is None and _are_strays(gate, clone.cuts, wanted, reference):
        note = "a few cells look aberrant but form no group of their own: they were not split"
        return StepEstimate(
            Step.ABERRANT, None, (), (Method.NONE,), note=note, flags=(GateFlag.NO_ABERRANT_PHENOTYPE,)
        )
    return StepEstimate(
        Step.ABERRANT,
        gate,
        tuple(channel.channel for channel, _ in clone.cuts)[:2],
        each_once(cut.method for _, cut in clone.cuts) or (Method.LIGHT_CHAIN,),
        tuple((channel.channel, cut.value) for channel, cut in clone.cuts),
        min((cut.confidence for _, cut in clone.cuts), default=OF_LIGHT_CHAIN),
        note,
        given_cuts=given_cuts((channel.channel, cut) for channel, cut in clone.cuts),
    )


def _marker_by_marker(wanted: Survivors, reference: Survivors, choices: Choices) -> CloneGate:
    """Return the phenotype with a cut on each marker by itself; no gate where no cut is sure."""
    panel = choices.panel
    odd = [
        _cut(role, target, wanted, reference, choices)
        for role, target in (
            (Role.CD56, Target.POSITIVE),
            (Role.CD117, Target.POSITIVE),
            (Role.CD81, Target.LOW),
        )
        if panel.with_role(role)
    ]
    odd = [cut for cut in odd if cut[1].confidence >= UNCLEAR]
    cd19 = (
        [_cut(Role.CD19, Target.NEGATIVE, wanted, reference, choices)] if panel.with_role(Role.CD19) else []
    )
    sure = odd and all(cut.confidence >= UNCLEAR for _, cut in cd19)
    cuts = (*cd19, *odd)
    return CloneGate(phenotype_gate(cuts) if sure else None, cuts)


def _joined(gates: Sequence[Gate], wanted: Survivors) -> tuple[Gate, str]:
    """Return the gate of the phenotype, or of phenotype or light chain in excess; and a note.

    Some normal cells have the same light chain. If the phenotype's gate contains most cells with the chain in
    excess, it is used alone, which excludes those normal cells.
    """
    clonal = gates[-1]
    phenotype = gates[0] if len(gates) > 1 else None
    if phenotype is None:
        return clonal, "κ:λ is monoclonal: the light chain in excess counts as aberrant"
    in_excess = inside(clonal, wanted)
    if np.count_nonzero(in_excess & inside(phenotype, wanted)) >= BORNE_OUT * np.count_nonzero(in_excess):
        return phenotype, "κ:λ is monoclonal, which confirms the phenotype"
    return AnyOf(tuple(gates)), "κ:λ is monoclonal: the light chain in excess counts as aberrant"


def _are_strays(gate: Gate, cuts: Sequence[CloneCut], wanted: Survivors, reference: Survivors) -> bool:
    """Return whether the gate keeps a small part of the wanted cells, with no valley to the others."""
    by_person = any(cut.method is Method.PERSON for _, cut in cuts)
    if by_person or np.count_nonzero(inside(gate, wanted)) >= STRAGGLERS * wanted.n_events:
        return False
    for channel, _ in cuts:
        scale = axis_on(reference, channel.channel)
        if _valley_among(axis_like(wanted, channel.channel, scale), scale) is not None:
            return False
    return True


def _cut(role: Role, target: Target, wanted: Survivors, reference: Survivors, choices: Choices) -> CloneCut:
    """Return the cut on a role's first channel, or the cut that a person set."""
    channel = replace(choices.panel.with_role(role)[0], target=target)
    scale = axis_on(reference, channel.channel)
    cells = axis_like(wanted, channel.channel, scale)
    cut = _valley_among(cells, scale)
    if cut is None:
        pooled = choices.pooled_for(channel)
        other_cells = reference.once(  # the same, whichever wanted cells are looked at
            f"side cut {channel.channel} {pooled!r}",
            lambda: side_cut(reference.column(channel.channel), pooled=pooled, axis=scale),
        )
        cut = _spared(cells, scale, other_cells)
    return channel, choices.person(channel) or cut


def _valley_among(cells: Axis, everyone: Axis) -> Threshold | None:
    """Return the valley between the wanted cells' own groups, or None if they are one group or too few.

    A valley between two negative groups (a detector's first channel, and the channels above it) separates no
    kinds of cells.
    """
    if cells.values.size < FEWEST_TO_SPLIT:
        return None
    valley = best_valley(cells, cells.low, cells.high)
    if valley is None or valley.clarity <= CLEAR or valley.right - valley.left <= MARKERS_APART:
        return None
    if valley.right <= negative_edge(everyone):
        return None
    return settle(cells, valley, fallback=0.0)


def _spared(cells: Axis, everyone: Axis, usual: Threshold) -> Threshold:
    """Return the other cells' cut, or a cut beside the wanted cells' one group if that cut divides it.

    A group is kept together if the cut goes through it, or if it lies between the negative cells and the cut
    (normal plasma cells are dimmer in CD19 and CD81 than B cells, but not negative). A negative group stays
    below the cut. Any other group stays above it, with its stragglers, which are no clone of their own. The
    confidence is lower where this is doubtful.
    """
    if cells.values.size < FEWEST_TO_SPLIT:
        return usual
    density = axis_density(cells, CLONE_BANDWIDTH)
    mode = int(np.argmax(density.counts))
    middle, reach = (
        float(density.grid[mode]),
        GROUP_SPREADS * max(density.half_width(mode, 1), LEAST_MARKER_SPREAD),
    )
    position, negative = everyone.position(usual.value), negative_edge(everyone)
    is_dim = negative + DIM < middle < position
    if abs(position - middle) >= reach and not is_dim:
        return usual
    above = is_dim or middle > position
    below = float(np.mean(cells.values < middle - reach))
    beside = middle + reach if not above else middle - reach if below > STRAGGLERS else cells.low
    confidence = BESIDE_NORMAL if middle <= negative or middle > negative + DIM else BESIDE_DIM
    return Threshold(cells.linear(beside), Method.BESIDE, confidence)


def _light_chain(wanted: Survivors, reference: Survivors, choices: Choices) -> RangeGate | None:
    """Return the gate on the light chain in excess; None without an excess, or without both chains."""
    panel = choices.panel
    if not all(map(panel.with_role, LIGHT_CHAIN_ROLES)):
        return None
    chains = [_cut(role, Target.POSITIVE, wanted, reference, choices) for role in LIGHT_CHAIN_ROLES]
    gates = [range_of_cut(channel, cut.value) for channel, cut in chains]
    kappa, lambda_ = (int(np.count_nonzero(inside(gate, wanted))) for gate in gates)
    if kappa + lambda_ < FEWEST_FOR_RATIO:
        return None
    ratio = kappa / max(lambda_, 1)
    if MONOCLONAL_BELOW <= ratio <= MONOCLONAL_ABOVE:
        return None
    return gates[0] if ratio > MONOCLONAL_ABOVE else gates[1]
