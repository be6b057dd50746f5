"""Results in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from calibration.density.receptor_density import RdStatus
from calibration.flags import CalibrationFlag
from gating.gates.steps import GateFlag
from pipeline.assembly.study_result import StudyResult
from pipeline.checks.flags import CheckFlag
from pipeline.output.figures.style.ticks import count
from pipeline.output.report.models.words import model_words, refusal_words
from pipeline.patients.flags import ExposureFlag, OccupancyFlag, VisitFlag
from pipeline.quantification.result import SampleFlag, SampleResult
from pipeline.study.quantity_name import clones_compete, density_name, drug_of, marker_of
from pipeline.study.study import Study
from pipeline.tube.flags import TubeFlag
from pipeline.washout.line.tobit import WashoutFit
from pipeline.washout.ranks import RankAssociation
from pipeline.washout.report import WashoutReport

BETWEEN_PATIENTS: Final = (
    "These are cross-sectional data: each patient stands at one washout or a few, so the slope is one "
    "between patients and does not tell how an individual's {name} recovers."
)

FLAGS: Final[dict[str, str]] = {
    SampleFlag.ABERRANT_TOO_FEW: "too few cells look aberrant: all plasma cells were quantified",
    CheckFlag.BEADS_AGED: "the beads were acquired longer before or after the tube than is accepted without "
    "a flag",
    CheckFlag.BEAD_AGE_UNKNOWN: "it is not known when the beads or the tube were acquired",
    CalibrationFlag.BG_METHOD_DIFFERS: "subtracting as molecules and as fluorescence differ by more than 10 "
    "%",
    TubeFlag.CHANNEL_CONSTANT: "every event has the same value on a channel of the panel",
    SampleFlag.CONTROL_BRIGHT: "the control is brighter than the stained tube: exchanged?",
    SampleFlag.CLONE_UNCERTAIN: "it is not sure which plasma cells are the clone's: the interval holds that "
    "doubt",
    CalibrationFlag.CONTROL_NOT_ISOTYPE: "the kit subtracts an isotype control, and this control is none",
    CheckFlag.CONTROL_SETTINGS_DIFFER: "the control was acquired with other detector settings",
    CheckFlag.CONTROL_UNUSABLE: "the control tube cannot be used",
    SampleFlag.PROGRAM_DEFECT: "a defect of cd38rd, not of the file, failed this tube: please report it",
    CalibrationFlag.CURVE_REJECTED: "the standard curve was rejected",
    CalibrationFlag.CURVE_WARN: "the standard curve was accepted with a warning",
    CalibrationFlag.BEADS_BRIGHTER_ELSEWHERE: "another channel of the file sees the beads with as much "
    "light, or more",
    CalibrationFlag.BEADS_CUT: "one side of a bead population was cut off, as by a threshold: it is not in "
    "the curve",
    CalibrationFlag.BEADS_LEFT_OUT: "more than a third of the bead file are no bead singlets: look at its "
    "scatter",
    CalibrationFlag.BEADS_UNGATED: "the bead file has no usable scatter: debris and doublets were "
    "not left out",
    CalibrationFlag.BEAD_DRIFT: "the bead run breaks a Westgard rule against the instrument's earlier runs",
    CalibrationFlag.CROSS_CALIBRATED: "the standard curve is of another day or instrument, carried over by "
    "rainbow beads",
    ExposureFlag.DOSE_AFTER_SAMPLE: "doses were given after the sample",
    ExposureFlag.DOSE_ON_SAMPLE_DAY: "a dose on the sample's day counts as after it, if no times say else",
    ExposureFlag.DOSE_TWICE_ON_A_DAY: "more than one dose on one day; each is counted",
    TubeFlag.FAR_BELOW_ZERO: "cells lie far below zero: compensated twice, or too much; see the note",
    CalibrationFlag.FEW_CONTROL_EVENTS: "few cells in the control tube",
    CalibrationFlag.FEW_EVENTS_20_49: "20 to 49 cells: not reliably quantifiable",
    CalibrationFlag.FEW_EVENTS_50_99: "50 to 99 cells",
    SampleFlag.GATES_FROM_FILE: "gates of a FlowJo workspace or GatingML file replaced the automatic ones",
    SampleFlag.GATE_FROM_BATCH: "a gate's own threshold was unclear: that of the tubes acquired alike was "
    "taken",
    SampleFlag.GATE_SET_BY_PERSON: "a person set a threshold in place of the automatic one",
    SampleFlag.GATE_UNLIKE_BATCH: "a gate's threshold is not that of the tubes acquired alike: this tube "
    "differs",
    SampleFlag.SECOND_OPINION_DIFFERS: "a second gating, made in another way, names other cells: look at "
    "the gates",
    SampleFlag.HEMODILUTION_POSSIBLE: "hardly any B precursors: the aspirate may be diluted with blood",
    CheckFlag.IDENTITY_DOUBTFUL: "by name or content, a file of this row may be another patient's or tube's",
    CheckFlag.INSTRUMENT_MISMATCH: "other instrument of beads or control than of the tube, accepted with a "
    "reason",
    GateFlag.LOW_GATE_CONFIDENCE: "a gate's threshold is unsure: look at it",
    CheckFlag.MARKER_DIFFERS: "the file names another marker than the panel",
    CalibrationFlag.MIXED_BRIGHTNESS: "the cells are not one group in brightness: two groups, or a tail; the "
    "median stands for none of them alone",
    VisitFlag.MIXED_POPULATIONS: "replicates quantified different populations",
    GateFlag.NO_ABERRANT_PHENOTYPE: "the plasma cells do not look aberrant: all were quantified",
    GateFlag.NO_ANCHOR: "no channel of the panel tells the wanted cells",
    GateFlag.NO_CLEAR_POPULATION: "no group of cells where the wanted ones should be: no density is given",
    CalibrationFlag.NO_CURVE: "no standard curve came of the bead run",
    GateFlag.NO_DEBRIS: "no forward scatter: debris is not excluded",
    ExposureFlag.NO_DOSES: "no dose of the washed-out drug is known",
    GateFlag.NO_SCATTER: "no scatter channel",
    GateFlag.NO_SINGLETS: "no pulse height or width: doublets are not excluded",
    GateFlag.NO_TIME: "no time channel: whether the acquisition was steady is not known",
    GateFlag.NO_VIABILITY: "no viability dye: dead cells are not excluded",
    GateFlag.OVERRIDE_UNUSED: "a gate set by a person was not used: no step cuts there",
    CalibrationFlag.REPAIRED_BEAD_FILE: "the FCS file of the beads had to be repaired",
    SampleFlag.REPAIRED_FILE: "the FCS file had to be repaired",
    ExposureFlag.SAMPLE_BEFORE_FIRST_DOSE: "collected before the first dose of the washed-out drug",
    OccupancyFlag.SENTINELS_DISAGREE: "NK cells and B precursors tell a different part of CD38 that the drug "
    "holds: theta lies within the intervals of both",
    TubeFlag.SPILL_INCOMPLETE: "the spillover matrix leaves out stained channels: they are not compensated",
    TubeFlag.SPILL_MISSING: "no usable spillover matrix: not compensated, but for what the control tube "
    "could tell; files that are compensated already are named in the setting compensated_panels",
    ExposureFlag.STUDY_DRUG_BEFORE_SAMPLE: "the study drug had been given before the sample",
    ExposureFlag.OTHER_ANTI_CD38_SINCE: "another antibody against CD38 was given after the last counted dose",
    OccupancyFlag.THETA_CONTRADICTED: "the sentinels and the drug's level in serum tell a part of CD38 that "
    "the drug holds in intervals that do not meet",
    GateFlag.TIME_UNSTABLE: "a stretch of the acquisition was left out as unsteady",
    TubeFlag.VALUES_MISSING: "some events held no number and were left out",
    VisitFlag.REPLICATES_DISAGREE: "replicates of the visit contradict each other: they are not averaged, "
    "and the visit has no number and is in no analysis",
    CheckFlag.VOLTAGE_UNKNOWN: "a file does not tell the voltage: nobody knows whether beads and tube "
    "had the same",
    CheckFlag.VOLTAGE_MISMATCH: "other voltage or gain of beads or control than of the tube, accepted with a "
    "reason",
}
"""What each flag means: every member of every enum of flags, and nothing else."""


def sorting_number(value: float | None) -> str:
    """Return the number by which a table sorts; empty where there is none: last."""
    return "" if value is None else f"{value:.6g}"


def rounded(value: float | None) -> str:
    """Return a number for reading: 3 significant digits, thousands apart; "–" where it is not known.

    Examples
    --------
    >>> rounded(31412.7), rounded(-55.2), rounded(None)
    ('31,400', '−55.2', '–')
    """
    return "–" if value is None else count(float(f"{value:.3g}"))


def density_words(status: RdStatus, rd: float | None, lloq: float | None, exceeded: float | None) -> str:
    """Return a receptor density as it may be quoted: a number, or the limit that it lies beyond.

    Parameters
    ----------
    exceeded
        What it is known to exceed (`known_to_exceed`).

    Examples
    --------
    >>> density_words(RdStatus.BELOW_LLOQ, 310.0, 950.0, None)
    '< 950'
    """
    if status is RdStatus.BELOW_LLOQ:
        return f"< {rounded(lloq)}"
    if status is RdStatus.ABOVE_ULOQ:
        return f"> {rounded(exceeded)}"
    if status is RdStatus.NOT_QUANTIFIABLE:
        return rounded(None)
    return rounded(rd)


def interval_words(low: float | None, high: float | None) -> str:
    """Return an interval, "" where it is not known.

    Examples
    --------
    >>> interval_words(24100, 40800), interval_words(None, 3)
    ('24,100 to 40,800', '')
    """
    return "" if low is None or high is None else f"{rounded(low)} to {rounded(high)}"


def competition_words(study: Study) -> str:
    """Return whether the clones compete with the washed-out drug, so that what they bind is free of it."""
    drug, marker = drug_of(study), marker_of(study)
    clones = ", ".join(dict.fromkeys(panel.quantified.clone or "not named" for panel in study.panels))
    compete = clones_compete(study)
    if compete:
        return (
            f"{drug.capitalize()}-competitive free {marker}: sites that the clone ({clones}) can still bind."
        )
    if compete is False:
        return (
            f"The clone ({clones}) does not compete with {drug}: what follows is total {marker}, "
            "with or without drug on it, not free sites."
        )
    if None not in {panel.quantified.competes_with_drug for panel in study.panels}:
        return (
            f"Not every clone ({clones}) competes with {drug}: where it does, these are free sites "
            f"({drug}-competitive free {marker}); where not, total {marker}, with or without drug on it."
        )
    return (
        f"The panel does not say for every tube whether the clone ({clones}) competes with {drug}; "
        f"only where it does are these free sites ({drug}-competitive free {marker})."
    )


def verdict_line(results: Iterable[SampleResult]) -> str:
    """Return how many tubes were quantified, lie beyond a limit, or gave no density."""
    statuses = [result.receptor.status for result in results]
    counts = (
        (statuses.count(RdStatus.OK), "quantified"),
        (statuses.count(RdStatus.ABOVE_ULOQ_EXTRAPOLATED), "above the top bead"),
        (statuses.count(RdStatus.BELOW_LLOQ), "below LLOQ"),
        (statuses.count(RdStatus.ABOVE_ULOQ), "above ULOQ"),
        (statuses.count(RdStatus.NOT_QUANTIFIABLE), "known too poorly"),
        (statuses.count(RdStatus.LOW_EVENTS), "with too few cells"),
        (statuses.count(RdStatus.NO_BACKGROUND), "without background"),
        (statuses.count(RdStatus.NO_CURVE), "without a curve"),
    )
    parts = [f"{n} {words}" for n, words in counts if n or words in ("quantified", "below LLOQ")]
    tubes = "1 tube" if len(statuses) == 1 else f"{len(statuses)} tubes"
    return f"{tubes}: {', '.join(parts)}, {statuses.count(RdStatus.FAILED)} failed"


def washout_words(study_result: StudyResult) -> tuple[str, ...]:
    """Return what M0 to M3 say, a sentence or two each."""
    report = study_result.washout
    if report is None:
        return ()
    name = density_name(study_result.study)
    said = [_rank_words(report.rank, name)] if report.rank else []
    said += [_slope_words(report.tobit, name)] if report.tobit else []
    return (*said, *model_words(report, name), BETWEEN_PATIENTS.format(name=name))


def untold_words(study_result: StudyResult) -> tuple[str, ...]:
    """Return what the data cannot tell, and why."""
    return (
        refusal_words(study_result.washout, density_name(study_result.study)) if study_result.washout else ()
    )


def data_words(report: WashoutReport) -> str:
    """Return which visits stand behind the models."""
    used = f"{report.n_used} of {_counted(report.n_rows, 'visit')} ({_counted(report.n_patients, 'patient')})"
    return (
        f"A washout and a density or a limit are known for {used}: {report.n_observed} measured, "
        f"{report.n_left_censored} below LLOQ, {report.n_right_censored} above ULOQ; the censored ones stay "
        "in as what they are."
    )


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _rank_words(rank: RankAssociation, name: str) -> str:
    interval = rank.spearman_interval
    limits = f" (95 % interval {interval[0]:.2f} to {interval[1]:.2f})" if interval else ""
    direction = "more" if rank.spearman > 0 else "less"
    reading = (
        f"The longer the washout, the {direction} {name}"
        if rank.p < 0.05
        else f"These data show no clear association of {name} with washout"
    )
    p = p_words(rank.p)
    return f"M0. {reading}: Spearman ρ = {rank.spearman:.2f}{limits}, permutation {p}, n = {rank.n}."


def _slope_words(fit: WashoutFit, name: str) -> str:
    low, high = fit.fold_interval
    p = f", {p_words(fit.slope_p)}" if fit.slope_p is not None else ""
    return (
        f"M1. Each doubling of the washout multiplies the median {name} by "
        f"{fit.fold_per_doubling:.2f} (95 % interval {_fold(low)} to {_fold(high)}{p}); "
        f"{_likely_words(fit)}scatter between patients {fit.sigma:.2f} dex, n = {fit.n}."
    )


def _likely_words(fit: WashoutFit) -> str:
    """Return what the likelihood alone gives, where that reads otherwise: its bias is not taken off."""
    fold, likely = f"{fit.fold_per_doubling:.2f}", f"{10**fit.most_likely.slope:.2f}"
    return "" if fold == likely else f"highest likelihood, with its bias of few rows: {likely}; "


def _fold(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "∞"


def p_words(p: float) -> str:
    """Return a p value for reading.

    Examples
    --------
    >>> p_words(0.00001), p_words(0.0312)
    ('p < 0.001', 'p = 0.031')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
