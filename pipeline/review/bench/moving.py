"""Applying a move to fixed gates: it changes one gate, and all others stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gating.cleaning.singlets import gate_of_ratio
from gating.clone.gates import CLONE_TARGETS, phenotype_gate
from gating.events import Survivors
from gating.events.panel import GatingPanel
from gating.gates import AllOf, AnyOf, Gate, RangeGate
from gating.gates.passed import with_persons_polygon
from gating.gates.steps import GateStep, Step, given_cuts
from gating.thresholds import persons_threshold
from pipeline.review.bench.handles import cuts_of, usual_name
from pipeline.review.view import Move
from pipeline.study.study import GateOverride, GateSource, Panel
from pipeline.tube.names.rows import gating_panel, row_named
from pipeline.tube.names.typed_gates import choices_of


def override_of(sample_id: str, move: Move, who: str = "", reason: str = "") -> GateOverride:
    """Return a move as a row of review.csv."""
    return GateOverride(
        sample_id, move.gate, move.value, who, reason, polygon=move.polygon, source=GateSource.REVIEW
    )


def moves_of(gates: Sequence[GateOverride]) -> tuple[Move, ...]:
    """Return the rows of review.csv as moves."""
    return tuple(Move(gate.gate, gate.value, gate.polygon) for gate in gates)


def name_of(panel: Panel, move: Move) -> str:
    """Return a name that is the same for all moves of one gate, whatever review.csv calls the gate."""
    if move.polygon is not None:
        return f"polygon {move.gate.casefold()}"
    return usual_name(gating_panel(panel), row_named(panel, move.gate))


def moved_steps(
    steps: Sequence[GateStep], move: Move, panel: Panel, everyone: Survivors
) -> tuple[GateStep, ...] | None:
    """Return the steps with one gate moved and all others fixed; None if that needs a run.

    Parameters
    ----------
    everyone
        All events of the tube.
    """
    if move.polygon is not None:
        choices = choices_of(panel, [override_of("", move)])
        return tuple(
            with_persons_polygon(step, choices) if step.name == move.gate.casefold() else step
            for step in steps
        )
    rows, moved_gate = gating_panel(panel), name_of(panel, move)
    moved = []
    is_moved = False
    for step in steps:
        channels = [cut.channel for cut in cuts_of(step, rows, {}) if cut.gate == moved_gate]
        new_step = (
            step
            if not channels
            else _with_cut(step, channels[0], moved_gate, move.value or 0.0, rows, everyone)
        )
        if new_step is None:
            return None
        is_moved = is_moved or bool(channels)
        moved.append(new_step)
    return tuple(moved) if is_moved else None


def _with_cut(
    step: GateStep, channel: str, name: str, value: float, panel: GatingPanel, everyone: Survivors
) -> GateStep | None:
    """Return a step with a new threshold on a channel; None if its gate has no cut there."""
    new = persons_threshold(name, value)
    moved = None if step.gate is None else _with_moved_cut(step.gate, channel, new.value)
    thresholds = tuple((known, new.value if known == channel else cut) for known, cut in step.thresholds)
    if step.is_ratio:
        area, height = step.channels
        gate: Gate | None = gate_of_ratio(everyone, area, height, new.value)
    elif moved is not None:
        gate = moved
    elif step.name == Step.ABERRANT:
        gate = _phenotype(dict(thresholds), panel)
    else:
        return None
    cuts = tuple(cut for cut in step.given_cuts if cut.channel != channel)
    return replace(
        step,
        gate=gate,
        thresholds=thresholds,
        methods=(new.method,),
        given_cuts=(*cuts, *given_cuts([(channel, new)])),
    )


def _phenotype(thresholds: Mapping[str, float], panel: GatingPanel) -> Gate:
    """Return the clone's gate made of cuts, as used if a person set one of the cuts."""
    channels = [row for row in panel.channels if row.channel in thresholds and row.role in CLONE_TARGETS]
    return phenotype_gate(
        [
            (
                replace(row, target=CLONE_TARGETS[row.role]),
                persons_threshold(row.channel, thresholds[row.channel]),
            )
            for row in channels
        ]
    )


def _with_moved_cut(gate: Gate, channel: str, value: float) -> Gate | None:
    """Return a gate with its cut on a channel moved; None if it has none.

    The cut is the first range on the channel: it has one bound, which is the one that moves. A later range
    lets in cells beyond the cut that an anchor identifies (gating/cleaning/dump_smear.py); it stays.
    """
    if isinstance(gate, AllOf | AnyOf):
        for k, part in enumerate(gate.gates):
            moved = _with_moved_cut(part, channel, value)
            if moved is not None:
                return replace(gate, gates=(*gate.gates[:k], moved, *gate.gates[k + 1 :]))
        return None
    if not isinstance(gate, RangeGate) or gate.channel != channel or None not in (gate.lower, gate.upper):
        return None
    return RangeGate(channel, None, value) if gate.lower is None else RangeGate(channel, value, None)
