"""A bead run on one page: the populations, the standard curve, what the curve says of its own beads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.beads.peaks import BeadPeaks
from calibration.curve.standard_curve import StandardCurve
from pipeline.beads.result import CalibrationResult
from pipeline.output.figures.style.canvas import add_axes, house_style, new_figure
from pipeline.output.figures.style.palette import BLUE, GREY, INK, ORANGE, VERMILLION
from pipeline.output.figures.style.ticks import asinh_ticks, count, log_ticks
from pipeline.tube.histograms import Axis, Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def bead_figure(result: CalibrationResult, *, title: str = "") -> Figure:
    """Return the page of a bead run; parts that could not be made are left empty and say so."""
    with house_style():
        figure = new_figure(9.6, 3.05 if title else 2.75)
        if title:
            figure.text(0.02, 0.93, title, fontsize=10, fontweight="bold")
        left = add_axes(figure, (0.2, 0.45, 3.3, 1.95))
        middle = add_axes(figure, (4.2, 0.45, 2.2, 1.95))
        right = add_axes(figure, (7.15, 0.45, 2.3, 1.95))
        _draw_populations(left, result.histogram, result.peaks, result.channel)
        _draw_curve(middle, result.curve)
        _draw_errors(right, result.curve)
    return figure


def _draw_populations(axes: Axes, histogram: Histogram | None, peaks: BeadPeaks | None, channel: str) -> None:
    axes.set_title("Bead populations", loc="left", fontweight="bold", pad=16)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if histogram is None:
        _say(axes, "no histogram")
        return
    counts = np.array(histogram.counts[0][1])
    edges = np.linspace(histogram.low, histogram.high, counts.size + 1)
    height = np.sqrt(counts / max(int(counts.max(initial=0)), 1))
    axes.stairs(height, edges, fill=True, color="#9aa1ab", linewidth=0)
    if peaks is not None:
        _mark_peaks(axes, histogram, peaks)
    ticks = asinh_ticks(histogram.low, histogram.high, histogram.cofactor)
    axes.set_xticks([place for place, _ in ticks], [text for _, text in ticks])
    axes.set_xlim(histogram.low, histogram.high)
    axes.set_ylim(0, 1.15)
    axes.set_xlabel(f"{channel} (height: square root of the count)")


def _mark_peaks(axes: Axes, histogram: Histogram, peaks: BeadPeaks) -> None:
    axis = Axis(histogram.low, histogram.high, histogram.cofactor)
    for index, (median, (low, high)) in enumerate(zip(peaks.medians, peaks.ranges, strict=True)):
        start, end = axis.position([low, high])
        axes.axvspan(
            float(start), float(end), color="#cfe2f1" if index % 2 else "#fbe6c2", linewidth=0, zorder=0
        )
        place = float(axis.position(median))
        axes.plot([place, place], [0, 1.04], color=INK, linewidth=0.8)
        mark = "↯" if peaks.saturated[index] else "blank" if peaks.blank and index == 0 else str(index + 1)
        axes.text(place, 1.06, mark, ha="center", fontsize=7)


def _draw_curve(axes: Axes, curve: StandardCurve | None) -> None:
    axes.set_title("Standard curve", loc="left", fontweight="bold", pad=16)
    if curve is None:
        _say(axes, "no curve")
        return
    points = [
        (m, v, used)
        for m, v, used in zip(curve.medians, curve.levels, curve.fitted, strict=True)
        if m > 0 < v
    ]
    if not points:
        _say(axes, "no point on the logarithmic scale")
        return
    medians, levels = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    x = np.array([medians.min() / 1.6, medians.max() * 1.6])
    axes.plot(x, 10.0 ** (curve.slope * np.log10(x) + curve.intercept), color=BLUE, linewidth=1.1)
    used = np.array([p[2] for p in points])
    axes.plot(medians[used], levels[used], "o", color=BLUE, markersize=4.5)
    axes.plot(medians[~used], levels[~used], "o", markerfacecolor="white", color=INK, markersize=4.5)
    _log_axes(axes, x, np.array([levels.min() / 1.8, levels.max() * 1.8]))
    axes.set_xlabel("bead median (MFI)")
    axes.set_ylabel("assigned molecules")
    words = (
        f"slope {curve.slope:.4f}\nintercept {curve.intercept:.4f}\nr² {curve.r2:.5f}\n"
        f"residual SD {curve.residual_sd:.4f} dex"
    )
    axes.text(0.04, 0.97, words, transform=axes.transAxes, va="top", fontsize=7, linespacing=1.35)
    if not used.all():
        axes.text(
            0.98, 0.03, "open: not in the fit", transform=axes.transAxes, ha="right", fontsize=6.5, color=GREY
        )


def _log_axes(axes: Axes, x: np.ndarray, y: np.ndarray) -> None:
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    axes.set_yscale("log")
    for setter, bounds in ((axes.set_xticks, x), (axes.set_yticks, y)):
        ticks = log_ticks(float(bounds[0]), float(bounds[1]))
        setter([value for value, _ in ticks], [text for _, text in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlim(x[0], x[1])
    axes.set_ylim(y[0], y[1])


def _draw_errors(axes: Axes, curve: StandardCurve | None) -> None:
    axes.set_title("Back-calculated error", loc="left", fontweight="bold", pad=16)
    if curve is None:
        _say(axes, "no curve")
        return
    errors_at = [
        (level, 100 * error)
        for level, error in zip(curve.levels, curve.back_calculated_error, strict=True)
        if error is not None
    ]
    errors = [error for _, error in errors_at]
    for bound, style in ((10, (0, (4, 2))), (20, (0, (1, 1.5)))):
        for side in (bound, -bound):
            axes.axhline(side, color=GREY, linewidth=0.7, linestyle=style)
    axes.axhline(0, color=INK, linewidth=0.7)
    for index, error in enumerate(errors):
        colour = BLUE if abs(error) <= 10 else ORANGE if abs(error) <= 20 else VERMILLION
        axes.plot([index, index], [0, error], color=colour, linewidth=1.6)
        axes.plot([index], [error], "o", color=colour, markersize=4.5)
        above = error >= 0
        axes.annotate(
            f"{error:+.1f}".replace("-", "−"),
            (index, error),
            xytext=(0, 4 if above else -4),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            fontsize=6.5,
        )
    reach = max([24.0, *(1.25 * abs(error) for error in errors)])
    axes.set_ylim(-reach, reach)
    axes.set_xlim(-0.6, max(len(errors_at), 1) - 0.4)
    axes.set_xticks(range(len(errors_at)), [count(level) for level, _ in errors_at])
    axes.set_xlabel("assigned molecules")
    axes.set_ylabel("error, %")


def _say(axes: Axes, words: str) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", color=GREY)
