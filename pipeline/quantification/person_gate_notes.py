"""Gates that a person set, and what each threshold or polygon replaced, in words for the tube's row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gating.gates.gates import PolygonGate
from gating.gates.steps import GatedPopulation, GateStep
from gating.thresholds.methods import Method, words_of
from pipeline.quantification.result import SampleFlag
from pipeline.study.study import GateOverride, Panel
from pipeline.tube.names.rows import row_named


def moved_gates(
    automatic: Sequence[GateStep], gated: GatedPopulation, panel: Panel, overrides: Sequence[GateOverride]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the flag and the sentences of a tube's overrides.

    Each sentence names the gate, who set it and why, the new value or polygon, and the value it replaced. A
    threshold that no step used is left out here: the gating reports it. A last sentence names the automatic
    cuts of other steps that changed, because they were found among the remaining cells.

    Parameters
    ----------
    automatic
        The steps of the tube without the person's gates.
    panel
        The tube's panel, by whose rows the gating knows the names of the thresholds.
    """
    notes = tuple(
        note
        for override in overrides
        for note in _notes(override, row_named(panel, override.gate), gated.steps, automatic)
    )
    moved = tuple(_other_cuts(gated.steps, automatic)) if notes else ()
    last = (f"automatic cuts were found again with that: {', '.join(moved)}",) if moved else ()
    return ((SampleFlag.GATE_SET_BY_PERSON,) if notes else ()), (*notes, *last)


def _notes(
    override: GateOverride, name: str, steps: Iterable[GateStep], automatic: Sequence[GateStep]
) -> list[str]:
    """Return a sentence for each step that used a person's gate; `name` is the one the gating knows."""
    who = f"gate {override.gate} set by {override.set_by}" + (
        f" ({override.reason})" if override.reason else ""
    )
    if override.value is None:
        return [
            f"{who}: {_polygon_words(step.gate)}, {_step_replaced(step.name, automatic)}"
            for step in steps
            if step.name == override.gate.casefold() and isinstance(step.gate, PolygonGate)
        ]
    return [
        f"{who}: {channel} {value:g}, {_replaced(step.name, channel, automatic)}"
        for step in steps
        for channel, value in step.thresholds
        if step.overrides.get(channel) == name
    ]


def _other_cuts(steps: Iterable[GateStep], automatic: Iterable[GateStep]) -> Iterator[str]:
    """Name each automatic cut that changed because of the person's gates."""
    before = {(step.name, channel): value for step in automatic for channel, value in step.thresholds}
    for step in (step for step in steps if Method.POOLED not in step.methods):
        for channel, value in step.thresholds:
            usual = before.get((step.name, channel), value)
            if value != usual and channel not in step.overrides:
                yield f"{step.name} {channel} {usual:g} to {value:g}"


def _replaced(step: str, channel: str, automatic: Iterable[GateStep]) -> str:
    """Return the threshold of the same step and channel without the person's gates."""
    replaced = [
        f"automatic {value:g} ({words_of(gate_step.methods)})"
        for gate_step in automatic
        if gate_step.name == step
        for name, value in gate_step.thresholds
        if name == channel
    ]
    return f"in place of {replaced[0]}" if replaced else "where there was no automatic threshold"


def _polygon_words(gate: PolygonGate) -> str:
    return f"a polygon of {len(gate.vertices)} vertices on {gate.x_channel} × {gate.y_channel}"


def _step_replaced(name: str, automatic: Iterable[GateStep]) -> str:
    """Return the gate of the step without the person's polygon."""
    step = next(step for step in automatic if step.name == name)
    if step.gate is None:
        return "where there was no automatic gate"
    cuts = ", ".join(f"{channel} {value:g}" for channel, value in step.thresholds)
    method = words_of(step.methods)
    return (
        f"in place of the automatic gate ({f'{cuts}, ' if cuts else ''}{method}, {step.n_out} of {step.n_in})"
    )
