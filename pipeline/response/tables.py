"""Tables R1 to R10 without figures: percentages with k/n and exact intervals, medians with intervals."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipeline.patients.patient_rd import PatientRd
from pipeline.response.baseline import baseline_table
from pipeline.response.by_density.tables import DensityTables, density_tables
from pipeline.response.characteristics import Characteristic
from pipeline.response.consistency import inconsistencies
from pipeline.response.follow_up import FOLLOW_UP_RULE
from pipeline.response.landmark import DexamethasoneTable, dexamethasone_table
from pipeline.response.letter.letter import Letter, letter
from pipeline.response.patient_facts import PatientFacts
from pipeline.response.patients import (
    Count,
    DoubtfulSides,
    NotInRdGroups,
    ResponseCounts,
    count_responses,
)
from pipeline.response.pfs_bounds import PfsBound, pfs_bounds, pfs_warning
from pipeline.response.rd_visit import RD_RULE, CutSide
from pipeline.response.safety import safety_population, safety_table
from pipeline.response.statements import Inconsistency
from pipeline.response.statistics.counts import Contrast, Proportion, Trend, contrast, proportion, trend
from pipeline.response.statistics.logistic import OddsRatio, odds_ratio
from pipeline.response.statistics.time_to_event import MedianSurvival, survival_medians
from pipeline.study.response import LETTERS_CUT
from pipeline.study.study import Study

log = logging.getLogger(__name__)

RESPONSE_RULE = (
    "Responses are imported as typed. Rates are of the patients with evaluable = yes, and of those who have "
    "a best response other than NE and no entry under evaluable. An evaluable patient without a best "
    "response counts as one without response and without disease control. Disease control is MR or better, "
    "or SD for at least 56 days (8 weeks); SD without its days counts in no DCR."
)


@dataclass(frozen=True, slots=True)
class ResponseTables:
    """The tables, ready for people and for JSON.

    Attributes
    ----------
    response
        ORR, each best response, and DCR (R2).
    by_washout
        DCR < 3, 3 to < 6, 6 to < 12, ≥ 12 months on the response clock, then < 6 and ≥ 6 (R3).
    by_rd
        DCR at or above the RD cut, and below it (R4).
    outside
        Patients who are in no group of R3 or of R4.
    rd_rule, rd_words, rd_left_out, rd_kit
        The rule for the density of a patient; the caveats of the cut; patients in no group, by reason; the
        bead kit.
    rd_contained, rd_moved
        How many intervals contain the cut. The contrast with these patients, and those whom a limit leaves
        open, all on the side that favours a high RD, then all on the other side.
    odds
        Disease control against washout, and by RD: logistic regression.
    baseline, survival, dexamethasone, inconsistencies, safety
        R1, R7, R8, R9, R10.
    safety_rule
        Who is counted in R10, in words.
    survival_warning
        The warning to read with the median PFS; "" where every censored patient has an assessment.
    pfs_bounds
        The median PFS by other rules of censoring, where they change a patient.
    by_density, letter
        Response and PFS against the continuous density, and the further tables of a letter; None for tables
        made from counts alone.
    """

    n_patients: int
    n_evaluable: int
    response: tuple[Proportion, ...]
    by_washout: tuple[Proportion, ...]
    washout_contrasts: tuple[Contrast, ...]
    washout_trend: Trend
    by_rd: tuple[Proportion, ...]
    rd_contrast: Contrast
    outside: tuple[Proportion, ...]
    rule: str
    notes: tuple[str, ...]
    rd_rule: str = RD_RULE
    rd_words: str = ""
    rd_contained: Proportion | None = None
    rd_moved: tuple[Contrast, ...] = ()
    rd_left_out: tuple[NotInRdGroups, ...] = ()
    rd_kit: str = ""
    odds: tuple[OddsRatio, ...] = ()
    baseline: tuple[Characteristic, ...] = ()
    survival: tuple[MedianSurvival, ...] = ()
    survival_rule: str = FOLLOW_UP_RULE
    survival_warning: str = ""
    pfs_bounds: tuple[PfsBound, ...] = ()
    dexamethasone: DexamethasoneTable | None = None
    inconsistencies: tuple[Inconsistency, ...] = ()
    safety: tuple[Characteristic, ...] = ()
    safety_rule: str = ""
    month_days: float | None = None
    by_density: DensityTables | None = None
    letter: Letter | None = None


def response_tables(study: Study, rows: Sequence[PatientRd], facts: PatientFacts) -> ResponseTables:
    """Return the response tables of a study with a patients sheet.

    Parameters
    ----------
    study
        `patients` and `doses` give responses and the clock; `settings` the month length and the RD cut.
    rows
        Receptor densities, one per patient and visit.
    facts
        What is known of each patient.
    """
    settings, clocks, courses = study.settings, facts.clocks, facts.courses
    with_dexamethasone = frozenset(
        patient.patient_id for patient in study.patients if patient.dexamethasone_on
    )
    counts = count_responses(study, rows, clocks, facts.controlled, facts.rd_visits)
    log.info("response: patients: %d, evaluable: %d", counts.n_patients, counts.n_evaluable)
    return replace(
        tables_of_counts(counts),
        odds=control_odds(study, facts),
        baseline=baseline_table(study, clocks),
        survival=survival_medians(courses, settings.month_days),
        survival_warning=pfs_warning(courses, settings.month_days),
        pfs_bounds=pfs_bounds(courses, settings.month_days),
        dexamethasone=dexamethasone_table(
            courses,
            facts.controlled,
            with_dexamethasone,
            landmark_weeks=settings.dexamethasone_landmark_weeks,
            month_days=settings.month_days,
        ),
        inconsistencies=inconsistencies(study, courses),
        safety=safety_table(study),
        safety_rule=safety_population(study).rule,
        month_days=settings.month_days,
        by_density=density_tables(study, facts),
        letter=letter(study, rows, courses),
    )


def tables_of_counts(counts: ResponseCounts) -> ResponseTables:
    """Return the response tables from counts, whether of a study's patients or of a publication."""
    washout = [_proportion(count) for count in counts.by_washout]
    short, long = _sum("< 6 months", counts.by_washout[:2]), _sum(">= 6 months", counts.by_washout[2:])
    above, below = (_proportion(count) for count in counts.by_rd)
    doubtful = counts.doubtful
    return ResponseTables(
        n_patients=counts.n_patients,
        n_evaluable=counts.n_evaluable,
        response=tuple(_proportion(count) for count in (*counts.responses, counts.disease_control)),
        by_washout=(*washout, short, long),
        washout_contrasts=(
            contrast(">= 6 v < 3 months", long, washout[0]),
            contrast(">= 6 v < 6 months", long, short),
        ),
        washout_trend=trend("DCR along the washout strata", washout),
        by_rd=(above, below),
        rd_contrast=contrast(_BY_RD, above, below),
        rd_contained=None if doubtful is None else _proportion(doubtful.contained),
        rd_moved=() if doubtful is None else _moved(doubtful),
        rd_words=_rd_words(doubtful, above.name),
        rd_left_out=counts.left_out,
        rd_kit=counts.reference_kit,
        outside=tuple(_proportion(count) for count in counts.outside if count.n),
        rule=RESPONSE_RULE,
        notes=counts.notes,
    )


