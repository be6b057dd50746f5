"""The course of each patient: a line through the densities of the visits after one dose."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.output.figures.style.palette import GREY, RESPONSE_LOOK
from pipeline.output.figures.style.ticks import count
from pipeline.output.figures.svg.chart import (
    KeyEntry,
    Scale,
    bottom_axis,
    bottom_label,
    left_axis,
    left_label,
    row_key,
)
from pipeline.output.figures.svg.elements import element, pixels, safe, text
from pipeline.output.figures.svg.labels import boxes_along, placed_labels
from pipeline.output.figures.svg.marks import mark
from pipeline.output.figures.svg.picture_page import ONE_COLUMN, TWO_COLUMNS, Picture, print_points
from pipeline.study.cells.choices import RESPONSES
from pipeline.washout.observations.rows import SHORTEST_WASHOUT_WEEKS
from pipeline.washout.within.change import Change, Exceeds

MOST_LINES_NAMED: Final = 30
"""Most patients for which each line has a name."""


def course_picture(
    changes: Sequence[Change], responses: Mapping[str, str], name: str, *, mm: float = TWO_COLUMNS
) -> Picture:
    """Return a line per patient, both axes logarithmic; thick where the change exceeds the assay's error.

    Parameters
    ----------
    changes
        Changes between visits of a patient; a white mark is a limit of quantification.
    responses
        Best response by patient_id.
    name
        Of the vertical axis.
    mm
        Width on paper.
    """
    wide, narrow = print_points(mm), mm < (ONE_COLUMN + TWO_COLUMNS) / 2
    steps = _steps(changes)
    if not steps:
        words = "no patient has two visits with a density or a limit"
        return Picture(text(words, wide / 2, 30, class_="m greytext"), wide, 50.0, is_chart=True)
    weeks = [
        max(week, SHORTEST_WASHOUT_WEEKS) for step in steps for week in (step.first_weeks, step.last_weeks)
    ]
    densities = [value for step in steps for value in (step.first_rd, step.last_rd)]
    top, tall = 12.0, 150.0 if narrow else 190.0
    x = Scale(min(weeks) / 1.2, max(weeks) * 1.2, 58, wide - (10 if narrow else 60), logarithmic=True)
    y = Scale(min(densities) / 1.6, max(densities) * 1.6, top + tall, top, logarithmic=True)
    parts = [_axes(x, y, name)]
    beyond = (Exceeds.UP, Exceeds.DOWN)
    exceeding = {change.patient_id for change in changes if change.whole and change.exceeds in beyond}
    parts += [_line(step, x, y, thick=step.patient_id in exceeding) for step in steps]
    parts += [_marks(step, responses.get(step.patient_id, ""), x, y) for step in steps]
    last = {step.patient_id: step for step in steps}
    if len(last) <= MOST_LINES_NAMED and not narrow:
        parts.append(_names(last, steps, x, y, wide))
    key, high = row_key(_key(last, responses), 6, y.start + 38, wide - 12)
    parts.append(key)
    return Picture("".join(parts), wide, y.start + 38 + high, is_chart=True)


def _names(last: Mapping[str, Change], steps: Sequence[Change], x: Scale, y: Scale, wide: float) -> str:
    """Return each patient's name beside the last mark, where it covers nothing."""

    def position(weeks: float, rd: float) -> tuple[float, float]:
        return x.position(_at(weeks)), y.position(rd)

    ways = [
        (position(step.first_weeks, step.first_rd), position(step.last_weeks, step.last_rd)) for step in steps
    ]
    taken = [box for way in ways for box in boxes_along(way)]
    taken += [(x - 3, high - 3, x + 3, high + 3) for way in ways for x, high in way]
    named = [(*position(step.last_weeks, step.last_rd), patient) for patient, step in last.items()]
    placed, n_without = placed_labels(named, taken, (x.start, 2.0, wide - 2, y.start))
    if not n_without:
        return placed
    names = "name" if n_without == 1 else "names"
    words = f"{n_without} {names} without room: point at the mark"
    return placed + text(words, wide - 4, y.start + 24, class_="e small greytext")


