"""Levey-Jennings charts of a bead run's instrument: every run in SDs of today's limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from calibration.curve.drift import DriftPoint, DriftSeries
from calibration.curve.standard_curve import CurveVerdict
from pipeline.output.figures.style.palette import BLUE, INK, ORANGE, VERMILLION
from pipeline.output.figures.style.ticks import count
from pipeline.output.figures.svg.chart import Scale, left_axis
from pipeline.output.figures.svg.elements import element, path, pixels, safe, text
from pipeline.output.figures.svg.marks import mark, outline
from pipeline.output.figures.svg.picture_page import Picture

_WIDTH, _HEIGHT = 340, 170
REACH: Final = 5.0
"""Range of the chart in SDs; a point farther out is drawn as an arrow at the edge."""

MOST_TITLED: Final = 60
"""Most runs for which each point has a tooltip; with more runs, only the last point has one."""

_LEFT, _TOP, _BOTTOM = 52, 26, 138
_LOOKS: Final = {
    CurveVerdict.ACCEPT: ("circle", BLUE),
    CurveVerdict.WARN: ("diamond", ORANGE),
    CurveVerdict.REJECT: ("cross", VERMILLION),
}


def drift_pictures(series: Sequence[DriftSeries]) -> tuple[Picture, ...]:
    """Return a chart per series. The last point, in a ring, is the current run."""
    return tuple(Picture(_chart(channel_series), _WIDTH, _HEIGHT) for channel_series in series)


def _chart(series: DriftSeries) -> str:
    last = series.points[-1]
    rules = f": {' '.join(last.broken)}" if last.broken else ""
    title = text(f"{series.name}{rules}", 4, 14, class_="title")
    x = Scale(0, max(len(series.points) - 1, 1), _LEFT + 10, _WIDTH - 14)
    if last.mean is None or not last.sd:
        words = text("no limits yet", _WIDTH / 2, (_TOP + _BOTTOM) / 2, class_="m greytext")
        return title + _days(series, x) + words
    y = Scale(-REACH, REACH, _BOTTOM, _TOP)
    places = [_chart_height(point, series.logarithmic, last.mean, last.sd) for point in series.points]
    points = [(x.position(k), y.position(height)) for k, height in enumerate(places)]
    looks = [_look(height, point) for height, point in zip(places, series.points, strict=True)]
    parts = [title, *(_limit(sds, y) for sds in (0, 2, -2, 3, -3)), path(points, class_="leader")]
    titled = range(len(points)) if len(points) <= MOST_TITLED else range(len(points) - 1, len(points))
    parts += _plain_points(points[: titled.start], looks[: titled.start])
    parts += [_titled_point(series, k, points[k], looks[k]) for k in titled]
    parts.append(
        element("circle", cx=points[-1][0], cy=points[-1][1], r=7, fill="none", stroke=INK, stroke_width=1)
    )
    parts.append(left_axis(y, _LEFT, [(-3, "−3 SD"), (0, "mean"), (3, "+3 SD")], size=11, length=4))
    return "".join(parts) + _days(series, x)


def _days(series: DriftSeries, x: Scale) -> str:
    """Return the line below the chart with the day of the first run and of the last."""
    line = element("path", d=f"M{_LEFT} {_BOTTOM}H{_WIDTH - 4}", class_="frame")
    first, last = series.on[0][:10], series.on[-1][:10]
    words = text(last, x.end + 10, _BOTTOM + 16, class_="e")
    return line + words + (text(first, _LEFT, _BOTTOM + 16) if len(series.on) > 1 else "")


def _limit(sds: int, y: Scale) -> str:
    colour = INK if sds == 0 else ORANGE if abs(sds) == 2 else VERMILLION
    dashes = None if sds == 0 else "3 3" if abs(sds) == 2 else "6 3"
    way = f"M{_LEFT} {pixels(y.position(sds))}H{_WIDTH - 4}"
    return element("path", d=way, stroke=colour, stroke_width=0.8, stroke_dasharray=dashes, fill="none")


def _plain_points(points: Sequence[tuple[float, float]], looks: Sequence[tuple[str, str]]) -> list[str]:
    """Return the points, as one path per shape and colour."""
    return [
        element(
            "path",
            d="".join(
                outline(look[0], *point, 2.6)
                for point, point_look in zip(points, looks, strict=True)
                if point_look == look
            ),
            fill=look[1],
        )
        for look in dict.fromkeys(looks)
    ]  # fmt: skip


def _titled_point(series: DriftSeries, index: int, centre: tuple[float, float], look: tuple[str, str]) -> str:
    point = series.points[index]
    distance = "" if point.z is None else f" · {point.z:+.1f} SD of its earlier runs".replace("-", "−")
    words = f"{series.on[index][:10]} · {series.name} · {count(point.value)}{distance}"
    title = element("title", safe(words + (f" · {' '.join(point.broken)}" if point.broken else "")))
    return element("g", title, mark(look[0], *centre, 3.4, fill=look[1]), class_="spot")


def _look(height: float, point: DriftPoint) -> tuple[str, str]:
    """Return shape and colour: by the verdict, an arrow where the point lies beyond the chart."""
    shape, colour = _LOOKS[point.verdict]
    return (shape if abs(height) < REACH else "up" if height > 0 else "down"), colour


def _chart_height(point: DriftPoint, logarithmic: bool, mean: float, sd: float) -> float:
    value = float(np.log10(point.value)) if logarithmic else point.value
    return float(np.clip((value - mean) / sd, -REACH, REACH))
