"""R4: the receptor density used for each patient, its side of the cut, and whether that side is certain."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from calibration.density.receptor_density import RdStatus
from calibration.density.result import known_to_exceed, quotable_density
from calibration.numbers import Z_95
from pipeline.checks.flags import ExposureFlag
from pipeline.patients.exposure import ResponseClock
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.cells.choices import Tissue
from pipeline.study.study import Study

RD_RULE: Final = (
    "One density stands for a patient: that of the last marrow drawn after the last dose of the washed-out "
    "drug and up to the first day of treatment (first dose of the study drug, or treatment_start where that "
    "is earlier or the only one known). Blood does not count. Of several bead kits only the one of most "
    "marrows counts, since kits are not comparable. For the same reason only the clone and dye of most of "
    "these marrows count. Marrows of one day count where all lie on one side of "
    "the cut. Where no first day of treatment is known, a patient's only marrow counts. Patients without "
    "such a marrow are in neither group; they are counted by the reason."
)


class CutSide(StrEnum):
    """The side of the study's cut on which a receptor density lies."""

    ABOVE = "above"
    """At the cut or above."""
    BELOW = "below"
    BETWEEN = "between"
    """A limit of quantification leaves the side open."""
    UNKNOWN = ""
    """No usable receptor density."""


class LeftOut(StrEnum):
    """Why a patient has no usable density."""

    NO = ""
    NO_RD = "no RD"
    BLOOD = "RD of blood only"
    OTHER_KIT = "RD of another bead kit only"
    OTHER_CLONE = "RD of another clone or dye only"
    AFTER_START = "RD only after the first day of treatment"
    BEFORE_LAST_DOSE = "RD only up to the last dose of the washed-out drug"
    NO_FIRST_DAY = "several marrows and no first day of treatment"
    BOTH_SIDES = "marrows of one day on both sides of the cut"


@dataclass(frozen=True, slots=True)
class RdVisit:
    """The density used for a patient, or the reason why there is none.

    `is_sure` is True where the 95 % interval, or the limit of quantification, lies on one side of the cut.
    """

    row: PatientRd | None
    side: CutSide = CutSide.UNKNOWN
    left_out: LeftOut = LeftOut.NO
    is_sure: bool = True


def rd_side(row: PatientRd, cut: float) -> CutSide:
    """Return `above` (at or above the cut), `below`, `between` (a limit leaves it open) or "" (no RD).

    `BELOW_LLOQ` counts as below where the LLOQ is known and not above the cut. `ABOVE_ULOQ` counts as above
    where the density is known to exceed the cut.
    """
    if row.status == RdStatus.BELOW_LLOQ:
        return CutSide.BELOW if row.lloq is not None and row.lloq <= cut else CutSide.BETWEEN
    if row.status == RdStatus.ABOVE_ULOQ:
        limit = known_to_exceed(row)
        return CutSide.ABOVE if limit is not None and limit >= cut else CutSide.BETWEEN
    rd = quotable_density(row)
    if rd is None:
        return CutSide.UNKNOWN
    return CutSide.ABOVE if rd >= cut else CutSide.BELOW


def is_sure(row: PatientRd, cut: float) -> bool:
    """Return whether the side is certain: the 95 % interval excludes the cut, or a limit decides.

    Examples
    --------
    >>> row = PatientRd("P1", "baseline", 10.0, 140_000.0, RdStatus.OK, rd_log_sd=0.04)
    >>> is_sure(row, 150_000.0), is_sure(row, 200_000.0)
    (False, True)
    """
    rd = quotable_density(row)
    if rd is None:
        return rd_side(row, cut) is not CutSide.BETWEEN
    if rd <= 0 or row.rd_log_sd is None:
        return False
    return abs(math.log10(rd / cut)) > Z_95 * row.rd_log_sd


def rd_visits(
    patients: Iterable[str], rows: Sequence[PatientRd], clocks: Mapping[str, ResponseClock], study: Study
) -> dict[str, RdVisit]:
    """Return the density used for each of these patients (`RD_RULE`), whatever the order of the rows.

    Parameters
    ----------
    rows
        One per patient and visit.
    clocks
        Response clocks by patient_id.
    """
    typed = {patient.patient_id: patient.treatment_start for patient in study.patients}
    usual = _comparable(rows)
    of_patient: dict[str, list[PatientRd]] = {name: [] for name in patients}
    for row in rows:
        of_patient.get(row.patient_id, []).append(row)
    return {
        name: _chosen(visits, clocks[name], typed.get(name), usual, study)
        for name, visits in of_patient.items()
    }


def comparable_rows(rows: Sequence[PatientRd]) -> tuple[PatientRd, ...]:
    """Return the rows of marrow with the reference kit, and with the clone and dye of most of these.

    Blood, other kits, other clones and other dyes are not comparable.
    """
    usual = _comparable(rows)
    return tuple(
        row for row in rows if row.tissue == Tissue.MARROW and row.beads_kit == usual.kit and usual.has(row)
    )


