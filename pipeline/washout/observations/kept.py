"""The rows that go into the models: those in which only the washed-out drug can have covered CD38."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.checks.flags import ExposureFlag
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.cells.choices import RowReason
from pipeline.study.settings import Settings

LEAST_WEEKS: Final = 1.0
"""Fewest weeks since the last dose: log2 of fewer lies far from all other rows, and the marrow is still full
of drug. Convention (docs/method.md)."""

_MOST_NAMED: Final = 10
"""Most rows that a note names; `washout.json` names all. Convention: as many as fit into a line."""

_WORDS: Final = {
    RowReason.UNDER_ONE_WEEK: "under one week after the last dose",
    RowReason.STUDY_DRUG: "collected after the first dose of the study drug",
    RowReason.OTHER_ANTI_CD38: "collected after another antibody against CD38",
}


@dataclass(frozen=True, slots=True)
class RowLeftOut:
    """A row that a rule leaves out of M0 to M3."""

    patient_id: str
    visit: str
    weeks: float | None
    reason: RowReason
    words: str


def kept_rows(
    rows: Sequence[PatientRd], settings: Settings
) -> tuple[tuple[PatientRd, ...], tuple[RowLeftOut, ...]]:
    """Return the rows for the models, and the rows that are left out, with the reason.

    Parameters
    ----------
    settings
        `keep_in_models` names the reasons for which no row is left out.
    """
    usable, left_out = [], []
    ignored = settings.kept_reasons
    for row in rows:
        reasons = [reason for reason in _reasons(row) if reason not in ignored]
        if reasons:
            left_out.append(RowLeftOut(row.patient_id, row.visit, row.weeks, reasons[0], _WORDS[reasons[0]]))
        else:
            usable.append(row)
    return tuple(usable), tuple(left_out)


def left_out_notes(left_out: Sequence[RowLeftOut]) -> tuple[str, ...]:
    """Return a sentence for each reason: how many rows were left out, and which."""
    return tuple(
        _note(reason, [row for row in left_out if row.reason is reason]) for reason in _present(left_out)
    )


def kept_notes(rows: Sequence[PatientRd]) -> tuple[str, ...]:
    """Return a sentence for each reason, on the rows that the setting `keep_in_models` keeps."""
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


def _present(left_out: Sequence[RowLeftOut]) -> list[RowReason]:
    """Return the reasons that occur, in the order of the enum."""
    reasons = {row.reason for row in left_out}
    return [reason for reason in RowReason if reason in reasons]


def _note(reason: RowReason, rows: Sequence[RowLeftOut]) -> str:
    names = [f"{row.patient_id} {row.visit}".strip() for row in rows[:_MOST_NAMED]]
    more = [f"{len(rows) - len(names)} more"] if len(rows) > len(names) else []
    return f"{_rows(len(rows))} {_WORDS[reason]} left out of M0 to M3: {', '.join([*names, *more])}"


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n} rows"
