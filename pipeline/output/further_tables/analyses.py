"""Tables of analyses that go into the workbook and the statistics folder alike: a row per number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pipeline.assembly.study_result import StudyResult
from pipeline.output.table import Cell, Column, Table, attributes, table_of
from pipeline.response.by_density.numbers import DensityNumber, density_numbers
from pipeline.study.quantity_name import TAU
from pipeline.washout.sensitivity.sensitivity import Sensitivity

DENSITY_ANALYSIS_COLUMNS: Final[tuple[Column[Any], ...]] = (
    *attributes("outcome", "measure", "n", "events", "value", "low", "high", "unit"),
    *attributes("in_others", "in_others_low", "in_others_high", "p", "strength", "method"),
    Column("reason", lambda number: number.note),
)


SENSITIVITY_COLUMNS: Final = (
    "choice", "rows", "patients", "measured", "changed", "fold", "fold_low", "fold_high", "slope_dex",
    "caution", "reason",
)  # fmt: skip


def sensitivity_table(study_result: StudyResult) -> Table:
    """Return the slope of M1 under each other choice, then without each patient; a row each."""
    sensitivity = study_result.washout.sensitivity if study_result.washout else None
    return Table(SENSITIVITY_COLUMNS, tuple(_sensitivity(sensitivity)) if sensitivity else ())


def _sensitivity(sensitivity: Sensitivity) -> Iterator[tuple[Cell, ...]]:
    for row in sensitivity.rows:
        yield (
            row.name, row.n, row.n_patients, row.n_observed, row.n_changed, row.fold, row.fold_low,
            row.fold_high, row.slope, row.caution, row.note,
        )  # fmt: skip
    for refit in sensitivity.patients:
        fold = None if refit.slope is None else 10.0**refit.slope
        note = "without this patient there is no line" if fold is None else "slope of highest likelihood"
        name = f"without patient {refit.patient_id}"
        yield (name, None, None, None, refit.n_rows, fold, None, None, refit.slope, "", note)


def density_table(study_result: StudyResult) -> Table:
    """Return response and PFS along receptor density: a row per number, with its interval."""
    return table_of(DENSITY_ANALYSIS_COLUMNS, _density(study_result))


def _density(study_result: StudyResult) -> Iterator[DensityNumber]:
    tables = study_result.response.by_density if study_result.response else None
    if tables is not None:
        yield from density_numbers(tables)
    letter = study_result.response.letter if study_result.response else None
    for link in letter.serum_and_density if letter else ():
        tau = (link.n, 0, link.tau_b, None, None, TAU)
        yield DensityNumber(link.name, "Kendall's tau-b", *tau, p=link.p, method=link.method, note=link.note)
