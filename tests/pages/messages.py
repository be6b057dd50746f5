"""The sentences that the program can say, as its source has them: `…` for what it fills in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from helpers.syntax import tree_of

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gating", "calibration", "pipeline")


def sentences() -> list[str]:
    """Return every text of the source, with `…` in place of a value; docstrings are none."""
    return [
        re.sub(r"\s+", " ", text)
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*"))
        if path.suffix in (".py", ".j2")
        for text in _texts(path)
    ]


def _texts(path: Path) -> Iterator[str]:
    source = path.read_text("utf-8")
    if path.suffix == ".j2":
        yield re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "…", source, flags=re.DOTALL)
        return
    nodes = list(ast.walk(tree_of(path)))
    inner = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    said = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner | said:
            yield node.value


def is_said(message: str, source: list[str]) -> bool:
    """Whether the program can say this: what stands between two `…` stands in one of its sentences, in order.

    The lines of check are put together from what was found, what was expected and what to do: of these each part
    of two words or more must stand in some sentence.
    """
    if _stands(message, source):
        return True
    if not re.search(r"\bexpected\b|\bfound\b", message):
        return False
    parts = re.split(r"…|\bfound\b|, expected\b", message)
    told = [part.strip(" :,.") for part in parts if len(part.split()) > 1]
    return all(_stands(part, source) for part in told)


def _stands(message: str, source: list[str]) -> bool:
    pieces = [piece.strip() for piece in message.split("…") if piece.strip()]
    pattern = re.compile(".*".join(re.escape(piece) for piece in pieces))
    return any(pattern.search(text) for text in source)
