"""Names beside points, where nothing covers or strikes them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.output.figures.svg.chart import SMALL, Box
from pipeline.output.figures.svg.elements import path, text
from pipeline.output.figures.svg.letters import width

Boxes = NDArray[np.float64]
"""Shape (n, 4): left, top, right, bottom."""

Named = tuple[float, float, str]
_RADIUS: Final = 4.2
_CROWD: Final = 22.0
_HIGH: Final = 0.76 * SMALL
"""From the baseline to the top of a capital letter."""

_STEPS: Final = (6.0, 10.0, 15.0, 20.0, 26.0, 32.0, 40.0, 48.0, 57.0, 67.0, 78.0, 90.0, 105.0)
_TURNS: Final = (0, 180, 330, 30, 210, 150, 270, 90, 300, 60, 240, 120, 345, 15, 195, 165, 285, 255, 105, 75)
_NEAR: Final = 8.0
"""Beyond this distance a thin line leads from the name to its point."""


@dataclass(frozen=True, slots=True)
class _LabelSpot:
    """Where a name may stand, and the line that leads to it; () where it is near its point."""

    box: Box
    leader: tuple[tuple[float, float], ...]

    @property
    def leader_boxes(self) -> list[Box]:
        """Boxes along the leader line, which other names must not cover."""
        return boxes_along(self.leader, reach=0.4)


def placed_labels(named: Sequence[Named], taken: Iterable[Box], frame: Box) -> tuple[str, int]:
    """Return each (x, y, name) beside its point where it touches nothing, and how many found no room.

    Parameters
    ----------
    named
        Points and their names, in the unit of the picture.
    taken
        What may not be touched: marks, intervals, lines, words.
    frame
        Names stay inside.
    """
    named = sorted(named, key=lambda point: -_neighbours(point, named))  # the crowded ones choose first
    marks = [(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS) for x, y, _ in named]
    boxes, parts = [*taken, *marks], []
    words: list[Box] = []
    for (x, y, name), own in zip(named, marks, strict=True):
        other_marks = [mark for mark in marks if mark != own]
        other_boxes = np.array([*words, *other_marks]).reshape(-1, 4)
        full = np.array(boxes)
        spots = (
            spot for spot in _places(x, y, name) if spot.leader or _nearest_is(own, other_marks, spot.box)
        )
        spot = next((spot for spot in spots if _fits(spot, full, other_boxes, frame)), None)
        if spot is None:
            continue
        parts.append(text(name, spot.box[0] + 0.5, spot.box[3] - 1, class_="small greytext"))
        words.append(spot.box)
        boxes += [spot.box, *spot.leader_boxes]
        if spot.leader:
            parts.append(path(spot.leader, class_="leader"))
    return "".join(parts), len(named) - len(words)


def _neighbours(point: Named, named: Sequence[Named]) -> int:
    return sum(math.hypot(point[0] - x, point[1] - y) < _CROWD for x, y, _ in named)


def boxes_along(line: Sequence[tuple[float, float]], reach: float = 0.8, step: float = 3.0) -> list[Box]:
    """Return small boxes along a line through points, so that no name is put upon it."""
    boxes = []
    for (x0, y0), (x1, y1) in pairwise(line):
        pieces = max(1, math.ceil(math.hypot(x1 - x0, y1 - y0) / step))
        for k in range(pieces):
            xs = sorted((x0 + (x1 - x0) * k / pieces, x0 + (x1 - x0) * (k + 1) / pieces))
            ys = sorted((y0 + (y1 - y0) * k / pieces, y0 + (y1 - y0) * (k + 1) / pieces))
            boxes.append((xs[0] - reach, ys[0] - reach, xs[1] + reach, ys[1] + reach))
    return boxes


def overlap(box: Box, other_box: Box) -> bool:
    """Tell whether two boxes share more than an edge."""
    return box[0] < other_box[2] and other_box[0] < box[2] and box[1] < other_box[3] and other_box[1] < box[3]


def _places(x: float, y: float, name: str) -> Iterator[_LabelSpot]:
    wide = width(name, SMALL) + 1
    for distance in _STEPS:
        for turn in _TURNS:
            across, down = math.cos(math.radians(turn)), math.sin(math.radians(turn))
            near_x, near_y = x + distance * across, y + distance * down
            left = near_x if across > 0.1 else near_x - wide if across < -0.1 else near_x - wide / 2
            top = near_y - (_HIGH + 2) / 2 * (1 - down)
            box = (left, top, left + wide, top + _HIGH + 2)
            yield _LabelSpot(box, _leader(x, y, box) if distance > _NEAR else ())


def _nearest_is(own: Box, other_marks: Sequence[Box], box: Box) -> bool:
    """Tell whether a name's own mark is the nearest: without a line, readers take it for the nearest's."""
    return all(_gap(own, box) < _gap(mark, box) for mark in other_marks if not overlap(own, mark))


def _gap(box: Box, other_box: Box) -> float:
    """Return the distance between the edges of two boxes; 0 if they touch."""
    across = max(box[0] - other_box[2], other_box[0] - box[2], 0.0)
    return math.hypot(across, max(box[1] - other_box[3], other_box[1] - box[3], 0.0))


def _fits(spot: _LabelSpot, boxes: Boxes, other_boxes: Boxes, frame: Box) -> bool:
    """Tell whether a name touches nothing and its leader no other name or mark."""
    box = spot.box
    inside = box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]
    if not inside or _touches(box, boxes):
        return False
    return not any(_touches(piece, other_boxes) for piece in spot.leader_boxes)


def _touches(box: Box, boxes: Boxes) -> bool:
    left, top, right, bottom = boxes.T
    return bool(np.any((box[0] < right) & (left < box[2]) & (box[1] < bottom) & (top < box[3])))


def _leader(x: float, y: float, box: Box) -> tuple[tuple[float, float], ...]:
    """Return the ends of a thin line from beside the point to the nearest point of its name."""
    to_x, to_y = min(max(x, box[0]), box[2]), min(max(y, box[1]), box[3])
    share = _RADIUS / math.hypot(to_x - x, to_y - y)
    return (x + share * (to_x - x), y + share * (to_y - y)), (to_x, to_y)
