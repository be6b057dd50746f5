"""The validation of a study's assay: every experiment that its tubes allow, else the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pipeline.assay.curves import CurveRuns, curve_runs
from pipeline.assay.experiments import agreements, carry_overs, controls, linearities, stabilities
from pipeline.assay.precision import PATIENT_REPLICATES, judged_limits, pooled_precision, precision_of
from pipeline.assay.statistics.agreement import Agreement
from pipeline.assay.statistics.carry_over import CarryOver
from pipeline.assay.statistics.control_chart import ControlRun
from pipeline.assay.statistics.limits import AssayLimits
from pipeline.assay.statistics.linearity import Linearity
from pipeline.assay.statistics.nested import Precision
from pipeline.assay.statistics.stability import Stability
from pipeline.assay.support import Judged, NotJudged, goal_of
from pipeline.assay.tubes import AssayTube, assay_tubes, measured, measuring_day
from pipeline.beads.result import CalibrationResult
from pipeline.files.json_names import WRITTEN_AS
from pipeline.patients.between_runs import replicates
from pipeline.quantification.result import SampleResult
from pipeline.study.study import Study
from pipeline.study.validation import Experiment

Statistic = TypeVar("Statistic")

_LACKING = {
    Experiment.PRECISION: "no replicates: neither of a visit nor of the validation sheet",
    Experiment.LINEARITY: "the validation sheet names no tube of expected levels",
    Experiment.BLANK: "the validation sheet names no blank",
    Experiment.STABILITY: "the validation sheet names no tube that was stored",
    Experiment.CARRY_OVER: "the validation sheet names no bright and dim tubes in a row",
    Experiment.COMPARISON: "the validation sheet names no material measured in two ways",
    Experiment.CONTROL: "the validation sheet names no control",
}


@dataclass(frozen=True, slots=True)
class AssayReport:
    """The validation results of a study's assay.

    Attributes
    ----------
    precision, linearity, limits, stability, carry_over, comparison, control
        Results with their goals, in the order of the validation sheet.
    curves
        Repeated bead runs, by instrument, kit and lot.
    not_judged
        Experiments that the data do not allow, with the reason.
    left_out
        (tube, reason) for each tube of the validation sheet without a density.
    n_tubes
        Number of tubes of the validation sheet that were analysed.
    """

    precision: tuple[Judged[Precision], ...]
    linearity: tuple[Judged[Linearity], ...]
    limits: tuple[Judged[AssayLimits], ...]
    stability: tuple[Judged[Stability], ...]
    carry_over: tuple[Judged[CarryOver], ...]
    comparison: tuple[Judged[Agreement], ...]
    control: tuple[Judged[tuple[ControlRun, ...]], ...]
    curves: tuple[CurveRuns, ...]
    not_judged: tuple[NotJudged, ...] = field(metadata={WRITTEN_AS: "not_told"})
    left_out: tuple[tuple[str, str], ...]
    n_tubes: int

    @property
    def judged(self) -> tuple[Judged[Any], ...]:
        """Every result, in the order of the report."""
        return (
            *self.precision,
            *self.linearity,
            *self.limits,
            *self.stability,
            *self.carry_over,
            *self.comparison,
            *self.control,
        )


def assay_report(
    study: Study, results: Sequence[SampleResult], calibrations: Sequence[CalibrationResult]
) -> AssayReport:
    """Return the validation of a study's assay from its tubes.

    Parameters
    ----------
    results
        Results of the analysed tubes, in the order of the samples sheet.
    """
    tubes = assay_tubes(study, results, calibrations)
    goals = _goals(study)

    def of(experiment: Experiment) -> tuple[AssayTube, ...]:
        return measured(tubes, experiment)

    precise = precision_of(of(Experiment.PRECISION), goals.get(Experiment.PRECISION))
    patients = _patient_replicates(study, results, calibrations)
    if patients:
        limit = goal_of(Experiment.PRECISION, goals.get(Experiment.PRECISION))
        precise = (*precise, pooled_precision(PATIENT_REPLICATES, patients, limit))
    blanks, low = of(Experiment.BLANK), of(Experiment.LOW)
    limits = (judged_limits(blanks, low, goals.get(Experiment.LOW)),) if blanks else ()
    line = linearities(of(Experiment.LINEARITY), goals.get(Experiment.LINEARITY))
    stable = stabilities(of(Experiment.STABILITY), goals.get(Experiment.STABILITY))
    carried = carry_overs(of(Experiment.CARRY_OVER), goals.get(Experiment.CARRY_OVER))
    agreed = agreements(of(Experiment.COMPARISON), goals.get(Experiment.COMPARISON))
    control_results = controls(of(Experiment.CONTROL), goals.get(Experiment.CONTROL))
    parts: Mapping[Experiment, Sequence[object]] = {
        Experiment.PRECISION: precise,
        Experiment.LINEARITY: line,
        Experiment.BLANK: limits,
        Experiment.STABILITY: stable,
        Experiment.CARRY_OVER: carried,
        Experiment.COMPARISON: agreed,
        Experiment.CONTROL: control_results,
    }
    return AssayReport(
        precision=_judged(precise),
        linearity=_judged(line),
        limits=_judged(limits),
        stability=_judged(stable),
        carry_over=_judged(carried),
        comparison=_judged(agreed),
        control=_judged(control_results),
        curves=curve_runs(calibrations),
        not_judged=_not_judged(parts),
        left_out=tuple(dict.fromkeys((t.sample_id, t.reason) for t in tubes if t.value is None)),
        n_tubes=len({tube.sample_id for tube in tubes}),
    )


def _not_judged(parts: Mapping[Experiment, Sequence[object]]) -> tuple[NotJudged, ...]:
    return tuple(
        judgement
        for experiment, part in parts.items()
        for judgement in (part or (NotJudged(experiment, "", _LACKING[experiment]),))
        if isinstance(judgement, NotJudged)
    )


def _judged(part: Sequence[Judged[Statistic] | NotJudged]) -> tuple[Judged[Statistic], ...]:
    return tuple(judgement for judgement in part if isinstance(judgement, Judged))


def _goals(study: Study) -> dict[Experiment, float]:
    """Return the typed goals. Blanks and dim materials share one goal, the CV at the LoQ."""
    typed = [
        (Experiment(row.experiment), row.goal_percent)
        for row in study.validation
        if row.goal_percent is not None
    ]
    goals = dict(typed)
    if Experiment.BLANK in goals:
        goals.setdefault(Experiment.LOW, goals[Experiment.BLANK])
    return goals


def _patient_replicates(
    study: Study, results: Sequence[SampleResult], calibrations: Sequence[CalibrationResult]
) -> tuple[AssayTube, ...]:
    """Return replicate tubes of patients' visits that are not in the validation sheet, as precision tubes."""
    samples = {sample.sample_id: sample for sample in study.samples}
    days = {run.bead_run: run.acquired.acquired_at[:10] for run in calibrations}
    replicate_tubes = []
    for number, visit in enumerate(replicates(study, results), start=1):
        tubes = [tube for run in visit for tube in run]
        for tube in tubes if len(tubes) > 1 else ():
            sample = samples[tube.sample_id]
            replicate_tubes.append(
                AssayTube(
                    tube.sample_id,
                    Experiment.PRECISION,
                    f"visit {number}",
                    tube.receptor.rd,
                    "",
                    measuring_day(study, sample, tube, days),
                    sample.bead_run,
                    "",
                    (tube.acquired.acquired_at, number),
                )
            )
    return tuple(replicate_tubes)
