"""Scales, axes and keys of a chart, in the unit of its picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.output.figures.svg.elements import element, path, pixels, text
from pipeline.output.figures.svg.letters import width, wrapped_lines

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

TICK: Final = 2.5
SIZE, SMALL = 7.0, 6.5
"""Font sizes of a chart, in points of the printed page."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale of a chart: `low` lies at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def position(self, value: float) -> float:
        """Return the position of a value, also beyond the ends. A logarithmic scale needs a value above 0."""
        low, high = self.low, self.high
        if self.logarithmic:
            value, low, high = math.log10(value), math.log10(low), math.log10(high)
        return self.start + (self.end - self.start) * (value - low) / (high - low)


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A line of a key: what is drawn around (0, 0) within 7 to each side, and its words."""

    drawn: str
    words: str


def bottom_axis(
    scale: Scale, y: float, ticks: Sequence[tuple[float, str]], *, size: float = SIZE, length: float = TICK
) -> str:
    """Return the line below a chart with its ticks, and as many of their labels as do not touch."""
    ends = min(scale.start, scale.end), max(scale.start, scale.end)
    places = [(scale.position(value), label) for value, label in ticks]
    lines = f"M{pixels(ends[0])} {pixels(y)}H{pixels(ends[1])}"
    lines += "".join(f"M{pixels(x)} {pixels(y)}v{pixels(length)}" for x, _ in places)
    labels = (text(label, x, y + length + 1.05 * size, class_="m") for x, label in _apart(places, size))
    return element("path", d=lines, class_="frame") + "".join(labels)


def _apart(places: Sequence[tuple[float, str]], size: float) -> list[tuple[float, str]]:
    """Return the labels that do not touch the previous one, from the left; all ticks stay."""
    spaced: list[tuple[float, str]] = []
    end = -math.inf
    for x, label in sorted(places):
        half = width(label, size) / 2
        if x - half > end + 0.4 * size:
            spaced.append((x, label))
            end = x + half
    return spaced


def left_axis(
    scale: Scale,
    x: float,
    ticks: Sequence[tuple[float, str]],
    *,
    minor: Iterable[float] = (),
    size: float = SIZE,
    length: float = TICK,
) -> str:
    """Return the line left of a chart with its ticks and their labels; minor ticks have none."""
    places = [(scale.position(value), label) for value, label in ticks]
    lines = f"M{pixels(x)} {pixels(scale.start)}V{pixels(scale.end)}"
    lines += "".join(f"M{pixels(x)} {pixels(y)}h-{pixels(length)}" for y, _ in places)
    lines += "".join(
        f"M{pixels(x)} {pixels(scale.position(value))}h-{pixels(0.6 * length)}" for value in minor
    )
    labels = (text(label, x - length - 0.3 * size, y + 0.36 * size, class_="e") for y, label in places)
    return element("path", d=lines, class_="frame") + "".join(labels)


def bottom_label(words: str, scale: Scale, y: float) -> str:
    """Return the name of a bottom axis."""
    return text(words, (scale.start + scale.end) / 2, y, class_="m axis")


def left_label(words: str, scale: Scale, x: float, *, size: float = SIZE) -> str:
    """Return the name of a left axis, upwards, in as many lines as it needs; the last is at `x`."""
    middle = (scale.start + scale.end) / 2
    lines = wrapped_lines(words, size, abs(scale.end - scale.start))
    parts = []
    for index, line in enumerate(lines):
        line_x = x - 1.25 * size * (len(lines) - 1 - index)
        turn = f"rotate(-90 {pixels(line_x)} {pixels(middle)})"
        parts.append(text(line, line_x, middle, class_="m axis", transform=turn))
    return "".join(parts)


def clipped(parts: str, box: Box) -> str:
    """Return elements clipped at a box, in the coordinates of the picture."""
    left, top, right, bottom = box
    size = {"width": right - left, "height": bottom - top}
    window = f"{pixels(left)} {pixels(top)} {pixels(right - left)} {pixels(bottom - top)}"
    return element("svg", parts, x=left, y=top, **size, viewBox=window)


def polygon(
    low: Iterable[tuple[float, float]],
    high: Iterable[tuple[float, float]],
    fill: str,
    *,
    fill_opacity: float | None = None,
) -> str:
    """Return the area between two lines."""
    return path([*low, *reversed([*high])], fill=fill, fill_opacity=fill_opacity)


def column_key(entries: Sequence[KeyEntry], x: float, y: float, room: float, title: str = "") -> str:
    """Return a key with an entry below the other; words are broken so that they are no wider than `room`."""
    parts, base = [], y
    if title:
        parts.append(text(title, x, base, class_="bold"))
        base += 1.7 * SIZE
    for entry in entries:
        parts.append(_moved(entry.drawn, x + 7, base - 0.36 * SIZE))
        for line in wrapped_lines(entry.words, SIZE, room - 18):
            parts.append(text(line, x + 18, base))
            base += 1.25 * SIZE
        base += 0.45 * SIZE
    return "".join(parts)


def row_key(entries: Sequence[KeyEntry], x: float, y: float, room: float) -> tuple[str, float]:
    """Return a key whose entries stand side by side in rows, and how high it is."""
    parts, left, top = [], x, y
    for entry in entries:
        wide = 18 + width(entry.words, SIZE) + 8
        if left > x and left + wide - 8 > x + room:
            left, top = x, top + 1.5 * SIZE
        parts.append(_moved(entry.drawn, left + 7, top - 0.36 * SIZE))
        parts.append(text(entry.words, left + 18, top))
        left += wide
    return "".join(parts), top - y + 1.5 * SIZE if entries else 0.0


def _moved(drawn: str, x: float, y: float) -> str:
    return element("g", drawn, transform=f"translate({pixels(x)} {pixels(y)})")
