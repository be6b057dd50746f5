"""Change of a patient's density from one visit to a later one, and whether it exceeds the assay's error.

Two visits are compared if no dose of the washed-out drug lies between them and both were measured in the same
way (tissue, kit, clone, dye, cytometer). Errors that both share (bead lot, F:P, bead run) cancel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from calibration.density.receptor_density import RdStatus
from calibration.density.result import known_to_exceed, quotable_density
from calibration.numbers import Z_95
from pipeline.patients.patient_rd import PatientRd, visit_key
from pipeline.study.cells.dates import DAYS_PER_WEEK
from pipeline.washout.observations.ways import Way, takes_part, ways_of


class ChangeKind(StrEnum):
    """How well a change is known. The value of each member is written to the results."""

    MEASURED = "measured"
    AT_LEAST = "at least"
    AT_MOST = "at most"
    NOT_KNOWN = "not known"


class Exceeds(StrEnum):
    """Whether a change exceeds the assay's error. The value of each member is written to the results."""

    UP = "up"
    DOWN = "down"
    NO = "no"
    NOT_KNOWN = ""


@dataclass(frozen=True, slots=True)
class Change:
    """The ratio of a patient's density at a later visit to that at an earlier visit.

    Attributes
    ----------
    first_weeks, last_weeks
        Weeks since the last dose.
    first_rd, last_rd
        Densities, molecules per cell; of a censored density the limit.
    first_side, last_side
        −1: below that limit, 0: a measured density, 1: above that limit.
    fold
        Later over earlier density. If one of them is a limit, the change is at least or at most this fold.
    low, high
        95 % interval of a measured change, from the errors that the two visits do not share.
    least_fold
        Smallest fold, up or down, that exceeds the assay's error (95 %).
    whole
        Whether the change is from the patient's first to the last visit after the same dose.
    shared
        For each source of error, the effect of one SD on log10 of the fold, dex. Changes of other patients
        may share the source.
    """

    patient_id: str
    first_visit: str
    last_visit: str
    first_weeks: float
    last_weeks: float
    first_rd: float
    last_rd: float
    first_side: int
    last_side: int
    kind: ChangeKind
    fold: float | None
    low: float | None
    high: float | None
    least_fold: float | None
    exceeds: Exceeds
    whole: bool
    shared: tuple[tuple[str, float], ...] = ()

    @property
    def log_fold(self) -> float:
        """log10 of the fold, dex; NaN if it is not known."""
        return math.log10(self.fold) if self.fold else math.nan


def changes_of(rows: Sequence[PatientRd]) -> tuple[Change, ...]:
    """Return every change from a visit to the next; of three or more visits also from first to last.

    Parameters
    ----------
    rows
        One row for each patient and visit, replicates pooled.

    Returns
    -------
    tuple of Change
        Patients in the order of their first rows; the changes of a patient by weeks.
    """
    used = [row for row in rows if takes_part(row) and row.collected_on is not None]
    usual = _usual_sd(used)
    courses: dict[tuple[object, ...], list[PatientRd]] = {}
    for row, way in zip(used, ways_of(used), strict=True):
        courses.setdefault(_course(row, way), []).append(row)
    first = {row.patient_id: index for index, row in reversed(list(enumerate(used)))}
    changes: list[Change] = []
    for course in sorted(courses.values(), key=lambda course: first[course[0].patient_id]):
        changes.extend(_of_course(course, usual))
    return tuple(changes)


def why_not_compared(rows: Sequence[PatientRd], used: Sequence[PatientRd]) -> tuple[tuple[str, str], ...]:
    """Return (patient_id, reason) of each patient with two or more visits of which no two are compared.

    Parameters
    ----------
    rows
        Every visit.
    used
        The visits that are given to the models.
    """
    visits: dict[str, list[PatientRd]] = {}
    for row in rows:
        if takes_part(row) and row.collected_on is not None:
            visits.setdefault(row.patient_id, []).append(row)
    compared = {change.patient_id for change in changes_of(used)}
    several = {name: own for name, own in visits.items() if len({row.collected_on for row in own}) > 1}
    return tuple((name, _reason(own, used)) for name, own in several.items() if name not in compared)


def _reason(own: Sequence[PatientRd], used: Sequence[PatientRd]) -> str:
    used_keys = set(map(visit_key, used))
    used_rows = [row for row in own if visit_key(row) in used_keys]
    if len({row.collected_on for row in used_rows}) < len({row.collected_on for row in own}):
        return "a visit is not in the models"
    if len({_course(row, Way("", "", "", ""))[-1] for row in used_rows}) > 1:
        return "a dose lies between the visits"
    return "tissue, kit, clone, dye or cytometer differ"


