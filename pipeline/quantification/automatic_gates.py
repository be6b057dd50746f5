"""A tube's automatic gates; an unclear tube gets the cuts of its batch, then those of its control."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from gating.batch_cuts import BatchCut, fitting_cuts
from gating.gates import PolygonGate
from gating.gates.steps import LOW_CONFIDENCE, GatedPopulation, GateStep, Step
from gating.strategy import gate_plasma_cells
from gating.thresholds.methods import Method
from pipeline.quantification.result import SampleFlag
from pipeline.tube.control import Control
from pipeline.tube.reading import Tube

ANCHORS = (Step.PLASMA_CELLS, Step.SECOND_ANCHOR)
"""Steps whose thresholds may come from the control tube: it holds the same clone."""


def gated_tube(
    tube: Tube,
    control: Control,
    overrides: Mapping[str, float],
    cuts: Sequence[BatchCut] = (),
    polygons: Mapping[str, PolygonGate] | None = None,
) -> GatedPopulation:
    """Gate a tube; if it is unclear, with the cuts of its batch and of its control.

    Parameters
    ----------
    overrides
        Thresholds that a person set, by gate.
    cuts
        Cuts of the tube's batch, for steps that were unclear. A cut that would divide the tube's own cells is
        not used: the tube then differs from its batch, and its row says so.
    polygons
        That a person set, by step.
    """
    by_hand = partial(gate_plasma_cells, overrides=overrides, polygons=polygons)
    alone = by_hand(tube.events, tube.panel)
    fitting, through = fitting_cuts(tube.events, alone, cuts)
    lent = {cut.channel: cut.value for cut in fitting}
    gated = alone
    if lent:
        gated = by_hand(tube.events, tube.panel, pooled=lent)
    gated = _with_control(gated, tube, control, by_hand, lent)
    taken = _taken(gated.steps, alone.steps, fitting)
    refused = tuple(_refused(cut) for cut in through)
    from_batch = (SampleFlag.GATE_FROM_BATCH,) if taken else ()
    unlike = (SampleFlag.GATE_UNLIKE_BATCH,) if refused else ()
    return replace(gated, flags=(*gated.flags, *from_batch, *unlike), notes=(*gated.notes, *taken, *refused))


def _taken(steps: Sequence[GateStep], alone: Sequence[GateStep], cuts: Sequence[BatchCut]) -> tuple[str, ...]:
    """Name the cuts of others that were used and what they replaced; a cut that was not used is not named."""
    before = {(step.name, channel): value for step in alone for channel, value in step.thresholds}
    pooled = {
        (step.name, cut.channel) for step in steps for cut in step.given_cuts if cut.method is Method.POOLED
    }
    return tuple(
        f"{cut.step}: the tube's own cut on {cut.channel} was unclear ({before[threshold]:g}): "
        f"that of its batch was taken, {cut}"
        for cut in cuts
        if (threshold := (cut.step, cut.channel)) in pooled
    )


def _refused(cut: BatchCut) -> str:
    return (
        f"{cut.step}: the batch's cut on {cut.channel}, {cut}, goes through this tube's cells: "
        "the tube differs and kept its own, which is unclear"
    )


def _with_control(
    gated: GatedPopulation,
    tube: Tube,
    control: Control,
    gate: Callable[..., GatedPopulation],
    pooled: Mapping[str, float],
) -> GatedPopulation:
    """If the tube is unclear, gate its control and use the thresholds that the control has on the anchors."""
    if gated.confidence >= LOW_CONFIDENCE or control.tube is None:
        return gated
    control_gated = gate(control.tube.events, control.tube.panel)
    if control_gated.confidence < LOW_CONFIDENCE:
        return gated
    lent = dict(pair for step in control_gated.steps if step.name in ANCHORS for pair in step.thresholds)
    steadied = gate(tube.events, tube.panel, pooled={**pooled, **lent})
    note = "the tube alone was unclear: thresholds of its control were used where it gave none"
    return replace(steadied, notes=(*steadied.notes, note))
