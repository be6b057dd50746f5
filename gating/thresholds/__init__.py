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
from gating.thresholds.threshold import CLEAR, Threshold, best_valley, persons_threshold, settle

__all__ = [
    "CLEAR",
    "Axis",
    "Threshold",
    "axis_density",
    "axis_like",
    "axis_of",
    "axis_on",
    "best_valley",
    "known_axis",
    "persons_threshold",
    "rounded",
    "settle",
]
