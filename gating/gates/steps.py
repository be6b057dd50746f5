"""The result of gating: the cells, and how each step found them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gating.events import Mask
from gating.gates.gates import Gate
from gating.thresholds.methods import Method

LOW_CONFIDENCE = 0.5
"""Confidence below which a person should look at the gates; chosen on the simulated tubes of
docs/validation.md."""
NO_CELLS = "no cell lies inside all gates: the confidence is 0"
"""The note of a tube in whose gates there is no cell, whoever made the gates."""


class Step(StrEnum):
    """The steps of the strategy in their order; the value is the name that is written."""

    TIME = "time"
    MARGINS = "margins"
    DEBRIS = "debris"
    SINGLETS = "singlets"
    VIABLE = "viable"
    DUMP = "dump"
    PLASMA_CELLS = "plasma_cells"
    SECOND_ANCHOR = "second_anchor"
    ABERRANT = "aberrant"


class GateFlag(StrEnum):
    """Flags that the gating raises in a tube's row; the value is the code that is written."""

    TIME_UNSTABLE = "TIME_UNSTABLE"
    NO_TIME = "NO_TIME"
    NO_SCATTER = "NO_SCATTER"
    NO_DEBRIS = "NO_DEBRIS"
    NO_SINGLETS = "NO_SINGLETS"
    NO_VIABILITY = "NO_VIABILITY"
    NO_ANCHOR = "NO_ANCHOR"
    NO_CLEAR_POPULATION = "NO_CLEAR_POPULATION"
    NO_ABERRANT_PHENOTYPE = "NO_ABERRANT_PHENOTYPE"
    LOW_GATE_CONFIDENCE = "LOW_GATE_CONFIDENCE"
    OVERRIDE_UNUSED = "OVERRIDE_UNUSED"


@dataclass(frozen=True, slots=True)
class GateStep:
    """One step of the strategy, applied to the events that passed the step before.

    Attributes
    ----------
    name
        Of the step: a `Step`, or the name of a gate that a person drew in another program (`Method.FILE`).
    gate
        What was applied; None where the panel cannot support the step (then `note` says so).
    channels
        The one or two channels a picture of the step shows.
    n_in, n_out
        Events before and after.
    methods
        How the thresholds were found, each method once.
    thresholds
        (channel, value) pairs on the linear, compensated scale, in the order they were found.
    confidence
        0 (a guess) to 1 (clear).
    note
        What a person should know about the step; may be empty.

    Raises ValueError for a name that is no `Step`, unless the gate comes from a file.
    """

    name: Step | str
    gate: Gate | None
    channels: tuple[str, ...]
    n_in: int
    n_out: int
    methods: tuple[Method, ...]
    thresholds: tuple[tuple[str, float], ...] = ()
    confidence: float = 1.0
    note: str = ""

    def __post_init__(self) -> None:
        name = str(self.name) if Method.FILE in self.methods else Step(self.name)
        object.__setattr__(self, "name", name)

    @property
    def is_set_by_person(self) -> bool:
        """Whether a person set at least one of the thresholds."""
        return Method.PERSON in self.methods


@dataclass(frozen=True, slots=True)
class StepMasks:
    """Which events passed each of some steps, every one of which only passes events that passed those before.

    Attributes
    ----------
    depth
        How many steps each event passed, uint8, shape (n_events,).
    n
        Steps.

    Examples
    --------
    >>> masks = StepMasks(np.array([0, 2, 1], np.uint8), 2)
    >>> [mask.tolist() for mask in masks], masks[-1].tolist()
    ([[False, True, True], [False, True, False]], [False, True, False])
    """

    depth: NDArray[np.uint8]
    n: int

    def __len__(self) -> int:
        """Return the number of steps."""
        return self.n

    def __getitem__(self, step: int) -> Mask:
        """Return which events passed a step and all before it, bool, shape (n_events,)."""
        return self.depth > range(self.n)[step]

    def __iter__(self) -> Iterator[Mask]:
        """Yield the mask of each step."""
        return map(self.__getitem__, range(self.n))

    def __array__(self, dtype: object = None, copy: object = None) -> Mask:
        """Return the masks as one table, bool, shape (n_steps, n_events)."""
        return np.stack(list(self))


class Jackknife(Protocol):
    """A split into clone and other cells that can be repeated without a part of the cells."""

    def __call__(self) -> Mask:
        """Return the clone's cells each time, bool, shape (n, n_events)."""
        ...

    def may_move(self) -> int | None:
        """Return how many cells may change sides; None where only a repeated split shows it."""
        ...


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
        Of each step, bool, shape (n_events,): events that passed it and all before it.
    confidence
        0 to 1, of the whole gating; 0 where `mask` has no cell.
    viable_singlets
        bool, shape (n_events,): events that passed everything up to and with viability.
    aberrant
        bool, shape (n_events,), a part of `mask`; None where the panel cannot tell.
    jackknife
        A function that repeats the split, each time without another part of the cells; None without a split,
        or where a person set it.
    flags
        Codes for the tube's row: those of `GateFlag`, and what the pipeline adds.
    notes
        Sentences for the sample's row.
    """

    mask: Mask
    steps: tuple[GateStep, ...]
    step_masks: StepMasks | Mask
    confidence: float
    viable_singlets: Mask
    aberrant: Mask | None = None
    jackknife: Jackknife | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepEstimate:
    """A step before its gate is applied; the fields are those of `GateStep`.

    Attributes
    ----------
    flags
        For the sample's row.
    """

    name: Step
    gate: Gate | None
    channels: tuple[str, ...]
    methods: tuple[Method, ...]
    thresholds: tuple[tuple[str, float], ...] = ()
    confidence: float = 1.0
    note: str = ""
    flags: tuple[GateFlag, ...] = ()
