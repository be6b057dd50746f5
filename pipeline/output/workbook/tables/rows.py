"""The tables with a row per tube, visit or bead run, with columns in reading order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from gating.sentinels import B_PRECURSORS, NK_CELLS
from pipeline.assembly.study_result import StudyResult
from pipeline.output.calibration_table import CALIBRATIONS
from pipeline.output.further_tables.distribution import DISTRIBUTIONS
from pipeline.output.legend.tube_verdict import verdict_of
from pipeline.output.result_tables import (
    PATIENTS,
    SAMPLES,
    SampleFacts,
    sample_facts,
    sample_flags,
    sample_notes,
)
from pipeline.output.table import Cell, Column, Table, as_sentences, table_of
from pipeline.output.workbook.tables.densities import measured_columns, raw_columns, reported_column

LONGEST_NOTE: Final = 320
"""Characters of a note beside a row, about five lines; the sheet Notes has all. Convention."""


def short_note(notes: Iterable[str]) -> str:
    """Return the first sentences of a row, and how many more there are.

    Examples
    --------
    >>> short_note(["no control tube", "x" * 400])
    'no control tube. … 1 more in the sheet Notes'
    """
    sentences = [as_sentences((note,)) for note in notes if note]
    shown: list[str] = []
    for note in sentences:
        if sum(map(len, shown)) + len(note) > LONGEST_NOTE:
            break
        shown.append(note)
    if sentences and not shown:
        shown = [f"{sentences[0][:LONGEST_NOTE]}…"]
    more = len(sentences) - len(shown)
    return " ".join([*shown, *([f"… {more} more in the sheet Notes"] if more else [])])


def _receptor(row: Any) -> Any:
    return row.receptor


def _named(columns: Iterable[Column[Any]], names: Iterable[str]) -> tuple[Column[Any], ...]:
    by_name = {column.name: column for column in columns}
    return tuple(by_name[name] for name in names)


def _without(columns: Iterable[Column[Any]], *shown: Iterable[Column[Any]]) -> tuple[Column[Any], ...]:
    """Return the columns that are not shown elsewhere, nor in another form."""
    names = {column.name for some in shown for column in some} | {"rd", "rd_low", "rd_high", "note"}
    return tuple(column for column in columns if column.name not in names)


def _sentinel(prefix: str, name: str) -> tuple[Column[Any], ...]:
    def of(tube: SampleFacts) -> Any:
        return tube.sentinel(name)

    return (
        reported_column(f"{prefix}_reported", of),
        *measured_columns(f"{prefix}_measured", of),
    )


def _flags(codes: Iterable[str]) -> str:
    return "; ".join(codes)


_DENSITY: Final = (reported_column("reported", _receptor), *measured_columns("rd_measured", _receptor))
_RAW: Final = raw_columns("rd_raw", _receptor)
_SAMPLE_FLAGS: Final[Column[Any]] = Column(
    "flags", lambda tube: _flags(sample_flags(tube.result, tube.exposure))
)
_SAMPLE_VERDICT: Final[Column[Any]] = Column(
    "tube_verdict",
    lambda tube: verdict_of(tube.receptor.status, sample_flags(tube.result, tube.exposure)).value,
)
_SAMPLE_NOTE: Final[Column[Any]] = Column(
    "short_note", lambda tube: short_note(sample_notes(tube.result, tube.exposure))
)

_TUBE_FIRST: Final = (
    *_named(SAMPLES, ("sample_id", "patient_id", "visit", "collected_on", "status")),
    _SAMPLE_VERDICT,
    *_DENSITY,
    *_named(SAMPLES, ("washout_weeks", "n_quantified")),
    _SAMPLE_FLAGS,
    _SAMPLE_NOTE,
)
_SENTINELS: Final = (
    *_named(SAMPLES, ("sentinel_reading", "sentinel_nk_n")),
    *_sentinel("sentinel_nk", NK_CELLS),
    *_named(SAMPLES, ("sentinel_b_precursor_n",)),
    *_sentinel("sentinel_b_precursor", B_PRECURSORS),
)
_SENTINELS_OF_CSV: Final = tuple(column for column in SAMPLES if column.name.startswith("sentinel_"))[:-1]
_NORM: Final = _named(SAMPLES, ("sentinel_norm",))
TUBES: Final[tuple[Column[Any], ...]] = (
    *_TUBE_FIRST,
    *_RAW,
    *_SENTINELS,
    *_without(SAMPLES, _TUBE_FIRST, _SENTINELS_OF_CSV),
)

_CELLS_FIRST: Final = (
    *_named(DISTRIBUTIONS, ("sample_id", "patient_id", "visit", "status")),
    _SAMPLE_VERDICT,
    *_DENSITY,
    *_named(DISTRIBUTIONS, ("washout_weeks", "n_quantified")),
)
CELL_COLUMNS: Final[tuple[Column[Any], ...]] = (*_CELLS_FIRST, *_without(DISTRIBUTIONS, _CELLS_FIRST))

_VISIT_FIRST: Final = (
    *_named(PATIENTS, ("patient_id", "visit", "collected_on", "status")),
    Column("tube_verdict", lambda visit: verdict_of(visit.receptor.status, visit.flags).value),
    *_DENSITY,
    *_named(PATIENTS, ("washout_weeks", "n_samples")),
    Column("flags", lambda visit: _flags(visit.flags)),
    Column("short_note", lambda visit: short_note(visit.notes)),
)
VISIT_COLUMNS: Final[tuple[Column[Any], ...]] = (*_VISIT_FIRST, *_RAW, *_without(PATIENTS, _VISIT_FIRST))

_BEADS_FIRST: Final = _named(
    CALIBRATIONS,
    (
        "beads",
        "kit",
        "lot",
        "acquired_on",
        "verdict",
        "slope",
        "intercept",
        "r2",
        "residual_sd",
        "checks",
        "flags",
    ),
)


def _day(text: str) -> Cell:
    """Return a day with its time where a file's text is one; else the text."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return text


