"""Pictures as parts of a page, and as separate files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.output.figures.svg.elements import element, pixels, safe, text
from pipeline.output.figures.svg.style import style_sheet

ONE_COLUMN, TWO_COLUMNS = 88.0, 180.0
"""Widths of a journal's columns, in mm."""

POINTS_OF_MM: Final = 72 / 25.4
_GAP, _TITLE = 10, 26


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture shows, and its size; a chart's unit is a point of the printed page, else a pixel."""

    content: str
    width: float
    height: float
    is_chart: bool = False

    @property
    def classes(self) -> str:
        """Return the classes that the style sheet asks for."""
        return "pic chart" if self.is_chart else "pic"


def print_points(mm: float) -> float:
    """Return a width on paper in points.

    Examples
    --------
    >>> round(print_points(180), 1)
    510.2
    """
    return mm * POINTS_OF_MM


def in_page(picture: Picture, description: str, *, name: str, links: bool = False, class_: str = "") -> str:
    """Return a picture for a page.

    Parameters
    ----------
    picture
        What is shown.
    description
        Read aloud in its place, or before its links.
    name
        Of the file that a reader of the page saves.
    links
        Whether it holds links.
    class_
        `broad` for wide windows only, `narrow` for phones.
    """
    role = "group" if links else "img"
    return element(
        "svg", picture.content, class_=f"{picture.classes} {class_}".strip(), viewBox=_box(picture),
        role=role, aria_label=description, data_name=name,
    )  # fmt: skip


def side_by_side(pictures: Sequence[Picture], description: str, *, name: str, class_: str = "panels") -> str:
    """Return pictures for a page, as many side by side as the window holds.

    Parameters
    ----------
    pictures
        In their order.
    description
        Read aloud in their place.
    name
        Of the file that a reader of the page saves.
    class_
        `panels` for the small ones of a tube, `charts` for larger ones.
    """
    shown = (
        element("svg", picture.content, class_=picture.classes, viewBox=_box(picture), aria_hidden="true")
        for picture in pictures
    )
    return (
        f'<div class="{class_}" role="img" aria-label="{safe(description)}" data-name="{safe(name)}">'
        f"{''.join(shown)}</div>"
    )


def file_of(picture: Picture, title: str) -> str:
    """Return one picture as an SVG file, in mm where it is a chart; text stays text."""
    unit = "mm" if picture.is_chart else ""
    scale = 1 / POINTS_OF_MM if picture.is_chart else 1
    white = element("rect", width=picture.width, height=picture.height, fill="#fff")
    return _root(
        (_title(title), white, picture.content), picture.classes, picture.width, picture.height,
        width=f"{pixels(picture.width * scale)}{unit}", height=f"{pixels(picture.height * scale)}{unit}",
    )  # fmt: skip


def pictures_in_rows(pictures: Sequence[Picture], title: str, columns: int, *, room: int = 1) -> Picture:
    """Return pictures in rows of so many, under their title, as one, at least `room` of them wide."""
    rows = [pictures[k : k + columns] for k in range(0, len(pictures), columns)]
    placed, top, right = [text(title, _GAP, 18, class_="title")], float(_TITLE), 0.0
    for row in rows:
        x = float(_GAP)
        for picture in row:
            placed.append(
                element("svg", picture.content, x=x, y=top, width=picture.width, height=picture.height)
            )
            x += picture.width + _GAP
        right = max(right, x)
        top += max(picture.height for picture in row) + _GAP
    widest = max((picture.width for picture in pictures), default=_GAP)
    return Picture("".join(placed), max(right, room * (widest + _GAP) + _GAP), top)


def _title(words: str) -> str:
    return element("title", safe(words))


def _box(picture: Picture) -> str:
    return f"0 0 {pixels(picture.width)} {pixels(picture.height)}"


def _root(parts: Sequence[str], classes: str, wide: float, high: float, *, width: str, height: str) -> str:
    style = element("style", style_sheet())
    box: dict[str, str] = {"viewBox": f"0 0 {pixels(wide)} {pixels(high)}", "width": width, "height": height}
    return element("svg", style, *parts, xmlns="http://www.w3.org/2000/svg", class_=classes, **box) + "\n"
