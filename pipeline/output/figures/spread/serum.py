"""Serum levels of the antibodies: by visit, and against the receptor density of the same visit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from pipeline.output.figures.style.palette import BLUE, GREY, INK, ORANGE
from pipeline.output.figures.style.ticks import count, log_ticks
from pipeline.output.figures.svg.chart import (
    SIZE,
    SMALL,
    KeyEntry,
    Scale,
    bottom_axis,
    bottom_label,
    left_axis,
    left_label,
    row_key,
)
from pipeline.output.figures.svg.elements import element, pixels, safe, text
from pipeline.output.figures.svg.letters import fitted, wrapped_lines
from pipeline.output.figures.svg.marks import mark
from pipeline.output.figures.svg.picture_page import ONE_COLUMN, TWO_COLUMNS, Picture, print_points
from pipeline.response.letter.serum import SerumLevel, SerumPair
from pipeline.response.statistics.true_values import ABOVE, BELOW
from pipeline.study.cells.concentrations import Concentration

_LOOKS: Final = (("circle", BLUE), ("square", ORANGE))
"""Shape and colour of the first and of the second antibody."""
_TOP, _HIGH = 14.0, 150.0
_RADIUS, _ARROW = 2.4, 8.0
_BESIDE: Final = 4.0
"""Distance between neighbouring points of the same visit."""


@dataclass(frozen=True, slots=True)
class _SerumFrame:
    """Where a panel lies, and its scale of serum levels; a level of 0 is drawn at `floor`."""

    left: float
    right: float
    top: float
    serum: tuple[float, float]

    @property
    def bottom(self) -> float:
        """The lower edge of the panel."""
        return self.top + _HIGH

    @property
    def floor(self) -> float:
        """The height on the scale at which a level of 0 is drawn."""
        return self.serum[0] * 1.3

    def level(self, level: Concentration) -> float:
        """Return a serum level for the logarithmic scale; `floor` for 0."""
        return level.value or self.floor


def serum_picture(
    levels: Sequence[SerumLevel], pairs: Sequence[SerumPair], name: str, *, mm: float = TWO_COLUMNS
) -> Picture:
    """Return the levels of each antibody by visit, with median and range, and beside it against density.

    Parameters
    ----------
    levels
        One at least; a white mark stands at the limit of an assay, or at the foot where none was found.
    pairs
        Levels with the density of the same visit, one per patient and antibody; empty: no such panel.
    name
        Of the axis of densities.
    mm
        Width on paper.
    """
    wide, narrow = print_points(mm), mm < (ONE_COLUMN + TWO_COLUMNS) / 2
    drugs = list(dict.fromkeys(serum.drug for serum in levels))
    looks = {drug: _LOOKS[index % len(_LOOKS)] for index, drug in enumerate(drugs)}
    ends = _ends(levels)
    half = wide if narrow or not pairs else wide / 2
    first = _SerumFrame(44, half - 8, _TOP, ends)
    parts = [_by_visit(first, levels, looks)]
    bottom = first.bottom + 40
    if pairs:
        top = bottom + 12 if narrow else _TOP
        left = 52.0 if narrow else half + 52
        second = _SerumFrame(left, wide - 8, top, ends)
        parts.append(_against_density(second, pairs, looks, name))
        bottom = max(bottom, second.bottom + 38)
    key, high = row_key(_key(looks, levels, pairs), 6, bottom + 10, wide - 12)
    return Picture("".join((*parts, key)), wide, bottom + 10 + high, is_chart=True)


def _ends(levels: Sequence[SerumLevel]) -> tuple[float, float]:
    shown = [serum.level.value for serum in levels if serum.level.value > 0] or [1.0]
    return min(shown) / 2.5, max(shown) * 1.6


def _serum_axis(frame: _SerumFrame) -> tuple[Scale, str]:
    scale = Scale(*frame.serum, frame.bottom, frame.top, logarithmic=True)
    axis = left_axis(scale, frame.left, log_ticks(*frame.serum))
    return scale, axis + left_label("serum level, µg/mL (log scale)", scale, frame.left - 30)


def _by_visit(frame: _SerumFrame, levels: Sequence[SerumLevel], looks: Mapping[str, tuple[str, str]]) -> str:
    """Return a column per visit and antibody: points, the range as a line, the median as a bar."""
    y, axis = _serum_axis(frame)
    visits = list(dict.fromkeys(serum.visit for serum in levels))
    columns = [
        (visit, drug) for visit in visits for drug in looks
        if any((serum.visit, serum.drug) == (visit, drug) for serum in levels)
    ]  # fmt: skip
    x = Scale(0, len(columns), frame.left, frame.right)
    room = (frame.right - frame.left) / len(columns)
    parts = [axis, bottom_axis(x, frame.bottom, [])]
    for index, (visit, drug) in enumerate(columns):
        column_levels = [serum for serum in levels if (serum.visit, serum.drug) == (visit, drug)]
        parts.append(_column(column_levels, looks[drug], frame, y, x.position(index + 0.5), room))
    for visit in visits:
        places = [index for index, (of, _) in enumerate(columns) if of == visit]
        middle = x.position((places[0] + places[-1] + 1) / 2)
        words = fitted(visit or "no visit typed", SIZE, room * len(places) - 3)
        parts.append(text(words, middle, frame.bottom + 25, class_="m axis"))
    return "".join(parts) + bottom_label("visit", x, frame.bottom + 36)


def _column(
    levels: Sequence[SerumLevel], look: tuple[str, str], frame: _SerumFrame, y: Scale, x: float, room: float
) -> str:
    ordered = sorted(levels, key=lambda serum: (frame.level(serum.level), serum.patient_id))
    heights = [y.position(frame.level(serum.level)) for serum in ordered]
    middle = median(frame.level(serum.level) for serum in ordered)
    half = min(room / 2 - 2, 12.0)
    low = sum(serum.level.is_low for serum in ordered)
    dashes = "2 1.5" if 2 * low > len(ordered) else None
    line = f"M{pixels(x)} {pixels(heights[0])}V{pixels(heights[-1])}"
    across = f"M{pixels(x - half)} {pixels(y.position(middle))}H{pixels(x + half)}"
    words = f"n = {len(ordered)}" + (f", {low} low" if low else "")
    parts = [
        element("path", d=line, stroke=GREY, stroke_width=0.7),
        element("path", d=across, stroke=INK, stroke_width=1.4, stroke_dasharray=dashes),
        *(
            _level(serum, look, x + aside, height)
            for serum, height, aside in zip(ordered, heights, _asides(heights, room / 2 - 3), strict=True)
        ),
        text(fitted(words, SMALL, room), x, frame.bottom + 11, class_="m small greytext"),
    ]
    return "".join(parts)


def _asides(heights: Sequence[float], most: float) -> list[float]:
    """Return the sideways shift of each point, so that close points do not hide each other."""
    steps: list[int] = []
    for index, height in enumerate(heights):
        near = {steps[k] for k in range(index) if abs(heights[k] - height) < 2 * _RADIUS}
        steps.append(next(step for step in range(len(heights)) if step not in near))
    return [max(-most, min(most, _BESIDE * ((step + 1) // 2) * (1 if step % 2 else -1))) for step in steps]


def _level(serum: SerumLevel, look: tuple[str, str], x: float, y: float) -> str:
    shape, fill = look
    parts = [element("title", safe(f"{serum.patient_id} · {serum.visit} · {_level_words(serum)}"))]
    if serum.level.is_low:
        parts += [_arrow(x, y, 0, 1)]
    face = "#fff" if serum.level.is_low else fill
    parts.append(mark(shape, x, y, _RADIUS, fill=face, stroke=INK, stroke_width=0.6))
    return element("g", *parts, class_="spot")


def _level_words(serum: SerumLevel) -> str:
    if serum.level.value == 0:
        return f"{serum.drug}: none found"
    return f"{serum.drug} {'<' if serum.level.is_below else ''}{count(serum.level.value)} µg/mL"


def _arrow(x: float, y: float, across: int, down: int) -> str:
    way = f"M{pixels(x)} {pixels(y)}l{pixels(_ARROW * across)} {pixels(_ARROW * down)}"
    return element("path", d=way, stroke=GREY, stroke_width=0.8)


def _against_density(
    frame: _SerumFrame, pairs: Sequence[SerumPair], looks: Mapping[str, tuple[str, str]], name: str
) -> str:
    """Return a point per patient: density to the right, serum upwards."""
    y, axis = _serum_axis(frame)
    densities = [2.0**pair.log2_rd for pair in pairs]
    x = Scale(min(densities) / 1.8, max(densities) * 1.8, frame.left, frame.right, logarithmic=True)
    decades = range(math.ceil(math.log10(x.low)), math.floor(math.log10(x.high)) + 1)
    ticks = [(10.0**k, count(10.0**k)) for k in decades] or log_ticks(x.low, x.high)
    parts = [axis, bottom_axis(x, frame.bottom, ticks)]
    for pair, density in zip(pairs, densities, strict=True):
        shape, fill = looks[pair.serum.drug]
        across, high = x.position(density), y.position(frame.level(pair.serum.level))
        side = {BELOW: "below ", ABOVE: "above "}.get(pair.side, "")
        words = f"{pair.serum.patient_id} · {pair.serum.visit} · {_level_words(pair.serum)}"
        words += f" · {side}{count(float(f'{density:.3g}'))} molecules per cell"
        drawn = [element("title", safe(words))]
        drawn += [_arrow(across, high, 0, 1)] if pair.serum.level.is_low else []
        drawn += [_arrow(across, high, pair.side, 0)] if pair.side else []
        face = "#fff" if pair.side or pair.serum.level.is_low else fill
        drawn.append(mark(shape, across, high, _RADIUS, fill=face, stroke=INK, stroke_width=0.6))
        parts.append(element("g", *drawn, class_="spot"))
    lines = wrapped_lines(f"{name} (log scale)", SIZE, frame.right - frame.left)
    named = (bottom_label(line, x, frame.bottom + 24 + 9 * index) for index, line in enumerate(lines))
    return "".join((*parts, *named))


def _key(
    looks: Mapping[str, tuple[str, str]], levels: Sequence[SerumLevel], pairs: Sequence[SerumPair]
) -> list[KeyEntry]:
    marks = [
        KeyEntry(mark(shape, 0, 0, 3, fill=fill, stroke=INK, stroke_width=0.6), drug)
        for drug, (shape, fill) in looks.items()
    ]
    bar = element("path", d="M-6 0H6", stroke=INK, stroke_width=1.4)
    line = element("path", d="M0 -5V5", stroke=GREY, stroke_width=0.7)
    shown = [*marks, KeyEntry(bar, "median (broken: most are below the limit)"), KeyEntry(line, "range")]
    if any(serum.level.is_low for serum in levels) or any(pair.side for pair in pairs):
        low = _arrow(0, 0, 1, 0) + mark("circle", 0, 0, 2.4, fill="#fff", stroke=INK, stroke_width=0.6)
        shown.append(KeyEntry(low, "beyond a limit, or none found"))
    return shown
