"""A polygon that a person typed to replace the gate of a step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TypedPolygon:
    """A polygon on two channels.

    Attributes
    ----------
    x, y
        The axes: a channel, a role of a channel, or a marker; never the quantified one.
    vertices
        (x, y) pairs, linear and compensated, at least three; the last vertex is joined to the first.
    cofactors
        Cofactors of x and y: the edges are straight on the scale asinh(x / cofactor), as in a plot with such
        an axis; None: on the linear scale.

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
        """Return the text for a cell; read again, it gives the same polygon to the last digit."""
        corners = (f"{_number(x)} {_number(y)}" for x, y in self.vertices)
        axes = map(_axis, (self.x, self.y), self.cofactors)
        return f"{' × '.join(axes)}: {'; '.join(corners)}"


def _axis(name: str, cofactor: float | None) -> str:
    return name if cofactor is None else f"{name} (asinh {_number(cofactor)})"


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")
