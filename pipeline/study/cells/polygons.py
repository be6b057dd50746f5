"""Cells of polygons: the two axes, then the vertices."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from gating.gates import PolygonGate
from gating.gates.polygons import polygon_fault
from pipeline.study.cells.numbers import as_number
from pipeline.study.cells.words import as_identifier, as_text, refuse
from pipeline.study.polygon import TypedPolygon
from pipeline.study.wording import capitalized, quoted

EXAMPLE = "FSC-A × FSC-H: 1000 900; 50000 45000; 50000 60000; 1000 2000"
A_POLYGON = f"two axes and at least three vertices such as {EXAMPLE}"
_TIMES = re.compile(r"\s*[×✕⨯]\s*|\s+[xX*]\s+")
_ASINH = re.compile(r"(?P<name>.*\S)\s*\(\s*asinh\s+(?P<cofactor>[^()]+?)\s*\)", re.IGNORECASE)
_BETWEEN = re.compile(r"[;\n|]")


def typed_polygon(value: object) -> TypedPolygon:
    """Return the polygon in a cell: two axes with × or x between them, a colon, vertices split by semicolons.

    `(asinh 150)` after an axis means that the edges are straight on the scale asinh(x / 150) of that axis.

    Examples
    --------
    >>> typed_polygon("cd138 x cd45: 900 -50; 90000 -50; 90000 800,5").vertices
    ((900.0, -50.0), (90000.0, -50.0), (90000.0, 800.5))
    >>> as_polygon("cd138 (asinh 150) x cd45: 900 -50; 90000 -50; 90000 800").cofactors
    (150.0, None)
    """
    if isinstance(value, date | bool | int | float):
        refuse(A_POLYGON)
    axes, colon, points = as_text(value).rpartition(":")
    named = [_axis(text) for text in _TIMES.split(axes.strip())]
    names = [as_identifier(name) for name, _ in named]
    if not colon or len(names) != 2 or not all(names):
        refuse(A_POLYGON, "First the two axes with × or x between blanks, then a colon, then the vertices.")
    items = [item for item in _BETWEEN.split(points) if item.strip()]
    vertices = tuple(_vertex(number, item) for number, item in enumerate(items, 1))
    cofactors = (named[0][1], named[1][1])
    fault = polygon_fault(
        PolygonGate(names[0].casefold(), names[1].casefold(), vertices, cofactors=cofactors)
    )
    if fault:
        refuse(A_POLYGON, f"{capitalized(fault)}.")
    return TypedPolygon(names[0], names[1], vertices, cofactors)


def _axis(text: str) -> tuple[str, float | None]:
    """Return the name of an axis and its cofactor; None: its edges are straight on the linear scale."""
    match = _ASINH.fullmatch(text.strip())
    if match is None:
        return text, None
    try:
        cofactor = as_number(match["cofactor"])
    except PydanticCustomError:
        cofactor = 0.0
    if not cofactor > 0:
        refuse(A_POLYGON, f"After an axis, {quoted(text.strip())}: a number above zero follows on asinh.")
    return match["name"], cofactor


def _vertex(number: int, item: str) -> tuple[float, float]:
    numbers = item.split()
    if len(numbers) != 2:
        refuse(
            A_POLYGON, f"Vertex {number}, {quoted(item.strip())}, is not two numbers with a blank between."
        )
    try:
        return as_number(numbers[0]), as_number(numbers[1])
    except PydanticCustomError as error:
        hint = (error.context or {}).get("hint", "")
        refuse(A_POLYGON, f"Vertex {number}, {quoted(item.strip())}, is not two numbers. {hint}".strip())


PolygonCell = Annotated[TypedPolygon, BeforeValidator(typed_polygon)]
"""A cell that holds a polygon, as a type for pydantic."""
