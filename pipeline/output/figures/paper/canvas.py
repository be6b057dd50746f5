"""Figures without global state, and as files whose bytes depend on their content alone."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.output.figures.paper.usual_font import FAMILY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS_AN_INCH: Final = 300
"""Of a PNG. Convention: what journals ask for."""

_STYLE: Final[dict[Any, Any]] = {
    "font.family": "sans-serif",
    "font.sans-serif": [FAMILY],
    "pdf.fonttype": 42,  # letters stay letters
    "image.composite_image": False,
    "path.simplify": False,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style, whatever this machine's matplotlibrc says."""
    import matplotlib

    # to ask for the backend would load pyplot, which no file needs
    usual: dict[Any, Any] = {
        name: value for name, value in matplotlib.rcParamsDefault.items() if name != "backend"
    }
    with matplotlib.rc_context():
        matplotlib.rcParams.update(usual)
        matplotlib.rcParams.update(_STYLE)
        with warnings.catch_warnings():
            # a typed name in a script that the font lacks is drawn as boxes; the tables have it right
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            yield


def empty_figure(width: float, height: float, scale: float) -> tuple[Figure, Axes]:
    """Return a figure and axes that fill it and measure units from its upper left corner.

    Parameters
    ----------
    width, height
        In units of the picture.
    scale
        Points of a unit.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * scale / 72, height * scale / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_autoscale_on(False)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    return figure, axes


def to_pdf(figures: Iterable[Figure], path: Path, title: str) -> None:
    """Write figures as the pages of a PDF with this title; text stays text."""
    from matplotlib.backends.backend_pdf import PdfPages

    metadata = {"CreationDate": None, "Producer": None, "Creator": "cd38rd", "Title": title}
    with house_style(), PdfPages(path, metadata=metadata) as pages:
        for figure in figures:
            pages.savefig(figure)


def to_png(figure: Figure, path: Path, title: str) -> None:
    """Write a figure as a PNG of `DOTS_AN_INCH`."""
    with house_style():
        figure.savefig(path, format="png", dpi=DOTS_AN_INCH, metadata={"Software": None, "Title": title})
