"""SVG elements as text: everything typed is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Final

SvgNumber = float | int

_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML file may hold."""

_LONG: Final = 40


def pixels(value: SvgNumber) -> str:
    """Return a length in pixels, to four digits: no picture is larger than some hundred.

    Examples
    --------
    >>> pixels(12.0), pixels(0.12345), pixels(1240)
    ('12', '0.1235', '1240')
    """
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def element(name: str, *children: str, **attributes: str | SvgNumber | None) -> str:
    """Return an element; an attribute that is None is left out, `_` in a name stands for `-`.

    Examples
    --------
    >>> element("text", escape("a < b"), x=1.5, class_="t", text_anchor="end")
    '<text x="1.5" class="t" text-anchor="end">a &lt; b</text>'
    """
    written = "".join(
        [f' {_name(key)}="{_value(value)}"' for key, value in attributes.items() if value is not None]
    )
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def text(words: str, x: SvgNumber, y: SvgNumber, **attributes: str | SvgNumber | None) -> str:
    """Return a line of text whose baseline starts at (x, y)."""
    return element("text", _value(words), x=x, y=y, **attributes)


def safe(words: str) -> str:
    r"""Return words as they may stand in an SVG file; a character that no XML file may hold becomes "\ufffd".

    Examples
    --------
    >>> safe("a < b"), safe("P" + chr(1)) == "P\ufffd"
    ('a &lt; b', True)
    """
    return escape(_NO_XML.sub("\ufffd", words))


def path(points: Iterable[tuple[SvgNumber, SvgNumber]], **attributes: str | SvgNumber | None) -> str:
    """Return an open line through the points."""
    steps = "L".join(f"{pixels(x)} {pixels(y)}" for x, y in points)
    return element("path", d="M" + steps, **attributes)


def with_ellipsis(words: str, most: int) -> str:
    """Return words of at most so many characters; what is cut off is told by an ellipsis.

    Examples
    --------
    >>> with_ellipsis("CD138 · PerCP-Cy5-5-A", 12), with_ellipsis("CD45", 12)
    ('CD138 · Per…', 'CD45')
    """
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


@lru_cache(maxsize=256)
def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: str | SvgNumber) -> str:
    if not isinstance(value, str):
        return pixels(value)
    return _short(value) if len(value) < _LONG else safe(value)


@lru_cache(maxsize=4_096)
def _short(value: str) -> str:
    """Return a short value as it may stand in a file: classes, colours and ticks come again and again."""
    return safe(value)
