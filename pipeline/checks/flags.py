"""Flags that the checks raise in a tube's row; the value is the code that is written."""

from __future__ import annotations

from enum import StrEnum


class CheckFlag(StrEnum):
    """A doubt that the sheets and the headers of the files show before any tube is gated."""

    INSTRUMENT_MISMATCH = "INSTRUMENT_MISMATCH"
    VOLTAGE_MISMATCH = "VOLTAGE_MISMATCH"
    CONTROL_SETTINGS_DIFFER = "CONTROL_SETTINGS_DIFFER"
    CONTROL_UNUSABLE = "CONTROL_UNUSABLE"
    BEADS_AGED = "BEADS_AGED"
    BEAD_AGE_UNKNOWN = "BEAD_AGE_UNKNOWN"
    MARKER_DIFFERS = "MARKER_DIFFERS"
