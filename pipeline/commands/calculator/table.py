"""The result of `cd38rd curve` as one table, for a CSV file or a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.beads.typed_medians import TypedCurve, recoveries
from pipeline.files.whole import write_whole
from pipeline.output.table import Cell, Table, write_csv
from pipeline.study.errors import UsageError

CALCULATED_COLUMNS = (
    "kind",
    "name",
    "level",
    "median",
    "control",
    "value",
    "unit",
    "low",
    "high",
    "status",
    "note",
)


def curve_table(result: TypedCurve) -> Table:
    """Return a row for each figure of the line, each check, each bead and each cell population."""
    return Table(CALCULATED_COLUMNS, tuple(_rows(result)))


def write_curve(path: Path, result: TypedCurve) -> None:
    """Write the table as CSV or workbook, by the ending of the file's name.

    Raises
    ------
    UsageError
        If the name has another ending.
    NotWrittenError
        If the file cannot be written.
    """
    table = curve_table(result)
    if path.suffix.casefold() == ".csv":
        write_csv(path, table)
    elif path.suffix.casefold() == ".xlsx":
        _write_workbook(path, table)
    else:
        raise UsageError(f"--out {path.name}: expected a name that ends in .csv or .xlsx")


def _write_workbook(path: Path, table: Table) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Font

    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "curve"
    sheet.append(table.columns)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for number, row in enumerate(table.rows, start=2):
        for index, value in enumerate(row, start=1):
            cell = sheet.cell(number, index, value)
            if isinstance(value, str):
                cell.data_type = "s"  # a typed name is a text, whatever it begins with
            elif value is not None and abs(float(str(value))) >= 100:
                cell.number_format = "#,##0"
    for letter, width in zip("ABCDEFGHIJK", (8, 24, 12, 12, 12, 14, 16, 12, 12, 26, 90), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    write_whole(path, workbook.save)


def _rows(result: TypedCurve) -> Iterator[tuple[Cell, ...]]:
    curve, typed = result.curve, result.typed
    for name, value, unit in (
        ("slope", curve.slope, ""),
        ("intercept", curve.intercept, ""),
        ("r2", curve.r2, ""),
        ("residual_sd", curve.residual_sd if curve.degrees_of_freedom else None, "dex"),
        ("lower_end", result.limits.lloq, typed.unit),
        ("upper_end", result.limits.uloq, typed.unit),
        ("f_p_ratio", typed.f_p_ratio, ""),
        ("lot_cv", typed.lot_cv, ""),
    ):
        yield _row("line", name, value=value, unit=unit)
    yield _row("line", "verdict", status=curve.verdict.value)
    for check in curve.checks:
        yield _row("check", check.name.value, value=check.value, status=check.verdict.value, note=check.text)
    beads = zip(curve.levels, curve.medians, recoveries(curve), strict=True)
    for number, (level, median, back) in enumerate(beads, start=1):
        back_calculated = None if back is None else level * back / 100
        note = "not in the fit" if back is None else f"recovery {back:.1f} %"
        yield _row(
            "bead",
            str(number),
            level=level,
            median=median,
            value=back_calculated,
            unit=typed.kit.unit,
            note=note,
        )
    for cell in result.cells:
        yield _row(
            "cells", cell.name, median=cell.median, control=cell.control, value=cell.amount, unit=typed.unit,
            low=cell.low, high=cell.high, status=cell.status.value,
        )  # fmt: skip


def _row(kind: str, name: str, **facts: Cell) -> tuple[Cell, ...]:
    return (kind, name, *(facts.get(column) for column in CALCULATED_COLUMNS[2:]))
