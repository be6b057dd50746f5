"""The density of events along one axis: a smoothed histogram with its modes and valleys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.numbers import LEAST_DIVISOR
from gating.events import FloatArray

DENSITY_BINS = 400
"""Bins of a density. Chosen on the simulated tubes of docs/validation.md."""
NARROWEST_RANGE = 1e-9
"""Least width of a range relative to its ends; a narrower range is a single position. From the precision of
float64 (IEEE 754)."""
KERNEL_STEPS = 2.0**24
"""Number of steps to which the kernel's height is rounded. Convention: whole numbers have the same sum in any
order."""
KERNEL_REACH = 4
"""Distance at which the kernel ends, in bandwidths. Convention: beyond it lies less than one event in
10,000."""
FEWEST_IN_MODE = 2.5
"""Least number of events behind a mode's height; fewer are stray events. Chosen on the simulated tubes of
docs/validation.md."""
HALF_HEIGHT = 1.1774
"""Standard deviations from a normal distribution's mode to half of its height, √(2 ln 2). Convention: a
mathematical constant."""
MOST_OF_KERNEL = 0.3
"""Least width of a group after subtraction of the kernel's width, relative to its width before. Chosen on the
simulated tubes of docs/validation.md."""
MAJOR_MODE = 0.1
"""Least height of a major mode, relative to the highest mode. Chosen on the simulated tubes of
docs/validation.md."""
FLAT_BOTTOM = 0.05
"""Part of a valley's depth that is its bottom; the cut lies in the middle of the bottom. Chosen on the
simulated tubes of docs/validation.md."""
SURE_DIFFERENCE = 4
"""Difference between mode and valley, in standard errors, that chance hardly explains. Chosen on the
simulated tubes of docs/validation.md."""


@dataclass(frozen=True)
class KernelDensity:
    """Smoothed counts per bin on an even grid.

    Attributes
    ----------
    grid
        Centres of the bins, shape (n_bins,).
    counts
        Events per bin, smoothed by a Gaussian of `bandwidth`; same shape.
    bandwidth
        In units of the grid.
    """

    grid: NDArray[np.float64]
    counts: NDArray[np.float64]
    bandwidth: float

    @property
    def step(self) -> float:
        """Width of a bin."""
        return float(self.grid[1] - self.grid[0])

    @property
    def n_per_peak(self) -> float:
        """Bins that one kernel covers; times the smoothed count, it is the events behind an estimate."""
        return max(1.0, self.bandwidth * sqrt(4 * pi) / self.step)

    @cached_property
    def modes(self) -> NDArray[np.intp]:
        """Bins of the local maxima, ascending; the first bin of a plateau."""
        padded = np.concatenate(([-1.0], self.counts, [-1.0]))
        rising, falling = padded[1:-1] > padded[:-2], padded[1:-1] >= padded[2:]
        return np.flatnonzero(rising & falling & (self.counts > 0))

    def major_modes(self, share: float = MAJOR_MODE) -> NDArray[np.intp]:
        """Return the bins of the modes of at least this share of the highest, ascending; at least one."""
        modes = self.modes[self.counts[self.modes] >= share * self.counts.max(initial=0.0)]
        return modes if modes.size else np.array([self.counts.size // 2])

    def half_width(self, mode: int, side: int) -> float:
        """Return the SD of the group at a mode, from one of its sides (−1 lower, 1 upper).

        It comes from the distance to half of the mode's height, less the kernel's own width.
        """
        counts = self.counts[mode::side]
        lower = np.flatnonzero(counts < 0.5 * counts[0])
        return self._spread(float(lower[0] if lower.size else counts.size))

    def steady_half_width(self, mode: int, side: int) -> float:
        """Return the SD as `half_width` does, but with mode and half height interpolated between bins."""
        counts = self.counts[mode::side]
        half = 0.5 * float(counts[0])
        lower = np.flatnonzero(counts < half)
        if not lower.size:
            return self._spread(float(counts.size))
        above, below = counts[lower[0] - 1 : lower[0] + 1].tolist()
        beyond = side * (self.steady_position(mode) - float(self.grid[mode])) / self.step
        return self._spread(float(lower[0]) - (half - below) / (above - below) - beyond)

    def steady_position(self, mode: int) -> float:
        """Return the position of a mode between bins: the top of the parabola through three bins."""
        position = float(self.grid[mode])
        if not 0 < mode < self.counts.size - 1:
            return position
        before, top, after = self.counts[mode - 1 : mode + 2].tolist()
        bend = before - 2 * top + after
        return position + (0.5 * (before - after) / bend * self.step if bend < 0 else 0.0)

    def _spread(self, bins: float) -> float:
        reach = bins * self.step / HALF_HEIGHT
        return float(np.sqrt(max(reach**2 - self.bandwidth**2, (MOST_OF_KERNEL * reach) ** 2)))


@dataclass(frozen=True, slots=True)
class Valley:
    """A gap between two modes.

    Attributes
    ----------
    position
        Where to cut.
    left, right
        The modes on both sides.
    depth
        1 − (density in the valley / the lower of the two modes).
    clarity
        0 to 1: the depth, reduced if there are so few events that it may be chance.
    """

    position: float
    left: float
    right: float
    depth: float
    clarity: float


def density_of(values: FloatArray, *, bandwidth: float, low: float, high: float) -> KernelDensity:
    """Return the density of values between `low` and `high` (those beyond are left out).

    Parameters
    ----------
    values
        On the axis (transformed), shape (n_events,).
    bandwidth
        SD of the Gaussian kernel, in units of the axis.
    """
    return densities_of(values, (bandwidth,), low, high)[0]


def densities_of(
    values: FloatArray, bandwidths: Sequence[float], low: float, high: float
) -> list[KernelDensity]:
    """Return the density at several bandwidths, counting the events once."""
    if not high - low > NARROWEST_RANGE * max(abs(low), abs(high)):
        high = low + max(1.0, abs(low))
    scale = DENSITY_BINS / (high - low)
    bins = values * np.float32(scale)
    bins -= np.float32(low * scale - 1)  # bin 0 and the last: values beyond the ends
    np.clip(bins, 0, DENSITY_BINS + 1, out=bins)
    counts = np.bincount(bins.astype(np.int16), minlength=DENSITY_BINS + 2)[1 : DENSITY_BINS + 1].astype(
        np.float64
    )
    grid = np.asarray(low + (np.arange(DENSITY_BINS) + 0.5) / scale, np.float64)
    return [KernelDensity(grid, _smoothed(counts, width * scale), width) for width in bandwidths]


def clearest_valley(density: KernelDensity, low: float, high: float) -> Valley | None:
    """Return the clearest valley with its bottom between `low` and `high`, or None."""
    inside = [
        valley for valley in all_valleys(density) if low <= valley.position <= high and valley.clarity > 0
    ]
    return max(inside, key=lambda valley: (valley.clarity, -valley.position), default=None)


def all_valleys(density: KernelDensity) -> list[Valley]:
    """Return the valley between every two neighbouring modes, ascending; stray events are no mode."""
    modes = density.modes[density.counts[density.modes] * density.n_per_peak >= FEWEST_IN_MODE]
    heights = density.counts[modes].tolist()
    before, after = _highest_before(heights), _highest_after(heights)
    return [
        _valley(density, modes[split - 1 : split + 1], modes[before[split - 1]], modes[after[split]])
        for split in range(1, len(heights))
    ]


def _highest_before(heights: list[float]) -> list[int]:
    """Return the row of the highest value up to each row; the first row if several are equal."""
    highest = [0] * len(heights)
    for i in range(1, len(heights)):
        highest[i] = i if heights[i] > heights[highest[i - 1]] else highest[i - 1]
    return highest


def _highest_after(heights: list[float]) -> list[int]:
    """Return the row of the highest value from each row on; the first row if several are equal."""
    highest = [len(heights) - 1] * len(heights)
    for i in range(len(heights) - 2, -1, -1):
        highest[i] = i if heights[i] >= heights[highest[i + 1]] else highest[i + 1]
    return highest


def _valley(density: KernelDensity, ends: NDArray[np.intp], left: np.intp, right: np.intp) -> Valley:
    """Return the valley between two neighbouring modes, measured against the highest mode on each side."""
    counts, grid, n_per_peak = density.counts, density.grid, density.n_per_peak
    start, end = ends.tolist()
    between = counts[start : end + 1]
    bottom, lower_mode = float(between.min()), float(min(counts[left], counts[right]))
    flat = grid[start : end + 1].compress(between <= bottom + FLAT_BOTTOM * (lower_mode - bottom))
    events, events_bottom = lower_mode * n_per_peak, bottom * n_per_peak
    sureness = (events - events_bottom) / sqrt(events + events_bottom + 1.0)
    depth = 1 - bottom / lower_mode
    clarity = depth * (1 - exp(-((sureness / SURE_DIFFERENCE) ** 2)))
    return Valley(float(flat.sum()) / flat.size, float(grid[left]), float(grid[right]), depth, clarity)


def _smoothed(counts: NDArray[np.float64], bandwidth_bins: float) -> NDArray[np.float64]:
    reach = min(int(np.ceil(KERNEL_REACH * bandwidth_bins)), counts.size // 2 - 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(bandwidth_bins, LEAST_DIVISOR)) ** 2)
    kernel = np.rint(kernel * KERNEL_STEPS)  # whole numbers, so that no sum is rounded
    return np.asarray(np.convolve(counts, kernel, mode="same") / kernel.sum(), np.float64)
