"""Cuts on which the similar tubes of a batch agree, for unclear tubes; tubes that differ are flagged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log

import numpy as np

from gating.arithmetic.numbers import MAD_TO_SD
from gating.events import Events, FloatArray, Mask
from gating.events.panel import GatingPanel, Target
from gating.events.sampling import SAMPLE_EVENTS, drawn_by_scatter, sampled
from gating.gates.all_steps import KIND_OF
from gating.gates.steps import GatedPopulation, GateStep, Step
from gating.thresholds import axis_density, axis_of, rounded
from gating.thresholds.methods import Method
from gating.thresholds.side_cut import side_cut

CLEAR_CUT = 0.75
"""Least confidence of a valley that is used without the mixture or the batch. Chosen on the simulated
tubes of docs/validation.md."""
FEWEST_TUBES = 4
"""Least number of tubes with a clear cut for a batch cut. Chosen on the simulated tubes of
docs/validation.md."""
MOST_SPREAD = log(2) / 2
"""Largest spread of tubes that agree: two standard deviations are a factor of two. Chosen on the simulated
tubes of docs/validation.md."""
UNLIKE_FACTOR = log(2)
"""Least distance at which a tube's clear cut differs from the batch cut: a factor of two. Chosen on the
simulated tubes of docs/validation.md."""
UNLIKE_SPREADS = 3.0
"""The same distance in spreads of the batch's cuts; the larger of both limits applies. Chosen on the
simulated tubes of docs/validation.md."""
THROUGH_CELLS = 0.3
"""Least density at a cut that divides a group of cells, relative to the highest peak. Chosen on the simulated
tubes of docs/validation.md."""

BANDWIDTH_AT_CUT = 0.25
"""Bandwidth of the density at a cut, in units of the axis. Chosen on the simulated tubes of
docs/validation.md."""
SPREAD_DIGITS = 6
"""Decimals to which the spread of a batch's cuts is rounded, natural log. Convention: far finer than any
limit on it, and coarser than what processors differ in."""


@dataclass(frozen=True, slots=True)
class DyeCut:
    """A tube's own cut between negative and positive cells on a dye's channel.

    Attributes
    ----------
    step, channel
        The step of the cut, and its channel.
    value
        Linear, compensated.
    method, confidence
        As in `Threshold`.
    """

    step: Step
    channel: str
    value: float
    method: Method
    confidence: float

    @property
    def is_clear(self) -> bool:
        """Whether the cut may be pooled: it is a clear valley above zero."""
        return self.method is Method.VALLEY and self.confidence >= CLEAR_CUT and self.value > 0


@dataclass(frozen=True, slots=True)
class BatchCut:
    """The cut that similar tubes agree on.

    Attributes
    ----------
    step, channel
        The step of the cut, and its channel.
    value
        Median of the tubes' clear cuts, linear, compensated.
    spread
        Robust standard deviation of their natural logarithms.
    n
        Tubes.
    """

    step: Step
    channel: str
    value: float
    spread: float
    n: int

    def is_far(self, value: float) -> bool:
        """Return whether a tube's clear cut is so far from the batch cut that the tube differs."""
        return abs(log(value / self.value)) > max(UNLIKE_FACTOR, UNLIKE_SPREADS * self.spread)

    def __str__(self) -> str:
        """Return the cut in words."""
        return f"{self.value:g} ({self.n} similar tubes, spread ×/÷ {exp(self.spread):.2f})"


def dye_cuts(events: Events, panel: GatingPanel, gated: GatedPopulation) -> tuple[DyeCut, ...]:
    """Return a tube's own cuts on its viability and dump channels, from the density of its cells.

    Parameters
    ----------
    events, panel
        Events and panel of the tube, as they were gated.
    gated
        The gated tube; the gates before a step give the events that the step divides.
    """
    sample = sampled(drawn_by_scatter(events, panel), SAMPLE_EVENTS)
    cuts = []
    for (_, before), (step, _) in _steps_with_predecessor(gated):
        role = KIND_OF[step].batch_role
        for channel in panel.with_role(role) if role is not None else ():
            if channel.target is not Target.ANY:
                cut = side_cut(events.column(channel.channel)[before & sample])
                cuts.append(DyeCut(Step(step), channel.channel, cut.value, cut.method, cut.confidence))
    return tuple(cuts)


