"""Scatter: events at the end of the scale, and debris."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gating.arithmetic.elementary import log
from gating.events import FloatArray, Survivors
from gating.events.quantiles import quantile
from gating.gates import AllOf, RangeGate
from gating.gates.steps import Step, StepEstimate, given_cuts
from gating.thresholds import Threshold, rounded
from gating.thresholds.axis import JUST_BEYOND
from gating.thresholds.kernel_density import clearest_valley, density_of
from gating.thresholds.methods import Method

SATURATED_POPULATION = 0.01
"""If a larger share of the events lies at the upper end of side scatter, they are cells (granulocytes), not
artefacts. Chosen on the simulated tubes of docs/validation.md."""

BELOW_TOP = 1 - 1 / 1024
"""Upper limit of a scale, relative to its largest value: one channel of 1,024 below it. Convention: analogue
cytometers have 1,024 channels, and the top channel holds all brighter events."""
FEWEST_PILED, LEAST_PILED = 10, 1e-3
"""Least number and least share of events on the largest value for that value to be the end of the scale.
Chosen on the simulated tubes of docs/validation.md."""
LARGE_CELL_QUANTILE, SMALLEST = 0.8, 0.01
"""Quantile of forward scatter that is taken as that of a large cell; smaller scatter than the second value,
relative to a large cell, is set to that value. Chosen on the simulated tubes of docs/validation.md."""
DEBRIS_BANDWIDTH, DEBRIS_FROM, DEBRIS_TO = 0.07, 0.04, 0.40
"""Bandwidth of the density of log forward scatter; lower and upper bound of the debris limit, relative to a
large cell. Chosen on the simulated tubes of docs/validation.md."""
SMALLEST_COUNTED, LARGEST_COUNTED = 0.011, 0.7
"""Range of the density of log forward scatter: from this part of a large cell up to this natural log of it.
Convention: the smaller events, all set to `SMALLEST`, are left out; above, twice a large cell, lie only
doublets."""
LEAST_CLEAR_DEBRIS, USUAL_DEBRIS = 0.15, 0.15
"""Least clarity of a valley that sets the debris limit; the limit without such a valley, relative to a large
cell. Chosen on the simulated tubes of docs/validation.md."""
DEBRIS_VALLEY, DEBRIS_CLARITY, DEBRIS_USUAL, NO_LARGE_CELL = 0.5, 0.5, 0.6, 0.2
"""Confidence with a valley: the first value plus the second × its clarity; without a valley; without any
large cell. Chosen on the simulated tubes of docs/validation.md."""


def find_margins(
    events: Survivors, forward: Sequence[str], side: Sequence[str], scale_tops: Sequence[float]
) -> StepEstimate:
    """Return the gate that excludes events at the upper end of a scatter scale.

    Events with saturated side scatter are kept if they are a population: granulocytes at a high gain are
    cells, and percentages of cells must include them.

    Parameters
    ----------
    forward, side
        Channels of forward and side scatter (areas and heights).
    scale_tops
        Largest value of each, in the order forward then side; `inf` where not known.
    """
    ranges, thresholds, notes = [], [], []
    for channel, top in zip((*forward, *side), scale_tops, strict=True):
        values = events.column(channel)
        limit = _scale_end(values, top)
        share = float((values >= limit).mean()) if values.size else 0.0
        if channel in side and share > SATURATED_POPULATION:
            notes.append(
                f"{share:.1%} of the events saturate {channel}: so many form a population, which was kept"
            )
            continue
        ranges.append(RangeGate(channel, None, limit) if np.isfinite(limit) else RangeGate(channel))
        if np.isfinite(limit):
            thresholds.append((channel, limit))
    gate = AllOf(tuple(r for r in ranges if r.upper is not None)) if thresholds else None
    shown = (*forward, *side)[:2]
    return StepEstimate(
        Step.MARGINS, gate, shown, (Method.SCALE_END,), tuple(thresholds), note="; ".join(notes)
    )


def _scale_end(values: FloatArray, top: float) -> float:
    """Return the end of the scale: just below its largest value, or below a pile-up on the largest event."""
    if np.isfinite(top):
        return rounded(top * BELOW_TOP)
    if values.size == 0:
        return float("inf")
    largest = float(values.max())
    piled = int((values >= largest).sum())
    return (
        rounded(largest * (1 - JUST_BEYOND))
        if piled >= max(FEWEST_PILED, LEAST_PILED * values.size)
        else float("inf")
    )


def find_debris(events: Survivors, forward: str, fixed: Threshold | None) -> StepEstimate:
    """Return the lower limit on forward scatter: the valley between fragments and the smallest cells.

    Parameters
    ----------
    events
        A sample of the events.
    forward
        Channel of the forward scatter area.
    fixed
        A limit set by a person, or None.
    """
    threshold = fixed or _debris_limit(events.column(forward))
    return StepEstimate(
        Step.DEBRIS,
        RangeGate(forward, threshold.value, None),
        (forward,),
        (threshold.method,),
        ((forward, threshold.value),),
        threshold.confidence,
        given_cuts=given_cuts([(forward, threshold)]),
    )


def _debris_limit(values: FloatArray) -> Threshold:
    """Search below two fifths of a large cell's scatter: lymphocytes and erythroid cells lie above."""
    large = quantile(values, LARGE_CELL_QUANTILE) if values.size else 1.0
    if not large > 0:
        return Threshold(0.0, Method.SPREAD, NO_LARGE_CELL)
    logs = log(np.maximum(values, np.float32(SMALLEST * large)) * np.float32(1 / large))
    density = density_of(
        logs, bandwidth=DEBRIS_BANDWIDTH, low=float(np.log(SMALLEST_COUNTED)), high=LARGEST_COUNTED
    )
    valley = clearest_valley(density, float(np.log(DEBRIS_FROM)), float(np.log(DEBRIS_TO)))
    if valley is not None and valley.clarity > LEAST_CLEAR_DEBRIS:
        return Threshold(
            rounded(large * float(np.exp(valley.position))),
            Method.VALLEY,
            DEBRIS_VALLEY + DEBRIS_CLARITY * valley.clarity,
        )
    return Threshold(rounded(USUAL_DEBRIS * large), Method.SPREAD, DEBRIS_USUAL)
