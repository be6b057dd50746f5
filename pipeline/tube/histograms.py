"""Histograms of a tube, counted where its events are in memory, so that pictures do not need the events."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.numbers import finite_values
from gating.events import Events, Survivors
from gating.events.events import LARGE
from gating.events.panel import LIGHT_CHAIN_ROLES, GatingPanel
from gating.events.rank_search import pair_at
from gating.events.transforms import area_sinh
from gating.gates import AllOf, AnyOf, Gate, RangeGate
from gating.gates.movable_gates import CLONE_ROLES
from gating.gates.steps import GatedPopulation, GateFlag, GateStep, Step
from gating.thresholds import rounded

STAINED = "stained"
CONTROL = "control"
BEAD_EVENTS_SHOWN = "beads"
PHENOTYPE_ROLES = (*CLONE_ROLES, *LIGHT_CHAIN_ROLES)
"""Roles that show an aberrant phenotype, the most informative first."""

_LINEAR = re.compile(r"^(fsc|ssc|fs\b|ss\b|fs[ -]|ss[ -]|time|width|event)", re.IGNORECASE)
_BRIGHT = 300.0
_ENOUGH = 20_000
"""Most events that are used to choose the range of an axis."""


@dataclass(frozen=True, slots=True)
class DisplayAxis:
    """A display axis: asinh(x / cofactor) from `low` to `high`; cofactor None is linear."""

    low: float
    high: float
    cofactor: float | None

    def position(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the positions of linear values on the axis, same shape."""
        linear = np.asarray(values, dtype=np.float64)
        return linear if self.cofactor is None else np.arcsinh(linear / self.cofactor)

    def bin_of(self, values: NDArray[np.float32], bins: int) -> NDArray[np.int32]:
        """Return the bin of each value; values beyond the axis are counted in its end bins."""
        shown = values if self.cofactor is None else area_sinh(values / np.float32(self.cofactor))
        scale = np.float32(bins / (self.high - self.low))
        position: NDArray[np.float32] = (shown - np.float32(self.low)) * scale
        # fmax and fmin put NaN into an end bin; a plain cast would give any bin
        inside: NDArray[np.int32] = np.fmin(
            np.fmax(position, 0, out=position), bins - 1, out=position
        ).astype(np.int32)
        return inside


def step_densities(
    events: Events,
    gated: GatedPopulation,
    bins: int = 96,
    *,
    panel: GatingPanel | None = None,
    outlines: Sequence[Gate | None] | None = None,
) -> tuple[Density, ...]:
    """Return a histogram for each gating step: the events that entered it, on its picture's channels.

    Parameters
    ----------
    events
        The tube's events, linear and compensated, as they were gated.
    gated
        The result of gating those events.
    bins
        Bins per axis.
    panel
        The roles of the channels: if no plasma cell looks aberrant, they decide which channels are shown.
    outlines
        Of each step, where a person drew the gates; None: each step's own gate.

    Returns
    -------
    tuple of Density
        One per step that shows a channel which `events` has; one channel gives a 1-D histogram (`y_channel`
        empty, `counts` of shape (bins,)).
    """
    shown = [_shown(step, events) or _phenotype(step, gated, panel) for step in gated.steps]
    gates = [step.gate for step in gated.steps] if outlines is None else outlines
    channels_shown = sorted({channel for channels in shown for channel in channels})
    cells = np.flatnonzero(gated.mask)
    axes = {channel: _axis_of(events.column(channel), channel, cells, gates) for channel in channels_shown}
    return tuple(
        _density(step.name, gate, channels, axes, _entered(events, gated, index), bins)
        for index, (step, channels, gate) in enumerate(zip(gated.steps, shown, gates, strict=True))
        if channels
    )


def density_counts(density: Density) -> NDArray[np.uint32]:
    """Return the counts of a density: shape (bins, bins), y first; (bins,) where it has one channel."""
    flat = np.frombuffer(zlib.decompress(base64.b64decode(density.counts)), dtype="<u4")
    return flat if not density.y_channel else flat.reshape(density.bins, density.bins)


