"""The cut between the negative and the positive cells of a channel, beside the wanted cells if known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gating.events import FloatArray
from gating.thresholds.axis import Axis, axis_density, axis_of
from gating.thresholds.kernel_density import KernelDensity, Valley, all_valleys, densities_of
from gating.thresholds.threshold import Threshold, settle

MOST_LOST, MOST_LOST_IN_A_GAP = 0.2, 0.6
"""Largest share of the wanted cells that a cut may remove: outside a gap between them; in a gap, where the
removed cells may be dead cells that look like wanted cells on the anchors. Chosen on the simulated tubes of
docs/validation.md."""
FEWEST_CONTESTED, LEAST_CONTESTED = 5, 0.005
"""Least number and least share of wanted cells between a cut and the end of their tail that move the cut to
that end. Chosen on the simulated tubes of docs/validation.md."""
IN_THE_TAIL = 0.08
"""Largest density of the wanted cells at a cut beside them, relative to their highest density. Chosen on the
simulated tubes of docs/validation.md."""
DEAD_TOO = 0.25
"""Least height of a dimmer group among the wanted cells, relative to the highest, to be the group that is
kept. Chosen on the simulated tubes of docs/validation.md."""
TAIL = 3.5
"""Largest reach of the wanted cells' tail, in spreads of their upper half. Chosen on the simulated tubes of
docs/validation.md."""
CLEAR_END = 0.3
"""Least clarity of a valley that ends the tail. Chosen on the simulated tubes of docs/validation.md."""
MOST_UNSURE = 0.15
"""Largest share of the wanted cells beyond a gap, if the cells are not surely wanted. Chosen on the simulated
tubes of docs/validation.md."""
FAR_APART = 3.0
"""Distance of two modes (a factor of 20) that are surely two kinds of cells; nearer modes may be
autofluorescence. Chosen on the simulated tubes of docs/validation.md."""

SIDE_CUT_BANDWIDTHS, ROUGH_BANDWIDTH = (0.15, 0.25), 0.25
"""Bandwidths of the densities of all cells, and bandwidth of the density of the wanted cells, in units of the
axis. Chosen on the simulated tubes of docs/validation.md."""
BEYOND_NEGATIVE, BEYOND_WANTED, CLEAR_OF_WANTED = 4, 3, 1.5
"""Distances in spreads: from the negative mode to a cut without a valley; from the wanted cells' mode to such
a cut; from that mode to a valley. Chosen on the simulated tubes of docs/validation.md."""
A_GAP = 0.3
"""Largest density of the wanted cells at a cut in a gap between them, relative to their highest density.
Chosen on the simulated tubes of docs/validation.md."""


def side_cut(
    values: FloatArray,
    rough: FloatArray | None = None,
    *,
    most_lost: float | None = None,
    pooled: float | None = None,
    axis: Axis | None = None,
) -> Threshold:
    """Return the cut between the negative and the positive cells of one channel.

    A valley between groups that lie close together (autofluorescence) counts less than a valley between
    groups far apart. Without any valley the cut lies four spreads above the negative mode.

    Parameters
    ----------
    values
        Linear, compensated, shape (n_events,).
    rough
        Values of cells that are negative for another reason, most of which the cut must keep; or None.
    most_lost
        If these are surely the wanted cells: the largest share of them that may lie above a gap; their tail
        is kept too. None if they are not sure.
    pooled
        Threshold of the batch, linear, or None.
    axis
        Axis of the values, if it is known already.
    """
    axis = axis_of(values) if axis is None else axis
    densities = densities_of(axis.values, SIDE_CUT_BANDWIDTHS, axis.low, axis.high)
    density = densities[0]
    mode = density.major_modes()[0]
    negative = float(density.grid[mode])
    spread = density.half_width(mode, 1)
    lowest, fallback = negative + spread, negative + BEYOND_NEGATIVE * spread
    valley = _widest_valley(densities, lowest)
    usual = settle(axis, valley, fallback=fallback, pooled=pooled)
    if rough is None:
        return usual
    rough_axis = axis_of(rough, axis)
    rough_density = axis_density(rough_axis, ROUGH_BANDWIDTH)
    kept, reach = _dimmest_group(rough_density)
    if most_lost is not None:
        return _beyond_the_tail(usual, axis, rough_axis, (kept + reach, kept + TAIL * reach), most_lost)
    if not _goes_through(rough_density, axis.position(usual.value), float((rough >= usual.value).mean())):
        return _beyond_the_tail(usual, axis, rough_axis, (kept + reach, kept + TAIL * reach), MOST_UNSURE)
    valley = _widest_valley(densities, max(lowest, kept + CLEAR_OF_WANTED * reach))
    return settle(axis, valley, fallback=max(fallback, kept + BEYOND_WANTED * reach), pooled=pooled)


def _dimmest_group(rough: KernelDensity) -> tuple[float, float]:
    """Return middle and upper spread of the dimmest group of wanted cells that a clear valley separates.

    The largest group is not used: dead cells look like wanted cells on the anchors and can be as many.
    """
    modes = rough.major_modes(DEAD_TOO)
    ends = [valley.position for valley in all_valleys(rough) if valley.clarity >= CLEAR_END]
    end = next((position for position in ends if position > rough.grid[modes[0]]), float(rough.grid[-1]))
    group = modes[rough.grid[modes] < end]
    middle = int(group[np.argmax(rough.counts[group])])
    return float(rough.grid[middle]), min(rough.half_width(middle, 1), end - float(rough.grid[middle]))


def _beyond_the_tail(
    usual: Threshold, axis: Axis, rough: Axis, tail: tuple[float, float], most_lost: float
) -> Threshold:
    """Return the cut, moved to the end of the wanted cells' tail if it divides the tail.

    The tail belongs to the wanted cells: compensation spread their noise, or their detector was at its upper
    limit. A cut through it would lose the cells brightest in the quantified antigen first.

    Parameters
    ----------
    rough
        The wanted cells on the axis.
    tail
        Position where the tail begins, and the highest position where it may end.
    most_lost
        Largest share of them that may lie beyond a gap.
    """
    density = axis_density(rough, ROUGH_BANDWIDTH)
    position, lowest = axis.position(usual.value), tail[0]
    count_at_cut = float(np.interp(position, density.grid, density.counts))
    is_beside = position > lowest and count_at_cut < IN_THE_TAIL * float(density.counts.max(initial=0.0))
    if is_beside:
        return usual
    valleys = [
        valley.position
        for valley in all_valleys(density)
        if valley.position > lowest
        and valley.clarity >= CLEAR_END
        and float((rough.values > valley.position).mean()) <= most_lost
    ]
    end = min([*valleys, tail[1], rough.high])
    contested = (rough.values >= position) & (rough.values < end)
    n = int(np.count_nonzero(contested))
    if n < FEWEST_CONTESTED or n < LEAST_CONTESTED * rough.values.size:
        return usual
    return replace(usual, value=axis.linear(end))


def _goes_through(rough: KernelDensity, position: float, lost: float) -> bool:
    """Return whether a cut removes too many wanted cells; more are allowed in a gap between them."""
    count_at_cut = float(np.interp(position, rough.grid, rough.counts))
    in_a_gap = count_at_cut < A_GAP * float(rough.counts.max(initial=0.0))
    return lost > (MOST_LOST_IN_A_GAP if in_a_gap else MOST_LOST)


def _widest_valley(densities: Sequence[KernelDensity], lowest: float) -> Valley | None:
    valleys = [
        valley
        for density in densities
        for valley in all_valleys(density)
        if valley.position >= lowest and valley.clarity > 0
    ]
    return max(valleys, key=lambda valley: (_weight(valley), -valley.position), default=None)


def _weight(valley: Valley) -> float:
    return round(valley.clarity * min(1.0, (valley.right - valley.left) / FAR_APART), 1)
