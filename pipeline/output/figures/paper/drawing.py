"""Convert our SVG pictures to matplotlib figures, so that screen and paper show the same."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree

from pipeline.output.figures.paper.canvas import empty_figure, house_style
from pipeline.output.figures.paper.usual_font import FAMILY, usual_font
from pipeline.output.figures.svg.picture_page import Picture, print_points
from pipeline.output.figures.svg.style import RULES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.path import Path as Outline

POINTS_OF_PIXEL: Final = 0.75
_STEP: Final = re.compile(r"[MLHVhvZ]|-?\d*\.?\d+(?:e-?\d+)?")
_NUMBERS: Final = re.compile(r"-?\d*\.?\d+")
_ALIGNED: Final = {"middle": "center", "end": "right"}
_PRESENTED: Final = ("fill", "stroke", "stroke-width", "stroke-dasharray")
SvgAttributes = Mapping[str, str]


def figure_of(picture: Picture, mm: float | None = None) -> Figure:
    """Return a picture as a figure of its own size, or as wide as `mm`, its letters with it.

    Raises ValueError for an unknown SVG element, so that nothing is left out silently.
    """
    scale = 1.0 if picture.is_chart else POINTS_OF_PIXEL
    if mm is not None:
        scale = print_points(mm) / picture.width
    with house_style():
        figure, axes = empty_figure(picture.width, picture.height, scale)
        pen = _Pen(axes, scale, tuple(picture.classes.split()))
        for child in ElementTree.fromstring(f"<svg>{picture.content}</svg>"):
            pen.draw(child, 0.0, 0.0, None)
    return figure


@dataclass(frozen=True)
class _Pen:
    """Draws elements; `scale` are the points of a unit, `classes` those of the picture."""

    axes: Axes
    scale: float
    classes: tuple[str, ...]

    def draw(self, node: ElementTree.Element, x: float, y: float, window: Any) -> None:
        """Draw an element that is moved by (x, y), cut at a window."""
        draws: dict[str, Callable[[ElementTree.Element, float, float, Any], None]] = {
            "svg": self._window, "g": self._group, "a": self._group, "rect": self._rect,
            "circle": self._circle, "path": self._path, "text": self._text, "image": self._image,
        }  # fmt: skip
        if node.tag == "title":
            return
        if node.tag not in draws:
            raise ValueError(f"<{node.tag}> cannot be drawn on paper")
        draws[node.tag](node, x, y, window)

    def _window(self, node: ElementTree.Element, x: float, y: float, window: Any) -> None:
        from matplotlib.patches import Rectangle

        left, top = x + _number(node, "x"), y + _number(node, "y")
        size = _number(node, "width"), _number(node, "height")
        window = Rectangle((left, top), *size, transform=self.axes.transData)
        origin = [float(part) for part in node.get("viewBox", "0 0 0 0").split()[:2]]
        for child in node:
            self.draw(child, left - origin[0], top - origin[1], window)

    def _group(self, node: ElementTree.Element, x: float, y: float, window: Any) -> None:
        moved = [float(part) for part in _NUMBERS.findall(node.get("transform", "translate(0 0)"))]
        for child in node:
            self.draw(child, x + moved[0], y + moved[1], window)

    def _rect(self, node: ElementTree.Element, x: float, y: float, window: Any) -> None:
        from matplotlib.patches import Rectangle

        corner = x + _number(node, "x"), y + _number(node, "y")
        self._add(Rectangle(corner, _number(node, "width"), _number(node, "height")), node, window)

    def _circle(self, node: ElementTree.Element, x: float, y: float, window: Any) -> None:
        from matplotlib.patches import Circle

        middle = x + _number(node, "cx"), y + _number(node, "cy")
        self._add(Circle(middle, _number(node, "r")), node, window)

    def _path(self, node: ElementTree.Element, x: float, y: float, window: Any) -> None:
        from matplotlib.patches import PathPatch

        self._add(PathPatch(_outline(node.get("d", ""), x, y)), node, window)

    def _add(self, patch: Any, node: ElementTree.Element, window: Any) -> None:
        look = self._look(node)
        line = float(look.get("stroke-width", "1").removesuffix("px")) * self.scale
        fill, stroke = look.get("fill", "#000"), look.get("stroke", "none")
        patch.set(
            facecolor=fill if fill == "none" else (fill, float(node.get("fill-opacity", 1))),
            edgecolor=stroke,
            linewidth=line if stroke != "none" else 0,
        )
        if (dashes := look.get("stroke-dasharray")) and line:
            # matplotlib measures dashes in widths of the line
            patch.set_linestyle((0, [float(dash) * self.scale / line for dash in dashes.split()]))
        self._show(patch, window)

    def _text(self, node: ElementTree.Element, x: float, y: float, window: Any) -> None:
        look, text = self._look(node), "".join(node.itertext())
        words = self.axes.text(
            x + _number(node, "x"), y + _number(node, "y"), text,
            color=look["fill"], fontproperties=_font(text, look, self.scale),
            va="baseline", parse_math=False,
            ha=_ALIGNED.get(look.get("text-anchor", ""), "left"),
            rotation=90 if node.get("transform") else 0, rotation_mode="anchor",
        )  # fmt: skip
        if window is not None:
            words.set_clip_path(window)

    def _image(self, node: ElementTree.Element, x: float, y: float, window: Any) -> None:
        import numpy as np
        from matplotlib.image import AxesImage
        from PIL import Image

        encoded = node.get("href", "").split(",", 1)[1]
        left, top = x + _number(node, "x"), y + _number(node, "y")
        right, bottom = left + _number(node, "width"), top + _number(node, "height")
        picture = AxesImage(
            self.axes, extent=(left, right, bottom, top), origin="upper", interpolation="nearest"
        )
        picture.set_data(np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGBA")))
        self._show(picture, window)

    def _show(self, drawn: Any, window: Any) -> None:
        drawn.set_zorder(2)  # all alike: what comes later lies above
        self.axes.add_artist(drawn)
        drawn.set_clip_path(window)

    def _look(self, node: ElementTree.Element) -> SvgAttributes:
        attributes = {name: node.get(name, "") for name in _PRESENTED if node.get(name)}
        return {**attributes, **_ruled(node.tag, node.get("class", ""), self.classes)}


@lru_cache(maxsize=512)
def _ruled(tag: str, classes: str, picture: tuple[str, ...]) -> SvgAttributes:
    """Return what the style sheet says of an element: rules on classes win, then those that come later."""
    named = {f".{name}" for name in classes.split()}
    look: dict[str, str] = {}
    for names in ({tag}, named):
        for kind, selector, rule in RULES:
            if kind in picture and selector in names:
                look |= rule
    return look


def _outline(d: str, x: float, y: float) -> Outline:
    """Return the `d` of a path, moved by (x, y); only the commands that pictures of ours hold."""
    from matplotlib.path import Path as Outline

    points: list[tuple[float, float]] = []
    codes: list[int] = []
    tokens = iter(_STEP.findall(d))
    point = start = (0.0, 0.0)
    command = ""
    for token in tokens:
        if token.isalpha():
            command = token
            if command == "Z":
                points.append(start)
                codes.append(int(Outline.CLOSEPOLY))
                point = start
                continue
            token = next(tokens)  # noqa: PLW2901 (a command is followed by its number)
        value = float(token)
        if command in ("M", "L"):
            point = value, float(next(tokens))
        elif command in "Hh":
            point = (value if command == "H" else point[0] + value), point[1]
        else:
            point = point[0], (value if command == "V" else point[1] + value)
        if command == "M":
            start = point
        codes.append(int(Outline.MOVETO if command == "M" else Outline.LINETO))
        points.append(point)
    return Outline([(a + x, b + y) for a, b in points], codes)


def _font(text: str, look: SvgAttributes, scale: float) -> FontProperties:
    """Return the font of a text: the usual letters, or the whole font for unusual ones."""
    from matplotlib.font_manager import FontProperties

    size, weight = float(look["font-size"].removesuffix("px")) * scale, look.get("font-weight", "normal")
    usual = usual_font(weight)
    if usual.can_write(text):
        return FontProperties(fname=usual.file, size=size)
    return FontProperties(family=FAMILY, weight=weight, size=size)


def _number(node: ElementTree.Element, name: str) -> float:
    return float(node.get(name, 0))
