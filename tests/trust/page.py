"""The page docs/trust.md: each command writes its own section of it, and leaves the others as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "trust.md"


def write_section(name: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Put lines in place of a section's, between its marks.

    Raises
    ------
    ValueError
        The page has no such section.
    """
    text = page.read_text("utf-8")
    marks = re.compile(rf"(<!-- trust: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not marks.search(text):
        raise ValueError(f"{page.name} has no section {name}")
    body = "\n".join(lines)
    page.write_text(marks.sub(lambda found: f"{found[1]}{body}\n{found[2]}", text), encoding="utf-8")


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return a table of the page; numbers have commas."""
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(_text(cell) for cell in line)} |" for line in lines]


def done_on(count: str) -> str:
    """Return the line under a table: how much was done, and when."""
    return f"{count}, on {date.today().isoformat()}."


def _text(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) else str(cell).replace("|", "\\|")
