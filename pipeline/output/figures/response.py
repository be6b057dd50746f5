"""Disease control by washout and by receptor density: k of n with exact intervals."""

from __future__ import annotations

from typing import Final

from pipeline.output.figures.style.palette import BLUE
from pipeline.output.figures.svg.chart import SIZE, Scale, bottom_axis, bottom_label
from pipeline.output.figures.svg.elements import element, pixels, safe, text
from pipeline.output.figures.svg.letters import wrapped_lines
from pipeline.output.figures.svg.marks import mark
from pipeline.output.figures.svg.picture_page import ONE_COLUMN, TWO_COLUMNS, Picture, print_points
from pipeline.response.statistics.counts import Proportion
from pipeline.response.tables import ResponseTables

_PITCH: Final = 16.0
_LINE: Final = 1.2 * SIZE
_AXIS: Final = "disease control, % of evaluable patients, with exact (Clopper–Pearson) interval"


def response_picture(tables: ResponseTables, name: str = "free CD38", *, mm: float = TWO_COLUMNS) -> Picture:
    """Return the disease control rate overall, by washout and by receptor density, a line each."""
    groups = (
        ("disease control, all", tables.response[-1:]),
        ("by washout before the study drug", tables.by_washout),
        (f"by {name}, molecules per cell", tables.by_rd),
    )
    wide, narrow = print_points(mm), mm < (ONE_COLUMN + TWO_COLUMNS) / 2
    names, words = (76.0, 82.0) if narrow else (160.0, 130.0)
    scale = Scale(0, 100, names + 6, wide - words)
    y, rows = 12.0, []
    ticks = [(float(percent), str(percent)) for percent in ((0, 50, 100) if narrow else (0, 25, 50, 75, 100))]
    for title, proportions in groups:
        for line in wrapped_lines(title, 1.12 * SIZE, names if not narrow else wide - 12):
            line_start, look = (names, "e bold") if not narrow else (6.0, "bold")
            rows.append(text(line, line_start, y, class_=look))
            y += _LINE
        y += 0.35 * _LINE
        top = y
        for proportion in proportions:
            drawn, high = _row(proportion, scale, y, names)
            rows.append(drawn)
            y += high
        lines = "".join(
            f"M{pixels(scale.position(percent))} {pixels(top - 9)}V{pixels(y - 9)}" for percent, _ in ticks
        )
        rows.insert(0, element("path", d=lines, class_="grid"))
        y += 0.5 * _LINE
    bottom = y - 4
    middle = Scale(0, 1, 6, wide - 6) if narrow else Scale(0, 1, names - 90, wide)
    axis_lines = wrapped_lines(_AXIS, SIZE, middle.end - middle.start)
    named = (bottom_label(line, middle, bottom + 21 + _LINE * k) for k, line in enumerate(axis_lines))
    parts = [*rows, bottom_axis(scale, bottom, ticks), *named]
    return Picture("".join(parts), wide, bottom + 24 + _LINE * (len(axis_lines) - 1), is_chart=True)


def _row(proportion: Proportion, scale: Scale, y: float, names: float) -> tuple[str, float]:
    """Return a rate with its interval, its name and its numbers, and how high that is."""
    room = 1e3 if scale.start > 120 else names - 4
    lines = wrapped_lines(proportion.name.replace(">=", "≥"), SIZE, room)
    number_lines = _words(proportion) if scale.start > 120 else _words(proportion).split("  ")
    number_lines = [number_lines] if isinstance(number_lines, str) else number_lines
    parts = [text(line, names, y + _LINE * k, class_="e") for k, line in enumerate(lines)]
    parts += [text(line, scale.end + 6, y + _LINE * k) for k, line in enumerate(number_lines)]
    if proportion.percent is not None and proportion.low is not None and proportion.high is not None:
        middle = y - 0.36 * SIZE
        ends = pixels(scale.position(proportion.low)), pixels(scale.position(proportion.high))
        line = element("path", d=f"M{ends[0]} {pixels(middle)}H{ends[1]}", stroke=BLUE, stroke_width=1.4)
        dot = mark("circle", scale.position(proportion.percent), middle, 2.8, fill=BLUE)
        title = element("title", safe(f"{proportion.name.replace('>=', '≥')} · {_words(proportion)}"))
        parts.append(element("g", title, line, dot, class_="spot"))
    return "".join(parts), _LINE * max(len(lines), len(number_lines)) + 0.55 * _LINE


def _words(proportion: Proportion) -> str:
    return str(proportion).replace(" (", "  (95 % ") if proportion.n else "0/0: nobody"
