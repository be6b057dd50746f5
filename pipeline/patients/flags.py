"""Flags of sentinels and of visits; the value of each member is the code in the tables."""

from __future__ import annotations

from enum import StrEnum


class OccupancyFlag(StrEnum):
    """A doubt about receptor occupancy in a tube."""

    SENTINELS_DISAGREE = "SENTINELS_DISAGREE"
    THETA_CONTRADICTED = "THETA_CONTRADICTED"


class VisitFlag(StrEnum):
    """A doubt about the tubes of one visit together."""

    MIXED_POPULATIONS = "MIXED_POPULATIONS"
    REPLICATES_DISAGREE = "REPLICATES_DISAGREE"
