"""Flags of a bead run or a receptor density: short codes in every table, explained in docs/study.md."""

from __future__ import annotations

from enum import StrEnum


class CalibrationFlag(StrEnum):
    """A doubt about a bead run, its standard curve or a receptor density."""

    NO_CURVE = "NO_CURVE"
    CURVE_WARN = "CURVE_WARN"
    CURVE_REJECTED = "CURVE_REJECTED"
    BEAD_DRIFT = "BEAD_DRIFT"
    BEADS_BRIGHTER_ELSEWHERE = "BEADS_BRIGHTER_ELSEWHERE"
    BEADS_CUT = "BEADS_CUT"
    BEADS_LEFT_OUT = "BEADS_LEFT_OUT"
    BEADS_UNGATED = "BEADS_UNGATED"
    BEADS_UNSTEADY = "BEADS_UNSTEADY"
    REPAIRED_BEAD_FILE = "REPAIRED_BEAD_FILE"
    CROSS_CALIBRATED = "CROSS_CALIBRATED"
    FEW_EVENTS_20_49 = "FEW_EVENTS_20_49"
    FEW_EVENTS_50_99 = "FEW_EVENTS_50_99"
    FEW_CONTROL_EVENTS = "FEW_CONTROL_EVENTS"
    CONTROL_NOT_ISOTYPE = "CONTROL_NOT_ISOTYPE"
    BG_METHOD_DIFFERS = "BG_METHOD_DIFFERS"
    MIXED_BRIGHTNESS = "MIXED_BRIGHTNESS"
