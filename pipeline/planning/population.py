"""Assumptions about the next study: washout line, scatter, limits of quantification and washouts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from calibration.density.budget import ASSUMED_BETWEEN_RUN_CV, LOT_TERMS
from calibration.density.error_model import log_sd
from calibration.density.result import RdStatus
from pipeline.assembly.study_result import StudyResult
from pipeline.quantification.result import SampleResult
from pipeline.simulate import draw_patient, scenario_named
from pipeline.study.errors import UserError
from pipeline.washout.line.tobit import fit_tobit

TUBE_CV, SHARED_CV = 0.08, 0.07
"""CV of one tube within a run, and CV of the errors that all tubes share (lot values, F:P), used without an
earlier study. Assumption: 200 plasma cells and the default CVs (docs/method.md, section 5)."""

LLOQ, ULOQ = 1_000.0, 270_000.0
"""Limits of quantification in molecules per cell, used without an earlier study. Convention: PE, up to four
times the top bead."""

_PATIENTS = 400
"""Number of simulated patients for the washout line, used without an earlier study. Convention: its slope is
then known to 3 %."""
_STREAM = 31
"""Beside the seed, so that these draws are independent of the others. Convention: any number."""


@dataclass(frozen=True, slots=True)
class StudyPopulation:
    """Patients and tubes of a future study.

    Attributes
    ----------
    slope, intercept
        log10 RD = intercept + slope · log2 weeks, of the median patient.
    between, within
        SD between patients, and SD between visits of a patient, dex.
    run_sd, tube_sd, shared_sd
        SD of log10 RD between runs, of one tube, and of the errors that all tubes share, dex.
    lloq, uloq
        Limits of quantification, molecules per cell.
    weeks
        Washouts from which simulated patients are drawn, weeks.
    source
        The source of these numbers, in words.
    """

    slope: float
    intercept: float
    between: float
    within: float
    run_sd: float
    tube_sd: float
    shared_sd: float
    lloq: float
    uloq: float
    weeks: tuple[float, ...]
    source: str


def population_of(study_result: StudyResult) -> StudyPopulation:
    """Return the population of the next study, from this study's washout line and error budgets.

    Raises
    ------
    UserError
        The study has no washout line (M1), no visit with an LLOQ and a ULOQ, or no tube with an error budget.
    """
    report = study_result.washout
    if report is None or report.tobit is None:
        reasons = [refused.reason for refused in report.not_estimable] if report else []
        why = f" ({reasons[0]})" if reasons else ""
        raise UserError(
            f"found no washout line in this study{why}, expected one: leave the study out to plan with "
            "simulated patients"
        )
    line, mixed = report.tobit, report.mixed
    between, within = (mixed.between, mixed.within) if mixed else (line.sigma, 0.0)
    visits = [visit for visit in study_result.visits if visit.receptor.lloq and visit.receptor.uloq]
    if not visits:
        raise UserError(
            "found no visit with both an LLOQ and a ULOQ, expected one: leave the study out to plan with "
            "simulated patients"
        )
    extrapolated = study_result.study.settings.uloq_extrapolation
    runs, tubes, shared = _errors(study_result.results)
    return StudyPopulation(
        slope=line.slope,
        intercept=line.intercept,
        between=between,
        within=within,
        run_sd=runs,
        tube_sd=tubes,
        shared_sd=shared,
        lloq=median(visit.receptor.lloq or 0.0 for visit in visits),
        uloq=median((visit.receptor.uloq or math.inf) * extrapolated for visit in visits),
        weeks=tuple(sorted(float(week) for week in line.data.weeks)),
        source=f"this study: {line.n} rows of {line.data.n_patients} patients",
    )


def planned_status(rd: float, lloq: float, uloq: float) -> RdStatus:
    """Return the status of a density by its limits of quantification alone."""
    if rd < lloq:
        return RdStatus.BELOW_LLOQ
    return RdStatus.ABOVE_ULOQ if rd > uloq else RdStatus.OK


def simulated_population(seed: int) -> StudyPopulation:
    """Return a population of simulated patients, measured with a usual assay."""
    rng = np.random.default_rng([seed, _STREAM])
    scenario = scenario_named("plain")
    patients = [draw_patient(scenario, rng) for _ in range(_PATIENTS)]
    weeks = [patient.washout_weeks for patient in patients]
    free = [patient.clone.cd38 for patient in patients]
    status = [planned_status(rd, LLOQ, ULOQ) for rd in free]
    line = fit_tobit(weeks, free, status, lloq=LLOQ, uloq=ULOQ, doubts=False)
    return StudyPopulation(
        slope=line.slope,
        intercept=line.intercept,
        between=line.sigma,
        within=0.0,
        run_sd=log_sd(ASSUMED_BETWEEN_RUN_CV) / math.log(10),
        tube_sd=log_sd(TUBE_CV) / math.log(10),
        shared_sd=log_sd(SHARED_CV) / math.log(10),
        lloq=LLOQ,
        uloq=ULOQ,
        weeks=tuple(sorted(weeks)),
        source=f"{_PATIENTS} simulated patients, 4 to 110 weeks after daratumumab, and a usual assay",
    )


def _errors(tubes: Sequence[SampleResult]) -> tuple[float, float, float]:
    """Return the median SDs of a study's tubes: between runs, of one tube, and shared by all tubes; dex."""
    densities = [tube.receptor for tube in tubes if tube.receptor.budget and tube.receptor.rd]
    if not densities:
        raise UserError("found no tube with an error budget, expected one: run the study first")
    runs = median(log_sd(density.between_run_cv) / math.log(10) for density in densities)
    parts = [
        (
            math.fsum(term.sd_dex**2 for term in density.budget if term.name in LOT_TERMS),
            math.fsum(term.sd_dex**2 for term in density.budget)
            - (log_sd(density.between_run_cv) / math.log(10)) ** 2,
        )
        for density in densities
    ]
    shared = median(math.sqrt(lot) for lot, _ in parts)
    own = median(math.sqrt(max(variance - lot, 0.0)) for lot, variance in parts)
    return runs, own, shared