_BY_RD: Final = "RD at or above the cut v below"


def _moved(doubtful: DoubtfulSides) -> tuple[Contrast, ...]:
    """Return the contrast with doubtful patients placed in favour of a high RD, then against it."""
    if doubtful.best == doubtful.worst:
        return ()
    cases = (("for", doubtful.best), ("against", doubtful.worst))
    return tuple(
        contrast(
            f"{_BY_RD}, doubtful patients placed {which} a high RD", _proportion(above), _proportion(below)
        )
        for which, (above, below) in cases
    )


def _rd_words(doubtful: DoubtfulSides | None, cut: str) -> str:
    """Return the caveats of the split by RD: the source of the cut, and how many intervals contain it."""
    words = (
        f"The cut of {LETTERS_CUT:,.0f} was found in the data of one letter on 32 patients whose outcomes "
        "were known. A difference at it has to be shown in other patients; a cut that is chosen after "
        "looking at the patients makes the difference look too large."
    )
    if doubtful is None or not doubtful.contained.n:
        return words
    k, n = doubtful.contained.k, doubtful.contained.n
    return (
        f"{words} A receptor density has an error: {k} of {n} patients in the groups ({cut} or below) have a "
        "95 % interval that contains the cut."
    )


def _proportion(count: Count) -> Proportion:
    return proportion(count.name, count.k, count.n)


def _sum(name: str, counts: Sequence[Count]) -> Proportion:
    return proportion(name, sum(count.k for count in counts), sum(count.n for count in counts))


def control_odds(study: Study, facts: PatientFacts) -> tuple[OddsRatio, ...]:
    """Return the odds ratios of disease control, in the patients whose covariate and outcome are known.

    Each model has one covariate, because such studies have too few patients for two. A washout of less
    than a day counts as one day, as in the washout models.
    """
    controlled = facts.controlled
    days = {name: facts.clocks[name].days for name in controlled}
    waited = {name: math.log2(max(day, 1)) for name, day in days.items() if day is not None}
    split = {
        name: float(visit.side is CutSide.ABOVE)
        for name, visit in ((name, facts.rd_visits[name]) for name in controlled)
        if visit.side in (CutSide.ABOVE, CutSide.BELOW)
    }
    return (
        _odds("washout before the study drug", "doubling", controlled, waited),
        _odds("receptor density", f">= {study.settings.rd_cut:,.0f} v below", controlled, split),
    )


def _odds(name: str, per: str, controlled: Mapping[str, bool], covariate: dict[str, float]) -> OddsRatio:
    patients = list(covariate)
    return odds_ratio(name, per, [covariate[p] for p in patients], [controlled[p] for p in patients])
