"""Figures without global state, and as bytes that depend on their content alone."""

from __future__ import annotations

import base64
import io
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.0,
    "text.color": "#1b1f24",
    "axes.facecolor": "none",
    "axes.edgecolor": "#6b7280",
    "axes.labelcolor": "#1b1f24",
    "axes.labelsize": 8.0,
    "axes.titlesize": 8.5,
    "axes.linewidth": 0.7,
    "axes.labelpad": 2.0,
    "xtick.color": "#3d444d",
    "ytick.color": "#3d444d",
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "cd38rd",
    "pdf.fonttype": 42,
    "image.composite_image": False,
    "path.simplify": True,
}
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PLAIN_ID = re.compile(r' id="[\w.]+_\d+"')
_EMPTY_GROUP = re.compile(r"<g>\s*</g>|<g/>")
_NO_TURN = re.compile(r' transform="rotate\(-0 [^"]*"')
_SPACE = re.compile(r">\s+<")
_FAMILY = re.compile(r" font-family: [^;\"]*;?")
_PICTURE = re.compile(r"(data:image/png;base64,)([^\"]+)")
_SHAPE = re.compile(r' (?:d|x|y|width|height|transform|points)="[^"]*"')
_PRECISE = re.compile(r"(-?\d+\.\d\d)\d+")


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style, whatever this machine's matplotlibrc says; may be nested."""
    import matplotlib

    if matplotlib.rcParams["svg.hashsalt"] == _STYLE["svg.hashsalt"]:
        yield
        return
    with matplotlib.rc_context():
        backend = matplotlib.get_backend()
        matplotlib.rcParams.update(matplotlib.rcParamsDefault)
        matplotlib.rcParams.update(_STYLE)
        matplotlib.rcParams.update({"backend": backend})
        with warnings.catch_warnings():
            # a typed name in a script that the font lacks is drawn as boxes; the tables have it right
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches, tied to no window and no global list."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    figure.patch.set_visible(False)
    return figure


def add_axes(figure: Figure, box: tuple[float, float, float, float]) -> Axes:
    """Add axes at (left, bottom, width, height) in inches, with the left and bottom spines alone."""
    width, height = figure.get_size_inches()
    left, bottom, wide, high = box
    axes = figure.add_axes((left / width, bottom / height, wide / width, high / height))
    axes.patch.set_visible(False)
    axes.spines["top"].set_visible(False)
    axes.spines["right"].set_visible(False)
    return axes


def inch_axes(figure: Figure) -> Axes:
    """Add axes that fill the figure, show nothing themselves and measure inches from its corner."""
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_autoscale_on(False)
    width, height = figure.get_size_inches()
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    return axes


def to_svg(figure: Figure, key: str, description: str) -> str:
    """Return a figure as an `<svg>` element to be put into a page.

    Parameters
    ----------
    figure
        Drawn in `house_style`.
    key
        Unlike any other figure's in the page: ids are made from it, so that two figures never share one.
    description
        Read aloud in place of the picture.
    """
    import matplotlib

    text = io.StringIO()
    with house_style(), matplotlib.rc_context({"svg.hashsalt": f"cd38rd:{key}"}):
        figure.savefig(
            text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    body = text.getvalue()
    body = _smaller(body[body.index("<svg") :])
    size = " ".join(re.findall(r'viewBox="[^"]+"', body[:600])[:1])
    start = body.index(">") + 1
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {size} '
        f'font-family="DejaVu Sans, Verdana, sans-serif" role="img" aria-label="{escape(description)}">'
    )
    return opening + body[start:]


def to_pdf(figures: Iterable[Figure], path: Path) -> None:
    """Write figures as the pages of a PDF with text as text; the same figures give the same bytes."""
    from matplotlib.backends.backend_pdf import PdfPages

    metadata = {"CreationDate": None, "Producer": None, "Creator": "cd38rd"}
    with house_style(), PdfPages(path, metadata=metadata) as pages:
        for figure in figures:
            pages.savefig(figure)


def _smaller(svg: str) -> str:
    """Drop what a page does not need: unused ids, comments, metadata, digits beyond 1/100 point."""
    for pattern in (_METADATA, _COMMENT, _PLAIN_ID, _NO_TURN, _FAMILY):
        svg = pattern.sub("", svg)
    svg = _SHAPE.sub(lambda match: _PRECISE.sub(r"\1", match[0]).replace(" \n", " "), svg)
    svg = _PICTURE.sub(lambda match: match[1] + _indexed(match[2]), svg)
    return _EMPTY_GROUP.sub("", _EMPTY_GROUP.sub("", _SPACE.sub("><", svg))).strip()


def _indexed(picture: str) -> str:
    """Return a base64 PNG with a palette where it has 16 colours at most: a third of the bytes."""
    from PIL import Image

    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGBA"))
    packed = image.astype(np.uint32) @ np.array([1 << 24, 1 << 16, 1 << 8, 1], np.uint32)
    colours, places = np.unique(packed, return_inverse=True)
    if colours.size > 16:
        return picture
    indexed = Image.fromarray(places.reshape(packed.shape).astype(np.uint8), "P")
    channels = ((colours[:, None] >> np.array([24, 16, 8, 0], np.uint32)) & 255).astype(np.uint8)
    indexed.putpalette(channels[:, :3].tobytes())
    text = io.BytesIO()
    indexed.save(text, "PNG", bits=4, optimize=True, transparency=channels[:, 3].tobytes())
    return base64.b64encode(text.getvalue()).decode("ascii")
