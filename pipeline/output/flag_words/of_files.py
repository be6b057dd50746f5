"""Words of the flags that come from the sheets and from the files of a tube."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.checks.flags import CheckFlag
from pipeline.output.flag_words.entry import FlagWords, Weight
from pipeline.tube.flags import TubeFlag

OF_FILES: Final[Mapping[str, FlagWords]] = {
    CheckFlag.ASKED_BY_REVIEWER: FlagWords(
        "a reviewer asked a question about the tube, which nobody has answered yet",
        "the density is as computed; a person doubts it",
        "a person chose ask on the review page, or typed ask into review.csv; the note gives the question",
        "answer it: open the tube with cd38rd review, and accept, change or reject it",
        Weight.LOOK,
    ),
    CheckFlag.REJECTED_BY_REVIEWER: FlagWords(
        "a reviewer rejected the tube",
        "the density is as computed, and still counts in the visit of the patient and in the models",
        "a person chose reject on the review page, or typed reject into review.csv; the note says why",
        "acquire or stain the tube again. If it must not count, take its row out of study.xlsx, sheet "
        "samples",
        Weight.UNRELIABLE,
    ),
    CheckFlag.BEADS_AGED: FlagWords(
        "the beads were acquired longer before or after the tube than is accepted without a flag",
        "if the cytometer changed in between, every density of the tube is too high or too low by one "
        "factor",
        "the tube was acquired on a day without beads, or the row names the bead run of another day",
        "name the bead run of the tube's day in study.xlsx, sheet samples, column beads. If there is "
        "none, say in the paper how many hours lie between",
        Weight.LOOK,
    ),
    CheckFlag.BEAD_AGE_UNKNOWN: FlagWords(
        "it is not known when the beads or the tube were acquired",
        "it is not known whether the cytometer was the same for both",
        "the file of the beads has no date, and no date was typed",
        "fill in the day in study.xlsx, sheet beads, column acquired_on",
        Weight.LOOK,
    ),
    CheckFlag.CONTROL_SETTINGS_DIFFER: FlagWords(
        "the control was acquired with other detector settings than its tube",
        "the gates of the tube do not fit the control, so the background may be of other cells",
        "a voltage was changed between tube and control",
        "look at the gates of the tube; name a control that was acquired alike in study.xlsx, sheet "
        "samples, column fmo_file",
        Weight.LOOK,
    ),
    CheckFlag.CONTROL_UNUSABLE: FlagWords(
        "the control tube cannot be used",
        "without a background there is no density, only antibodies bound per cell (ABC)",
        "the file cannot be read, lacks a channel of the panel, or is a copy of the stained tube",
        "export the control again, or name another one in study.xlsx, sheet samples, column fmo_file or "
        "isotype_file",
        Weight.LOOK,
    ),
    CheckFlag.IDENTITY_DOUBTFUL: FlagWords(
        "by name or content, a file of this row may be another patient's or tube's",
        "the density may belong to another patient",
        "a file was typed into the wrong row, or one control into two rows",
        "compare the file names of the row with your paper slip; correct study.xlsx, sheet samples, "
        "columns fcs_file, fmo_file and isotype_file",
        Weight.LOOK,
    ),
    CheckFlag.INSTRUMENT_MISMATCH: FlagWords(
        "beads or control are of another instrument than the tube; a person accepted it with a reason",
        "the curve of one instrument is not valid on another: the density may be wrong by any factor, and "
        "the interval does not include that",
        "the row names a bead run or a control of another instrument",
        "name beads and control of the tube's instrument in study.xlsx, sheet samples, columns beads and "
        "fmo_file; then empty accept_instrument_mismatch in the sheet settings",
        Weight.UNRELIABLE,
    ),
    CheckFlag.MARKER_DIFFERS: FlagWords(
        "the file names another marker on a channel than the panel does",
        "if the file is right, the gates stand on the wrong marker",
        "the row names the wrong panel, or a tube was stained or labelled otherwise",
        "compare the label of the channel with the panel: study.xlsx, sheet panels, columns channel and "
        "marker",
        Weight.LOOK,
    ),
    CheckFlag.VOLTAGE_MISMATCH: FlagWords(
        "beads or control were acquired at another voltage or gain than the tube, and a person accepted it "
        "with a reason; or their files have another end of scale",
        "another voltage changes every density by a factor, and the interval does not include that",
        "the detector settings were changed between beads and tube, or the row names another day's bead run",
        "name a bead run of the same voltage in study.xlsx, sheet samples, column beads; then empty "
        "accept_voltage_mismatch in the sheet settings",
        Weight.UNRELIABLE,
    ),
    CheckFlag.VOLTAGE_UNKNOWN: FlagWords(
        "a file does not give the voltage: it is not known whether beads and tube had the same",
        "another voltage would change the density by a factor",
        "the cytometer's software leaves $PnV out of the file, or the file was exported by other software",
        "look up in the acquisition record that beads and tube were acquired with the same settings; "
        "export the original files if you can",
        Weight.LOOK,
    ),
    TubeFlag.CHANNEL_CONSTANT: FlagWords(
        "every event has the same value on a channel of the panel",
        "that channel does not separate the cells, so the gate may contain the wrong cells",
        "the channel was not acquired, or it was lost when the file was exported",
        "export the file again with all channels, or take the channel out of the panel: study.xlsx, sheet"
        " panels",
        Weight.LOOK,
    ),
    TubeFlag.FAR_BELOW_ZERO: FlagWords(
        "cells lie far below zero: compensated twice, or too much; see the note",
        "medians of dim cells are too low, and so is the density",
        "the file was compensated already and its matrix was applied again, or the matrix is not of this "
        "tube",
        "if the file is compensated already, name its panel in study.xlsx, sheet settings, row "
        "compensated_panels; else look at the matrix",
        Weight.LOOK,
    ),
    TubeFlag.SPILL_INCOMPLETE: FlagWords(
        "the spillover matrix leaves out stained channels: they are not compensated",
        "light of other dyes may count as CD38, and sentinels are not read",
        "the matrix was made before a dye was added to the panel",
        "export the file with the whole matrix, or name a file that holds it in study.xlsx, sheet "
        "settings, row spillover_file",
        Weight.LOOK,
    ),
    TubeFlag.SPILL_MISSING: FlagWords(
        "the file holds no usable spillover matrix, so the tube was not compensated, except for the "
        "spillover of the CD38 dye that the control tube shows",
        "light of other dyes may count as CD38 and may move gates",
        "the matrix was left out when the file was exported, or the file is compensated already",
        "export the file with its matrix. Or, in study.xlsx, sheet settings: name a file with the matrix "
        "in the row spillover_file; if the file is compensated already, name its panel in the row "
        "compensated_panels",
        Weight.LOOK,
    ),
    TubeFlag.VALUES_MISSING: FlagWords(
        "some events had no valid number and were left out",
        "if many are missing, the cells that are left may not represent all cells",
        "the file is damaged, or other software wrote it",
        "export the file again from the cytometer",
        Weight.LOOK,
    ),
}  # fmt: skip
"""Flags of the checks and of the tube's file."""