def cd38_histogram(
    stained: ArrayLike, control: ArrayLike | None = None, *, channel: str = "CD38", bins: int = 192
) -> Histogram:
    """Return histograms of the quantified channel: the quantified cells, and the same cells of the control.

    Parameters
    ----------
    stained, control
        Linear, compensated values of the gated cells, shape (n,); control None where there is none.
    channel
        Name of the channel.
    bins
        Bins of the common axis.

    Examples
    --------
    >>> cd38_histogram([900.0, 1000.0, 1100.0], [10.0, 12.0], bins=4).counts
    (('stained', (0, 0, 0, 3)), ('control', (1, 1, 0, 0)))
    """
    named = [(STAINED, finite_values(stained))]
    if control is not None:
        named.append((CONTROL, finite_values(control)))
    return _histogram(tuple(named), channel, bins, from_zero=True)


def bead_histogram(intensity: ArrayLike, *, channel: str, bins: int = 256) -> Histogram:
    """Return the histogram of the bead singlets on one channel (linear values, shape (n,))."""
    return _histogram(((BEAD_EVENTS_SHOWN, finite_values(intensity)),), channel, bins)


def histogram_edges(histogram: Histogram) -> NDArray[np.float64]:
    """Return the bin edges in linear units, shape (bins + 1,)."""
    bins = len(histogram.counts[0][1])
    return histogram.cofactor * np.sinh(np.linspace(histogram.low, histogram.high, bins + 1))


def _shown(step: GateStep, events: Events) -> tuple[str, ...]:
    return tuple(channel for channel in step.channels[:2] if channel in events.channels)


def _phenotype(step: GateStep, gated: GatedPopulation, panel: GatingPanel | None) -> tuple[str, ...]:
    """Return the channels of an aberrant phenotype for a picture that shows that no plasma cell has one."""
    if panel is None or step.name is not Step.ABERRANT or GateFlag.NO_ABERRANT_PHENOTYPE not in gated.flags:
        return ()
    return tuple(channel.channel for role in PHENOTYPE_ROLES for channel in panel.with_role(role))[:2]


def _entered(events: Events, gated: GatedPopulation, index: int) -> Survivors:
    """Return the events that entered a step."""
    if not index:
        return Survivors.everyone(events)
    return Survivors.of(events, gated.step_masks[index - 1])


