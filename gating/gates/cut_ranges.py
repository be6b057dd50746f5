"""Cuts as gates: the wanted side of a threshold on each channel."""

from __future__ import annotations

from collections.abc import Sequence

from gating.events.panel import GatingChannel, Target
from gating.gates.gates import AllOf, Gate, RangeGate
from gating.thresholds import Threshold


def gate_of_cuts(cuts: Sequence[tuple[GatingChannel, Threshold]]) -> Gate:
    """Return the gate that keeps the wanted side of every cut."""
    ranges = tuple(range_of_cut(channel, cut.value) for channel, cut in cuts)
    return ranges[0] if len(ranges) == 1 else AllOf(ranges)


def range_of_cut(channel: GatingChannel, value: float) -> RangeGate:
    """Return the wanted side of one cut."""
    if channel.target is Target.POSITIVE:
        return RangeGate(channel.channel, value, None)
    return RangeGate(channel.channel, None, value)