def reference_kit(rows: Iterable[PatientRd]) -> str:
    """Return the bead kit of most marrows with a density, on a tie the first by name; "" without any."""
    return _most_frequent(row.beads_kit for row in rows if row.tissue == Tissue.MARROW and has_density(row))


@dataclass(frozen=True, slots=True)
class _Comparable:
    """The kit and reagents of the densities that are compared with the cut.

    `competes`, `clone` and `dye` in lower case; None or "": not known.
    """

    kit: str
    competes: bool | None
    clone: str
    dye: str

    def has(self, row: PatientRd) -> bool:
        """Return whether a row has these reagents. What is not known of it counts as usual."""
        return (
            row.competes in (self.competes, None)
            and row.clone.casefold() in (self.clone, "")
            and row.fluorochrome.casefold() in (self.dye, "")
        )


def _comparable(rows: Sequence[PatientRd]) -> _Comparable:
    """Return the reference kit, and the clone and dye of most of its marrows with a density.

    First the kind of clone is decided: free sites and all sites are never compared. Where as many marrows
    have either, free sites count.
    """
    kit = reference_kit(rows)
    marrows = [
        row for row in rows if row.tissue == Tissue.MARROW and row.beads_kit == kit and has_density(row)
    ]
    kinds = Counter(row.competes for row in marrows if row.competes is not None)
    competes = max((True, False), key=lambda kind: kinds[kind]) if kinds else None
    marrows = [row for row in marrows if row.competes in (competes, None)]
    clone = _most_frequent(row.clone.casefold() for row in marrows)
    of_clone = (row for row in marrows if row.clone.casefold() in (clone, ""))
    return _Comparable(kit, competes, clone, _most_frequent(row.fluorochrome.casefold() for row in of_clone))


def _most_frequent(names: Iterable[str]) -> str:
    """Return the most frequent name that is not empty, on a tie the first by name; "" without any."""
    counts = Counter(name for name in names if name)
    return max(sorted(counts), key=lambda name: counts[name], default="")


def has_density(row: PatientRd) -> bool:
    """Return whether a visit has a density, or a known limit that the density lies beyond."""
    return rd_side(row, 1.0) is not CutSide.UNKNOWN


def _chosen(
    rows: Sequence[PatientRd], clock: ResponseClock, typed: date | None, usual: _Comparable, study: Study
) -> RdVisit:
    starts = [day for day in (clock.first_study_drug_on, typed) if day is not None]
    start = min(starts, default=None)
    last = clock.last_dose_on if start and clock.last_dose_on and clock.last_dose_on <= start else None
    candidates = [row for row in rows if has_density(row)]
    if not candidates:
        return RdVisit(None, left_out=LeftOut.NO_RD)
    rules: tuple[tuple[LeftOut, Callable[[PatientRd], bool]], ...] = (
        (LeftOut.BLOOD, lambda row: row.tissue == Tissue.MARROW),
        (LeftOut.OTHER_KIT, lambda row: row.beads_kit == usual.kit),
        (LeftOut.OTHER_CLONE, usual.has),
        (LeftOut.AFTER_START, lambda row: not _is_after(row, start)),
        (LeftOut.BEFORE_LAST_DOSE, lambda row: not (last and row.collected_on and row.collected_on <= last)),
    )
    for reason, counts in rules:
        candidates = [row for row in candidates if counts(row)]
        if not candidates:
            return RdVisit(None, left_out=reason)
    days = {row.collected_on for row in candidates}
    if start is None and len(days) > 1:
        return RdVisit(None, left_out=LeftOut.NO_FIRST_DAY)
    day = max(days, key=lambda on: on or date.min)
    return _of_one_day([row for row in candidates if row.collected_on == day], study)


def _is_after(row: PatientRd, start: date | None) -> bool:
    """Return whether a visit is after the first day of treatment, or on that day after the dose."""
    if ExposureFlag.STUDY_DRUG_BEFORE_SAMPLE in row.flags:
        return True
    return start is not None and row.collected_on is not None and row.collected_on > start


def _of_one_day(rows: Sequence[PatientRd], study: Study) -> RdVisit:
    """Return the first of these rows by visit, if all lie on the same side of the cut."""
    cut = study.settings.rd_cut
    sides = {rd_side(row, cut) for row in rows}
    if len(sides) > 1:
        return RdVisit(None, left_out=LeftOut.BOTH_SIDES)
    row = min(rows, key=lambda row: (row.visit, row.status.name, row.rd or 0.0))
    sure = all(is_sure(each, cut) for each in rows)
    return RdVisit(row, next(iter(sides)), is_sure=sure)
