"""The steps done so far, and the events that are left: each step's gate is applied to the survivors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gating.events import Mask, Survivors
from gating.gates.gates import inside
from gating.gates.given_gates import Choices
from gating.gates.steps import GateFlag, GateStep, Step, StepEstimate


@dataclass(frozen=True, slots=True)
class Passed:
    """Steps done so far and the events that are left.

    Attributes
    ----------
    left
        Survivors of all steps.
    choices
        What a person gave: a polygon takes the place of a step's gate here, whatever step it is.
    steps, masks, flags
        Of each step.
    """

    left: Survivors
    choices: Choices
    steps: tuple[GateStep, ...] = ()
    masks: tuple[Mask, ...] = ()
    flags: tuple[GateFlag, ...] = ()

    def at(self, step: Step) -> Survivors:
        """Return the survivors of a step that was done."""
        done = [step_done.name for step_done in self.steps].index(step)
        return Survivors(self.left.events, np.flatnonzero(self.masks[done]))

    def then(self, found: StepEstimate) -> Passed:
        """Return the state after this step: its gate, or a person's polygon, is applied to the survivors."""
        estimate = self.choices.replaced_by_polygon(found)
        left = self.left
        if estimate.gate is not None:
            left = left.select(inside(estimate.gate, left))
        step = _step(estimate, self.left.n_events, left.n_events)
        masks, flags = (*self.masks, left.mask()), (*self.flags, *estimate.flags)
        return Passed(left, self.choices, (*self.steps, step), masks, flags)


def _step(estimate: StepEstimate, n_in: int, n_out: int) -> GateStep:
    return GateStep(
        estimate.name, estimate.gate, estimate.channels, n_in, n_out, estimate.methods, estimate.thresholds,
        estimate.confidence, estimate.note,
    )  # fmt: skip
