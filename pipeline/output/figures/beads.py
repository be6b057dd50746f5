"""A bead run in three pictures: bead populations, standard curve, and back-calculated errors."""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import Final

import numpy as np

from calibration.beads.peaks import BeadPeaks
from calibration.curve.acceptance_limits import ERROR, BeadLimit, CurveVerdict, Limit
from calibration.curve.standard_curve import StandardCurve
from pipeline.beads.result import CalibrationResult
from pipeline.output.figures.style.palette import BLUE, GREY, INK, ORANGE, VERMILLION
from pipeline.output.figures.style.ticks import asinh_ticks, count, linear_ticks, log_ticks
from pipeline.output.figures.svg.chart import Scale, bottom_axis, bottom_label, left_axis, left_label
from pipeline.output.figures.svg.elements import element, path, pixels, safe, text
from pipeline.output.figures.svg.gate_picture import axis_data, steps_path
from pipeline.output.figures.svg.marks import mark
from pipeline.output.figures.svg.picture_page import Picture
from pipeline.tube.histograms import DisplayAxis, Histogram

_WIDTH: Final = 340
_HEIGHT: Final = 250
_TOP, _BOTTOM = 46, 202
_SIZE: Final = 11.0
_TICK: Final = 4.0
_BANDS: Final = ("#fbe6c2", "#cfe2f1")
_MARKS: Final = {
    CurveVerdict.ACCEPT: ("circle", BLUE),
    CurveVerdict.WARN: ("diamond", ORANGE),
    CurveVerdict.REJECT: ("cross", VERMILLION),
}
_ENOUGH: Final = 24.0
"""Smallest range of the error chart in percent, so that the usual limits are visible."""


def bead_pictures(result: CalibrationResult, limit: BeadLimit = ERROR) -> tuple[Picture, ...]:
    """Return the pictures of a bead run. A part without data stays empty and says so.

    Parameters
    ----------
    limit
        The study's limit of the back-calculated error, `CurveLimits.error`.
    """
    parts = (
        _populations(result.histogram, result.peaks, result.channel),
        _curve(result.curve),
        _errors(result.curve, limit),
    )
    return tuple(Picture(part, _WIDTH, _HEIGHT) for part in parts)


def _populations(histogram: Histogram | None, peaks: BeadPeaks | None, channel: str) -> str:
    title = text("Bead populations", 4, 14, class_="title")
    if histogram is None:
        return title + _say("no histogram")
    left, right = 12, _WIDTH - 12
    scale = Scale(histogram.low, histogram.high, left, right)
    axis = DisplayAxis(histogram.low, histogram.high, histogram.cofactor)
    counts = np.array(histogram.counts[0][1])
    heights = np.sqrt(counts / max(int(counts.max(initial=0)), 1)) * (_BOTTOM - _TOP - 20)
    bars = element("path", d=steps_path(heights, right - left, _BOTTOM - _TOP), fill="#9aa1ab")
    plot = element(
        "svg", bars, class_="plot", x=left, y=_TOP, width=right - left, height=_BOTTOM - _TOP,
        data_x=axis_data(axis), data_xn=channel, data_counts=" ".join(map(str, counts.tolist())),
    )  # fmt: skip
    ticks = asinh_ticks(histogram.low, histogram.high, histogram.cofactor)
    bands, lines = _marked(peaks, axis, scale) if peaks is not None else ("", "")
    name = bottom_label(f"{channel} (height: square root of the count)", scale, _BOTTOM + 36)
    return title + bands + plot + lines + bottom_axis(scale, _BOTTOM, ticks, size=_SIZE, length=_TICK) + name


def _marked(peaks: BeadPeaks, axis: DisplayAxis, scale: Scale) -> tuple[str, str]:
    """Return the ranges of the populations, and a line at the median of each with its number."""
    bands, lines = [], []
    for index, (median, (low, high)) in enumerate(zip(peaks.medians, peaks.ranges, strict=True)):
        start, end = (scale.position(float(bound)) for bound in axis.position([low, high]))
        box = {"x": start, "y": _TOP, "width": max(end - start, 0.5), "height": _BOTTOM - _TOP}
        bands.append(element("rect", **box, fill=_BANDS[index % 2]))
        middle = scale.position(float(axis.position(median)))
        name = "↯" if peaks.saturated[index] else "blank" if peaks.blank and index == 0 else str(index + 1)
        lines.append(f"M{pixels(middle)} {_TOP}V{_BOTTOM}")
        bands.append(text(name, middle, _TOP - 5, class_="m"))
    return "".join(bands), element("path", d="".join(lines), stroke=INK, stroke_width=0.9, fill="none")


