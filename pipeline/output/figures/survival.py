"""R7: progression-free and overall survival, with numbers at risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.output.figures.style.canvas import add_axes, house_style, new_figure
from pipeline.output.figures.style.palette import BLUE, GREY, INK, PALE, VERMILLION
from pipeline.response.follow_up import Endpoint, FollowUp
from pipeline.response.pfs_bounds import n_unseen
from pipeline.response.statistics.survival import Floats, SurvivalCurve
from pipeline.response.statistics.time_to_event import NAMES, curve_of, median_survival

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {Endpoint.PFS: VERMILLION, Endpoint.OS: BLUE}
_MOST_TICKS = 9


def survival_figure(courses: Sequence[FollowUp], month_days: float) -> Figure:
    """Return the Kaplan–Meier curves of PFS and OS with their pointwise log–log bands."""
    curves = {endpoint: curve_of(courses, endpoint, month_days) for endpoint in Endpoint}
    shown = {endpoint: curve for endpoint, curve in curves.items() if curve.n}
    end = max([1.0, *(float(curve.times[-1]) for curve in shown.values())])
    with house_style():
        figure = new_figure(7.9, 3.65)
        axes = add_axes(figure, (1.25, 1.05, 4.2, 2.45))
        axes.set_xlim(0, end * 1.02)
        axes.set_ylim(0, 102)
        ticks = _ticks(end)
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        _dress(axes)
        for row, (endpoint, curve) in enumerate(shown.items()):
            words = _words(courses, endpoint, month_days)
            _draw(axes, curve, COLOURS[endpoint], words, row)
            _numbers(axes, curve, ticks, endpoint, row)
    return figure


def _words(courses: Sequence[FollowUp], endpoint: Endpoint, month_days: float) -> str:
    median = median_survival(courses, endpoint, month_days)
    events = f"{median.n_events} events in {median.n} patients"
    unseen = n_unseen(courses) if endpoint is Endpoint.PFS else 0
    if unseen:
        events = f"{events}\n{unseen} censored without assessment"
    return f"{NAMES[endpoint]}\n{events}\nmedian {median}".replace(" months (", " months\n(95 % ")


def _ticks(end: float) -> list[float]:
    steps = (1, 2, 3, 6, 12, 24, 36, 60, 120)
    step = next((step for step in steps if end / step <= _MOST_TICKS), 240)
    return [float(tick) for tick in range(0, int(end) + 1, step)]


def _draw(axes: Axes, curve: SurvivalCurve, colour: str, words: str, row: int) -> None:
    times, survival = _from_one(curve.times, curve.survival)
    _, low = _from_one(curve.times, curve.low)
    _, high = _from_one(curve.times, curve.high)
    band = np.isfinite(low)
    axes.fill_between(
        times, 100 * low, 100 * high, where=band, step="post", color=colour, alpha=0.13, linewidth=0
    )
    dashes = (0, ()) if row else (0, (4, 1.2))
    axes.plot(times, 100 * survival, drawstyle="steps-post", color=colour, linewidth=1.6, linestyle=dashes)
    lost = curve.censored > 0
    axes.plot(
        curve.times[lost], 100 * curve.survival[lost], "|", color=colour, markersize=5, markeredgewidth=1.0
    )
    axes.plot([1.03, 1.10], [0.93 - 0.34 * row] * 2, color=colour, linewidth=1.6, linestyle=dashes,
              transform=axes.transAxes, clip_on=False)  # fmt: skip
    axes.text(1.12, 0.96 - 0.34 * row, words, transform=axes.transAxes, va="top", linespacing=1.35)


def _numbers(axes: Axes, curve: SurvivalCurve, ticks: Sequence[float], endpoint: Endpoint, row: int) -> None:
    """Write how many were at risk below the axis."""
    below = axes.get_xaxis_transform()
    height = -0.285 - 0.075 * row
    axes.text(-0.12, height, endpoint.value, transform=axes.transAxes, ha="right", va="center", fontsize=7,
              color=COLOURS[endpoint], fontweight="bold")  # fmt: skip
    for tick in ticks:
        axes.text(tick, height, str(curve.at_risk_at(tick)), transform=below, ha="center", va="center",
                  fontsize=7, color=INK)  # fmt: skip
    if row == 0:
        axes.text(-0.12, -0.215, "at risk", transform=axes.transAxes, ha="right", va="center", fontsize=7,
                  color=GREY)  # fmt: skip


def _from_one(times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the steps from time 0 on, where everybody is free of the event."""
    return np.concatenate([[0.0], times]), np.concatenate([[1.0], values])


def _dress(axes: Axes) -> None:
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.grid(axis="y", color=PALE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.axhline(50, color=GREY, linewidth=0.6, linestyle=(0, (1, 2)))
    axes.set_ylabel("without the event, %")
    axes.set_xlabel("months from the first study treatment")
