"""The sound rows of a faulty study, whose files can be checked although other rows have faults."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from gating.events.panel import Role
from pipeline.study.faults import Fault, Severity
from pipeline.study.sheets.columns import Entry, Row, required_columns, value_in
from pipeline.study.sheets.typed import TypedStudy

RowT = TypeVar("RowT", bound=Row)
_RowNumber = tuple[str, int]


def sound_part(typed: TypedStudy, faults: Iterable[Fault]) -> TypedStudy:
    """Return the rows without an error whose references also have no error.

    Parameters
    ----------
    typed
        Every row.
    faults
        The faults of the sheets; a panel with a faulty channel is left out as a whole.
    """
    bad = {row for fault in faults if fault.severity is Severity.ERROR and (row := _row_of(fault.where))}
    broken = {entry.row.panel for entry in typed.panels if not _is_sound(entry, bad)}
    panels = tuple(entry for entry in typed.panels if entry.row.panel not in broken)
    quantifying = {entry.row.panel for entry in panels if entry.row.role == Role.CD38}
    bead_runs = _sound(typed.bead_runs, bad)
    runs = {entry.row.name for entry in bead_runs}
    samples = tuple(
        entry
        for entry in _sound(typed.samples, bad)
        if entry.row.panel in quantifying and entry.row.bead_run in runs
    )
    return replace(
        typed,
        samples=samples,
        panels=tuple(entry for entry in panels if entry.row.panel in quantifying),
        bead_runs=bead_runs,
        doses=_sound(typed.doses, bad),
        patients=_sound(typed.patients, bad),
        gates=(),
        review=(),
    )


def _row_of(where: str) -> _RowNumber | None:
    match = re.fullmatch(r"([^!]+)![A-Z]*(\d+)", where)
    return (match[1], int(match[2])) if match else None


def _sound(entries: Sequence[Entry[RowT]], bad: Collection[_RowNumber]) -> tuple[Entry[RowT], ...]:
    return tuple(entry for entry in entries if _is_sound(entry, bad))


def _is_sound(entry: Entry[RowT], bad: Collection[_RowNumber]) -> bool:
    filled = all(value_in(entry.row, name) is not None for name in required_columns(type(entry.row)))
    return filled and (entry.sheet, entry.typed.number) not in bad
