"""A small sheet of bead medians and cell medians, as CSV or workbook, typed by a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.beads.typed_medians import CellMedian
from pipeline.commands.calculator.numbers import typed_number
from pipeline.study.errors import UsageError
from pipeline.study.faults import Severity
from pipeline.study.sheets.tables import (
    RawSheet,
    SheetCell,
    TypedSheet,
    header_name,
    package_parts,
    read_csv_sheet,
    read_workbook,
    tabulate,
)
from pipeline.study.wording import enumerate_words

CALCULATOR_COLUMNS = ("level", "median", "cell", "cell_median", "control_median")
_BEADS, _CELLS = ("level", "median"), ("cell", "cell_median", "control_median")
EXPECTED_SHEET = (
    f"a CSV file or workbook with the columns {enumerate_words(CALCULATOR_COLUMNS, 'and')}: a row per bead "
    "(level and median), and a row per cell population (the last three; the control may be empty)"
)


@dataclass(frozen=True, slots=True)
class CurveSheet:
    """The content of the sheet: levels and medians of the beads, and the cells."""

    levels: tuple[float, ...]
    medians: tuple[float, ...]
    cells: tuple[CellMedian, ...]


def read_curve_sheet(path: Path) -> CurveSheet:
    """Read the sheet; its bead rows may be in any order.

    Raises
    ------
    UsageError
        If the sheet does not exist, lacks these columns, or has a cell without a number; the message names
        the cell.
    """
    if not path.is_file():
        raise UsageError(
            f"{path}: found {'a folder' if path.exists() else 'nothing'}, expected {EXPECTED_SHEET}"
        )
    raw = _raw(path)
    table, faults = tabulate(raw, CALCULATOR_COLUMNS)
    lacking = [name for name in _BEADS if name not in table.columns]
    if lacking:
        raise UsageError(
            f"{path.name}: found no column {enumerate_words(lacking, 'and')}, expected {EXPECTED_SHEET}"
        )
    grave = next((fault for fault in faults if fault.severity is Severity.ERROR), None)
    if grave is not None:
        raise UsageError(f"{path.name}: {grave}")
    beads = sorted(_beads(table))
    return CurveSheet(
        tuple(level for level, _ in beads), tuple(median for _, median in beads), tuple(_cells(table))
    )


def _raw(path: Path) -> RawSheet:
    """Return the first sheet with these columns, else the first sheet."""
    if path.suffix.casefold() != ".xlsx":
        raw, faults = read_csv_sheet(path, path.stem, CALCULATOR_COLUMNS)
        sheets: Sequence[RawSheet] = (raw,)
    else:
        sheets, faults = read_workbook(path, ())
        if sheets:
            titles = [header_name(title) for title in package_parts(path).sheets]
            sheets, faults = read_workbook(path, titles)
    grave = next((fault for fault in faults if fault.severity is Severity.ERROR), None)
    if grave is not None:
        raise UsageError(str(grave))
    fitting = (
        sheet for sheet in sheets if set(_BEADS) <= set(tabulate(sheet, CALCULATOR_COLUMNS)[0].columns)
    )
    return next(fitting, sheets[0] if sheets else RawSheet(path.stem, ()))


def _beads(table: TypedSheet) -> Iterator[tuple[float, float]]:
    for row in table.rows:
        cells = [row.cells[name] for name in _BEADS]
        if all(cell.is_empty for cell in cells):
            continue
        empty = next((cell for cell in cells if cell.is_empty), None)
        if empty is not None:
            raise UsageError(f"{empty.where}: found nothing, expected a number: level and median of the bead")
        yield _value(cells[0]), _value(cells[1])


def _cells(table: TypedSheet) -> Iterator[CellMedian]:
    number = 0
    for row in table.rows:
        name, median, control = (row.cells.get(column, SheetCell("")) for column in _CELLS)
        if median.is_empty and (not name.is_empty or not control.is_empty):
            raise UsageError(f"{median.where or row.number}: found nothing, expected the median of the cells")
        if not median.is_empty:
            number += 1
            cell_name = str(number) if name.is_empty else str(name.value).strip()
            yield CellMedian(cell_name, _value(median), 0.0 if control.is_empty else _value(control))


def _value(cell: SheetCell) -> float:
    if isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
        return float(cell.value)
    if not isinstance(cell.value, str):
        raise UsageError(f"{cell.where}: found no number, expected one")
    return typed_number(cell.value, cell.where)
