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
    """

    x: str
    y: str
    vertices: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        """Return the cell: `FSC-A × FSC-H: 1000 900; 5000 4800; 2000 4800`."""
        return f"{self.x} × {self.y}: " + "; ".join(f"{x!r} {y!r}" for x, y in self.vertices)
