"""Stretches of time in which the cytometer did not run as usual: clogs, bubbles, surges, start-up junk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.numbers import MAD_TO_SD
from gating.events import FloatArray, Mask
from gating.events.events import BLOCK
from gating.events.rank_search import pair_at
from gating.gates import AnyOf, RangeGate
from gating.gates.steps import GateFlag, Step, StepEstimate
from gating.thresholds.methods import Method

EVENTS_PER_STRETCH = 250
"""Mean number of events per stretch of time. Chosen on the simulated tubes of docs/validation.md."""
MOST_STRETCHES = 200
"""Most stretches of time, however many events there are. Chosen on the simulated tubes of
docs/validation.md."""
FEWEST_STRETCHES = 12
"""Least number of stretches to judge the stability. Chosen on the simulated tubes of docs/validation.md."""
MOST_EXCLUDED = 0.5
"""Largest share of events in unsteady time; if it is larger, none are excluded. Chosen on the simulated tubes
of docs/validation.md."""
QUANTILES = (0.25, 0.5, 0.75)
"""Levels of brightness at which stretches are compared: the quartiles. Convention: they do not depend on
gains or transforms."""

UNJUDGED, MOSTLY_UNSTEADY = 0.5, 0.2
"""Confidence where time could not be judged, and where most of it was unsteady. Chosen on the simulated
tubes of docs/validation.md."""
WORTH_A_FLAG = 0.02
"""Share of excluded events above which the tube is flagged. Chosen on the simulated tubes of
docs/validation.md."""
COUNTING_ERRORS, SLOWEST, FASTEST = 6, 0.6, 1.6
"""A stretch is unsteady if its count differs from the usual one by more than so many counting errors, and its
rate lies outside these multiples of the usual rate. Chosen on the simulated tubes of docs/validation.md."""
RATE_CHANGED = 3
"""If more than one event in so many lies in stretches of an unusual rate, the operator changed the flow
rate; that is no clog. Convention: a clog or a surge is short."""
NOISE_OF_A_LEVEL = 0.36
"""Approximate SD, over events, of the share of the quartiles that an event exceeds. Chosen on the simulated
tubes of docs/validation.md."""
SPREADS_TOGETHER, LEAST_TOGETHER, SHIFT_TOGETHER = 6, 2.0, 0.06
"""Limits for all channels together: spreads above the usual deviation; the least deviation, in spreads; the
least shift of one channel. Chosen on the simulated tubes of docs/validation.md."""
SPREADS_ALONE, SHIFT_ALONE, FEWEST_IN_STRETCH = 7, 0.08, 20
"""Limits for one channel alone: spreads and shift. Least number of sampled events to judge a stretch. Chosen
on the simulated tubes of docs/validation.md."""


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

    The event rate of the stretches is compared over all events. Their brightness is compared by the share of
    events above each channel's quartiles, which does not depend on gains or transforms. PeacoQC
    (doi:10.1002/cyto.a.24501) and flowAI (doi:10.1093/bioinformatics/btw191) also check rate and channels
    separately. Slow drift is not removed.

    Parameters
    ----------
    time
        Shape (n_events,), any unit, any order.
    watched
        Columns of fluorescence, shape (n_sample,) each: the events of `sample`.
    sample
        bool, shape (n_events,): the events whose brightness is used.
    channel
        Name of the time channel.
    """
    n_stretches = min(MOST_STRETCHES, time.size // EVENTS_PER_STRETCH)
    if n_stretches < FEWEST_STRETCHES or not float(np.ptp(time)) > 0:
        note = f"{time.size} events are too few, or the time channel does not rise: stability was not judged"
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
        note = (
            f"{excluded:.0%} of the events were acquired at an unsteady rate or brightness; none were "
            "excluded"
        )
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
    """Return the stretches with far fewer or far more events than the stretch of a typical event has.

    The difference must exceed counting noise. If more than a third of the events lie in such stretches, the
    operator changed the flow rate; that is no clog.
    """
    ordered = np.sort(counts)
    usual = float(ordered[np.searchsorted(np.cumsum(ordered), 0.5 * ordered.sum())])
    beyond = np.abs(counts - usual) > COUNTING_ERRORS * np.sqrt(np.maximum(usual, 1.0))
    bad = beyond & ((counts < SLOWEST * usual) | (counts > FASTEST * usual))
    clogged_or_surging = np.zeros_like(bad) if counts[bad].sum() > counts.sum() / RATE_CHANGED else bad
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
    """Return the stretches whose levels, shape (n_channels, n_stretches), differ from the others."""
    noise = NOISE_OF_A_LEVEL / np.sqrt(np.maximum(n, 1.0))
    spread = np.maximum(MAD_TO_SD * np.median(np.abs(shift), axis=1, keepdims=True), noise)
    z = shift / spread
    overall = np.sqrt((z**2).mean(axis=0))
    usual = float(np.median(overall))
    limit = usual + SPREADS_TOGETHER * MAD_TO_SD * float(np.median(np.abs(overall - usual)))
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
    """Close gaps of up to two good stretches between bad ones, then add one stretch on each side."""
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
    """Return a range for each run of kept stretches; each end lies midway between two acquired times."""
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
