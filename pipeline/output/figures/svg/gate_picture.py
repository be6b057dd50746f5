"""A gating step as a small picture: the events that entered it, its gate, its counts."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gating.gates import AllOf, AnyOf, Gate, RangeGate
from gating.gates.steps import LOW_CONFIDENCE, GateStep, Step
from pipeline.output.figures.outlines import axes_of, cut_to_box, encloses_area, kept_words, outlines
from pipeline.output.figures.style.ticks import asinh_ticks, count, linear_ticks
from pipeline.output.figures.svg.elements import element, path, pixels, text, with_ellipsis
from pipeline.output.figures.svg.picture_page import Picture
from pipeline.output.figures.svg.shades import data_url, png, shades_of
from pipeline.tube.histograms import Density, DisplayAxis, density_counts

GATE_PICTURE_WIDTH: Final = 190
GATE_SIDE: Final = 136
_LEFT, _TOP = 48, 36
_TICK: Final = 4
_BELOW: Final = 38
"""Room for ticks and the name of the axis."""
_LINE, _LINE_HEIGHT = 29, 13
_MOST_LINES: Final = 6
"""Of words below a picture; the table of steps has every threshold."""

_LABEL: Final = 24
"""Characters of an axis' name."""
_TIME_UNIT: Final = " (s or ticks)"
"""After the name of the time axis: seconds, or the ticks of a file that has no $TIMESTEP."""
_EVENTS: Final = "Events per bin"
"""Name of the upward axis of a histogram."""
_FAR: Final = np.array([[-1.0, -1.0], [2.0, 2.0]])
"""How far a line is drawn, in sides of the square. Convention: ends so far outside are never seen."""
_GLYPH: Final = 7.4
"""Pixels of a wide letter: a label is held so far from the edges that none of it is cut off."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where display positions lie in a panel's own square, in pixels from its upper left corner."""

    x: DisplayAxis
    y: DisplayAxis
    side: int = GATE_SIDE

    def across(self, positions: ArrayLike) -> NDArray[np.float64]:
        """Return pixels from the left."""
        return self.side * (np.asarray(positions, np.float64) - self.x.low) / (self.x.high - self.x.low)

    def down(self, positions: ArrayLike) -> NDArray[np.float64]:
        """Return pixels from the top."""
        return self.side * (self.y.high - np.asarray(positions, np.float64)) / (self.y.high - self.y.low)