BEAD_RUN_COLUMNS: Final = (*_BEADS_FIRST, *(column for column in CALIBRATIONS if column not in _BEADS_FIRST))

PRINTED_BEADS: Final = len(_BEADS_FIRST)
PRINTED_TUBES: Final = len(_TUBE_FIRST)
PRINTED_VISITS: Final = len(_VISIT_FIRST)

COLUMNS_BESIDE_TYPED_ROWS: Final[tuple[Column[Any], ...]] = (
    *_named(SAMPLES, ("status",)),
    *_DENSITY,
    *_named(SAMPLES, ("washout_weeks",)),
    _SAMPLE_FLAGS,
    _SAMPLE_NOTE,
)
"""Columns of results next to a typed row."""
PRINTED_BESIDE: Final = len(COLUMNS_BESIDE_TYPED_ROWS) - 2
"""Without flags and note."""


def tube_table(study_result: StudyResult) -> Table:
    """Return a row per tube: the reported value first, then all columns of the CSV file."""
    return table_of(TUBES, sample_facts(study_result))


def cell_table(study_result: StudyResult) -> Table:
    """Return a row per tube: what its cells are about their median."""
    return table_of(CELL_COLUMNS, sample_facts(study_result))


def bead_table(study_result: StudyResult) -> Table:
    """Return a row per bead run: its verdict first."""
    table = table_of(BEAD_RUN_COLUMNS, study_result.calibrations)
    index = table.columns.index("acquired_on")
    rows = ((*row[:index], _day(str(row[index] or "")), *row[index + 1 :]) for row in table.rows)
    return Table(table.columns, tuple(rows))


def visit_table(study_result: StudyResult) -> Table:
    """Return a row per patient and visit, in the same way."""
    return table_of(VISIT_COLUMNS, study_result.visits)
