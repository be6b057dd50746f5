"""Flags that sentinels and visits raise; the value is the code that is written."""

from __future__ import annotations

from enum import StrEnum


class OccupancyFlag(StrEnum):
    """A doubt about the part of CD38 that the drug holds at a tube."""

    SENTINELS_DISAGREE = "SENTINELS_DISAGREE"
    THETA_CONTRADICTED = "THETA_CONTRADICTED"


class VisitFlag(StrEnum):
    """A doubt about the tubes of one visit together."""

    MIXED_POPULATIONS = "MIXED_POPULATIONS"
    REPLICATES_DISAGREE = "REPLICATES_DISAGREE"
