"""The gating steps of a tube, one small picture each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gating.population import GateStep
from pipeline.figures.canvas import add_axes, house_style, new_figure
from pipeline.figures.outlines import axes_of, hidden_parts, outlines
from pipeline.figures.palette import BLUE, DENSITY, GREY, INK, VERMILLION
from pipeline.figures.ticks import asinh_ticks, count, linear_ticks
from pipeline.pictures import Axis, density_counts
from pipeline.sample_result import Density
from pipeline.study import Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNSURE = 0.7
"""Below this confidence a step's title is drawn in the colour of a warning."""

_PANEL = 1.45
_CELL_WIDTH, _CELL_HEIGHT = 2.0, 2.3
_WORDS = {
    "time": "Time",
    "margins": "Scale margins",
    "debris": "Debris",
    "singlets": "Singlets",
    "viable": "Viable",
    "dump": "Dump-negative",
    "plasma_cells": "Plasma cells",
    "second_anchor": "Second anchor",
    "aberrant": "Aberrant",
}


def gating_figure(
    pictures: tuple[Density, ...],
    steps: tuple[GateStep, ...],
    labels: Mapping[str, str] | None = None,
    columns: int = 5,
) -> Figure:
    """Return the gating steps of a tube side by side, in order.

    Parameters
    ----------
    pictures
        The densities of the steps that have one.
    steps
        All steps; counts, method and confidence are printed from them.
    labels
        What a channel is called on its axis; the channel's own name where it is not listed.
    columns
        Pictures per row.
    """
    by_name = {step.name: step for step in steps}
    across = max(1, min(columns, len(pictures)))
    rows = max(1, math.ceil(len(pictures) / across))
    with house_style():
        figure = new_figure(across * _CELL_WIDTH, rows * _CELL_HEIGHT)
        for index, density in enumerate(pictures):
            left = index % across * _CELL_WIDTH + 0.46
            bottom = (rows - 1 - index // across) * _CELL_HEIGHT + 0.36
            axes = add_axes(figure, (left, bottom, _PANEL, _PANEL))
            _draw_step(axes, density, by_name.get(density.step), dict(labels or {}))
    return figure


def channel_labels(panel: Panel) -> dict[str, str]:
    """Return what each channel of a panel is called on an axis: its marker, then its own name."""
    return {
        alias: f"{channel.marker} · {alias}" if channel.marker and channel.marker != alias else alias
        for channel in panel.channels
        for alias in channel.aliases
    }


def step_title(name: str) -> str:
    """Return what a step is called in print.

    Examples
    --------
    >>> step_title("plasma_cells"), step_title("my_step")
    ('Plasma cells', 'My step')
    """
    return _WORDS.get(name, name.replace("_", " ").capitalize())


def _draw_step(axes: Axes, density: Density, step: GateStep | None, labels: dict[str, str]) -> None:
    counts = density_counts(density)
    x, y = axes_of(density)
    if density.y_channel:
        _draw_density(axes, counts, x, y)
        axes.set_ylabel(labels.get(density.y_channel, density.y_channel), labelpad=1)
        _set_ticks(axes, y, vertical=True)
    else:
        _draw_profile(axes, counts, x)
    axes.set_xlabel(labels.get(density.x_channel, density.x_channel))
    _set_ticks(axes, x, vertical=False)
    for line in outlines(density):
        axes.plot(line[:, 0], line[:, 1], color="white", linewidth=2.6, solid_joinstyle="round", clip_on=True)
        axes.plot(line[:, 0], line[:, 1], color=VERMILLION, linewidth=1.2, solid_joinstyle="round")
    _limits(axes, density, x, y)
    _write_captions(axes, density, step)


def _draw_density(axes: Axes, counts: NDArray[np.uint32], x: Axis, y: Axis) -> None:
    extent = (x.low, x.high, y.low, y.high)
    axes.imshow(_coloured(counts), origin="lower", extent=extent, interpolation="none", aspect="auto")


def _coloured(counts: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return RGBA, shape (bins, bins, 4): white where there is no event, then darker by the log of the count.

    A single event is well visible, since the rare cells are what one looks for.
    """
    top = max(int(counts.max(initial=0)), 1)
    share = np.log1p(counts) / np.log1p(max(top, 3))
    level = np.minimum((share * len(DENSITY)).astype(int), len(DENSITY) - 1)
    table = np.array([[int(code[k : k + 2], 16) for k in (1, 3, 5)] + [255] for code in DENSITY], np.uint8)
    shown: NDArray[np.uint8] = table[level]
    shown[counts == 0] = (255, 255, 255, 0)
    return shown


def _draw_profile(axes: Axes, counts: NDArray[np.uint32], x: Axis) -> None:
    edges = np.linspace(x.low, x.high, counts.size + 1)
    axes.stairs(counts / max(int(counts.max(initial=0)), 1), edges, fill=True, color="#9dbbd9")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _set_ticks(axes: Axes, axis: Axis, *, vertical: bool) -> None:
    ticks = (
        linear_ticks(axis.low, axis.high)
        if axis.cofactor is None
        else asinh_ticks(axis.low, axis.high, axis.cofactor)
    )
    places, texts = [place for place, _ in ticks], [text for _, text in ticks]
    (axes.set_yticks if vertical else axes.set_xticks)(places, texts)


def _limits(axes: Axes, density: Density, x: Axis, y: Axis) -> None:
    axes.set_xlim(x.low, x.high)
    axes.set_ylim(*((y.low, y.high) if density.y_channel else (0.0, 1.08)))


def _write_captions(axes: Axes, density: Density, step: GateStep | None) -> None:
    unsure = step is not None and step.confidence < UNSURE
    axes.set_title(step_title(density.step), loc="left", fontweight="bold", pad=14, color=INK)
    if step is None:
        return
    share = f"{100 * step.n_out / step.n_in:.3g} %" if step.n_in else "–"
    axes.text(
        0, 1.025, f"{count(step.n_out)} of {count(step.n_in)} · {share}", transform=axes.transAxes, fontsize=7
    )
    certainty = ("? " if unsure else "") + f"{step.confidence:.2f}"
    axes.text(
        1.0,
        1.115,
        certainty,
        transform=axes.transAxes,
        fontsize=7,
        ha="right",
        color="#8f3b00" if unsure else GREY,
        fontweight="bold" if unsure else "normal",
    )
    hidden = hidden_parts(density)
    if hidden:
        words = " · ".join(_range_words(part.channel, part.lower, part.upper) for part in hidden)
        axes.text(0.02, 0.97, f"and {words}", transform=axes.transAxes, fontsize=6.5, va="top", color=BLUE)


def _range_words(channel: str, lower: float | None, upper: float | None) -> str:
    if lower is not None and upper is not None:
        return f"{count(lower)} ≤ {channel} < {count(upper)}"
    return f"{channel} ≥ {count(lower)}" if lower is not None else f"{channel} < {count(upper or 0.0)}"