def _course(row: PatientRd, way: Way) -> tuple[object, ...]:
    """Return what compared visits must share: patient, tissue, way of measuring, day of the last dose."""
    day = row.collected_on.toordinal() if row.collected_on else 0
    return row.patient_id, row.tissue, way, day - round(DAYS_PER_WEEK * (row.weeks or 0.0))


def _of_course(rows: Sequence[PatientRd], usual: float) -> list[Change]:
    by_weeks = sorted(rows, key=lambda row: (row.weeks or 0.0, row.visit))
    days = [by_weeks[0]]
    for row in by_weeks[1:]:
        if row.collected_on != days[-1].collected_on:
            days.append(row)
    pairs = list(pairwise(days))
    steps = [_change(first, last, usual, whole=len(pairs) == 1) for first, last in pairs]
    more = [_change(days[0], days[-1], usual, whole=True)] if len(pairs) > 1 else []
    return [*steps, *more]


def _change(first: PatientRd, last: PatientRd, usual: float, *, whole: bool) -> Change:
    (low, low_side), (high, high_side) = _known(first), _known(last)
    kind = _kind(low_side, high_side)
    if not (math.isfinite(low) and math.isfinite(high) and low > 0 and high > 0):
        kind = ChangeKind.NOT_KNOWN
    fold = None if kind is ChangeKind.NOT_KNOWN else high / low
    sd, shared = _error(first, last, usual)
    reach = Z_95 * sd
    measured = fold is not None and kind is ChangeKind.MEASURED
    return Change(
        first.patient_id,
        first.visit,
        last.visit,
        float(first.weeks or 0.0),
        float(last.weeks or 0.0),
        low,
        high,
        low_side,
        high_side,
        kind,
        fold,
        fold * 10**-reach if measured and fold else None,
        fold * 10**reach if measured and fold else None,
        10**reach,
        _exceeds(kind, math.log10(fold) if fold else 0.0, reach),
        whole,
        shared,
    )


def _known(row: PatientRd) -> tuple[float, int]:
    """Return a measured density and 0, or the limit of a censored one and its side: below (−1), above (1)."""
    rd = quotable_density(row)
    if rd is not None:
        return rd, 0
    if row.status == RdStatus.BELOW_LLOQ:
        return row.lloq or math.nan, -1
    return known_to_exceed(row) or math.nan, 1


def _kind(first: int, last: int) -> ChangeKind:
    """Return how well the ratio is known; each density lies below (−1), at (0) or above (1) its value."""
    if first and first == last:
        return ChangeKind.NOT_KNOWN
    if first == last:
        return ChangeKind.MEASURED
    return ChangeKind.AT_LEAST if last > first else ChangeKind.AT_MOST


def _exceeds(kind: ChangeKind, log_fold: float, reach: float) -> Exceeds:
    if kind in (ChangeKind.MEASURED, ChangeKind.AT_LEAST) and log_fold > reach:
        return Exceeds.UP
    if kind in (ChangeKind.MEASURED, ChangeKind.AT_MOST) and log_fold < -reach:
        return Exceeds.DOWN
    return Exceeds.NO if kind is ChangeKind.MEASURED else Exceeds.NOT_KNOWN


def _error(first: PatientRd, last: PatientRd, usual: float) -> tuple[float, tuple[tuple[str, float], ...]]:
    """Return the assay's SD of log10 of the fold, dex, and the effect of each shared source on it.

    An error that both visits share cancels as far as it is equally large in both.
    """
    of_first, of_last = (dict(_sources(row)) for row in (first, last))
    variance = 0.0
    moves = []
    for row, sources in ((first, of_first), (last, of_last)):
        sd = row.rd_log_sd if row.rd_log_sd is not None else usual
        variance += max(sd**2 - math.fsum(size**2 for size in sources.values()), 0.0)
    for source in sorted({*of_first, *of_last}):
        moved = of_last.get(source, 0.0) - of_first.get(source, 0.0)
        variance += moved**2
        if moved:
            moves.append((source, moved))
    return math.sqrt(variance), tuple(moves)


def _sources(row: PatientRd) -> list[tuple[str, float]]:
    """Return the shared parts of a row's error whose size is known; none for a row without an SD."""
    if row.rd_log_sd is None:
        return []
    return [(error.source, error.log_sd) for error in row.shared if math.isfinite(error.log_sd)]


def _usual_sd(rows: Sequence[PatientRd]) -> float:
    """Return the median SD of the measured rows, dex; rows without an SD get it."""
    measured = [row for row in rows if quotable_density(row) is not None]
    sds = [row.rd_log_sd for row in measured if row.rd_log_sd is not None]
    return float(np.median(sds)) if sds else 0.0
