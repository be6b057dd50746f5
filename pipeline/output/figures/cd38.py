"""Free CD38 of the quantified cells beside the same cells of the control tube."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibration.curve.standard_curve import StandardCurve
from calibration.density.receptor_density import ReceptorDensity
from pipeline.output.figures.style.canvas import add_axes, house_style, new_figure
from pipeline.output.figures.style.palette import BLUE, GREY, INK, PALE
from pipeline.output.figures.style.ticks import apart, asinh_ticks, count, decade
from pipeline.tube.histograms import CONTROL, STAINED, Axis, Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHED = (0, (3, 1.5))


def cd38_figure(
    histogram: Histogram,
    receptor: ReceptorDensity,
    *,
    curve: StandardCurve | None = None,
    control_words: str = "control",
    channel_words: str = "",
) -> Figure:
    """Return the histogram of the quantified channel: stained, its control, their medians, ABC on top.

    Parameters
    ----------
    histogram
        Counts of the stained cells and, if there is one, of the control.
    receptor
        Gives the medians (MFI).
    curve
        Adds the axis of molecules per cell, drawn only where the beads reach.
    control_words
        What the control is, e.g. `FMO`.
    channel_words
        Label of the axis; the channel's name where it is empty.
    """
    with house_style():
        figure = new_figure(4.6, 2.45)
        axes = add_axes(figure, (0.12, 0.38, 4.36, 1.45))
        for name, counts in reversed(histogram.counts):
            _draw_counts(axes, np.array(counts), histogram, stained=name == STAINED)
        _draw_medians(axes, histogram, receptor, control_words)
        _dress(axes, histogram, channel_words)
        if curve is not None and curve.slope > 0:
            _draw_abc_axis(axes, histogram, curve)
    return figure


def rebinned(counts: NDArray[np.int64], wanted: float = 8.0) -> NDArray[np.int64]:
    """Return the counts in wider bins until an occupied one holds `wanted` cells (at most 8 in one).

    Examples
    --------
    >>> rebinned(np.array([1, 0, 2, 1, 1, 0, 1, 0]), wanted=2).tolist()
    [4, 2]
    """
    width = 1
    merged = counts
    while width < 8 and merged.size % 2 == 0 and _mean_occupied(merged) < wanted:
        merged = merged.reshape(-1, 2).sum(axis=1)
        width *= 2
    return merged


def _mean_occupied(counts: NDArray[np.int64]) -> float:
    occupied = counts[counts > 0]
    return float(occupied.mean()) if occupied.size else math.inf


def _draw_counts(axes: Axes, counts: NDArray[np.int64], histogram: Histogram, *, stained: bool) -> None:
    if counts.sum() == 0:
        return
    merged = rebinned(counts)
    edges = np.linspace(histogram.low, histogram.high, merged.size + 1)
    height = merged / merged.max()
    if stained:
        axes.stairs(height, edges, fill=True, color="#bcd6ea")
        axes.stairs(height, edges, color=BLUE, linewidth=1.0)
    else:
        axes.stairs(height, edges, color=INK, linewidth=0.9, linestyle=_DASHED)


def _draw_medians(axes: Axes, histogram: Histogram, receptor: ReceptorDensity, words: str) -> None:
    cells = dict(histogram.counts)
    for name, value, colour, height in (
        (STAINED, receptor.median_mfi, BLUE, 1.17),
        (CONTROL, receptor.background_mfi, INK, 1.04),
    ):
        if name in cells or value is not None:
            shown = words if name == CONTROL else name
            _draw_median(axes, histogram, value, colour, f"{shown}: {{}}{_n(cells, name)}", height)


def _draw_median(
    axes: Axes, histogram: Histogram, value: float | None, colour: str, words: str, height: float
) -> None:
    """Draw a median and name it on a line of its own, on the side where there is room."""
    if value is None:
        axes.text(histogram.low, height, words.format(""), fontsize=7, color=colour, va="bottom")
        return
    place = float(Axis(histogram.low, histogram.high, histogram.cofactor).position(value))
    style = "-" if colour == BLUE else _DASHED
    axes.plot([place, place], [0, height + 0.1], color=colour, linewidth=1.2, linestyle=style)
    right = place > (histogram.low + histogram.high) / 2
    axes.annotate(
        words.format(f"median {count(value)}, "),
        (place, height),
        xytext=(-3 if right else 3, 0),
        textcoords="offset points",
        ha="right" if right else "left",
        va="bottom",
        fontsize=7,
        color=colour,
    )


def _n(cells: dict[str, tuple[int, ...]], name: str) -> str:
    return f"n = {count(sum(cells.get(name, ())))}"


def _dress(axes: Axes, histogram: Histogram, words: str) -> None:
    ticks = asinh_ticks(histogram.low, histogram.high, histogram.cofactor)
    axes.set_xticks([place for place, _ in ticks], [text for _, text in ticks])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlim(histogram.low, histogram.high)
    axes.set_ylim(0, 1.36)
    axes.set_xlabel(
        f"{words or histogram.channel}, compensated fluorescence (height: share of the largest bin)"
    )


def _draw_abc_axis(axes: Axes, histogram: Histogram, curve: StandardCurve) -> None:
    """Molecules per cell on top; the grey bar is where the beads reach, beyond it the curve extrapolates."""
    axis = Axis(histogram.low, histogram.high, histogram.cofactor)
    used = [m for m, fitted in zip(curve.medians, curve.fitted, strict=True) if fitted]
    if not used:
        return
    top = axes.twiny()
    top.spines["right"].set_visible(False)
    top.spines["left"].set_visible(False)
    top.set_xlim(histogram.low, histogram.high)
    ticks = [(float(axis.position(_mfi_of(curve, 10.0**k))), decade(k)) for k in range(1, 8)]
    within = [(place, text) for place, text in ticks if histogram.low < place < histogram.high]
    inside = apart(within, 0.06 * (histogram.high - histogram.low))
    top.set_xticks([place for place, _ in inside], [text for _, text in inside])
    top.set_xlabel(
        "molecules per cell (ABC) on the standard curve; bar: range of the beads",
        fontsize=7,
        color=GREY,
        labelpad=5,
    )
    reach = axis.position([min(used), max(used)]).clip(histogram.low, histogram.high)
    top.axvspan(float(reach[0]), float(reach[1]), 0.965, 1.0, color=PALE, linewidth=0)


def _mfi_of(curve: StandardCurve, molecules: float) -> float:
    """Invert log10 molecules = slope · log10 MFI + intercept."""
    return float(10.0 ** ((math.log10(molecules) - curve.intercept) / curve.slope))