def step_picture(
    density: Density, step: GateStep | None, title: str, labels: Mapping[str, str], side: int = GATE_SIDE
) -> Picture:
    """Return the picture of a gating step.

    Parameters
    ----------
    density
        The events that entered it.
    step
        Gives counts, confidence and what the outline cannot show; None: the picture stands alone.
    title
        What the step is called.
    labels
        What a channel is called on its axis; the channel's own name where it is not listed.
    side
        Of the square, in pixels; the words keep their size.
    """
    places = Places(*axes_of(density), side)
    width = GATE_PICTURE_WIDTH - GATE_SIDE + side
    words = _words_below(density, step, _LINE * width // GATE_PICTURE_WIDTH)
    parts = [
        *_captions(title, step, width),
        _plot(density, places),
        _frame(density, places),
        *_axis_names(density, labels, side),
        *(
            text(line, 4, _TOP + side + _BELOW + _LINE_HEIGHT * (k + 1) - 4, class_="words")
            for k, line in enumerate(words)
        ),
    ]
    high = _TOP + side + _BELOW + _LINE_HEIGHT * len(words) + (3 if words else 0)
    return Picture("".join(parts), width, high)


def thumbnail(density: Density) -> str:
    """Return the events and the gate alone, without axes: one of many on a contact sheet."""
    plot = _plot(density, Places(*axes_of(density)), left=0, top=0)
    frame = element("path", d=f"M0 0V{GATE_SIDE}H{GATE_SIDE}", class_="frame")
    return element(
        "svg", plot, frame, class_="pic", viewBox=f"0 0 {GATE_SIDE} {GATE_SIDE}", aria_hidden="true"
    )


def kept_bins(density: Density) -> NDArray[np.bool_]:
    """Return which bins of a 1-D histogram lie within its gate, by their middle; shape (bins,)."""
    x, _ = axes_of(density)
    edges = np.linspace(x.low, x.high, density.bins + 1)
    return _within(density.gate, density.x_channel, x, (edges[1:] + edges[:-1]) / 2)


def axis_ticks(axis: DisplayAxis) -> list[tuple[float, str]]:
    """Return (position, label) of the ticks of a display axis."""
    if axis.cofactor is None:
        return linear_ticks(axis.low, axis.high)
    return asinh_ticks(axis.low, axis.high, axis.cofactor)


def axis_data(axis: DisplayAxis) -> str:
    """Return an axis as the page's script reads it: low, high, cofactor (0: linear)."""
    return f"{axis.low:.6g} {axis.high:.6g} {axis.cofactor or 0:.6g}"


def steps_path(heights: NDArray[np.float64], width: float, bottom: int) -> str:
    """Return the outline of a histogram's bars as the `d` of a path; heights in pixels, shape (bins,)."""
    tops = np.round(bottom - heights, 1)
    starts = np.flatnonzero(np.concatenate([[True], tops[1:] != tops[:-1]]))
    ends = np.append(starts[1:], tops.size) * (width / tops.size)
    bars = zip(tops[starts].tolist(), ends.tolist(), strict=True)
    return f"M0 {bottom}" + "".join([f"V{top:g}H{end:.4g}" for top, end in bars]) + f"V{bottom}Z"


def _plot(density: Density, places: Places, *, left: int = _LEFT, top: int = _TOP) -> str:
    """Return the events and the gate, clipped to the square by an `<svg>` of its own."""
    counts = density_counts(density)
    hover: dict[str, str] = {"data_x": axis_data(places.x), "data_xn": density.x_channel}
    if density.y_channel:
        shades, floors = shades_of(counts)
        hover |= {
            "data_y": axis_data(places.y),
            "data_yn": density.y_channel,
            "data_floors": " ".join(map(str, floors)),
        }
        events = element(
            "image",
            width=places.side,
            height=places.side,
            preserveAspectRatio="none",
            href=data_url(png(shades)),
        )
    else:
        hover |= {"data_counts": " ".join(map(str, counts.tolist()))}
        events = _profile(counts, kept_bins(density), places.side)
    lines = [
        np.column_stack([places.across(line[:, 0]), places.down(line[:, 1])]) for line in outlines(density)
    ]
    placed = [points for line in lines if (points := _on_grid(line, places.side))]
    drawn = (path(line, class_=kind) for kind in ("halo", "gate") for line in placed)
    box = {"x": left, "y": top, "width": places.side, "height": places.side}
    return element("svg", events, *drawn, class_="plot", **box, **hover)


def _on_grid(line: NDArray[np.float64], side: int) -> list[tuple[float, float]]:
    """Return the points of a line that lie apart; what is far outside the square is cut off.

    Cut off, not brought near: a corner that is moved turns its edges, and the gate is drawn where it is not.
    """
    closed = encloses_area(line) and bool((line[0] == line[-1]).all())
    if closed:
        ring = cut_to_box(line[:-1], *_FAR * side)
        line = np.vstack([ring, ring[:1]])
    if not len(line):
        return []
    near = np.round(np.clip(line, *_FAR * side), 1)
    apart = np.ones(len(near), dtype=bool)
    apart[1:-1] = (near[1:-1] != near[:-2]).any(axis=1)
    return [(x, y) for x, y in near[apart].tolist()]


def _profile(counts: NDArray[np.uint32], kept: NDArray[np.bool_], side: int) -> str:
    """Return a 1-D histogram: blue what the gate keeps, pale what it leaves out."""
    heights = counts / _highest(counts) * side
    return "".join(
        element("path", d=steps_path(np.where(part, heights, 0.0), side, side), class_=name)
        for part, name in ((~kept, "left"), (kept, "kept"))
        if part.any()
    )


def _highest(counts: NDArray[np.uint32]) -> float:
    """Return the count at the top of a 1-D histogram: a little above its highest bar."""
    return max(int(counts.max(initial=0)), 1) / 0.93


def _frame(density: Density, places: Places) -> str:
    """Return both axes with their ticks; the upward axis of a 1-D histogram counts events."""
    side = places.side
    bottom = _TOP + side
    lines, labels = [f"M{_LEFT} {bottom}h{side}"], []
    for position, label in axis_ticks(places.x):
        x = _LEFT + float(places.across(position))
        lines.append(f"M{pixels(x)} {bottom}v{_TICK}")
        labels.append(
            text(label, _inside(label, x, 0, GATE_PICTURE_WIDTH - GATE_SIDE + side), bottom + 15, class_="m")
        )
    lines.append(f"M{_LEFT} {bottom}v-{side}")
    if density.y_channel:
        upward = [(float(places.down(position)), label) for position, label in axis_ticks(places.y)]
    else:
        top = _highest(density_counts(density))
        upward = [(side * (1 - n / top), label) for n, label in linear_ticks(0, top) if n == int(n)]
    for down, label in upward:
        lines.append(f"M{_LEFT} {pixels(_TOP + down)}h-{_TICK}")
        labels.append(text(label, _LEFT - 6, _TOP + down + 4, class_="e"))
    return element("path", d="".join(lines), class_="frame") + "".join(labels)


def _axis_names(density: Density, labels: Mapping[str, str], side: int) -> list[str]:
    x_name = labels.get(density.x_channel, density.x_channel)
    x_name = with_ellipsis(x_name + _TIME_UNIT if density.step == Step.TIME else x_name, _LABEL)
    x = _inside(x_name, _LEFT + side / 2, 0, GATE_PICTURE_WIDTH - GATE_SIDE + side)
    names = [text(x_name, x, _TOP + side + 31, class_="m axis")]
    y_name = with_ellipsis(labels.get(density.y_channel, density.y_channel) or _EVENTS, _LABEL)
    y = _inside(y_name, _TOP + side / 2, _TOP - 6, _TOP + side + _BELOW)
    names.append(text(y_name, 11, y, class_="m axis", transform=f"rotate(-90 11 {pixels(y)})"))
    return names


def _inside(label: str, middle: float, low: float, high: float) -> float:
    """Return the middle of a label, moved where an end of it would lie beyond `low` or `high`."""
    half = len(label) * _GLYPH / 2
    return min(max(middle, low + half), high - half)


def _captions(title: str, step: GateStep | None, width: int) -> list[str]:
    words = [text(with_ellipsis(title, 20 * width // GATE_PICTURE_WIDTH), 4, 13, class_="title")]
    if step is not None:
        share = f"{100 * step.n_out / step.n_in:.3g} %" if step.n_in else "–"
        unsure = step.confidence < LOW_CONFIDENCE
        certainty = ("? " if unsure else "") + f"{step.confidence:.2f}"
        words.append(text(certainty, width - 8, 13, class_="e unsure" if unsure else "e sure"))
        words.append(text(f"{count(step.n_out)} of {count(step.n_in)} · {share}", 4, 28))
    return words


def _words_below(density: Density, step: GateStep | None, letters: int) -> list[str]:
    words = kept_words(density, step) if step is not None else ""
    return textwrap.wrap(words, letters, max_lines=_MOST_LINES, placeholder=" …")


def _within(
    gate: Gate | None, channel: str, axis: DisplayAxis, places: NDArray[np.float64]
) -> NDArray[np.bool_]:
    if isinstance(gate, AllOf | AnyOf):
        join = np.logical_and if isinstance(gate, AllOf) else np.logical_or
        return np.asarray(join.reduce([_within(part, channel, axis, places) for part in gate.gates]))
    if not isinstance(gate, RangeGate) or gate.channel != channel:
        return np.ones(places.shape, dtype=bool)
    low = -np.inf if gate.lower is None else float(axis.position(gate.lower))
    high = np.inf if gate.upper is None else float(axis.position(gate.upper))
    return np.asarray((places >= low) & (places < high))


def with_cells(
    picture: Picture, density: Density, cells: NDArray[np.float64], side: int = GATE_SIDE
) -> Picture:
    """Return a step's picture with cells as dots on it.

    Parameters
    ----------
    cells
        Linear, compensated, shape (n, 2).
    side
        Of the picture's square, in pixels.
    """
    x, y = axes_of(density)
    places = Places(x, y, side)
    across, down = places.across(x.position(cells[:, 0])), places.down(y.position(cells[:, 1]))
    dots = "".join(f"M{a:.1f} {b:.1f}h0" for a, b in zip(across.tolist(), down.tolist(), strict=True))
    drawn = element("path", d=dots or "M0 0", stroke="#d55e00", stroke_width=2, stroke_linecap="round")
    box = {"x": _LEFT, "y": _TOP, "width": side, "height": side}
    return Picture(picture.content + element("svg", drawn, **box), picture.width, picture.height)
