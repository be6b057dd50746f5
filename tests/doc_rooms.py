"""The picture and the table of rooms in docs/architecture.md, written from the import contracts in pyproject.toml."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.syntax import tree_of

ROOT = Path(__file__).resolve().parents[1]
GAP = 3
"""Blanks between the longest line of the left column of the picture and the right column."""


@dataclass(frozen=True, slots=True)
class Story:
    """The rooms of a package, floor by floor, the highest first; rooms on one floor do not import each other.

    Attributes
    ----------
    package
        That holds them, such as `pipeline` or `pipeline.fcs`.
    floors
        Names of the rooms or modules on each floor.
    """

    package: str
    floors: tuple[tuple[str, ...], ...]


def stories() -> list[Story]:
    """Return what every contract says of one package."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    return [
        Story(contract["containers"][0], tuple(map(_rooms, contract["layers"])))
        for contract in contracts
        if contract.get("containers")
    ]


def _rooms(layer: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in layer.replace(":", "|").split("|"))


def story_of(package: str) -> Story:
    """Return the floors of one package."""
    return next(story for story in stories() if story.package == package)


def picture() -> str:
    """Return the floors of the three packages as text: each line may import from the lines below it."""
    pipeline, gating, calibration = map(story_of, ("pipeline", "gating", "calibration"))
    left, right = _lines(gating), _lines(calibration)
    drawn = ["pipeline/", *(f"  {line}" for line in _lines(pipeline)), ""]
    drawn += side_by_side(
        ["gating/", *(f"  {line}" for line in left)], ["calibration/", *(f"  {line}" for line in right)]
    )
    return "\n".join(["```", *drawn, "```", ""])


def side_by_side(left: Sequence[str], right: Sequence[str]) -> list[str]:
    """Return two columns of text; the right one begins `GAP` blanks after the longest line of the left one."""
    height, width = max(len(left), len(right)), max(map(len, left)) + GAP
    pairs = zip(_filled(left, height), _filled(right, height), strict=True)
    return [f"{a:<{width}}{b}".rstrip() for a, b in pairs]


def _lines(story: Story) -> list[str]:
    return [" · ".join(floor) for floor in story.floors]


def _filled(lines: Sequence[str], height: int) -> list[str]:
    return [*lines, *[""] * (height - len(lines))]


def table() -> str:
    """Return what each room owns and from which rooms of its package it may import."""
    lines = ["| room | what it owns | may import |", "| --- | --- | --- |"]
    for package in ("pipeline", "gating", "calibration"):
        floors = story_of(package).floors
        for number, floor in enumerate(floors):
            below = [room for lower in floors[number + 1 :] for room in lower]
            lines += [
                f"| `{package}/{room}` | {owned_by(package, room)} | {_said(below)} |" for room in floor
            ]
    return "\n".join([*lines, ""])


def _said(rooms: Sequence[str]) -> str:
    return f"{rooms[0]} and all below" if len(rooms) > 1 else "".join(rooms) or "nothing of its package"


def owned_by(package: str, room: str) -> str:
    """Return the first sentence of a room's docstring."""
    module = ROOT / package / f"{room}.py"
    source = module if module.is_file() else ROOT / package / room / "__init__.py"
    return (ast.get_docstring(tree_of(source)) or "").partition("\n")[0]
