"""Names beside points, where there is room for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.output.figures.style.palette import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Box = tuple[float, float, float, float]

_SIZE = 6.5
_WIDTH_OF_LETTER, _HEIGHT_OF_LINE = 0.6 * _SIZE, 1.05 * _SIZE
_SIDES = ((5.0, -2.4), (-5.0, -2.4), (5.0, 4.5), (-5.0, 4.5), (5.0, -9.5), (-5.0, -9.5))
"""(right, up) of the places to try, in points from the marker's middle; negative right: text ends there."""


def place_labels(axes: Axes, named: Sequence[tuple[float, float, str]]) -> None:
    """Write each (x, y, text) beside its point where it covers nothing else; leave it out where it would."""
    figure = axes.get_figure(root=True)
    scale = 72.0 / (figure.dpi if figure else 72.0)
    centres = [(scale * axes.transData.transform((x, y))).tolist() for x, y, _ in named]
    taken: list[Box] = [(x - 3.4, y - 3.4, x + 3.4, y + 3.4) for x, y in centres]
    for (x, y), point in zip(centres, named, strict=True):
        for right, up in _SIDES:
            width = _WIDTH_OF_LETTER * len(point[2])
            left = x + right if right > 0 else x + right - width
            box = (left, y + up, left + width, y + up + _HEIGHT_OF_LINE)
            if not any(_overlap(box, other) for other in taken):
                taken.append(box)
                _write(axes, point, right, up)
                break


def _write(axes: Axes, point: tuple[float, float, str], right: float, up: float) -> None:
    x, y, text = point
    side = "left" if right > 0 else "right"
    axes.annotate(
        text, (x, y), xytext=(right, up), textcoords="offset points", ha=side, fontsize=_SIZE, color=GREY
    )


def _overlap(box: Box, other: Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
