"""The result of gating: the cells, and the gate, methods and confidence of each step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gating.events import Mask
from gating.gates.gates import Gate
from gating.thresholds import Threshold
from gating.thresholds.methods import Method

LOW_CONFIDENCE = 0.5
"""Confidence below which a person should look at the gates; chosen on the simulated tubes of
docs/validation.md."""
NO_CELLS = "no cell lies inside all gates: the confidence is 0"
"""The note of a tube without any cell in its gates, automatic or drawn."""


class Step(StrEnum):
    """The steps of the strategy in their order; the value is the name in the results."""

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
    """Flags that the gating raises in a tube's row; the value is the code in the results."""

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
class GivenCut:
    """A threshold of a step that was given by a person or by the batch.

    Attributes
    ----------
    channel
        Channel of the threshold, as in the step's `thresholds`.
    method
        `Method.PERSON` or `Method.POOLED`.
    name
        Name under which it was given: a person's channel, role, marker or step; for the batch the channel.
    """

    channel: str
    method: Method
    name: str


def given_cuts(thresholds: Iterable[tuple[str, Threshold]]) -> tuple[GivenCut, ...]:
    """Return which of a step's thresholds were given by a person or by the batch.

    Parameters
    ----------
    thresholds
        Channel and threshold, in the order of the step.
    """
    return tuple(
        GivenCut(channel, threshold.method, threshold.given_as or channel)
        for channel, threshold in thresholds
        if threshold.method in (Method.PERSON, Method.POOLED)
    )


@dataclass(frozen=True, slots=True)
class GateStep:
    """One step of the strategy, applied to the events that passed the step before.

    Attributes
    ----------
    name
        Name of the step: a `Step`, or the name of a gate from another program (`Method.FILE`).
    gate
        The gate that was applied; None if the panel cannot support the step (`note` then states it).
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
        A remark about the step for people; may be empty.
    given_cuts
        Which of the thresholds a person or the batch gave.

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
    given_cuts: tuple[GivenCut, ...] = ()

    def __post_init__(self) -> None:
        name = str(self.name) if Method.FILE in self.methods else Step(self.name)
        object.__setattr__(self, "name", name)

    @property
    def is_set_by_person(self) -> bool:
        """Whether a person set at least one of the thresholds."""
        return Method.PERSON in self.methods

    @property
    def is_ratio(self) -> bool:
        """Whether the threshold is a ratio of two channels, area over height, and lies on neither."""
        return self.name is Step.SINGLETS and len(self.channels) == 2 and bool(self.thresholds)

    @property
    def overrides(self) -> dict[str, str]:
        """The thresholds that a person gave: channel → name under which it was given."""
        return {cut.channel: cut.name for cut in self.given_cuts if cut.method is Method.PERSON}


@dataclass(frozen=True, slots=True)
class StepMasks:
    """Which events passed each step; a step only passes events that passed the steps before it.

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
        """Return how many cells may change sides; None if only a repeated split shows it."""
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
        Mask of each step, bool, shape (n_events,): events that passed it and all steps before it.
    confidence
        0 to 1: confidence in the whole gating; 0 if `mask` has no cell.
    viable_singlets
        bool, shape (n_events,): events that passed all steps up to and including viability.
    aberrant
        bool, shape (n_events,), a part of `mask`; None if the panel cannot separate aberrant cells.
    jackknife
        A function that repeats the split, each time without another part of the cells; None without a split,
        or if a person set it.
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
    given_cuts: tuple[GivenCut, ...] = ()
