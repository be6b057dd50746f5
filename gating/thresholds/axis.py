"""The axis of a channel: asinh with a cofactor from the channel's noise; populations are round on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gating.events import FloatArray, Mask, Survivors
from gating.events.quantiles import dim_end, ranked
from gating.events.transforms import asinh, asinh_cofactor
from gating.thresholds.kernel_density import KernelDensity, density_of

THRESHOLD_DIGITS = 6
"""Significant digits of a threshold, so that the written threshold is the applied one. Convention: far
finer than a detector's noise."""
JUST_BEYOND = 1e-5
"""Part by which a limit is moved beyond a cell's own value before it is rounded to six significant digits.
Arithmetic: twice the largest error of that rounding."""
LEAST_RANGE = 20.0
"""Ratio of the largest value to the cofactor: linear intensities exceed it, values on a display scale do not.
Chosen on the simulated tubes of docs/validation.md."""
DISPLAY_UNITS = 10.0
"""Units from the lowest to the highest value of a display scale: about four decades. Chosen on the
simulated tubes of docs/validation.md."""
LOWEST_POSITION, AXIS_MARGIN = -6.0, 0.1
"""Lowest position of an axis that is searched, in units of the axis; width that is added at both ends.
Convention: six units below zero lie only strays; the margin keeps the outermost events off the last bin."""
SHOWN_RANGE, ALMOST_LINEAR = (0.001, 0.999), 10
"""Quantiles that are the range of values on a display scale; cofactor of their axis, relative to the widest
value. Convention: one event in 1,000 at either end may be a stray; up to a tenth of its cofactor asinh is
linear within 0.2 %."""
FEWEST_FOR_NOISE = 1_000
"""Least number of events to search for the noise of the negative cells. Chosen on the simulated tubes of
docs/validation.md."""
NARROW_NOISE = 0.1
"""A cofactor below this value, relative to the range from the dimmest events to the median, may be too small.
Chosen on the simulated tubes of docs/validation.md."""
DIMMEST_SHOWN = 0.001
"""Share of the dimmest events that are ignored as strays. Convention: one event in 1,000."""
NOISE_BANDWIDTH, NOISE_REACH = 0.03, 3.09
"""Bandwidth of the search for the negative cells' mode, relative to that range; distance from the mode to the
dimmest event in 1,000, in spreads. The bandwidth was chosen on the simulated tubes of docs/validation.md; the
distance is Arithmetic: one thousandth of a normal distribution lies farther below its mode."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A channel's values on the axis where its populations are round.

    Attributes
    ----------
    values
        asinh(x / cofactor) / unit, shape (n_events,).
    cofactor
        Linear units.
    low, high
        Lowest and highest position of the events.
    unit
        1 where a step of one is a factor of e; smaller for data that are already on a display scale.
    """

    values: FloatArray
    cofactor: float
    low: float
    high: float
    unit: float = 1.0

    def linear(self, position: float) -> float:
        """Return the linear value of a position, rounded like a threshold."""
        return rounded(float(np.sinh(position * self.unit)) * self.cofactor)

    def position(self, value: float) -> float:
        """Return the position of a linear value."""
        return float(np.arcsinh(value / self.cofactor)) / self.unit

    def select(self, mask: Mask) -> Axis:
        """Return the same axis with the events where `mask` is true."""
        return replace(self, values=self.values.compress(mask))

    def at(self, rows: NDArray[np.intp]) -> Axis:
        """Return the same axis with the events in these rows."""
        return replace(self, values=np.take(self.values, rows))


def rounded(value: float, digits: int = THRESHOLD_DIGITS) -> float:
    """Return the value with six significant digits, so that the written threshold is the applied one."""
    return float(f"{value:.{digits}g}")


def axis_of(values: FloatArray, like: Axis | None = None) -> Axis:
    """Return the axis of a channel.

    Parameters
    ----------
    values
        Linear, compensated, shape (n_events,).
    like
        Another axis of the same channel whose scale is used; None: the scale comes from the values.
    """
    cofactor, unit = (like.cofactor, like.unit) if like is not None else _scale(values)
    positions = asinh(values, cofactor)
    if unit != 1.0:
        positions *= np.float32(1 / unit)
    if positions.size == 0:
        return Axis(positions, cofactor, -1.0, 1.0, unit)
    low, high = float(positions.min()), float(positions.max())
    return Axis(positions, cofactor, max(low, LOWEST_POSITION) - AXIS_MARGIN, high + AXIS_MARGIN, unit)


def axis_on(cells: Survivors, channel: str) -> Axis:
    """Return the axis of a channel with these events on it; computed once for the same survivors."""
    return cells.once(f"axis {channel}", lambda: axis_of(cells.column(channel)))


def axis_like(cells: Survivors, channel: str, like: Axis) -> Axis:
    """Return the cells' positions on a channel, on another axis's scale; computed once per survivors."""
    return cells.once(_named(channel, like), lambda: axis_of(cells.column(channel), like))


def known_axis(cells: Survivors, channel: str, like: Axis) -> Axis | None:
    """Return the result of `axis_like` if it was computed for these survivors before, else None."""
    axis: Axis | None = cells.kept_result(_named(channel, like))
    return axis


def _named(channel: str, like: Axis) -> str:
    return f"positions {channel} {like.cofactor!r} {like.unit!r}"


def _scale(values: FloatArray) -> tuple[float, float]:
    """Return cofactor and unit: asinh, or an almost linear axis if the values are logarithms already."""
    cofactor = asinh_cofactor(values)
    if values.size >= FEWEST_FOR_NOISE:
        cofactor = max(cofactor, _cut_off_noise(values, cofactor))
    largest = float(values.max()) if values.size else 1.0
    if largest >= LEAST_RANGE * cofactor:
        return cofactor, 1.0
    low, high = (float(q) for q in np.quantile(values, SHOWN_RANGE)) if values.size else (0.0, 1.0)
    widest = max(abs(low), abs(high), high - low) or 1.0
    return ALMOST_LINEAR * widest, (high - low or 1.0) / (ALMOST_LINEAR * widest) / DISPLAY_UNITS


def _cut_off_noise(values: FloatArray, cofactor: float) -> float:
    """Return the noise of the negative cells if an instrument cut it off at zero, else 0.

    Compensation then leaves a few small negative values, far narrower than the noise. An axis from these
    values would stretch the negative cells into several groups.
    """
    low = dim_end(values, DIMMEST_SHOWN)
    below = NARROW_NOISE * (values.astype(np.float64) - low) <= cofactor
    if np.count_nonzero(below) > int(0.5 * (values.size - 1)):  # the median is among these values
        return 0.0
    high = ranked(values, 0.5)
    density = density_of(values, bandwidth=NOISE_BANDWIDTH * (high - low), low=low, high=high)
    mode = int(np.argmax(density.counts))  # the events that were cut off pile up in a dimmer mode
    noise = density.half_width(mode, -1)
    usual = float(density.grid[mode]) - NOISE_REACH * noise
    return noise if usual < 0 and low > 0.5 * usual else 0.0


def axis_density(axis: Axis, bandwidth: float) -> KernelDensity:
    """Return the density along the axis."""
    return density_of(axis.values, bandwidth=bandwidth, low=axis.low, high=axis.high)
