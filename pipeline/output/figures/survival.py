"""R7: progression-free and overall survival, with numbers at risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from calibration.numbers import Floats
from pipeline.output.figures.style.palette import BLUE, VERMILLION
from pipeline.output.figures.svg.chart import (
    SIZE,
    Scale,
    bottom_axis,
    bottom_label,
    left_axis,
    left_label,
    polygon,
)
from pipeline.output.figures.svg.elements import element, path, pixels, text
from pipeline.output.figures.svg.letters import wrapped_lines
from pipeline.output.figures.svg.picture_page import ONE_COLUMN, TWO_COLUMNS, Picture, print_points
from pipeline.response.follow_up import Endpoint, FollowUp
from pipeline.response.pfs_bounds import n_unseen
from pipeline.response.statistics.survival import SurvivalCurve
from pipeline.response.statistics.time_to_event import ENDPOINT_NAMES, curve_of, median_survival

ENDPOINT_COLOURS: Final = {Endpoint.PFS: VERMILLION, Endpoint.OS: BLUE}
_DASHES: Final = {Endpoint.PFS: "5 1.5", Endpoint.OS: None}
_STEPS: Final = (1, 2, 3, 6, 12, 24, 36, 60, 120)
_TOP, _TALL = 10, 150
_LINE: Final = 1.3 * SIZE


def survival_picture(courses: Sequence[FollowUp], month_days: float, *, mm: float = TWO_COLUMNS) -> Picture:
    """Return the Kaplan–Meier curves of PFS and OS with their pointwise log–log bands."""
    curves = {endpoint: curve_of(courses, endpoint, month_days) for endpoint in Endpoint}
    shown = {endpoint: curve for endpoint, curve in curves.items() if curve.n}
    end = max([1.0, *(float(curve.times[-1]) for curve in shown.values())])
    wide, narrow = print_points(mm), mm < (ONE_COLUMN + TWO_COLUMNS) / 2
    left, words_wide = (44.0, wide - 40) if narrow else (76.0, 160.0)
    x = Scale(0, end * 1.02, left, wide - (8 if narrow else words_wide + 16))
    y = Scale(0, 102, _TOP + _TALL, _TOP)
    ticks = _ticks(end, 6 if narrow else 9)
    parts = [_frame(x, y, ticks)]
    at_risk = y.start + 46
    parts += [_steps(curve, endpoint, x, y) for endpoint, curve in shown.items()]
    if shown:
        parts.append(text("at risk", left - 8, at_risk - _LINE, class_="e greytext"))
    for row, (endpoint, curve) in enumerate(shown.items()):
        parts.append(_numbers(curve, endpoint, x, [month for month, _ in ticks], at_risk + _LINE * row))
    bottom = at_risk + _LINE * len(shown)
    words_at = (10.0, bottom + 8) if narrow else (x.end + 14, _TOP + 8.0)
    for endpoint in shown:
        words, high = _words(courses, endpoint, month_days, words_at, words_wide)
        parts.append(words)
        words_at = words_at[0], words_at[1] + high
    return Picture("".join(parts), wide, words_at[1] if narrow else bottom, is_chart=True)


def _frame(x: Scale, y: Scale, ticks: Sequence[tuple[float, str]]) -> str:
    lines = "".join(
        f"M{pixels(x.start)} {pixels(y.position(percent))}H{pixels(x.end)}" for percent in (25, 75, 100)
    )
    half = f"M{pixels(x.start)} {pixels(y.position(50))}H{pixels(x.end)}"
    return (
        element("path", d=lines, class_="grid")
        + element("path", d=half, class_="cut")
        + left_axis(y, x.start, [(percent, str(percent)) for percent in (0, 25, 50, 75, 100)])
        + bottom_axis(x, y.start, ticks)
        + left_label("without the event, %", y, 14)
        + bottom_label("months from the first study treatment", x, y.start + 22)
    )


def _ticks(end: float, most: int) -> list[tuple[float, str]]:
    step = next((step for step in _STEPS if end / step <= most), 240)
    return [(float(month), str(month)) for month in range(0, int(end) + 1, step)]


def _words(
    courses: Sequence[FollowUp],
    endpoint: Endpoint,
    month_days: float,
    corner: tuple[float, float],
    room: float,
) -> tuple[str, float]:
    """Return what is said of a curve beside its line, and how high that is."""
    median = median_survival(courses, endpoint, month_days)
    sentences = [ENDPOINT_NAMES[endpoint], f"{median.n_events} events in {median.n} patients"]
    if unseen := n_unseen(courses) if endpoint is Endpoint.PFS else 0:
        sentences.append(f"{unseen} censored without assessment")
    sentences.append(f"median {median}".replace(" months (", " months (95 % "))
    lines = [line for words in sentences for line in wrapped_lines(words, SIZE, room - 26)]
    x, y = corner
    parts = [_stroke([(x, y - 2.5), (x + 18, y - 2.5)], endpoint)]
    parts += [
        text(line, x + 24, y + _LINE * k, class_="bold" if k == 0 else None) for k, line in enumerate(lines)
    ]
    return "".join(parts), _LINE * len(lines) + 8


def _steps(curve: SurvivalCurve, endpoint: Endpoint, x: Scale, y: Scale) -> str:
    times, survival = _from_one(curve.times, curve.survival)
    _, low = _from_one(curve.times, curve.low)
    _, high = _from_one(curve.times, curve.high)
    has_band = np.isfinite(low)
    under, over = (_stairs(times[has_band], 100 * band[has_band], x, y) for band in (low, high))
    lost = curve.censored > 0
    ticks = "".join(
        f"M{pixels(x.position(month))} {pixels(y.position(100 * share) - 3)}v6"
        for month, share in zip(curve.times[lost].tolist(), curve.survival[lost].tolist(), strict=True)
    )
    band = polygon(under, over, ENDPOINT_COLOURS[endpoint], fill_opacity=0.13) if has_band.any() else ""
    line = _stroke(_stairs(times, 100 * survival, x, y), endpoint)
    censored = element("path", d=ticks, stroke=ENDPOINT_COLOURS[endpoint], stroke_width=0.9) if ticks else ""
    return band + line + censored


def _stroke(points: Sequence[tuple[float, float]], endpoint: Endpoint) -> str:
    look: dict[str, str | float | None] = {
        "stroke": ENDPOINT_COLOURS[endpoint],
        "stroke_width": 1.4,
        "fill": "none",
    }
    return path(points, **look, stroke_dasharray=_DASHES[endpoint])


def _stairs(times: Floats, values: Floats, x: Scale, y: Scale) -> list[tuple[float, float]]:
    """Return a line that keeps its height until the next time."""
    places: list[tuple[float, float]] = []
    for month, value in zip(times.tolist(), values.tolist(), strict=True):
        if places:
            places.append((x.position(month), places[-1][1]))
        places.append((x.position(month), y.position(value)))
    return places


def _numbers(
    curve: SurvivalCurve, endpoint: Endpoint, x: Scale, ticks: Sequence[float], height: float
) -> str:
    """Return how many were at risk, below the axis."""
    name = text(endpoint.value, x.start - 8, height, class_="e bold")
    numbers = (text(str(curve.at_risk_at(month)), x.position(month), height, class_="m") for month in ticks)
    return name + "".join(numbers)


def _from_one(times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the steps from time 0 on, where everybody is free of the event."""
    return np.concatenate([[0.0], times]), np.concatenate([[1.0], values])
