"""Every row of a study as typed, faulty ones too: what the rules between rows look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.study.names.look import caseless
from pipeline.study.settings import Settings
from pipeline.study.sheets.columns import Entry
from pipeline.study.sheets.patient_row import PatientRow
from pipeline.study.sheets.rows import (
    BeadRow,
    DoseRow,
    GateRow,
    PanelRow,
    ReviewRow,
    SampleRow,
    StatementRow,
)

__all__ = ["TypedStudy", "caseless", "typed_values"]


@dataclass(frozen=True, slots=True)
class TypedStudy:
    """Every row of every sheet as typed, faulty ones too."""

    folder: Path
    samples: tuple[Entry[SampleRow], ...] = ()
    panels: tuple[Entry[PanelRow], ...] = ()
    beads: tuple[Entry[BeadRow], ...] = ()
    doses: tuple[Entry[DoseRow], ...] = ()
    patients: tuple[Entry[PatientRow], ...] = ()
    gates: tuple[Entry[GateRow], ...] = ()
    review: tuple[Entry[ReviewRow], ...] = ()
    statements: tuple[Entry[StatementRow], ...] = ()
    settings: Settings = field(default_factory=Settings)


def typed_values(entries: Iterable[Entry[Any]], column: str) -> Iterator[tuple[str, str]]:
    """Yield (place, value) of a column's cells that hold something."""
    for entry in entries:
        value = getattr(entry.row, column)
        if value:
            yield entry.at(column), value
