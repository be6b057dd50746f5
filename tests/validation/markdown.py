"""Tables and figures as Markdown text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table, ending in a newline."""
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def paragraph(text: str) -> str:
    """Return a text with lines of at most 110 characters, ending in an empty line."""
    return fill(text, 110, break_on_hyphens=False) + "\n\n"


def percent(fraction: float, digits: int = 2, *, signed: bool = False) -> str:
    """Return a fraction in percent.

    >>> percent(-0.0123, 1, signed=True)
    '−1.2 %'
    """
    text = f"{100 * fraction:{'+' if signed else ''}.{digits}f} %"
    return text.replace("-", "−")
