"""Flags that are set when a tube is read; the value is the code in the tables."""

from __future__ import annotations

from enum import StrEnum


class TubeFlag(StrEnum):
    """A doubt about the values of a tube that its file alone shows."""

    FAR_BELOW_ZERO = "FAR_BELOW_ZERO"
    SPILL_INCOMPLETE = "SPILL_INCOMPLETE"
    SPILL_MISSING = "SPILL_MISSING"
    VALUES_MISSING = "VALUES_MISSING"
    CHANNEL_CONSTANT = "CHANNEL_CONSTANT"
