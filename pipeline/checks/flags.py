"""Flags of the sheets and of the files' headers; the value of each member is the code in the tables."""

from __future__ import annotations

from enum import StrEnum


class CheckFlag(StrEnum):
    """A doubt from the sheets and the headers of the files, before any tube is gated."""

    IDENTITY_DOUBTFUL = "IDENTITY_DOUBTFUL"
    INSTRUMENT_MISMATCH = "INSTRUMENT_MISMATCH"
    VOLTAGE_UNKNOWN = "VOLTAGE_UNKNOWN"
    VOLTAGE_MISMATCH = "VOLTAGE_MISMATCH"
    CONTROL_SETTINGS_DIFFER = "CONTROL_SETTINGS_DIFFER"
    CONTROL_UNUSABLE = "CONTROL_UNUSABLE"
    BEADS_AGED = "BEADS_AGED"
    BEAD_AGE_UNKNOWN = "BEAD_AGE_UNKNOWN"
    MARKER_DIFFERS = "MARKER_DIFFERS"
    REJECTED_BY_REVIEWER = "REJECTED_BY_REVIEWER"
    ASKED_BY_REVIEWER = "ASKED_BY_REVIEWER"


class ExposureFlag(StrEnum):
    """A doubt about the washout of a tube, from its doses."""

    NO_DOSES = "NO_DOSES"
    SAMPLE_BEFORE_FIRST_DOSE = "SAMPLE_BEFORE_FIRST_DOSE"
    DOSE_AFTER_SAMPLE = "DOSE_AFTER_SAMPLE"
    DOSE_ON_SAMPLE_DAY = "DOSE_ON_SAMPLE_DAY"
    DOSE_TWICE_ON_A_DAY = "DOSE_TWICE_ON_A_DAY"
    STUDY_DRUG_BEFORE_SAMPLE = "STUDY_DRUG_BEFORE_SAMPLE"
    OTHER_ANTI_CD38_SINCE = "OTHER_ANTI_CD38_SINCE"
