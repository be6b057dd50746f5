"""Gates as data: every one can be written as GatingML 2.0 and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class RangeGate:
    """Events with `lower` <= x < `upper` on one channel (linear, compensated units); None is open."""

    channel: str
    lower: float | None = None
    upper: float | None = None
    kind: Literal["range"] = "range"


@dataclass(frozen=True, slots=True)
class PolygonGate:
    """Events inside a polygon on two channels (linear, compensated units)."""

    x_channel: str
    y_channel: str
    vertices: tuple[tuple[float, float], ...]
    kind: Literal["polygon"] = "polygon"


@dataclass(frozen=True, slots=True)
class EllipsoidGate:
    """Events with Mahalanobis distance² <= `distance_square` after asinh(x / cofactor) per channel."""

    channels: tuple[str, ...]
    cofactors: tuple[float, ...]
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    distance_square: float
    kind: Literal["ellipsoid"] = "ellipsoid"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Events inside every one of the gates."""

    gates: tuple[SimpleGate, ...]
    kind: Literal["all_of"] = "all_of"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Events inside at least one of the gates."""

    gates: tuple[SimpleGate, ...]
    kind: Literal["any_of"] = "any_of"


SimpleGate = RangeGate | PolygonGate | EllipsoidGate
Gate = RangeGate | PolygonGate | EllipsoidGate | AllOf | AnyOf