def _at(weeks: float) -> float:
    return max(weeks, SHORTEST_WASHOUT_WEEKS)


def _steps(changes: Sequence[Change]) -> list[Change]:
    """Return the changes between consecutive visits, without those from first to last visit."""
    froms: dict[tuple[str, str, float], int] = {}
    for change in changes:
        start = (change.patient_id, change.first_visit, change.first_weeks)
        froms[start] = froms.get(start, 0) + 1
    measured = [
        change for change in changes if math.isfinite(change.first_rd) and math.isfinite(change.last_rd)
    ]
    return [
        change
        for change in measured
        if not change.whole or froms[change.patient_id, change.first_visit, change.first_weeks] == 1
    ]


def _axes(x: Scale, y: Scale, name: str) -> str:
    weeks = [2.0**k for k in range(-3, 10) if x.low <= 2.0**k <= x.high]
    decades = range(math.ceil(math.log10(y.low)), math.floor(math.log10(y.high)) + 1)
    minor = [m * 10.0**k for k in range(decades.start - 1, decades.stop) for m in range(2, 10)]
    return (
        left_axis(
            y, x.start, [(10.0**k, count(10.0**k)) for k in decades],
            minor=[value for value in minor if y.low <= value <= y.high],
        )
        + bottom_axis(x, y.start, [(week, count(week)) for week in weeks])
        + bottom_label("weeks since the last dose (log scale)", x, y.start + 24)
        + left_label(name, y, 18)
    )  # fmt: skip


def _line(change: Change, x: Scale, y: Scale, *, thick: bool) -> str:
    way = (
        f"M{pixels(x.position(_at(change.first_weeks)))} "
        f"{pixels(y.position(change.first_rd))}L{pixels(x.position(_at(change.last_weeks)))} "
        f"{pixels(y.position(change.last_rd))}"
    )
    dashes = "2 1.5" if change.first_side or change.last_side else None
    return element("path", d=way, stroke=GREY, stroke_width=1.5 if thick else 0.7, stroke_dasharray=dashes)


def _marks(change: Change, response: str, x: Scale, y: Scale) -> str:
    look = RESPONSE_LOOK.get(response, RESPONSE_LOOK[""])
    fold = "not known" if change.fold is None else f"{change.fold:.2f}-fold, {change.kind.value}"
    words = (
        f"{change.patient_id}: {change.first_weeks:.1f} to {change.last_weeks:.1f} weeks, {fold}; beyond the "
        f"assay: {change.exceeds.value or 'not known'}"
    )
    ends = (
        (change.first_weeks, change.first_rd, change.first_side),
        (change.last_weeks, change.last_rd, change.last_side),
    )
    drawn = (
        mark(
            look.shape, x.position(_at(weeks)), y.position(rd), 2.6,
            fill="#fff" if side else look.fill, stroke=look.ink, stroke_width=0.8,
        )
        for weeks, rd, side in ends
    )  # fmt: skip
    return element("g", element("title", safe(words)), *drawn, class_="spot")


def _key(last: Mapping[str, Change], responses: Mapping[str, str]) -> list[KeyEntry]:
    drawn_responses = {responses.get(patient, "") for patient in last}
    shown = [(name, RESPONSE_LOOK[name]) for name in RESPONSES if name in drawn_responses]
    shown += [("response not known", RESPONSE_LOOK[""])] if "" in drawn_responses else []
    marks = [
        KeyEntry(mark(look.shape, 0, 0, 3, fill=look.fill, stroke=look.ink, stroke_width=0.9), words)
        for words, look in shown
    ]
    thick = element("path", d="M-6 0H6", stroke=GREY, stroke_width=1.5)
    thin = element("path", d="M-6 0H6", stroke=GREY, stroke_width=0.7)
    return [*marks, KeyEntry(thick, "more than the assay's error"), KeyEntry(thin, "not more, or not known")]
