"""The gating steps of a tube, one small picture each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gating.gates import AllOf, AnyOf, Gate, RangeGate
from gating.gates.steps import LOW_CONFIDENCE, GateStep, Step
from pipeline.output.figures.outlines import axes_of, beside_the_outline, outlines
from pipeline.output.figures.style.canvas import house_style, inch_axes, new_figure
from pipeline.output.figures.style.palette import BLUE, DENSITY, GREY, INK, VERMILLION
from pipeline.output.figures.style.ticks import asinh_ticks, count, linear_ticks
from pipeline.study.study import Panel as StudyPanel
from pipeline.tube.histograms import Axis, Density, density_counts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE = 1.45
_CELL_WIDTH, _CELL_HEIGHT = 2.05, 2.3
_LEFT, _BOTTOM = 0.52, 0.36
_TICK = 0.035
_WORDS: Mapping[str, str] = {
    Step.TIME: "Time",
    Step.MARGINS: "Scale margins",
    Step.DEBRIS: "Debris",
    Step.SINGLETS: "Singlets",
    Step.VIABLE: "Viable",
    Step.DUMP: "Dump-negative",
    Step.SECOND_ANCHOR: "Second anchor",
    Step.ABERRANT: "Aberrant",
}


@dataclass(frozen=True, slots=True)
class Panel:
    """Where a picture stands on the sheet: its lower left corner in inches, and its axes.

    All pictures of a tube share one matplotlib axes that measures inches: axes of their own would take twice
    the time, and a study has many tubes.
    """

    left: float
    bottom: float
    x: Axis
    y: Axis

    def across(self, positions: ArrayLike) -> NDArray[np.float64]:
        """Return where positions on the x axis lie, in inches."""
        share = (np.asarray(positions, np.float64) - self.x.low) / (self.x.high - self.x.low)
        return np.asarray(self.left + _SIDE * share)

    def up(self, positions: ArrayLike) -> NDArray[np.float64]:
        """Return where positions on the y axis lie, in inches."""
        share = (np.asarray(positions, np.float64) - self.y.low) / (self.y.high - self.y.low)
        return np.asarray(self.bottom + _SIDE * share)


@dataclass(frozen=True, slots=True)
class Names:
    """What channels and the wanted population are called in print."""

    channels: Mapping[str, str]
    wanted: str


def gating_figure(
    pictures: tuple[Density, ...],
    steps: tuple[GateStep, ...],
    labels: Mapping[str, str] | None = None,
    *,
    columns: int = 5,
    title: str = "",
    wanted: str = "plasma cells",
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
    title
        Stands above; empty: nothing does.
    wanted
        Name of the population that the step `plasma_cells` finds.
    """
    by_name = {step.name: step for step in steps}
    across = max(1, min(columns, len(pictures)))
    rows = max(1, math.ceil(len(pictures) / across))
    width, height = across * _CELL_WIDTH, rows * _CELL_HEIGHT
    with house_style():
        figure = new_figure(width, height + (0.3 if title else 0.0))
        axes = inch_axes(figure)
        for index, density in enumerate(pictures):
            left = index % across * _CELL_WIDTH + _LEFT
            bottom = (rows - 1 - index // across) * _CELL_HEIGHT + _BOTTOM
            panel = Panel(left, bottom, *axes_of(density))
            _draw_step(axes, panel, density, by_name.get(density.step), Names(dict(labels or {}), wanted))
        if title:
            axes.text(0.1, height + 0.1, title, fontsize=10, fontweight="bold")
    return figure


def channel_labels(panel: StudyPanel) -> dict[str, str]:
    """Return what each channel of a panel is called on an axis: its marker, then its own name."""
    return {
        alias: f"{channel.marker} · {alias}" if channel.marker and channel.marker != alias else alias
        for channel in panel.channels
        for alias in channel.aliases
    }


def step_title(name: str, wanted: str = "plasma cells") -> str:
    """Return what a step is called in print.

    Examples
    --------
    >>> step_title("plasma_cells"), step_title("my_step")
    ('Plasma cells', 'My step')
    """
    if name == Step.PLASMA_CELLS:
        return wanted[:1].upper() + wanted[1:]
    return _WORDS.get(name, name.replace("_", " ").capitalize())


def _draw_step(axes: Axes, panel: Panel, density: Density, step: GateStep | None, names: Names) -> None:
    counts = density_counts(density)
    right, top = panel.left + _SIDE, panel.bottom + _SIDE
    if density.y_channel:
        extent = (panel.left, right, panel.bottom, top)
        axes.imshow(_coloured(counts), origin="lower", extent=extent, interpolation="none", aspect="auto")
    else:
        _draw_profile(axes, panel, counts, kept_bins(density))
    _draw_gate(axes, panel, density)
    _draw_frame(axes, panel, density, names.channels)
    _write_captions(axes, panel, step_title(density.step, names.wanted), density, step)


def _coloured(counts: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return RGBA, shape (bins, bins, 4): white where there is no event, then darker by the log of the count.

    A single event is well visible, since the rare cells are what one looks for.
    """
    dotted = with_dots(counts)
    top = max(int(counts.max(initial=0)), 3)
    share = np.log1p(dotted) / np.log1p(top)
    level = np.minimum((share * len(DENSITY)).astype(int), len(DENSITY) - 1)
    table = np.array([[int(code[k : k + 2], 16) for k in (1, 3, 5)] + [255] for code in DENSITY], np.uint8)
    shown: NDArray[np.uint8] = table[level]
    shown[dotted == 0] = (255, 255, 255, 0)
    return shown


def with_dots(counts: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Make an event that stands alone a dot of five bins, so that a dozen rare cells are seen; others stay.

    Examples
    --------
    >>> lone = np.zeros((5, 5), np.uint32)
    >>> lone[2, 2] = 1
    >>> with_dots(lone).sum()
    np.uint64(5)
    """
    around = sum(_shifted(counts, up, right) for up in range(-2, 3) for right in range(-2, 3))
    lone = np.where((counts > 0) & (around <= 3), counts, 0).astype(counts.dtype)
    dotted = counts.copy()
    for up, right in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        np.maximum(dotted, _shifted(lone, up, right), out=dotted)
    return dotted


def _shifted(counts: NDArray[np.uint32], up: int, right: int) -> NDArray[np.uint32]:
    """Move a picture by whole bins; what leaves it is lost."""
    rows, columns = counts.shape
    moved = np.zeros_like(counts)
    moved[max(up, 0) : rows + min(up, 0), max(right, 0) : columns + min(right, 0)] = counts[
        max(-up, 0) : rows + min(-up, 0), max(-right, 0) : columns + min(-right, 0)
    ]
    return moved


def kept_bins(density: Density) -> NDArray[np.bool_]:
    """Return which bins of a 1-D histogram lie within its gate, by their middle; shape (bins,)."""
    x, _ = axes_of(density)
    edges = np.linspace(x.low, x.high, density.bins + 1)
    return _within(density.gate, density.x_channel, x, (edges[1:] + edges[:-1]) / 2)


def _within(gate: Gate | None, channel: str, axis: Axis, places: NDArray[np.float64]) -> NDArray[np.bool_]:
    if isinstance(gate, AllOf | AnyOf):
        join = np.logical_and if isinstance(gate, AllOf) else np.logical_or
        return np.asarray(join.reduce([_within(part, channel, axis, places) for part in gate.gates]))
    if not isinstance(gate, RangeGate) or gate.channel != channel:
        return np.ones(places.shape, dtype=bool)
    low = -np.inf if gate.lower is None else float(axis.position(gate.lower))
    high = np.inf if gate.upper is None else float(axis.position(gate.upper))
    return np.asarray((places >= low) & (places < high))


def _draw_profile(axes: Axes, panel: Panel, counts: NDArray[np.uint32], kept: NDArray[np.bool_]) -> None:
    """Draw a 1-D histogram: blue what the gate keeps, pale what it leaves out."""
    from matplotlib.patches import Polygon

    share = counts / max(int(counts.max(initial=0)), 1) * 0.93 * _SIDE
    edges = np.repeat(np.linspace(panel.left, panel.left + _SIDE, counts.size + 1), 2)[1:-1]
    feet = [(panel.left + _SIDE, panel.bottom), (panel.left, panel.bottom)]
    for part, colour in ((~kept, "#d5d9df"), (kept, "#7ba1cb")):
        if part.any():
            height = np.repeat(np.where(part, share, 0.0), 2) + panel.bottom
            outline = np.vstack([np.column_stack([edges, height]), feet])
            axes.add_artist(Polygon(outline, facecolor=colour, linewidth=0))


def _draw_gate(axes: Axes, panel: Panel, density: Density) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    frame = Rectangle((panel.left, panel.bottom), _SIDE, _SIDE, transform=axes.transData)
    for line in outlines(density):
        x, y = panel.across(line[:, 0]), panel.up(line[:, 1])
        for colour, width in (("white", 2.6), (VERMILLION, 1.2)):
            drawn = Line2D(x, y, color=colour, linewidth=width, solid_joinstyle="round")
            axes.add_artist(drawn)
            drawn.set_clip_path(frame)


def _draw_frame(axes: Axes, panel: Panel, density: Density, labels: Mapping[str, str]) -> None:
    """Draw the two axes with their ticks and names."""
    from matplotlib.lines import Line2D

    left, bottom = panel.left, panel.bottom
    two = bool(density.y_channel)
    xs, ys = [left, left + _SIDE], [bottom, bottom]
    for place, text in _ticks(panel.x):
        tick = float(panel.across(place))
        xs, ys = [*xs, np.nan, tick, tick], [*ys, np.nan, bottom, bottom - _TICK]
        axes.text(tick, bottom - 0.06, text, fontsize=7, ha="center", va="top")
    if two:
        xs, ys = [*xs, np.nan, left, left], [*ys, np.nan, bottom, bottom + _SIDE]
    for place, text in _ticks(panel.y) if two else []:
        tick = float(panel.up(place))
        xs, ys = [*xs, np.nan, left, left - _TICK], [*ys, np.nan, tick, tick]
        axes.text(left - 0.06, tick, text, fontsize=7, ha="right", va="center")
    axes.add_artist(Line2D(xs, ys, color=GREY, linewidth=0.7))
    middle = _SIDE / 2
    axes.text(
        left + middle, bottom - 0.2, labels.get(density.x_channel, density.x_channel), ha="center", va="top"
    )
    if two:
        name = labels.get(density.y_channel, density.y_channel)
        axes.text(left - 0.41, bottom + middle, name, ha="center", va="center", rotation=90)


def _ticks(axis: Axis) -> list[tuple[float, str]]:
    if axis.cofactor is None:
        return linear_ticks(axis.low, axis.high)
    return asinh_ticks(axis.low, axis.high, axis.cofactor)


def _write_captions(axes: Axes, panel: Panel, title: str, density: Density, step: GateStep | None) -> None:
    left, top = panel.left, panel.bottom + _SIDE
    axes.text(left, top + 0.19, title, fontsize=8.5, fontweight="bold", color=INK)
    if step is None:
        return
    share = f"{100 * step.n_out / step.n_in:.3g} %" if step.n_in else "–"
    axes.text(left, top + 0.05, f"{count(step.n_out)} of {count(step.n_in)} · {share}", fontsize=7)
    unsure = step.confidence < LOW_CONFIDENCE
    certainty = ("? " if unsure else "") + f"{step.confidence:.2f}"
    colour, weight = ("#8f3b00", "bold") if unsure else (GREY, "normal")
    axes.text(left + _SIDE, top + 0.19, certainty, fontsize=7, ha="right", color=colour, fontweight=weight)
    words = beside_the_outline(density, step)
    if words:
        behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
        axes.text(left + 0.05, top - 0.07, words, fontsize=6.5, va="top", color=BLUE, bbox=behind)
