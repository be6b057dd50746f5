"""Single cells: doublets are cut by the ratio of pulse area to height, or by pulse width."""

from __future__ import annotations

import numpy as np

from gating.arithmetic.elementary import log
from gating.arithmetic.numbers import MAD_TO_SD
from gating.events import FloatArray, Survivors
from gating.events.events import LARGE
from gating.events.quantiles import median
from gating.gates import PolygonGate, RangeGate
from gating.gates.steps import Step, StepEstimate, given_cuts
from gating.thresholds import Threshold, rounded
from gating.thresholds.kernel_density import clearest_valley, density_of
from gating.thresholds.methods import Method

SHORTEST_DOUBLET = 0.22
"""Natural log of the least ratio of a doublet's pulse length to that of one cell: a quarter longer. Chosen on
the simulated tubes of docs/validation.md."""
FEWEST_SINGLETS = 50
"""Least number of events to estimate the limit of single cells. Chosen on the simulated tubes of
docs/validation.md."""
SINGLET_BANDWIDTH, NO_TAIL, FARTHEST_VALLEY = 0.02, 3, 0.6
"""Bandwidth of the density of log pulse length; least distance of a valley above the mode, in spreads, and
its largest distance in log units. Chosen on the simulated tubes of docs/validation.md."""
LEAST_CLEAR_SINGLETS, MOST_SPREADS, USUAL_SPREADS = 0.1, 8, 4
"""Least clarity of a valley that limits single cells; most spreads from the mode to the limit; spreads from
the mode to the limit without a valley. Chosen on the simulated tubes of docs/validation.md."""
SINGLET_VALLEY, SINGLET_CLARITY, SINGLET_USUAL, TOO_FEW = 0.6, 0.4, 0.8, 0.2
"""Confidence with a valley: the first value plus the second × its clarity; without a valley; with too few
events. Chosen on the simulated tubes of docs/validation.md."""
LEAST_PULSE_SPREAD, UNKNOWN_SPREAD = 0.01, 0.05
"""Least spread of log pulse length; the spread that is assumed if no event lies below the mode. Chosen on the
simulated tubes of docs/validation.md."""
SHORTEST_PULSE, LONGEST_PULSE = -1.0, 1.2
"""Range of the density of log pulse length, natural log relative to the median. Convention: a third of the
median is no cell; at 1.2, more than three times the median, also triplets are left behind."""
ABOVE_ALL = 1.5
"""Height of the gate's upper corners, relative to the end of its edge. Convention: any corner above all
events gives the same cells."""


def find_singlets(
    events: Survivors, sample: Survivors, area: str | None, pulse: str, fixed: Threshold | None
) -> StepEstimate:
    """Return the gate on single cells: the ratio of pulse area to height, else the pulse width.

    Two cells in a row give a pulse about twice as long. The limit is the valley above the main mode of the
    ratio (or width). Without a valley, the limit lies above the mode by four times the spread of the mode's
    lower half, and by at least a quarter of the pulse length.

    Parameters
    ----------
    events, sample
        All events, and the sample of them from which the limit is estimated.
    area
        Channel of the pulse area; None if `pulse` is a width.
    pulse
        Channel of the pulse height, or width.
    fixed
        A limit set by a person (ratio area/height, or width), or None.
    """
    if area is not None:
        return _by_ratio(events, sample, area, pulse, fixed)
    limit = fixed or _upper_limit(sample.column(pulse))
    return StepEstimate(
        Step.SINGLETS,
        RangeGate(pulse, None, limit.value),
        (pulse,),
        (limit.method,),
        ((pulse, limit.value),),
        limit.confidence,
        given_cuts=given_cuts([(pulse, limit)]),
    )


def _by_ratio(
    events: Survivors, sample: Survivors, area: str, height: str, fixed: Threshold | None
) -> StepEstimate:
    limit = fixed or _upper_limit(_ratio(sample.column(area), sample.column(height)))
    ratio = f"{area}/{height}"
    gate = gate_of_ratio(events, area, height, limit.value)
    return StepEstimate(
        Step.SINGLETS,
        gate,
        (area, height),
        (limit.method,),
        ((ratio, limit.value),),
        limit.confidence,
        given_cuts=given_cuts([(ratio, limit)]),
    )


def gate_of_ratio(events: Survivors, area: str, height: str, ratio: float) -> PolygonGate:
    """Return the gate on all events whose pulse area over height is below a ratio."""
    reach = 2 * max(_largest(events, area), ratio * _largest(events, height))
    right, above = rounded(reach), rounded(reach / ratio * ABOVE_ALL)
    corners = ((0.0, 0.0), (right, rounded(reach / ratio)), (right, above), (0.0, above))
    return PolygonGate(area, height, corners)


def _largest(events: Survivors, channel: str) -> float:
    """Return the largest value of a channel, at least 1; many events are read in blocks, without a copy."""
    blocks = events.in_blocks() if events.n_events >= LARGE else (events,)
    return max((float(block.column(channel).max(initial=1.0)) for block in blocks), default=1.0)


def _ratio(x: FloatArray, y: FloatArray) -> FloatArray:
    usable = (x > 0) & (y > 0)
    return np.asarray(x.compress(usable) / y.compress(usable), np.float32)


def _upper_limit(values: FloatArray) -> Threshold:
    """Return the limit above the main mode: a valley, or four spreads of the mode's lower half."""
    positive = values.compress(values > 0)
    if positive.size < FEWEST_SINGLETS:
        return Threshold(float("1e30"), Method.NONE, TOO_FEW)
    middle = median(positive)
    logs = log(positive * np.float32(1 / middle))
    density = density_of(logs, bandwidth=SINGLET_BANDWIDTH, low=SHORTEST_PULSE, high=LONGEST_PULSE)
    mode = float(density.grid[np.argmax(density.counts)])
    spread = _lower_spread(logs, mode)
    lowest = mode + NO_TAIL * spread
    valley = clearest_valley(density, lowest, mode + FARTHEST_VALLEY)
    if valley is not None and valley.clarity > LEAST_CLEAR_SINGLETS:
        position = min(valley.position, mode + MOST_SPREADS * spread)
        return Threshold(
            rounded(middle * float(np.exp(position))),
            Method.VALLEY,
            SINGLET_VALLEY + SINGLET_CLARITY * valley.clarity,
        )
    reach = max(USUAL_SPREADS * spread, SHORTEST_DOUBLET)
    return Threshold(rounded(middle * float(np.exp(mode + reach))), Method.SPREAD, SINGLET_USUAL)


def _lower_spread(logs: FloatArray, mode: float) -> float:
    """Return the SD of the events below the mode, from their median distance to it."""
    below = np.float32(mode) - logs.compress(logs < mode)
    return max(MAD_TO_SD * median(below), LEAST_PULSE_SPREAD) if below.size else UNKNOWN_SPREAD
