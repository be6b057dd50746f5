"""R6: a bar per patient, as long as the treatment, with response, events and the reason for stopping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.output.figures.style.palette import GREY, INK, RESPONSE_LOOK
from pipeline.output.figures.svg.chart import SIZE, SMALL, KeyEntry, Scale, bottom_axis, bottom_label, row_key
from pipeline.output.figures.svg.elements import element, pixels, safe, text
from pipeline.output.figures.svg.letters import fitted, wrapped_lines
from pipeline.output.figures.svg.marks import mark
from pipeline.output.figures.svg.picture_page import ONE_COLUMN, TWO_COLUMNS, Picture, print_points
from pipeline.response.follow_up import FollowUp
from pipeline.study.cells.choices import RESPONSES

MOST_BARS: Final = 60
"""Most patients on a page: with more, names would overlap."""

MOST_SWIMMER_PAGES: Final = 10
_PITCH, _BAR = 11.0, 8.4
_UNKNOWN: Final = "#dfe3e8"
_MOST_TICKS: Final = 9
_STEPS: Final = (1, 2, 3, 6, 12, 24, 36, 60, 120)


@dataclass(frozen=True, slots=True)
class Mark:
    """An event on a bar: its name, shape and colours."""

    name: str
    shape: str
    face: str
    edge: str
    size: float = 2.6

    def drawn(self, x: float, y: float) -> str:
        """Return the mark with its middle at (x, y)."""
        return mark(self.shape, x, y, self.size, fill=self.face, stroke=self.edge, stroke_width=0.8)


PROGRESSION: Final = Mark("progression", "diamond", "#fff", "#8f3b00")
DEATH: Final = Mark("death", "cross", INK, "#fff", 3.4)
DEXAMETHASONE: Final = Mark("dexamethasone added", "down", "#CC79A7", INK, 2.9)
ON_TREATMENT: Final = Mark("still treated when last seen", "right", INK, INK)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Layout of the plot: end of the names, range of the bars, width for the reasons."""

    names: float
    months: Scale
    reasons: float


def swimmers(courses: Sequence[FollowUp]) -> tuple[FollowUp, ...]:
    """Return the patients who have a bar, the longest treated first."""
    shown = [course for course in courses if course.treated_days is not None]
    return tuple(sorted(shown, key=lambda course: (-(course.treated_days or 0), course.patient_id)))


def swimmer_pictures(
    courses: Sequence[FollowUp], month_days: float, *, mm: float = TWO_COLUMNS
) -> Iterator[Picture]:
    """Yield the pages of the swimmer plot: `MOST_BARS` patients each, `MOST_SWIMMER_PAGES` at most."""
    shown = swimmers(courses)
    for first in range(0, min(len(shown), MOST_SWIMMER_PAGES * MOST_BARS), MOST_BARS):
        yield swimmer_picture(shown[first : first + MOST_BARS], month_days, mm=mm)


def swimmer_picture(courses: Sequence[FollowUp], month_days: float, *, mm: float = TWO_COLUMNS) -> Picture:
    """Return a bar per patient, in the order given.

    Parameters
    ----------
    courses
        Each with `treated_days`; a thin line goes on to the day the patient was last seen.
    month_days
        Days of a month of the axis.
    mm
        Width on paper.
    """
    wide = print_points(mm)
    narrow = mm < (ONE_COLUMN + TWO_COLUMNS) / 2
    end = max([1.0, *(day / month_days for course in courses for day in _days(course))])
    names, bars, reasons = (44.0, 70.0, 58.0) if narrow else (66.0, 94.0, 130.0)
    columns = _Columns(names, Scale(0, end * 1.02, bars, wide - reasons), reasons - 10)
    key, high = row_key(_key(courses), 4, 9, wide - 8)
    top = high + 18
    bottom = top + _PITCH * len(courses) + 2
    ticks = _ticks(end)
    lines = "".join(
        f"M{pixels(columns.months.position(month))} {pixels(top)}V{pixels(bottom)}" for month, _ in ticks
    )
    parts = [
        key,
        element("path", d=lines, class_="grid"),
        text(
            "reason" if narrow else "reason for stopping",
            columns.months.end + 8,
            top - 4,
            class_="small greytext",
        ),
    ]
    for index, course in enumerate(courses):
        parts.append(_row(course, columns, top + _PITCH * (index + 0.5) + 1, month_days))
    parts.append(bottom_axis(columns.months, bottom, ticks))
    words = "months from the first study treatment; bar: on treatment, line: seen after it"
    for k, line in enumerate(wrapped_lines(words, SIZE, wide - 8)):
        middle = Scale(0, 1, 4, wide - 4) if narrow else columns.months
        parts.append(bottom_label(line, middle, bottom + 21 + 9 * k))
    return Picture("".join(parts), wide, bottom + (36 if narrow else 26), is_chart=True)


