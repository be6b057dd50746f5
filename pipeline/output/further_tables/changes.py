"""How each patient's density changed between visits, and the tubes without a density."""

from __future__ import annotations

from typing import Final

from pipeline.assembly.study_result import StudyResult
from pipeline.assembly.unnumbered import UnnumberedTube
from pipeline.output.table import Cell, Column, Table, attributes, names_of, table_of
from pipeline.washout.within.change import Change


def _yes(holds: bool) -> Cell:
    return "yes" if holds else "no"


CHANGES: Final[tuple[Column[Change], ...]] = (
    *attributes("patient_id", "first_visit", "last_visit", "first_weeks", "last_weeks"),
    Column("first_rd", lambda change: None if change.first_side else change.first_rd),
    Column("last_rd", lambda change: None if change.last_side else change.last_rd),
    Column("change_kind", lambda change: change.kind.value),
    Column("change_fold", lambda change: change.fold),
    Column("change_low", lambda change: change.low),
    Column("change_high", lambda change: change.high),
    Column("least_fold", lambda change: change.least_fold),
    Column("exceeds_assay", lambda change: change.exceeds.value),
    Column("first_to_last", lambda change: _yes(change.whole)),
)
"""The columns of rd_changes.csv."""

UNNUMBERED: Final[tuple[Column[UnnumberedTube], ...]] = (
    *attributes("sample_id", "patient_id", "visit"),
    Column("status", lambda tube: tube.status.value),
    Column("washout_weeks", lambda tube: tube.washout_weeks),
    Column("best_response", lambda tube: tube.best_response),
    Column("only_tube", lambda tube: _yes(tube.only)),
    Column("reason", lambda tube: tube.reason),
)
"""The columns of rd_unnumbered.csv."""

CHANGE_COLUMNS: Final = names_of(CHANGES)
UNNUMBERED_COLUMNS: Final = names_of(UNNUMBERED)


def change_table(study_result: StudyResult) -> Table:
    """Return a row per change between two visits of a patient; none where no patient has two."""
    washout = study_result.washout
    within = washout.within if washout else None
    return table_of(CHANGES, within.changes if within else ())


def unnumbered_table(study_result: StudyResult) -> Table:
    """Return a row per tube without a density or a limit."""
    unnumbered = study_result.unnumbered
    return table_of(UNNUMBERED, unnumbered.tubes if unnumbered else ())
