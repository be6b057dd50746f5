"""What gating returns: the cells, and how each step came to them."""

from __future__ import annotations

from dataclasses import dataclass

from gating.events import Mask
from gating.gates.gates import Gate

LOW_CONFIDENCE = 0.5
"""Confidence below which a person should look at the gates."""


@dataclass(frozen=True, slots=True)
class GateStep:
    """One step of the strategy, applied to the events that passed the step before.

    Attributes
    ----------
    name
        Of the step: `time margins debris singlets viable dump plasma_cells second_anchor aberrant`.
    gate
        What was applied; None where the panel cannot support the step (then `note` says so).
    channels
        The one or two channels a picture of the step shows.
    n_in, n_out
        Events before and after.
    method
        How the threshold was found, e.g. `valley`, `mixture`, `pooled`, `person`.
    thresholds
        (channel, value) pairs on the linear, compensated scale, in the order they were found.
    confidence
        0 (a guess) to 1 (clear).
    """

    name: str
    gate: Gate | None
    channels: tuple[str, ...]
    n_in: int
    n_out: int
    method: str
    thresholds: tuple[tuple[str, float], ...] = ()
    confidence: float = 1.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class GatedPopulation:
    """The gated cells of one tube.

    Attributes
    ----------
    mask
        bool, shape (n_events,): the plasma cells (or the panel's wanted population).
    steps
        Every step in order; the aberrant split, if any, is the last and does not narrow `mask`.
    step_masks
        bool, shape (n_steps, n_events): events that passed this step and all before it.
    confidence
        0 to 1, of the whole gating.
    viable_singlets
        bool, shape (n_events,): events that passed everything up to and with viability.
    aberrant
        bool, shape (n_events,), a part of `mask`; None where the panel cannot tell.
    flags
        Codes such as `TIME_UNSTABLE`, `LOW_GATE_CONFIDENCE`, `NO_VIABILITY`.
    notes
        Sentences for the sample's row.
    """

    mask: Mask
    steps: tuple[GateStep, ...]
    step_masks: Mask
    confidence: float
    viable_singlets: Mask
    aberrant: Mask | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a step's estimate says before the gate is applied; the fields are those of `GateStep`.

    Attributes
    ----------
    flags
        Codes for the sample's row.
    """

    name: str
    gate: Gate | None
    channels: tuple[str, ...]
    method: str
    thresholds: tuple[tuple[str, float], ...] = ()
    confidence: float = 1.0
    note: str = ""
    flags: tuple[str, ...] = ()
