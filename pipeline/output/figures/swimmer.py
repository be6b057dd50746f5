"""R6: a bar per patient, as long as the treatment, with response, events and the reason for stopping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.output.figures.style.canvas import add_axes, house_style, new_figure
from pipeline.output.figures.style.palette import GREY, INK, PALE, RESPONSE_LOOK, RESPONSES
from pipeline.response.follow_up import FollowUp

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BARS: Final = 60
"""Patients on a page: beyond, names would cover each other."""

MOST_PAGES: Final = 10
_BAR: Final = 0.17
_LONGEST_REASON: Final = 34
_UNKNOWN: Final = "#cfd4da"


@dataclass(frozen=True, slots=True)
class Mark:
    """An event on a bar: its name, shape and colours."""

    name: str
    shape: str
    face: str
    edge: str
    size: float = 4.6


PROGRESSION: Final = Mark("progression", "D", "white", "#8f3b00")
DEATH: Final = Mark("death", "X", INK, "white", 6.0)
DEXAMETHASONE: Final = Mark("dexamethasone added", "^", "#CC79A7", INK, 5.2)
ON_TREATMENT: Final = Mark("still treated when last seen", ">", INK, INK, 4.6)


def swimmers(courses: Sequence[FollowUp]) -> tuple[FollowUp, ...]:
    """Return the patients who have a bar, the longest treated first."""
    shown = [course for course in courses if course.treated_days is not None]
    return tuple(sorted(shown, key=lambda course: (-(course.treated_days or 0), course.patient_id)))


def swimmer_figures(courses: Sequence[FollowUp], month_days: float) -> Iterator[Figure]:
    """Yield the pages of the swimmer plot: `MOST_BARS` patients each, `MOST_PAGES` at most."""
    shown = swimmers(courses)
    for first in range(0, min(len(shown), MOST_PAGES * MOST_BARS), MOST_BARS):
        yield swimmer_figure(shown[first : first + MOST_BARS], month_days)


def swimmer_figure(courses: Sequence[FollowUp], month_days: float) -> Figure:
    """Return a bar per patient, in the order given.

    Parameters
    ----------
    courses
        Each with `treated_days`; a thin line goes on to the day the patient was last seen.
    month_days
        Days of a month of the axis.
    """
    high = _BAR * len(courses)
    with house_style():
        figure = new_figure(7.9, high + 0.85)
        axes = add_axes(figure, (1.25, 0.45, 4.75, high))
        end = max([1.0, *(day / month_days for course in courses for day in _days(course))])
        axes.set_xlim(0, end * 1.02)
        axes.set_ylim(len(courses) - 0.4, -0.6)
        _dress(axes)
        for place, course in enumerate(courses):
            _draw(axes, place, course, month_days)
        _key(axes, courses)
    return figure


def _days(course: FollowUp) -> list[int]:
    return [day for day in (course.treated_days, course.os_day) if day is not None]


def _draw(axes: Axes, place: int, course: FollowUp, month_days: float) -> None:
    treated = (course.treated_days or 0) / month_days
    followed = (course.os_day if course.os_day is not None else course.treated_days or 0) / month_days
    colour = _colour(course.best_response)
    axes.barh(place, treated, height=0.72, color=colour, alpha=0.85, linewidth=0)
    if followed > treated:
        axes.plot([treated, followed], [place, place], color=GREY, linewidth=0.8, zorder=1)
    for day, mark in _marks(course):
        _plot(axes, day / month_days, place, mark)
    beside = axes.get_yaxis_transform()
    axes.text(-0.085, place, course.patient_id[:14], transform=beside, ha="right", va="center", fontsize=6.5)
    axes.text(-0.012, place, course.best_response, transform=beside, ha="right", va="center", fontsize=6.5)
    reason = course.reason or ("" if course.stopped else "on treatment")
    if len(reason) > _LONGEST_REASON:
        reason = reason[: _LONGEST_REASON - 1] + "…"
    axes.text(1.015, place, reason, transform=beside, va="center", fontsize=6.5, color=GREY)


def _colour(response: str) -> str:
    return RESPONSE_LOOK[response][1] if response else _UNKNOWN


def _marks(course: FollowUp) -> Iterator[tuple[int, Mark]]:
    if course.dexamethasone_day is not None:
        yield course.dexamethasone_day, DEXAMETHASONE
    if course.progression_day is not None:
        yield course.progression_day, PROGRESSION
    if course.death_day is not None:
        yield course.death_day, DEATH
    if not course.stopped and course.treated_days is not None:
        yield course.treated_days, ON_TREATMENT


def _plot(axes: Axes, month: float, place: int, mark: Mark) -> None:
    axes.plot(
        [month], [place], mark.shape, markersize=mark.size, markerfacecolor=mark.face,
        markeredgecolor=mark.edge, markeredgewidth=0.8, clip_on=False, zorder=4,
    )  # fmt: skip


def _dress(axes: Axes) -> None:
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=PALE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set_xlabel("months from the first study treatment; bar: on treatment, line: seen after it")
    above = axes.transAxes
    axes.text(1.015, 1.0, "reason for stopping", transform=above, va="bottom", fontsize=6.5, color=GREY)


def _key(axes: Axes, courses: Sequence[FollowUp]) -> None:
    """Name the colours and shapes that occur, above the picture."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    responses = {course.best_response for course in courses}
    names = [*(name for name in RESPONSES if name in responses), *([""] if "" in responses else [])]
    bars = [Patch(color=_colour(name), label=name or "response not known") for name in names]
    marks = dict.fromkeys(mark for course in courses for _, mark in _marks(course))
    shapes = [
        Line2D([], [], linestyle="none", marker=mark.shape, markersize=mark.size, label=mark.name,
               markerfacecolor=mark.face, markeredgecolor=mark.edge, markeredgewidth=0.8)
        for mark in (DEXAMETHASONE, PROGRESSION, DEATH, ON_TREATMENT) if mark in marks
    ]  # fmt: skip
    axes.legend(
        handles=[*bars, *shapes], loc="lower left", bbox_to_anchor=(-0.01, 1 + 0.14 / (_BAR * len(courses))),
        ncols=len(bars) + len(shapes), columnspacing=1.0, handlelength=1.0,
        handletextpad=0.4, borderaxespad=0.2, fontsize=6.8,
    )  # fmt: skip
