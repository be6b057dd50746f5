"""Disease control by washout and by receptor density: k of n with exact intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.output.figures.style.canvas import add_axes, house_style, new_figure
from pipeline.output.figures.style.palette import BLUE, GREY, PALE
from pipeline.response.statistics.counts import Proportion
from pipeline.response.tables import ResponseTables

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def response_figure(tables: ResponseTables, name: str = "free CD38") -> Figure:
    """Return the disease control rate overall, by washout and by receptor density, a line each."""
    groups = (
        ("disease control, all", tables.response[-1:]),
        ("by washout before the study drug", tables.by_washout),
        (f"by {name}, molecules per cell", tables.by_rd),
    )
    lines = sum(len(proportions) + 1 for _, proportions in groups)
    with house_style():
        figure = new_figure(7.9, 0.23 * lines + 0.75)
        axes = add_axes(figure, (2.55, 0.45, 3.0, 0.23 * lines + 0.1))
        place = 0.0
        for title, proportions in groups:
            axes.text(
                -0.02,
                place,
                title,
                transform=axes.get_yaxis_transform(),
                ha="right",
                va="center",
                fontweight="bold",
            )
            place = _draw_group(axes, proportions, place + 1)
        _dress(axes, place)
    return figure


def _draw_group(axes: Axes, proportions: Sequence[Proportion], place: float) -> float:
    for proportion in proportions:
        name = proportion.name.replace(">=", "≥")
        axes.text(-0.02, place, name, transform=axes.get_yaxis_transform(), ha="right", va="center")
        axes.text(1.03, place, _words(proportion), transform=axes.get_yaxis_transform(), va="center")
        if proportion.percent is not None and proportion.low is not None and proportion.high is not None:
            axes.plot([proportion.low, proportion.high], [place, place], color=BLUE, linewidth=1.4)
            axes.plot([proportion.percent], [place], "o", color=BLUE, markersize=5.5, clip_on=False)
        place += 1
    return place


def _words(proportion: Proportion) -> str:
    return str(proportion).replace(" (", "  (95 % ") if proportion.n else "0/0: nobody"


def _dress(axes: Axes, lines: float) -> None:
    axes.set_xlim(0, 100)
    axes.set_ylim(lines - 0.4, -0.6)
    axes.set_yticks([])
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.grid(axis="x", color=PALE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(
        "disease control, % of evaluable patients, with exact (Clopper–Pearson) interval", color=GREY
    )
