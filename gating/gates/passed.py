"""The steps done so far, and the events that are left: each step's gate is applied to the survivors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.events import Survivors
from gating.gates.gates import inside
from gating.gates.person_gates import Choices
from gating.gates.steps import GateFlag, GateStep, Step, StepEstimate, StepMasks


@dataclass(frozen=True, slots=True)
class Passed:
    """The steps done so far and the events that are left.

    Attributes
    ----------
    left
        Events that passed all steps.
    choices
        Gates that a person gave; a polygon replaces the gate of its step here.
    steps, flags
        Steps done so far; flags that they raised.
    depth
        How many steps each event passed, uint8, shape (n_events,).
    """

    left: Survivors
    choices: Choices
    steps: tuple[GateStep, ...] = ()
    flags: tuple[GateFlag, ...] = ()
    depth: NDArray[np.uint8] | None = None

    @property
    def masks(self) -> StepMasks:
        """Which events passed each step."""
        return StepMasks(self._depth, len(self.steps))

    def at(self, step: Step) -> Survivors:
        """Return the survivors of a step that was done."""
        done = [step_done.name for step_done in self.steps].index(step)
        return Survivors.of(self.left.events, self.masks[done])

    def then(self, step_estimate: StepEstimate) -> Passed:
        """Return the state after this step: its gate, or a person's polygon, is applied to the survivors."""
        estimate = self.choices.replaced_by_polygon(step_estimate)
        left = self.left
        if estimate.gate is not None:
            left = left.select(inside(estimate.gate, left))
        step = applied_step(estimate, self.left.n_events, left.n_events)
        flags = (*self.flags, *estimate.flags)
        return Passed(left, self.choices, (*self.steps, step), flags, self._depth + left.mask())

    @property
    def _depth(self) -> NDArray[np.uint8]:
        return np.zeros(self.left.events.n_events, np.uint8) if self.depth is None else self.depth


def with_persons_polygon(step: GateStep, choices: Choices) -> GateStep:
    """Return a step with the polygon that a person set in place of its gate, else unchanged; counts stay."""
    estimate = StepEstimate(
        Step(step.name), step.gate, step.channels, step.methods, step.thresholds,
        step.confidence, step.note, given_cuts=step.given_cuts,
    )  # fmt: skip
    return applied_step(choices.replaced_by_polygon(estimate), step.n_in, step.n_out)


def applied_step(estimate: StepEstimate, n_in: int, n_out: int) -> GateStep:
    """Return a step with the counts of the events before and after its gate."""
    return GateStep(
        estimate.name, estimate.gate, estimate.channels, n_in, n_out, estimate.methods, estimate.thresholds,
        estimate.confidence, estimate.note, estimate.given_cuts,
    )  # fmt: skip
