"""How every picture looks: one style sheet, in the page once and in a file of its own each time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.output.figures.style.palette import BLUE, GREY, INK, PALE_GREY, VERMILLION

FONT: Final = "DejaVu Sans, Verdana, sans-serif"
_DARK: Final = "#3d444d"
_DASHES: Final = {"stroke-dasharray": "4 2"}

RULES: Final[tuple[tuple[str, str, Mapping[str, str]], ...]] = (
    ("pic", "text", {"font-family": FONT, "font-size": "11px", "fill": _DARK}),
    ("chart", "text", {"font-size": "7px"}),
    ("pic", ".m", {"text-anchor": "middle"}),
    ("pic", ".e", {"text-anchor": "end"}),
    ("pic", ".title", {"font-size": "12px", "font-weight": "bold", "fill": INK}),
    ("chart", ".title", {"font-size": "8px"}),
    ("pic", ".small", {"font-size": "10px"}),
    ("chart", ".small", {"font-size": "6.5px"}),
    ("pic", ".bold", {"font-weight": "bold", "fill": INK}),
    ("pic", ".sure", {"fill": GREY}),
    ("pic", ".unsure", {"fill": "#8f3b00", "font-weight": "bold"}),
    ("pic", ".axis", {"fill": INK}),
    ("pic", ".words", {"fill": "#0b4f8a"}),
    ("pic", ".frame", {"fill": "none", "stroke": GREY, "stroke-width": "1"}),
    ("chart", ".frame", {"stroke-width": ".7"}),
    ("pic", ".halo", {"fill": "none", "stroke": "#fff", "stroke-width": "3.6", "stroke-linejoin": "round"}),
    (
        "pic",
        ".gate",
        {"fill": "none", "stroke": VERMILLION, "stroke-width": "1.7", "stroke-linejoin": "round"},
    ),
    ("pic", ".kept", {"fill": "#7ba1cb"}),
    ("pic", ".left", {"fill": "#d5d9df"}),
    ("pic", ".stained", {"fill": "#bcd6ea", "stroke": BLUE, "stroke-width": "1.3"}),
    ("pic", ".control", {"fill": "none", "stroke": INK, "stroke-width": "1.2", **_DASHES}),
    ("pic", ".median", {"stroke": BLUE, "stroke-width": "1.6"}),
    ("pic", ".background", {"stroke": INK, "stroke-width": "1.6", **_DASHES}),
    ("pic", ".bluetext", {"fill": "#00527f"}),
    ("pic", ".inktext", {"fill": INK}),
    ("pic", ".greytext", {"fill": "#565e69"}),
    ("pic", ".reach", {"fill": PALE_GREY, "stroke": "#9aa1ab", "stroke-width": ".5"}),
    ("pic", ".grid", {"fill": "none", "stroke": PALE_GREY, "stroke-width": ".7"}),
    ("pic", ".fit", {"fill": "none", "stroke": BLUE, "stroke-width": "1.3"}),
    ("pic", ".limit", {"fill": "none", "stroke": GREY, "stroke-width": ".7", "stroke-dasharray": "5 2.5"}),
    ("pic", ".cut", {"fill": "none", "stroke": GREY, "stroke-width": ".7", "stroke-dasharray": "1 2"}),
    ("pic", ".leader", {"fill": "none", "stroke": "#9aa1ab", "stroke-width": ".5"}),
    ("pic", ".hit", {"fill": "none", "stroke": "none", "pointer-events": "all"}),
    ("pic", "image", {"image-rendering": "pixelated"}),
)
"""(class of the picture, what it concerns: an element or a class, how that looks); a later rule wins."""


def style_sheet() -> str:
    """Return the rules as CSS, for a page with pictures or a file that holds one."""
    return "\n".join(
        f".{kind} {selector} {{ {' '.join(f'{name}: {value};' for name, value in look.items())} }}"
        for kind, selector, look in RULES
    )
