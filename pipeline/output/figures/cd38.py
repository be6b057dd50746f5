"""Histogram of free CD38 on the quantified cells, with the same gates on the control tube."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.curve.standard_curve import CurveVerdict, StandardCurve
from calibration.density.receptor_density import ReceptorDensity
from pipeline.output.figures.style.ticks import apart, asinh_ticks, count, decade
from pipeline.output.figures.svg.elements import element, pixels, text, with_ellipsis
from pipeline.output.figures.svg.gate_picture import axis_data, steps_path
from pipeline.output.figures.svg.picture_page import Picture
from pipeline.quantification.result import SampleResult
from pipeline.tube.histograms import CONTROL, STAINED, DisplayAxis, Histogram

_WIDTH, _HEIGHT = 400, 236
_LEFT, _SPAN = 8, 384
_BOTTOM, _TALL = 192, 100
_TOP_AXIS: Final = 36
_LINES: Final = {STAINED: 56, CONTROL: 71}
"""Heights of the labels of the medians, in pixels from the top."""


def cd38_picture(
    histogram: Histogram,
    receptor: ReceptorDensity,
    *,
    curve: StandardCurve | None = None,
    control_words: str = "control",
    channel_words: str = "",
) -> Picture:
    """Return the histogram of the quantified channel: stained, its control, their medians, ABC on top.

    Parameters
    ----------
    histogram
        Counts of the stained cells and, if there is one, of the control.
    receptor
        The receptor density, which holds the medians (MFI).
    curve
        The standard curve. It adds an axis of molecules per cell, with a bar over the range of the beads.
    control_words
        Kind of the control, e.g. `FMO`.
    channel_words
        Label of the axis; the channel's name where it is empty.
    """
    axis = DisplayAxis(histogram.low, histogram.high, histogram.cofactor)
    parts = [
        *(_molecules(axis, curve) if curve is not None and curve.slope > 0 else ()),
        _plot(histogram, axis, control_words),
        *_medians(histogram, axis, receptor, control_words),
        *_frame(axis, channel_words or histogram.channel),
    ]
    return Picture("".join(parts), _WIDTH, _HEIGHT)


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


def _across(axis: DisplayAxis, position: float) -> float:
    return _LEFT + _SPAN * (position - axis.low) / (axis.high - axis.low)


def _plot(histogram: Histogram, axis: DisplayAxis, control_words: str) -> str:
    """Return both populations, each as high as its fullest bin, in an `<svg>` that knows their counts."""
    drawn, hover = [], {"data_x": axis_data(axis), "data_xn": histogram.channel}
    for name, counts in histogram.counts:
        if sum(counts) == 0:
            continue
        merged = rebinned(np.array(counts))
        heights = merged / merged.max() * _TALL
        drawn.append(element("path", d=steps_path(heights, _SPAN, _TALL), class_=name))
        hover["data_counts" if name == STAINED else "data_control"] = " ".join(map(str, merged.tolist()))
    hover["data_controln"] = control_words
    box = {"x": _LEFT, "y": _BOTTOM - _TALL, "width": _SPAN, "height": _TALL}
    return element("svg", *drawn, class_="plot", **box, **hover)


def _medians(histogram: Histogram, axis: DisplayAxis, receptor: ReceptorDensity, words: str) -> list[str]:
    """Return the medians as lines, each with a label above the plot that no line crosses."""
    cells = dict(histogram.counts)
    parts: list[str] = []
    for name, value, line, ink in (
        (STAINED, receptor.median_mfi, "median", "bluetext"),
        (CONTROL, receptor.background_mfi, "background", "inktext"),
    ):
        if name not in cells and value is None:
            continue
        y = _LINES[name]
        shown, n = words if name == CONTROL else name, count(sum(cells.get(name, ())))
        median = "" if value is None else f"median {count(value)}, "
        parts.append(element("path", d=f"M{_LEFT} {y - 4}h20", class_=line))
        parts.append(text(f"{shown}: {median}n = {n}", _LEFT + 26, y, class_=ink))
        if value is not None:
            position = float(axis.position(value))
            x = _across(axis, min(max(position, axis.low), axis.high))
            parts.append(element("path", d=f"M{pixels(x)} {_BOTTOM}v-{_TALL + 4}", class_=line))
    return parts


def _frame(axis: DisplayAxis, words: str) -> list[str]:
    lines, labels = [f"M{_LEFT} {_BOTTOM}h{_SPAN}"], []
    for position, label in asinh_ticks(axis.low, axis.high, axis.cofactor or 1.0):
        x = _across(axis, position)
        lines.append(f"M{pixels(x)} {_BOTTOM}v4")
        labels.append(text(label, x, _BOTTOM + 15, class_="m"))
    name = f"{with_ellipsis(words, 28)}, compensated (height: share of the fullest bin)"
    labels.append(text(name, _WIDTH / 2, _BOTTOM + 33, class_="m axis"))
    return [element("path", d="".join(lines), class_="frame"), *labels]


def _molecules(axis: DisplayAxis, curve: StandardCurve) -> list[str]:
    """Return the axis of molecules per cell on top; the pale bar is the range of the beads."""
    used = [m for m, fitted in zip(curve.medians, curve.fitted, strict=True) if fitted]
    if not used:
        return []
    ticks = [(float(axis.position(_mfi_of(curve, 10.0**k))), decade(k)) for k in range(1, 8)]
    within = [(position, label) for position, label in ticks if axis.low < position < axis.high]
    shown = apart(within, 0.08 * (axis.high - axis.low))
    ends = axis.position([min(used), max(used)]).clip(axis.low, axis.high)
    start, end = _across(axis, float(ends[0])), _across(axis, float(ends[1]))
    lines = "".join(f"M{pixels(_across(axis, position))} {_TOP_AXIS}v-4" for position, _ in shown)
    return [
        text("molecules per cell (ABC); bar: range of the beads", _WIDTH / 2, 11, class_="m greytext"),
        *(text(label, _across(axis, position), 27, class_="m greytext") for position, label in shown),
        element("rect", x=start, y=_TOP_AXIS + 1, width=max(end - start, 0.5), height=5, class_="reach"),
        element("path", d=f"M{_LEFT} {_TOP_AXIS}h{_SPAN}{lines}", class_="frame"),
    ]


def _mfi_of(curve: StandardCurve, molecules: float) -> float:
    """Invert log10 molecules = slope · log10 MFI + intercept."""
    return float(10.0 ** ((math.log10(molecules) - curve.intercept) / curve.slope))


def cd38_of(result: SampleResult, curve: StandardCurve | None, labels: Mapping[str, str]) -> Picture | None:
    """Return the histogram of a tube; None without one. A curve that was rejected gives no molecules.

    Parameters
    ----------
    result
        Of the tube.
    curve
        Of its bead run.
    labels
        What a channel is called on its axis.
    """
    if result.histogram is None:
        return None
    channel = result.histogram.channel
    return cd38_picture(
        result.histogram,
        result.receptor,
        curve=curve if curve and curve.verdict is not CurveVerdict.REJECT else None,
        control_words=result.background_kind or "control",
        channel_words=labels.get(channel, channel),
    )
