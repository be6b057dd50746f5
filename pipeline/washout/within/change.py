"""How a patient's own density changed from one visit to a later one, and whether that is more than the assay.

Two visits are compared where no dose of the washed-out drug lies between them, and where both were measured
in the same way (tissue, kit, clone, dye, cytometer). What both share (the lot, F:P, a bead run) cancels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from calibration.density.receptor_density import NUMBERED, RdStatus
from calibration.density.result import known_to_exceed, quotable_density
from calibration.numbers import Z_95
from pipeline.patients.patient_rd import PatientRd
from pipeline.washout.observations.ways import Way, takes_part, ways_of


class ChangeKind(StrEnum):
    """What is known of a change. The value is what is written."""

    MEASURED = "measured"
    AT_LEAST = "at least"
    AT_MOST = "at most"
    NOT_KNOWN = "not known"


class Exceeds(StrEnum):
    """Whether a change is more than the assay's error. The value is what is written."""

    UP = "up"
    DOWN = "down"
    NO = "no"
    NOT_KNOWN = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A patient's density at a later visit over that at an earlier one.

    Attributes
    ----------
    first_weeks, last_weeks
        Weeks since the last dose.
    first_rd, last_rd
        Densities, molecules per cell; or the limits that they lie below or above.
    first_side, last_side
        −1: below that limit, 0: a density, 1: above that limit.
    fold
        Later over earlier; where one lies beyond a limit, the limit's: the change is at least or at most so.
    low, high
        95 % interval of a measured change: the errors that the two visits do not share.
    least_fold
        A change of less, up or down, may be the assay's error alone (95 %).
    whole
        From the patient's first to the last visit after the same dose.
    shared
        By source, what an error of one SD of it does to log10 of the fold, dex: other patients' changes may
        move with it.
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
        """log10 of the fold, dex; NaN where it is not known."""
        return math.log10(self.fold) if self.fold else math.nan


def changes_of(rows: Sequence[PatientRd]) -> tuple[Change, ...]:
    """Return every change from a visit to the next one, and from the first to the last where there are more.

    Parameters
    ----------
    rows
        One per patient and visit, replicates pooled.

    Returns
    -------
    tuple of Change
        By patient, in the order in which the patients first come; then by weeks.
    """
    used = [row for row in rows if takes_part(row) and row.collected_on is not None]
    usual = _usual_sd(used)
    courses: dict[tuple[object, ...], list[PatientRd]] = {}
    for row, way in zip(used, ways_of(used), strict=True):
        courses.setdefault(_course(row, way), []).append(row)
    first = {row.patient_id: place for place, row in reversed(list(enumerate(used)))}
    told: list[Change] = []
    for course in sorted(courses.values(), key=lambda course: first[course[0].patient_id]):
        told.extend(_of_course(course, usual))
    return tuple(told)


def why_not_compared(rows: Sequence[PatientRd], used: Sequence[PatientRd]) -> tuple[tuple[str, str], ...]:
    """Return (patient_id, reason) of patients with two visits of which no two are compared, in their order.

    Parameters
    ----------
    rows
        Every visit.
    used
        Those that the models get.
    """
    visits: dict[str, list[PatientRd]] = {}
    for row in rows:
        if takes_part(row) and row.collected_on is not None:
            visits.setdefault(row.patient_id, []).append(row)
    compared = {change.patient_id for change in changes_of(used)}
    several = {name: own for name, own in visits.items() if len({row.collected_on for row in own}) > 1}
    return tuple((name, _reason(own, used)) for name, own in several.items() if name not in compared)


def _reason(own: Sequence[PatientRd], used: Sequence[PatientRd]) -> str:
    there = {(row.patient_id, row.visit, row.tissue, row.beads_kit) for row in used}
    kept = [row for row in own if (row.patient_id, row.visit, row.tissue, row.beads_kit) in there]
    if len({row.collected_on for row in kept}) < len({row.collected_on for row in own}):
        return "a visit is not in the models"
    if len({_course(row, Way("", "", "", ""))[-1] for row in kept}) > 1:
        return "a dose lies between the visits"
    return "tissue, kit, clone, dye or cytometer differ"


def _course(row: PatientRd, way: Way) -> tuple[object, ...]:
    """Return what visits must share: the patient, the tissue, the way, and the day of the last dose."""
    day = row.collected_on.toordinal() if row.collected_on else 0
    return row.patient_id, row.tissue, way, day - round(7 * (row.weeks or 0.0))


def _of_course(rows: Sequence[PatientRd], usual: float) -> list[Change]:
    in_turn = sorted(rows, key=lambda row: (row.weeks or 0.0, row.visit))
    apart = [in_turn[0]]
    for row in in_turn[1:]:
        if row.collected_on != apart[-1].collected_on:
            apart.append(row)
    pairs = list(pairwise(apart))
    steps = [_change(first, last, usual, whole=len(pairs) == 1) for first, last in pairs]
    more = [_change(apart[0], apart[-1], usual, whole=True)] if len(pairs) > 1 else []
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
    """Return a density, or the limit that it lies below (−1) or above (1)."""
    rd = quotable_density(row)
    if rd is not None:
        return rd, 0
    if row.status == RdStatus.BELOW_LLOQ:
        return row.lloq or math.nan, -1
    return known_to_exceed(row) or math.nan, 1


def _kind(first: int, last: int) -> ChangeKind:
    """Return what is known of later over earlier; each lies below (−1), at (0) or above (1) its value."""
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
    """Return the SD of log10 of the fold by the assay, dex, and what its shared sources do to it.

    What both visits share cancels in so far as it is equally large in both.
    """
    mine, theirs = (dict(_sources(row)) for row in (first, last))
    variance = 0.0
    moves = []
    for row, sources in ((first, mine), (last, theirs)):
        sd = row.rd_log_sd if row.rd_log_sd is not None else usual
        variance += max(sd**2 - math.fsum(size**2 for size in sources.values()), 0.0)
    for source in sorted({*mine, *theirs}):
        moved = theirs.get(source, 0.0) - mine.get(source, 0.0)
        variance += moved**2
        if moved:
            moves.append((source, moved))
    return math.sqrt(variance), tuple(moves)


def _sources(row: PatientRd) -> list[tuple[str, float]]:
    """Return the shared parts of a row's error whose size is known; of a row without an own SD, none."""
    if row.rd_log_sd is None:
        return []
    return [(error.source, error.log_sd) for error in row.shared if math.isfinite(error.log_sd)]


def _usual_sd(rows: Sequence[PatientRd]) -> float:
    """Return the median SD of the rows, dex, for those beyond a limit that have none of their own."""
    known = [row.rd_log_sd for row in rows if row.rd_log_sd is not None and row.status in NUMBERED]
    return float(np.median(known)) if known else 0.0
