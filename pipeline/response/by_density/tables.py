"""Response against receptor density: dose–response, ROC curve with the best and the fixed cut, and PFS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pipeline.response.by_density.rows import DensityRows, density_rows
from pipeline.response.by_density.survival import density_survival
from pipeline.response.patient_facts import PatientFacts
from pipeline.response.patients import OBJECTIVE, is_evaluable
from pipeline.response.statistics.cox import HazardRatio
from pipeline.response.statistics.cuts.best_cut import DensityCut, best_cut, fixed_cut
from pipeline.response.statistics.cuts.implied import with_odds
from pipeline.response.statistics.cuts.roc import Area, area_under
from pipeline.response.statistics.dose_response import dose_response
from pipeline.response.statistics.logistic import OddsRatio
from pipeline.response.statistics.strength import FEW_EVENTS
from pipeline.study.study import Study

FEWEST_EACH: Final = 3
"""Fewest patients with the outcome, and without it, for a fit: with fewer, a single patient would decide.
Convention: with three no single patient is half of a group."""

UNTRIED_CUT: Final = "cut found in these patients, not tested in others"

BY_DENSITY_RULE: Final = (
    "The density that stands for a patient is that of the groups by receptor density. One step is one "
    "doubling of it. Each density counts with its own error; one beyond a limit of quantification counts as "
    "beyond it. Errors that all patients share (one bead lot) are left out: they shift all densities alike. "
    "The area, the cuts and their shares use the densities as measured. The errors make them look somewhat "
    "worse than the true densities would. It is assumed that a high density goes with the outcome; this was "
    "fixed before looking at the data."
)
_LARGEST_LOG2 = 1000
"""Largest power of two that is given as a number. Arithmetic: doubles end at 1,024."""


@dataclass(frozen=True, slots=True)
class OutcomeByDensity:
    """One outcome against receptor density, in the patients in whom both are known.

    Attributes
    ----------
    odds
        Odds ratio per doubling of the density.
    area
        Area under the ROC curve.
    best, fixed
        The best cut in these patients, and the cut of the setting `rd_cut`; molecules per cell.
    n_limits
        Patients whose density is only known to lie beyond a limit.
    note
        The reason why nothing is reported; "" where results are reported.
    """

    outcome: str
    n: int
    n_events: int
    n_limits: int
    odds: OddsRatio | None = None
    area: Area | None = None
    best: DensityCut | None = None
    fixed: DensityCut | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class DensityTables:
    """Response and PFS against receptor density.

    Attributes
    ----------
    outcomes
        Disease control, and response (PR or better).
    survival
        Hazard of progression or death: per doubling, and at or above the fixed cut against below it. Time
        counts from day 0 (the marrow was drawn before) and from the landmark.
    warning
        The limits of an analysis of so few patients, in a sentence.
    """

    outcomes: tuple[OutcomeByDensity, ...]
    survival: tuple[HazardRatio, ...]
    warning: str
    rule: str = BY_DENSITY_RULE


def density_tables(study: Study, facts: PatientFacts) -> DensityTables:
    """Return response and PFS against the receptor density of each patient.

    Parameters
    ----------
    facts
        What is known of each patient: disease control, course, and density.
    """
    outcomes = {
        "disease control": facts.controlled,
        "response, PR or better": {
            patient.patient_id: patient.best_response in OBJECTIVE
            for patient in study.patients
            if is_evaluable(patient)
        },
    }
    visits = facts.rd_visits
    by_density = tuple(
        _outcome(name, density_rows(visits, list(answers)), answers, study)
        for name, answers in outcomes.items()
    )
    followed = [course for course in facts.courses if course.pfs_day is not None]
    of_courses = density_rows(visits, [course.patient_id for course in followed])
    survival = density_survival(of_courses, followed, study.settings)
    return DensityTables(by_density, survival, _warning(by_density))


def _outcome(name: str, rows: DensityRows, answers: Mapping[str, bool], study: Study) -> OutcomeByDensity:
    y = np.array([answers[patient] for patient in rows.patients], dtype=bool)
    n, k = y.size, int(y.sum())
    empty = OutcomeByDensity(name, n, k, rows.n_limits)
    if min(k, n - k) < FEWEST_EACH:
        needed = f"at least {FEWEST_EACH} with it and {FEWEST_EACH} without it are needed"
        return replace(empty, note=f"{k} of {n} patients with a density had the outcome; {needed}")
    if rows.known is None:
        return replace(
            empty, note="the densities differ by no more than their errors, or all lie beyond a limit"
        )
    seed, log2_cut = study.settings.seed, float(np.log2(study.settings.rd_cut))
    area = area_under(rows.log2_rd, rows.kind, y)
    known = rows.known
    best, area = best_cut(
        UNTRIED_CUT, rows.log2_rd, rows.kind, known.expected, y, area, seed=seed, law=known.law
    )
    odds = dose_response(f"receptor density: {name}", "doubling", rows.known, y)
    best = with_odds(best, odds, rows.known, rows.log2_rd, rows.kind, y)
    fixed = fixed_cut("cut of the setting rd_cut", log2_cut, rows.log2_rd, rows.kind, y)
    return replace(
        empty,
        odds=odds,
        area=area,
        best=_in_molecules(best),
        fixed=_in_molecules(fixed),
    )


def _in_molecules(cut: DensityCut) -> DensityCut:
    """Convert a cut from log2 to molecules per cell."""
    cut_at, low, high = (None if end is None else _power(end) for end in (cut.cut, cut.low, cut.high))
    return replace(cut, cut=cut_at, low=low, high=high)


def _power(log2: float) -> float | None:
    return float(2.0**log2) if abs(log2) < _LARGEST_LOG2 else None


def _warning(outcomes: Sequence[OutcomeByDensity]) -> str:
    """Return the warning about the small number of patients; "" where nothing is reported."""
    reported = [outcome for outcome in outcomes if outcome.odds is not None]
    if not reported:
        return ""
    least = min(min(outcome.n_events, outcome.n - outcome.n_events) for outcome in reported)
    small = f"The smaller group has {least} patients: " if least < FEW_EVENTS else ""
    return (
        f"{small}{'each' if small else 'Each'} of these answers may change when a few patients are added. "
        "One cut was chosen in the same patients that it divides, so it looks better than it is. “In other "
        "patients” corrects for that, but only a study of other patients can confirm it. Density also goes "
        "with the weeks since the last dose and with what was given before: none of this says that the "
        "density is the cause."
    )
