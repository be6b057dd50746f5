"""Patients whose tubes gave no density: who they are, and what they could change.

They are missing for a reason (few cells are left in who responds best), so what is told of the others need
not hold for them. Nothing can say what their densities are; but the conclusions can be worked out with them
as low, and as high, as speaks most for and most against (bounds without assumption: Manski 1990, Am. Econ.
Rev. 80:319-323), within the densities that this study saw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from calibration.density.receptor_density import NUMBERED, QUANTIFIED, RdStatus
from calibration.density.result import known_to_exceed
from pipeline.patients.exposure import Exposure
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.visits import Visit
from pipeline.quantification.result import SampleResult, failure_reason
from pipeline.response.patients import BETWEEN, controlled_patients
from pipeline.response.statistics.counts import Contrast, contrast, proportion
from pipeline.response.tables import ResponseTables
from pipeline.study.study import Study
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.line.line import fit_line
from pipeline.washout.observations.selection import given_rows

MOST_SPLITS = 13
"""Washouts at which missing visits are split into low and high ones. Convention: for speed; the line hardly
depends on which of its neighbours it is."""


@dataclass(frozen=True, slots=True)
class UnnumberedTube:
    """A tube that gave neither a density nor a limit.

    `only`: no other tube of this patient at this visit gave one, so the visit is in no analysis.
    """

    sample_id: str
    patient_id: str
    visit: str
    status: RdStatus
    reason: str
    washout_weeks: float | None
    best_response: str
    only: bool


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """Visits with, or without, a density: how many, of whom, after what washout (weeks), median and range."""

    name: str
    n_visits: int
    n_patients: int
    n_washout: int
    median_weeks: float | None
    least_weeks: float | None
    most_weeks: float | None


@dataclass(frozen=True, slots=True)
class SlopeBound:
    """Fold per doubling of the washout by M1: as told, and with the missing visits at their extremes.

    `least`, `most`: of the lines with the missing visits low up to some washout and high after, and reversed.
    `low`, `high`: the densities at which they were placed (below `low`, at `high`), molecules per cell.
    """

    told: float
    least: float
    most: float
    n: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Unnumbered:
    """Tubes without a density, and what they could change.

    Attributes
    ----------
    tubes
        Each, in the order of the samples sheet.
    visits
        Visits with a density or a limit, and visits without.
    response
        Disease control of patients without any against those with; None where responses are not known.
    slope
        None where M1 is not told, or no missing visit has a washout; `slope_note` says why.
    by_rd
        Disease control at or above the RD cut against below: with the patients without a density where it
        speaks most for a high density, then against; empty where there are none.
    """

    tubes: tuple[UnnumberedTube, ...]
    visits: tuple[GroupFacts, ...]
    response: Contrast | None
    slope: SlopeBound | None
    slope_note: str
    by_rd: tuple[Contrast, ...]


def unnumbered(
    study: Study,
    results: Sequence[SampleResult],
    visits: Sequence[Visit],
    exposures: Mapping[str, Exposure],
    rows: Sequence[PatientRd],
    response: ResponseTables | None,
) -> Unnumbered | None:
    """Return who has no density and what that could change; None where every tube has one, or a limit.

    Parameters
    ----------
    results, exposures
        Of the tubes; exposures by sample_id.
    visits, rows
        One per patient and visit, in the same order.
    response
        The response tables; None where there are none.
    """
    told = {name for visit in visits if _has(visit) for name in visit.sample_ids}
    typed = {sample.sample_id: sample for sample in study.samples}
    responses = {patient.patient_id: patient.best_response for patient in study.patients}
    tubes = tuple(
        UnnumberedTube(
            tube.sample_id,
            typed[tube.sample_id].patient_id,
            typed[tube.sample_id].visit,
            tube.receptor.status,
            failure_reason(tube),
            exposures[tube.sample_id].washout_weeks if tube.sample_id in exposures else None,
            responses.get(typed[tube.sample_id].patient_id, ""),
            tube.sample_id not in told,
        )
        for tube in results
        if tube.receptor.status not in QUANTIFIED
    )
    if not tubes:
        return None
    with_one = [visit for visit in visits if _has(visit)]
    without = [visit for visit in visits if not _has(visit)]
    slope, note = _slope_bound(rows, study)
    return Unnumbered(
        tubes,
        (_facts("with a density or a limit", with_one), _facts("without", without)),
        _response(study, with_one, without),
        slope,
        note,
        _by_rd(study, response),
    )


def _has(visit: Visit) -> bool:
    return visit.receptor.status in QUANTIFIED


def _facts(name: str, visits: Sequence[Visit]) -> GroupFacts:
    weeks = [visit.washout_weeks for visit in visits if visit.washout_weeks is not None]
    patients = len({visit.patient_id for visit in visits})
    if not weeks:
        return GroupFacts(name, len(visits), patients, 0, None, None, None)
    return GroupFacts(name, len(visits), patients, len(weeks), median(weeks), min(weeks), max(weeks))


def _response(study: Study, with_one: Sequence[Visit], without: Sequence[Visit]) -> Contrast | None:
    """Compare disease control of patients without any density with that of the others."""
    told = {visit.patient_id for visit in with_one}
    silent = {visit.patient_id for visit in without} - told
    controlled = controlled_patients(study)
    groups = [[controlled[name] for name in controlled if name in some] for some in (silent, told)]
    if not all(groups):
        return None
    names = "patients without any density", "patients with a density or a limit"
    first, second = (
        proportion(name, sum(group), len(group)) for name, group in zip(names, groups, strict=True)
    )
    return contrast("disease control without a density v with one", first, second)


def _slope_bound(rows: Sequence[PatientRd], study: Study) -> tuple[SlopeBound | None, str]:
    """Fit the line again with the missing visits low where it was waited long, and high; and reversed."""
    silent = [row for row in rows if row.status not in QUANTIFIED and row.weeks is not None and row.weeks > 0]
    if not silent:
        return None, "no visit without a density has a washout: none would be in the line"
    known = [row.rd for row in rows if row.status in NUMBERED and row.rd]
    known += [bound for row in rows if (bound := known_to_exceed(row)) is not None]
    limits = [row.lloq for row in rows if row.lloq]
    try:
        told = _line(rows, study)
        low, high = min([*limits, *known]), max(known)
        folds = [10 ** _line(placed, study) for placed in _placements(rows, silent, low, high)]
    except (NotEstimableError, ValueError) as reason:
        return None, str(reason)
    return SlopeBound(10**told, min(10**told, *folds), max(10**told, *folds), len(silent), low, high), ""


def _placements(
    rows: Sequence[PatientRd], silent: Sequence[PatientRd], low: float, high: float
) -> Iterator[list[PatientRd]]:
    """Yield the rows with the silent ones low up to a washout and high from there on, and the reverse.

    A value moves the slope the more the longer its washout: the steepest and the flattest line are among
    these.
    """
    weeks = sorted({row.weeks or 0.0 for row in silent})
    places = np.unique(np.linspace(0, len(weeks), min(len(weeks) + 1, MOST_SPLITS)).round().astype(int))
    for place in places.tolist():
        first_high = weeks[place] if place < len(weeks) else float("inf")
        for rising in (True, False):
            yield [_placed(row, first_high, low, high, rising=rising) for row in rows]


def _line(rows: Sequence[PatientRd], study: Study) -> float:
    return fit_line(given_rows(rows, study.settings).data).reported.slope


def _placed(row: PatientRd, first: float, low: float, high: float, *, rising: bool) -> PatientRd:
    """Return a row; one without a density is high from the washout `first` on if the line is to rise."""
    if row.status in QUANTIFIED or row.weeks is None or row.weeks <= 0:
        return row
    if (row.weeks >= first) is rising:
        return replace(row, status=RdStatus.OK.value, rd=high, rd_low=None, rd_log_sd=None, lloq=low)
    return replace(row, status=RdStatus.BELOW_LLOQ.value, rd=None, rd_low=None, rd_log_sd=None, lloq=low)


def _by_rd(study: Study, response: ResponseTables | None) -> tuple[Contrast, ...]:
    """Return the contrast by RD with the patients in no group where they speak most for it, then against."""
    if response is None or not response.by_rd:
        return ()
    controlled = controlled_patients(study)
    missing = [
        controlled[name]
        for group in response.rd_left_out
        if group.reason != BETWEEN
        for name in group.patients
        if name in controlled
    ]
    if not missing:
        return ()
    above, below = response.by_rd
    well, ill = sum(missing), len(missing) - sum(missing)
    name = "RD at or above the cut v below, patients without a density placed {} a high RD"
    return (
        contrast(
            name.format("for"),
            proportion(above.name, above.k + well, above.n + well),
            proportion(below.name, below.k, below.n + ill),
        ),
        contrast(
            name.format("against"),
            proportion(above.name, above.k, above.n + ill),
            proportion(below.name, below.k + well, below.n + well),
        ),
    )
