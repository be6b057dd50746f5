"""Separate bead populations on all channels of a file together, as a person gates rainbow beads.

Populations that overlap on the calibrated channel may lie apart on another one. The events are split at the
clearest valley that any channel shows. Each part is split in the same way, until no channel shows a valley in
any part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from calibration.beads.density_peaks import (
    BinnedDensity,
    Mode,
    axis_cofactor,
    bin_density,
    comb_spacing,
    fewest_events,
    find_modes,
)
from calibration.beads.lot_populations import Wanted, beads_among, may_be_another, without_surplus
from calibration.beads.medians import MeasuredPopulation, of_events
from calibration.beads.scale_end import ScaleEnd
from calibration.beads.width_law import Component
from calibration.numbers import IQR_TO_SD, MEDIAN_TO_MEAN_ERROR, QUARTILES, Floats

CLEAR_VALLEY = 0.5
"""Highest density in a valley at which beads are split, as a part of the lower peak. Convention: few beads
are then on the wrong side."""

BEAD_WINDOW = 0.1
"""Half-width of the window in which events are counted at a peak or a valley, as a part of the distance of
the two peaks. Convention: a tenth holds the top of a peak and little of its flanks."""

CHANNELS_APART = 4.0
"""Least distance of the medians of two neighbours on the calibrated channel, in standard errors. Convention:
as for a dip of the density."""

CENTRAL = 3.0
"""Robust SDs around the median within which events belong to a population. Convention: they hold 99.7 % of a
normal population."""

GroupNumbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LotPopulations:
    """Populations separated on all channels, measured on the first, dim to bright, and notes on the rest."""

    populations: list[MeasuredPopulation]
    notes: tuple[str, ...]


def on_all_channels(
    channels: Sequence[Floats], end: ScaleEnd, n_levels: int, blank: bool
) -> LotPopulations | None:
    """Return exactly the populations of the lot; None where the channels together do not show them.

    Parameters
    ----------
    channels
        Linear intensities of bead singlets, shape (n,) each: the calibrated channel, then every other channel
        of fluorescence. With a single channel the result is None.
    end
        Of the calibrated detector's scale.
    n_levels, blank
        Populations that the lot lists; whether the first is the unstained bead.
    """
    usable = [channels[0], *(c for c in channels[1:] if np.isfinite(c).all() and np.ptp(c) > 0)]
    if len(usable) < 2:
        return None
    labels = part_on_all_channels(usable)
    parts = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
    ordered = sorted(parts, key=lambda part: tuple(float(np.median(c[part])) for c in usable))
    values = [np.sort(usable[0][part]) for part in ordered]
    components, wanted = [_component(part) for part in values], Wanted(n_levels, blank)
    chosen = without_surplus(beads_among(components, wanted), components, wanted)
    if len(chosen.kept) != n_levels or may_be_another(chosen, components, split=False):
        return None
    bead_values = [values[k] for k in chosen.kept]
    if not all(_are_apart(dim, bright, end) for dim, bright in pairwise(bead_values)):
        return None
    populations = [_measured(part, end) for part in bead_values]
    overlap = [dim.high >= bright.low for dim, bright in pairwise(populations)]
    marked = [
        replace(population, overlapping=before or after)
        for population, before, after in zip(populations, [False, *overlap], [*overlap, False], strict=True)
    ]
    note = "Populations that overlap on this channel were separated on all channels of the file together."
    return LotPopulations(marked, (*chosen.notes, *([note] if any(overlap) else [])))


def _component(part: Floats) -> Component:
    quarter, median, three = np.quantile(part, QUARTILES)
    return Component(float(median), float(IQR_TO_SD * (three - quarter)), float(part.size))


def _are_apart(dim: Floats, bright: Floats, end: ScaleEnd) -> bool:
    """Return whether the calibrated channel also separates two populations, or both lie at its end."""
    first, second = _component(dim), _component(bright)
    if end.n_top and first.mean >= end.top:
        return True
    error = MEDIAN_TO_MEAN_ERROR * np.sqrt(first.sd**2 / first.n + second.sd**2 / second.n)
    return bool(second.mean - first.mean > CHANNELS_APART * error)


def _measured(part: Floats, end: ScaleEnd) -> MeasuredPopulation:
    """Median and CV of all events of a part; its range is that of the central ones."""
    component = _component(part)
    reach = CENTRAL * component.sd
    central = part[np.abs(part - component.mean) <= reach] if reach > 0 else part
    clipped = float(np.mean(part >= end.top)) if end.n_top else 0.0
    return replace(of_events(part), low=float(central[0]), high=float(central[-1]), clipped=clipped)


def part_on_all_channels(channels: Sequence[Floats]) -> GroupNumbers:
    """Return the number of each event's population, from 0; the numbers are in no order.

    Parameters
    ----------
    channels
        Linear intensities of bead singlets, shape (n,) each: every channel of fluorescence that the file has.
        Finite.
    """
    n = channels[0].size
    labels = np.zeros(n, np.int64)
    axes = _axes(channels)
    parts = [np.arange(n)]
    n_populations = 0
    while parts:
        part = parts.pop()
        valleys = [(_valley(values[part], cofactor, n), k) for k, (values, cofactor) in enumerate(axes)]
        clear = [(valley[0], k, valley[1]) for valley, k in valleys if valley is not None]
        if not clear:
            labels[part] = n_populations
            n_populations += 1
            continue
        _, k, cut = min(clear)
        below = axes[k][0][part] < cut
        parts += [part[~below], part[below]]
    return labels


def _axes(channels: Sequence[Floats]) -> list[tuple[Floats, float]]:
    """Return the channels that separate populations, with their cofactors, and the mean of these channels.

    Noise and photon counting differ between detectors, but all detectors see the same beads. The mean of the
    channels on the arcsinh axes therefore separates dim populations that overlap on each single channel.
    """
    every = [(values, axis_cofactor(values)) for values in channels]
    telling = [axis for axis in every if _valley(*axis, channels[0].size) is not None]
    if len(telling) < 2:
        return telling
    total = np.zeros(channels[0].size)
    for values, cofactor in telling:
        total += np.arcsinh(values / cofactor)
    return [*telling, (np.sinh(total / len(telling)), 1.0)]


def _valley(values: Floats, cofactor: float, n: int) -> tuple[float, float] | None:
    """Return depth and position (linear units) of the clearest valley between two populations, or None.

    `n`: events of the whole file. It decides how many events make a population.
    """
    if values.size < 2 * fewest_events(n):
        return None
    density, modes = _modes(values, cofactor, n)
    valleys = [_between(density, left, right) for left, right in pairwise(modes)]
    clear = [valley for valley in valleys if valley[0] <= CLEAR_VALLEY]
    if not clear:
        return None
    depth, z = min(clear)
    return depth, float(np.sinh(z) * cofactor)


def _modes(values: Floats, cofactor: float, n: int) -> tuple[BinnedDensity, list[Mode]]:
    density = bin_density(values, cofactor)
    modes = find_modes(density)
    spacing = comb_spacing(modes, cofactor)
    if spacing:
        density = bin_density(values, cofactor, blur=spacing)
        modes = find_modes(density)
    return density, [mode for mode in modes if mode.n >= fewest_events(n)]


def _between(density: BinnedDensity, left: Mode, right: Mode) -> tuple[float, float]:
    """Return the density in the valley between two peaks, as a part of the lower peak, and its position."""
    half = BEAD_WINDOW * (right.z - left.z)
    lower = min(_near(density, left.z, half), _near(density, right.z, half))
    return min((_near(density, z, half) / max(lower, 1.0), z) for z in (left.high, right.low))


def _near(density: BinnedDensity, z: float, half: float) -> float:
    cumulated = np.concatenate([[0.0], np.cumsum(density.counts)])
    low, high = np.interp([z - half, z + half], density.edges, cumulated)
    return float(high - low)
