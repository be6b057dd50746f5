"""All steps of the gating strategy, one entry each: what it is called, what it does, what a person may give.

A new step is a member of `Step`, an entry here, and the function that estimates its gate: for a step that
cleans, in the list of `gating.cleaning.estimates`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from gating.events.panel import Role
from gating.gates.steps import Step


class Effect(Enum):
    """What a step does to the events."""

    CLEANS = auto()
    """Leaves out what is no single viable cell, or is a cell of the dump channel."""
    FINDS = auto()
    """Narrows the events to the wanted population; its confidence is that of the population."""
    SPLITS = auto()
    """Splits the wanted population; it does not narrow it."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a person may give for a step.

    Attributes
    ----------
    role
        Role of the channel on which a threshold with the step's name lies; None if no threshold has that
        name.
    thresholds
        Whether a person may give a threshold on the step's channels, or for the step by its name.
    polygon
        Whether a polygon may replace the step's gate.
    on_time
        Whether one axis of that polygon must be time. On other steps time is not allowed.
    """

    role: Role | None = None
    thresholds: bool = True
    polygon: bool = True
    on_time: bool = False


@dataclass(frozen=True, slots=True)
class StepKind:
    """A step of the strategy.

    Attributes
    ----------
    step
        Its name in code and results.
    title
        What it is called in print; a step that finds the wanted population is called by that instead.
    effect
        What it does to the events.
    by_hand
        What a person may give in place of its gate.
    leaves_out
        In words, the events that a cleaning step leaves out.
    batch_role
        Role of the channel whose cut an unclear tube takes from its batch; None if it takes none.
    """

    step: Step
    title: str
    effect: Effect
    by_hand: ByHand
    leaves_out: str = ""
    batch_role: Role | None = None


STEPS: Final[tuple[StepKind, ...]] = (
    StepKind(
        Step.TIME, "Time", Effect.CLEANS, ByHand(thresholds=False, on_time=True),
        leaves_out="unsteady stretches of the acquisition",
    ),
    # the ends of a scale are properties of the detector: nobody moves them
    StepKind(
        Step.MARGINS, "Scale margins", Effect.CLEANS, ByHand(thresholds=False, polygon=False),
        leaves_out="events at the end of a scale",
    ),
    StepKind(Step.DEBRIS, "Debris", Effect.CLEANS, ByHand(Role.FSC_AREA), leaves_out="debris"),
    StepKind(Step.SINGLETS, "Singlets", Effect.CLEANS, ByHand(Role.FSC_WIDTH), leaves_out="doublets"),
    StepKind(
        Step.VIABLE, "Viable", Effect.CLEANS, ByHand(Role.VIABILITY),
        leaves_out="dead cells", batch_role=Role.VIABILITY,
    ),
    StepKind(
        Step.DUMP, "Dump-negative", Effect.CLEANS, ByHand(Role.DUMP),
        leaves_out="cells of the dump channel", batch_role=Role.DUMP,
    ),
    StepKind(Step.PLASMA_CELLS, "Plasma cells", Effect.FINDS, ByHand()),
    StepKind(Step.SECOND_ANCHOR, "Second anchor", Effect.FINDS, ByHand()),
    StepKind(Step.ABERRANT, "Aberrant", Effect.SPLITS, ByHand()),
)  # fmt: skip
"""The steps in their order. The cut on an anchor lies between the clone and other cells, and differs between
patients far more than between days: so only viability and dump take cuts from a batch."""

KIND_OF: Final[Mapping[str, StepKind]] = MappingProxyType({kind.step: kind for kind in STEPS})
"""The kind of each step by its name."""
