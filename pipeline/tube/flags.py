"""Flags that the reading of a tube raises; the value is the code that is written."""

from __future__ import annotations

from enum import StrEnum


class TubeFlag(StrEnum):
    """A doubt about the values of a tube, from its file alone."""

    SPILL_MISSING = "SPILL_MISSING"
    VALUES_MISSING = "VALUES_MISSING"
    CHANNEL_CONSTANT = "CHANNEL_CONSTANT"
