"""Words of the flags that bead runs and receptor densities raise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from calibration.flags import CalibrationFlag
from pipeline.output.flag_words.entry import FlagWords, Weight

_BEAD_CARD: Final = "look at the card of the bead run"

OF_BEADS: Final[Mapping[str, FlagWords]] = {
    CalibrationFlag.BEADS_BRIGHTER_ELSEWHERE: FlagWords(
        "another channel of the file shows the beads as brightly, or more brightly",
        "if the curve is of the wrong detector, every density of the run is wrong",
        "study.xlsx names another channel than the dye's own",
        "compare the channel with the panel: study.xlsx, sheet beads, column channel",
        Weight.LOOK,
    ),
    CalibrationFlag.BEADS_CUT: FlagWords(
        "one side of a bead population was cut off, as by a threshold: it is not in the curve",
        "the curve rests on fewer beads; its interval is wider for it",
        "the threshold of the acquisition lay within the dimmest or brightest beads",
        "acquire the beads without a threshold on fluorescence next time",
        Weight.LOOK,
    ),
    CalibrationFlag.BEADS_LEFT_OUT: FlagWords(
        "more than a third of the bead file are no bead singlets",
        "the medians may be of the wrong particles",
        "aggregates, debris, or cells in the bead tube",
        f"{_BEAD_CARD} and at its scatter; vortex and acquire the beads again",
        Weight.LOOK,
    ),
    CalibrationFlag.BEADS_UNSTEADY: FlagWords(
        "the beads' brightness changed while they were acquired",
        "every density of the run may be too high or too low by up to that change; the interval does not "
        "include it",
        "a laser that warmed up, a voltage that was changed during the acquisition, or a clog",
        f"{_BEAD_CARD}: it says by how much; warm up the cytometer and acquire the beads again",
        Weight.LOOK,
    ),
    CalibrationFlag.BEADS_UNGATED: FlagWords(
        "the bead file has no usable scatter: debris and doublets were not left out",
        "robust medians hardly move by a few of them",
        "the bead file was exported without scatter",
        "export the beads with scatter channels",
        Weight.NOTED,
    ),
    CalibrationFlag.BEAD_DRIFT: FlagWords(
        "the bead run breaks a Westgard rule against the instrument's earlier runs",
        "the cytometer or the lot has changed; densities of this run may not compare with earlier ones",
        "a laser or detector drifts, or a new lot was opened",
        f"{_BEAD_CARD}: the Levey–Jennings chart; ask for a service if it goes on",
        Weight.LOOK,
    ),
    CalibrationFlag.BG_METHOD_DIFFERS: FlagWords(
        "subtracting the background as molecules or as fluorescence gives results that differ by more than "
        "10 %",
        "RD and RD′ differ; RD is the one that counts, and its interval includes the uncertainty of the "
        "background",
        "the slope of the curve is not 1, and the cells are dim",
        "nothing; do not compare with densities from another way of subtracting",
        Weight.NOTED,
    ),
    CalibrationFlag.CONTROL_NOT_ISOTYPE: FlagWords(
        "the kit needs an isotype control, and this control is not one",
        "the background is not the one that the kit is made for",
        "an FMO or unstained tube was named for a kit of the SABC kind (QIFIKIT)",
        "name the isotype control in study.xlsx, sheet samples, column isotype_file",
        Weight.LOOK,
    ),
    CalibrationFlag.CROSS_CALIBRATED: FlagWords(
        "the standard curve is of another day or instrument, carried over by rainbow beads",
        "the interval includes the error of carrying it over",
        "study.xlsx says so, sheet beads, column transfer_from",
        "nothing; say so in the paper",
        Weight.NOTED,
    ),
    CalibrationFlag.CURVE_REJECTED: FlagWords(
        "the standard curve of the bead run was rejected",
        "its tubes have no density",
        "a level was typed wrongly, a population was missed, or the beads are of another lot",
        "compare the levels with the lot's slip: study.xlsx, sheet beads, columns levels, kit and lot; "
        f"then {_BEAD_CARD}",
        Weight.UNRELIABLE,
    ),
    CalibrationFlag.CURVE_WARN: FlagWords(
        "the standard curve of the bead run was accepted with a warning",
        "every density of its tubes may be off by some percent; the interval includes the scatter of the "
        "curve",
        "one bead lies off the line, or a population is broad or small",
        f"{_BEAD_CARD}: it says which check gave the warning",
        Weight.LOOK,
    ),
    CalibrationFlag.FEW_CONTROL_EVENTS: FlagWords(
        "few cells in the control tube",
        "the background is known poorly; the interval includes that, and the LLOQ may be higher",
        "the control was acquired shorter than its tube",
        "acquire controls as long as tubes",
        Weight.NOTED,
    ),
    CalibrationFlag.FEW_EVENTS_20_49: FlagWords(
        "20 to 49 cells: not reliably quantifiable",
        "a median of so few cells may be of the wrong cells; do not quote it alone",
        "hardly any plasma cells, or a short acquisition",
        "acquire more events if there is more of the sample; else report the tube as not reliable",
        Weight.UNRELIABLE,
    ),
    CalibrationFlag.FEW_EVENTS_50_99: FlagWords(
        "50 to 99 cells",
        "the interval includes the uncertainty of so few cells",
        "few plasma cells, or a short acquisition",
        "acquire more events if there is more of the sample",
        Weight.NOTED,
    ),
    CalibrationFlag.MIXED_BRIGHTNESS: FlagWords(
        "the cells are not one group in CD38 brightness: two groups, or a tail",
        "the median describes none of the groups",
        "two clones, cells that lost CD38 beside others, or other cells in the gate",
        "look at the histogram and the gates of the tube",
        Weight.LOOK,
    ),
    CalibrationFlag.NO_CURVE: FlagWords(
        "the bead run gave no standard curve",
        "its tubes have no density",
        "the bead file cannot be read, or its populations are not those of the kit",
        "compare kit, lot, levels and channel with the slip: study.xlsx, sheet beads; export the bead "
        "file again",
        Weight.UNRELIABLE,
    ),
    CalibrationFlag.REPAIRED_BEAD_FILE: FlagWords(
        "the FCS file of the beads had to be repaired",
        "the repair is named in the run's card",
        "the file breaks the FCS standard, as many exports do",
        f"{_BEAD_CARD}; export the file again if you can",
        Weight.NOTED,
    ),
}  # fmt: skip
"""Flags of calibration: the bead run's stand in the rows of its tubes too."""
