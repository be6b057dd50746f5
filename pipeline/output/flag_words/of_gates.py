"""Words of the flags that the gates and the quantification of a tube raise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gating.gates.steps import GateFlag
from pipeline.output.flag_words.entry import FlagWords, Weight
from pipeline.quantification.result import SampleFlag

_REVIEW: Final = (
    "look at the gates of the tube; if a threshold is wrong, type the right one in study.xlsx, sheet gates"
)
_PANEL: Final = (
    "if the file has the channel, name it in study.xlsx, sheet panels; if not, nothing can be done for these "
    "tubes"
)

OF_GATES: Final[Mapping[str, FlagWords]] = {
    GateFlag.LOW_GATE_CONFIDENCE: FlagWords(
        "a gate's threshold is unsure",
        "other cells may be among those quantified, or wanted ones left out",
        "two groups overlap on a channel, or there are few cells",
        _REVIEW,
        Weight.LOOK,
    ),
    GateFlag.NO_ABERRANT_PHENOTYPE: FlagWords(
        "the plasma cells do not look aberrant: all were quantified",
        "normal plasma cells may be among them; the density is that of all plasma cells",
        "the panel has few markers of aberrance, or nearly no cell of the clone is left",
        "look at the step Aberrant; if you know the phenotype, type its threshold in study.xlsx, sheet gates",
        Weight.NOTED,
    ),
    GateFlag.NO_ANCHOR: FlagWords(
        "no channel of the panel identifies the wanted cells",
        "the gate cannot find the cells, so the result is not reliable",
        "no channel has a role such as cd138, cd319, cd229 or cd54",
        "fill in the roles of the channels in study.xlsx, sheet panels, column role",
        Weight.UNRELIABLE,
    ),
    GateFlag.NO_CLEAR_POPULATION: FlagWords(
        "no group of cells where the wanted ones should be: no density is given",
        "the gates are strict guesses, and the few cells in them may not be the patient's plasma cells",
        "hardly any plasma cells in the aspirate, or a stain that failed",
        "look at the step Plasma cells; if you see a group, type its threshold in study.xlsx, sheet gates",
        Weight.UNRELIABLE,
    ),
    GateFlag.NO_DEBRIS: FlagWords(
        "no forward scatter: debris is not excluded",
        "percentages may be too low; the density of plasma cells hardly changes",
        "the file or the panel has no FSC-A",
        _PANEL,
        Weight.NOTED,
    ),
    GateFlag.NO_SCATTER: FlagWords(
        "no scatter channel",
        "debris and doublets are among the cells",
        "the file or the panel has no scatter",
        _PANEL,
        Weight.LOOK,
    ),
    GateFlag.NO_SINGLETS: FlagWords(
        "no pulse height or width: doublets are not excluded",
        "a doublet carries the CD38 of two cells; few of them hardly move a median",
        "the file or the panel has only pulse areas",
        _PANEL,
        Weight.NOTED,
    ),
    GateFlag.NO_TIME: FlagWords(
        "no time channel: whether the acquisition was steady is not known",
        "a clog or a change of flow would not be seen",
        "the file or the panel has no time",
        _PANEL,
        Weight.NOTED,
    ),
    GateFlag.NO_VIABILITY: FlagWords(
        "no viability dye: dead cells are not excluded",
        "dead cells bind antibody unspecifically; many of them raise stain and control alike",
        "the panel has none",
        "nothing can be done for these tubes; say so in the paper",
        Weight.NOTED,
    ),
    GateFlag.OVERRIDE_UNUSED: FlagWords(
        "a gate set by a person was not used: no step cuts there",
        "the automatic gate stands, not the person's",
        "the gate's name is of another panel, or the step was not needed",
        "compare the gate's name with the steps of the tube; correct study.xlsx, sheet gates",
        Weight.LOOK,
    ),
    GateFlag.TIME_UNSTABLE: FlagWords(
        "a stretch of the acquisition was left out as unsteady",
        "the density is of the steady part; it has fewer cells, which the interval includes",
        "a clog, air, or the end of the sample",
        "look at the step Time: is what was left out really unsteady?",
        Weight.NOTED,
    ),
    SampleFlag.ABERRANT_TOO_FEW: FlagWords(
        "too few cells look aberrant: all plasma cells were quantified",
        "the density is that of all plasma cells, mostly normal ones",
        "hardly any cell of the clone is left, or the aspirate is small",
        "acquire more events if there is more of the sample",
        Weight.NOTED,
    ),
    SampleFlag.CLONE_UNCERTAIN: FlagWords(
        "it is not sure which plasma cells are the clone's",
        "the interval includes that uncertainty and is wider",
        "clone and normal plasma cells overlap on the markers of this panel",
        "look at the step Aberrant",
        Weight.NOTED,
    ),
    SampleFlag.STAIN_UNSTEADY: FlagWords(
        "the CD38 brightness of the tube changed while it was acquired",
        "the density may be wrong by about half of the change in the note; the interval does not include it",
        "a laser that warmed up, a voltage that was changed during the acquisition, or a clog",
        "look at the note, and at the day's beads; acquire the tube again if there is more of the sample",
        Weight.LOOK,
    ),
    SampleFlag.CONTROL_BRIGHT: FlagWords(
        "the control is brighter than the stained tube: exchanged?",
        "the density is negative or none: it means nothing",
        "stained tube and control were exchanged, or the control contains the CD38 antibody",
        "compare the file names with your paper slip; correct study.xlsx, sheet samples, columns fcs_file "
        "and fmo_file",
        Weight.UNRELIABLE,
    ),
    SampleFlag.FILE_GATES_DIFFER: FlagWords(
        "the gates of the file and the automatic gates keep mostly different cells",
        "one of the two gatings contains wrong cells",
        "the gates were drawn on another tube or panel, the population is not the plasma cells, or the "
        "automatic gates failed",
        "compare the population in study.xlsx, sheet samples, column population, with the gates that the "
        "tube has without gates_file",
        Weight.LOOK,
    ),
    SampleFlag.GATES_FROM_FILE: FlagWords(
        "gates of a FlowJo workspace or GatingML file replaced the automatic ones",
        "the density is of the cells in those gates",
        "study.xlsx names the file, sheet samples, column gates_file",
        "nothing; say in the paper whose gates they are",
        Weight.NOTED,
    ),
    SampleFlag.GATE_FROM_BATCH: FlagWords(
        "a gate's own threshold was unclear: that of the tubes acquired alike was taken",
        "the density relies on this tube being stained as the others were",
        "few cells about the threshold",
        _REVIEW,
        Weight.NOTED,
    ),
    SampleFlag.GATE_SET_BY_PERSON: FlagWords(
        "a person set a threshold in place of the automatic one",
        "the density is of the cells in that gate",
        "set in study.xlsx, sheet gates",
        "nothing; the card names who set it",
        Weight.NOTED,
    ),
    SampleFlag.GATE_UNLIKE_BATCH: FlagWords(
        "a gate's threshold is not that of the tubes acquired alike: this tube differs",
        "either the gate or the stain of this tube is off",
        "another amount of antibody, another lot, or a threshold in the wrong valley",
        _REVIEW,
        Weight.LOOK,
    ),
    SampleFlag.HEMODILUTION_POSSIBLE: FlagWords(
        "hardly any B precursors: the aspirate may be diluted with blood",
        "percentages of plasma cells are too low; the density per cell hardly changes",
        "not the first pull of the aspirate",
        "do not quote the percentage of plasma cells of this tube",
        Weight.NOTED,
    ),
    SampleFlag.PROGRAM_DEFECT: FlagWords(
        "a defect of cd38rd, not of the file, failed this tube",
        "the tube has no density",
        "a mistake in the program",
        "please report it with results/log.txt; look through that file for patient data first",
        Weight.UNRELIABLE,
    ),
    SampleFlag.REPAIRED_FILE: FlagWords(
        "the FCS file had to be repaired",
        "the repair is named in the card; what it says about the events was checked",
        "the file breaks the FCS standard, as many exports do",
        "read the repair in the card; export the file again if you can",
        Weight.NOTED,
    ),
    SampleFlag.SECOND_OPINION_DIFFERS: FlagWords(
        "a second gating, made in another way, names other cells",
        "one of the two gatings contains wrong cells",
        "groups overlap, or the plasma cells are unusual",
        _REVIEW,
        Weight.LOOK,
    ),
}  # fmt: skip
"""Flags of the gates and of the tube's quantification."""
