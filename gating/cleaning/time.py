"""Stretches of time in which the cytometer did not run as usual: clogs, bubbles, surges, start-up junk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.events import FloatArray, Mask
from gating.events.events import BLOCK
from gating.events.rank_search import pair_at
from gating.gates import AnyOf, RangeGate
from gating.gates.steps import GateFlag, Step, StepEstimate
from gating.thresholds.methods import Method

EVENTS_PER_STRETCH = 250
"""Events in a stretch of time, on average. Chosen on the simulated tubes of docs/validation.md."""
MOST_STRETCHES = 200
"""Stretches of time at most, however many events there are. Chosen on the simulated tubes of
docs/validation.md."""
FEWEST_STRETCHES = 12
"""Stretches from which the stability is judged. Chosen on the simulated tubes of docs/validation.md."""
MOST_EXCLUDED = 0.5
"""Share of events in unsteady time above which none are excluded. Chosen on the simulated tubes of
docs/validation.md."""
QUANTILES = (0.25, 0.5, 0.75)
"""Levels of brightness that stretches are compared at: the quartiles. Convention: they do not depend on
gains or transforms."""

UNJUDGED, MOSTLY_UNSTEADY = 0.5, 0.2
"""Confidence where time could not be judged, and where most of it was unsteady. Chosen on the simulated
tubes of docs/validation.md."""
WORTH_A_FLAG = 0.02
"""Share of excluded events above which the tube is flagged. Chosen on the simulated tubes of
docs/validation.md."""
COUNTING_ERRORS, SLOWEST, FASTEST = 6, 0.6, 1.6
"""A stretch is unsteady beyond so many counting errors and outside these multiples of the usual rate.
Chosen on the simulated tubes of docs/validation.md."""
NOISE_OF_A_LEVEL = 0.36
"""SD of an event's share of exceeded quartiles, about. Chosen on the simulated tubes of
docs/validation.md."""
SPREADS_TOGETHER, LEAST_TOGETHER, SHIFT_TOGETHER = 6, 2.0, 0.06
"""Limit over all channels: spreads, their least, and the least shift of a channel. Chosen on the simulated
tubes of docs/validation.md."""
SPREADS_ALONE, SHIFT_ALONE, FEWEST_IN_STRETCH = 7, 0.08, 20
"""Limit of one channel: spreads and shift; sampled events from which a stretch is judged. Chosen on the
simulated tubes of docs/validation.md."""


@dataclass(frozen=True, slots=True)
class Stretches:
    """Equal stretches of the acquisition.

    Attributes
    ----------
    edges
        Times between stretches, shape (n_stretches + 1,).
    which
        uint8, shape (n_events,): the stretch of each event.
    counts
        Events per stretch, shape (n_stretches,).
    """

    edges: NDArray[np.float64]
    which: NDArray[np.uint8]
    counts: NDArray[np.float64]


def find_stable_time(
    time: FloatArray, watched: Sequence[FloatArray], sample: Mask, *, channel: str
) -> StepEstimate:
    """Return the gate on the time in which rate and brightness were steady.

    The rate is compared between stretches over all events; the brightness by the share of events above each
    channel's quartiles, which does not depend on gains or transforms (as PeacoQC, doi:10.1002/cyto.a.24501,
    and flowAI, doi:10.1093/bioinformatics/btw191, watch rate and channels apart). Slow drift is not cut out.

    Parameters
    ----------
    time
        Shape (n_events,), any unit, any order.
    watched
        Columns of fluorescence, shape (n_sample,) each: the events of `sample`.
    sample
        bool, shape (n_events,): the events whose brightness is looked at.
    channel
        Name of the time channel.
    """
    n_stretches = min(MOST_STRETCHES, time.size // EVENTS_PER_STRETCH)
    if n_stretches < FEWEST_STRETCHES or not float(np.ptp(time)) > 0:
        note = f"{time.size} events are too few, or time stands still: stability was not judged"
        return StepEstimate(Step.TIME, None, (channel,), (Method.NONE,), confidence=UNJUDGED, note=note)
    stretches = _stretches(time, n_stretches)
    bad = _unsteady_rate(stretches.counts) | _unsteady_brightness(stretches, watched, sample)
    bad = _widened(bad)
    excluded = float(stretches.counts[bad].sum() / time.size)
    if not bad.any():
        return StepEstimate(
            Step.TIME, None, (channel,), (Method.STEADY,), note="rate and brightness were steady"
        )
    if excluded > MOST_EXCLUDED:
        note = f"{excluded:.0%} of the events were acquired in unsteady time; none were excluded"
        return StepEstimate(
            Step.TIME,
            None,
            (channel,),
            (Method.UNSTEADY,),
            (),
            MOSTLY_UNSTEADY,
            note,
            (GateFlag.TIME_UNSTABLE,),
        )
    gates = _kept_ranges(time, stretches.edges, ~bad, channel)
    note = f"{excluded:.1%} of the events lie in stretches of unsteady rate or brightness and were excluded"
    flags = (GateFlag.TIME_UNSTABLE,) if excluded > WORTH_A_FLAG else ()
    thresholds = tuple(
        (channel, edge) for gate in gates for edge in (gate.lower, gate.upper) if edge is not None
    )
    return StepEstimate(
        Step.TIME, AnyOf(gates), (channel,), (Method.SEGMENTS,), thresholds, 1 - excluded, note, flags
    )


def _stretches(time: FloatArray, n_stretches: int) -> Stretches:
    low, high = float(time.min()), float(time.max())
    edges = np.linspace(low, high, n_stretches + 1)
    which, counts = np.empty(time.size, np.uint8), np.zeros(n_stretches)
    for start in range(0, time.size, BLOCK):
        part = (time[start : start + BLOCK] - np.float32(low)) * np.float32(n_stretches / (high - low))
        np.minimum(part, n_stretches - 1, out=part)
        which[start : start + BLOCK] = part
        counts += np.bincount(which[start : start + BLOCK], minlength=n_stretches)
    return Stretches(edges, which, counts)


def _unsteady_rate(counts: NDArray[np.float64]) -> Mask:
    """Stretches with far fewer or far more events than the usual event saw around it, beyond counting noise.

    If a third of the events differ, the operator changed the flow: that is no clog.
    """
    ordered = np.sort(counts)
    usual = float(ordered[np.searchsorted(np.cumsum(ordered), 0.5 * ordered.sum())])
    beyond = np.abs(counts - usual) > COUNTING_ERRORS * np.sqrt(np.maximum(usual, 1.0))
    bad = beyond & ((counts < SLOWEST * usual) | (counts > FASTEST * usual))
    clogged_or_surging = np.zeros_like(bad) if counts[bad].sum() > counts.sum() / 3 else bad
    return np.asarray(clogged_or_surging | (counts == 0), np.bool_)


def _unsteady_brightness(stretches: Stretches, watched: Sequence[FloatArray], sample: Mask) -> Mask:
    which = stretches.which.compress(sample).astype(np.intp)
    n = np.bincount(which, minlength=stretches.counts.size).astype(np.float64)
    shifts = [_mean_level(values, which, n) for values in watched]
    if not shifts:
        return np.zeros(n.size, np.bool_)
    shift = np.stack(shifts)
    single = _unlike_the_rest(shift, n)
    around = _moving_mean(shift, n)
    return single | _unlike_the_rest(around, _moving_sum(n))


def _mean_level(values: FloatArray, which: NDArray[np.intp], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each stretch's mean share of quartiles that an event exceeds, minus the usual one."""
    levels = np.zeros(values.size, np.int8)
    for quartile in _quartiles(values):
        levels += values > quartile
    total = np.bincount(which, weights=levels, minlength=n.size) / len(QUANTILES)
    mean = total / np.maximum(n, 1.0)
    return np.asarray(mean - np.median(mean[n > 0]), np.float64)


