"""Tables of analyses that go into the workbook and the statistics folder alike: a row per number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pipeline.assembly.study_result import StudyResult
from pipeline.output.table import Column, Table, attributes, table_of
from pipeline.response.by_density.numbers import DensityNumber, density_numbers

DENSITY: Final[tuple[Column[Any], ...]] = attributes(
    "outcome", "measure", "n", "events", "value", "low", "high", "unit", "in_others", "in_others_low",
    "in_others_high", "p", "strength", "method", "note",
)  # fmt: skip


def density_table(study_result: StudyResult) -> Table:
    """Return response and PFS along receptor density: a row per number, with its interval."""
    return table_of(DENSITY, _density(study_result))


def _density(study_result: StudyResult) -> Iterator[DensityNumber]:
    tables = study_result.response.by_density if study_result.response else None
    if tables is not None:
        yield from density_numbers(tables)
