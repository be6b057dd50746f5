"""Recovery within patients as it is reported, with the reason for each part that is not reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.files.json_names import WRITTEN_AS
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.quantity_name import DEX_PER_DOUBLING, FOLD
from pipeline.washout.censored.estimate import Estimate, NotEstimableError, Refusal
from pipeline.washout.observations.rows import Observations
from pipeline.washout.within.change import Change, ChangeKind, Exceeds, changes_of, why_not_compared
from pipeline.washout.within.mean import MeanChange, mean_change
from pipeline.washout.within.slopes import PatientSlopes, fit_patient_slopes

FOLD_WITHIN = "fold_within_patients"
MEAN_CHANGE, SLOPES = "mean change within patients", "slopes of patients"


@dataclass(frozen=True, slots=True)
class WithinPatients:
    """Recovery within patients.

    Attributes
    ----------
    changes
        Every change between two visits of a patient.
    n_up, n_down, n_no
        Patients whose change from first to last visit exceeds the assay's error upwards, downwards, or not.
    least_fold
        Median over the patients of the smallest change that exceeds the assay's error; None without patients.
    mean
        Geometric mean of the patients' changes; None if it is not reported.
    slopes
        Slopes of the patients; None if they are not reported.
    refusals
        Parts that are not reported, and why.
    """

    changes: tuple[Change, ...]
    n_patients: int
    n_up: int
    n_down: int
    n_no: int
    least_fold: float | None
    mean: MeanChange | None
    slopes: PatientSlopes | None
    refusals: tuple[Refusal, ...] = field(default=(), metadata={WRITTEN_AS: "not_told"})

    def estimates(self) -> tuple[Estimate, ...]:
        """Return every number with its interval, as `washout.json` prints it."""
        estimates: list[Estimate] = []
        if self.mean is not None:
            mean = self.mean
            ends = (mean.low, mean.high)
            words = "Mean change within patients, from visit to visit"
            estimates.append(
                Estimate(FOLD_WITHIN, mean.fold, *ends, mean.n, mean.method, unit=FOLD, words=words)
            )
        if self.slopes is not None:
            fit, unit = self.slopes, DEX_PER_DOUBLING
            common = (fit.n, fit.method)
            estimates += [
                Estimate(
                    *("slope_within_patients", fit.slope, fit.low, fit.high, *common),
                    unit=unit,
                    words="Slope within patients, per doubling of the washout",
                ),
                Estimate(
                    "sd_of_patients_slopes",
                    fit.sd_of_slopes,
                    None,
                    None,
                    *common,
                    unit=unit,
                    p=fit.p_slopes_differ,
                    words="Scatter of the slopes of patients",
                ),
            ]
            if fit.between is not None:
                ends = (fit.between_low, fit.between_high)
                estimates.append(
                    Estimate(
                        *("slope_between_patients", fit.between, *ends, *common),
                        unit=unit,
                        words="Slope between patients, per doubling of the washout",
                    )
                )
        return tuple(estimates)


def within_patients(
    rows: Sequence[PatientRd], used: Sequence[PatientRd], data: Observations
) -> WithinPatients | None:
    """Return the recovery within patients; None if no patient has two visits with a density or a limit.

    Parameters
    ----------
    rows
        Every visit.
    used
        The visits that are given to the models.
    data
        The same visits, sorted into measured and censored.
    """
    changes = changes_of(used)
    whole = one_per_patient(changes)
    refusals = [Refusal(f"change of {who}", reason) for who, reason in why_not_compared(rows, used)]
    if not whole:
        return WithinPatients((), 0, 0, 0, 0, None, None, None, tuple(refusals)) if refusals else None
    mean: MeanChange | None = None
    slopes: PatientSlopes | None = None
    try:
        mean = mean_change(whole)
    except NotEstimableError as reason:
        refusals.append(Refusal(MEAN_CHANGE, str(reason)))
    try:
        slopes = fit_patient_slopes(data)
    except NotEstimableError as reason:
        refusals.append(Refusal(SLOPES, str(reason)))
    least = [change.least_fold for change in whole if change.least_fold is not None]
    counts = {which: sum(change.exceeds is which for change in whole) for which in Exceeds}
    return WithinPatients(
        changes,
        len(whole),
        counts[Exceeds.UP],
        counts[Exceeds.DOWN],
        counts[Exceeds.NO],
        float(np.median(least)) if least else None,
        mean,
        slopes,
        tuple(refusals),
    )


def one_per_patient(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return each patient's change from first to last visit; after several doses, the longest known one."""
    chosen: dict[str, Change] = {}
    for change in changes:
        before = chosen.get(change.patient_id)
        if change.whole and (before is None or _rank(change) > _rank(before)):
            chosen[change.patient_id] = change
    return tuple(chosen.values())


def _rank(change: Change) -> tuple[bool, float]:
    return change.kind is not ChangeKind.NOT_KNOWN, change.last_weeks - change.first_weeks