def _axis_of(
    column: NDArray[np.float32], channel: str, rows: NDArray[np.intp], gates: Sequence[Gate | None]
) -> DisplayAxis:
    every, cells = column[:: max(1, column.size // _ENOUGH)], column.take(rows)
    bounds = [bound for gate in gates for bound in _bounds(gate, channel)]
    shown = np.concatenate([cells.compress(np.isfinite(cells)), bounds])
    return _axis(every.compress(np.isfinite(every)), shown, linear=bool(_LINEAR.match(channel)))


def _bounds(gate: Gate | None, channel: str) -> list[float]:
    """Return the thresholds of a gate on a channel, which a picture must show."""
    if isinstance(gate, AllOf | AnyOf):
        return [bound for part in gate.gates for bound in _bounds(part, channel)]
    if isinstance(gate, RangeGate) and gate.channel == channel:
        return [bound for bound in (gate.lower, gate.upper) if bound is not None and np.isfinite(bound)]
    return []


def _axis(every: NDArray[np.floating], cells: NDArray[np.float64], *, linear: bool) -> DisplayAxis:
    """Choose the range so that the axis holds both the bulk of the events and the few cells of interest."""
    if every.size == 0:
        return DisplayAxis(0.0, 1.0, None if linear else 1.0)
    ends = [_quantile(every, 0.001), _quantile(every, 0.999)]
    ends += [float(cells.min()), float(cells.max())] if cells.size else []
    if linear:
        return _padded(min(ends), max(ends), None)
    cofactor = _cofactor(every, max(ends))
    return _padded(float(np.arcsinh(min(ends) / cofactor)), float(np.arcsinh(max(ends) / cofactor)), cofactor)


def _axis_from_zero(values: NDArray[np.float64]) -> DisplayAxis:
    """Return an axis from 0 (or the lowest value) to at least 300 times the width of its linear part."""
    own = _axis(values, values, linear=False)
    dim = _quantile(values, 0.1) / 2 if values.size else 0.0
    cofactor = max(own.cofactor or 1.0, dim)
    ends = (min(float(values.min(initial=0.0)), 0.0), max(float(values.max(initial=0.0)), _BRIGHT * cofactor))
    return _padded(float(np.arcsinh(ends[0] / cofactor)), float(np.arcsinh(ends[1] / cofactor)), cofactor)


def _quantile(values: NDArray[np.floating], share: float) -> float:
    """Return what `np.quantile` returns for values of shape (n,), in less time."""
    position = share * (values.size - 1)
    low, high = pair_at(values, int(position))
    part = position - int(position)
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)


def _cofactor(values: NDArray[np.floating], top: float) -> float:
    """Width of the linear part: twice the spread of the events below zero, so that no gap appears at zero."""
    negative = values.compress(values < 0)
    spread = -2.0 * _quantile(negative, 0.05) if negative.size else 0.0
    return max(1e-6, min(max(spread, top / 2000), top / 50))


def _padded(low: float, high: float, cofactor: float | None) -> DisplayAxis:
    margin = 0.04 * (high - low) or max(abs(high) * 0.04, 0.5)
    return DisplayAxis(rounded(low - margin, 9), rounded(high + margin, 9), cofactor)


def _density(
    step: str,
    gate: Gate | None,
    channels: tuple[str, ...],
    axes: dict[str, DisplayAxis],
    entered: Survivors,
    bins: int,
) -> Density:
    two = len(channels) == 2
    counts = np.zeros(bins * bins if two else bins, "<u4")
    for block in entered.in_blocks() if entered.n_events >= LARGE else (entered,):
        picked = [axes[channel].bin_of(block.column(channel), bins) for channel in channels]
        flat = picked[1] * bins + picked[0] if two else picked[0]
        counts += np.bincount(flat, minlength=counts.size).astype("<u4")
    x, y = axes[channels[0]], axes[channels[-1]]
    return Density(
        step=step,
        x_channel=channels[0],
        y_channel=channels[1] if two else "",
        x_axis=(x.low, x.high, x.cofactor),
        y_axis=(y.low, y.high, y.cofactor) if two else (0.0, 1.0, None),
        bins=bins,
        counts=base64.b64encode(zlib.compress(counts.tobytes(), 1)).decode("ascii"),
        gate=gate,
    )


def _histogram(
    named: tuple[tuple[str, NDArray[np.float64]], ...], channel: str, bins: int, *, from_zero: bool = False
) -> Histogram:
    """Count each population on one axis.

    `from_zero`: the axis starts at 0 or below and reaches well beyond dim cells, so that dim ones look dim.
    """
    pooled = np.concatenate([values for _, values in named])
    axis = _axis_from_zero(pooled) if from_zero else _axis(pooled, pooled, linear=False)
    counts = tuple(
        (name, tuple(np.bincount(axis.bin_of(values.astype(np.float32), bins), minlength=bins).tolist()))
        for name, values in named
    )
    return Histogram(channel, axis.low, axis.high, axis.cofactor or 1.0, counts)


@dataclass(frozen=True, slots=True)
class Density:
    """A 2-D histogram of the events that entered a gating step, on display axes.

    `counts` is zlib-compressed, base64-coded uint32, shape (bins, bins), y first, from the origin up;
    each axis runs from `low` to `high` of asinh(x / cofactor) (cofactor None: linear).
    """

    step: str
    x_channel: str
    y_channel: str
    x_axis: tuple[float, float, float | None]
    y_axis: tuple[float, float, float | None]
    bins: int
    counts: str
    gate: Gate | None


@dataclass(frozen=True, slots=True)
class Histogram:
    """1-D counts per bin on asinh(x / cofactor); `counts` per named population, all on the same edges."""

    channel: str
    low: float
    high: float
    cofactor: float
    counts: tuple[tuple[str, tuple[int, ...]], ...]