def _days(course: FollowUp) -> list[int]:
    return [day for day in (course.treated_days, course.os_day) if day is not None]


def _row(course: FollowUp, columns: _Columns, y: float, month_days: float) -> str:
    treated = (course.treated_days or 0) / month_days
    followed = (course.os_day if course.os_day is not None else course.treated_days or 0) / month_days
    months, base = columns.months, y + 0.36 * SMALL
    start, end = months.start, months.position(treated)
    bar = {"x": start, "y": y - _BAR / 2, "width": max(end - start, 0.3), "height": _BAR}
    parts = [element("title", safe(_row_words(course, treated, followed)))]
    parts.append(element("rect", **bar, fill=_colour(course.best_response)))
    if followed > treated:
        way = f"M{pixels(end)} {pixels(y)}H{pixels(months.position(followed))}"
        parts.append(element("path", d=way, stroke=GREY, stroke_width=0.8))
    marks = _marks(course)
    parts += [mark.drawn(months.position(day / month_days), y) for day, mark in marks]
    reason = course.reason or ("" if course.stopped else "on treatment")
    return element("g", *parts, class_="spot") + "".join((
        text(fitted(course.patient_id, SMALL, columns.names - 4), columns.names, base, class_="e small"),
        text(course.best_response, months.start - 3, base, class_="e small"),
        text(fitted(reason, SMALL, columns.reasons), months.end + 8, base, class_="small greytext"),
    ))  # fmt: skip


def _row_words(course: FollowUp, treated: float, followed: float) -> str:
    """Return the tooltip of a row, with nothing cut short."""
    follow_up = f"seen until month {followed:.1f}" if followed > treated else ""
    events = ", ".join(f"{mark.name} on day {day}" for day, mark in _marks(course))
    reason = course.reason or ("" if course.stopped else "on treatment")
    treated_for = f"treated {treated:.1f} months"
    parts = (course.patient_id, course.best_response, treated_for, events, follow_up, reason)
    return " · ".join(part for part in parts if part)


def _colour(response: str) -> str:
    return RESPONSE_LOOK[response].fill if response else _UNKNOWN


def _marks(course: FollowUp) -> list[tuple[int, Mark]]:
    days = (
        (course.dexamethasone_day, DEXAMETHASONE),
        (course.progression_day, PROGRESSION),
        (course.death_day, DEATH),
        (None if course.stopped else course.treated_days, ON_TREATMENT),
    )
    return [(day, mark) for day, mark in days if day is not None]


def _ticks(end: float) -> list[tuple[float, str]]:
    step = next((step for step in _STEPS if end / step <= _MOST_TICKS), 240)
    return [(float(month), f"{month}") for month in range(0, int(end) + 1, step)]


def _key(courses: Sequence[FollowUp]) -> list[KeyEntry]:
    """Name the colours and shapes that occur."""
    responses = {course.best_response for course in courses}
    names = [*(name for name in RESPONSES if name in responses), *([""] if "" in responses else [])]
    bars = [
        KeyEntry(element("rect", x=-5, y=-3, width=10, height=6, fill=_colour(name)), name or "not known")
        for name in names
    ]
    marks = {mark for course in courses for _, mark in _marks(course)}
    ordered = (mark for mark in (DEXAMETHASONE, PROGRESSION, DEATH, ON_TREATMENT) if mark in marks)
    return [*bars, *(KeyEntry(mark.drawn(0, 0), mark.name) for mark in ordered)]
