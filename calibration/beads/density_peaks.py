"""Count the populations of a channel by the peaks of their density, without assuming how many there are.

The channel is read on an arcsinh axis (linear near zero, logarithmic above), so nothing is dropped for being
zero or negative. The density is smoothed at several widths. A dip between two peaks counts only where it is
deeper than counting noise can make it (the idea of SiZer, Chaudhuri & Marron 1999,
doi:10.1080/01621459.1999.10474186).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from calibration.numbers import MAD_TO_SD, Floats

SMOOTH_DECIMALS = 6
"""Decimals of smoothed counts, so that equal counts stay equal on every processor. Convention: counts are of
single beads, and processors differ from the 12th digit on."""

BEAD_BINS = 2048
"""Bins of the axis. Convention: finer than the narrowest smoothing."""

DIP_Z = 4.0
"""Least depth of a dip in standard errors. Convention: counting noise makes one such dip in 30,000."""

DIP_DEPTH = 0.85
"""Highest density in a valley, as a part of the lower peak. Convention: the counts in a valley scatter by
some percent, and a true valley is far deeper."""

COMB = 0.05
"""Largest step of single photoelectrons, as a part of the brightest peak. Convention: a population
holds far more beads than one step of photoelectrons."""

COMB_EVENNESS = 1.25
"""Factor by which the steps of a comb may differ. Convention: the levels of beads grow by larger factors."""

SMOOTHING_WIDTHS = 0.006 * 1.5 ** np.arange(10)
"""Smoothing widths, in natural-log units far from zero. Convention: from a CV of 0.6 % to one of 23 %."""

FEWEST_EVENTS = 30
"""Fewest events of a bead population. Convention: with 30 the median of a population with a CV of 20 % is
known to 5 %."""

SMALLEST_SHARE = 0.01
"""Smallest share of all events that is a bead population. Convention: kits hold about as many beads of each
level, a fifth to a tenth of all."""
FEWEST_BELOW, LEAST_BELOW, NOISE_SPREADS = 10, 0.002, 3
"""Least number and least share of negative events that show the noise; the axis turns at so many spreads of
it. Convention: a few events below zero are strays; at three spreads noise has ended."""
DIMMEST_BEAD, PART_OF_DIMMEST = 0.01, 0.2
"""Without negative events: quantile that is the dimmest event, and the part of it at which the axis turns.
Convention: the dimmest population is then on the logarithmic part, strays aside."""
LEAST_PART = 1e-6
"""Least cofactor, relative to the brightest event, and least height of a peak, relative to the highest.
Convention: six decades, more than any detector has."""
WIDEST_STEP = 0.05
"""Largest width over which equal values at an end of the data are spread, in natural-log units. Convention:
half of the widths that beads have."""
ROOM_BEYOND, SMOOTHING_REACH = 3, 4.0
"""Room beyond the data on either side, and reach of the smoothing, in smoothing widths. Convention: a
normal distribution has ended there."""
SHIFTS = 15
"""Shifts over which a blur is averaged. Convention: far finer than the step of the comb that it closes."""
COMB_GAPS = 3
"""Gaps in a row that must be even to be those of single photoelectrons. Convention: three in a row are even
by chance hardly ever; the levels of beads grow by factors."""
EQUALLY_LOW, LEAST_COUNT = 1e-9, 1e-12
"""Difference, relative to the highest peak, within which bins of a valley are equally low; count that
replaces zero where is divided. Convention: below the decimals that are kept."""


@dataclass(frozen=True, slots=True)
class BinnedDensity:
    """Counts per bin on z = asinh(x / cofactor); `edges` has one more entry than `counts`."""

    counts: Floats
    edges: Floats
    cofactor: float

    @property
    def centers(self) -> Floats:
        """Middle of each bin, on z."""
        return 0.5 * (self.edges[1:] + self.edges[:-1])

    @property
    def x(self) -> Floats:
        """Middle of each bin, linear units."""
        return np.asarray(np.sinh(self.centers) * self.cofactor, dtype=np.float64)

    @property
    def step(self) -> float:
        """Width of a bin, on z."""
        return float(self.edges[1] - self.edges[0])


@dataclass(frozen=True, slots=True)
class Mode:
    """A peak of the density on z, the valleys beside it, and the (fractional) events between these."""

    z: float
    low: float
    high: float
    n: float


def axis_cofactor(x: Floats) -> float:
    """Return the value of x at which the axis turns from linear to logarithmic, from the data alone.

    It is three times the noise of the negative events (`1.4826 · median |x|` of a half-normal). Without
    negative events it is a fifth of the dimmest percentile; the axis is then logarithmic throughout.

    Parameters
    ----------
    x
        Linear intensities, shape (n,).

    Returns
    -------
    float
        Positive.
    """
    floor = LEAST_PART * max(float(np.max(np.abs(x), initial=0.0)), LEAST_PART)
    below = x[x < 0]
    if below.size >= max(FEWEST_BELOW, LEAST_BELOW * x.size):
        return max(NOISE_SPREADS * MAD_TO_SD * float(np.median(-below)), floor)
    positive = x[x > 0]
    return max(PART_OF_DIMMEST * float(np.quantile(positive, DIMMEST_BEAD)) if positive.size else 1.0, floor)


def bin_density(x: Floats, cofactor: float, blur: float = 0.0) -> BinnedDensity:
    """Bin on the arcsinh axis; equal values (integers, log amplifiers) are spread over their own cell.

    Spreading each distinct value evenly to the midpoints of its neighbours removes the picket fence of a
    quantised channel without a random jitter. `blur` (linear units) spreads each event by a triangle of that
    half-width, to close the gaps between single photoelectrons.
    """
    values, counts = np.unique(np.arcsinh(x / cofactor), return_counts=True)
    mid = 0.5 * (values[1:] + values[:-1])
    first = values[0] - min(mid[0] - values[0] if mid.size else WIDEST_STEP, WIDEST_STEP)
    last = values[-1] + min(values[-1] - mid[-1] if mid.size else WIDEST_STEP, WIDEST_STEP)
    cells = np.concatenate([[first], mid, [last]])
    pad = ROOM_BEYOND * SMOOTHING_WIDTHS[-1]
    edges = np.linspace(cells[0] - pad, cells[-1] + pad, BEAD_BINS + 1)
    cumulated = np.concatenate([[0.0], np.cumsum(counts)])
    return BinnedDensity(np.diff(_blurred(edges, cells, cumulated, blur / cofactor)), edges, cofactor)


def _blurred(edges: Floats, cells: Floats, cumulated: Floats, blur: float) -> Floats:
    """Cumulated counts at the edges, averaged over shifts with triangular weights."""
    if blur <= 0:
        return np.interp(edges, cells, cumulated)
    shifts = np.linspace(-1, 1, SHIFTS + 2)[1:-1]
    weights = (1 - np.abs(shifts)) / np.sum(1 - np.abs(shifts))
    shifted_edges = np.arcsinh(np.sinh(edges)[:, None] + blur * shifts)
    return np.asarray((np.interp(shifted_edges, cells, cumulated) * weights).sum(axis=1), dtype=np.float64)


def comb_spacing(modes: tuple[Mode, ...], cofactor: float) -> float:
    """Return the spacing of peaks that are evenly spaced on the linear scale (three gaps or more), else 0.

    Such peaks are single photoelectrons (or the detector's own steps), not beads, whose levels grow by
    factors.
    """
    x = np.sinh(np.array([m.z for m in modes])) * cofactor
    gaps = np.diff(x)
    if gaps.size < COMB_GAPS:
        return 0.0
    windows = np.lib.stride_tricks.sliding_window_view(gaps, COMB_GAPS)
    even = (windows.max(axis=1) <= COMB_EVENNESS * windows.min(axis=1)) & (
        windows.max(axis=1) <= COMB * x[-1]
    )
    return float(np.median(windows[even])) if np.any(even) else 0.0


def find_modes(density: BinnedDensity) -> tuple[Mode, ...]:
    """Return the peaks with a real dip on both sides, at the smoothing width that shows most of them.

    Parameters
    ----------
    density
        Of the channel.

    Returns
    -------
    tuple of Mode
        Dim to bright.
    """
    best: tuple[Mode, ...] = ()
    floor = fewest_events(float(density.counts.sum()))
    for width in SMOOTHING_WIDTHS:
        modes = _modes_at(density, float(width))
        if sum(m.n >= floor for m in modes) > sum(m.n >= floor for m in best):
            best = modes
    return best


def fewest_events(n: float) -> float:
    """Return how many of `n` events make a bead population."""
    return max(float(FEWEST_EVENTS), SMALLEST_SHARE * n)


def _modes_at(density: BinnedDensity, width: float) -> tuple[Mode, ...]:
    from scipy.ndimage import gaussian_filter1d

    bandwidth = max(width / density.step, 1.0)
    smooth = gaussian_filter1d(density.counts, bandwidth, mode="constant", truncate=SMOOTHING_REACH)
    smooth = np.round(smooth, SMOOTH_DECIMALS)
    peaks, valleys = _extrema(smooth)
    peaks, valleys = _merge_noise(smooth, peaks, valleys, 2 * np.sqrt(np.pi) * bandwidth)
    bounds = [0, *valleys, smooth.size - 1]
    cumulated = np.concatenate([[0.0], np.cumsum(density.counts)])
    return tuple(
        Mode(
            float(density.centers[peak]),
            float(density.centers[low]),
            float(density.centers[high]),
            float(cumulated[high] - cumulated[low]),
        )
        for peak, low, high in zip(peaks, bounds[:-1], bounds[1:], strict=True)
    )


def _extrema(smooth: Floats) -> tuple[list[int], list[int]]:
    """Return the peaks and the lowest bin between neighbouring peaks (the middle of an empty stretch)."""
    inside, before, after = smooth[1:-1], smooth[:-2], smooth[2:]
    top = float(smooth.max(initial=0.0))
    peaks = 1 + np.flatnonzero((inside > before) & (inside >= after) & (inside > LEAST_PART * top))
    if not peaks.size:
        peaks = np.array([int(np.argmax(smooth))])
    valleys = []
    for left, right in pairwise(peaks):
        stretch = smooth[left : right + 1]
        lowest = np.flatnonzero(stretch <= stretch.min() + EQUALLY_LOW * top)
        valleys.append(int(left + lowest[lowest.size // 2]))
    return [int(p) for p in peaks], valleys


def _merge_noise(
    smooth: Floats, peaks: list[int], valleys: list[int], kernel: float
) -> tuple[list[int], list[int]]:
    """Remove the least certain dip until every remaining dip is deeper than counting noise."""
    peaks, valleys = list(peaks), list(valleys)
    while valleys:
        height, depth = smooth[peaks], smooth[valleys]
        lower = np.minimum(height[:-1], height[1:])
        certain = (lower - depth) / np.sqrt(np.maximum(lower + depth, LEAST_COUNT) / kernel)
        certain = np.where(depth <= DIP_DEPTH * lower, certain, np.minimum(certain, 0.0))
        weakest = int(np.argmin(certain))
        if certain[weakest] >= DIP_Z:
            break
        del valleys[weakest]
        del peaks[weakest if height[weakest] < height[weakest + 1] else weakest + 1]
    return peaks, valleys
