"""Thresholds on one channel: its axis, its density, its valleys, two overlapping groups."""

from gating.thresholds.axis import (
    Axis,
    axis_density,
    axis_like,
    axis_of,
    axis_on,
    known_axis,
    rounded,
)
from gating.thresholds.threshold import CLEAR, Threshold, as_person, best_valley, settle

__all__ = [
    "CLEAR",
    "Axis",
    "Threshold",
    "as_person",
    "axis_density",
    "axis_like",
    "axis_of",
    "axis_on",
    "best_valley",
    "known_axis",
    "rounded",
    "settle",
]