def _quartiles(values: FloatArray) -> tuple[np.float32, ...]:
    """Return the values at `QUANTILES`, without interpolation."""
    return tuple(np.float32(pair_at(values, int(share * (values.size - 1)))[0]) for share in QUANTILES)


def _unlike_the_rest(shift: NDArray[np.float64], n: NDArray[np.float64]) -> Mask:
    """Stretches whose levels, shape (n_channels, n_stretches), leave the band of the others."""
    noise = NOISE_OF_A_LEVEL / np.sqrt(np.maximum(n, 1.0))
    spread = np.maximum(1.4826 * np.median(np.abs(shift), axis=1, keepdims=True), noise)
    z = shift / spread
    overall = np.sqrt((z**2).mean(axis=0))
    usual = float(np.median(overall))
    limit = usual + SPREADS_TOGETHER * 1.4826 * float(np.median(np.abs(overall - usual)))
    together = (overall > max(limit, LEAST_TOGETHER)) & (np.abs(shift).max(axis=0) > SHIFT_TOGETHER)
    one_channel = ((np.abs(z) > SPREADS_ALONE) & (np.abs(shift) > SHIFT_ALONE)).any(axis=0)
    return np.asarray((together | one_channel) & (n >= FEWEST_IN_STRETCH), np.bool_)


def _moving_sum(n: NDArray[np.float64]) -> NDArray[np.float64]:
    total = n.astype(np.float64)
    total[1:] += n[:-1]
    total[:-1] += n[1:]
    return total


def _moving_mean(shift: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.stack([_moving_sum(row * n) for row in shift])
    return np.asarray(total / np.maximum(_moving_sum(n), 1.0), np.float64)


def _widened(bad: Mask) -> Mask:
    """Close gaps of up to two good stretches between bad ones, then add half the doubt: one on each side."""
    closed = bad.copy()
    for gap in (1, 2):
        for start in range(1, bad.size - gap):
            if closed[start - 1] and closed[start + gap]:
                closed[start : start + gap] = True
    wide = closed.copy()
    wide[1:] |= closed[:-1]
    wide[:-1] |= closed[1:]
    return wide


def _kept_ranges(
    time: FloatArray, edges: NDArray[np.float64], kept: Mask, channel: str
) -> tuple[RangeGate, ...]:
    """Return a range per run of kept stretches, its ends half-way between two acquired times."""
    padded = np.concatenate(([False], kept, [False])).astype(np.int8)
    starts, ends = np.flatnonzero(np.diff(padded) == 1), np.flatnonzero(np.diff(padded) == -1)
    return tuple(
        RangeGate(
            channel,
            None if start == 0 else _between_times(time, float(edges[start])),
            None if end == kept.size else _between_times(time, float(edges[end])),
        )
        for start, end in zip(starts, ends, strict=True)
    )


def _between_times(time: FloatArray, edge: float) -> float:
    before, after = time[time < edge], time[time >= edge]
    if before.size == 0 or after.size == 0:
        return edge
    return float(np.float32((float(before.max()) + float(after.min())) / 2))
