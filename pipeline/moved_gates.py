"""Thresholds that a person set: what each replaced, in words for the tube's row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gating.plasma_cells import gate_plasma_cells
from gating.population import GatedPopulation, GateStep
from gating.thresholds import rounded
from pipeline.study import GateOverride
from pipeline.tube import Tube

MOVED = "GATE_SET_BY_PERSON"


def moved_gates(
    tube: Tube, gated: GatedPopulation, overrides: Sequence[GateOverride]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the flag and the sentences of a tube's overrides; nothing where there are none.

    Each sentence names the gate, who set it and why, the new value and the automatic one that it replaced. A
    threshold that no step took up is left out: the gating itself says so.
    """
    if not overrides:
        return (), ()
    automatic = gate_plasma_cells(tube.events, tube.panel).steps
    notes = tuple(note for one in overrides for note in _notes(one, gated.steps, automatic))
    return ((MOVED,) if notes else ()), notes


def _notes(one: GateOverride, steps: Iterable[GateStep], automatic: Sequence[GateStep]) -> list[str]:
    who = f"gate {one.gate} set by {one.set_by}" + (f" ({one.reason})" if one.reason else "")
    return [
        f"{who}: {channel} {value:g}, {_replaced(step.name, channel, automatic)}"
        for step in steps
        if "person" in step.method
        for channel, value in step.thresholds
        if value == rounded(one.value)
    ]


def _replaced(step: str, channel: str, automatic: Iterable[GateStep]) -> str:
    """Return what the same step has on the same channel without the person."""
    found = [
        f"automatic {value:g} ({one.method})"
        for one in automatic
        if one.name == step
        for name, value in one.thresholds
        if name == channel
    ]
    return f"in place of {found[0]}" if found else "where there was no automatic threshold"