def batch_cuts(tubes: Sequence[Sequence[DyeCut]]) -> tuple[BatchCut, ...]:
    """Return the cuts on which the tubes agree.

    Parameters
    ----------
    tubes
        The cuts of each sound tube that was acquired in the same way. Unclear cuts are left out, and so are
        channels with fewer than four clear cuts, or with cuts too far apart.

    Examples
    --------
    >>> tubes = [[DyeCut(Step.VIABLE, "APC-H7-A", x, Method.VALLEY, 0.9)] for x in (500, 520, 540, 560)]
    >>> print(*batch_cuts([*tubes, [DyeCut(Step.VIABLE, "APC-H7-A", 9, Method.SPREAD, 0.4)]]))
    530 (4 similar tubes, spread ×/÷ 1.06)
    """
    values_by_cut: dict[tuple[Step, str], list[float]] = {}
    for cut in (cut for tube in tubes for cut in tube if cut.is_clear):
        values_by_cut.setdefault((cut.step, cut.channel), []).append(cut.value)
    cuts = (_agreed(*key, values) for key, values in sorted(values_by_cut.items()))
    return tuple(cut for cut in cuts if cut is not None)


def cuts_to_lend(steps: Sequence[GateStep], cuts: Sequence[BatchCut]) -> tuple[BatchCut, ...]:
    """Return the batch cuts that a tube needs: its own step has neither a clear valley nor a mixture.

    Parameters
    ----------
    steps
        Steps of the tube, gated without its batch.
    """
    unclear = {
        (step.name, channel)
        for step in steps
        if step.confidence < CLEAR_CUT and step.methods not in ((Method.MIXTURE,), (Method.PERSON,))
        for channel, _ in step.thresholds
    }
    return tuple(cut for cut in cuts if (cut.step, cut.channel) in unclear)


def unlike_batch(
    tube_cuts: Sequence[DyeCut], cuts: Sequence[BatchCut]
) -> tuple[tuple[DyeCut, BatchCut], ...]:
    """Return the tube's clear cuts that differ from the batch cuts, each with the batch cut."""
    clear = {(cut.step, cut.channel): cut for cut in tube_cuts if cut.is_clear}
    pairs = ((clear.get((cut.step, cut.channel)), cut) for cut in cuts)
    return tuple(
        (tube_cut, cut) for tube_cut, cut in pairs if tube_cut is not None and cut.is_far(tube_cut.value)
    )


def fitting_cuts(
    events: Events, gated: GatedPopulation, cuts: Sequence[BatchCut]
) -> tuple[tuple[BatchCut, ...], tuple[BatchCut, ...]]:
    """Return the cuts that a tube may use, and those that divide a group of its own cells.

    Parameters
    ----------
    events
        Of the tube.
    gated
        The tube gated without its batch.
    """
    if not cuts:  # a mask for each step of a large tube is much memory
        return (), ()
    steps = {cut.step for cut in cuts}
    before = {step: mask for (_, mask), (step, _) in _steps_with_predecessor(gated) if step in steps}
    through = {
        cut: goes_through_cells(events.column(cut.channel)[before[cut.step]], cut.value) for cut in cuts
    }
    return tuple(c for c in cuts if not through[c]), tuple(c for c in cuts if through[c])


def goes_through_cells(values: FloatArray, cut: float) -> bool:
    """Return whether a cut divides a group of a tube's cells: then the tube is not like its batch.

    Parameters
    ----------
    values
        The cells that the cut would divide, linear, compensated, shape (n_events,).
    """
    if values.size == 0:
        return False
    axis = axis_of(values)
    density = axis_density(axis, BANDWIDTH_AT_CUT)
    count_at_cut = float(np.interp(axis.position(cut), density.grid, density.counts))
    return count_at_cut >= THROUGH_CELLS * float(density.counts.max())


def _agreed(step: Step, channel: str, values: Sequence[float]) -> BatchCut | None:
    if len(values) < FEWEST_TUBES:
        return None
    logs = np.log(values)
    spread = float(MAD_TO_SD * np.median(np.abs(logs - np.median(logs))))
    if spread > MOST_SPREAD:
        return None
    return BatchCut(
        step, channel, rounded(float(np.median(values))), round(spread, SPREAD_DIGITS), len(values)
    )


def _steps_with_predecessor(
    gated: GatedPopulation,
) -> Iterator[tuple[tuple[Step | str, Mask], tuple[Step | str, Mask]]]:
    return pairwise(zip((step.name for step in gated.steps), gated.step_masks, strict=True))