def _curve(curve: StandardCurve | None) -> str:
    title = text("Standard curve", 4, 14, class_="title")
    if curve is None:
        return title + _say("no curve")
    points = [
        (median, level, fitted)
        for median, level, fitted in zip(curve.medians, curve.levels, curve.fitted, strict=True)
        if median > 0 < level
    ]
    if not points:
        return title + _say("no point on the logarithmic scale")
    medians, levels = [point[0] for point in points], [point[1] for point in points]
    x = Scale(min(medians) / 1.6, max(medians) * 1.6, 76, _WIDTH - 12, logarithmic=True)
    y = Scale(min(levels) / 1.8, max(levels) * 1.8, _BOTTOM, _TOP, logarithmic=True)
    parts = [
        title,
        text(f"slope {curve.slope:.4f} · intercept {curve.intercept:.4f}", 4, 28, class_="small"),
        text(f"r² {curve.r2:.5f} · residual SD {curve.residual_sd:.4f} dex", 4, 40, class_="small"),
        _line(curve, x, y),
        *(_bead(number_of, *point, x, y) for number_of, point in enumerate(points, start=1)),
        bottom_axis(x, _BOTTOM, log_ticks(x.low, x.high), size=_SIZE, length=_TICK),
        left_axis(y, 76, log_ticks(y.low, y.high), size=_SIZE, length=_TICK),
        bottom_label("bead median (MFI)", x, _BOTTOM + 36),
        left_label("assigned molecules", y, 14, size=_SIZE),
    ]
    if not all(point[2] for point in points):
        parts.append(text("open: not in the fit", _WIDTH - 12, _BOTTOM - 6, class_="e small greytext"))
    return "".join(parts)


def _line(curve: StandardCurve, x: Scale, y: Scale) -> str:
    """Return the line of the curve within the frame."""
    slope, intercept = curve.slope, curve.intercept
    ends = [math.log10(x.low), math.log10(x.high)]
    if slope:
        ends = sorted(
            min(max((math.log10(level) - intercept) / slope, ends[0]), ends[1]) for level in (y.low, y.high)
        )
    places = [
        (x.position(10.0**exponent), y.position(10.0 ** (slope * exponent + intercept))) for exponent in ends
    ]
    return path(places, class_="fit")


def _bead(index: int, median: float, level: float, fitted: bool, x: Scale, y: Scale) -> str:
    words = f"bead {index} · median {count(median)} · assigned {count(level)}"
    words += "" if fitted else " · not in the fit"
    dot = mark("circle", x.position(median), y.position(level), 4, fill=BLUE if fitted else "#fff",
               stroke=BLUE if fitted else INK, stroke_width=1.2)  # fmt: skip
    return element("g", element("title", safe(words)), dot, class_="spot")


def _errors(curve: StandardCurve | None, limit: BeadLimit) -> str:
    title = text("Back-calculated error", 4, 14, class_="title")
    if curve is None:
        return title + _say("no curve")
    errors = [
        (level, 100 * error)
        for level, error in zip_longest(curve.levels, curve.back_calculated_error)
        if error is not None
    ]
    reach = max([_ENOUGH, *(1.25 * abs(error) for _, error in errors)])
    x = Scale(-0.6, max(len(errors), 1) - 0.4, 58, _WIDTH - 12)
    y = Scale(-reach, reach, _BOTTOM, _TOP - 12)
    lines = ((limit.accept, "5 3"), (limit.reject, "1.5 2"))
    parts = [
        title,
        *(_bound(side * 100 * error, x, y, dashes) for error, dashes in lines for side in (1, -1)),
    ]
    parts.append(
        element("path", d=f"M58 {pixels(y.position(0))}H{pixels(x.end)}", stroke=INK, stroke_width=0.8)
    )
    dimmest = min(errors)[0] if errors else None
    parts += [
        _error(index, level, error, (x, y), limit.limit(dimmest=level == dimmest))
        for index, (level, error) in enumerate(errors)
    ]
    parts += [
        bottom_axis(
            x, _BOTTOM, [(k, count(level)) for k, (level, _) in enumerate(errors)], size=_SIZE, length=_TICK
        ),
        left_axis(y, 58, linear_ticks(-reach, reach), size=_SIZE, length=_TICK),
        bottom_label("assigned molecules", x, _BOTTOM + 36),
        left_label("error, %", y, 14, size=_SIZE),
    ]
    return "".join(parts)


def _bound(error: float, x: Scale, y: Scale, dashes: str) -> str:
    height = pixels(y.position(error))
    way = f"M{pixels(x.start)} {height}H{pixels(x.end)}"
    return element("path", d=way, stroke=GREY, stroke_width=0.8, stroke_dasharray=dashes, fill="none")


def _error(index: int, level: float, error: float, axes: tuple[Scale, Scale], limit: Limit) -> str:
    """Return an error as a stem: blue dot if accepted, orange diamond if warned of, else red cross."""
    shape, colour = _MARKS[limit.at_most(abs(error) / 100)]
    x, y = axes
    at_x, at_y = x.position(index), y.position(error)
    written = f"{error:+.1f}".replace("-", "−")
    stem = element("path", d=f"M{pixels(at_x)} {pixels(y.position(0))}V{pixels(at_y)}", stroke=colour,
                   stroke_width=1.8)  # fmt: skip
    words = element("title", safe(f"bead of {count(level)} · error {written} %"))
    dot = mark(shape, at_x, at_y, 4, fill=colour)
    label = text(written, at_x, at_y + (-8 if error >= 0 else 17), class_="m small")
    return element("g", words, stem, dot, class_="spot") + label


def _say(words: str) -> str:
    return text(words, _WIDTH / 2, (_TOP + _BOTTOM) / 2, class_="m greytext")
