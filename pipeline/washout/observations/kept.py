"""Which rows go into the models: those whose free CD38 the washed-out drug alone could have covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.checks.flags import ExposureFlag
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.cells.choices import RowReason
from pipeline.study.settings import Settings

LEAST_WEEKS: Final = 1.0
"""Weeks since the last dose below which a row is left out: log2 of less lies far from all other rows, and
the drug of that dose still fills the marrow. Convention (docs/method.md)."""

_MOST_NAMED: Final = 10
"""Rows that a note names one by one; `washout.json` names all. Convention: what a line of a note holds."""

_WORDS: Final = {
    RowReason.UNDER_ONE_WEEK: "under one week after the last dose",
    RowReason.STUDY_DRUG: "collected after the first dose of the study drug",
    RowReason.OTHER_ANTI_CD38: "collected after another antibody against CD38",
}


@dataclass(frozen=True, slots=True)
class RowLeftOut:
    """A row that M0 to M3 do not get, by rule."""

    patient_id: str
    visit: str
    weeks: float | None
    reason: RowReason
    words: str


def kept_rows(
    rows: Sequence[PatientRd], settings: Settings
) -> tuple[tuple[PatientRd, ...], tuple[RowLeftOut, ...]]:
    """Return the rows that the models get, and those left out with the reason.

    Parameters
    ----------
    settings
        `keep_in_models` names reasons for which no row is left out.
    """
    kept, left = [], []
    wanted = settings.kept_reasons
    for row in rows:
        reasons = [reason for reason in _reasons(row) if reason not in wanted]
        if reasons:
            left.append(RowLeftOut(row.patient_id, row.visit, row.weeks, reasons[0], _WORDS[reasons[0]]))
        else:
            kept.append(row)
    return tuple(kept), tuple(left)


def left_out_notes(left: Sequence[RowLeftOut]) -> tuple[str, ...]:
    """Return a sentence per reason: how many rows, and which."""
    return tuple(_note(reason, [row for row in left if row.reason is reason]) for reason in _present(left))


def kept_notes(rows: Sequence[PatientRd]) -> tuple[str, ...]:
    """Return a sentence per reason for rows that a setting keeps in."""
    reasons = [reason for row in rows for reason in _reasons(row)]
    return tuple(
        f"{_rows(reasons.count(reason))} {_WORDS[reason]} kept in (setting keep_in_models)"
        for reason in RowReason
        if reason in reasons
    )


def _reasons(row: PatientRd) -> tuple[RowReason, ...]:
    every = (
        (RowReason.STUDY_DRUG, ExposureFlag.STUDY_DRUG_BEFORE_SAMPLE in row.flags),
        (RowReason.OTHER_ANTI_CD38, ExposureFlag.OTHER_ANTI_CD38_SINCE in row.flags),
        (RowReason.UNDER_ONE_WEEK, row.weeks is not None and 0 <= row.weeks < LEAST_WEEKS),
    )
    return tuple(reason for reason, holds in every if holds)


def _present(left: Sequence[RowLeftOut]) -> list[RowReason]:
    there = {row.reason for row in left}
    return [reason for reason in RowReason if reason in there]


def _note(reason: RowReason, rows: Sequence[RowLeftOut]) -> str:
    names = [f"{row.patient_id} {row.visit}".strip() for row in rows[:_MOST_NAMED]]
    more = [f"{len(rows) - len(names)} more"] if len(rows) > len(names) else []
    return f"{_rows(len(rows))} {_WORDS[reason]} left out of M0 to M3: {', '.join([*names, *more])}"


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n} rows"
