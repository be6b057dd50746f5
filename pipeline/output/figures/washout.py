"""Receptor density against washout: every patient, those beyond the limits too, and the median patient."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from calibration.density.receptor_density import QUANTIFIED, RdStatus
from calibration.density.result import known_to_exceed
from pipeline.output.figures.style.canvas import add_axes, house_style, new_figure
from pipeline.output.figures.style.labels import place_labels
from pipeline.output.figures.style.palette import GREY, INK, RESPONSE_LOOK, RESPONSES
from pipeline.output.figures.style.ticks import count
from pipeline.output.figures.washout_line import draw_line, line_key
from pipeline.patients.visits import Visit
from pipeline.study.settings import Settings
from pipeline.washout.line.tobit import WashoutFit
from pipeline.washout.observations.rows import SHORTEST_WASHOUT_WEEKS
from pipeline.washout.recovery.fit import RecoveryFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LABELS = 40
_MONTHS = (3, 6, 12, 24)
_PALE: Final = "#cfd5dc"

MOST_POINTS: Final = 1_000
"""Points that are drawn one by one, with interval or arrow; more are one picture."""


@dataclass(frozen=True, slots=True)
class Point:
    """A visit as it is drawn; `y` is the limit where the receptor density is censored (`side` −1 or 1).

    `extrapolated`: a number above the top bead, that rests on a linear detector.
    """

    x: float
    y: float
    low: float
    high: float
    side: int
    label: str
    response: str
    extrapolated: bool = False


def drawable(visits: Sequence[Visit], responses: Mapping[str, str]) -> tuple[Point, ...]:
    """Return the visits that have a washout and a receptor density or a limit, as points in their order."""
    return tuple(point for visit in visits if (point := _point(visit, responses.get(visit.patient_id, ""))))


def washout_figure(
    visits: Sequence[Visit],
    responses: Mapping[str, str],
    settings: Settings,
    fit: WashoutFit | RecoveryFit | None = None,
    name: str = "free CD38, molecules per cell",
    *,
    contradicted: bool = False,
) -> Figure:
    """Return receptor density against weeks of washout, both logarithmic.

    Parameters
    ----------
    visits
        One per patient and visit; those without washout or receptor density are not drawn.
    responses
        Best response by patient_id; gives shape and colour. Empty: all alike.
    settings
        `rd_cut`, `month_days`, `uloq_extrapolation`, `washed_out_drug`.
    fit
        M1 or M2; the median patient, the 95 % band of that median and the band in which 95 % of the patients
        lie are drawn within the washouts that were seen.
    name
        Of the vertical axis.
    contradicted
        Whether the rows contradict the fit: its line is then broken, and says so.
    """
    points = drawable(visits, responses)
    with house_style():
        figure = new_figure(8.6, 4.3)
        axes = add_axes(figure, (0.78, 0.5, 6.1, 3.45))
        if not points:
            axes.text(
                0.5, 0.5, "no patient has both a washout and a receptor density", ha="center", color=GREY
            )
            axes.set_axis_off()
            return figure
        _set_axes(axes, points, visits, settings)
        axes.set_ylabel(name)
        if fit is not None:
            draw_line(axes, fit, contradicted=contradicted)
        if len(points) <= MOST_POINTS:
            for point in points:
                _draw_point(axes, point)
        else:
            _draw_cloud(axes, points)
        _draw_key(axes, points, line_key(fit, contradicted=contradicted) if fit is not None else [])
        if len(points) <= MOST_LABELS:
            place_labels(axes, [(point.x, point.y, point.label) for point in points])
    return figure


def _point(visit: Visit, response: str) -> Point | None:
    receptor = visit.receptor
    if visit.washout_weeks is None or visit.washout_weeks < 0 or receptor.status not in QUANTIFIED:
        return None
    side = {RdStatus.BELOW_LLOQ: -1, RdStatus.ABOVE_ULOQ: 1}.get(receptor.status, 0)
    y = {-1: receptor.lloq, 0: receptor.rd, 1: known_to_exceed(receptor)}[side]
    if y is None or not y > 0:
        return None
    x = max(visit.washout_weeks, SHORTEST_WASHOUT_WEEKS)
    low, high = (receptor.rd_low or 0.0, receptor.rd_high or y) if side == 0 else (y, y)
    beyond = receptor.status is RdStatus.ABOVE_ULOQ_EXTRAPOLATED
    return Point(x, y, low, high, side, visit.patient_id, response, beyond)


def _set_axes(axes: Axes, points: Sequence[Point], visits: Sequence[Visit], settings: Settings) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

    lloqs = [receptor.lloq for visit in visits if (receptor := visit.receptor).lloq]
    uloqs = [receptor.uloq for visit in visits if (receptor := visit.receptor).uloq]
    xs = [point.x for point in points]
    low = min([point.y for point in points] + lloqs) / 3.2
    tops = [point.y * 1.6 if point.side > 0 else max(point.y, point.high) for point in points]
    high = max([*tops, *uloqs, settings.rd_cut]) * 1.6
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlim(min(xs) / 1.25, max(xs) * 1.25)
    axes.set_ylim(low, high)
    weeks = [2.0**k for k in range(-3, 10) if min(xs) / 1.25 <= 2.0**k <= max(xs) * 1.25]
    axes.set_xticks(weeks, [count(week) for week in weeks])
    axes.xaxis.set_minor_locator(NullLocator())
    decades = [10.0**k for k in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]
    axes.set_yticks(decades, [count(value) for value in decades])
    axes.yaxis.set_minor_locator(LogLocator(subs=tuple(range(2, 10)), numticks=20))
    axes.yaxis.set_minor_formatter(NullFormatter())
    drug = settings.washed_out_drug.split(";")[0].strip()
    axes.set_xlabel(f"weeks from the last dose of {drug} to the sample (log scale)")
    _draw_references(axes, lloqs, uloqs, settings)


def _draw_references(axes: Axes, lloqs: Sequence[float], uloqs: Sequence[float], settings: Settings) -> None:
    if lloqs:
        floor, bottom, top = axes.get_ylim()[0], min(lloqs), max(lloqs)
        axes.axhspan(floor, bottom, color="#e6eaee", linewidth=0, zorder=0)
        axes.axhspan(bottom, top, color="#f4f6f8", linewidth=0, zorder=0)
        words = f"LLOQ {_range_words(bottom, top)}"
        beside = axes.get_yaxis_transform()
        axes.text(0.995, top * 0.94, words, fontsize=7, color=GREY, ha="right", va="top", transform=beside)
    for uloq in sorted({min(uloqs), max(uloqs)}) if uloqs else ():
        axes.axhline(uloq, color=GREY, linewidth=0.7, linestyle=(0, (6, 3)), zorder=0)
    if uloqs:
        beside = axes.get_yaxis_transform()
        label = f"ULOQ {_range_words(min(uloqs), max(uloqs))}"
        axes.text(0.005, max(uloqs) * 1.06, label, fontsize=7, color=GREY, va="bottom", transform=beside)
    axes.axhline(settings.rd_cut, color=GREY, linewidth=0.7, linestyle=(0, (1, 2)))
    axes.text(
        1.005, settings.rd_cut, f"RD cut {count(settings.rd_cut)}", transform=axes.get_yaxis_transform(),
        fontsize=7, color=GREY, va="center",
    )  # fmt: skip
    left, right = axes.get_xlim()
    for months in _MONTHS:
        week = months * settings.month_days / 7
        if left < week < right:
            axes.axvline(week, color="#d5d9df", linewidth=0.7, zorder=0)
            above = axes.get_xaxis_transform()
            axes.text(week, 1.01, f"{months} months", fontsize=7, color=GREY, ha="center", transform=above)


def _range_words(low: float, high: float) -> str:
    """Return one number, or two where they read differently."""
    first, last = count(low), count(high)
    return first if first == last else f"{first} to {last}"


def _draw_point(axes: Axes, point: Point) -> None:
    marker, colour = RESPONSE_LOOK.get(point.response, RESPONSE_LOOK[""])
    floor = axes.get_ylim()[0]
    if point.side == 0:
        axes.plot(
            [point.x] * 2,
            [max(point.low, floor), max(point.high, floor)],
            color=colour,
            linewidth=0.9,
            zorder=3,
        )
    else:
        reach = point.y * (0.52 if point.side < 0 else 1.9)
        arrow = {
            "arrowstyle": "-|>",
            "color": colour,
            "linewidth": 0.9,
            "mutation_scale": 7,
            "shrinkA": 0,
            "shrinkB": 0,
        }
        axes.annotate(
            "", (point.x, reach), (point.x, point.y), arrowprops=arrow, zorder=3, annotation_clip=False
        )
    face = "white" if point.side else _PALE if point.extrapolated else colour
    axes.plot([point.x], [point.y], marker, **_marker(marker, face, colour), zorder=4)


def _draw_cloud(axes: Axes, points: Sequence[Point]) -> None:
    """Draw very many points as one picture, without intervals and arrows, and say so."""
    groups: dict[tuple[str, bool, bool], list[Point]] = {}
    for point in points:
        groups.setdefault((point.response, point.side != 0, point.extrapolated), []).append(point)
    for (response, censored, beyond), group in groups.items():
        marker, colour = RESPONSE_LOOK.get(response, RESPONSE_LOOK[""])
        look = _marker(marker, "white" if censored else _PALE if beyond else colour, colour)
        xs, ys = [point.x for point in group], [point.y for point in group]
        axes.plot(xs, ys, marker, **{**look, "markersize": 2.4}, rasterized=True, zorder=3)
    said = f"{len(points):,} points: intervals and arrows are not drawn"
    axes.text(0.01, 0.985, said, transform=axes.transAxes, fontsize=7, color=GREY, va="top")


def _marker(marker: str, face: str, edge: str) -> dict[str, Any]:
    size = 8.0 if marker == "*" else 5.6
    return {"markersize": size, "markerfacecolor": face, "markeredgecolor": edge, "markeredgewidth": 1.1}


def _draw_key(axes: Axes, points: Sequence[Point], lines: Sequence[Any]) -> None:
    """Name the shapes and lines that occur, beside the picture."""
    from matplotlib.lines import Line2D

    responses = {point.response for point in points}
    rows = [(name, *RESPONSE_LOOK[name]) for name in RESPONSES if name in responses]
    if "" in responses:
        rows.append(("response not known" if rows else "patient", *RESPONSE_LOOK[""]))
    handles = [
        Line2D([], [], linestyle="none", marker=shape, label=name, **_marker(shape, colour, colour))
        for name, shape, colour in rows
    ]
    if any(point.side for point in points):
        label = "open, with arrow:\nbeyond a limit"
        handles.append(
            Line2D([], [], linestyle="none", marker="o", label=label, **_marker("o", "white", INK))
        )
    if any(point.extrapolated for point in points):
        label = "pale: above the top bead,\nextrapolated"
        handles.append(Line2D([], [], linestyle="none", marker="o", label=label, **_marker("o", _PALE, INK)))
    axes.legend(
        handles=[*handles, *lines],
        loc="lower left",
        bbox_to_anchor=(1.01, 0.05),
        title="best response" if len(rows) > 1 else None,
        title_fontsize=7.5,
        alignment="left",
        labelspacing=0.6,
        handletextpad=0.3,
    )
