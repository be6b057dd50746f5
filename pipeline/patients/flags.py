"""Flags that doses and visits raise; the value is the code that is written."""

from __future__ import annotations

from enum import StrEnum


class ExposureFlag(StrEnum):
    """A doubt about the washout of a tube, from its doses."""

    NO_DOSES = "NO_DOSES"
    SAMPLE_BEFORE_FIRST_DOSE = "SAMPLE_BEFORE_FIRST_DOSE"
    DOSE_AFTER_SAMPLE = "DOSE_AFTER_SAMPLE"
    DOSE_ON_SAMPLE_DAY = "DOSE_ON_SAMPLE_DAY"
    DOSE_TWICE_ON_A_DAY = "DOSE_TWICE_ON_A_DAY"
    STUDY_DRUG_BEFORE_SAMPLE = "STUDY_DRUG_BEFORE_SAMPLE"
    OTHER_ANTI_CD38_SINCE = "OTHER_ANTI_CD38_SINCE"


class OccupancyFlag(StrEnum):
    """A doubt about the part of CD38 that the drug holds at a tube."""

    SENTINELS_DISAGREE = "SENTINELS_DISAGREE"
    THETA_CONTRADICTED = "THETA_CONTRADICTED"


class VisitFlag(StrEnum):
    """A doubt about the tubes of one visit together."""

    MIXED_POPULATIONS = "MIXED_POPULATIONS"
    REPLICATES_DISAGREE = "REPLICATES_DISAGREE"
