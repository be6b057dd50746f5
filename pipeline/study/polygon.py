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
    cofactors
        Of x and y: the edges are straight on asinh(x / cofactor), as on a picture with such an axis; None: on
        the linear scale.

    Examples
    --------
    >>> str(TypedPolygon("cd138", "cd45", ((900.0, -50.0), (9e4, -50.0), (9e4, 800.5))))
    'cd138 × cd45: 900 -50; 90000 -50; 90000 800.5'
    >>> str(TypedPolygon("cd138", "cd45", ((1.0, 0.0), (2.0, 0.0), (2.0, 3.0)), (150.0, None)))
    'cd138 (asinh 150) × cd45: 1 0; 2 0; 2 3'
    """

    x: str
    y: str
    vertices: tuple[tuple[float, float], ...]
    cofactors: tuple[float | None, float | None] = (None, None)

    def __str__(self) -> str:
        """Return the cell, which gives the same polygon to the last digit when it is read."""
        corners = (f"{_number(x)} {_number(y)}" for x, y in self.vertices)
        axes = map(_axis, (self.x, self.y), self.cofactors)
        return f"{' × '.join(axes)}: {'; '.join(corners)}"


def _axis(name: str, cofactor: float | None) -> str:
    return name if cofactor is None else f"{name} (asinh {_number(cofactor)})"


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")
