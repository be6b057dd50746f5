"""Words of the flags about doses, sentinels and visits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.checks.flags import ExposureFlag
from pipeline.output.flag_words.entry import FlagWords, Weight
from pipeline.patients.flags import OccupancyFlag, VisitFlag

_DOSES: Final = "compare the dates with the patient's chart: study.xlsx, sheet doses"

OF_PATIENTS: Final[Mapping[str, FlagWords]] = {
    ExposureFlag.DOSE_AFTER_SAMPLE: FlagWords(
        "doses of the washed-out drug were given after the sample",
        "they do not count for its washout; the density does not change",
        "the patient went on with the drug, or a date was typed wrongly",
        _DOSES,
        Weight.NOTED,
    ),
    ExposureFlag.DOSE_ON_SAMPLE_DAY: FlagWords(
        "a dose on the sample's day counts as given after the sample, unless times of day show otherwise",
        "the washout may be longer here than it was",
        "marrow and infusion on one day, without times",
        "type the times in study.xlsx: sheet doses, column given_time; sheet samples, column "
        "collected_time",
        Weight.NOTED,
    ),
    ExposureFlag.DOSE_TWICE_ON_A_DAY: FlagWords(
        "more than one dose on one day; each is counted",
        "number and sum of doses may be too high; washout and density do not change",
        "a row was typed twice, or a dose was split",
        _DOSES,
        Weight.NOTED,
    ),
    ExposureFlag.NO_DOSES: FlagWords(
        "no dose of the washed-out drug is known",
        "the tube has no washout and is in no washout model; the density does not change",
        "the patient never had the drug, or the doses were not typed",
        "type the doses in study.xlsx, sheet doses",
        Weight.NOTED,
    ),
    ExposureFlag.OTHER_ANTI_CD38_SINCE: FlagWords(
        "another antibody against CD38 was given after the last counted dose",
        "that antibody may be the cause of low free CD38; the models leave the row out",
        "the patient had another anti-CD38 treatment in between",
        _DOSES,
        Weight.NOTED,
    ),
    ExposureFlag.SAMPLE_BEFORE_FIRST_DOSE: FlagWords(
        "collected before the first dose of the washed-out drug",
        "there is no washout yet; the density is that without the drug",
        "a baseline sample, or a date was typed wrongly",
        _DOSES,
        Weight.NOTED,
    ),
    ExposureFlag.STUDY_DRUG_BEFORE_SAMPLE: FlagWords(
        "the study drug had been given before the sample",
        "it may occupy CD38 too; the models leave the row out",
        "a sample under treatment, or a date was typed wrongly",
        _DOSES,
        Weight.NOTED,
    ),
    OccupancyFlag.SENTINELS_DISAGREE: FlagWords(
        "NK cells and B precursors disagree on theta, the part of CD38 that the drug occupies",
        "theta lies within the intervals of both, so the total is known poorly; RD does not change",
        "few sentinel cells, or cells of another kind in their gates",
        "look at the sentinels in the card; do not rely on the total",
        Weight.NOTED,
    ),
    OccupancyFlag.THETA_CONTRADICTED: FlagWords(
        "the sentinels and the drug's level in serum disagree on theta, the part of CD38 that the drug "
        "occupies: their intervals do not overlap",
        "one of them is wrong, so do not rely on the total; RD does not change",
        "a dose is missing or wrong in the sheet, or the sentinels' norm is of another laboratory",
        f"{_DOSES}; then the norms of the sentinels, sheet settings",
        Weight.NOTED,
    ),
    VisitFlag.MIXED_POPULATIONS: FlagWords(
        "replicates of the visit quantified different populations",
        "their mean is of aberrant cells in one and of all plasma cells in another",
        "one of the tubes has too few aberrant cells",
        "look at the step Aberrant of each tube",
        Weight.LOOK,
    ),
    VisitFlag.REPLICATES_DISAGREE: FlagWords(
        "replicates of the visit contradict each other",
        "they are not averaged: the visit has no number and is in no analysis",
        "tubes were exchanged, or one of them was stained or gated otherwise",
        "look at the gates and file names of each; correct study.xlsx, sheet samples, or take one row out",
        Weight.UNRELIABLE,
    ),
}  # fmt: skip
"""Flags of exposure, occupancy and visits."""
