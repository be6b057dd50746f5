"""A polygon that a person gave in place of a step's gate, as the sheets write it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TypedPolygon:
    """A polygon on two channels.

    Attributes
    ----------
    x, y
        Its axes: a channel, a role that one channel of the panel has, or a marker; never the quantified one.
    vertices
        (x, y) pairs, linear and compensated, at least three; the last joins the first.

    Examples
    --------
    >>> str(TypedPolygon("cd138", "cd45", ((900.0, -50.0), (9e4, -50.0), (9e4, 800.5))))
    'cd138 × cd45: 900 -50; 90000 -50; 90000 800.5'
    """

    x: str
    y: str
    vertices: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        """Return the cell, which gives the same polygon to the last digit when it is read."""
        corners = (f"{_number(x)} {_number(y)}" for x, y in self.vertices)
        return f"{self.x} × {self.y}: {'; '.join(corners)}"


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")
