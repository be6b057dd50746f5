"""Gates and gating steps as data, thresholds that a person gave, GatingML."""

from gating.gates.gates import (
    AllOf,
    AnyOf,
    EllipsoidGate,
    Gate,
    PolygonGate,
    RangeGate,
    channels_of,
    inside,
    straight_corners,
)

__all__ = [
    "AllOf",
    "AnyOf",
    "EllipsoidGate",
    "Gate",
    "PolygonGate",
    "RangeGate",
    "channels_of",
    "inside",
    "straight_corners",
]
