"""The picture of receptor density against washout, for a page and for one or two columns of a journal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.output.figures.style.ticks import count, doubling_ticks
from pipeline.output.figures.svg.chart import (
    SIZE,
    SMALL,
    Box,
    KeyEntry,
    Scale,
    bottom_axis,
    bottom_label,
    column_key,
    left_axis,
    left_label,
    row_key,
)
from pipeline.output.figures.svg.elements import element, pixels, text
from pipeline.output.figures.svg.labels import overlap, placed_labels
from pipeline.output.figures.svg.letters import width
from pipeline.output.figures.svg.marks import mark
from pipeline.output.figures.svg.picture_page import ONE_COLUMN, TWO_COLUMNS, Picture, print_points
from pipeline.output.figures.washout.line import DrawnFit, DrawnLine, drawn_line, line_key
from pipeline.output.figures.washout.points import (
    DrawnVisit,
    drawable,
    drawn_cloud,
    drawn_point,
    point_key,
    room_of,
)
from pipeline.patients.visits import Visit
from pipeline.study.quantity_name import first_drug
from pipeline.study.settings import Settings

MOST_LABELS: Final = 40
"""Most points for which each has a name."""

MOST_POINTS_DRAWN: Final = 1_000
"""Most points that are drawn with interval or arrow; with more, points are drawn without them."""

_MONTHS: Final = (3, 6, 12, 24)
_KEY: Final = 112.0
_GREY: Final = "#e6eaee"


@dataclass(frozen=True, slots=True)
class _Frame:
    """The scales, and the box that they span; words above it may reach to `right`."""

    x: Scale
    y: Scale
    settings: Settings
    lloqs: tuple[float, ...]
    uloqs: tuple[float, ...]
    right: float

    @property
    def box(self) -> Box:
        """The plotting area: left, top, right, bottom."""
        return self.x.start, self.y.end, self.x.end, self.y.start


def washout_picture(
    visits: Sequence[Visit],
    responses: Mapping[str, str],
    settings: Settings,
    fit: DrawnFit | None = None,
    name: str = "free CD38, molecules per cell",
    *,
    contradicted: bool = False,
    mm: float = TWO_COLUMNS,
    links: Mapping[str, str] | None = None,
) -> Picture:
    """Return receptor density against weeks of washout, both logarithmic.

    Parameters
    ----------
    visits
        One per patient and visit; those without washout or receptor density are not drawn.
    responses
        Best response by patient_id; gives shape and colour. Empty: all alike.
    settings
        `rd_cut`, `month_days`, `washed_out_drug`.
    fit
        M1 or M2; the median patient, the 95 % band of that median and the band in which 95 % of the patients
        lie are drawn within the washouts that were seen.
    name
        Of the vertical axis.
    contradicted
        Whether the rows contradict the fit: its line is then broken, and says so.
    mm
        Width on paper.
    links
        Where a click on a point leads, by sample_id.
    """
    points = drawable(visits, responses)
    wide, narrow = print_points(mm), mm < (ONE_COLUMN + TWO_COLUMNS) / 2
    if not points:
        words = "no patient has both a washout and a receptor density"
        return Picture(text(words, wide / 2, 30, class_="m greytext"), wide, 50.0, is_chart=True)
    frame = _frame(points, visits, settings, wide, narrow=narrow)
    line = drawn_line(fit, frame.x, frame.y, frame.box, contradicted=contradicted) if fit else None
    parts = [_areas(frame), _months_drawn(frame), line.drawn if line else "", _limits(frame)]
    taken = _taken(frame, line, points)
    words, unplaced = _words(frame, line, taken, is_cloud=len(points) > MOST_POINTS_DRAWN)
    parts.append(words)
    parts.append(_points(points, frame, links or {}))
    parts.append(_axes(frame, name, wide))
    key = point_key(points) + unplaced + (line_key(fit, contradicted=contradicted) if fit else [])
    if len(points) <= MOST_LABELS:
        named = [(frame.x.position(point.x), frame.y.position(point.y), point.label) for point in points]
        labels, left_out = placed_labels(named, taken, frame.box)
        parts.append(labels)
        key += [KeyEntry("", f"{left_out} without a name: no room")] * bool(left_out)
    if len(points) > MOST_POINTS_DRAWN:
        key.append(KeyEntry("", f"{len(points):,} points: intervals and arrows are not drawn"))
    title = "best response" if any(point.response for point in points) else ""
    bottom = frame.y.start + 30
    if narrow:
        rows, high = row_key(key, 6, bottom + 8, wide - 12)
        parts.append(rows)
        return Picture("".join(parts), wide, bottom + high + 4, is_chart=True)
    parts.append(column_key(key, frame.x.end + 12, frame.y.end + 14, _KEY, title))
    return Picture("".join(parts), wide, bottom + 2, is_chart=True)


def _frame(
    points: Sequence[DrawnVisit], visits: Sequence[Visit], settings: Settings, wide: float, *, narrow: bool
) -> _Frame:
    lloqs = tuple(receptor.lloq for visit in visits if (receptor := visit.receptor).lloq)
    uloqs = tuple(receptor.uloq for visit in visits if (receptor := visit.receptor).uloq)
    xs = [point.x for point in points]
    low = min([point.y for point in points] + list(lloqs)) / 3.2
    tops = [point.y * 1.6 if point.side > 0 else max(point.y, point.high) for point in points]
    high = max([*tops, *uloqs, settings.rd_cut]) * 1.6
    right = wide - (8 if narrow else _KEY + 14)
    top, tall = 16, 176 if narrow else 208
    x = Scale(min(xs) / 1.25, max(xs) * 1.25, 58, right, logarithmic=True)
    return _Frame(x, Scale(low, high, top + tall, top, logarithmic=True), settings, lloqs, uloqs, wide - 2)


def _areas(frame: _Frame) -> str:
    """Return the grey below the limits of quantification, darker below the lowest."""
    if not frame.lloqs:
        return ""
    left, _, right, bottom = frame.box
    edges = bottom, frame.y.position(min(frame.lloqs)), frame.y.position(max(frame.lloqs))
    return "".join(
        element("rect", x=left, y=top, width=right - left, height=under - top, fill=fill)
        for under, top, fill in ((edges[0], edges[1], _GREY), (edges[1], edges[2], "#f4f6f8"))
        if under > top
    )


def _months(frame: _Frame) -> list[tuple[float, float, str]]:
    """Return (place, middle of the words, words) of the months, from the last back as far as none touch."""
    shown: list[tuple[float, float, str]] = []
    for months in reversed(_MONTHS):
        week, words = months * frame.settings.month_days / 7, f"{months} months"
        if not frame.x.low < week < frame.x.high:
            continue
        x, half = frame.x.position(week), width(words, SMALL) / 2
        middle = min(x, frame.right - half)
        if not shown or shown[-1][1] - middle > 2 * half + 4:
            shown.append((x, middle, words))
    return shown


def _levels(frame: _Frame) -> list[tuple[float, str, str]]:
    """Return (height, class of the line, words) of each limit; words once where limits read alike."""
    rows = [(frame.y.position(frame.settings.rd_cut), "cut", f"RD cut {count(frame.settings.rd_cut)}")]
    if frame.uloqs:
        low, high = min(frame.uloqs), max(frame.uloqs)
        rows += [(frame.y.position(low), "limit", "")] if high > low else []
        rows.append((frame.y.position(high), "limit", f"ULOQ {_range_words(low, high)}"))
    if frame.lloqs:
        low, high = min(frame.lloqs), max(frame.lloqs)
        rows.append((frame.y.position(high), "", f"LLOQ {_range_words(low, high)}"))
    return rows


def _months_drawn(frame: _Frame) -> str:
    _, top, _, bottom = frame.box
    parts = []
    for x, middle, words in _months(frame):
        parts.append(element("path", d=f"M{pixels(x)} {pixels(bottom)}V{top}", class_="grid"))
        parts.append(text(words, middle, top - 4, class_="m small greytext"))
    return "".join(parts)


def _limits(frame: _Frame) -> str:
    left, _, right, _ = frame.box
    return "".join(
        element("path", d=f"M{left} {pixels(height)}H{pixels(right)}", class_=look)
        for height, look, _ in _levels(frame)
        if look
    )


def _taken(frame: _Frame, line: DrawnLine | None, points: Sequence[DrawnVisit]) -> list[Box]:
    """Return the boxes that no label may touch."""
    if len(points) > MOST_POINTS_DRAWN:
        return []
    left, top, right, bottom = frame.box
    taken = [box for point in points for box in room_of(point, frame.x, frame.y)]
    taken += line.taken if line else ()
    taken += [(x - 0.8, top, x + 0.8, bottom) for x, _, _ in _months(frame)]
    taken += [(left, height - 0.8, right, height + 0.8) for height, look, _ in _levels(frame) if look]
    return taken


def _words(
    frame: _Frame, line: DrawnLine | None, taken: list[Box], *, is_cloud: bool
) -> tuple[str, list[KeyEntry]]:
    """Return the words of the limits, and the signs where line or band go on beyond the frame.

    Labels without room among the points are returned as lines of the key.
    """
    _, top, right, bottom = frame.box
    limits = [(right, height - 2.5, words, _sample(look)) for height, look, words in _levels(frame) if words]
    signs = []
    if line and line.leaves_above is not None:
        signs.append((line.leaves_above + 16, top + 8, "↑ goes on", ""))
    if line and line.leaves_below is not None:
        signs.append((line.leaves_below + 16, bottom - 3, "↓ goes on", ""))
    drawn, unplaced = [], []
    for x, y, words, sample in (*limits, *signs):
        label = "" if is_cloud and sample else _free_label(x, y, words, frame, taken)
        drawn.append(label)
        if not label:
            unplaced.append(KeyEntry(sample, words if sample else f"{words} beyond the frame: line or band"))
    return "".join(drawn), unplaced


def _sample(look: str) -> str:
    """Return what stands in the key for a limit: its line, or the grey below the LLOQ."""
    return element("path", d="M-7 0H7", class_=look) if look else mark("square", 0, 0, 4, fill=_GREY)


def _free_label(end: float, y: float, words: str, frame: _Frame, taken: list[Box]) -> str:
    """Return words at this height that touch nothing, as near to `end` as can be; their box is then taken.

    If there is no room at this height, the label moves a line lower or higher; without room there either, the
    result is "".
    """
    left, _, right, _ = frame.box
    wide = width(words, SMALL) + 2
    steps = [k * step for k in range(170) for step in (-2.0, 2.0)]
    starts = [end + step - wide for step in steps]
    inside = [x for x in starts if left + 1 <= x <= right - wide] or [left + 1]
    heights = (y, y + 1.5 * SMALL, y - 1.4 * SMALL)
    boxes = [(x, base - 0.8 * SMALL, x + wide, base + 1) for base in heights for x in inside]
    box = next((box for box in boxes if not any(overlap(box, taken_box) for taken_box in taken)), None)
    if box is None:
        return ""
    taken.append(box)
    return text(words, box[0] + 1, box[3] - 1, class_="small greytext")


def _points(points: Sequence[DrawnVisit], frame: _Frame, links: Mapping[str, str]) -> str:
    if len(points) > MOST_POINTS_DRAWN:
        return drawn_cloud(points, frame.x, frame.y)
    ordered = sorted(points, key=lambda point: (point.x, point.y))
    hrefs = [next((links[name] for name in point.samples if links.get(name)), "") for point in ordered]
    return "".join(
        drawn_point(point, frame.x, frame.y, href) for point, href in zip(ordered, hrefs, strict=True)
    )


def _axes(frame: _Frame, name: str, wide: float) -> str:
    low, high = frame.y.low, frame.y.high
    decades = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    minor = [m * 10.0**k for k in range(decades.start - 1, decades.stop) for m in range(2, 10)]
    drug = first_drug(frame.settings.washed_out_drug)
    middle = (frame.x.start + frame.x.end) / 2
    room = 2 * min(middle, wide - middle) - 8
    words = f"weeks from the last dose of {drug} to the sample (log scale)"
    words = words if width(words, SIZE) < room else f"weeks since {drug} (log scale)"
    return (
        left_axis(
            frame.y, frame.x.start, [(10.0**k, count(10.0**k)) for k in decades],
            minor=[value for value in minor if low <= value <= high],
        )
        + bottom_axis(frame.x, frame.y.start, doubling_ticks(frame.x.low, frame.x.high))
        + bottom_label(words, frame.x, frame.y.start + 24)
        + left_label(name, frame.y, 18)
    )  # fmt: skip


def _range_words(low: float, high: float) -> str:
    """Return one number, or two where they read differently."""
    return " to ".join(dict.fromkeys((count(low), count(high))))
