"""Other choices of rows for the line of M1: each has a name and a change that it makes to the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from calibration.density.receptor_density import RdStatus
from calibration.density.result import quotable_density
from gating.gates.steps import GateFlag
from pipeline.patients.patient_rd import PatientRd
from pipeline.washout.observations.ways import takes_part

SHORT_WEEKS: Final = 4.0
"""Weeks since the last dose below which a washout counts as short here. Convention: one cycle of 28 days."""

OTHER_LLOQ: Final = 2.0
"""Factor by which the LLOQ is raised and lowered. Convention: more than runs of an assay differ."""

MOST_LEVELS: Final = 20
"""Most sites, kits or clones that are left out one at a time, the most frequent first. Convention: a page of
the table."""

RowChange = Callable[[PatientRd], PatientRd | None]
"""A function that returns the changed row; None: the row is left out."""


@dataclass(frozen=True, slots=True)
class Variation:
    """Another choice of rows.

    Attributes
    ----------
    rows
        The rows for the models.
    n_changed
        Rows that are left out or changed.
    caution
        How the choice itself biases the slope; "": not known to.
    """

    name: str
    rows: tuple[PatientRd, ...]
    n_changed: int
    caution: str = ""


_CHOSEN_BY_RD: Final = "chosen by the density itself, so the slope errs towards 0"


def variations(rows: Sequence[PatientRd]) -> tuple[Variation, ...]:
    """Return the choices that change at least one of these rows, in a fixed order.

    Parameters
    ----------
    rows
        The rows of the line that is reported.
    """
    with_density = [row for row in rows if takes_part(row)]
    every = (
        _varied("extrapolated rows censored at their ULOQ", with_density, _censored_at_uloq),
        _varied("without extrapolated rows", with_density, _without_extrapolated, _CHOSEN_BY_RD),
        _varied("without rows of unsure gates", with_density, _without_unsure),
        _varied(f"without washouts under {SHORT_WEEKS:g} weeks", with_density, _without_short),
        _varied(f"LLOQ × {OTHER_LLOQ:g}", with_density, _with_lloq(OTHER_LLOQ)),
        _varied(
            f"LLOQ ÷ {OTHER_LLOQ:g}",
            with_density,
            _with_lloq(1 / OTHER_LLOQ),
            "takes values as measured that are not precise",
        ),
        _varied("one LLOQ for all, the highest", with_density, _highest_lloq(with_density)),
        *_by_level(with_density),
    )
    return tuple(variation for variation in every if variation.n_changed)


def _varied(name: str, rows: Sequence[PatientRd], change: RowChange, caution: str = "") -> Variation:
    changed = [(row, change(row)) for row in rows]
    changed_rows = tuple(new for _, new in changed if new is not None)
    return Variation(name, changed_rows, sum(old is not new for old, new in changed), caution)


def _is_extrapolated(row: PatientRd) -> bool:
    return row.status == RdStatus.ABOVE_ULOQ_EXTRAPOLATED


def _censored_at_uloq(row: PatientRd) -> PatientRd:
    """Return an extrapolated row as right-censored at its ULOQ."""
    if not _is_extrapolated(row) or row.uloq is None:
        return row
    return replace(row, status=RdStatus.ABOVE_ULOQ, rd=None, rd_low=row.uloq)


def _without_extrapolated(row: PatientRd) -> PatientRd | None:
    return None if _is_extrapolated(row) else row


def _without_unsure(row: PatientRd) -> PatientRd | None:
    return None if GateFlag.LOW_GATE_CONFIDENCE in row.flags else row


def _without_short(row: PatientRd) -> PatientRd | None:
    return None if row.weeks is not None and row.weeks < SHORT_WEEKS else row


def _with_lloq(times: float) -> RowChange:
    def change(row: PatientRd) -> PatientRd:
        return row if row.lloq is None else _at_lloq(row, times * row.lloq)

    return change


def _highest_lloq(rows: Sequence[PatientRd]) -> RowChange:
    highest = max((row.lloq for row in rows if row.lloq is not None), default=None)

    def change(row: PatientRd) -> PatientRd:
        return row if highest is None or row.lloq is None or row.lloq >= highest else _at_lloq(row, highest)

    return change


def _at_lloq(row: PatientRd, lloq: float) -> PatientRd:
    """Return a row as it would be with this LLOQ; the same row if its value or limit does not change.

    A row below its LLOQ may have no value. A lower LLOQ then says nothing, and the row stays as it is.
    """
    if row.status == RdStatus.BELOW_LLOQ and row.rd is None and lloq < (row.lloq or 0.0):
        return row
    if row.status == RdStatus.BELOW_LLOQ:
        measured = row.rd is not None and row.rd >= lloq
        return replace(row, lloq=lloq, status=RdStatus.OK if measured else row.status)
    rd = quotable_density(row)
    if rd is not None and rd < lloq:
        return replace(row, lloq=lloq, status=RdStatus.BELOW_LLOQ)
    return row


_GROUPS: Final[tuple[tuple[str, str], ...]] = (
    ("site", "site"),
    ("kit", "beads_kit"),
    ("clone", "clone"),
    ("dye", "fluorochrome"),
    ("cytometer", "instrument"),
)


def _by_level(rows: Sequence[PatientRd]) -> Iterator[Variation]:
    """Yield the rows without each site, kit, clone, dye and cytometer; of three or more, also each alone."""
    for word, field in _GROUPS:
        levels = [str(getattr(row, field)) for row in rows]
        distinct = sorted({level for level in levels if level}, key=lambda name: (-levels.count(name), name))
        if len(distinct) < 2:
            continue
        for level in distinct[:MOST_LEVELS]:
            remaining = tuple(row for row, own in zip(rows, levels, strict=True) if own != level)
            yield Variation(f"without {word} {level}", remaining, len(rows) - len(remaining))
        for level in distinct[:MOST_LEVELS] if len(distinct) > 2 else ():
            alone = tuple(row for row, own in zip(rows, levels, strict=True) if own == level)
            yield Variation(f"{word} {level} alone", alone, len(rows) - len(alone))
