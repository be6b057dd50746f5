"""Levey-Jennings charts of a bead run's instrument: every run in SDs of today's limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from calibration.curve.drift import DriftPoint, DriftSeries
from calibration.curve.standard_curve import CurveVerdict
from pipeline.output.figures.style.canvas import add_axes, house_style, new_figure
from pipeline.output.figures.style.palette import BLUE, GREY, INK, ORANGE, PALE, VERMILLION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS, WIDTH, HEIGHT = 3, 3.1, 1.7
REACH = 5.0
"""SDs shown; what lies further is drawn at the edge."""

_COLOURS = {CurveVerdict.ACCEPT: BLUE, CurveVerdict.WARN: ORANGE, CurveVerdict.REJECT: VERMILLION}


def drift_figure(series: Sequence[DriftSeries], *, title: str = "") -> Figure:
    """Return a chart per series; the run in question is the last point of each.

    Parameters
    ----------
    series
        At least one.
    title
        Above the charts, for a page of its own.
    """
    n_rows = -(-len(series) // COLUMNS)
    top = 0.35 if title else 0.05
    with house_style():
        figure = new_figure(COLUMNS * WIDTH + 0.3, n_rows * HEIGHT + top)
        if title:
            figure.text(0.02, 1 - 0.22 / (n_rows * HEIGHT + top), title, fontsize=10, fontweight="bold")
        for k, drifting in enumerate(series):
            row, column = divmod(k, COLUMNS)
            bottom = (n_rows - 1 - row) * HEIGHT + 0.38
            _draw(add_axes(figure, (column * WIDTH + 0.45, bottom, WIDTH - 0.6, HEIGHT - 0.72)), drifting)
    return figure


def _draw(axes: Axes, series: DriftSeries) -> None:
    last = series.points[-1]
    rules = f": {' '.join(last.broken)}" if last.broken else ""
    axes.set_title(f"{series.name}{rules}", loc="left", fontweight="bold", pad=4)
    axes.set_xlim(-0.6, len(series.points) - 0.4)
    axes.set_xticks([0, len(series.points) - 1], [series.on[0][:10], series.on[-1][:10]])
    if last.mean is None or not last.sd:
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no limits yet", transform=axes.transAxes, ha="center", color=GREY)
        return
    for sds, colour in ((2, ORANGE), (3, VERMILLION)):
        for side in (sds, -sds):
            axes.axhline(side, color=colour, linewidth=0.6, linestyle=(0, (4, 2)))
    axes.axhline(0, color=INK, linewidth=0.6)
    place = [_place(point, series.logarithmic, last.mean, last.sd) for point in series.points]
    axes.plot(range(len(place)), place, color=PALE, linewidth=0.8, zorder=1)
    for look in dict.fromkeys(map(_look, place, series.points)):
        at = [k for k, point in enumerate(series.points) if _look(place[k], point) == look]
        axes.plot(at, [place[k] for k in at], look[0], color=look[1], markersize=3.2, clip_on=False)
    newest = _COLOURS[last.verdict]
    axes.plot([len(place) - 1], [place[-1]], "D", color=newest, markersize=5.5, clip_on=False)
    axes.set_ylim(-REACH, REACH)
    axes.set_yticks([-3, 0, 3], ["−3 SD", "mean", "+3 SD"])


def _look(place: float, point: DriftPoint) -> tuple[str, str]:
    """Return marker and colour; an arrow where the point lies beyond the chart."""
    marker = "o" if abs(place) < REACH else "^" if place > 0 else "v"
    return marker, _COLOURS[point.verdict]


def _place(point: DriftPoint, logarithmic: bool, mean: float, sd: float) -> float:
    value = float(np.log10(point.value)) if logarithmic else point.value
    return float(np.clip((value - mean) / sd, -REACH, REACH))
